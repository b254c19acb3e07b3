-- What nobody has had yet is taken back; what is being sent, was sent or may have arrived stays.
WITH wanted AS (
    SELECT d.client_id, d.id, m.subject_type, m.subject_id, m.round, m.channel, m.destination
      FROM core.delivery_members m
      JOIN core.deliveries d ON d.client_id = m.client_id AND d.id = m.delivery_id
     WHERE m.subject_type = :subject_type AND m.subject_id = ANY(CAST(:subject_ids AS uuid[])) AND m.kind = :kind
       AND (CAST(:client_ids AS integer[]) IS NULL OR m.client_id = ANY(CAST(:client_ids AS integer[])))
       AND d.state = 'ready' AND d.kind = :kind AND d.message->>'told_with' IS NULL
       AND NOT EXISTS (SELECT 1 FROM core.delivery_attempts a
                        WHERE a.client_id = d.client_id AND a.delivery_id = d.id
                          AND a.outcome IN ('unknown', 'running', 'fenced'))
       AND NOT EXISTS (SELECT 1 FROM core.delivery_members e
                        WHERE e.client_id = m.client_id AND e.delivery_id = m.delivery_id
                          AND e.subject_type = m.subject_type AND e.subject_id = m.subject_id AND e.kind <> m.kind)
       AND NOT EXISTS (SELECT 1 FROM core.deliveries t
                        WHERE t.client_id = d.client_id AND t.message->>'told_with' = d.id::text)
       FOR UPDATE OF d
), whole AS (
    SELECT w.client_id, w.id,
           count(*) = (SELECT count(*) FROM core.delivery_members m
                        WHERE m.client_id = w.client_id AND m.delivery_id = w.id) AS is_whole
      FROM wanted w GROUP BY 1, 2
), taken AS (
    DELETE FROM core.delivery_members m USING wanted w
     WHERE m.client_id = w.client_id AND m.delivery_id = w.id AND m.subject_type = w.subject_type
       AND m.subject_id = w.subject_id AND m.kind = :kind AND m.round = w.round
    RETURNING m.client_id, m.subject_id, m.delivery_id, m.channel, m.destination
), dropped AS (
    DELETE FROM core.deliveries d USING whole w WHERE w.is_whole AND d.client_id = w.client_id AND d.id = w.id
)
SELECT t.client_id, t.subject_id, t.delivery_id, t.channel, t.destination, w.is_whole
  FROM taken t JOIN whole w ON w.client_id = t.client_id AND w.id = t.delivery_id
 ORDER BY t.client_id, t.delivery_id, t.subject_id
