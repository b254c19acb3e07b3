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
), recent AS MATERIALIZED (
    SELECT evaluated_at, quiet_rules FROM watch.evaluation_runs ORDER BY evaluated_at DESC LIMIT 100
), quiet AS (
    SELECT q.id, max(recent.evaluated_at) AS at
    FROM recent CROSS JOIN LATERAL unnest(recent.quiet_rules) AS q(id) JOIN page ON page.id = q.id
    GROUP BY q.id
), shown AS (
    SELECT
    p.id, p.source_id, s.display_name AS source_name, nullif(p.client_id, 0) AS client_id, p.target_table, p.name,
    p.description, p.field_name, p.condition, p.threshold_value, p.parent_rule_id, p.dependency_condition,
    p.logic_operator, p.group_id, p.position, p.severity, p.is_active, p.notify_immediately, p.notify_schedule,
    p.notify_time, p.notify_day_of_week, p.notify_discord, p.notify_email, p.discord_channel_id, p.email_recipients,
    p.slug, p.aggregate, p.for_readings, p.for_minutes, p.recovery_threshold, p.recover_after, p.min_volume_field,
    p.min_volume, p.data_lag_minutes, p.no_data_policy, p.fires_from_zero, p.overrides_rule_id, p.title_template,
    p.message_template, p.repeat_minutes, p.remind_minutes, p.notify_zone, p.digest_all_clear, p.notify_webhook,
    p.webhook_channel_id, p.builtin, p.last_notified_at, p.version, p.created_by, p.created_at, p.updated_at,
    (SELECT count(*) FROM watch.watchtower_alerts a WHERE a.rule_id = p.id AND a.state = 'open') AS open_alerts,
    greatest((SELECT max(e.evaluated_at) FROM watch.rule_evaluations e WHERE e.rule_id = p.id), q.at) AS last_evaluated_at
    FROM page p
    LEFT JOIN quiet q ON q.id = p.id
    LEFT JOIN watch.api_sources s ON s.id = p.source_id
)
SELECT coalesce(CAST(json_agg(row_to_json(p)
ORDER BY p.created_at DESC, p.id DESC) AS text), '[]') AS data,
    count(*) AS rows,
    (array_agg(p.created_at ORDER BY p.created_at, p.id))[1] AS last_at,
    (array_agg(p.id ORDER BY p.created_at, p.id))[1] AS last_id
FROM shown p
