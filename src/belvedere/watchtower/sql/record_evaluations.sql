INSERT INTO watch.rule_evaluations (
    client_id, rule_id, rule_version, snapshot_id, evaluated_at, entities, matched, no_data, errors, held_back, reason)
SELECT :client_id, t.rule_id, t.rule_version, :snapshot_id, :now, t.entities, t.matched, t.no_data, t.errors,
       t.held_back, t.reason
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(
    rule_id uuid, rule_version integer, entities integer, matched integer, no_data integer, errors integer,
    held_back integer, reason jsonb)
ON CONFLICT DO NOTHING
