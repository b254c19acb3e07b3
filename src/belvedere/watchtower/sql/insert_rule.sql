INSERT INTO watch.watchtower_rules (
    id, source_id, client_id, target_table, name, description, field_name, condition, threshold_value, parent_rule_id,
    parent_client_id, dependency_condition, logic_operator, group_id, position, severity, is_active,
    notify_immediately, notify_schedule, notify_time, notify_day_of_week, notify_discord, notify_email,
    discord_channel_id, email_recipients, slug, aggregate, for_readings, for_minutes, recovery_threshold, recover_after,
    min_volume_field, min_volume, data_lag_minutes, no_data_policy, fires_from_zero, overrides_rule_id,
    overrides_client_id, title_template, message_template, repeat_minutes, remind_minutes, notify_zone,
    digest_all_clear, notify_webhook, webhook_channel_id, created_by, created_at, updated_at)
VALUES (
    :id, :source_id, :client_id, :target_table, :name, :description, :field_name, :condition, :threshold_value,
    :parent_rule_id, :parent_client_id, :dependency_condition, :logic_operator, :group_id, :position, :severity,
    :is_active, :notify_immediately, :notify_schedule, :notify_time, :notify_day_of_week, :notify_discord,
    :notify_email, :discord_channel_id, :email_recipients, :slug, :aggregate, :for_readings, :for_minutes, :recovery_threshold,
    :recover_after, :min_volume_field, :min_volume, :data_lag_minutes, :no_data_policy, :fires_from_zero,
    :overrides_rule_id, :overrides_client_id, :title_template, :message_template, :repeat_minutes, :remind_minutes,
    :notify_zone, :digest_all_clear, :notify_webhook, :webhook_channel_id, :actor, :now, :now)
