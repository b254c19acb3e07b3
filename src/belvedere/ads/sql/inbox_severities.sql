-- Keys of the newest alerts of each severity: of each client in reach and severity a short walk along an index, then merged.
WITH severities (severity, words) AS (
    VALUES ('critical', ARRAY['CRITICAL']), ('warning', ARRAY['MEDIUM', 'HIGH']), ('info', ARRAY['LOW'])
), newest AS (
    SELECT 'watch' AS origin, s.severity, first.*
    FROM core.clients reach CROSS JOIN severities s CROSS JOIN LATERAL (
        SELECT t.client_id, t.id, t.created_at FROM watch.watchtower_alerts t
        WHERE t.client_id = reach.id AND ({watched})
        ORDER BY t.created_at DESC, t.id DESC LIMIT :limit) first
    WHERE CAST(:client_id AS integer) IS NULL OR reach.id = :client_id
    UNION ALL
    SELECT 'ads', s.severity, first.*
    FROM core.clients reach CROSS JOIN severities s CROSS JOIN LATERAL (
        SELECT t.client_id, t.id, t.created_at FROM ads.alerts t
        WHERE t.client_id = reach.id AND ({own})
        ORDER BY t.created_at DESC, t.id DESC LIMIT :limit) first
    WHERE CAST(:client_id AS integer) IS NULL OR reach.id = :client_id
), keys AS (
    SELECT ranked.origin, ranked.client_id, ranked.id, ranked.created_at FROM (
        SELECT n.*, row_number() OVER (PARTITION BY n.severity ORDER BY n.created_at DESC, n.id DESC) AS place
        FROM newest n) ranked
    WHERE ranked.place <= :limit
)
