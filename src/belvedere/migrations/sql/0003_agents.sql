-- What is approved: the action, its target, both states, the limits and the age of the figures. Jsonb has one text for
-- one value, so the same request always has the same hash.
CREATE FUNCTION agents.hash_approval(
    _action_type text, _target text, _before jsonb, _after jsonb, _policy_version text, _data_as_of timestamptz
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(convert_to(jsonb_build_array(_action_type, _target, _before, _after, _policy_version,
        extract(epoch FROM _data_as_of))::text, 'UTF8'))
$$;

-- A request cannot be changed after it was made, nor kept open for longer, nor decided by others than it says; and what
-- was decided stays as it was decided: any edit is a new request.
CREATE FUNCTION agents.seal_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.payload_hash := agents.hash_approval(NEW.action_type, NEW.target, NEW.before_payload, NEW.after_payload,
            NEW.policy_version, NEW.data_as_of);
        RETURN NEW;
    END IF;
    IF (NEW.client_id, NEW.action_type, NEW.target, NEW.before_payload, NEW.after_payload, NEW.policy_version,
        NEW.data_as_of, NEW.payload_hash, NEW.requested_by, NEW.requested_by_kind, NEW.requested_for_user,
        NEW.self_approval, NEW.decided_by_kind, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.client_id, OLD.action_type, OLD.target, OLD.before_payload, OLD.after_payload, OLD.policy_version,
        OLD.data_as_of, OLD.payload_hash, OLD.requested_by, OLD.requested_by_kind, OLD.requested_for_user,
        OLD.self_approval, OLD.decided_by_kind, OLD.expires_at) THEN
        RAISE EXCEPTION 'a request for approval cannot be changed; make a new one' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_agent_approval_sealed';
    END IF;
    IF OLD.status <> NEW.status AND NOT (
        (OLD.status = 'pending' AND NEW.status <> 'consumed')
        OR (OLD.status = 'approved' AND NEW.status IN ('consumed', 'expired', 'cancelled', 'superseded'))) THEN
        RAISE EXCEPTION 'a request that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_agent_approval_status_order';
    END IF;
    IF (OLD.status <> 'pending' AND (NEW.decided_by, NEW.decided_at, NEW.decision_reason)
            IS DISTINCT FROM (OLD.decided_by, OLD.decided_at, OLD.decision_reason))
       OR (OLD.status = 'consumed' AND NEW.consumed_at IS DISTINCT FROM OLD.consumed_at) THEN
        RAISE EXCEPTION 'a decision stays as it was made' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_agent_approval_decided_once';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER seal_approval BEFORE INSERT OR UPDATE ON agents.agent_approval FOR EACH ROW
EXECUTE FUNCTION agents.seal_approval();

-- Decisions are sealed in the audit log before they are written; the row there carries a hash of the grounds. A row
-- whose key stands already is left to the primary key: it is refused or skipped, and nothing is sealed for it.
CREATE FUNCTION core.seal_decision() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'auditor_r' AND NEW.audit_seq IS NOT NULL THEN
        RETURN NEW;
    END IF;
    SELECT audit_seq INTO NEW.audit_seq FROM core.decision_log WHERE id = NEW.id;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    NEW.audit_seq := core.append_audit(NEW.client_id, NEW.actor, 'decision.' || NEW.area, 'decision', NEW.id::text,
        jsonb_build_object('decision', NEW.decision, 'subject', NEW.subject, 'reason', NEW.reason,
            'confidence', NEW.confidence, 'run_id', NEW.run_id, 'approval_id', NEW.approval_id, 'grounds_sha256',
            encode(sha256(convert_to(NEW.inputs::text || E'\x1f' || NEW.outcome::text, 'UTF8')), 'hex')),
        clock_timestamp());
    RETURN NEW;
END;
$$;

CREATE TRIGGER seal_decision BEFORE INSERT ON core.decision_log FOR EACH ROW EXECUTE FUNCTION core.seal_decision();

CREATE FUNCTION core.refuse_decision_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the log of decisions is append-only' USING ERRCODE = 'insufficient_privilege';
END;
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON core.decision_log FOR EACH ROW
EXECUTE FUNCTION core.refuse_decision_change();

CREATE TRIGGER never_truncated BEFORE TRUNCATE ON core.decision_log EXECUTE FUNCTION core.refuse_decision_change();

-- Each read, write and removal of a credential is a decision too; it runs as the owner of core.append_audit, and its row
-- names the audit row it came from, so nothing is sealed twice.
CREATE FUNCTION core.note_credential_decision() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO core.decision_log (client_id, area, decision, actor, actor_kind, subject, reason, outcome, audit_seq,
                                   created_at)
    VALUES (NEW.client_id, 'security', NEW.action, coalesce(nullif(NEW.actor, ''), 'unknown'),
            CASE WHEN position('@' in NEW.actor) > 0 THEN 'person' ELSE 'system' END,
            'core.creds_meta/' || NEW.subject_id, NEW.detail ->> 'purpose', NEW.detail, NEW.seq, NEW.at);
    RETURN NULL;
END;
$$;

CREATE TRIGGER note_credential AFTER INSERT ON core.audit_log FOR EACH ROW WHEN (NEW.action LIKE 'credential.%')
EXECUTE FUNCTION core.note_credential_decision();

-- The columns of a view that only renames a table mean what they mean there.
CREATE FUNCTION core.copy_comments(_table regclass, _view regclass) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _column record;
BEGIN
    FOR _column IN
        SELECT v.attname, col_description(_table, t.attnum) AS meaning
        FROM pg_attribute t JOIN pg_attribute v ON v.attrelid = _view AND v.attname = t.attname
        WHERE t.attrelid = _table AND t.attnum > 0 AND col_description(_table, t.attnum) IS NOT NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', _view, _column.attname, _column.meaning);
    END LOOP;
END;
$$;

REVOKE EXECUTE ON FUNCTION core.copy_comments(regclass, regclass) FROM PUBLIC;
