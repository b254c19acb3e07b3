-- What rules hold back right now for their parents: the newest reading of every account, entities without an alert.
WITH newest AS (
    SELECT DISTINCT ON (r.client_id, s.source_id, s.account_id) r.client_id, r.snapshot_id, s.source_id, r.evaluated_at,
           coalesce(s.same_as_snapshot_id, s.id) AS holder_id
    FROM watch.evaluation_runs r
    JOIN watch.api_snapshots s ON s.client_id = r.client_id AND s.id = r.snapshot_id
    WHERE CAST(:client_id AS integer) IS NULL OR r.client_id = CAST(:client_id AS integer)
    ORDER BY r.client_id, s.source_id, s.account_id, s.data_as_of DESC
), held AS (
    SELECT e.rule_id, e.client_id, n.source_id, e.snapshot_id, n.holder_id, e.evaluated_at, e.held_back, e.reason -> 'held_back' AS why,
           (SELECT coalesce(json_agg(t.entity ORDER BY t.entity), '[]')
            FROM jsonb_array_elements_text(e.reason -> 'held_entities') AS t(entity)
            WHERE NOT EXISTS (SELECT 1 FROM watch.watchtower_alerts a
                              WHERE a.client_id = e.client_id AND a.rule_id = e.rule_id AND a.state = 'open'
                                AND a.source_id = n.source_id AND coalesce(a.external_id, '') = t.entity)) AS entities
    FROM newest n
    JOIN watch.rule_evaluations e ON e.client_id = n.client_id AND e.snapshot_id = n.snapshot_id
    JOIN watch.watchtower_rules r ON r.id = e.rule_id AND r.version = e.rule_version
    WHERE e.rule_id = ANY (CAST(:ids AS uuid[])) AND e.held_back > 0 AND r.is_active
)
SELECT h.rule_id, CAST(json_agg(json_build_object(
    'client_id', nullif(h.client_id, 0), 'client_name', c.name, 'source_id', h.source_id, 'source_name', s.display_name,
    'snapshot_id', h.snapshot_id, 'evaluated_at', h.evaluated_at, 'held_back', h.held_back, 'why', h.why,
    'entities', h.entities,
    'names', (SELECT json_agg(coalesce(nullif(f.name, ''), t.entity) ORDER BY t.entity)
              FROM json_array_elements_text(h.entities) AS t(entity)
              LEFT JOIN LATERAL (SELECT r.name FROM watch.api_records r
                                 WHERE r.client_id = h.client_id AND r.snapshot_id = h.holder_id
                                   AND r.external_id = t.entity LIMIT 1) f ON true)) ORDER BY c.name, h.client_id, h.snapshot_id) AS text) AS held
FROM held h
LEFT JOIN core.clients c ON c.id = h.client_id
LEFT JOIN watch.api_sources s ON s.id = h.source_id
WHERE json_array_length(h.entities) > 0
GROUP BY h.rule_id
