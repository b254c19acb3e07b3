-- The newest full reading of every account of the client's other sources that groups ask for; with a moment in the past
-- as they stood then, and whether they were late.
SELECT DISTINCT ON (s.source_id, s.account_id) s.id,
       coalesce(a.is_active AND CAST(:then AS timestamptz) > good.at + every.length + greatest(interval '15 minutes', every.length / 2),
                false) AS is_stale
FROM watch.api_snapshots s
JOIN watch.api_sources src ON src.id = s.source_id
CROSS JOIN LATERAL (SELECT make_interval(mins => src.refresh_interval_minutes) AS length) every
LEFT JOIN watch.source_accounts a ON a.client_id = s.client_id AND a.id = s.account_id
LEFT JOIN LATERAL (
    SELECT max(g.completed_at) AS at FROM watch.api_snapshots g
    WHERE CAST(:then AS timestamptz) IS NOT NULL AND g.client_id = s.client_id AND g.source_id = s.source_id
      AND g.account_id = s.account_id AND g.status = 'completed' AND g.completed_at <= CAST(:then AS timestamptz)
) good ON true
WHERE s.client_id = :client_id AND s.status = 'completed' AND s.completeness = 'full' AND s.source_id <> :source_id
  AND (CAST(:then AS timestamptz) IS NULL OR s.completed_at <= CAST(:then AS timestamptz))
  AND (s.source_id = ANY (CAST(:source_ids AS uuid[]))
       OR (src.provider = 'internal' AND src.endpoint = ANY (CAST(:targets AS text[]))))
ORDER BY s.source_id, s.account_id, s.data_as_of DESC
