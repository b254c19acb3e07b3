-- Whether each parent runs, whether its newest evaluation at its present version gave an answer, and whether a reading
-- of its source is under way or due for this client.
WITH parents AS (
    SELECT p.id, p.client_id, p.version, p.updated_at, p.source_id,
           p.is_active AND NOT EXISTS (
               SELECT 1 FROM watch.watchtower_rules g
               WHERE g.client_id = p.client_id AND g.group_id = p.group_id AND NOT g.is_active
           ) AS is_active
    FROM watch.watchtower_rules p
    WHERE p.id = ANY (CAST(:rule_ids AS uuid[]))
), told AS (
    SELECT p.id, who.client_id, said.answered
    FROM parents p
    CROSS JOIN (SELECT :client_id AS client_id UNION SELECT 0) who
    CROSS JOIN LATERAL (
        (SELECT e.evaluated_at,
                e.reason ->> 'state' = 'judged' AND (e.entities = 0 OR e.entities > e.no_data + e.errors) AS answered
         FROM watch.rule_evaluations e
         WHERE e.client_id = who.client_id AND e.rule_id = p.id AND e.rule_version = p.version
         ORDER BY e.evaluated_at DESC LIMIT 1)
        UNION ALL
        (SELECT r.evaluated_at, true
         FROM watch.evaluation_runs r
         WHERE r.client_id = who.client_id AND (p.source_id IS NULL OR r.source_id = p.source_id)
           AND p.id = ANY (r.quiet_rules) AND (p.version = 1 OR r.evaluated_at > p.updated_at)
         ORDER BY r.evaluated_at DESC LIMIT 1)
        ORDER BY evaluated_at DESC LIMIT 1
    ) said
), accounts AS (
    SELECT a.source_id,
           bool_or(a.is_active AND a.next_due_at <= :now) OR bool_or(EXISTS (
               SELECT 1 FROM watch.api_snapshots s
               WHERE s.client_id = a.client_id AND s.source_id = a.source_id AND s.account_id = a.id
                 AND s.status IN ('pending', 'processing') AND s.started_at > CAST(:now AS timestamptz) - interval '10 minutes'
           )) AS is_due
    FROM watch.source_accounts a
    WHERE a.client_id = :client_id AND a.source_id IN (SELECT source_id FROM parents)
    GROUP BY a.source_id
)
SELECT p.id, p.source_id, p.is_active, coalesce(own.answered, false) AS judged_for_client,
       coalesce(agency.answered, false) AS judged_for_agency,
       coalesce(acc.is_due, false) AND p.source_id IS DISTINCT FROM CAST(:source_id AS uuid) AS is_due
FROM parents p
LEFT JOIN told own ON own.id = p.id AND own.client_id = :client_id
LEFT JOIN told agency ON agency.id = p.id AND agency.client_id = 0
LEFT JOIN accounts acc ON acc.source_id = p.source_id
