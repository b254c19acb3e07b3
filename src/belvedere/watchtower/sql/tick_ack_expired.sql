-- Alerts whose time of being taken is over are free again.
WITH over AS (
    SELECT a.client_id, a.id FROM watch.watchtower_alerts a
    WHERE a.state = 'open' AND a.ack_until <= :now AND a.is_acknowledged
    ORDER BY a.ack_until LIMIT :most FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE watch.watchtower_alerts a
    SET is_acknowledged = false, acknowledged_at = NULL, acknowledged_by = NULL, ack_until = NULL
    FROM over o WHERE a.client_id = o.client_id AND a.id = o.id
    RETURNING a.id, a.client_id, a.rule_id, a.snoozed_until
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind) SELECT client_id, id, :now, 'ack_expired' FROM moved
)
SELECT id, client_id, rule_id, snoozed_until IS NULL AS may_tell FROM moved
