-- One plan for each table that is parted by month; parts are made and dropped by what stands in it.
CREATE FUNCTION core.plan_partitions(
    _table regclass, _key_kind text, _key_column name, _months_ahead integer DEFAULT 4,
    _retention_months integer DEFAULT NULL, _before_drop text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    _schema name;
    _name name;
    _column name;
    _type regtype;
BEGIN
    SELECT n.nspname, c.relname, a.attname, a.atttypid INTO _schema, _name, _column, _type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_partitioned_table p ON p.partrelid = c.oid AND p.partstrat = 'r' AND p.partnatts = 1
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0] AND a.attnum > 0
    WHERE c.oid = _table;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % is not parted by the range of one column', _table USING ERRCODE = 'wrong_object_type';
    ELSIF _column IS DISTINCT FROM _key_column THEN
        RAISE EXCEPTION 'table % is parted by column %, not %', _table, _column, _key_column
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF (_key_kind = 'uuid7') IS DISTINCT FROM (_type = 'uuid'::regtype) OR _key_kind NOT IN ('uuid7', 'time') THEN
        RAISE EXCEPTION 'column % of % is of type %, which is no key of kind %', _key_column, _table, _type, _key_kind
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The kinds are time and uuid7.';
    END IF;
    INSERT INTO core.partition_plans (table_name, key_kind, key_column, months_ahead, retention_months, before_drop)
    VALUES (_schema || '.' || _name, _key_kind, _key_column, _months_ahead, _retention_months, _before_drop);
    IF to_regclass(format('%I.%I', _schema, _name || '_default')) IS NULL THEN
        EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s DEFAULT', _schema, _name || '_default', _table);
        PERFORM core.protect_part(_schema, _name || '_default');
    END IF;
    -- Last month, this month, and those ahead.
    PERFORM core.ensure_partitions((now() - interval '1 month')::date, _months_ahead + 2);
END;
$$;

-- A part read directly would skip the policies of its parent, so it has row level security and no policy of its own.
CREATE FUNCTION core.protect_part(_schema name, _part name) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', _schema, _part);
    EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', _schema, _part);
END;
$$;

CREATE FUNCTION core.month_bound(_key_kind text, _month timestamptz) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT CASE _key_kind WHEN 'uuid7' THEN core.uuid7_floor(_month)::text ELSE _month::text END
$$;

-- Makes the parts of all planned tables for `_months` months from `_first` on; returns how many were made.
CREATE OR REPLACE FUNCTION core.ensure_partitions(_first date, _months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _plan core.partition_plans;
    _month timestamptz;
    _schema text;
    _name text;
    _made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    FOR _plan IN SELECT * FROM core.partition_plans ORDER BY table_name = 'watch.api_record_metrics', table_name LOOP
        _schema := split_part(_plan.table_name, '.', 1);
        FOR _i IN 0 .. _months - 1 LOOP
            _month := (date_trunc('month', _first::timestamp) + make_interval(months => _i)) AT TIME ZONE 'UTC';
            _name := split_part(_plan.table_name, '.', 2) || '_p' || to_char(_month AT TIME ZONE 'UTC', 'YYYYMM');
            IF to_regclass(format('%I.%I', _schema, _name)) IS NULL THEN
                EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', _schema, _name,
                    _plan.table_name::regclass, core.month_bound(_plan.key_kind, _month),
                    core.month_bound(_plan.key_kind, ((_month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
                PERFORM core.protect_part(_schema::name, _name::name);
                _made := _made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN _made;
END;
$$;

-- The line that TimescaleDB users write after CREATE TABLE; here the table is parted by month already, and it is quiet.
CREATE FUNCTION core.create_hypertable(_relation regclass, _time_column_name name)
RETURNS TABLE (hypertable_id integer, schema_name name, table_name name, created boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _key name;
BEGIN
    SELECT n.nspname, c.relname INTO STRICT schema_name, table_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = _relation;
    SELECT a.attname INTO _key FROM pg_partitioned_table p
    JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = _relation;
    IF _key IS NULL THEN
        RAISE EXCEPTION 'table % is not parted by time', _relation USING ERRCODE = 'wrong_object_type',
            HINT = 'Only tables with a plan in core.partition_plans are parted by month.';
    ELSIF _key <> _time_column_name THEN
        RAISE EXCEPTION 'table % is parted by column %, not %', _relation, _key, _time_column_name
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- An object's number may be past the largest integer; only its being there matters.
    hypertable_id := (_relation::oid::bigint & 2147483647)::integer;
    created := false;
    RETURN NEXT;
END;
$$;

-- How many digits a currency's smallest unit stands behind the point: 0 for yen, 3 for dinars, else 2.
CREATE FUNCTION core.minor_digits(_currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN _currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND',
                           'VUV', 'XAF', 'XOF', 'XPF') THEN 0
        WHEN _currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN _currency IN ('CLF', 'UYW') THEN 4
        ELSE 2 END
$$;
