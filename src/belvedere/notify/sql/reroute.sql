-- What a broken channel has not delivered goes by its fallback: a new message that names the old one, and the old one
-- closed with the reason. Things that the fallback's destination was told already drop out.
WITH stuck AS (
    SELECT d.*, gen_random_uuid() AS new_id
      FROM core.deliveries d
     WHERE coalesce(d.channel_id, (d.message->>'via')::uuid) = :channel_id
       AND (d.client_id = :channel_client_id OR :channel_client_id = 0)
       AND d.kind <> 'test' AND d.message->>'told_with' IS NULL AND d.message->>'rerouted_to' IS NULL
       AND NOT coalesce(d.message->'passed' ? CAST(:fallback_id AS text), false)
       AND ((d.state = 'ready' AND NOT EXISTS (
                SELECT 1 FROM core.delivery_attempts a
                 WHERE a.client_id = d.client_id AND a.delivery_id = d.id
                   AND a.outcome IN ('unknown', 'running', 'fenced')))
            OR d.id = ANY(CAST(:also AS uuid[])))
       FOR UPDATE OF d SKIP LOCKED
), told AS (
    INSERT INTO core.delivery_members
           (client_id, subject_type, subject_id, kind, round, channel, destination, delivery_id, line)
    SELECT m.client_id, m.subject_type, m.subject_id, m.kind, m.round, :kind, :destination, s.new_id, m.line
      FROM stuck s JOIN core.delivery_members m ON m.client_id = s.client_id AND m.delivery_id = s.id
     ORDER BY m.client_id, m.subject_type, m.subject_id, m.kind, m.round
        ON CONFLICT DO NOTHING
    RETURNING client_id, delivery_id
), written AS (
    INSERT INTO core.deliveries
           (id, client_id, subject_type, subject_id, kind, round, channel, channel_id, channel_client_id, destination,
            idem_key, severity, message, next_at, created_at)
    SELECT s.new_id, s.client_id, s.subject_type, s.subject_id, s.kind, s.round, :kind, :fallback_id, :channel_client_id,
           :destination, substr(translate(encode(sha256(convert_to(s.idem_key || ':' || CAST(:fallback_id AS text), 'UTF8')),
               'base64'), '+/=' || chr(10), 'ab'), 1, 24), s.severity,
           (s.message - 'combines') || jsonb_build_object(
               'via', CAST(:fallback_id AS text), 'rerouted_from', s.id::text,
               'passed', coalesce(s.message->'passed', '[]'::jsonb) || to_jsonb(CAST(:channel_id AS text))),
           now(), s.created_at
      FROM stuck s
     WHERE EXISTS (SELECT 1 FROM told t WHERE t.client_id = s.client_id AND t.delivery_id = s.new_id)
        ON CONFLICT DO NOTHING
    RETURNING id
), closed AS (
    UPDATE core.deliveries d
       SET state = 'dead', last_error = :reason,
           message = d.message || jsonb_build_object('rerouted_to', w.id::text)
      FROM stuck s JOIN written w ON w.id = s.new_id
     WHERE d.client_id = s.client_id AND d.id = s.id AND d.state IN ('ready', 'dead')
), followed AS (
    UPDATE core.deliveries d
       SET message = d.message || jsonb_build_object('told_with', w.id::text)
      FROM stuck s JOIN written w ON w.id = s.new_id
     WHERE d.client_id = s.client_id AND d.message->>'told_with' = s.id::text AND d.state IN ('ready', 'dead')
)
SELECT count(*) FROM written
