-- Rules that may speak of one source of one client: its own, those of every source, and the other rows of their groups.
WITH near AS (
    SELECT DISTINCT client_id, group_id FROM watch.watchtower_rules
    WHERE client_id IN (0, :client_id) AND (source_id = :source_id OR source_id IS NULL) AND group_id IS NOT NULL
)
SELECT r.id, r.name, r.field_name, r.condition, r.threshold_value, r.client_id, r.source_id, r.target_table,
       r.description, r.parent_rule_id, r.parent_client_id, r.dependency_condition, r.logic_operator, r.group_id,
       r.position, r.severity, r.is_active, r.notify_immediately, r.notify_schedule, r.notify_time,
       r.notify_day_of_week, r.notify_discord, r.notify_email, r.discord_channel_id, r.email_recipients, r.version,
       r.created_at, r.slug, r.aggregate, r.for_readings, r.for_minutes, r.recovery_threshold, r.recover_after,
       r.min_volume_field, r.min_volume, r.data_lag_minutes, r.no_data_policy, r.fires_from_zero, r.overrides_rule_id,
       r.overrides_client_id, r.title_template, r.message_template, r.repeat_minutes, r.remind_minutes, r.notify_zone,
       r.digest_all_clear, r.notify_webhook, r.webhook_channel_id, r.builtin
FROM watch.watchtower_rules r
WHERE r.client_id IN (0, :client_id)
  AND (r.source_id = :source_id OR r.source_id IS NULL
       OR (r.client_id, r.group_id) IN (SELECT client_id, group_id FROM near))
