"""Made-up reports hang together: sums agree on every level, every number of an answer stands in its context."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.people import BRANDT, People
from tests.reports.rows import TABLES, count

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.seeding.reports import fill
from belvedere.seeding.reports_queries import QUERIES
from belvedere.seeding.reports_shown import BOARDS
from belvedere.seeding.reports_sums import WEEK, WeekFigures, add_periods, count_weeks, find_period
from belvedere.seeding.world import ClientPlan, World
from belvedere.seeding.writer import make_months, write_batch

NOW = datetime.now(UTC).replace(microsecond=0)
CLIENTS = (
    ClientPlan(0, "Agency", "agency", "USD", "UTC"),
    ClientPlan(BRANDT, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna"),
)


def build(people: People, seed: int = 4) -> World:
    return World(seed, 30, NOW, CLIENTS, (people.olga.id, people.alice.id, people.bob.id))


@pytest.fixture
async def seeded(admin: psycopg.Connection, people: People, db: Database) -> psycopg.Connection:
    world = build(people)
    async with db.write(Scope.service("seed")) as session:
        await make_months(session, world.days)
        for client in CLIENTS:
            for batch in fill(world, client):
                assert await write_batch(session, batch) == len(batch.rows), batch.table
    return admin


def test_every_table_holds_rows_for_every_client(seeded: psycopg.Connection) -> None:
    empty = [
        (table, client.id) for table in TABLES for client in CLIENTS if not count(seeded, table, client.id)
    ]
    assert empty == []
    assert seeded.execute("SELECT count(*) FROM reports.report_rows_default").fetchone() == (0,)


def test_the_same_seed_makes_the_same_rows(people: People) -> None:
    first, again = (list(fill(build(people), CLIENTS[1])) for _ in range(2))
    assert first == again
    assert first != list(fill(build(people, seed=5), CLIENTS[1]))


def test_nothing_was_collected_after_now(seeded: psycopg.Connection) -> None:
    for table, column in (
        ("report_data_collections", "updated_at"), ("workflow_executions", "finished_at"),
        ("report_rows", "created_at"), ("report_data_aggregates", "updated_at"), ("ai_insights", "created_at"),
        ("dashboard_links", "last_seen_at"), ("dashboard_schedules", "last_run_at"),
    ):  # fmt: skip
        row = seeded.execute(f"SELECT max({column}) <= now() FROM reports.{table}").fetchone()
        assert row == (True,), table


def test_weeks_of_the_newest_version_are_the_weekly_figures(seeded: psycopg.Connection) -> None:
    rows = seeded.execute(
        "WITH newest AS (SELECT DISTINCT ON (c.client_id, c.workflow_id, w.week_start_date) v.id, c.client_id,"
        "  c.workflow_id, w.week_start_date AS week FROM reports.report_data_weeks w"
        "  JOIN reports.report_data_collections c ON (c.client_id, c.id) = (w.client_id, w.collection_id)"
        "  JOIN reports.report_week_versions v ON (v.client_id, v.week_id) = (w.client_id, w.id)"
        "  ORDER BY c.client_id, c.workflow_id, w.week_start_date, v.created_at DESC),"
        " sums AS (SELECT n.client_id, n.workflow_id, n.week, count(*) AS rows, sum((r.metrics ->> 'sales')::numeric)"
        "  AS sales FROM newest n JOIN reports.report_rows r ON r.week_version_id = n.id GROUP BY 1, 2, 3)"
        " SELECT count(*), count(*) FILTER (WHERE a.row_count = s.rows"
        "  AND (a.metrics ->> 'sales')::numeric IS NOT DISTINCT FROM s.sales) FROM sums s"
        " JOIN reports.report_data_aggregates a ON (a.client_id, a.workflow_id, a.data_date) ="
        "  (s.client_id, s.workflow_id, s.week) AND a.aggregation_type = 'weekly' AND a.dimensions = '{}'"
    ).fetchone()
    assert rows is not None
    assert rows[0] == rows[1] == 2 * (52 + 17 + 7)


@pytest.mark.parametrize(("larger", "length"), [("monthly", "month"), ("quarterly", "quarter")])
def test_periods_are_the_sums_of_their_weeks(seeded: psycopg.Connection, larger: str, length: str) -> None:
    row = seeded.execute(
        "WITH weeks AS (SELECT client_id, workflow_id, dimensions, date_trunc(%(length)s, data_date + 3)::date AS start,"
        "  sum((metrics ->> 'sales')::numeric) AS sales, sum(row_count) AS rows FROM reports.report_data_aggregates"
        "  WHERE aggregation_type = 'weekly' GROUP BY 1, 2, 3, 4)"
        " SELECT count(*), bool_and(p.row_count = w.rows"
        "  AND (p.metrics ->> 'sales')::numeric IS NOT DISTINCT FROM w.sales)"
        " FROM weeks w LEFT JOIN reports.report_data_aggregates p ON p.aggregation_type = %(larger)s"
        "  AND (p.client_id, p.workflow_id, p.dimensions, p.data_date) = (w.client_id, w.workflow_id, w.dimensions, w.start)",
        {"length": length, "larger": larger},
    ).fetchone()
    assert row is not None
    assert row[0] > 100
    assert row[1] is True


def test_ratios_are_made_anew_from_sums(seeded: psycopg.Connection) -> None:
    row = seeded.execute(
        "SELECT bool_and((metrics ->> 'roas')::numeric ="
        " round((metrics ->> 'sales')::numeric / (metrics ->> 'spend')::numeric, 6)) FROM reports.report_data_aggregates"
        " WHERE metrics ? 'roas'"
    ).fetchone()
    assert row == (True,)


def test_progress_counts_the_weeks_that_stand(seeded: psycopg.Connection) -> None:
    rows = seeded.execute(
        "SELECT c.target_weeks = count(*), c.weeks_completed = count(*) FILTER (WHERE w.status = 'completed'),"
        " c.progress_percentage = 100 * count(*) FILTER (WHERE w.status IN ('completed', 'skipped')) / c.target_weeks,"
        " c.start_date = min(w.week_start_date), c.end_date = max(w.week_end_date)"
        " FROM reports.report_data_collections c JOIN reports.report_data_weeks w"
        "  ON (w.client_id, w.collection_id) = (c.client_id, c.id) GROUP BY c.id"
    ).fetchall()
    assert set(rows) == {(True,) * 5}


def test_a_restated_week_keeps_both_readings(seeded: psycopg.Connection) -> None:
    rows = seeded.execute(
        "SELECT n.deltas -> 'sales' = to_jsonb((n.totals ->> 'sales')::numeric - (f.totals ->> 'sales')::numeric),"
        " n.change_share BETWEEN 0.01 AND 0.05, n.data_checksum <> f.data_checksum"
        " FROM reports.report_week_versions n JOIN reports.report_week_versions f"
        "  ON (f.client_id, f.week_id) = (n.client_id, n.week_id) AND f.version = 1 AND n.version = 2"
    ).fetchall()
    assert rows == [(True, True, True)] * len(CLIENTS)


def test_every_number_of_an_answer_stands_in_its_context(seeded: psycopg.Connection) -> None:
    for text, context, score, parts in seeded.execute(
        "SELECT response_text, data_context, confidence_score, confidence_parts FROM reports.ai_insights"
    ).fetchall():
        known = {abs(Decimal(str(value))) for value in context.values() if not isinstance(value, str)}
        words = re.sub(
            "|".join(re.escape(v) for v in context.values() if isinstance(v, str)) or "$^", "", text
        )
        numbers = {Decimal(found) for found in re.findall(r"\d+(?:\.\d+)?", words)}
        assert numbers <= known, text
        assert score == min(Decimal(str(part)) for part in parts.values())


def test_widgets_use_known_metrics_and_never_overlap() -> None:
    for board in BOARDS:
        for widget in board.widgets:
            assert set(widget.metrics) <= set(QUERIES[board.query].catalog)
            assert widget.place[0] + widget.place[2] <= 12
        for one, other in combinations([widget.place for widget in board.widgets], 2):
            apart = (
                one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
                or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
            )  # fmt: skip
            assert apart, board.name


MONDAYS = st.integers(0, 3000).map(lambda number: date(2018, 1, 1) + WEEK * number)


@given(MONDAYS, st.integers(1, 60))
def test_every_week_lies_in_one_month_and_one_quarter(first: date, length: int) -> None:
    query = QUERIES[0]
    row = {
        "impressions": 10,
        "clicks": 2,
        "spend": Decimal("0.50"),
        "orders": 1,
        "sales": Decimal("9.99"),
        "reach": 4,
    }
    weeks = [WeekFigures(first + WEEK * number, {query.values[0]: row}) for number in range(length)]
    totals = [made for made in add_periods(query, weeks, "") if made.part is None]
    for kind in ("weekly", "monthly", "quarterly"):
        of_kind = [made for made in totals if made.kind == kind]
        assert sum(made.metrics["sales"] for made in of_kind) == Decimal("9.99") * length
        assert all(
            made.metrics["_meta"]["weeks"] <= made.metrics["_meta"]["weeks_expected"] for made in of_kind
        )


@given(MONDAYS)
def test_a_period_expects_the_weeks_that_lead_to_it(week: date) -> None:
    for kind in ("monthly", "quarterly"):
        key, start = find_period(kind, week)
        around = [week + WEEK * step for step in range(-15, 16)]
        assert count_weeks(kind, start) == sum(find_period(kind, other)[0] == key for other in around)
        assert start <= week + timedelta(days=3)
