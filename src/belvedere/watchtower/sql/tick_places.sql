-- The newest judged reading of every account that rules about age watch; time alone may make them true.
SELECT DISTINCT ON (s.client_id, s.source_id, s.account_id) s.client_id, s.id AS snapshot_id
FROM watch.watchtower_rules r
JOIN watch.api_snapshots s
  ON (r.client_id = 0 OR s.client_id = r.client_id) AND (r.source_id IS NULL OR s.source_id = r.source_id)
WHERE r.is_active AND r.condition = 'stale' AND s.status = 'completed' AND s.evaluated_at IS NOT NULL
ORDER BY s.client_id, s.source_id, s.account_id, s.data_as_of DESC
