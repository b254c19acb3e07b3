-- The alerts of the keys in one shape, as JSON; what only one of the two tables knows is null for the other.
SELECT coalesce(CAST(json_agg(json_build_object(
    'origin', i.origin, 'id', i.id, 'number', w.number, 'client_id', nullif(i.client_id, 0), 'client_name', c.name,
    'title', i.title, 'message', i.message, 'severity', i.severity, 'severity_raw', i.severity_raw, 'state', i.state,
    'subject', i.subject, 'metric', i.metric, 'value', i.value, 'threshold', i.threshold,
    'created_at', i.created_at, 'last_seen_at', coalesce(w.last_seen_at, a.last_seen_at, i.created_at),
    'occurrences', coalesce(w.occurrences, a.occurrences),
    'acknowledged_at', i.acknowledged_at, 'acknowledged_by', i.acknowledged_by, 'ack_until', w.ack_until,
    'resolved_at', i.resolved_at, 'resolved_by', coalesce(w.resolved_by, a.resolved_by),
    'resolved_reason', coalesce(w.resolved_reason, a.resolved_reason),
    'source_id', w.source_id, 'source_name', s.display_name, 'rule_id', w.rule_id, 'rule_name', w.reason ->> 'rule_name',
    'head', (SELECT t.item FROM (
        SELECT t.item, t.n, bool_and(t.item ->> 'result' IS NOT DISTINCT FROM 'true') OVER (PARTITION BY t.run) AS holds
        FROM (
            SELECT t.item, t.n, count(*) FILTER (WHERE t.item ->> 'joined_by' = 'OR' AND t.n > 1) OVER (ORDER BY t.n) AS run
            FROM jsonb_array_elements(w.reason -> 'conditions') WITH ORDINALITY AS t(item, n)
        ) AS t
    ) AS t ORDER BY t.holds DESC, t.n LIMIT 1),
    'external_id', w.external_id, 'entity_name', w.entity_name,
    'alert_type', a.alert_type, 'platform', a.platform, 'campaign_id', a.campaign_id, 'evidence', a.evidence)
    ORDER BY k.created_at DESC, k.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(k.created_at ORDER BY k.created_at, k.id))[1] AS last_at,
    (array_agg(k.id ORDER BY k.created_at, k.id))[1] AS last_id
FROM keys k
JOIN ads.alert_inbox i ON i.origin = k.origin AND i.id = k.id AND i.client_id = k.client_id
    AND i.id = ANY (ARRAY(SELECT id FROM keys))
LEFT JOIN watch.watchtower_alerts w ON k.origin = 'watch' AND w.client_id = k.client_id AND w.id = k.id
LEFT JOIN ads.alerts a ON k.origin = 'ads' AND a.client_id = k.client_id AND a.id = k.id
LEFT JOIN watch.api_sources s ON s.id = w.source_id
LEFT JOIN core.clients c ON c.id = k.client_id
