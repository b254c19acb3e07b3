-- A breach that goes on: the alert keeps its identity and takes the newest value. A risen severity needs a new look.
WITH i AS {rows},
moved AS (
    UPDATE watch.watchtower_alerts a
    SET current_value = i.current_value, previous_value = i.previous_value, occurrences = a.occurrences + 1,
        last_seen_at = :now, last_snapshot_id = :snapshot_id, account_id = :account_id, severity = i.severity,
        record_id = i.record_id, missing_readings = 0, good_readings = 0,
        reason = a.reason || jsonb_build_object('latest', CAST(i.conditions AS jsonb))
            || CASE WHEN i.told THEN jsonb_build_object('told_value', i.current_value) ELSE '{}' END,
        is_acknowledged = a.is_acknowledged AND i.step <> 'severity_raised',
        acknowledged_at = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.acknowledged_at END,
        acknowledged_by = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.acknowledged_by END,
        ack_until = CASE WHEN i.step = 'severity_raised' THEN NULL ELSE a.ack_until END,
        last_told_at = CASE WHEN i.told THEN :now ELSE a.last_told_at END,
        held_reason = coalesce(i.held_reason, a.held_reason)
    FROM i
    WHERE a.client_id = :client_id AND a.id = i.id AND a.state = 'open'
    RETURNING a.id, i.event_id, i.step, i.current_value, i.severity, i.changed
)
INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
SELECT m.event_id, :client_id, m.id, :now, m.step, 'watchtower',
       jsonb_build_object('value', m.current_value, 'severity', m.severity, 'snapshot_id', CAST(:snapshot_id AS text))
FROM moved m
WHERE m.step <> 'seen_again' OR m.changed
