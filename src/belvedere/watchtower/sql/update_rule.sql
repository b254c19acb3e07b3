UPDATE watch.watchtower_rules
SET source_id = :source_id, target_table = :target_table, name = :name, description = :description,
    field_name = :field_name, condition = :condition, threshold_value = :threshold_value,
    parent_rule_id = :parent_rule_id, parent_client_id = :parent_client_id,
    dependency_condition = :dependency_condition, logic_operator = :logic_operator, group_id = :group_id,
    position = :position, severity = :severity, is_active = :is_active, notify_immediately = :notify_immediately,
    notify_schedule = :notify_schedule, notify_time = :notify_time, notify_day_of_week = :notify_day_of_week,
    notify_discord = :notify_discord, notify_email = :notify_email, discord_channel_id = :discord_channel_id,
    email_recipients = :email_recipients, slug = :slug, aggregate = :aggregate, for_readings = :for_readings,
    for_minutes = :for_minutes, recovery_threshold = :recovery_threshold, recover_after = :recover_after,
    min_volume_field = :min_volume_field, min_volume = :min_volume, data_lag_minutes = :data_lag_minutes,
    no_data_policy = :no_data_policy, fires_from_zero = :fires_from_zero, overrides_rule_id = :overrides_rule_id,
    overrides_client_id = :overrides_client_id, title_template = :title_template,
    message_template = :message_template, repeat_minutes = :repeat_minutes, remind_minutes = :remind_minutes,
    notify_zone = :notify_zone, digest_all_clear = :digest_all_clear, notify_webhook = :notify_webhook,
    webhook_channel_id = :webhook_channel_id, version = :version
WHERE id = :id AND client_id = :client_id
