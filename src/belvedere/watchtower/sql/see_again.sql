-- A breach that goes on: the alert keeps its identity and takes the newest value. A risen severity needs a new look.
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(
        id uuid, current_value text, previous_value text, severity text, conditions jsonb, event_id uuid,
        record_id uuid)
), before AS (
    SELECT a.id, a.current_value,
           array_position(ARRAY['info', 'warning', 'critical'], i.severity)
           > array_position(ARRAY['info', 'warning', 'critical'], CAST(a.severity AS text)) AS raised
    FROM watch.watchtower_alerts a JOIN incoming i USING (id)
    WHERE a.client_id = :client_id AND a.state = 'open'
    FOR UPDATE OF a
), moved AS (
    UPDATE watch.watchtower_alerts a
    SET current_value = i.current_value, previous_value = i.previous_value, occurrences = a.occurrences + 1,
        last_seen_at = :now, last_snapshot_id = :snapshot_id, severity = i.severity, record_id = i.record_id,
        reason = jsonb_set(a.reason, '{latest}', i.conditions), missing_readings = 0, good_readings = 0,
        is_acknowledged = a.is_acknowledged AND NOT b.raised,
        acknowledged_at = CASE WHEN b.raised THEN NULL ELSE a.acknowledged_at END,
        acknowledged_by = CASE WHEN b.raised THEN NULL ELSE a.acknowledged_by END
    FROM incoming i JOIN before b USING (id)
    WHERE a.client_id = :client_id AND a.id = i.id
    RETURNING a.id
)
INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
SELECT i.event_id, :client_id, i.id, :now, CASE WHEN b.raised THEN 'severity_raised' ELSE 'seen_again' END,
       'watchtower', jsonb_build_object('value', i.current_value, 'severity', i.severity, 'snapshot_id', CAST(:snapshot_id AS text))
FROM moved JOIN incoming i USING (id) JOIN before b USING (id)
WHERE b.raised OR b.current_value IS DISTINCT FROM i.current_value
