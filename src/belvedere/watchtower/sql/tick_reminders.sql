-- Taken alerts whose rule asks for a reminder.
WITH due AS (
    SELECT a.client_id, a.id
    FROM watch.watchtower_alerts a
    JOIN watch.watchtower_rules r ON r.client_id = a.rule_client_id AND r.id = a.rule_id
    WHERE a.state = 'open' AND a.is_acknowledged AND a.snoozed_until IS NULL AND a.held_reason IS NULL
      AND r.remind_minutes IS NOT NULL AND a.told_at IS NOT NULL
      AND greatest(a.acknowledged_at, a.last_told_at) <= CAST(:now AS timestamptz) - make_interval(mins => r.remind_minutes)
      AND NOT {is_silenced}
    ORDER BY a.id LIMIT :most FOR UPDATE OF a SKIP LOCKED
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind) SELECT client_id, id, :now, 'reminded' FROM due
)
SELECT a.id, a.client_id, a.rule_id, true AS may_tell
FROM due JOIN watch.watchtower_alerts a ON a.client_id = due.client_id AND a.id = due.id
