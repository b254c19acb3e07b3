-- Put open alerts out of sight until a time.
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(id uuid, event_id uuid)
), moved AS (
    UPDATE watch.watchtower_alerts a SET snoozed_until = :until, snoozed_by = :actor
    FROM wanted w
    WHERE a.id = w.id AND a.state = 'open' AND a.snoozed_until IS DISTINCT FROM :until
    RETURNING a.id, a.client_id, a.rule_id, w.event_id
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note, detail)
    SELECT event_id, client_id, id, :now, 'snoozed', :actor, CAST(:note AS text),
           jsonb_build_object('until', CAST(:until AS timestamptz)) FROM moved
)
SELECT id, client_id, rule_id FROM moved ORDER BY id
