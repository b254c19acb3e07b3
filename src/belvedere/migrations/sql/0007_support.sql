CREATE TRIGGER update_support_curated_replies_updated_at BEFORE UPDATE ON support.support_curated_replies
    FOR EACH ROW EXECUTE FUNCTION core.update_updated_at_column();

-- What was approved is the text that was read: afterwards a change is a new version. And nobody approves in another's name.
CREATE FUNCTION support.guard_approval() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    _person uuid := nullif(current_setting('app.user_id', true), '')::uuid;
    _approved_now boolean := NEW.approver_id IS NOT NULL;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.approved_at IS NOT NULL
            AND (NEW.key, NEW.locale, NEW.version, NEW.title, NEW.body, NEW.variables, NEW.author_id, NEW.approver_id,
                 NEW.approved_at)
                IS DISTINCT FROM
                (OLD.key, OLD.locale, OLD.version, OLD.title, OLD.body, OLD.variables, OLD.author_id, OLD.approver_id,
                 OLD.approved_at)
        THEN
            RAISE EXCEPTION 'an approved reply does not change' USING ERRCODE = 'check_violation',
                HINT = 'Write a new version and have it approved.';
        END IF;
        _approved_now := _approved_now AND NEW.approver_id IS DISTINCT FROM OLD.approver_id;
    END IF;
    IF _approved_now AND _person IS NOT NULL AND NEW.approver_id <> _person THEN
        RAISE EXCEPTION 'a reply is approved by the person who is signed in' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER guard_approval BEFORE INSERT OR UPDATE ON support.support_curated_replies
    FOR EACH ROW EXECUTE FUNCTION support.guard_approval();
