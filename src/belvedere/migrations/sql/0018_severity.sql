-- One inbox for both origins of alerts; `{word}` is what HIGH of advertising counts as.
CREATE OR REPLACE VIEW ads.alert_inbox WITH (security_invoker = true) AS
SELECT 'ads'::text AS origin, a.id, a.client_id,
    concat_ws(': ', CASE a.alert_type WHEN 'ROAS_DROP' THEN 'ROAS drop' WHEN 'CPA_SPIKE' THEN 'CPA spike'
            WHEN 'ZERO_CONVERSIONS' THEN 'No conversions' ELSE initcap(replace(a.alert_type, '_', ' ')) END,
        coalesce((SELECT coalesce(c.name, c.platform_campaign_id) FROM ads.campaigns c
                  WHERE c.client_id = a.client_id AND c.id = a.campaign_id), a.platform)) AS title,
    a.message,
    CASE a.severity WHEN 'LOW' THEN 'info' WHEN 'MEDIUM' THEN 'warning' WHEN 'HIGH' THEN '{word}'
        WHEN 'CRITICAL' THEN 'critical' ELSE 'warning' END AS severity,
    a.severity::text AS severity_raw,
    CASE WHEN a.resolved_at IS NOT NULL THEN 'resolved' WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE 'open' END AS state,
    a.created_at, a.acknowledged_at, a.acknowledged_by::text AS acknowledged_by, a.resolved_at,
    coalesce((SELECT coalesce(c.name, c.platform_campaign_id) FROM ads.campaigns c
              WHERE c.client_id = a.client_id AND c.id = a.campaign_id), a.platform) AS subject,
    a.metric_name::text AS metric,
    trim_scale(a.metric_value)::text AS value, trim_scale(a.threshold_value)::text AS threshold
FROM ads.alerts a
UNION ALL
SELECT 'watch', w.id, w.client_id, w.title, w.message, w.severity::text, w.severity::text,
    CASE WHEN w.state = 'resolved' THEN 'resolved' WHEN w.is_acknowledged THEN 'acknowledged' ELSE 'open' END,
    w.created_at, w.acknowledged_at, w.acknowledged_by::text, w.resolved_at, coalesce(w.entity_name, w.external_id),
    (SELECT r.field_name::text FROM watch.watchtower_rules r
     WHERE r.client_id = w.rule_client_id AND r.id = w.rule_id),
    w.current_value::text,
    (SELECT r.threshold_value::text FROM watch.watchtower_rules r
     WHERE r.client_id = w.rule_client_id AND r.id = w.rule_id)
FROM watch.watchtower_alerts w;

COMMENT ON COLUMN ads.alert_inbox.severity IS '{said}';
