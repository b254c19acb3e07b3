-- Completed readings by data time, each with the reading whose frames stand for it. The rows before the range say what
-- the first reading of each account is compared with, and what stood at neighbours when the range began.
WITH ranged AS (
    SELECT s.id, s.client_id, s.source_id, s.account_id, s.completeness, s.data_as_of, s.evaluated_at,
           s.same_as_snapshot_id
    FROM watch.api_snapshots s
    WHERE s.status = 'completed' AND s.data_as_of IS NOT NULL
      AND s.data_as_of >= :start AND s.data_as_of <= :end
      AND (CAST(:client_ids AS integer[]) IS NULL OR s.client_id = ANY (CAST(:client_ids AS integer[])))
      AND (CAST(:source_ids AS uuid[]) IS NULL OR s.source_id = ANY (CAST(:source_ids AS uuid[])))
), accounts AS (
    SELECT DISTINCT client_id, source_id, account_id FROM ranged
    UNION
    SELECT c.id, src.id, NULL
    FROM watch.api_sources src CROSS JOIN core.clients c
    WHERE (src.id = ANY (CAST(:neighbour_ids AS uuid[]))
           OR (src.provider = 'internal' AND src.endpoint = ANY (CAST(:neighbour_targets AS text[]))))
      AND (CAST(:client_ids AS integer[]) IS NULL OR c.id = ANY (CAST(:client_ids AS integer[])))
    UNION
    SELECT a.client_id, a.source_id, a.id
    FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id
    WHERE (src.id = ANY (CAST(:neighbour_ids AS uuid[]))
           OR (src.provider = 'internal' AND src.endpoint = ANY (CAST(:neighbour_targets AS text[]))))
      AND (CAST(:client_ids AS integer[]) IS NULL OR a.client_id = ANY (CAST(:client_ids AS integer[])))
), before AS (
    SELECT b.* FROM accounts a CROSS JOIN LATERAL (
        SELECT s.id, s.client_id, s.source_id, s.account_id, s.completeness, s.data_as_of, s.evaluated_at,
               s.same_as_snapshot_id
        FROM watch.api_snapshots s
        WHERE s.client_id = a.client_id AND s.source_id = a.source_id
          AND s.account_id IS NOT DISTINCT FROM a.account_id AND s.status = 'completed' AND s.completeness = 'full'
          AND s.data_as_of < :start
        ORDER BY s.data_as_of DESC LIMIT 2) b
), listed AS (
    SELECT r.*, true AS in_range FROM ranged r
    UNION ALL
    SELECT b.*, false FROM before b
)
SELECT l.id, l.client_id, l.source_id, l.account_id, l.completeness, l.data_as_of, l.evaluated_at, l.in_range,
       f.id AS frames_id, f.total_records, f.total_metrics, src.provider, src.endpoint,
       src.refresh_interval_minutes
FROM listed l
JOIN watch.api_snapshots f ON f.client_id = l.client_id AND f.id = coalesce(l.same_as_snapshot_id, l.id)
JOIN watch.api_sources src ON src.id = l.source_id
ORDER BY l.client_id, l.source_id, l.data_as_of, l.id
LIMIT :most
