"""Alerts: life between readings"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

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
