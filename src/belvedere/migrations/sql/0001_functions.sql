-- Who is asking, and whose rows that opens. All take the person and the clients from the transaction's settings.
CREATE FUNCTION app.active_client() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN current_setting('app.client_id', true) ~ '^[0-9]{1,9}$'
                THEN current_setting('app.client_id', true)::integer END
$$;

CREATE FUNCTION app.current_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT nullif(current_setting('app.user_id', true), '')::uuid
$$;

CREATE FUNCTION app.my_clients() RETURNS integer[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    WITH me AS (
        SELECT id, role, is_staff FROM core.users
        WHERE id = app.current_user_id() AND is_active AND deleted_at IS NULL
    ), mine AS (
        SELECT c.id FROM core.clients c, me WHERE me.is_staff AND me.role IN ('owner', 'admin')
        UNION SELECT 0 FROM me WHERE me.is_staff
        UNION SELECT uc.client_id FROM core.user_clients uc JOIN me ON uc.user_id = me.id
              WHERE me.is_staff OR uc.client_id <> 0
    )
    SELECT coalesce(array_agg(id), '{}') FROM mine
    WHERE current_setting('app.client_id', true) = '*' OR id = app.active_client()
$$;

CREATE FUNCTION app.my_write_clients() RETURNS integer[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    WITH me AS (
        SELECT id, role, is_staff FROM core.users
        WHERE id = app.current_user_id() AND is_active AND deleted_at IS NULL
    ), mine AS (
        SELECT c.id FROM core.clients c, me WHERE me.is_staff AND me.role IN ('owner', 'admin')
        UNION SELECT 0 FROM me WHERE me.is_staff AND me.role <> 'viewer'
        UNION SELECT uc.client_id FROM core.user_clients uc JOIN me ON uc.user_id = me.id
              WHERE uc.role <> 'viewer' AND (me.is_staff OR uc.client_id <> 0)
    )
    SELECT coalesce(array_agg(id), '{}') FROM mine
    WHERE current_setting('app.client_id', true) = '*' OR id = app.active_client()
$$;

CREATE FUNCTION app.is_staff() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM core.users WHERE id = app.current_user_id() AND is_active AND deleted_at IS NULL
                   AND is_staff)
$$;

CREATE FUNCTION app.is_staff_writer() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM core.users WHERE id = app.current_user_id() AND is_active AND deleted_at IS NULL
                   AND is_staff AND role <> 'viewer')
$$;

CREATE FUNCTION app.governs() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM core.users WHERE id = app.current_user_id() AND is_active AND deleted_at IS NULL
                   AND is_staff AND role IN ('owner', 'admin'))
$$;

CREATE FUNCTION app.is_first_run() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (SELECT 1 FROM core.users)
$$;

-- People may change their own row, but not what it lets them do.
CREATE FUNCTION core.guard_user_rights() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('role', true) = 'authenticated' AND NOT app.governs()
       AND (NEW.role, NEW.is_staff, NEW.is_active, NEW.deleted_at) IS DISTINCT FROM
           (OLD.role, OLD.is_staff, OLD.is_active, OLD.deleted_at) THEN
        RAISE EXCEPTION 'only owners and admins change what a person may do' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION core.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.updated_at = NOW();
    RETURN NEW;
END;
$$;

-- Where a specification allows a NULL client, it means the agency.
CREATE FUNCTION core.null_client_is_agency() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.client_id = coalesce(NEW.client_id, 0);
    RETURN NEW;
END;
$$;

-- The extension uuid-ossp is not part of every server; its one function that specifications call is this.
CREATE FUNCTION core.uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$ SELECT gen_random_uuid() $$;

-- Jobs: a row of the caller's transaction. NULL when the queueing lock already has a waiting job.
CREATE FUNCTION core.enqueue_job(
    _queue text, _task text, _args jsonb, _priority integer, _lock text, _queueing_lock text, _run_at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = jobs, pg_catalog, pg_temp AS $$
DECLARE
    _ids bigint[];
BEGIN
    IF _queueing_lock IS NOT NULL AND EXISTS (
        SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = _queueing_lock AND status = 'todo'
    ) THEN
        RETURN NULL;
    END IF;
    BEGIN
        _ids := procrastinate_defer_jobs_v1(ARRAY[
            ROW(_queue, _task, _priority, _lock, _queueing_lock, _args, _run_at)::procrastinate_job_to_defer_v1
        ]);
    EXCEPTION WHEN unique_violation THEN
        RETURN NULL;
    END;
    RETURN _ids[1];
END;
$$;

-- Audit: one chain for the installation. The lock is held to the end of the transaction, so that the order of the
-- chain is the order of commits.
CREATE FUNCTION core.audit_hash(_row core.audit_log) RETURNS bytea LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(convert_to(concat_ws(E'\x1f',
        (_row).seq::text, encode((_row).prev_hash, 'hex'), (_row).client_id::text,
        to_char((_row).at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        (_row).actor, (_row).action, (_row).subject_type, (_row).subject_id, (_row).detail::text), 'UTF8'))
$$;

CREATE FUNCTION core.append_audit(
    _client_id integer, _actor text, _action text, _subject_type text, _subject_id text, _detail jsonb, _at timestamptz
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _last core.audit_log;
    _new core.audit_log;
BEGIN
    PERFORM pg_advisory_xact_lock(884202);
    SELECT * INTO _last FROM core.audit_log ORDER BY seq DESC LIMIT 1;
    _new.seq := coalesce(_last.seq, 0) + 1;
    _new.client_id := coalesce(_client_id, 0);
    _new.at := _at;
    _new.actor := _actor;
    _new.action := _action;
    _new.subject_type := _subject_type;
    _new.subject_id := _subject_id;
    _new.detail := coalesce(_detail, '{}'::jsonb);
    _new.prev_hash := coalesce(_last.hash, decode(repeat('00', 32), 'hex'));
    _new.hash := core.audit_hash(_new);
    INSERT INTO core.audit_log SELECT (_new).*;
    RETURN _new.seq;
END;
$$;

CREATE FUNCTION core.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END;
$$;

-- Live pages: one notification for each kind of event and client of a statement.
CREATE FUNCTION core.notify_events() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('belvedere_events', jsonb_build_object('type', type, 'client_id', client_id, 'count', n,
                      'subject', subject)::text)
    FROM (SELECT type, client_id, count(*) AS n, min(subject) AS subject FROM added GROUP BY 1, 2) AS grouped;
    RETURN NULL;
END;
$$;

-- Sealed credentials: nobody has rights on the table; these functions check, act and audit in one statement.
CREATE FUNCTION core.may_touch_credentials_of(_client_id integer) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE current_setting('role', true)
        WHEN 'service_role' THEN true
        WHEN 'worker_scoped' THEN _client_id = app.active_client()
        WHEN 'authenticated' THEN _client_id = ANY (app.my_write_clients())
        ELSE false END
$$;

CREATE FUNCTION core.read_credential(_id uuid, _purpose text)
RETURNS SETOF core.creds_meta LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _row core.creds_meta;
BEGIN
    SELECT * INTO _row FROM core.creds_meta WHERE id = _id;
    IF NOT FOUND OR NOT core.may_touch_credentials_of(_row.client_id) THEN
        RETURN;
    END IF;
    PERFORM core.append_audit(_row.client_id, coalesce(nullif(current_setting('app.actor', true), ''), 'unknown'),
        'credential.read', 'credential', _id::text, jsonb_build_object('purpose', _purpose), clock_timestamp());
    UPDATE core.creds_meta SET last_used_at = clock_timestamp() WHERE id = _id;
    RETURN NEXT _row;
END;
$$;

CREATE FUNCTION core.write_credential(
    _id uuid, _client_id integer, _provider text, _name text, _ciphertext bytea, _nonce bytea, _wrapped_key bytea,
    _wrap_nonce bytea, _key_version integer, _hint text, _expires_at timestamptz
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _actor text := coalesce(nullif(current_setting('app.actor', true), ''), 'unknown');
BEGIN
    IF NOT core.may_touch_credentials_of(_client_id) THEN
        RAISE EXCEPTION 'no right to write credentials of client %', _client_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO core.creds_meta AS c (id, client_id, provider, name, ciphertext, nonce, wrapped_key, wrap_nonce,
                                      key_version, hint, expires_at, created_by)
    VALUES (_id, _client_id, _provider, _name, _ciphertext, _nonce, _wrapped_key, _wrap_nonce, _key_version, _hint,
            _expires_at, _actor)
    ON CONFLICT (id) DO UPDATE SET ciphertext = excluded.ciphertext, nonce = excluded.nonce,
        wrapped_key = excluded.wrapped_key, wrap_nonce = excluded.wrap_nonce, key_version = excluded.key_version,
        hint = excluded.hint, expires_at = excluded.expires_at, rotated_at = clock_timestamp()
        WHERE c.client_id = excluded.client_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such credential of client %', _client_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM core.append_audit(_client_id, _actor, 'credential.write', 'credential', _id::text,
        jsonb_build_object('provider', _provider, 'name', _name), clock_timestamp());
    RETURN _id;
END;
$$;

CREATE FUNCTION core.rewrap_credential(
    _id uuid, _old_version integer, _wrapped_key bytea, _wrap_nonce bytea, _ciphertext bytea, _nonce bytea,
    _key_version integer
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _client integer;
BEGIN
    UPDATE core.creds_meta SET wrapped_key = _wrapped_key, wrap_nonce = _wrap_nonce, ciphertext = _ciphertext,
        nonce = _nonce, key_version = _key_version, rotated_at = clock_timestamp()
    WHERE id = _id AND key_version = _old_version RETURNING client_id INTO _client;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM core.append_audit(_client, coalesce(nullif(current_setting('app.actor', true), ''), 'unknown'),
        'credential.rewrap', 'credential', _id::text, jsonb_build_object('key_version', _key_version), clock_timestamp());
    RETURN true;
END;
$$;

CREATE FUNCTION core.list_credentials()
RETURNS TABLE (id uuid, client_id integer, provider text, name text, hint text, key_version integer,
               expires_at timestamptz, last_used_at timestamptz, rotated_at timestamptz, created_by text,
               created_at timestamptz, updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.id, c.client_id, c.provider, c.name, c.hint, c.key_version, c.expires_at, c.last_used_at, c.rotated_at,
           c.created_by, c.created_at, c.updated_at
    FROM core.creds_meta c
    WHERE CASE current_setting('role', true)
        WHEN 'service_role' THEN true
        WHEN 'worker_scoped' THEN c.client_id = app.active_client()
        WHEN 'authenticated' THEN c.client_id = ANY (app.my_clients())
        ELSE false END
    ORDER BY c.client_id, c.provider, c.name
$$;

CREATE FUNCTION core.delete_credential(_id uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _client integer;
BEGIN
    SELECT client_id INTO _client FROM core.creds_meta WHERE id = _id;
    IF NOT FOUND OR NOT core.may_touch_credentials_of(_client) THEN
        RETURN false;
    END IF;
    DELETE FROM core.creds_meta WHERE id = _id;
    PERFORM core.append_audit(_client, coalesce(nullif(current_setting('app.actor', true), ''), 'unknown'),
        'credential.delete', 'credential', _id::text, '{}'::jsonb, clock_timestamp());
    RETURN true;
END;
$$;

-- Rules: a parent that leads back to its child would wait for itself for ever.
CREATE FUNCTION watch.guard_rule_parents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _depth integer;
    _loops boolean;
BEGIN
    NEW.client_id := coalesce(NEW.client_id, 0);
    IF NEW.parent_rule_id IS NULL THEN
        NEW.parent_client_id := NULL;
        RETURN NEW;
    END IF;
    IF NEW.parent_client_id IS NULL THEN
        SELECT client_id INTO NEW.parent_client_id FROM watch.watchtower_rules WHERE id = NEW.parent_rule_id;
    END IF;
    PERFORM pg_advisory_xact_lock(884203);
    WITH RECURSIVE up AS (
        SELECT r.id, r.parent_rule_id, 1 AS depth FROM watch.watchtower_rules r WHERE r.id = NEW.parent_rule_id
        UNION ALL
        SELECT r.id, r.parent_rule_id, up.depth + 1 FROM up JOIN watch.watchtower_rules r ON r.id = up.parent_rule_id
        WHERE up.depth < 20 AND up.id <> NEW.id
    )
    SELECT max(depth), bool_or(id = NEW.id) INTO _depth, _loops FROM up;
    IF _loops THEN
        RAISE EXCEPTION 'a rule cannot depend on itself through its parents' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_watchtower_rules_no_cycle';
    END IF;
    IF _depth > 8 THEN
        RAISE EXCEPTION 'rules may depend on each other at most 8 deep' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_watchtower_rules_depth';
    END IF;
    RETURN NEW;
END;
$$;

CREATE FUNCTION watch.fill_alert_rule_client() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.client_id := coalesce(NEW.client_id, 0);
    IF NEW.rule_client_id IS NULL THEN
        SELECT client_id INTO NEW.rule_client_id FROM watch.watchtower_rules WHERE id = NEW.rule_id;
    END IF;
    NEW.fingerprint := coalesce(NEW.fingerprint, NEW.rule_id::text || '/' || NEW.client_id::text || '/'
                                || coalesce(NEW.external_id, NEW.record_id::text, NEW.id::text));
    RETURN NEW;
END;
$$;

-- Months of the bulk tables, found through the time inside UUIDv7 keys; the default part takes random keys.
CREATE FUNCTION core.uuid7_floor(_at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT (lpad(to_hex(floor(extract(epoch FROM _at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

CREATE FUNCTION core.ensure_partitions(_first date, _months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _parent text;
    _month timestamptz;
    _name text;
    _made integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(884204);
    FOREACH _parent IN ARRAY ARRAY['api_records', 'api_record_metrics'] LOOP
        FOR _i IN 0 .. _months - 1 LOOP
            _month := (date_trunc('month', _first::timestamp) + make_interval(months => _i)) AT TIME ZONE 'UTC';
            _name := _parent || '_p' || to_char(_month AT TIME ZONE 'UTC', 'YYYYMM');
            IF to_regclass('watch.' || _name) IS NULL THEN
                EXECUTE format('CREATE TABLE watch.%I PARTITION OF watch.%I FOR VALUES FROM (%L) TO (%L)', _name,
                    _parent, core.uuid7_floor(_month), core.uuid7_floor(_month + interval '1 month'));
                EXECUTE format('ALTER TABLE watch.%I ENABLE ROW LEVEL SECURITY', _name);
                EXECUTE format('ALTER TABLE watch.%I FORCE ROW LEVEL SECURITY', _name);
                _made := _made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN _made;
END;
$$;
