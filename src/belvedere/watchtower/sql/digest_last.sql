-- The newest boundary of each digest that is not after :now; one from a clock that ran ahead does not count.
SELECT k.n, d.boundary_at
  FROM jsonb_to_recordset(CAST(:keys AS jsonb)) AS k(n integer, client_id integer, schedule text, channel text, destination text)
 CROSS JOIN LATERAL (
       SELECT t.boundary_at FROM watch.digests t
        WHERE t.client_id = k.client_id AND t.schedule = k.schedule AND t.channel = k.channel
          AND t.destination = k.destination AND t.boundary_at <= :now
        ORDER BY t.boundary_at DESC LIMIT 1) d
