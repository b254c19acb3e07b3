-- One page of rules as JSON, by creation, with what stands open and when each was judged last.
WITH page AS (
    SELECT r.* FROM watch.watchtower_rules r
    WHERE (CAST(:client_id AS integer) IS NULL OR r.client_id = CAST(:client_id AS integer))
      AND (CAST(:source_id AS uuid) IS NULL OR r.source_id = CAST(:source_id AS uuid))
      AND (CAST(:is_active AS boolean) IS NULL OR r.is_active = CAST(:is_active AS boolean))
      AND (CAST(:group_id AS uuid) IS NULL OR r.group_id = CAST(:group_id AS uuid))
      AND (CAST(:severity AS text) IS NULL OR r.severity = CAST(:severity AS text))
      AND (CAST(:search AS text) IS NULL OR position(lower(CAST(:search AS text)) IN
           lower(r.name || ' ' || r.field_name || ' ' || coalesce(r.description, ''))) > 0)
      AND (CAST(:before_at AS timestamptz) IS NULL
           OR (r.created_at, r.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
)
SELECT coalesce(CAST(json_agg(json_build_object(
    'id', p.id, 'source_id', p.source_id, 'source_name', s.display_name, 'client_id', nullif(p.client_id, 0),
    'target_table', p.target_table, 'name', p.name, 'description', p.description, 'field_name', p.field_name,
    'condition', p.condition, 'threshold_value', p.threshold_value, 'parent_rule_id', p.parent_rule_id,
    'dependency_condition', p.dependency_condition, 'logic_operator', p.logic_operator, 'group_id', p.group_id,
    'position', p.position, 'severity', p.severity, 'is_active', p.is_active,
    'notify_immediately', p.notify_immediately, 'notify_schedule', p.notify_schedule, 'notify_time', p.notify_time,
    'notify_day_of_week', p.notify_day_of_week, 'notify_discord', p.notify_discord, 'notify_email', p.notify_email,
    'discord_channel_id', p.discord_channel_id, 'email_recipients', p.email_recipients,
    'slug', p.slug, 'aggregate', p.aggregate, 'for_readings', p.for_readings, 'for_minutes', p.for_minutes,
    'recovery_threshold', p.recovery_threshold, 'recover_after', p.recover_after,
    'min_volume_field', p.min_volume_field, 'min_volume', p.min_volume, 'data_lag_minutes', p.data_lag_minutes,
    'no_data_policy', p.no_data_policy, 'fires_from_zero', p.fires_from_zero,
    'overrides_rule_id', p.overrides_rule_id, 'title_template', p.title_template,
    'message_template', p.message_template, 'repeat_minutes', p.repeat_minutes, 'remind_minutes', p.remind_minutes,
    'notify_zone', p.notify_zone, 'digest_all_clear', p.digest_all_clear, 'notify_webhook', p.notify_webhook,
    'webhook_channel_id', p.webhook_channel_id, 'builtin', p.builtin, 'last_notified_at', p.last_notified_at, 'version', p.version, 'created_by', p.created_by,
    'created_at', p.created_at, 'updated_at', p.updated_at,
    'open_alerts', (SELECT count(*) FROM watch.watchtower_alerts a WHERE a.rule_id = p.id AND a.state = 'open'),
    'last_evaluated_at', (SELECT max(e.evaluated_at) FROM watch.rule_evaluations e WHERE e.rule_id = p.id))
    ORDER BY p.created_at DESC, p.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.created_at ORDER BY p.created_at, p.id))[1] AS last_at,
    (array_agg(p.id ORDER BY p.created_at, p.id))[1] AS last_id
FROM page p
LEFT JOIN watch.api_sources s ON s.id = p.source_id
