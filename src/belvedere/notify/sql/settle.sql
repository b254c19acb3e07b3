-- How a try failed and what follows, by the holder of the lease alone. What travels along shares the end.
WITH done AS (
    UPDATE core.deliveries
       SET state = :state, lease_token = NULL, lease_until = NULL, last_error = :error,
           next_at = now() + make_interval(secs => :wait),
           possible_repeat = possible_repeat OR :possible_repeat
     WHERE client_id = :client_id AND id = :id AND lease_token = :lease_token AND state = 'sending'
    RETURNING client_id, id
), tried AS (
    UPDATE core.delivery_attempts a
       SET outcome = :outcome, finished_at = now(), status_code = CAST(:status_code AS integer), error = :error
      FROM done WHERE a.client_id = done.client_id AND a.delivery_id = done.id AND a.lease_token = :lease_token
       AND a.outcome = 'running'
), travelled AS (
    UPDATE core.deliveries o SET state = :state, last_error = :error
      FROM done WHERE CAST(:is_over AS boolean) AND o.client_id = done.client_id
       AND o.message->>'told_with' = done.id::text AND o.state = 'ready'
)
SELECT id FROM done
