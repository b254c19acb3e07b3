-- Breaches that wait at one source, as they stood before the moment of the data that is judged, so that the same moment
-- counts once however often it is sent; those of an older rule are over.
SELECT s.fingerprint, s.rule_id, s.external_id, s.since,
       s.readings - CAST(coalesce(seen.data_as_of >= here.data_as_of, false) AS integer) AS readings
FROM watch.rule_states s
JOIN watch.watchtower_rules r ON r.client_id = s.rule_client_id AND r.id = s.rule_id AND r.version = s.rule_version
JOIN watch.api_snapshots here ON here.client_id = s.client_id AND here.id = :snapshot_id
LEFT JOIN watch.api_snapshots seen ON seen.client_id = s.client_id AND seen.id = s.last_snapshot_id
WHERE s.client_id = :client_id AND s.source_id = :source_id
  AND (seen.id IS NULL OR seen.account_id IS NOT DISTINCT FROM here.account_id)
