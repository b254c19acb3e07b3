-- What is approved: the action, its target, both states, the limits and the age of the figures. Jsonb has one text for
-- one value, so the same request always has the same hash.
CREATE FUNCTION agents.hash_approval(
    _action_type text, _target text, _before jsonb, _after jsonb, _policy_version text, _data_as_of timestamptz
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(convert_to(jsonb_build_array(_action_type, _target, _before, _after, _policy_version,
        extract(epoch FROM _data_as_of))::text, 'UTF8'))
$$;

-- A request cannot be changed after it was made, and what was decided stays decided: any edit is a new request.
CREATE FUNCTION agents.seal_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.payload_hash := agents.hash_approval(NEW.action_type, NEW.target, NEW.before_payload, NEW.after_payload,
            NEW.policy_version, NEW.data_as_of);
        RETURN NEW;
    END IF;
    IF (NEW.client_id, NEW.action_type, NEW.target, NEW.before_payload, NEW.after_payload, NEW.policy_version,
        NEW.data_as_of, NEW.payload_hash, NEW.requested_by, NEW.requested_by_kind, NEW.requested_for_user,
        NEW.self_approval)
       IS DISTINCT FROM
       (OLD.client_id, OLD.action_type, OLD.target, OLD.before_payload, OLD.after_payload, OLD.policy_version,
        OLD.data_as_of, OLD.payload_hash, OLD.requested_by, OLD.requested_by_kind, OLD.requested_for_user,
        OLD.self_approval) THEN
        RAISE EXCEPTION 'a request for approval cannot be changed; make a new one' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_agent_approval_sealed';
    END IF;
    IF OLD.status <> NEW.status AND NOT (
        (OLD.status = 'pending' AND NEW.status <> 'consumed')
        OR (OLD.status = 'approved' AND NEW.status IN ('consumed', 'expired', 'cancelled', 'superseded'))) THEN
        RAISE EXCEPTION 'a request that is % cannot become %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_agent_approval_status_order';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER seal_approval BEFORE INSERT OR UPDATE ON agents.agent_approval FOR EACH ROW
EXECUTE FUNCTION agents.seal_approval();
