-- One line for the whole reading; rules that had nothing to say stand in it by their keys alone.
INSERT INTO watch.evaluation_runs (
    client_id, snapshot_id, source_id, evaluated_at, rules, records, matched, opened, seen_again, closed, held_back,
    errors, duration_ms, lag_ms, quiet_rules)
SELECT :client_id, :snapshot_id, :source_id, :now, :rules, :records, :matched, :opened, :seen_again, :closed,
       :held_back, :errors, :duration_ms,
       coalesce((SELECT least(greatest(0, extract(epoch FROM :now - s.completed_at) * 1000), 2147483647)
                 FROM watch.api_snapshots s WHERE s.client_id = :client_id AND s.id = :snapshot_id), 0),
       CAST(:quiet AS uuid[])
ON CONFLICT DO NOTHING
RETURNING lag_ms
