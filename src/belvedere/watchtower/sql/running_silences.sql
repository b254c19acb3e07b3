-- Silences that may touch a client now: its own and those of every client.
SELECT s.rule_id, s.source_id, s.severity, s.external_id
FROM watch.silences s
WHERE s.client_id IN (0, :client_id) AND s.ended_at IS NULL AND s.starts_at <= :now AND s.ends_at > :now
