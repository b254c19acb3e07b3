-- The newest evaluations of one rule as JSON.
WITH page AS (
    SELECT e.* FROM watch.rule_evaluations e
    WHERE e.rule_id = :rule_id
      AND (CAST(:client_id AS integer) IS NULL OR e.client_id = CAST(:client_id AS integer))
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (e.evaluated_at, e.snapshot_id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY e.evaluated_at DESC, e.snapshot_id DESC
    LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object(
    'rule_id', p.rule_id, 'rule_version', p.rule_version, 'client_id', nullif(p.client_id, 0),
    'snapshot_id', p.snapshot_id, 'evaluated_at', p.evaluated_at, 'entities', p.entities, 'matched', p.matched,
    'no_data', p.no_data, 'errors', p.errors, 'held_back', p.held_back, 'reason', p.reason)
    ORDER BY p.evaluated_at DESC, p.snapshot_id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.evaluated_at ORDER BY p.evaluated_at, p.snapshot_id))[1] AS last_at,
    (array_agg(p.snapshot_id ORDER BY p.evaluated_at, p.snapshot_id))[1] AS last_id
FROM page p
