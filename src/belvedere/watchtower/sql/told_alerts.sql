-- What is needed to tell open alerts once more: their words, and where their opening was told or is to be told.
SELECT a.id, a.client_id, a.rule_id, a.title, a.message, a.severity, a.current_value, a.told_at IS NOT NULL AS was_told,
       coalesce(a.reason ->> 'rule_name', '') AS rule_name,
       (SELECT CAST(count(*) AS integer) FROM watch.alert_events e
        WHERE e.client_id = a.client_id AND e.alert_id = a.id
          AND e.kind IN ('severity_raised', 'worsened', 'told_again', 'reminded', 'ack_expired', 'unsnoozed')) AS steps,
       coalesce(a.reason #> '{latest,0}', a.reason #> '{conditions,0}') AS head,
       a.reason #>> '{conditions,0,value}' AS first_value, coalesce(a.entity_name, a.external_id) AS entity,
       (SELECT c.currency FROM core.clients c WHERE c.id = a.client_id) AS currency,
       (SELECT e.detail -> 'destinations' FROM watch.alert_events e
        WHERE e.client_id = a.client_id AND e.alert_id = a.id AND e.kind = 'opened' LIMIT 1) AS destinations
FROM watch.watchtower_alerts a
WHERE a.id = ANY (CAST(:ids AS uuid[]))
ORDER BY a.client_id, a.id
