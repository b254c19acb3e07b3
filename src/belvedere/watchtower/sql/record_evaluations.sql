INSERT INTO watch.rule_evaluations (
    client_id, rule_id, rule_version, snapshot_id, evaluated_at, entities, matched, no_data, errors, held_back, reason)
-- A row is of all the rules that say the same.
SELECT :client_id, r.id, r.version, :snapshot_id, :now, t.entities, t.matched, t.no_data, t.errors,
       t.held_back, t.reason
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(
    rules jsonb, entities integer, matched integer, no_data integer, errors integer,
    held_back integer, reason jsonb)
CROSS JOIN LATERAL jsonb_to_recordset(t.rules) AS r(id uuid, version integer)
ON CONFLICT DO NOTHING
