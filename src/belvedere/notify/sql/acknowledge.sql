-- Only the holder of the lease may say that it was sent; what travelled along was sent with it. Several at once, since
-- a busy sender hears many answers while it writes down one.
WITH heard AS (
    SELECT h.* FROM jsonb_to_recordset(CAST(:heard AS jsonb)) AS h (
               client_id integer, id uuid, lease_token uuid, provider_id text, status_code integer,
               channel_client_id integer, channel_id uuid)
), done AS (
    UPDATE core.deliveries d
       SET state = 'sent', sent_at = now(), lease_token = NULL, lease_until = NULL, last_error = NULL,
           provider_message_id = h.provider_id
      FROM heard h
     WHERE d.client_id = h.client_id AND d.id = h.id AND d.lease_token = h.lease_token AND d.state = 'sending'
    RETURNING h.*
), tried AS (
    UPDATE core.delivery_attempts a
       SET outcome = 'sent', finished_at = now(), status_code = done.status_code, provider_id = done.provider_id
      FROM done WHERE a.client_id = done.client_id AND a.delivery_id = done.id AND a.lease_token = done.lease_token
       AND a.outcome = 'running'
), travelled AS (
    UPDATE core.deliveries o
       SET state = 'sent', sent_at = now(), last_error = NULL, provider_message_id = done.provider_id
      FROM done WHERE o.client_id = done.client_id AND o.message->>'told_with' = done.id::text AND o.state = 'ready'
), through AS (
    -- In one order, so that two senders never wait for each other.
    SELECT c.client_id, c.id FROM core.channels c
     WHERE EXISTS (SELECT 1 FROM done WHERE done.channel_client_id = c.client_id AND done.channel_id = c.id)
     ORDER BY c.client_id, c.id FOR UPDATE
), healthy AS (
    UPDATE core.channels c SET last_sent_at = now(), broken_since = NULL, broken_reason = NULL
      FROM through t WHERE c.client_id = t.client_id AND c.id = t.id
)
SELECT id FROM done
