-- The words are asked before anything else: only they have an index that a search can use.
CREATE FUNCTION watch.find_alerts(_query tsquery, _state text, _client_id integer)
RETURNS TABLE (client_id integer, id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT found.client_id, found.id FROM (
        (SELECT t.client_id, t.id FROM watch.watchtower_alerts t
         WHERE _state IS DISTINCT FROM 'resolved' AND t.state = 'open' AND {words} @@ _query OFFSET 0)
        UNION ALL
        (SELECT t.client_id, t.id FROM watch.watchtower_alerts t
         WHERE _state IS DISTINCT FROM 'open' AND t.state = 'resolved' AND {words} @@ _query OFFSET 0)) found
    WHERE (_client_id IS NULL OR found.client_id = _client_id)
      AND found.client_id = ANY ((SELECT CASE current_setting('role', true)
          WHEN 'authenticated' THEN app.my_clients()
          WHEN 'worker_scoped' THEN ARRAY[app.active_client()]
          WHEN 'service_role' THEN ARRAY(SELECT c.id FROM core.clients c)
          ELSE '{}' END)::int[])
$$;

COMMENT ON FUNCTION watch.find_alerts(tsquery, text, integer) IS
    'Keys of alerts in reach whose title, entity or key have the words of a search; NULL as state or client is all.';
