-- One alert with its reason and its steps, as JSON.
SELECT CAST(json_build_object(
    'id', a.id, 'number', a.number, 'rule_id', a.rule_id, 'rule_name', coalesce(r.name, a.reason ->> 'rule_name'),
    'snapshot_id', a.snapshot_id, 'last_snapshot_id', a.last_snapshot_id, 'record_id', a.record_id,
    'client_id', nullif(a.client_id, 0), 'client_name', c.name, 'source_id', a.source_id,
    'source_name', s.display_name, 'external_id', a.external_id, 'entity_name', a.entity_name, 'state', a.state,
    'title', a.title, 'message', a.message, 'severity', a.severity, 'current_value', a.current_value,
    'previous_value', a.previous_value, 'reason', a.reason, 'occurrences', a.occurrences, 'episode', a.episode,
    'fingerprint', a.fingerprint, 'first_seen_at', a.first_seen_at, 'last_seen_at', a.last_seen_at,
    'is_acknowledged', a.is_acknowledged, 'acknowledged_at', a.acknowledged_at,
    'acknowledged_by', a.acknowledged_by, 'ack_until', a.ack_until,
    'snoozed_until', a.snoozed_until, 'snoozed_by', a.snoozed_by, 'held_reason', a.held_reason, 'told_at', a.told_at,
    'last_told_at', a.last_told_at, 'resolved_at', a.resolved_at,
    'resolved_reason', a.resolved_reason, 'resolved_by', a.resolved_by, 'created_at', a.created_at,
    'timeline', (SELECT json_agg(json_build_object(
            'id', e.id, 'at', e.at, 'kind', e.kind, 'actor', e.actor, 'note', e.note,
            'detail', e.detail - 'destinations' - 'end_destinations') ORDER BY e.at, e.step)
        FROM (
            SELECT e.id, e.at, e.kind, e.actor, e.note, e.detail, e.step
            FROM watch.alert_events e WHERE e.client_id = a.client_id AND e.alert_id = a.id
            UNION ALL
            -- An opening that had no more to say has no row of its own.
            SELECT a.id, a.created_at, 'opened', 'watchtower', NULL, '{}', 0
            WHERE NOT EXISTS (SELECT 1 FROM watch.alert_events e
                              WHERE e.client_id = a.client_id AND e.alert_id = a.id AND e.kind = 'opened')
        ) AS e)) AS text) AS data,
    a.client_id, a.source_id, a.external_id
FROM watch.watchtower_alerts a
LEFT JOIN watch.watchtower_rules r ON r.client_id = a.rule_client_id AND r.id = a.rule_id
LEFT JOIN core.clients c ON c.id = a.client_id
LEFT JOIN watch.api_sources s ON s.id = a.source_id
WHERE a.id = :id
