"""The schema of reports: columns, defaults, words, indexes and triggers as the specification prints them."""

import psycopg
import pytest
from tests.isolation.rows_reports import BREAKS
from tests.people import BRANDT, MARLOW, People
from tests.reports.rows import TABLES, fill_reports, key

INDEXES = {
    "idx_dashboards_user_id": ("dashboards", "(user_id)"),
    "idx_dashboards_template_type": ("dashboards", "(template_type)"),
    "idx_dashboards_is_public": ("dashboards", "(is_public) WHERE (is_public = true)"),
    "idx_dashboard_widgets_dashboard_id": ("dashboard_widgets", "(dashboard_id)"),
    "idx_dashboard_widgets_type": ("dashboard_widgets", "(widget_type)"),
    "idx_report_collections_workflow_id": ("report_data_collections", "(workflow_id)"),
    "idx_report_collections_instance_id": ("report_data_collections", "(instance_id)"),
    "idx_report_collections_status": ("report_data_collections", "(status)"),
    "idx_report_collections_user_id": ("report_data_collections", "(user_id)"),
    "idx_report_weeks_collection_id": ("report_data_weeks", "(collection_id)"),
    "idx_report_weeks_date_range": ("report_data_weeks", "(week_start_date, week_end_date)"),
    "idx_report_weeks_status": ("report_data_weeks", "(status)"),
    "idx_report_aggregates_workflow_instance": ("report_data_aggregates", "(workflow_id, instance_id)"),
    "idx_report_aggregates_type_date": ("report_data_aggregates", "(aggregation_type, data_date)"),
    "idx_report_aggregates_key_date": ("report_data_aggregates", "(aggregation_key, data_date)"),
    "idx_ai_insights_user_id": ("ai_insights", "(user_id)"),
    "idx_ai_insights_dashboard_id": ("ai_insights", "(dashboard_id)"),
    "idx_ai_insights_created_at": ("ai_insights", "(created_at)"),
    "idx_ai_insights_type": ("ai_insights", "(insight_type)"),
    "idx_dashboard_shares_shared_with": ("dashboard_shares", "(shared_with_user_id)"),
}

TRIGGERS = {
    "update_dashboards_updated_at": "dashboards",
    "update_dashboard_widgets_updated_at": "dashboard_widgets",
    "update_report_collections_updated_at": "report_data_collections",
    "update_report_weeks_updated_at": "report_data_weeks",
    "update_report_aggregates_updated_at": "report_data_aggregates",
}

DEFAULTS = {
    "dashboards": {"layout_config": {}, "filter_config": {}, "is_public": False, "is_template": False},
    "dashboard_widgets": {"display_config": {}},
    "report_data_collections": {
        "status": "pending", "progress_percentage": 0, "weeks_completed": 0, "configuration": {},
    },
    "report_data_weeks": {"status": "pending"},
    "report_data_aggregates": {"dimensions": {}, "row_count": 0},
    "ai_insights": {"data_context": {}, "related_metrics": {}},
    "dashboard_shares": {"permission_level": "view"},
    "amc_instances": {"max_concurrency": 10, "instance_type": "STANDARD", "is_active": True},
    "workflows": {"status": "draft", "version": 1, "restatement_days": 3},
    "workflow_executions": {"status": "submitting", "attempt": 1},
}  # fmt: skip

WORDS = {
    "dashboards.template_type": ["performance", "attribution", "audience", "custom"],
    "report_data_collections.collection_type": ["backfill", "weekly_update"],
    "report_data_collections.status": ["pending", "running", "completed", "failed", "paused"],
    "report_data_weeks.status": ["pending", "running", "completed", "failed", "skipped"],
    "report_data_aggregates.aggregation_type": ["weekly", "monthly", "quarterly"],
    "ai_insights.insight_type": ["trend_analysis", "anomaly_detection", "optimization"],
    "dashboard_shares.permission_level": ["view", "edit"],
    "workflows.time_basis": ["event", "conversion", "traffic"],
    "workflows.status": ["draft", "active", "archived"],
    "workflow_executions.trigger_type": ["backfill", "weekly", "manual", "schedule"],
    "workflow_executions.status": ["submitting", "pending", "running", "succeeded", "cancelled"],
    "amc_instances.instance_type": ["STANDARD", "SANDBOX"],
}


@pytest.fixture
def reports(admin: psycopg.Connection, people: People) -> psycopg.Connection:
    """A row of every table for one client, and names found as the specification writes them."""
    fill_reports(admin, BRANDT)
    admin.execute("SET search_path = reports, core")
    return admin


def test_every_printed_index_stands_with_its_columns(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT indexname, tablename, indexdef FROM pg_indexes WHERE schemaname = 'reports' AND indexname LIKE 'idx%'"
    ).fetchall()
    found = {name: (table, definition.split(" USING btree ")[1]) for name, table, definition in rows}
    assert found == INDEXES


def test_every_printed_trigger_stands_on_its_table(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE tgname = ANY(%s)",
        [list(TRIGGERS)],
    ).fetchall()
    assert dict(rows) == TRIGGERS


@pytest.mark.parametrize("table", DEFAULTS)
def test_a_row_written_with_little_takes_the_printed_defaults(
    reports: psycopg.Connection, table: str
) -> None:
    columns = list(DEFAULTS[table])
    row = reports.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchone()
    assert row is not None
    assert dict(zip(columns, row, strict=True)) == DEFAULTS[table]


@pytest.mark.parametrize("where", WORDS)
def test_every_word_is_taken(reports: psycopg.Connection, where: str) -> None:
    table, column = where.split(".")
    for word in WORDS[where]:
        assert reports.execute(f"UPDATE {table} SET {column} = %s", [word]).rowcount == 1


def test_widgets_take_every_kind_and_every_chart(reports: psycopg.Connection) -> None:
    for kind in ("table", "metric_card", "text"):
        reports.execute("UPDATE dashboard_widgets SET widget_type = %s, chart_type = NULL", [kind])
    for chart in ("line", "bar", "pie", "scatter", "area"):
        reports.execute("UPDATE dashboard_widgets SET widget_type = 'chart', chart_type = %s", [chart])
    with pytest.raises(psycopg.errors.CheckViolation):
        reports.execute("UPDATE dashboard_widgets SET widget_type = 'chart', chart_type = NULL")


@pytest.mark.parametrize("name", BREAKS)
def test_a_value_outside_is_refused_by_its_check(reports: psycopg.Connection, name: str) -> None:
    row = reports.execute(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s AND coninhcount = 0", [name]
    ).fetchone()
    assert row is not None, name
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        reports.execute(f"UPDATE {row[0]} SET {BREAKS[name]}")
    assert refused.value.diag.constraint_name == name


def test_every_check_has_a_value_that_breaks_it(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conparentid = 0 AND conname LIKE 'ck%%'"
        " AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = conrelid)"
        " AND conrelid::regclass::text = ANY(%s)",
        [[*TABLES, "communication_reports"]],
    ).fetchall()
    assert {row[0] for row in rows} == set(BREAKS)


def test_everything_has_a_comment(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns"
        " WHERE table_schema || '.' || table_name = ANY(%s) AND"
        " col_description((table_schema || '.' || table_name)::regclass, ordinal_position) IS NULL",
        [list(TABLES)],
    ).fetchall()
    assert rows == []


def test_the_printed_trigger_statement_runs_under_the_search_path(reports: psycopg.Connection) -> None:
    reports.execute("SET search_path = reports, core")
    reports.execute("CREATE TABLE drafts (id int, updated_at timestamptz DEFAULT '2020-01-01')")
    reports.execute(
        "CREATE TRIGGER update_drafts_updated_at BEFORE UPDATE ON drafts\n"
        "    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();"
    )
    reports.execute("INSERT INTO drafts (id) VALUES (1)")
    reports.execute("UPDATE drafts SET id = 2")
    row = reports.execute("SELECT updated_at > '2026-01-01' FROM drafts").fetchone()
    reports.execute("DROP TABLE drafts")
    assert row == (True,)


@pytest.mark.parametrize("table", [*TRIGGERS.values(), "amc_instances", "workflows", "workflow_executions",
                                   "dashboard_schedules"])  # fmt: skip
def test_a_change_moves_updated_at(reports: psycopg.Connection, table: str) -> None:
    reports.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    reports.execute(f"UPDATE {table} SET updated_at = '2020-01-01'")
    reports.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    reports.execute(f"UPDATE {table} SET client_id = client_id")
    assert reports.execute(f"SELECT updated_at > '2026-01-01' FROM {table}").fetchone() == (True,)


REPEATED = {
    "dashboards": ("dashboard_id, name", "dashboard_id, name"),
    "amc_instances": ("instance_id, instance_name", "instance_id, 'x'"),
    "ai_insights": ("insight_id, query_text, response_text", "insight_id, 'q', 'r'"),
}


@pytest.mark.parametrize("table", REPEATED)
def test_a_name_is_unique_within_its_client_only(reports: psycopg.Connection, table: str) -> None:
    columns, values = REPEATED[table]
    statement = f"INSERT INTO {table} (client_id, {columns}) SELECT %(c)s, {values} FROM {table} LIMIT 1"
    reports.execute(statement, {"c": MARLOW})
    with pytest.raises(psycopg.errors.UniqueViolation):
        reports.execute(statement, {"c": BRANDT})


def test_one_week_of_a_collection_stands_once(reports: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        reports.execute(
            "INSERT INTO report_data_weeks (client_id, collection_id, week_start_date, week_end_date)"
            " SELECT client_id, collection_id, week_start_date, week_end_date FROM report_data_weeks"
        )


def test_a_period_of_a_query_stands_once(reports: psycopg.Connection) -> None:
    columns = "client_id, workflow_id, instance_id, aggregation_type, aggregation_key, metrics, data_date"
    with pytest.raises(psycopg.errors.UniqueViolation):
        reports.execute(
            f"INSERT INTO report_data_aggregates ({columns}) SELECT {columns} FROM report_data_aggregates"
        )


def test_a_second_share_with_the_same_person_is_the_same_share(
    reports: psycopg.Connection, people: People
) -> None:
    share = (
        "INSERT INTO dashboard_shares (client_id, dashboard_id, shared_with_user_id, permission_level)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (client_id, dashboard_id, shared_with_user_id)"
        " DO UPDATE SET permission_level = excluded.permission_level"
    )
    for level in ("view", "edit"):
        reports.execute(share, [BRANDT, key("reports.dashboards", BRANDT), people.bob.id, level])
    rows = reports.execute(
        "SELECT permission_level FROM dashboard_shares WHERE shared_with_user_id = %s", [people.bob.id]
    ).fetchall()
    assert rows == [("edit",)]


def test_a_version_of_a_week_is_never_changed_but_for_its_verdict(reports: psycopg.Connection) -> None:
    reports.execute(
        "UPDATE report_week_versions SET status = 'refused', decided_at = now(), decided_by = 'alice'"
    )
    with pytest.raises(psycopg.errors.RestrictViolation):
        reports.execute("UPDATE report_week_versions SET row_count = 7")


def test_the_days_of_silence_follow_from_the_moments(reports: psycopg.Connection) -> None:
    reports.execute(
        "UPDATE watch.communication_reports SET reported_at = '2026-03-10 12:00Z',"
        " last_team_message_at = '2026-03-02 00:00Z', last_client_message_at = NULL"
    )
    row = reports.execute(
        "SELECT days_since_team_message::text, days_since_client_message, last_contact_at = last_team_message_at"
        " FROM watch.communication_reports"
    ).fetchone()
    assert row == ("8.50", None, True)
