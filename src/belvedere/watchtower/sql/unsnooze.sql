-- Bring snoozed alerts back into sight.
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(id uuid, event_id uuid)
), moved AS (
    UPDATE watch.watchtower_alerts a SET snoozed_until = NULL, snoozed_by = NULL
    FROM wanted w
    WHERE a.id = w.id AND a.state = 'open' AND a.snoozed_until IS NOT NULL
    RETURNING a.id, a.client_id, a.rule_id, w.event_id
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note)
    SELECT event_id, client_id, id, :now, 'unsnoozed', :actor, CAST(:note AS text) FROM moved
)
SELECT id, client_id, rule_id FROM moved ORDER BY id
