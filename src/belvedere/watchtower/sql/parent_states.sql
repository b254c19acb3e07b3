-- The state of each rule for each client in view, in one of the three words, or none where it is unknown, with why.
WITH parents AS (
    SELECT p.*, p.is_active AND NOT EXISTS (
               SELECT 1 FROM watch.watchtower_rules g
               WHERE g.client_id = p.client_id AND g.group_id = p.group_id AND NOT g.is_active) AS runs
    FROM watch.watchtower_rules p WHERE p.id = ANY (CAST(:ids AS uuid[]))
), scopes AS (
    SELECT p.id AS rule_id, c.id AS client_id, c.name AS client_name, p.runs, p.version, p.updated_at, p.source_id,
           p.client_id AS rule_client_id
    FROM parents p
    JOIN core.clients c ON (p.client_id = 0 OR c.id = p.client_id)
    WHERE CAST(:client_id AS integer) IS NULL OR c.id = CAST(:client_id AS integer)
), open AS (
    SELECT a.rule_id, a.client_id, count(*) AS open,
           count(*) FILTER (WHERE NOT (a.is_acknowledged AND coalesce(a.ack_until > :now, true))) AS free
    FROM watch.watchtower_alerts a
    WHERE a.state = 'open' AND a.rule_id = ANY (CAST(:ids AS uuid[])) AND a.reason ->> 'kind' IS DISTINCT FROM 'no_data'
    GROUP BY 1, 2
), found AS (
    SELECT s.*, coalesce(o.open, 0) AS open, coalesce(o.free, 0) AS free, said.answered, said.evaluated_at
    FROM scopes s
    LEFT JOIN open o ON o.rule_id = s.rule_id AND o.client_id = s.client_id
    LEFT JOIN LATERAL (
        (SELECT e.evaluated_at,
                e.reason ->> 'state' = 'judged' AND (e.entities = 0 OR e.entities > e.no_data + e.errors) AS answered
         FROM watch.rule_evaluations e
         WHERE e.client_id = s.client_id AND e.rule_id = s.rule_id AND e.rule_version = s.version
         ORDER BY e.evaluated_at DESC LIMIT 1)
        UNION ALL
        (SELECT r.evaluated_at, true FROM watch.evaluation_runs r
         WHERE r.client_id = s.client_id AND (s.source_id IS NULL OR r.source_id = s.source_id)
           AND s.rule_id = ANY (r.quiet_rules) AND (s.version = 1 OR r.evaluated_at > s.updated_at)
         ORDER BY r.evaluated_at DESC LIMIT 1)
        ORDER BY evaluated_at DESC LIMIT 1
    ) said ON true
)
SELECT f.rule_id, CAST(json_agg(json_build_object(
    'client_id', nullif(f.client_id, 0), 'client_name', f.client_name, 'open', f.open, 'unacknowledged', f.free,
    'evaluated_at', f.evaluated_at,
    'state', CASE WHEN f.free > 0 THEN 'triggered' WHEN f.open > 0 THEN 'acknowledged'
                  WHEN f.runs AND f.answered THEN 'not_triggered' END,
    'why', CASE WHEN f.free > 0 THEN 'It has an open alert.' WHEN f.open > 0 THEN 'Its open alerts are acknowledged.'
                WHEN NOT f.runs THEN 'The rule is off.'
                WHEN f.answered IS NULL THEN 'The rule was never judged here.'
                WHEN f.answered THEN 'It has no open alert.' ELSE 'It has no answer: the data lacks the value.' END)
    ORDER BY f.client_name, f.client_id) AS text) AS states
FROM found f
WHERE f.client_id <> 0 OR f.open > 0 OR f.evaluated_at IS NOT NULL
GROUP BY f.rule_id
