-- Rules that may speak of one source of one client: its own, those of every source, and the other rows of their groups.
-- Rules for every client are left out where a rule of this client stands in for them, and their children follow it.
WITH near AS (
    SELECT DISTINCT client_id, group_id FROM watch.watchtower_rules
    WHERE client_id IN (0, :client_id) AND (source_id = :source_id OR source_id IS NULL) AND group_id IS NOT NULL
), stand_in AS (
    SELECT DISTINCT ON (overrides_rule_id) overrides_rule_id, id, client_id
    FROM watch.watchtower_rules
    WHERE client_id = :client_id AND client_id <> 0 AND overrides_rule_id IS NOT NULL AND is_active
    ORDER BY overrides_rule_id, created_at, id
), replaced AS (
    SELECT g.id
    FROM stand_in s
    JOIN watch.watchtower_rules head ON head.client_id = 0 AND head.id = s.overrides_rule_id
    JOIN watch.watchtower_rules g ON g.client_id = 0 AND (g.id = head.id OR g.group_id = head.group_id)
)
SELECT r.id, r.name, r.field_name, r.condition, r.threshold_value, r.client_id, r.source_id, r.target_table,
       r.description, coalesce(s.id, r.parent_rule_id) AS parent_rule_id,
       coalesce(s.client_id, r.parent_client_id) AS parent_client_id, r.dependency_condition, r.logic_operator,
       r.group_id, r.position, r.severity, r.is_active, r.notify_immediately, r.notify_schedule, r.notify_time,
       r.notify_day_of_week, r.notify_discord, r.notify_email, r.discord_channel_id, r.email_recipients, r.version,
       r.created_at, r.slug, r.aggregate, r.for_readings, r.for_minutes, r.recovery_threshold, r.recover_after,
       r.min_volume_field, r.min_volume, r.data_lag_minutes, r.no_data_policy, r.fires_from_zero, r.overrides_rule_id,
       r.overrides_client_id, r.title_template, r.message_template, r.repeat_minutes, r.remind_minutes, r.notify_zone,
       r.digest_all_clear, r.notify_webhook, r.webhook_channel_id, r.builtin,
       -- Another one for every version of a row, and for every parent that another rule stands in for.
       concat_ws('/', r.id, r.xmin, r.ctid, s.id) AS stamp
FROM watch.watchtower_rules r
LEFT JOIN stand_in s ON s.overrides_rule_id = r.parent_rule_id AND s.id <> r.id
WHERE r.client_id IN (0, :client_id)
  AND (r.source_id = :source_id OR r.source_id IS NULL
       OR (r.client_id, r.group_id) IN (SELECT client_id, group_id FROM near))
  AND r.id NOT IN (SELECT id FROM replaced)
