-- A parent that is deleted leaves its children: each function clears the one column that named it, and nothing else.
-- Keys between rows of clients never set NULL by themselves, so that tables can be spread by client one day.
CREATE FUNCTION reports.loosen_weeks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE reports.report_data_weeks SET workflow_execution_id = NULL
    WHERE client_id = OLD.client_id AND workflow_execution_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE FUNCTION reports.loosen_insights() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE reports.ai_insights SET dashboard_id = NULL WHERE client_id = OLD.client_id AND dashboard_id = OLD.id;
    RETURN OLD;
END;
$$;

CREATE FUNCTION reports.loosen_executions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE reports.workflow_executions SET collection_id = NULL
    WHERE client_id = OLD.client_id AND collection_id = OLD.id;
    RETURN OLD;
END;
$$;

-- What was read stays as it was read; only the verdict over a version may come later.
CREATE FUNCTION reports.keep_week_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['status', 'decided_at', 'decided_by'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['status', 'decided_at', 'decided_by']) THEN
        RAISE EXCEPTION 'a version of a week is never changed' USING ERRCODE = 'restrict_violation',
            HINT = 'Add a new version; only its verdict may come later.';
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER loosen_weeks BEFORE DELETE ON reports.workflow_executions
    FOR EACH ROW EXECUTE FUNCTION reports.loosen_weeks();
CREATE TRIGGER loosen_insights BEFORE DELETE ON reports.dashboards
    FOR EACH ROW EXECUTE FUNCTION reports.loosen_insights();
CREATE TRIGGER loosen_executions BEFORE DELETE ON reports.report_data_collections
    FOR EACH ROW EXECUTE FUNCTION reports.loosen_executions();
CREATE TRIGGER keep_week_version AFTER UPDATE ON reports.report_week_versions
    FOR EACH ROW EXECUTE FUNCTION reports.keep_week_version();
