-- New alerts; the index of one open alert for each rule, client and entity decides between two evaluators.
-- What this very reading opened before is not opened again: a person who closed it has seen it.
INSERT INTO watch.watchtower_alerts (
    id, rule_id, rule_client_id, snapshot_id, record_id, client_id, source_id, external_id, entity_name,
    fingerprint, episode, title, message, severity, current_value, previous_value, reason, first_seen_at,
    last_seen_at, last_snapshot_id, created_at, account_id, told_at, last_told_at, held_reason)
SELECT i.id, i.rule_id, i.rule_client_id, :snapshot_id, i.record_id, :client_id, :source_id, i.external_id,
       i.entity_name, i.fingerprint, 1 + coalesce(b.episode, 0), i.title, i.message, i.severity, i.current_value,
       i.previous_value, i.reason, :now, :now, :snapshot_id, :now, :account_id,
       CASE WHEN i.told THEN CAST(:now AS timestamptz) END, CASE WHEN i.told THEN CAST(:now AS timestamptz) END,
       i.held_reason
FROM json_to_recordset(CAST(:rows AS json)) AS i(
    id uuid, rule_id uuid, rule_client_id integer, record_id uuid, external_id text, entity_name text,
    fingerprint text, title text, message text, severity text, current_value text, previous_value text,
    reason jsonb, told boolean, held_reason text)
LEFT JOIN (
    SELECT DISTINCT ON (a.fingerprint) a.fingerprint, a.episode, a.reason ->> 'rule_version' AS rule_version,
           coalesce(a.last_snapshot_id, a.snapshot_id) = :snapshot_id AS is_here
    FROM watch.watchtower_alerts a
    WHERE a.client_id = :client_id AND a.fingerprint = ANY (CAST(:fingerprints AS text[]))
    ORDER BY a.fingerprint, a.episode DESC
) b ON b.fingerprint = i.fingerprint
WHERE (b.is_here AND b.rule_version = i.reason ->> 'rule_version') IS NOT TRUE
ON CONFLICT DO NOTHING
RETURNING id, episode
