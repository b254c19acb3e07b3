-- Close open alerts and say why; gives back those that were really open, with where their opening was told.
-- An opening that was held, or told as part of a storm, has no end to tell.
WITH closed AS (
    UPDATE watch.watchtower_alerts a
    SET state = 'resolved', resolved_at = :now, resolved_reason = i.reason, resolved_by = CAST(:actor AS text)
    FROM json_to_recordset(CAST(:rows AS json)) AS i(id uuid, reason text, event_id uuid, detail jsonb)
    WHERE a.id = i.id AND a.state = 'open' AND a.id = ANY (CAST(:ids AS uuid[]))
    RETURNING a.id, a.client_id, a.rule_id, a.title, a.severity, a.external_id, a.resolved_reason, i.event_id, i.detail,
              a.told_at IS NOT NULL AND a.held_reason IS DISTINCT FROM 'storm' AS was_told
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note, detail)
    SELECT c.event_id, c.client_id, c.id, :now, 'resolved', coalesce(CAST(:actor AS text), 'watchtower'), CAST(:note AS text),
           jsonb_build_object('reason', c.resolved_reason) || coalesce(c.detail, '{}')
    FROM closed c
)
SELECT c.id, c.client_id, c.rule_id, c.title, c.severity, c.external_id, c.resolved_reason, c.detail -> 'conditions' AS conditions,
       (SELECT cl.currency FROM core.clients cl WHERE cl.id = c.client_id) AS currency,
       CASE WHEN c.was_told THEN (
           SELECT e.detail -> 'end_destinations' FROM watch.alert_events e
           WHERE e.client_id = c.client_id AND e.alert_id = c.id AND e.kind = 'opened' LIMIT 1) END AS destinations
FROM closed c
ORDER BY c.id
