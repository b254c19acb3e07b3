-- What was stored about one rule, one entity and one reading: its evaluation, its alert, its wait, silences, overrides.
WITH here AS (
    SELECT s.id, s.client_id, s.source_id, s.account_id, s.data_as_of, s.completed_at, s.evaluated_at
    FROM watch.api_snapshots s WHERE s.client_id = :client_id AND s.id = :snapshot_id
), following AS (
    SELECT min(n.evaluated_at) AS at
    FROM watch.api_snapshots n
    JOIN here ON n.client_id = here.client_id AND n.source_id = here.source_id
         AND n.account_id IS NOT DISTINCT FROM here.account_id
    WHERE n.status = 'completed' AND n.data_as_of > here.data_as_of
), alert AS (
    SELECT a.*, opened.data_as_of AS opened_as_of
    FROM watch.watchtower_alerts a
    JOIN here ON here.client_id = a.client_id AND a.source_id = here.source_id
    JOIN watch.api_snapshots opened ON opened.client_id = a.client_id AND opened.id = a.snapshot_id
    WHERE a.rule_id = :rule_id AND a.external_id IS NOT DISTINCT FROM CAST(:external_id AS text)
      AND opened.data_as_of <= here.data_as_of
      AND (a.state = 'open' OR a.resolved_at >= here.evaluated_at OR a.snapshot_id = here.id)
    ORDER BY opened.data_as_of DESC, a.number DESC LIMIT 1
)
SELECT here.evaluated_at,
       -- A group that other sources have judged again is asked of this reading until the next one of its own comes.
       (SELECT max(e.evaluated_at) FROM watch.rule_evaluations e
        JOIN watch.api_snapshots beside ON beside.client_id = e.client_id AND beside.id = e.snapshot_id
        WHERE CAST(:is_beside AS boolean) AND e.client_id = :client_id AND e.rule_id = :rule_id
          AND beside.source_id <> here.source_id AND e.evaluated_at >= here.evaluated_at
          AND (following.at IS NULL OR e.evaluated_at < following.at)) AS asked_again_at,
       (SELECT json_build_object('rule_version', e.rule_version, 'evaluated_at', e.evaluated_at, 'entities', e.entities,
               'matched', e.matched, 'no_data', e.no_data, 'errors', e.errors, 'held_back', e.held_back, 'reason', e.reason)
        FROM watch.rule_evaluations e
        WHERE e.client_id = :client_id AND e.rule_id = :rule_id AND e.snapshot_id = here.id
        ORDER BY e.rule_version DESC LIMIT 1) AS evaluation,
       EXISTS (SELECT 1 FROM watch.evaluation_runs r WHERE r.client_id = :client_id AND r.snapshot_id = here.id
               AND r.quiet_rules @> ARRAY[CAST(:rule_id AS uuid)]) AS judged_quietly,
       (SELECT json_build_object('id', a.id, 'number', a.number, 'title', a.title, 'opened_here', a.snapshot_id = here.id,
               'closed_here', coalesce(a.resolved_reason IN ('recovered', 'missing', 'no_data', 'rule_changed')
                   AND (a.resolved_at = here.evaluated_at
                        OR CAST(:is_beside AS boolean) AND a.resolved_reason <> 'rule_changed' AND a.resolved_at >= here.evaluated_at
                           AND (following.at IS NULL OR a.resolved_at < following.at)), false),
               'state', a.state,
               'opened_at', a.opened_as_of, 'resolved_at', a.resolved_at, 'resolved_because', a.resolved_reason,
               'is_acknowledged', a.is_acknowledged, 'snoozed_until', CASE WHEN a.snoozed_until > :now THEN a.snoozed_until END,
               'messages_held', a.held_reason, 'good_readings', a.good_readings, 'missing_readings', a.missing_readings)
        FROM alert a) AS alert,
       (SELECT json_build_object('readings', p.readings, 'since', p.since) FROM watch.rule_states p
        WHERE p.client_id = :client_id AND p.rule_id = :rule_id AND p.source_id IS NOT DISTINCT FROM here.source_id
          AND p.external_id IS NOT DISTINCT FROM CAST(:external_id AS text) LIMIT 1) AS waiting,
       coalesce((SELECT json_agg(json_build_object('id', q.id, 'until', q.ends_at, 'reason', q.reason) ORDER BY q.ends_at)
        FROM watch.silences q
        WHERE q.client_id IN (0, :client_id) AND q.ended_at IS NULL AND q.starts_at <= :now AND q.ends_at > :now
          AND (q.rule_id IS NULL OR q.rule_id = :rule_id) AND (q.source_id IS NULL OR q.source_id = here.source_id)
          AND (q.severity IS NULL OR q.severity = :severity)
          AND (q.external_id IS NULL OR q.external_id = CAST(:external_id AS text))), '[]') AS silences,
       (SELECT json_build_object('id', o.id, 'name', o.name) FROM watch.watchtower_rules o
        WHERE o.overrides_rule_id = :rule_id AND o.client_id = :client_id AND o.is_active ORDER BY o.created_at LIMIT 1)
           AS overridden_by,
       NOT EXISTS (SELECT 1 FROM watch.api_snapshots n JOIN here h ON n.client_id = h.client_id
               AND n.source_id = h.source_id
               WHERE n.status = 'completed' AND n.evaluated_at IS NOT NULL AND n.data_as_of > here.data_as_of) AS is_newest
FROM here CROSS JOIN following
