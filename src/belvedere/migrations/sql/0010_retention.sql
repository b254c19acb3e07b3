-- Row policies bind the owner too. The policy `keeper` opens a part, named directly, to the functions below and to
-- nobody else: the owner has no login, and nobody but the owner has rights on a part.
CREATE OR REPLACE FUNCTION core.protect_part(_schema name, _part name) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', _schema, _part);
    EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', _schema, _part);
    EXECUTE format('CREATE POLICY keeper ON %I.%I FOR ALL TO owner_r USING (true) WITH CHECK (true)', _schema, _part);
END;
$$;

CREATE FUNCTION core.plan_of(_table regclass) RETURNS core.partition_plans LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _plan core.partition_plans;
BEGIN
    SELECT p.* INTO _plan FROM core.partition_plans p WHERE to_regclass(p.table_name) = _table;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'table % has no plan of parts', _table USING ERRCODE = 'undefined_object',
            HINT = 'core.partition_plans lists the tables that are parted by month.';
    END IF;
    RETURN _plan;
END;
$$;

-- The moment that a bound of a part, or a UUIDv7 key, stands for.
CREATE FUNCTION core.key_time(_key_kind text, _key text) RETURNS timestamptz LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT CASE _key_kind
        WHEN 'uuid7' THEN to_timestamp(('x' || left(replace(_key, '-', ''), 12))::bit(48)::bigint / 1000.0)
        ELSE _key::timestamptz END
$$;

CREATE FUNCTION core.months_before(_at timestamptz, _months integer) RETURNS timestamptz LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$ SELECT _at - make_interval(months => _months) $$;

CREATE FUNCTION core.month_of(_at timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$ SELECT date_trunc('month', _at) $$;

-- The parts of a planned table with the months they cover; the default part covers none.
CREATE FUNCTION core.parts_of(_plan core.partition_plans)
RETURNS TABLE (part regclass, from_time timestamptz, to_time timestamptz, is_default boolean) LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
    SELECT c.oid::regclass,
        core.key_time((_plan).key_kind, substring(b.bound FROM 'FROM \(''([^'']+)''\)')),
        core.key_time((_plan).key_kind, substring(b.bound FROM 'TO \(''([^'']+)''\)')),
        b.bound = 'DEFAULT'
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
    WHERE i.inhparent = to_regclass((_plan).table_name)
$$;

-- Planned tables whose rows hang on the rows of this one, in parts of the same months.
CREATE FUNCTION core.plans_below(_plan core.partition_plans) RETURNS SETOF core.partition_plans LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.* FROM core.partition_plans p
    WHERE EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
                  AND k.confrelid = to_regclass((_plan).table_name) AND k.conrelid = to_regclass(p.table_name))
$$;

-- A condition on the key: from one moment to before another. Random keys never stand in a month but by chance.
CREATE FUNCTION core.key_between(_plan core.partition_plans, _from timestamptz, _to timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('%1$I >= %2$L AND %1$I < %3$L', (_plan).key_column, core.month_bound((_plan).key_kind, _from),
                  core.month_bound((_plan).key_kind, _to))
$$;

-- What the default part holds although a month could: from the year 2000 on, to the farthest months ever made ahead.
CREATE FUNCTION core.key_misplaced(_plan core.partition_plans, _now timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT core.key_between(_plan, '2000-01-01 00:00:00+00', core.months_before(core.month_of(_now), -25))
        || CASE (_plan).key_kind WHEN 'uuid7' THEN format(' AND substr(%I::text, 15, 1) = ''7''', (_plan).key_column)
                ELSE '' END
$$;

CREATE FUNCTION core.holds_misplaced(_plan core.partition_plans, _part regclass, _now timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _holds boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s WHERE %s)', _part, core.key_misplaced(_plan, _now)) INTO _holds;
    RETURN _holds;
END;
$$;

CREATE FUNCTION core.default_of(_plan core.partition_plans) RETURNS regclass LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$ SELECT part FROM core.parts_of(_plan) WHERE is_default $$;

CREATE FUNCTION core.part_of_month(_plan core.partition_plans, _month timestamptz) RETURNS regclass LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT part FROM core.parts_of(_plan) WHERE from_time <= _month AND _month < to_time
$$;

CREATE FUNCTION core.columns_of(_table regclass) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = _table AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- Takes rows out of one table into another, past the triggers of users; both must be locked. Returns how many.
CREATE FUNCTION core.carry_rows(_source regclass, _target regclass, _which text) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _columns text := core.columns_of(_source);
    _triggers name[];
    _trigger name;
    _before bigint;
    _moved bigint;
    _left bigint;
BEGIN
    SELECT coalesce(array_agg(tgname), '{}') INTO _triggers FROM pg_trigger
    WHERE tgrelid = _source AND NOT tgisinternal AND tgenabled = 'O';
    FOREACH _trigger IN ARRAY _triggers LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', _source, _trigger);
    END LOOP;
    EXECUTE format('SELECT count(*) FROM %s', _source) INTO _before;
    EXECUTE format('WITH gone AS (DELETE FROM %s WHERE %s RETURNING %s) INSERT INTO %s (%s) SELECT %s FROM gone',
        _source, _which, _columns, _target, _columns, _columns);
    GET DIAGNOSTICS _moved = ROW_COUNT;
    EXECUTE format('SELECT count(*) FROM %s', _source) INTO _left;
    IF _before <> _moved + _left THEN
        RAISE EXCEPTION '% rows of % became % and %', _before, _source, _moved, _left USING ERRCODE = 'data_corrupted';
    END IF;
    FOREACH _trigger IN ARRAY _triggers LOOP
        EXECUTE format('ALTER TABLE %s ENABLE TRIGGER %I', _source, _trigger);
    END LOOP;
    RETURN _moved;
END;
$$;

-- Puts rows into a new part, past the triggers of users: they were written before. Keys are checked row by row.
CREATE FUNCTION core.fill_part(_part regclass, _source regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _given bigint;
    _taken bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', _source) INTO _given;
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', _part);
    EXECUTE format('INSERT INTO %s (%2$s) SELECT %2$s FROM %3$s', _part, core.columns_of(_source), _source);
    GET DIAGNOSTICS _taken = ROW_COUNT;
    EXECUTE format('ALTER TABLE %s ENABLE TRIGGER USER', _part);
    IF _given <> _taken THEN
        RAISE EXCEPTION '% rows of % became %', _given, _part, _taken USING ERRCODE = 'data_corrupted';
    END IF;
END;
$$;

-- Makes the part of one month, with the rows of that month that fell into the default part. What hangs on these rows
-- is put aside first and comes back after, so that nothing is deleted with them. Returns how many rows moved.
CREATE FUNCTION core.move_month(_plan core.partition_plans, _month timestamptz) RETURNS bigint LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _next timestamptz := core.months_before(_month, -1);
    _default regclass := core.default_of(_plan);
    _name text := split_part(_plan.table_name, '.', 2) || '_p' || to_char(_month AT TIME ZONE 'UTC', 'YYYYMM');
    _schema text := split_part(_plan.table_name, '.', 1);
    _below core.partition_plans;
    _home regclass;
    _moved bigint;
    _aside bigint;
    _back bigint;
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', _default);
    FOR _below IN SELECT * FROM core.plans_below(_plan) LOOP
        EXECUTE format('CREATE TEMPORARY TABLE %I ON COMMIT DROP AS SELECT %s FROM %s WITH NO DATA',
            'aside_' || split_part(_below.table_name, '.', 2), core.columns_of(_below.table_name::regclass), _below.table_name);
        FOR _home IN SELECT core.default_of(_below) UNION ALL SELECT core.part_of_month(_below, _month) LOOP
            CONTINUE WHEN _home IS NULL;
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', _home);
            PERFORM core.carry_rows(_home, format('pg_temp.%I', 'aside_' || split_part(_below.table_name, '.', 2))::regclass,
                core.key_between(_below, _month, _next));
        END LOOP;
    END LOOP;
    -- Attached empty and filled then: attaching checks keys with the rights of the owner, whom row policies bind. To make
    -- it as a part at once would lock the whole table, and those who write wait for its default part with a lock on it.
    EXECUTE format('CREATE TEMPORARY TABLE settling ON COMMIT DROP AS SELECT %s FROM %s WITH NO DATA',
        core.columns_of(_default), _default);
    _moved := core.carry_rows(_default, 'pg_temp.settling'::regclass, core.key_between(_plan, _month, _next));
    EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL EXCLUDING IDENTITY EXCLUDING COMMENTS)', _schema, _name,
        _plan.table_name);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)', _plan.table_name, _schema, _name,
        core.month_bound(_plan.key_kind, _month), core.month_bound(_plan.key_kind, _next));
    PERFORM core.protect_part(_schema::name, _name::name);
    PERFORM core.fill_part(format('%I.%I', _schema, _name)::regclass, 'pg_temp.settling'::regclass);
    DROP TABLE pg_temp.settling;
    FOR _below IN SELECT * FROM core.plans_below(_plan) LOOP
        PERFORM core.make_part(_below, _month);
        EXECUTE format('SELECT count(*) FROM pg_temp.%I', 'aside_' || split_part(_below.table_name, '.', 2)) INTO _aside;
        EXECUTE format('INSERT INTO %s (%2$s) SELECT %2$s FROM pg_temp.%3$I', core.part_of_month(_below, _month),
            core.columns_of(_below.table_name::regclass), 'aside_' || split_part(_below.table_name, '.', 2));
        GET DIAGNOSTICS _back = ROW_COUNT;
        IF _aside <> _back THEN
            RAISE EXCEPTION '% rows of % became %', _aside, _below.table_name, _back USING ERRCODE = 'data_corrupted';
        END IF;
        EXECUTE format('DROP TABLE pg_temp.%I', 'aside_' || split_part(_below.table_name, '.', 2));
    END LOOP;
    RETURN _moved;
END;
$$;

-- Makes the part of one month unless it stands; returns whether it was made.
CREATE FUNCTION core.make_part(_plan core.partition_plans, _month timestamptz) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _schema text := split_part(_plan.table_name, '.', 1);
    _name text := split_part(_plan.table_name, '.', 2) || '_p' || to_char(_month AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    IF core.part_of_month(_plan, _month) IS NOT NULL THEN
        RETURN false;
    END IF;
    BEGIN
        EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', _schema, _name, _plan.table_name,
            core.month_bound(_plan.key_kind, _month), core.month_bound(_plan.key_kind, core.months_before(_month, -1)));
        PERFORM core.protect_part(_schema::name, _name::name);
    EXCEPTION WHEN check_violation THEN
        -- The default part holds rows of this month.
        PERFORM core.move_month(_plan, _month);
    END;
    RETURN true;
END;
$$;

-- Makes the parts of all planned tables for `_months` months from `_first` on; returns how many were made.
CREATE OR REPLACE FUNCTION core.ensure_partitions(_first date, _months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _plan core.partition_plans;
    _made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    FOR _plan IN SELECT * FROM core.plans_in_order() LOOP
        FOR _i IN 0 .. _months - 1 LOOP
            _made := _made + core.make_part(_plan, core.months_before(core.month_of(_first::timestamp AT TIME ZONE 'UTC'), -_i))::integer;
        END LOOP;
    END LOOP;
    RETURN _made;
END;
$$;

-- Parents before what hangs on them.
CREATE FUNCTION core.plans_in_order() RETURNS SETOF core.partition_plans LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.* FROM core.partition_plans p WHERE to_regclass(p.table_name) IS NOT NULL
    ORDER BY EXISTS (SELECT 1 FROM core.partition_plans o, core.plans_below(o) b WHERE b.table_name = p.table_name), p.table_name
$$;

-- Makes the parts of one table ahead, as many months as its plan says; at most `_most`. Returns the parts made.
CREATE FUNCTION core.make_ahead(_table regclass, _now timestamptz DEFAULT now(), _most integer DEFAULT 24)
RETURNS TABLE (part text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _plan core.partition_plans := core.plan_of(_table);
    _month timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    FOR _month IN SELECT * FROM core.missing_months(_plan, _now) LIMIT _most LOOP
        PERFORM core.make_part(_plan, _month);
        part := core.part_of_month(_plan, _month)::text;
        RETURN NEXT;
    END LOOP;
END;
$$;

-- This month and those ahead that have no part yet.
CREATE FUNCTION core.missing_months(_plan core.partition_plans, _now timestamptz) RETURNS SETOF timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT m FROM generate_series(0, (_plan).months_ahead) n, LATERAL (SELECT core.months_before(core.month_of(_now), -n)) x (m)
    WHERE core.part_of_month(_plan, m) IS NULL ORDER BY m
$$;

-- Moves rows out of the default part into the months where they belong, at most `_most` months; returns the parts.
CREATE FUNCTION core.settle_default(_table regclass, _now timestamptz DEFAULT now(), _most integer DEFAULT 24)
RETURNS TABLE (part text, moved bigint) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _plan core.partition_plans := core.plan_of(_table);
    _month timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    FOR _month IN SELECT * FROM core.misplaced_months(_plan, _now) LIMIT _most LOOP
        moved := core.move_month(_plan, _month);
        part := core.part_of_month(_plan, _month)::text;
        RETURN NEXT;
    END LOOP;
END;
$$;

CREATE FUNCTION core.misplaced_months(_plan core.partition_plans, _now timestamptz) RETURNS SETOF timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF core.default_of(_plan) IS NOT NULL AND core.holds_misplaced(_plan, core.default_of(_plan), _now) THEN
        RETURN QUERY EXECUTE format(
            'SELECT DISTINCT core.month_of(core.key_time(%L, %I::text)) AS m FROM %s WHERE %s ORDER BY m',
            _plan.key_kind, _plan.key_column, core.default_of(_plan), core.key_misplaced(_plan, _now));
    END IF;
END;
$$;

CREATE FUNCTION core.list_partitions(_now timestamptz DEFAULT now())
RETURNS TABLE (plan text, part text, from_time timestamptz, to_time timestamptz, estimated_rows bigint, bytes bigint,
               is_default boolean, default_rows boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.table_name, x.part::text, x.from_time, x.to_time, greatest(c.reltuples, 0)::bigint,
        pg_total_relation_size(c.oid), x.is_default, x.is_default AND core.holds_misplaced(p, x.part, _now)
    FROM core.partition_plans p CROSS JOIN LATERAL core.parts_of(p) x JOIN pg_class c ON c.oid = x.part
    ORDER BY 1, x.is_default DESC, 3
$$;

-- What is amiss with the parts of each table: rows in the default part, no part for the next month.
CREATE FUNCTION core.check_partitions(_now timestamptz DEFAULT now())
RETURNS TABLE (plan text, default_rows boolean, next_missing boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.table_name, coalesce(core.holds_misplaced(p, core.default_of(p), _now), false),
        core.part_of_month(p, core.months_before(core.month_of(_now), -1)) IS NULL
    FROM core.partition_plans p WHERE to_regclass(p.table_name) IS NOT NULL ORDER BY 1
$$;

-- What a run would do, without doing it.
CREATE FUNCTION core.preview_partitions(_now timestamptz DEFAULT now())
RETURNS TABLE (plan text, step text, month timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.table_name, 'make', m FROM core.plans_in_order() p, core.missing_months(p, _now) m
    UNION ALL SELECT p.table_name, 'settle', m FROM core.plans_in_order() p, core.misplaced_months(p, _now) m
    ORDER BY 1, 2, 3
$$;

-- Parts wholly older than their table keeps, what hangs on others first. A clock that runs ahead expires nothing early.
CREATE FUNCTION core.expired_partitions(_now timestamptz DEFAULT now())
RETURNS TABLE (plan text, part text, from_time timestamptz, to_time timestamptz, retention_months integer,
               estimated_rows bigint, bytes bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH dated AS (
        SELECT p.table_name, p AS whole, x.*, p.retention_months AS kept,
            x.to_time <= core.months_before(least(_now, now()), p.retention_months) AS passed
        FROM core.partition_plans p CROSS JOIN LATERAL core.parts_of(p) x WHERE NOT x.is_default
    )
    SELECT d.table_name, d.part::text, d.from_time, d.to_time, d.kept, greatest(c.reltuples, 0)::bigint,
        pg_total_relation_size(c.oid)
    FROM dated d JOIN pg_class c ON c.oid = d.part
    WHERE d.passed AND NOT EXISTS (
        SELECT 1 FROM core.plans_below(d.whole) b JOIN dated o ON o.table_name = b.table_name
        WHERE o.from_time < d.to_time AND o.to_time > d.from_time AND o.passed IS NOT TRUE)
    ORDER BY EXISTS (SELECT 1 FROM core.plans_below(d.whole)), d.from_time, d.table_name
$$;

-- Drops one expired part. The function named by the plan is called first and may refuse by an error. Returns its rows.
CREATE FUNCTION core.drop_partition(_part regclass, _now timestamptz DEFAULT now()) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _old record;
    _plan core.partition_plans;
    _below core.partition_plans;
    _rows bigint;
    _hangs boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    SELECT * INTO _old FROM core.expired_partitions(_now) e WHERE e.part::regclass = _part;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is no part that may be dropped', _part USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Only parts that core.expired_partitions() lists may.';
    END IF;
    _plan := core.plan_of(_old.plan::regclass);
    FOR _below IN SELECT * FROM core.plans_below(_plan) LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s WHERE %s)', core.default_of(_below),
            core.key_between(_below, _old.from_time, _old.to_time)) INTO STRICT _hangs;
        IF _hangs OR core.part_of_month(_below, _old.from_time) IS NOT NULL THEN
            RAISE EXCEPTION 'rows of % hang on %', _below.table_name, _part USING ERRCODE = 'object_in_use',
                HINT = 'Drop their part of the same month first.';
        END IF;
    END LOOP;
    PERFORM core.call_before_drop(_plan, _part);
    EXECUTE format('SELECT count(*) FROM %s', _part) INTO _rows;
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', _plan.table_name, _part);
    EXECUTE format('DROP TABLE %s', _part);
    PERFORM core.append_audit(0, coalesce(nullif(current_setting('app.actor', true), ''), 'unknown'), 'partition.drop',
        'partition', _old.part, jsonb_build_object('table', _old.plan, 'from', _old.from_time, 'to', _old.to_time,
            'retention_months', _old.retention_months, 'rows', _rows, 'bytes', _old.bytes), clock_timestamp());
    RETURN _rows;
END;
$$;

CREATE FUNCTION core.call_before_drop(_plan core.partition_plans, _part regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _function regprocedure := to_regprocedure(split_part(_plan.before_drop, '(', 1) || '(regclass)');
BEGIN
    IF _plan.before_drop IS NULL THEN
        RETURN;
    ELSIF _function IS NULL THEN
        RAISE EXCEPTION 'the function % that must run before a part of % goes is missing', _plan.before_drop, _plan.table_name
            USING ERRCODE = 'undefined_function';
    END IF;
    EXECUTE format('SELECT %s($1)', _function::oid::regproc) USING _part;
END;
$$;

-- A reading that was the same as the one before has no rows of its own: it is shown by the older rows, and these must
-- stay while it is the newest of its account. Row policies bind the owner, so this runs as a role with its own.
CREATE FUNCTION watch.keep_current_records(_part regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
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
END;
$$;
