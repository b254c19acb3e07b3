"""The made-up data of ads: whole, consistent, the same each time."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from tests.people import People

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.migrations.ads import TENANTS
from belvedere.seeding.ads import fill
from belvedere.seeding.world import ClientPlan, World
from belvedere.seeding.writer import make_months, write_batch

CLIENTS = (
    ClientPlan(0, "Belvedere Agency", "agency", "EUR", "UTC"),
    ClientPlan(1, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna"),
    ClientPlan(2, "Marlow & Finch", "marlow", "JPY", "Asia/Tokyo"),
    ClientPlan(3, "Tidewater Outdoor", "tidewater", "KWD", "America/New_York"),
)


def make_world(days: int = 40, seed: int = 7) -> World:
    return World(
        seed, days, datetime.now(UTC).replace(microsecond=0), CLIENTS, people=(UUID(int=1), UUID(int=2))
    )


@pytest.fixture
async def filled(db: Database, admin: psycopg.Connection, people: People) -> psycopg.Connection:
    assert people
    world = make_world()
    async with db.write(Scope.service("seeding")) as session:
        await make_months(session, world.days)
        for client in CLIENTS:
            for batch in fill(world, client):
                written = await write_batch(session, batch)
                assert written == len(batch.rows), batch.table
    return admin


async def test_every_table_has_rows_of_every_client(filled: psycopg.Connection) -> None:
    for table in TENANTS:
        found = filled.execute(f"SELECT DISTINCT client_id FROM {table.name} ORDER BY 1").fetchall()
        assert found == [(0,), (1,), (2,), (3,)], table.name


async def test_increments_and_days_agree_to_the_cent(filled: psycopg.Connection) -> None:
    rows = filled.execute(
        "WITH days AS (SELECT m.client_id, m.campaign_id, (m.time AT TIME ZONE a.timezone)::date AS day,"
        "  sum(m.impressions) AS impressions, sum(m.clicks) AS clicks, sum(m.conversions) AS conversions,"
        "  sum(m.spend) * 10::numeric ^ core.minor_digits(a.currency) AS spend,"
        "  sum(m.revenue) * 10::numeric ^ core.minor_digits(a.currency) AS revenue"
        "  FROM ads.campaign_metrics m JOIN ads.campaigns c ON c.client_id = m.client_id AND c.id = m.campaign_id"
        "  JOIN ads.ad_accounts a ON a.client_id = c.client_id AND a.id = c.ad_account_id"
        "  GROUP BY m.client_id, m.campaign_id, day, a.currency)"
        " SELECT count(*), count(*) FILTER (WHERE (d.impressions, d.clicks, d.conversions, d.spend, d.revenue)"
        "  IS DISTINCT FROM (m.impressions, m.clicks, m.conversions, m.spend_cents, m.revenue_cents))"
        " FROM ads.ads_daily_metrics m FULL JOIN days d ON d.client_id = m.client_id AND d.campaign_id = m.campaign_id"
        " AND d.day = m.metric_date"
    ).fetchone()
    assert rows is not None
    assert rows[0] >= 4 * 6 * 38
    assert rows[1] == 0


async def test_the_newest_observation_is_what_the_day_says(filled: psycopg.Connection) -> None:
    rows = filled.execute(
        "SELECT count(*), count(*) FILTER (WHERE o.conversions <> m.conversions OR o.clicks <> m.clicks"
        "  OR o.spend * 10::numeric ^ core.minor_digits(m.currency) <> m.spend_cents"
        "  OR o.revenue * 10::numeric ^ core.minor_digits(m.currency) <> m.revenue_cents OR o.observed_at <> m.data_as_of)"
        " FROM ads.ads_daily_metrics m JOIN LATERAL (SELECT * FROM ads.metric_observations o"
        "  WHERE o.client_id = m.client_id AND o.campaign_id = m.campaign_id AND o.report_date = m.metric_date"
        "  ORDER BY observed_at DESC LIMIT 1) o ON true"
    ).fetchone()
    days = filled.execute("SELECT count(*) FROM ads.ads_daily_metrics").fetchone()
    assert days is not None
    assert rows == (days[0], 0)


async def test_nothing_lies_in_the_time_to_come(filled: psycopg.Connection) -> None:
    for table, column in (
        ("campaign_metrics", "time"), ("metric_observations", "observed_at"), ("alerts", "created_at"),
        ("ai_actions_log", "executed_at"), ("ai_action_events", "at"), ("ai_recommendations", "executed_at"),
    ):  # fmt: skip
        found = filled.execute(f"SELECT count(*) FROM ads.{table} WHERE {column} > now()").fetchone()
        assert found == (0,), table


async def test_figures_look_like_advertising(filled: psycopg.Connection) -> None:
    row = filled.execute(
        "SELECT min(ctr), max(ctr), min(roas), max(roas), count(*) FILTER (WHERE cpa_cents IS NOT NULL),"
        " bool_and(clicks <= impressions) FROM ads.ads_daily_metrics WHERE impressions > 200"
    ).fetchone()
    assert row is not None
    assert row[0] > 0
    assert row[1] < 1
    assert row[3] < 40
    assert row[4] > 100
    assert row[5]
    ends = filled.execute(
        "SELECT count(*) FROM ads.alerts WHERE resolved_at IS NULL AND client_id = 1"
    ).fetchone()
    assert ends == (3,)


async def test_states_of_all_kinds_stand_there(filled: psycopg.Connection) -> None:
    for table, least in (("ai_recommendations", 11), ("ai_actions_log", 10), ("budget_allocations", 3)):
        found = filled.execute(
            f"SELECT count(DISTINCT status) FROM ads.{table} WHERE client_id = 2"
        ).fetchone()
        assert found is not None
        assert found[0] >= least, table


def test_the_same_seed_makes_the_same_rows() -> None:
    world = make_world()
    again = World(world.seed, world.days, world.now, world.clients, people=world.people)
    assert list(fill(world, CLIENTS[1])) == list(fill(again, CLIENTS[1]))
    other = World(8, world.days, world.now, world.clients, people=world.people)
    assert list(fill(world, CLIENTS[1])) != list(fill(other, CLIENTS[1]))
