-- A month of records stays while the newest reading of an account, or an open alert, shows one of them.
CREATE OR REPLACE FUNCTION watch.keep_current_records(_part regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _bound text := (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = _part);
    _first uuid := substring(_bound FROM 'FROM \(''([^'']+)''\)');
    _past uuid := substring(_bound FROM 'TO \(''([^'']+)''\)');
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT DISTINCT ON (s.client_id, s.source_id, s.account_id) s.client_id, s.same_as_snapshot_id, s.created_at
            FROM watch.api_snapshots s WHERE s.status = 'completed'
            ORDER BY s.client_id, s.source_id, s.account_id, s.data_as_of DESC NULLS LAST, s.created_at DESC
        ) newest
        WHERE newest.created_at >= core.key_time('uuid7', _past::text) AND EXISTS (
            SELECT 1 FROM watch.api_records r
            WHERE r.client_id = newest.client_id AND r.snapshot_id = newest.same_as_snapshot_id
              AND r.id >= _first AND r.id < _past)
    ) THEN
        RAISE EXCEPTION 'the newest reading of an account still shows records of %', _part USING ERRCODE = 'object_in_use';
    END IF;
    IF EXISTS (SELECT 1 FROM watch.watchtower_alerts a
               WHERE a.state = 'open' AND a.record_id >= _first AND a.record_id < _past) THEN
        RAISE EXCEPTION 'an open alert points to a record of %', _part USING ERRCODE = 'object_in_use';
    END IF;
END;
$$;
