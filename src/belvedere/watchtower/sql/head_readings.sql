-- The newest judged reading of every account of these sources and tables, where it was judged before the given reading
-- of another source was there; one judged later has seen it.
SELECT newest.id, newest.source_id FROM (
    SELECT DISTINCT ON (s.source_id, s.account_id) s.id, s.source_id, s.evaluated_at
    FROM watch.api_snapshots s
    JOIN watch.api_sources src ON src.id = s.source_id
    WHERE s.client_id = :client_id AND s.status = 'completed' AND s.evaluated_at IS NOT NULL
      AND (s.source_id = ANY (CAST(:source_ids AS uuid[]))
           OR (src.provider = 'internal' AND src.endpoint = ANY (CAST(:targets AS text[]))))
    ORDER BY s.source_id, s.account_id, s.data_as_of DESC, s.id DESC
) newest
JOIN watch.api_snapshots beside ON beside.client_id = :client_id AND beside.id = :snapshot_id
WHERE newest.evaluated_at <= beside.completed_at
ORDER BY newest.source_id, newest.id
