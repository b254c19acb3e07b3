-- Open alerts that nobody took and that do not rest, and the critical ones of them; at most `most` of each are counted.
SELECT
    (SELECT count(*) FROM (
        SELECT 1 FROM watch.watchtower_alerts
        WHERE state = 'open' AND NOT is_acknowledged AND snoozed_until IS NULL
          AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
        LIMIT :most) AS few) AS waiting,
    (SELECT count(*) FROM (
        SELECT 1 FROM watch.watchtower_alerts
        WHERE state = 'open' AND NOT is_acknowledged AND snoozed_until IS NULL AND severity = 'critical'
          AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
        LIMIT :most) AS few) AS critical
