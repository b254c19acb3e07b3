-- Open alerts of advertising that are not taken, by client and severity in the words of the inbox.
SELECT client_id, severity, count(*) AS n FROM (
    SELECT client_id, CASE severity WHEN 'LOW' THEN 'info' WHEN 'CRITICAL' THEN 'critical'
        ELSE 'warning' END AS severity
    FROM ads.alerts
    WHERE resolved_at IS NULL AND acknowledged_at IS NULL
      AND (CAST(:client_id AS integer) IS NULL OR client_id = CAST(:client_id AS integer))
) AS waiting GROUP BY client_id, severity
