"""Alerts: life between readings"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FAMILIES = """
CREATE FUNCTION watch.guard_rule_families() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.parent_rule_id IS NOT NULL OR NEW.group_id IS NOT NULL OR NEW.overrides_rule_id IS NOT NULL
       OR (TG_OP = 'UPDATE' AND OLD.group_id IS NOT NULL) THEN
        PERFORM pg_advisory_xact_lock(884203);
    ELSE
        RETURN NULL;
    END IF;
    -- A parent leads its group, and is of another group.
    IF EXISTS (
        SELECT 1 FROM watch.watchtower_rules parent
        WHERE parent.id = NEW.parent_rule_id AND parent.group_id IS NOT NULL
          AND ((parent.client_id = NEW.client_id AND parent.group_id = NEW.group_id)
               OR parent.id <> (SELECT r.id FROM watch.watchtower_rules r
                                WHERE r.client_id = parent.client_id AND r.group_id = parent.group_id
                                ORDER BY r.position, r.created_at, r.id LIMIT 1))
    ) OR EXISTS (
        SELECT 1
        FROM (SELECT r.id, row_number() OVER (ORDER BY r.position, r.created_at, r.id) AS place
              FROM watch.watchtower_rules r WHERE r.client_id = NEW.client_id AND r.group_id = NEW.group_id) AS member
        WHERE member.place > 1
          AND EXISTS (SELECT 1 FROM watch.watchtower_rules child WHERE child.parent_rule_id = member.id)
    ) THEN
        RAISE EXCEPTION 'a rule that others depend on leads its group' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_watchtower_rules_parent_leads_group';
    END IF;
    -- A row that others wait for does not leave the rest of its group behind.
    IF TG_OP = 'UPDATE' AND OLD.group_id IS DISTINCT FROM NEW.group_id
       AND EXISTS (SELECT 1 FROM watch.watchtower_rules r WHERE r.client_id = OLD.client_id AND r.group_id = OLD.group_id)
       AND EXISTS (SELECT 1 FROM watch.watchtower_rules child WHERE child.parent_rule_id = NEW.id) THEN
        RAISE EXCEPTION 'a rule that others depend on stays with its group' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'ck_watchtower_rules_parent_leads_group';
    END IF;
    -- At a client, whoever waits for a replaced rule waits for the one that stands in for it.
    IF NEW.parent_rule_id IS NOT NULL AND EXISTS (
        WITH RECURSIVE place AS (
            SELECT DISTINCT s.client_id FROM watch.watchtower_rules s
            WHERE s.overrides_rule_id IS NOT NULL AND s.is_active AND NEW.client_id IN (0, s.client_id)
        ), up AS (
            SELECT place.client_id, NEW.id AS id, 0 AS depth FROM place
            UNION ALL
            SELECT up.client_id, coalesce(s.id, r.parent_rule_id), up.depth + 1
            FROM up
            JOIN watch.watchtower_rules r ON r.id = up.id AND r.parent_rule_id IS NOT NULL
            LEFT JOIN watch.watchtower_rules s
                ON s.overrides_rule_id = r.parent_rule_id AND s.client_id = up.client_id AND s.is_active
            WHERE up.depth < 20 AND (up.depth = 0 OR up.id <> NEW.id)
        )
        SELECT 1 FROM up WHERE up.depth > 0 AND up.id = NEW.id
    ) THEN
        RAISE EXCEPTION 'a rule cannot depend on itself through one that stands in for another'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_watchtower_rules_no_cycle';
    END IF;
    IF NEW.is_active AND NEW.overrides_rule_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM watch.watchtower_rules other
        WHERE other.overrides_rule_id = NEW.overrides_rule_id AND other.client_id = NEW.client_id AND other.is_active
          AND other.id <> NEW.id AND (other.group_id IS NULL OR other.group_id IS DISTINCT FROM NEW.group_id)
    ) THEN
        RAISE EXCEPTION 'one rule stands in for another at a client' USING ERRCODE = 'unique_violation',
            CONSTRAINT = 'uq_watchtower_rules_one_override';
    END IF;
    RETURN NULL;
END;
$$
"""
GUARDED = "client_id, parent_rule_id, group_id, position, created_at, overrides_rule_id, is_active"
"""Columns that move a rule within its family."""

ROLES = "authenticated, worker_scoped, service_role"
PROVEN = ("alert_events", "watchtower_alerts")
"""Bulk rows whose composite key to their alert or reading proves the client already."""


def upgrade() -> None:
    # A job of one client sees that client alone, but must know whether there are many.
    op.execute(
        "CREATE FUNCTION watch.count_active_clients() RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS"
        " $$ SELECT CAST(count(*) AS integer) FROM core.clients WHERE id <> 0 AND status = 'active' $$"
    )
    op.execute("COMMENT ON FUNCTION watch.count_active_clients() IS 'How many clients are active.'")
    # Row policies bind the owner of the tables too; this role owns functions only and looks past them.
    # The rules that come with the program tell the agency; a job of one client sees neither its row nor its people.
    op.execute(
        "CREATE FUNCTION watch.agency_mails() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = pg_catalog, pg_temp AS"
        " $$ WITH own AS (SELECT unnest(email_recipients) AS email FROM core.clients WHERE id = 0)"
        " SELECT CAST(email AS text) FROM own UNION SELECT CAST(email AS text) FROM core.users"
        " WHERE NOT EXISTS (SELECT FROM own) AND is_staff AND role = 'owner' AND is_active AND deleted_at IS NULL"
        " ORDER BY 1 $$"
    )
    op.execute(
        "COMMENT ON FUNCTION watch.agency_mails() IS"
        " 'Mail addresses of the agency: its own recipients, else its owners. For jobs.'"
    )
    op.execute("GRANT CREATE ON SCHEMA watch TO authz_r")
    op.execute("ALTER FUNCTION watch.agency_mails() OWNER TO authz_r")
    op.execute("REVOKE ALL ON FUNCTION watch.agency_mails() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION watch.agency_mails() TO worker_scoped, service_role")
    op.execute("ALTER FUNCTION watch.count_active_clients() OWNER TO authz_r")
    op.execute(FAMILIES)
    op.execute(
        "COMMENT ON FUNCTION watch.guard_rule_families() IS"
        " 'Parents lead their groups, and one rule of a client stands in for one of every client.'"
    )
    op.execute("ALTER FUNCTION watch.guard_rule_families() OWNER TO authz_r")
    op.execute("REVOKE ALL ON FUNCTION watch.guard_rule_families() FROM PUBLIC")
    # At the end of a statement, so that rows may change places in one.
    op.execute(
        f"CREATE TRIGGER guard_families AFTER INSERT OR UPDATE OF {GUARDED} ON watch.watchtower_rules"
        " FOR EACH ROW EXECUTE FUNCTION watch.guard_rule_families()"
    )
    op.execute("REVOKE CREATE ON SCHEMA watch FROM authz_r")
    op.execute("REVOKE ALL ON FUNCTION watch.count_active_clients() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION watch.count_active_clients() TO {ROLES}")
    op.execute("GRANT UPDATE (snoozed_until, snoozed_by) ON watch.watchtower_alerts TO authenticated")
    op.create_index(
        "ix_evaluation_runs_newest", "evaluation_runs", ["evaluated_at"], unique=False, schema="watch"
    )
    for table in PROVEN:
        op.drop_constraint(f"fk_{table}_client_id_clients", table, schema="watch", type_="foreignkey")
    # Alerts hold on to their reading, so they go before a client takes its readings with it.
    op.execute(
        "CREATE FUNCTION watch.clear_alerts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp"
        " AS $$ BEGIN DELETE FROM watch.watchtower_alerts WHERE client_id = OLD.id; RETURN OLD; END; $$"
    )
    op.execute("COMMENT ON FUNCTION watch.clear_alerts() IS 'The alerts of a client that is deleted go with it.'")
    op.execute(
        "CREATE TRIGGER clear_alerts BEFORE DELETE ON core.clients"
        " FOR EACH ROW EXECUTE FUNCTION watch.clear_alerts()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER guard_families ON watch.watchtower_rules")
    op.execute("DROP FUNCTION watch.guard_rule_families()")
    op.execute("DROP TRIGGER clear_alerts ON core.clients")
    op.execute("DROP FUNCTION watch.clear_alerts()")
    for table in PROVEN:
        op.create_foreign_key(
            f"fk_{table}_client_id_clients",
            table,
            "clients",
            ["client_id"],
            ["id"],
            source_schema="watch",
            referent_schema="core",
            ondelete="CASCADE",
        )
    op.drop_index("ix_evaluation_runs_newest", table_name="evaluation_runs", schema="watch")
    op.execute("REVOKE UPDATE (snoozed_until, snoozed_by) ON watch.watchtower_alerts FROM authenticated")
    op.execute("DROP FUNCTION watch.agency_mails()")
    op.execute("DROP FUNCTION watch.count_active_clients()")
