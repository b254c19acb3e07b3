-- The newest judged reading of each source and account of a client, newest first.
SELECT id FROM (
    SELECT DISTINCT ON (s.source_id, s.account_id) s.id, s.data_as_of
    FROM watch.api_snapshots s
    WHERE s.client_id = :client_id AND s.status = 'completed' AND s.evaluated_at IS NOT NULL
      AND (CAST(:source_ids AS uuid[]) IS NULL OR s.source_id = ANY (CAST(:source_ids AS uuid[])))
    ORDER BY s.source_id, s.account_id, s.data_as_of DESC, s.id DESC
) newest
ORDER BY data_as_of DESC, id DESC
LIMIT :most
