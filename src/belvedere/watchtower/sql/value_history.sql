-- The last values of one field of one entity, oldest first, as JSON.
WITH readings AS (
    SELECT s.client_id, coalesce(s.same_as_snapshot_id, s.id) AS stored_id, s.id, s.data_as_of
    FROM watch.api_snapshots s
    WHERE s.client_id = :client_id AND s.source_id = :source_id AND s.status = 'completed'
    ORDER BY s.data_as_of DESC LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object('at', v.data_as_of, 'value', CAST(v.value AS text))
                              ORDER BY v.data_as_of) AS text), '[]')
FROM (
    SELECT h.data_as_of,
           CASE CAST(:field AS text) WHEN 'amount' THEN r.amount WHEN 'quantity' THEN r.quantity
                ELSE m.metric_value END AS value
    FROM readings h
    JOIN watch.api_records r
      ON r.client_id = h.client_id AND r.snapshot_id = h.stored_id AND r.external_id = :external_id
    LEFT JOIN watch.api_record_metrics m
      ON m.client_id = r.client_id AND m.record_id = r.id AND m.metric_name = :field
) v
WHERE v.value IS NOT NULL
