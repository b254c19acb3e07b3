-- Open alerts of the given rules, of this client and of the agency. A time of taking that has run out counts as none.
SELECT a.id, a.rule_id, a.client_id, a.source_id, a.external_id, a.severity, a.last_seen_at,
       a.is_acknowledged AND coalesce(a.ack_until > :now, true) AS is_acknowledged,
       a.missing_readings, a.good_readings, a.missing_as_of, a.good_as_of, a.current_value,
       coalesce(a.reason ->> 'kind' = 'no_data', false) AS is_about_no_data,
       a.reason ->> 'told_value' AS told_value,
       coalesce(a.snoozed_until > :now, false) OR a.told_at IS NULL OR a.held_reason IS NOT NULL AS is_quiet,
       coalesce(a.last_snapshot_id, a.snapshot_id) = :snapshot_id AS seen_here,
       seen.account_id IS NOT DISTINCT FROM here.account_id AS comparable
FROM watch.watchtower_alerts a
JOIN watch.api_snapshots here ON here.client_id = :client_id AND here.id = :snapshot_id
LEFT JOIN watch.api_snapshots seen
    ON seen.client_id = a.client_id AND seen.id = coalesce(a.last_snapshot_id, a.snapshot_id)
WHERE a.client_id IN (0, :client_id) AND a.state = 'open' AND a.rule_id = ANY (CAST(:rule_ids AS uuid[]))
ORDER BY a.id
