"""What the revision of the schema `reports` adds beside its tables: policies, grants, triggers, parts and views."""

from collections.abc import Iterator

from belvedere.migrations.ground import read_sql
from belvedere.migrations.policies import MY_WRITE_CLIENTS, TenantTable, policy, tenant_policies

EDITED = "SELECT, INSERT, UPDATE, DELETE"
KEPT = "SELECT, INSERT, UPDATE"

TENANTS: tuple[TenantTable, ...] = (
    TenantTable("watch.communication_reports"),
    TenantTable("reports.amc_instances"),
    TenantTable("reports.workflows", person_verbs=KEPT),
    TenantTable("reports.report_data_collections", person_verbs=KEPT),
    TenantTable("reports.workflow_executions"),
    TenantTable("reports.report_data_weeks"),
    TenantTable("reports.report_week_versions"),
    TenantTable("reports.report_rows"),
    TenantTable("reports.report_data_aggregates"),
    TenantTable("reports.dashboards", person_verbs=EDITED),
    TenantTable("reports.dashboard_widgets", person_verbs=EDITED),
    TenantTable("reports.ai_insights"),
    TenantTable("reports.dashboard_shares", person_verbs=EDITED),
    TenantTable("reports.dashboard_links", person_verbs=EDITED),
    TenantTable("reports.dashboard_schedules", person_verbs=EDITED),
)

READABLE_OF_LINKS = (
    "id, client_id, dashboard_id, name, locked_filters, expires_at, allow_export, revoked_at, last_seen_at, views,"
    " created_by, created_at"
)

STAMPED = {
    "update_dashboards_updated_at": "reports.dashboards",
    "update_dashboard_widgets_updated_at": "reports.dashboard_widgets",
    "update_report_collections_updated_at": "reports.report_data_collections",
    "update_report_weeks_updated_at": "reports.report_data_weeks",
    "update_report_aggregates_updated_at": "reports.report_data_aggregates",
    "update_amc_instances_updated_at": "reports.amc_instances",
    "update_workflows_updated_at": "reports.workflows",
    "update_workflow_executions_updated_at": "reports.workflow_executions",
    "update_dashboard_schedules_updated_at": "reports.dashboard_schedules",
    "update_communication_reports_updated_at": "watch.communication_reports",
}
"""Trigger -> its table."""


def statements() -> Iterator[str]:
    """In the order they run, after the tables are made."""
    yield read_sql("0009_functions.sql")
    for trigger, table in STAMPED.items():
        yield (
            f"CREATE TRIGGER {trigger} BEFORE UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION core.update_updated_at_column()"
        )
    for table_of_tenants in TENANTS:
        yield from tenant_policies(table_of_tenants)
    # Whoever deletes a dashboard loosens its insights; nothing else of an insight can be changed by people.
    yield policy(
        "reports.ai_insights", "person", "UPDATE", "authenticated", f"client_id = {MY_WRITE_CLIENTS}"
    )
    yield "GRANT UPDATE (dashboard_id) ON reports.ai_insights TO authenticated"
    # A link's token and password are compared in the database; nobody who reads tables needs their hashes.
    for role in ("authenticated", "inspector_r"):
        yield f"REVOKE SELECT ON reports.dashboard_links FROM {role}"
        yield f"GRANT SELECT ({READABLE_OF_LINKS}) ON reports.dashboard_links TO {role}"
    yield "SELECT core.plan_partitions('reports.report_rows', 'time', 'created_at', 4)"


FUNCTIONS = ("loosen_weeks", "loosen_insights", "loosen_executions", "keep_week_version")
"""Those of the schema, for whoever takes the revision back."""
