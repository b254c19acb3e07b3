-- Give taken alerts back.
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(id uuid, event_id uuid)
), moved AS (
    UPDATE watch.watchtower_alerts a
    SET is_acknowledged = false, acknowledged_at = NULL, acknowledged_by = NULL, ack_until = NULL
    FROM wanted w
    WHERE a.id = w.id AND a.state = 'open' AND a.is_acknowledged
    RETURNING a.id, a.client_id, a.rule_id, w.event_id
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note)
    SELECT event_id, client_id, id, :now, 'unacknowledged', :actor, CAST(:note AS text) FROM moved
)
SELECT id, client_id, rule_id FROM moved ORDER BY id
