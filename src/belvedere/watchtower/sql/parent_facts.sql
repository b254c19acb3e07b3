-- Whether each parent runs, and whether its newest evaluation at its present version gave an answer.
SELECT p.id,
       p.is_active AND NOT EXISTS (
           SELECT 1 FROM watch.watchtower_rules g
           WHERE g.client_id = p.client_id AND g.group_id = p.group_id AND NOT g.is_active
       ) AS is_active,
       coalesce(own.answered, false) AS judged_for_client,
       coalesce(agency.answered, false) AS judged_for_agency
FROM watch.watchtower_rules p
LEFT JOIN LATERAL (
    SELECT e.reason ->> 'state' = 'judged' AND (e.entities = 0 OR e.entities > e.no_data + e.errors) AS answered
    FROM watch.rule_evaluations e
    WHERE e.client_id = :client_id AND e.rule_id = p.id AND e.rule_version = p.version
    ORDER BY e.evaluated_at DESC LIMIT 1
) own ON true
LEFT JOIN LATERAL (
    SELECT e.reason ->> 'state' = 'judged' AND (e.entities = 0 OR e.entities > e.no_data + e.errors) AS answered
    FROM watch.rule_evaluations e
    WHERE e.client_id = 0 AND e.rule_id = p.id AND e.rule_version = p.version
    ORDER BY e.evaluated_at DESC LIMIT 1
) agency ON true
WHERE p.id = ANY (CAST(:rule_ids AS uuid[]))
