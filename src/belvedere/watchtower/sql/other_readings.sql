-- The newest full reading of every account of the client's other sources that groups ask for.
SELECT DISTINCT ON (s.source_id, s.account_id) s.id
FROM watch.api_snapshots s
JOIN watch.api_sources src ON src.id = s.source_id
WHERE s.client_id = :client_id AND s.status = 'completed' AND s.completeness = 'full' AND s.source_id <> :source_id
  AND (s.source_id = ANY (CAST(:source_ids AS uuid[]))
       OR (src.provider = 'internal' AND src.endpoint = ANY (CAST(:targets AS text[]))))
ORDER BY s.source_id, s.account_id, s.data_as_of DESC
