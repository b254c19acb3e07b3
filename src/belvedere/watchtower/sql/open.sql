-- New alerts and the events that tell of them, those of one rule together. The lock of the place lets one evaluator write
-- at a time; the index of one open alert for each rule, client and entity stands behind it. That it opened, the alert says
-- itself: a first step is written where it has more to say, whom the opening tells or what kept the rule's own words from
-- it. What this very reading opened before is not opened again: a person who closed it has seen it. What ended because
-- another rule stood in its place may. Gives what was not opened.
WITH r AS {rows},
h AS MATERIALIZED (
    SELECT t.* FROM json_to_recordset(CAST(:heads AS json)) AS t(
        head integer, rule_id uuid, rule_client_id integer, rule_version text, severity text, lead text, places jsonb,
        event_ids jsonb)
), before AS MATERIALIZED (
    SELECT DISTINCT ON (a.fingerprint) a.fingerprint, a.episode, a.reason ->> 'rule_version' AS rule_version,
           a.state = 'open' AS is_open,
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
    WHERE b.is_open IS NOT TRUE
      AND (NOT CAST(:afresh AS boolean) AND b.is_here AND b.rule_version = h.rule_version) IS NOT TRUE
    RETURNING id, episode
), told AS (
    INSERT INTO watch.alert_events (client_id, alert_id, at, kind, actor, detail)
    SELECT :client_id, r.id, :now, 'opened', 'watchtower',
           jsonb_build_object('value', r.current_value) || coalesce(h.places, '{}')
               || CASE WHEN r.problem IS NULL THEN '{}' ELSE jsonb_build_object('template_problem', r.problem) END
    FROM r JOIN opened o ON o.id = r.id JOIN h ON h.head = r.head
    WHERE h.places IS NOT NULL OR r.problem IS NOT NULL
), announced AS (
    INSERT INTO core.outbox_events (
        id, client_id, type, source, subject, time, dataschema, dataversion, actor, data)
    SELECT CAST(g.event_ids ->> CAST(g.part AS integer) AS uuid), :client_id, :event_type, :event_source,
           CAST((array_agg(g.id))[1] AS text), :now, :event_schema, :event_version, 'watchtower',
           jsonb_build_object(
               'alert_id', (array_agg(g.id))[1], 'rule_id', g.rule_id, 'snapshot_id', CAST(:snapshot_id AS uuid),
               'severity', g.severity, 'external_id', (array_agg(g.external_id))[1],
               'episode', (array_agg(g.episode))[1])
               || CASE WHEN count(*) > 1 THEN jsonb_build_object('others', to_jsonb((array_agg(g.id))[2:])) ELSE '{}' END
    FROM (
        SELECT r.id, r.external_id, o.episode, h.head, h.rule_id, h.severity, h.event_ids,
               (row_number() OVER (PARTITION BY h.head) - 1) / :told_together AS part
        FROM r JOIN opened o ON o.id = r.id JOIN h ON h.head = r.head
    ) AS g
    GROUP BY g.head, g.rule_id, g.severity, g.event_ids, g.part
)
SELECT CAST(r.id AS text)
FROM r LEFT JOIN opened o ON o.id = r.id
WHERE o.id IS NULL
