"""What the schema holds: printed statements, the inbox, append-only tables, actions, the older name, grants."""

from datetime import date
from uuid import UUID

import psycopg
import pytest
from tests.isolation.rows import fill, uid
from tests.people import BRANDT, MARLOW, People

ACTING = (
    "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', '*', true),"
    " set_config('role', 'authenticated', true)"
)


@pytest.fixture
def house(admin: psycopg.Connection, people: People) -> psycopg.Connection:
    assert people
    fill(admin, (BRANDT, MARLOW))
    return admin


def test_the_line_for_a_hypertable_runs_quietly(house: psycopg.Connection) -> None:
    house.execute("SET search_path = ads, core")
    row = house.execute("SELECT create_hypertable('campaign_metrics', 'time')").fetchone()
    assert row is not None


def test_performance_of_the_last_days_is_read_as_printed(house: psycopg.Connection) -> None:
    house.execute("SET search_path = ads, core")
    house.execute("TRUNCATE campaign_metrics")
    house.execute(
        "INSERT INTO campaign_metrics (client_id, campaign_id, time, spend, revenue, conversions)"
        " VALUES (1, %(id)s, now() - interval '1 day', 10.50, 42, 2), (1, %(id)s, now() - interval '2 day', 10.50, 0, 1),"
        " (1, %(id)s, now() - interval '8 day', 99, 99, 9)",
        {"id": uid("ads.campaigns", BRANDT)},
    )
    rows = house.execute(
        "SELECT c.name, c.platform, SUM(m.spend) as total_spend, SUM(m.revenue) as total_revenue,"
        " SUM(m.revenue) / NULLIF(SUM(m.spend), 0) as roas, SUM(m.conversions) as total_conversions,"
        " SUM(m.spend) / NULLIF(SUM(m.conversions), 0) as cpa FROM campaigns c"
        " JOIN campaign_metrics m ON c.id = m.campaign_id WHERE m.time >= NOW() - INTERVAL '7 days'"
        " GROUP BY c.id, c.name, c.platform ORDER BY roas DESC"
    ).fetchall()
    assert rows == [(None, "meta", 21, 42, 2, 3, 7)]


def test_a_row_written_without_a_client_is_the_agencys(house: psycopg.Connection) -> None:
    house.execute("SET search_path = ads, core")
    house.execute("INSERT INTO alerts (alert_type, severity, message) VALUES ('CPA_SPIKE', 'LOW', 'm')")
    house.execute("INSERT INTO ai_actions_log (action_type, platform) VALUES ('PAUSE', 'meta')")
    found = house.execute(
        "SELECT l.client_id, l.status, l.executed_at IS NOT NULL, l.approval_required, a.client_id"
        " FROM ai_actions_log l, alerts a WHERE l.platform = 'meta' AND a.message = 'm'"
    ).fetchall()
    assert found == [(0, "executed", True, False, 0)]


def test_a_planned_action_has_no_time_of_execution(house: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        house.execute("INSERT INTO ads.ai_actions_log (action_type, status) VALUES ('PAUSE', 'planned')")
    house.execute(
        "INSERT INTO ads.ai_actions_log (action_type, status, executed_at) VALUES ('PAUSE', 'planned', NULL)"
    )


def test_one_alert_of_a_key_lasts_at_a_time(house: psycopg.Connection) -> None:
    add = "INSERT INTO ads.alerts (client_id, alert_type, severity, dedup_key) VALUES (%s, 'CPA_SPIKE', 'LOW', 'k')"
    house.execute(add, [BRANDT])
    house.execute(add, [MARLOW])
    with pytest.raises(psycopg.errors.UniqueViolation):
        house.execute(add, [BRANDT])
    house.execute("UPDATE ads.alerts SET resolved_at = now() WHERE dedup_key = 'k'")
    house.execute(add, [BRANDT])


def test_the_inbox_shows_both_kinds_of_alerts_in_one_shape(house: psycopg.Connection) -> None:
    rows = house.execute(
        "SELECT origin, id, title, severity, severity_raw, state, metric, value, threshold FROM ads.alert_inbox"
        " WHERE client_id = 1 ORDER BY origin"
    ).fetchall()
    name = f"ads.campaigns-{BRANDT}-"
    watch = uid("watch.watchtower_alerts", BRANDT)
    assert rows == [
        ("ads", uid("ads.alerts", BRANDT), f"ROAS drop: {name}", "warning", "HIGH", "open", None, "1", "2"),
        ("watch", watch, "", "info", "info", "open", "cvr", None, "2"),
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [("LOW", "info"), ("MEDIUM", "warning"), ("HIGH", "warning"), ("CRITICAL", "critical")],
)
def test_the_inbox_speaks_three_severities(house: psycopg.Connection, given: str, shown: str) -> None:
    house.execute("UPDATE ads.alerts SET severity = %s, acknowledged_at = now()", [given])
    found = house.execute(
        "SELECT DISTINCT severity, severity_raw, state FROM ads.alert_inbox WHERE origin = 'ads'"
    ).fetchall()
    assert found == [(shown, given, "acknowledged")]


def test_the_newest_of_the_inbox_are_read_in_order_from_both_indexes(
    house: psycopg.Connection, people: People
) -> None:
    house.execute("SET enable_seqscan = off")
    with house.transaction():
        house.execute(ACTING, [str(people.alice.id)])
        rows = house.execute(
            "EXPLAIN SELECT * FROM ads.alert_inbox WHERE client_id = 1 ORDER BY created_at DESC, id DESC LIMIT 50"
        ).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert "Merge Append" in plan
    assert "Seq Scan" not in plan
    assert "->  Sort" not in plan


def test_people_see_their_own_inbox_and_take_alerts(house: psycopg.Connection, people: People) -> None:
    with house.transaction():
        house.execute(ACTING, [str(people.alice.id)])
        seen = house.execute("SELECT DISTINCT client_id FROM ads.alert_inbox").fetchall()
        assert seen == [(BRANDT,)]
        taken = house.execute(
            "UPDATE ads.alerts SET acknowledged_at = now(), acknowledged_by = 'alice'"
        ).rowcount
        assert taken == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege), house.transaction():
            house.execute("UPDATE ads.alerts SET message = 'nothing happened'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), house.transaction():
            house.execute("UPDATE ads.ai_recommendations SET confidence_score = 1")
        assert house.execute("UPDATE ads.ai_recommendations SET status = 'accepted'").rowcount == 1


@pytest.mark.parametrize("table", ["metric_observations", "ai_action_events"])
@pytest.mark.parametrize("role", ["service_role", "worker_scoped", "authenticated"])
def test_what_was_said_stays_said(house: psycopg.Connection, table: str, role: str) -> None:
    house.execute("SELECT set_config('app.client_id', '1', false)")
    house.execute(f"SET ROLE {role}")
    for statement in (f"UPDATE ads.{table} SET client_id = 1", f"DELETE FROM ads.{table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            house.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ads.ads_metrics_daily (client_id, metric_date) VALUES (1, '2026-01-01')",
        "UPDATE ads.ads_metrics_daily SET clicks = 1",
        "DELETE FROM ads.ads_metrics_daily",
    ],
)
def test_the_older_name_is_read_only(house: psycopg.Connection, statement: str) -> None:
    assert house.execute("SELECT count(*) FROM ads.ads_metrics_daily").fetchone() == (2,)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="ads_metrics_daily is read only"):
        house.execute(statement)
    house.execute("SET ROLE service_role")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        house.execute(statement)


def test_one_day_of_a_campaign_has_one_row(house: psycopg.Connection) -> None:
    values: list[UUID | date] = [uid("ads.campaigns", BRANDT), date(2026, 1, 1)]
    add = "INSERT INTO ads.ads_daily_metrics (client_id, campaign_id, metric_date) VALUES (1, %s, %s)"
    house.execute(add, values)
    with pytest.raises(psycopg.errors.UniqueViolation):
        house.execute(add, values)


def test_every_table_view_and_column_says_what_it_is(admin: psycopg.Connection) -> None:
    silent = admin.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum >= 0"
        " AND NOT a.attisdropped WHERE c.relnamespace = 'ads'::regnamespace AND c.relkind IN ('r', 'p', 'v')"
        " AND NOT c.relispartition AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
    ).fetchall()
    assert silent == []
