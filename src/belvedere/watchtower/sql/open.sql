-- New alerts; the index of one open alert for each rule, client and entity decides between two evaluators.
WITH incoming AS (
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(
        id uuid, rule_id uuid, rule_client_id integer, record_id uuid, external_id text, entity_name text,
        fingerprint text, title text, message text, severity text, current_value text, previous_value text,
        reason jsonb, detail jsonb, event_id uuid)
), added AS (
    INSERT INTO watch.watchtower_alerts (
        id, rule_id, rule_client_id, snapshot_id, record_id, client_id, source_id, external_id, entity_name,
        fingerprint, episode, title, message, severity, current_value, previous_value, reason, first_seen_at,
        last_seen_at, last_snapshot_id, created_at)
    SELECT i.id, i.rule_id, i.rule_client_id, :snapshot_id, i.record_id, :client_id, :source_id, i.external_id,
           i.entity_name, i.fingerprint,
           1 + coalesce((SELECT max(a.episode) FROM watch.watchtower_alerts a
                         WHERE a.client_id = :client_id AND a.fingerprint = i.fingerprint), 0),
           i.title, i.message, i.severity, i.current_value, i.previous_value, i.reason, :now, :now, :snapshot_id, :now
    FROM incoming i
    ON CONFLICT DO NOTHING
    RETURNING id, episode
), told AS (
    INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, detail)
    SELECT i.event_id, :client_id, i.id, :now, 'opened', 'watchtower', i.detail FROM added JOIN incoming i USING (id)
)
SELECT id, episode FROM added
