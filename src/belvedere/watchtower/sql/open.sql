-- New alerts with their first step and the event that tells of them; the index of one open alert for each rule, client
-- and entity decides between two evaluators. What this very reading opened before is not opened again: a person who
-- closed it has seen it. What ended because another rule stood in its place may. Gives what was not opened.
WITH r AS {rows},
h AS MATERIALIZED (
    SELECT t.* FROM json_to_recordset(CAST(:heads AS json)) AS t(
        head integer, rule_id uuid, rule_client_id integer, rule_version text, severity text, lead text, places jsonb)
), before AS MATERIALIZED (
    SELECT DISTINCT ON (a.fingerprint) a.fingerprint, a.episode, a.reason ->> 'rule_version' AS rule_version,
           coalesce(a.last_snapshot_id, a.snapshot_id) = :snapshot_id
               AND a.resolved_reason IS DISTINCT FROM 'rule_changed' AS is_here
    FROM r
    JOIN watch.watchtower_alerts a ON a.client_id = :client_id AND a.fingerprint = r.fingerprint
    ORDER BY a.fingerprint, a.episode DESC
), opened AS (
    INSERT INTO watch.watchtower_alerts (
        id, rule_id, rule_client_id, snapshot_id, record_id, client_id, source_id, external_id, entity_name,
        fingerprint, episode, title, message, severity, current_value, previous_value, reason, first_seen_at,
        last_seen_at, last_snapshot_id, created_at, account_id, told_at, last_told_at, held_reason)
    SELECT r.id, h.rule_id, h.rule_client_id, :snapshot_id, r.record_id, :client_id, :source_id, r.external_id,
           r.entity_name, r.fingerprint, 1 + coalesce(b.episode, 0), r.title, r.message, h.severity, r.current_value,
           r.previous_value,
           CAST(h.lead || coalesce(CAST(to_json(r.current_value) AS text), 'null') || ',"conditions":' || r.conditions
                || '}' AS jsonb),
           :now, :now, :snapshot_id, :now, :account_id,
           CASE WHEN r.told THEN CAST(:now AS timestamptz) END, CASE WHEN r.told THEN CAST(:now AS timestamptz) END,
           r.held_reason
    FROM r
    JOIN h ON h.head = r.head
    LEFT JOIN before b ON b.fingerprint = r.fingerprint
    WHERE (NOT CAST(:afresh AS boolean) AND b.is_here AND b.rule_version = h.rule_version) IS NOT TRUE
    ON CONFLICT (client_id, fingerprint) WHERE state = 'open' DO NOTHING
    RETURNING id, episode
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
    SELECT r.event_id, :client_id, r.id, :now, 'opened', 'watchtower',
           h.places || jsonb_build_object('value', r.current_value)
               || CASE WHEN r.problem IS NULL THEN '{}' ELSE jsonb_build_object('template_problem', r.problem) END
    FROM r JOIN opened o ON o.id = r.id JOIN h ON h.head = r.head
), announced AS (
    INSERT INTO core.outbox_events (
        id, client_id, type, source, subject, time, dataschema, dataversion, actor, data)
    SELECT r.outbox_id, :client_id, :event_type, :event_source, CAST(r.id AS text), :now, :event_schema, :event_version,
           'watchtower',
           jsonb_build_object(
               'alert_id', r.id, 'rule_id', h.rule_id, 'snapshot_id', CAST(:snapshot_id AS uuid), 'severity', h.severity,
               'external_id', r.external_id, 'episode', o.episode)
    FROM r JOIN opened o ON o.id = r.id JOIN h ON h.head = r.head
)
SELECT CAST(r.id AS text)
FROM r LEFT JOIN opened o ON o.id = r.id
WHERE o.id IS NULL
