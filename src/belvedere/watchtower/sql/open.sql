-- New alerts with their first step; the index of one open alert for each rule, client and entity decides between two
-- evaluators. What this very reading opened before is not opened again: a person who closed it has seen it. Gives what
-- was not opened, and what opened not for the first time.
WITH i AS {rows},
before AS MATERIALIZED (
    SELECT DISTINCT ON (a.fingerprint) a.fingerprint, a.episode, a.reason ->> 'rule_version' AS rule_version,
           coalesce(a.last_snapshot_id, a.snapshot_id) = :snapshot_id AS is_here
    FROM i
    JOIN watch.watchtower_alerts a ON a.client_id = :client_id AND a.fingerprint = i.fingerprint
    ORDER BY a.fingerprint, a.episode DESC
), opened AS (
    INSERT INTO watch.watchtower_alerts (
        id, rule_id, rule_client_id, snapshot_id, record_id, client_id, source_id, external_id, entity_name,
        fingerprint, episode, title, message, severity, current_value, previous_value, reason, first_seen_at,
        last_seen_at, last_snapshot_id, created_at, account_id, told_at, last_told_at, held_reason)
    SELECT i.id, i.rule_id, i.rule_client_id, :snapshot_id, i.record_id, :client_id, :source_id, i.external_id,
           i.entity_name, i.fingerprint, 1 + coalesce(b.episode, 0), i.title, i.message, i.severity, i.current_value,
           i.previous_value, i.reason, :now, :now, :snapshot_id, :now, :account_id,
           CASE WHEN i.told THEN CAST(:now AS timestamptz) END, CASE WHEN i.told THEN CAST(:now AS timestamptz) END,
           i.held_reason
    FROM i
    LEFT JOIN before b ON b.fingerprint = i.fingerprint
    WHERE (NOT CAST(:afresh AS boolean) AND b.is_here AND b.rule_version = i.reason ->> 'rule_version') IS NOT TRUE
    ON CONFLICT DO NOTHING
    RETURNING id, episode
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
    SELECT i.event_id, :client_id, i.id, :now, 'opened', 'watchtower', i.detail
    FROM i JOIN opened o ON o.id = i.id
)
SELECT CAST(i.id AS text), o.episode
FROM i LEFT JOIN opened o ON o.id = i.id
WHERE o.episode IS DISTINCT FROM 1
