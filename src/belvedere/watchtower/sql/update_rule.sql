UPDATE watch.watchtower_rules
SET source_id = :source_id, target_table = :target_table, name = :name, description = :description,
    field_name = :field_name, condition = :condition, threshold_value = :threshold_value,
    parent_rule_id = :parent_rule_id, parent_client_id = :parent_client_id,
    dependency_condition = :dependency_condition, logic_operator = :logic_operator, group_id = :group_id,
    position = :position, severity = :severity, is_active = :is_active, notify_immediately = :notify_immediately,
    notify_schedule = :notify_schedule, notify_time = :notify_time, notify_day_of_week = :notify_day_of_week,
    notify_discord = :notify_discord, notify_email = :notify_email, discord_channel_id = :discord_channel_id,
    email_recipients = :email_recipients, version = :version
WHERE id = :id AND client_id = :client_id
