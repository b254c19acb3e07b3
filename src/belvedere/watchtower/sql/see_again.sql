-- A breach that goes on: the alert keeps its identity and takes the newest value. A risen severity needs a new look.
WITH incoming AS (
    SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS t(
        id uuid, current_value text, previous_value text, severity text, conditions jsonb, event_id uuid,
        record_id uuid, step text, told boolean, held_reason text)
), before AS (
    SELECT a.id, a.current_value
    FROM watch.watchtower_alerts a JOIN incoming i USING (id)
    WHERE a.client_id = :client_id AND a.state = 'open'
    FOR UPDATE OF a
), moved AS (
    UPDATE watch.watchtower_alerts a
    SET current_value = i.current_value, previous_value = i.previous_value, occurrences = a.occurrences + 1,
        last_seen_at = :now, last_snapshot_id = :snapshot_id, account_id = :account_id, severity = i.severity,
        record_id = i.record_id, missing_readings = 0, good_readings = 0,
        reason = a.reason || jsonb_build_object('latest', i.conditions)
            || CASE WHEN i.told THEN jsonb_build_object('told_value', i.current_value) ELSE '{}' END,
        is_acknowledged = a.is_acknowledged AND i.step <> 'severity_raised',
        acknowledged_at = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.acknowledged_at END,
        acknowledged_by = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.acknowledged_by END,
        ack_until = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.ack_until END,
        last_told_at = CASE WHEN i.told THEN :now ELSE a.last_told_at END,
        held_reason = coalesce(i.held_reason, a.held_reason)
    FROM incoming i JOIN before b USING (id)
    WHERE a.client_id = :client_id AND a.id = i.id
    RETURNING a.id
)
INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
SELECT i.event_id, :client_id, i.id, :now, i.step, 'watchtower',
       jsonb_build_object('value', i.current_value, 'severity', i.severity, 'snapshot_id', CAST(:snapshot_id AS text))
FROM moved JOIN incoming i USING (id) JOIN before b USING (id)
WHERE i.step <> 'seen_again' OR b.current_value IS DISTINCT FROM i.current_value
