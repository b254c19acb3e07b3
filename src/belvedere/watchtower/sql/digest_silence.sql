-- Boundaries in a row that had nothing to tell, since the digest last said anything.
SELECT count(*) AS boundaries, min(d.window_start) AS since, coalesce(bool_or(d.body ? 'silence'), false) AS told
  FROM watch.digests d
 WHERE d.client_id = :client_id AND d.schedule = :schedule AND d.channel = :channel AND d.destination = :destination
   AND d.state = 'empty' AND d.boundary_at < :boundary
   AND d.boundary_at > coalesce((
       SELECT max(s.boundary_at) FROM watch.digests s
        WHERE s.client_id = :client_id AND s.schedule = :schedule AND s.channel = :channel
          AND s.destination = :destination AND s.state <> 'empty' AND s.boundary_at < :boundary), '-infinity')
