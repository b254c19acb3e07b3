-- The newest evaluations of one rule as JSON; readings on which it had nothing to say stand in their own line alone.
WITH said AS (
    (SELECT e.client_id, e.snapshot_id, e.evaluated_at, e.rule_version, e.entities, e.matched, e.no_data, e.errors,
            e.held_back, e.reason
     FROM watch.rule_evaluations e
     WHERE e.rule_id = :rule_id
       AND (CAST(:client_id AS integer) IS NULL OR e.client_id = CAST(:client_id AS integer))
       AND (CAST(:before_at AS timestamptz) IS NULL
            OR (e.evaluated_at, e.snapshot_id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
     ORDER BY e.evaluated_at DESC, e.snapshot_id DESC
     LIMIT :limit)
    UNION ALL
    (SELECT q.client_id, q.snapshot_id, q.evaluated_at,
            CASE WHEN r.version = 1 OR q.evaluated_at > r.updated_at THEN r.version END, q.records, 0, 0, 0, 0,
            jsonb_build_object('state', 'judged', 'why', 'Nothing matched.')
     FROM watch.evaluation_runs q
     JOIN watch.watchtower_rules r ON r.id = :rule_id
     WHERE r.id = ANY (q.quiet_rules) AND (r.client_id = 0 OR q.client_id = r.client_id)
       AND (r.source_id IS NULL OR q.source_id = r.source_id)
       AND (CAST(:client_id AS integer) IS NULL OR q.client_id = CAST(:client_id AS integer))
       AND (CAST(:before_at AS timestamptz) IS NULL
            OR (q.evaluated_at, q.snapshot_id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
       AND NOT EXISTS (SELECT 1 FROM watch.rule_evaluations e
                       WHERE e.client_id = q.client_id AND e.rule_id = r.id AND e.snapshot_id = q.snapshot_id)
     ORDER BY q.evaluated_at DESC, q.snapshot_id DESC
     LIMIT :limit)
), page AS (
    SELECT * FROM said ORDER BY evaluated_at DESC, snapshot_id DESC LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object(
    'rule_id', CAST(:rule_id AS uuid), 'rule_version', p.rule_version, 'client_id', nullif(p.client_id, 0),
    'snapshot_id', p.snapshot_id, 'evaluated_at', p.evaluated_at, 'entities', p.entities, 'matched', p.matched,
    'no_data', p.no_data, 'errors', p.errors, 'held_back', p.held_back, 'reason', p.reason)
    ORDER BY p.evaluated_at DESC, p.snapshot_id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.evaluated_at ORDER BY p.evaluated_at, p.snapshot_id))[1] AS last_at,
    (array_agg(p.snapshot_id ORDER BY p.evaluated_at, p.snapshot_id))[1] AS last_id
FROM page p
