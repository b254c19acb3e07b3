-- What stands open, waits, is held and is overdue, for the figures of the installation.
SELECT (SELECT count(*) FROM watch.watchtower_alerts WHERE state = 'open') AS open,
       (SELECT count(*) FROM watch.watchtower_alerts WHERE state = 'open' AND held_reason IS NOT NULL) AS held,
       (SELECT count(*) FROM watch.rule_states) AS pending,
       (SELECT count(*) FROM watch.api_snapshots
        WHERE status = 'completed' AND evaluated_at IS NULL
          AND completed_at < CAST(:now AS timestamptz) - interval '1 minute') AS overdue
