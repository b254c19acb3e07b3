-- Alerts of a digest by client and kind, with the first lines of each kind: new in the window, open from before it,
-- closed in it. An alert stands in one kind only; what opened and closed in the window is new.
WITH reach AS MATERIALIZED (
    SELECT a.* FROM watch.watchtower_alerts a
     WHERE a.state = 'open' AND a.client_id = :owner AND a.rule_id = ANY (CAST(:own_rules AS uuid[]))
    UNION ALL
    SELECT a.* FROM watch.watchtower_alerts a
     WHERE a.state = 'resolved' AND a.resolved_at > :start AND a.client_id = :owner
       AND a.rule_id = ANY (CAST(:own_rules AS uuid[]))
    UNION ALL
    SELECT a.* FROM watch.watchtower_alerts a
     WHERE a.state = 'open' AND a.client_id = ANY (CAST(:sharing AS integer[]))
       AND a.rule_id = ANY (CAST(:shared_rules AS uuid[]))
    UNION ALL
    SELECT a.* FROM watch.watchtower_alerts a
     WHERE a.state = 'resolved' AND a.resolved_at > :start AND a.client_id = ANY (CAST(:sharing AS integer[]))
       AND a.rule_id = ANY (CAST(:shared_rules AS uuid[]))
), told AS (
    SELECT r.*,
           CASE WHEN r.created_at > :start THEN 'new'
                WHEN r.state = 'open' OR r.resolved_at > :boundary THEN 'open' ELSE 'resolved' END AS list
      FROM reach r WHERE r.created_at <= :boundary
), ranked AS (
    SELECT t.*, row_number() OVER (
               PARTITION BY t.list
               ORDER BY t.state = 'resolved', array_position(ARRAY['critical', 'warning', 'info'], t.severity::text),
                        t.created_at DESC, t.id) AS place
      FROM told t
), counts AS (
    SELECT client_id, list, count(*) AS n,
           min(array_position(ARRAY['critical', 'warning', 'info'], severity::text)) FILTER (WHERE state = 'open') AS worst
      FROM told GROUP BY client_id, list
)
SELECT coalesce((SELECT json_agg(json_build_object(
               'client_id', c.client_id, 'list', c.list, 'n', c.n, 'worst', c.worst)) FROM counts c), '[]') AS counts,
       coalesce((SELECT json_agg(json_build_object(
               'alert_id', k.id, 'number', k.number, 'client_id', k.client_id, 'list', k.list, 'title', k.title,
               'severity', k.severity, 'opened_at', k.created_at, 'resolved_at', k.resolved_at,
               'resolved_reason', k.resolved_reason, 'acknowledged_by', coalesce((SELECT nullif(u.display_name, '') FROM core.users u
                                             WHERE u.email = k.acknowledged_by), k.acknowledged_by),
               'first', k.reason->'conditions', 'latest', k.reason->'latest',
               'currency', (SELECT c.currency FROM core.clients c WHERE c.id = k.client_id),
               'is_acknowledged', k.is_acknowledged, 'snoozed_until', k.snoozed_until, 'held_reason', k.held_reason,
               'already_sent', k.told_at IS NOT NULL OR EXISTS (
                   SELECT 1 FROM core.deliveries d WHERE d.client_id = k.client_id AND d.subject_type = 'alert'
                      AND d.subject_id = k.id AND d.kind = 'opened')) ORDER BY k.list, k.place)
               FROM ranked k WHERE k.place <= :most), '[]') AS lines
