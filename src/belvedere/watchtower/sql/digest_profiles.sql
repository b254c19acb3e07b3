-- Rules with a digest, those with the same settings as one row. Only the first row of a group tells anybody.
SELECT r.client_id, r.notify_schedule AS kind, r.notify_time AS clock, r.notify_day_of_week AS day, r.notify_zone AS zone,
       r.is_active, r.notify_discord, r.notify_email, r.notify_webhook, r.discord_channel_id AS discord,
       r.email_recipients AS emails, r.webhook_channel_id AS webhook, bool_or(r.digest_all_clear) AS all_clear,
       min(r.created_at) AS created_at, min(r.updated_at) AS updated_at, array_agg(r.id) AS rule_ids
  FROM watch.watchtower_rules r
 WHERE r.notify_schedule IS NOT NULL
   AND NOT EXISTS (
       SELECT 1 FROM watch.watchtower_rules head
        WHERE head.client_id = r.client_id AND head.group_id = r.group_id
          AND (head.position, head.created_at, head.id) < (r.position, r.created_at, r.id))
 GROUP BY r.client_id, r.notify_schedule, r.notify_time, r.notify_day_of_week, r.notify_zone, r.is_active,
       r.notify_discord, r.notify_email, r.notify_webhook, r.discord_channel_id, r.email_recipients,
       r.webhook_channel_id
