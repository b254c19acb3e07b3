-- Figures for tabs and groups. What is open is counted whole; of the resolved at most `most`, as they only grow.
WITH open AS MATERIALIZED (
    SELECT is_acknowledged AS taken, severity, count(*) AS n
    FROM watch.watchtower_alerts
    WHERE state = 'open' AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
    GROUP BY 1, 2
), resolved AS MATERIALIZED (
    SELECT count(*) AS n FROM (
        SELECT 1 FROM watch.watchtower_alerts
        WHERE state = 'resolved' AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
        LIMIT CAST(:most AS integer) + 1) AS few
)
SELECT CAST(json_build_object(
    'open', coalesce(sum(n), 0),
    'unacknowledged', coalesce(sum(n) FILTER (WHERE NOT taken), 0),
    'acknowledged', coalesce(sum(n) FILTER (WHERE taken), 0),
    'resolved', (SELECT least(n, CAST(:most AS integer)) FROM resolved),
    'resolved_has_more', (SELECT n > CAST(:most AS integer) FROM resolved),
    'by_severity', json_build_object(
        'critical', coalesce(sum(n) FILTER (WHERE severity = 'critical'), 0),
        'warning', coalesce(sum(n) FILTER (WHERE severity = 'warning'), 0),
        'info', coalesce(sum(n) FILTER (WHERE severity = 'info'), 0))) AS text)
FROM open
