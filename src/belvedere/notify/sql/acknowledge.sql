-- Only the holder of the lease may say that it was sent; what travelled along was sent with it.
WITH done AS (
    UPDATE core.deliveries
       SET state = 'sent', sent_at = now(), lease_token = NULL, lease_until = NULL, last_error = NULL,
           provider_message_id = :provider_id
     WHERE client_id = :client_id AND id = :id AND lease_token = :lease_token AND state = 'sending'
    RETURNING client_id, id
), tried AS (
    UPDATE core.delivery_attempts a
       SET outcome = 'sent', finished_at = now(), status_code = :status_code, provider_id = :provider_id
      FROM done WHERE a.client_id = done.client_id AND a.delivery_id = done.id AND a.lease_token = :lease_token
       AND a.outcome = 'running'
), travelled AS (
    UPDATE core.deliveries o
       SET state = 'sent', sent_at = now(), last_error = NULL, provider_message_id = :provider_id
      FROM done WHERE o.client_id = done.client_id AND o.message->>'told_with' = done.id::text AND o.state = 'ready'
), healthy AS (
    UPDATE core.channels c SET last_sent_at = now(), broken_since = NULL, broken_reason = NULL
      FROM done WHERE c.client_id = CAST(:channel_client_id AS integer) AND c.id = CAST(:channel_id AS uuid)
)
SELECT id FROM done
