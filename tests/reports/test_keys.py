"""What goes with its parent, what stays behind, and what may not lead to another client."""

import psycopg
import pytest
from tests.people import BRANDT, MARLOW, People
from tests.reports.rows import TABLES, add_dashboard, count, fill_reports, key

from belvedere.core.database import Database

COLLECTED = ("reports.report_data_weeks", "reports.report_week_versions", "reports.report_rows")
SHOWN = (
    "reports.dashboard_widgets", "reports.dashboard_shares", "reports.dashboard_links", "reports.dashboard_schedules",
)  # fmt: skip


@pytest.fixture
def filled(admin: psycopg.Connection, people: People) -> People:
    fill_reports(admin, BRANDT)
    fill_reports(admin, MARLOW)
    return people


def counts(admin: psycopg.Connection, client: int) -> dict[str, int]:
    return {table: count(admin, table, client) for table in TABLES}


async def test_a_dashboard_takes_its_parts_and_leaves_its_insights(
    admin: psycopg.Connection, filled: People, db: Database
) -> None:
    before = counts(admin, MARLOW)
    async with db.write(filled.alice.scope) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM reports.dashboards")
    assert [count(admin, table, BRANDT) for table in SHOWN] == [0] * len(SHOWN)
    row = admin.execute(
        "SELECT dashboard_id FROM reports.ai_insights WHERE client_id = %s", [BRANDT]
    ).fetchone()
    assert row == (None,)
    assert counts(admin, MARLOW) == before


def test_a_run_that_is_deleted_leaves_its_weeks(admin: psycopg.Connection, filled: People) -> None:
    admin.execute("SET ROLE service_role")
    admin.execute("DELETE FROM reports.workflow_executions WHERE client_id = %s", [BRANDT])
    admin.execute("RESET ROLE")
    rows = admin.execute(
        "SELECT client_id, workflow_execution_id IS NULL FROM reports.report_data_weeks ORDER BY 1"
    ).fetchall()
    assert rows == [(BRANDT, True), (MARLOW, False)]


def test_a_collection_takes_its_weeks_and_leaves_its_runs(admin: psycopg.Connection, filled: People) -> None:
    admin.execute("SET ROLE service_role")
    admin.execute("DELETE FROM reports.report_data_collections WHERE client_id = %s", [BRANDT])
    admin.execute("RESET ROLE")
    assert [count(admin, table, BRANDT) for table in COLLECTED] == [0, 0, 0]
    row = admin.execute(
        "SELECT collection_id FROM reports.workflow_executions WHERE client_id = %s", [BRANDT]
    ).fetchone()
    assert row == (None,)


@pytest.mark.parametrize("parent", ["reports.workflows", "reports.amc_instances"])
def test_a_query_takes_all_that_was_collected_with_it(
    admin: psycopg.Connection, filled: People, parent: str
) -> None:
    before = counts(admin, MARLOW)
    admin.execute("SET ROLE service_role")
    admin.execute(f"DELETE FROM {parent} WHERE client_id = %s", [BRANDT])
    admin.execute("RESET ROLE")
    for table in (*COLLECTED, "reports.workflow_executions", "reports.report_data_aggregates"):
        assert count(admin, table, BRANDT) == 0, table
    assert count(admin, "reports.dashboards", BRANDT) == 1
    assert counts(admin, MARLOW) == before


def test_a_person_takes_their_dashboards_along(admin: psycopg.Connection, filled: People) -> None:
    made = add_dashboard(admin, BRANDT, filled.bob.id)
    admin.execute("UPDATE reports.ai_insights SET dashboard_id = %s WHERE client_id = %s", [made, BRANDT])
    admin.execute("DELETE FROM core.users WHERE id = %s", [filled.bob.id])
    assert count(admin, "reports.dashboards", BRANDT) == 1
    row = admin.execute(
        "SELECT dashboard_id FROM reports.ai_insights WHERE client_id = %s", [BRANDT]
    ).fetchone()
    assert row == (None,)


def test_a_client_takes_everything_of_theirs(admin: psycopg.Connection, filled: People) -> None:
    before = counts(admin, MARLOW)
    admin.execute("DELETE FROM core.clients WHERE id = %s", [BRANDT])
    assert set(counts(admin, BRANDT).values()) == {0}
    assert counts(admin, MARLOW) == before


CHILDREN = {
    "reports.workflows": ("instance_id", "reports.amc_instances"),
    "reports.workflow_executions": ("workflow_id", "reports.workflows"),
    "reports.report_data_collections": ("instance_id", "reports.amc_instances"),
    "reports.report_data_weeks": ("workflow_execution_id", "reports.workflow_executions"),
    "reports.report_week_versions": ("week_id", "reports.report_data_weeks"),
    "reports.report_rows": ("week_version_id", "reports.report_week_versions"),
    "reports.report_data_aggregates": ("workflow_id", "reports.workflows"),
    "reports.dashboard_widgets": ("dashboard_id", "reports.dashboards"),
    "reports.ai_insights": ("dashboard_id", "reports.dashboards"),
    "reports.dashboard_shares": ("dashboard_id", "reports.dashboards"),
    "reports.dashboard_links": ("dashboard_id", "reports.dashboards"),
    "reports.dashboard_schedules": ("dashboard_id", "reports.dashboards"),
}


@pytest.mark.parametrize("child", CHILDREN)
def test_no_child_points_to_another_client(admin: psycopg.Connection, filled: People, child: str) -> None:
    column, parent = CHILDREN[child]
    with pytest.raises((psycopg.errors.ForeignKeyViolation, psycopg.errors.RestrictViolation)):
        admin.execute(f"UPDATE {child} SET {column} = %s WHERE client_id = %s", [key(parent, MARLOW), BRANDT])


@pytest.mark.parametrize("table", TABLES)
async def test_each_person_sees_their_own_client_only(filled: People, db: Database, table: str) -> None:
    seen = {}
    for name, person in (("alice", filled.alice), ("bob", filled.bob), ("charlie", filled.charlie)):
        async with db.read(person.scope) as session:
            connection = await session.connection()
            rows = await connection.exec_driver_sql(f"SELECT DISTINCT client_id FROM {table}")
            seen[name] = [row[0] for row in rows]
    assert seen == {"alice": [BRANDT], "bob": [BRANDT], "charlie": [MARLOW]}


async def test_a_viewer_changes_nothing(admin: psycopg.Connection, filled: People, db: Database) -> None:
    async with db.write(filled.bob.scope) as session:
        connection = await session.connection()
        gone = await connection.exec_driver_sql("DELETE FROM reports.dashboards")
        assert gone.rowcount == 0
    assert count(admin, "reports.dashboards", BRANDT) == 1
