-- One page of silences as JSON, newest first.
WITH page AS (
    SELECT s.* FROM watch.silences s
    WHERE (CAST(:id AS uuid) IS NULL OR s.id = CAST(:id AS uuid))
      AND (CAST(:client_id AS integer) IS NULL OR s.client_id = CAST(:client_id AS integer))
      AND (CAST(:rule_id AS uuid) IS NULL OR s.rule_id = CAST(:rule_id AS uuid))
      AND (CAST(:running AS boolean) IS NULL
           OR (s.ended_at IS NULL AND s.ends_at > :now) = CAST(:running AS boolean))
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (s.created_at, s.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY s.created_at DESC, s.id DESC
    LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object(
    'id', p.id, 'client_id', nullif(p.client_id, 0), 'client_name', CASE WHEN p.client_id <> 0 THEN c.name END, 'rule_id', p.rule_id, 'rule_name', r.name,
    'source_id', p.source_id, 'source_name', src.display_name, 'severity', p.severity, 'external_id', p.external_id,
    'starts_at', p.starts_at, 'ends_at', p.ends_at, 'reason', p.reason, 'created_by', p.created_by,
    'created_at', p.created_at, 'ended_at', p.ended_at, 'ended_by', p.ended_by,
    'state', CASE WHEN p.ended_at IS NOT NULL OR p.ends_at <= :now THEN 'ended'
                  WHEN p.starts_at > :now THEN 'planned' ELSE 'running' END,
    'held_alerts', (SELECT count(*) FROM watch.watchtower_alerts a
                    WHERE a.state = 'open' AND a.held_reason = 'silenced'
                      AND (p.client_id = 0 OR a.client_id = p.client_id)
                      AND (p.rule_id IS NULL OR a.rule_id = p.rule_id)
                      AND (p.source_id IS NULL OR a.source_id = p.source_id)
                      AND (p.severity IS NULL OR a.severity = p.severity)
                      AND (p.external_id IS NULL OR a.external_id = p.external_id)))
    ORDER BY p.created_at DESC, p.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.created_at ORDER BY p.created_at, p.id))[1] AS last_at,
    (array_agg(p.id ORDER BY p.created_at, p.id))[1] AS last_id
FROM page p
LEFT JOIN core.clients c ON c.id = p.client_id
LEFT JOIN watch.watchtower_rules r ON r.id = p.rule_id
LEFT JOIN watch.api_sources src ON src.id = p.source_id
