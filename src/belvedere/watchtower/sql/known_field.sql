-- Where a name stands in the data: defined as a metric, seen as one, or a key of recent records.
SELECT d.metric_name IS NOT NULL OR m.unit IS NOT NULL AS is_metric,
       coalesce(nullif(m.unit, ''), d.metric_unit) AS unit,
       EXISTS (
           SELECT 1
           FROM (SELECT s.client_id, coalesce(s.same_as_snapshot_id, s.id) AS id FROM watch.api_snapshots s
                 WHERE s.status = 'completed' AND s.total_records > 0
                   AND (CAST(:source_id AS uuid) IS NULL OR s.source_id = CAST(:source_id AS uuid))
                   AND (:client_id = 0 OR s.client_id = :client_id)
                 ORDER BY s.created_at DESC LIMIT 5) recent
           JOIN watch.api_records r ON r.client_id = recent.client_id AND r.snapshot_id = recent.id
           WHERE jsonb_exists(r.extra, :name)
       ) AS is_extra
FROM (SELECT 1) one
LEFT JOIN watch.metric_definitions d ON d.metric_name = :name
LEFT JOIN LATERAL (
    SELECT coalesce(metric_unit, '') AS unit FROM watch.api_record_metrics WHERE metric_name = :name LIMIT 1
) m ON true
