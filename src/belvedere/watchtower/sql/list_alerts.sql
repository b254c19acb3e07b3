-- The alerts of the keys as JSON, newest first; the row's own copies, so that no other table is needed but names. `head`
-- is the condition that the alert speaks of: the first of those between two ORs that all hold, as in `leads`.
SELECT coalesce(CAST(json_agg(json_build_object(
    'id', p.id, 'number', p.number, 'rule_id', p.rule_id, 'rule_name', p.reason ->> 'rule_name',
    'snapshot_id', p.snapshot_id, 'record_id', p.record_id, 'client_id', nullif(p.client_id, 0),
    'client_name', c.name, 'source_id', p.source_id, 'source_name', s.display_name, 'external_id', p.external_id,
    'entity_name', p.entity_name, 'state', p.state, 'title', p.title, 'message', p.message, 'severity', p.severity,
    'head', (SELECT t.item FROM (
        SELECT t.item, t.n, bool_and(t.item ->> 'result' IS NOT DISTINCT FROM 'true') OVER (PARTITION BY t.run) AS holds
        FROM (
            SELECT t.item, t.n, count(*) FILTER (WHERE t.item ->> 'joined_by' = 'OR' AND t.n > 1) OVER (ORDER BY t.n) AS run
            FROM jsonb_array_elements(p.reason -> 'conditions') WITH ORDINALITY AS t(item, n)
        ) AS t
    ) AS t ORDER BY t.holds DESC, t.n LIMIT 1),
    'current_value', p.current_value, 'previous_value', p.previous_value, 'occurrences', p.occurrences,
    'episode', p.episode, 'first_seen_at', p.first_seen_at, 'last_seen_at', p.last_seen_at,
    'is_acknowledged', p.is_acknowledged, 'acknowledged_at', p.acknowledged_at,
    'acknowledged_by', p.acknowledged_by, 'ack_until', p.ack_until,
    'snoozed_until', p.snoozed_until, 'held_reason', p.held_reason, 'resolved_at', p.resolved_at,
    'resolved_reason', p.resolved_reason, 'resolved_by', p.resolved_by, 'created_at', p.created_at)
    ORDER BY p.created_at DESC, p.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.created_at ORDER BY p.created_at, p.id))[1] AS last_at,
    (array_agg(p.id ORDER BY p.created_at, p.id))[1] AS last_id
FROM keys
JOIN watch.watchtower_alerts p ON p.client_id = keys.client_id AND p.id = keys.id
LEFT JOIN core.clients c ON c.id = p.client_id
LEFT JOIN watch.api_sources s ON s.id = p.source_id
