-- One page of alerts as JSON, newest first; the row's own copies, so that no other table is needed but names.
WITH page AS (
    SELECT a.* FROM watch.watchtower_alerts a
    WHERE (CAST(:state AS text) IS NULL OR a.state = CAST(:state AS text))
      AND (CAST(:acknowledged AS boolean) IS NULL OR a.is_acknowledged = CAST(:acknowledged AS boolean))
      AND (CAST(:severity AS text[]) IS NULL OR a.severity = ANY (CAST(:severity AS text[])))
      AND (CAST(:client_id AS integer) IS NULL OR a.client_id = CAST(:client_id AS integer))
      AND (CAST(:rule_id AS uuid) IS NULL OR a.rule_id = CAST(:rule_id AS uuid))
      AND (CAST(:source_id AS uuid) IS NULL OR a.source_id = CAST(:source_id AS uuid))
      AND (CAST(:since AS timestamptz) IS NULL OR a.created_at >= CAST(:since AS timestamptz))
      AND (CAST(:search AS text) IS NULL OR position(lower(CAST(:search AS text)) IN
           lower(a.title || ' ' || coalesce(a.entity_name, '') || ' ' || coalesce(a.external_id, ''))) > 0)
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (a.created_at, a.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY a.created_at DESC, a.id DESC
    LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object(
    'id', p.id, 'number', p.number, 'rule_id', p.rule_id, 'rule_name', p.reason ->> 'rule_name',
    'snapshot_id', p.snapshot_id, 'record_id', p.record_id, 'client_id', nullif(p.client_id, 0),
    'client_name', c.name, 'source_id', p.source_id, 'source_name', s.display_name, 'external_id', p.external_id,
    'entity_name', p.entity_name, 'state', p.state, 'title', p.title, 'message', p.message, 'severity', p.severity,
    'head', p.reason #> '{conditions,0}', 'current_value', p.current_value, 'previous_value', p.previous_value, 'occurrences', p.occurrences,
    'episode', p.episode, 'first_seen_at', p.first_seen_at, 'last_seen_at', p.last_seen_at,
    'is_acknowledged', p.is_acknowledged, 'acknowledged_at', p.acknowledged_at,
    'acknowledged_by', p.acknowledged_by, 'ack_until', p.ack_until, 'resolved_at', p.resolved_at,
    'resolved_reason', p.resolved_reason, 'resolved_by', p.resolved_by, 'created_at', p.created_at)
    ORDER BY p.created_at DESC, p.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.created_at ORDER BY p.created_at, p.id))[1] AS last_at,
    (array_agg(p.id ORDER BY p.created_at, p.id))[1] AS last_id
FROM page p
LEFT JOIN core.clients c ON c.id = p.client_id
LEFT JOIN watch.api_sources s ON s.id = p.source_id
