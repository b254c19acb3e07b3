-- Channels with their health; counts are of the last 30 days, "today", tries and success of the last 24 hours.
SELECT jsonb_build_object(
           'id', c.id, 'client_id', c.client_id, 'client', CASE WHEN c.client_id <> 0 THEN cl.name END,
           'kind', c.kind, 'name', c.name, 'address', c.settings->>'address',
           'webhook_id', c.settings->>'webhook_id', 'url', c.settings->>'url',
           'fallback_channel_id', c.fallback_channel_id, 'fallback', f.name,
           'previous_secret_until', c.settings->>'previous_until', 'has_secret', c.credential_id IS NOT NULL,
           'is_active', c.is_active, 'broken_since', c.broken_since, 'broken_reason', c.broken_reason,
           'last_sent_at', c.last_sent_at, 'sent_today', coalesce(n.sent_today, 0),
           'waiting', coalesce(n.waiting, 0), 'dead', coalesce(n.dead, 0), 'unknown', coalesce(n.unknown, 0),
           'tries_today', coalesce(t.tries, 0), 'success_percent', CASE WHEN t.tries > 0 THEN round(100.0 * t.sent / t.tries, 1) END,
           'created_at', c.created_at, 'updated_at', c.updated_at)::text
  FROM core.channels c
  LEFT JOIN core.clients cl ON cl.id = c.client_id
  LEFT JOIN core.channels f ON f.client_id = c.client_id AND f.id = c.fallback_channel_id
  LEFT JOIN (
       SELECT coalesce(d.channel_id, (d.message->>'via')::uuid) AS channel_id,
              count(*) FILTER (WHERE d.state = 'sent' AND d.sent_at > now() - interval '1 day') AS sent_today,
              count(*) FILTER (WHERE d.state IN ('ready', 'sending')) AS waiting,
              count(*) FILTER (WHERE d.state = 'dead') AS dead,
              count(*) FILTER (WHERE d.state = 'unknown') AS unknown
         FROM core.deliveries d WHERE d.created_at > now() - interval '30 days'
        GROUP BY 1) n ON n.channel_id = c.id
  LEFT JOIN (
       SELECT coalesce(d.channel_id, (d.message->>'via')::uuid) AS channel_id, count(*) AS tries,
              count(*) FILTER (WHERE a.outcome = 'sent') AS sent
         FROM core.delivery_attempts a JOIN core.deliveries d ON d.client_id = a.client_id AND d.id = a.delivery_id
        WHERE a.started_at > now() - interval '1 day' AND a.outcome NOT IN ('running', 'fenced')
          AND d.created_at > now() - interval '3 days'
        GROUP BY 1) t ON t.channel_id = c.id
 WHERE (CAST(:client_id AS integer) IS NULL OR c.client_id = :client_id)
   AND (CAST(:id AS uuid) IS NULL OR c.id = :id)
 ORDER BY c.client_id, c.name, c.id
