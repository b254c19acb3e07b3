-- Once for each boundary, whoever else makes it at the same moment.
INSERT INTO watch.digests (id, client_id, schedule, channel, destination, zone, boundary_at, window_start, state,
       new_count, open_count, resolved_count, stale_count, body, created_at)
VALUES (:id, :client_id, :schedule, :channel, :destination, :zone, :boundary, :start, :state,
       :new, :open, :resolved, :stale, CAST(:body AS jsonb), :now)
    ON CONFLICT DO NOTHING
RETURNING id
