-- Counts of readings without the entity and of good ones; alerts that a missing value keeps are seen again.
UPDATE watch.watchtower_alerts a
SET missing_readings = coalesce(t.missing, a.missing_readings), good_readings = coalesce(t.good, a.good_readings),
    missing_as_of = coalesce(t.missing_as_of, a.missing_as_of), good_as_of = coalesce(t.good_as_of, a.good_as_of),
    last_seen_at = CASE WHEN t.kept THEN :now ELSE a.last_seen_at END,
    last_snapshot_id = CASE WHEN t.kept THEN :snapshot_id ELSE a.last_snapshot_id END,
    occurrences = a.occurrences + CAST(t.kept AS integer)
FROM json_to_recordset(CAST(:rows AS json)) AS t(
    id uuid, missing integer, good integer, kept boolean, missing_as_of timestamptz, good_as_of timestamptz)
WHERE a.client_id = :client_id AND a.id = t.id AND a.state = 'open'
