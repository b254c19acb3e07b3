-- Clients with the addresses of their own; the oldest switched-on webhook of a client is its own.
SELECT c.id, c.name, c.timezone AS zone, c.status = 'active' AS is_active, c.discord_channel_id AS discord,
       c.email_recipients AS emails,
       (SELECT w.id FROM core.channels w WHERE w.client_id = c.id AND w.kind = 'webhook' AND w.is_active
         ORDER BY w.created_at, w.id LIMIT 1) AS webhook
  FROM core.clients c
