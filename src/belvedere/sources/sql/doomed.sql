-- Readings that may go: past their days, not the last of their day or month, and nothing points to them.
WITH aged AS (
    SELECT s.id, s.client_id, s.source_id, s.account_id, s.status, s.same_as_snapshot_id, s.total_records, t.at,
           s.same_as_snapshot_id IS NOT NULL AS is_pointer,
           row_number() OVER (
               PARTITION BY s.client_id, s.account_id, s.status,
                   CASE WHEN t.at >= :daily_from THEN date_trunc('day', t.at, 'UTC')
                        ELSE date_trunc('month', t.at, 'UTC') END,
                   t.at >= :daily_from
               ORDER BY t.at DESC, s.created_at DESC, s.id DESC) AS place
    FROM watch.api_snapshots s
    CROSS JOIN LATERAL (SELECT coalesce(s.data_as_of, s.completed_at, s.created_at) AS at) t
    WHERE s.status IN ('completed', 'failed') AND s.account_id IS NOT NULL AND s.completeness <> 'incremental'
      AND t.at < :all_from
), newest AS (
    -- A source that was not read for long keeps what rules and the guard against empty answers compare with.
    SELECT n.id FROM (SELECT DISTINCT client_id, account_id, source_id FROM aged) a
    CROSS JOIN LATERAL (
        SELECT s.id FROM watch.api_snapshots s
        WHERE s.client_id = a.client_id AND s.source_id = a.source_id AND s.account_id = a.account_id
          AND s.status = 'completed'
        ORDER BY s.data_as_of DESC LIMIT 5) n
), pinned AS (
    SELECT snapshot_id AS id FROM watch.watchtower_alerts
    UNION SELECT last_snapshot_id FROM watch.watchtower_alerts WHERE last_snapshot_id IS NOT NULL
    UNION SELECT r.snapshot_id FROM watch.watchtower_alerts a
        JOIN watch.api_records r ON r.client_id = a.client_id AND r.id = a.record_id
    UNION SELECT last_snapshot_id FROM watch.rule_states WHERE last_snapshot_id IS NOT NULL
), doomed AS (
    SELECT * FROM aged
    WHERE (place > 1 OR status = 'failed')
      AND id NOT IN (SELECT id FROM newest) AND id NOT IN (SELECT id FROM pinned WHERE id IS NOT NULL)
), free AS (
    -- The rows of a reading stand for every later one that found the same; they go with the last of those.
    SELECT * FROM doomed
    WHERE id NOT IN (
        SELECT s.same_as_snapshot_id FROM watch.api_snapshots s
        WHERE s.same_as_snapshot_id IS NOT NULL AND s.id NOT IN (SELECT id FROM doomed))
)
