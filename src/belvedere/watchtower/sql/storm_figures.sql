-- Openings of one rule since its storm began, or in the fifteen minutes that began with the first of them.
WITH recent AS (
    SELECT a.id, a.client_id, a.created_at, a.told_at, a.held_reason
    FROM watch.watchtower_alerts a
    WHERE a.rule_id = :rule_id AND a.client_id <> 0 AND a.created_at >= :since
)
SELECT count(*) AS alerts, count(DISTINCT r.client_id) AS clients, min(r.created_at) AS first_at,
       max(r.created_at) AS last_at,
       coalesce(array_agg(r.id) FILTER (WHERE r.told_at IS NOT NULL AND r.held_reason IS NULL), '{}') AS told,
       (SELECT coalesce(array_agg(n.name ORDER BY n.name), '{}')
        FROM (SELECT DISTINCT c.name FROM recent x JOIN core.clients c ON c.id = x.client_id
              ORDER BY c.name LIMIT 20) n) AS names
FROM recent r
