-- Alerts whose snooze is over come back.
WITH over AS (
    SELECT a.client_id, a.id FROM watch.watchtower_alerts a
    WHERE a.state = 'open' AND a.snoozed_until <= :now
    ORDER BY a.snoozed_until LIMIT :most FOR UPDATE SKIP LOCKED
), moved AS (
    UPDATE watch.watchtower_alerts a SET snoozed_until = NULL, snoozed_by = NULL
    FROM over o WHERE a.client_id = o.client_id AND a.id = o.id
    RETURNING a.id, a.client_id, a.rule_id
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind) SELECT client_id, id, :now, 'unsnoozed' FROM moved
)
SELECT id, client_id, rule_id, true AS may_tell FROM moved
