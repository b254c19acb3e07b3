-- What stands beside a replay: readings that could not be judged, and what the stored rule opened in that time.
SELECT
    (SELECT count(*) FROM watch.api_snapshots s
     WHERE s.status = 'failed' AND coalesce(s.data_as_of, s.completed_at, s.started_at) BETWEEN :start AND :end
       AND (CAST(:client_ids AS integer[]) IS NULL OR s.client_id = ANY (CAST(:client_ids AS integer[])))
       AND (CAST(:source_ids AS uuid[]) IS NULL OR s.source_id = ANY (CAST(:source_ids AS uuid[])))) AS failed,
    (SELECT count(*) FROM watch.watchtower_alerts a
     JOIN watch.api_snapshots s ON s.client_id = a.client_id AND s.id = a.snapshot_id
     WHERE a.rule_id = CAST(:rule_id AS uuid) AND s.data_as_of BETWEEN :start AND :end
       AND (CAST(:client_ids AS integer[]) IS NULL OR a.client_id = ANY (CAST(:client_ids AS integer[])))) AS opened,
    coalesce((SELECT json_agg(json_build_object(
        'id', found.id, 'number', found.number, 'client_id', found.client_id, 'external_id', found.external_id,
        'title', found.title, 'opened_at', found.data_as_of, 'resolved_at', found.resolved_at,
        'resolved_because', found.resolved_reason) ORDER BY found.data_as_of DESC, found.id)
     FROM (SELECT a.*, s.data_as_of FROM watch.watchtower_alerts a
           JOIN watch.api_snapshots s ON s.client_id = a.client_id AND s.id = a.snapshot_id
           WHERE a.rule_id = CAST(:rule_id AS uuid) AND s.data_as_of BETWEEN :start AND :end
             AND (CAST(:client_ids AS integer[]) IS NULL OR a.client_id = ANY (CAST(:client_ids AS integer[])))
           ORDER BY s.data_as_of DESC, a.id LIMIT :most) found), '[]') AS alerts
