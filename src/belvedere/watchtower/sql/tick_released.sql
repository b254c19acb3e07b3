-- Alerts that a silence held and no running one holds any more. What somebody took meanwhile is not told.
WITH free AS (
    SELECT a.client_id, a.id FROM watch.watchtower_alerts a
    WHERE a.state = 'open' AND a.held_reason = 'silenced' AND a.snoozed_until IS NULL AND NOT {is_silenced}
    ORDER BY a.id LIMIT :most FOR UPDATE OF a SKIP LOCKED
), moved AS (
    UPDATE watch.watchtower_alerts a SET held_reason = NULL
    FROM free f WHERE a.client_id = f.client_id AND a.id = f.id
    RETURNING a.id, a.client_id, a.rule_id, a.is_acknowledged
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind)
    SELECT client_id, id, :now, 'told_again' FROM moved WHERE NOT is_acknowledged
)
SELECT id, client_id, rule_id, NOT is_acknowledged AS may_tell FROM moved
