-- Completed readings that nobody judged, oldest data first; the newest minute is left to the process that stored them.
SELECT client_id, id FROM watch.api_snapshots
WHERE status = 'completed' AND evaluated_at IS NULL AND completed_at < :before
ORDER BY data_as_of, id LIMIT :limit
