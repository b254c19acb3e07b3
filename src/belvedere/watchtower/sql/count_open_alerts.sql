-- Figures of what is open, for pages that everybody has open all day.
SELECT CAST(json_build_object(
    'open', count(*),
    'unacknowledged', count(*) FILTER (WHERE NOT is_acknowledged),
    'acknowledged', count(*) FILTER (WHERE is_acknowledged),
    'by_severity', json_build_object(
        'critical', count(*) FILTER (WHERE severity = 'critical'),
        'warning', count(*) FILTER (WHERE severity = 'warning'),
        'info', count(*) FILTER (WHERE severity = 'info'))) AS text)
FROM watch.watchtower_alerts
WHERE state = 'open' AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
