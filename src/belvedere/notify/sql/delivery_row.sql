jsonb_build_object(
    'id', d.id, 'client_id', d.client_id, 'client', coalesce(cl.name, d.message->>'client_name'),
    'subject_type', d.subject_type, 'subject_id', d.subject_id, 'kind', d.kind, 'channel', d.channel,
    'channel_id', coalesce(d.channel_id::text, d.message->>'via'), 'address', d.destination,
    'title', CASE WHEN d.subject_type = 'channel' AND d.client_id = 0 AND current_setting('role') = 'authenticated'
                   AND NOT (SELECT app.governs()) THEN 'A channel is broken'
                  WHEN d.message->'group' IS NULL THEN d.message->>'title' ELSE
        replace(d.message->>'title', '{count}', (SELECT count(DISTINCT (m.subject_type, m.subject_id))::text
                  FROM core.delivery_members m WHERE m.client_id = d.client_id AND m.delivery_id = d.id)) END,
    'things', (SELECT count(DISTINCT (m.subject_type, m.subject_id)) FROM core.delivery_members m
                WHERE m.client_id = d.client_id AND m.delivery_id = d.id),
    'round', d.round, 'is_group', d.message->'group' IS NOT NULL, 'rerouted_to', d.message->>'rerouted_to',
    'rerouted_from', d.message->>'rerouted_from', 'severity', d.severity, 'state', d.state, 'attempts', d.attempts,
    'policy', d.message->>'policy', 'possible_repeat', d.possible_repeat,
    'told_with', d.message->>'told_with', 'combines', d.message->>'combines',
    'idempotency_key', d.idem_key, 'receipt', d.provider_message_id, 'error', d.last_error,
    'created_at', d.created_at, 'sent_at', d.sent_at,
    'next_at', CASE WHEN d.state = 'ready' THEN d.next_at END, 'give_up_at', d.give_up_at,
    'seconds', round(extract(epoch FROM d.sent_at - d.created_at), 3))
