INSERT INTO watch.watchtower_rules (
    id, source_id, client_id, target_table, name, description, field_name, condition, threshold_value, parent_rule_id,
    parent_client_id, dependency_condition, logic_operator, group_id, position, severity, is_active,
    notify_immediately, notify_schedule, notify_time, notify_day_of_week, notify_discord, notify_email,
    discord_channel_id, email_recipients, created_by, created_at, updated_at)
VALUES (
    :id, :source_id, :client_id, :target_table, :name, :description, :field_name, :condition, :threshold_value,
    :parent_rule_id, :parent_client_id, :dependency_condition, :logic_operator, :group_id, :position, :severity,
    :is_active, :notify_immediately, :notify_schedule, :notify_time, :notify_day_of_week, :notify_discord,
    :notify_email, :discord_channel_id, :email_recipients, :actor, :now, :now)
