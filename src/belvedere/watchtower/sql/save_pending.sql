-- Breaches that go on waiting.
INSERT INTO watch.rule_states (
    client_id, fingerprint, rule_id, rule_client_id, rule_version, source_id, external_id, readings, since, last_snapshot_id)
SELECT :client_id, t.fingerprint, t.rule_id, t.rule_client_id, t.rule_version, :source_id, t.external_id, t.readings,
       t.since, :snapshot_id
FROM json_to_recordset(CAST(:rows AS json)) AS t(
    fingerprint text, rule_id uuid, rule_client_id integer, rule_version integer, external_id text, readings integer,
    since timestamptz)
ON CONFLICT (client_id, fingerprint) DO UPDATE
SET rule_version = excluded.rule_version, readings = excluded.readings, since = excluded.since,
    last_snapshot_id = excluded.last_snapshot_id
