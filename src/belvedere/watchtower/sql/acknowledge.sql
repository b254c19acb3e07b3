-- Take open alerts; those already taken stay with whom took them first.
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(id uuid, event_id uuid)
), moved AS (
    UPDATE watch.watchtower_alerts a
    SET is_acknowledged = true, acknowledged_at = :now, acknowledged_by = :actor, ack_until = :until
    FROM wanted w
    WHERE a.id = w.id AND a.state = 'open'
      AND (NOT a.is_acknowledged OR a.ack_until <= :now)
    RETURNING a.id, a.client_id, a.rule_id, w.event_id
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note, detail)
    SELECT event_id, client_id, id, :now, 'acknowledged', :actor, CAST(:note AS text),
           jsonb_build_object('until', CAST(:until AS timestamptz)) FROM moved
)
SELECT id, client_id, rule_id FROM moved ORDER BY id
