-- What is needed to tell open alerts once more: their words, and where their opening was told or is to be told.
SELECT a.id, a.client_id, a.rule_id, a.title, a.message, a.severity, a.current_value, a.told_at IS NOT NULL AS was_told,
       coalesce(a.reason ->> 'rule_name', '') AS rule_name,
       (SELECT CAST(count(*) AS integer) FROM watch.alert_events e
        WHERE e.client_id = a.client_id AND e.alert_id = a.id
          AND e.kind IN ('severity_raised', 'worsened', 'told_again', 'reminded', 'ack_expired', 'unsnoozed')) AS steps,
       coalesce(a.reason -> 'latest', a.reason -> 'conditions') AS latest, a.reason -> 'conditions' AS conditions,
       coalesce(a.entity_name, a.external_id) AS entity, a.external_id, a.entity_name, a.number, a.occurrences,
       a.first_seen_at, a.last_seen_at, r.title_template, r.message_template,
       (SELECT src.provider || '/' || src.endpoint FROM watch.api_sources src WHERE src.id = a.source_id) AS source,
       (SELECT c.currency FROM core.clients c WHERE c.id = a.client_id) AS currency,
       (SELECT e.detail -> 'destinations' FROM watch.alert_events e
        WHERE e.client_id = a.client_id AND e.alert_id = a.id AND e.kind = 'opened' LIMIT 1) AS destinations
FROM watch.watchtower_alerts a
LEFT JOIN watch.watchtower_rules r ON r.id = a.rule_id
WHERE a.id = ANY (CAST(:ids AS uuid[]))
ORDER BY a.client_id, a.id
