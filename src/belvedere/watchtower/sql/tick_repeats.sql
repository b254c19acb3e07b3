-- Open alerts that nobody took and that were last told long enough ago; those of a storm once it is over.
WITH due AS (
    SELECT a.client_id, a.id
    FROM watch.watchtower_alerts a
    JOIN watch.watchtower_rules r ON r.client_id = a.rule_client_id AND r.id = a.rule_id
    CROSS JOIN LATERAL (
        SELECT coalesce(r.repeat_minutes, CASE a.severity WHEN 'critical' THEN 240 WHEN 'warning' THEN 1440 END) AS every,
               coalesce(a.last_told_at, CASE WHEN a.held_reason = 'storm' THEN a.created_at END) AS last_at
    ) t
    WHERE a.state = 'open' AND NOT a.is_acknowledged AND a.snoozed_until IS NULL
      AND a.held_reason IS DISTINCT FROM 'silenced' AND t.every > 0
      AND t.last_at <= CAST(:now AS timestamptz) - make_interval(mins => t.every)
      AND NOT EXISTS (SELECT 1 FROM watch.storms s
                      WHERE a.held_reason = 'storm' AND s.client_id = 0 AND s.rule_id = a.rule_id AND s.ended_at IS NULL)
      AND NOT {is_silenced}
    ORDER BY t.last_at LIMIT :most FOR UPDATE OF a SKIP LOCKED
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind) SELECT client_id, id, :now, 'told_again' FROM due
)
SELECT a.id, a.client_id, a.rule_id, true AS may_tell
FROM due JOIN watch.watchtower_alerts a ON a.client_id = due.client_id AND a.id = due.id
