-- Deliveries whose sender fell silent: killed, stopped, cut off from the database.
SELECT d.client_id, d.id, d.channel, d.message, d.lease_token,
       greatest(1, (SELECT count(*) FROM core.delivery_attempts a
                     WHERE a.client_id = d.client_id AND a.delivery_id = d.id AND a.outcome <> 'fenced'
                       AND a.started_at >= d.give_up_at - make_interval(hours => :give_up_hours))) AS tries,
       extract(epoch FROM d.give_up_at - now())::float8 AS seconds_left,
       d.channel_id, d.channel_client_id
  FROM core.deliveries d
 WHERE d.state = 'sending' AND d.lease_until < now()
 ORDER BY d.lease_until LIMIT :most
   FOR UPDATE SKIP LOCKED
