-- Due deliveries: critical ones and those that were tried before the others, because a receiver that knows our keys
-- forgets them; a bounded number under way for one receiver over all workers. An end waits for its opening (waits.sql). Nothing is claimed while outbound sending is held.
WITH RECURSIVE receivers AS (
    -- One step along the index for each receiver, however many messages wait for it.
    (SELECT d.channel, {receiver} AS receiver FROM core.deliveries d WHERE d.state = 'ready' ORDER BY 1, 2 LIMIT 1)
    UNION ALL
    SELECT n.channel, n.receiver
      FROM receivers r CROSS JOIN LATERAL (
           SELECT d.channel, {receiver} AS receiver FROM core.deliveries d
            WHERE d.state = 'ready' AND (d.channel, {receiver}) > (r.channel, r.receiver)
            ORDER BY 1, 2 LIMIT 1) n
), busy AS (
    SELECT d.channel, {receiver} AS receiver, count(*) AS under_way
      FROM core.deliveries d WHERE d.state = 'sending' AND d.lease_until > now() GROUP BY 1, 2
), room AS (
    -- What its rate budget does not allow yet is left in the line; a lease is not for waiting.
    SELECT r.channel, r.receiver, least(:per_channel - coalesce(b.under_way, 0), CASE
               WHEN l.blocked_until > now() THEN 0
               ELSE floor(least(l.capacity, l.tokens + l.refill_per_second
                    * greatest(0, extract(epoch FROM now() - l.refilled_at)))) END)::integer AS free
      FROM receivers r
      LEFT JOIN busy b ON b.channel = r.channel AND b.receiver = r.receiver
      LEFT JOIN core.channels c ON r.channel = 'discord_webhook' AND r.receiver = 'webhook:' || c.id
      LEFT JOIN core.rate_budgets l ON l.provider = 'discord' AND l.account = CASE r.channel
           WHEN 'discord_bot' THEN 'bot:' || r.receiver
           WHEN 'discord_webhook' THEN 'webhook:' || (c.settings->>'webhook_id') END
     WHERE NOT EXISTS (SELECT 1 FROM core.installation WHERE outbound_held = 1)
), line AS (
    SELECT x.*, r.channel LIKE 'discord%' AS is_discord
      FROM room r CROSS JOIN LATERAL (
           (SELECT d.client_id, d.id, d.next_at, d.created_at, true AS urgent FROM core.deliveries d
             WHERE d.state = 'ready' AND d.channel = r.channel AND {receiver} = r.receiver
               AND (d.severity = 'critical' OR d.attempts > 0) AND d.next_at <= now() AND d.message->>'told_with' IS NULL
               AND NOT ({waits})
             ORDER BY d.next_at, d.created_at, d.id LIMIT r.free)
           UNION ALL
           (SELECT d.client_id, d.id, d.next_at, d.created_at, false FROM core.deliveries d
             WHERE d.state = 'ready' AND d.channel = r.channel AND {receiver} = r.receiver
               AND NOT (d.severity = 'critical' OR d.attempts > 0) AND d.next_at <= now() AND d.message->>'told_with' IS NULL
               AND NOT ({waits})
             ORDER BY d.next_at, d.created_at, d.id LIMIT r.free)
           ORDER BY urgent DESC, next_at, created_at, id LIMIT r.free) x
     WHERE r.free > 0
), picked AS (
    -- Discord counts all that one address sends as well.
    SELECT p.client_id, p.id
      FROM (SELECT l.*, count(*) FILTER (WHERE l.is_discord) OVER (ORDER BY l.urgent DESC, l.next_at, l.id) AS nth
              FROM line l) p
     WHERE NOT p.is_discord OR p.nth <= coalesce((
           SELECT CASE WHEN g.blocked_until > now() THEN 0
                       ELSE floor(least(g.capacity, g.tokens + g.refill_per_second
                            * greatest(0, extract(epoch FROM now() - g.refilled_at)))) END
             FROM core.rate_budgets g WHERE g.provider = 'discord' AND g.account = 'all'), :per_channel)
     ORDER BY p.urgent DESC, p.next_at, p.id LIMIT :most
), locked AS (
    SELECT d.client_id, d.id
      FROM core.deliveries d JOIN picked p ON p.client_id = d.client_id AND p.id = d.id
     WHERE d.state = 'ready' AND d.next_at <= now() AND d.message->>'told_with' IS NULL
       FOR UPDATE OF d SKIP LOCKED
), claimed AS (
    UPDATE core.deliveries d
       SET state = 'sending', lease_token = gen_random_uuid(), attempts = d.attempts + 1,
           lease_until = now() + make_interval(secs => :lease_seconds),
           give_up_at = coalesce(d.give_up_at, now() + make_interval(hours => :give_up_hours)),
           -- A receiver that knows our keys forgets them after a while; a later copy may be a second one.
           possible_repeat = d.possible_repeat OR (d.channel = 'discord_bot' AND EXISTS (
               SELECT 1 FROM core.delivery_attempts a
                WHERE a.client_id = d.client_id AND a.delivery_id = d.id AND a.outcome = 'unknown'
                  AND a.started_at < now() - make_interval(secs => :key_window)))
      FROM locked l WHERE d.client_id = l.client_id AND d.id = l.id
    RETURNING d.*
), tried AS (
    INSERT INTO core.delivery_attempts (client_id, delivery_id, n, lease_token, started_at, worker)
    SELECT client_id, id, attempts, lease_token, now(), :worker FROM claimed
)
SELECT c.client_id, c.id, c.created_at, c.subject_type, c.subject_id, c.kind, c.channel, c.destination, c.idem_key, c.message,
       o.message AS opened_message, c.lease_token, c.lease_until, c.attempts AS n, now() AS started_at,
       1 + (SELECT count(*) FROM core.delivery_attempts a
             WHERE a.client_id = c.client_id AND a.delivery_id = c.id AND a.outcome <> 'fenced'
               AND a.started_at >= c.give_up_at - make_interval(hours => :give_up_hours)) AS tries,
       extract(epoch FROM c.give_up_at - now())::float8 AS seconds_left, c.possible_repeat,
       CASE WHEN c.message->'group' IS NOT NULL THEN
            (SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'subject_type', m.subject_type,
                        'subject_id', m.subject_id, 'line', m.line) ORDER BY m.line, m.subject_id, m.kind)
               FROM core.delivery_members m WHERE m.client_id = c.client_id AND m.delivery_id = c.id) END AS members,
       ch.id AS channel_id, ch.client_id AS channel_client_id, ch.is_active AS channel_active, ch.credential_id,
       ch.settings AS channel_settings, ch.broken_since IS NOT NULL AS channel_broken, EXISTS (
           SELECT 1 FROM core.channels f WHERE f.client_id = ch.client_id AND f.id = ch.fallback_channel_id
              AND f.is_active AND f.broken_since IS NULL) AS fallback_works
  FROM claimed c
  LEFT JOIN core.deliveries o ON o.client_id = c.client_id AND o.id = (c.message->>'combines')::uuid
  LEFT JOIN core.channels ch
    ON ch.id = coalesce(c.channel_id, (c.message->>'via')::uuid) AND ch.client_id IN (0, c.client_id)
 ORDER BY (c.severity = 'critical') DESC, c.created_at, c.id
