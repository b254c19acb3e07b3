-- Figures for tabs and groups.
SELECT CAST(json_build_object(
    'open', count(*) FILTER (WHERE state = 'open'),
    'unacknowledged', count(*) FILTER (WHERE state = 'open' AND NOT is_acknowledged),
    'acknowledged', count(*) FILTER (WHERE state = 'open' AND is_acknowledged),
    'resolved', count(*) FILTER (WHERE state = 'resolved'),
    'by_severity', json_build_object(
        'critical', count(*) FILTER (WHERE state = 'open' AND severity = 'critical'),
        'warning', count(*) FILTER (WHERE state = 'open' AND severity = 'warning'),
        'info', count(*) FILTER (WHERE state = 'open' AND severity = 'info'))) AS text)
FROM watch.watchtower_alerts
WHERE CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer)
