"""Rows of one client's reports, made by hand."""

from uuid import UUID, uuid4

import psycopg
from tests.isolation.rows import insert, uid

TABLES = (
    "reports.amc_instances", "reports.workflows", "reports.report_data_collections", "reports.workflow_executions",
    "reports.report_data_weeks", "reports.report_week_versions", "reports.report_rows",
    "reports.report_data_aggregates", "reports.dashboards", "reports.dashboard_widgets", "reports.ai_insights",
    "reports.dashboard_shares", "reports.dashboard_links", "reports.dashboard_schedules",
    "watch.communication_reports",
)  # fmt: skip


def fill_reports(admin: psycopg.Connection, client: int) -> None:
    for table in TABLES:
        admin.execute(*insert(table, client))


def key(table: str, client: int) -> UUID:
    return uid(table, client)


def count(admin: psycopg.Connection, table: str, client: int) -> int:
    row = admin.execute(f"SELECT count(*) FROM {table} WHERE client_id = %s", [client]).fetchone()
    assert row is not None
    return int(row[0])


def add_dashboard(admin: psycopg.Connection, client: int, owner: UUID, name: str = "dash_spare") -> UUID:
    made = uuid4()
    admin.execute(
        "INSERT INTO reports.dashboards (id, client_id, dashboard_id, name, user_id) VALUES (%s, %s, %s, 'Look', %s)",
        [made, client, name, owner],
    )
    return made
