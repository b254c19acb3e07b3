"""Made-up data of agents and core: it fits its tables, hangs together, and is always the same."""

from datetime import UTC, datetime

import psycopg
import pytest
from tests.people import People

from belvedere.core import audit
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.seeding import agents, core
from belvedere.seeding.agents_texts import PAIRS, count_edits
from belvedere.seeding.world import ClientPlan, World
from belvedere.seeding.writer import make_months, write_batch

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
AGENCY = ClientPlan(0, "Agency", "agency", "USD", "UTC")
BRANDT = ClientPlan(1, "Kaffeehaus Brandt", "brandt", "EUR", "Europe/Vienna")
TOKYO = ClientPlan(2, "Marlow & Finch", "marlow", "JPY", "Asia/Tokyo")
PLANS = (AGENCY, BRANDT, TOKYO)
TABLES = (
    "agents.agent_run", "agents.agent_run_steps", "agents.agent_qc", "agents.agent_approval", "agents.agent_feedback",
    "agents.agent_query", "agents.ai_gym_performance", "agents.ai_gym_comparisons", "core.dashboard_fact",
    "core.decision_log", "core.channels", "core.deliveries", "core.delivery_members", "core.delivery_attempts",
    "core.outbox_events", "core.idempotency_keys",
)  # fmt: skip


async def fill(db: Database, people: People, days: int) -> dict[str, int]:
    world = World(7, days, NOW, PLANS, people=(people.olga.id, people.alice.id, people.bob.id))
    written: dict[str, int] = {}
    async with db.write(Scope.service("seed")) as session:
        await make_months(session, days + 1)
        for client in PLANS:
            for filler in (core.fill, agents.fill):
                for batch in filler(world, client):
                    written[batch.table] = written.get(batch.table, 0) + await write_batch(session, batch)
    return written


def one(admin: psycopg.Connection, statement: str) -> object:
    row = admin.execute(statement).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]


@pytest.mark.parametrize("days", [1, 70])
async def test_every_client_has_rows_in_every_table(
    db: Database, admin: psycopg.Connection, people: People, days: int
) -> None:
    await fill(db, people, days)
    for table in TABLES:
        assert one(admin, f"SELECT count(DISTINCT client_id) FROM {table}") == len(PLANS), table
    assert await fill(db, people, days) == dict.fromkeys([*TABLES, "core.rate_budgets"], 0)
    async with db.read(Scope.service()) as session:
        assert (await audit.verify(session)).rows == one(admin, "SELECT count(*) FROM core.decision_log")


async def test_figures_hang_together(db: Database, admin: psycopg.Connection, people: People) -> None:
    await fill(db, people, 70)
    for table, column in (("agents.agent_run_steps", "run_id"), ("agents.agent_query", "run_id")):
        for figure in ("cost_micros", "input_tokens", "output_tokens"):
            assert one(
                admin,
                f"SELECT count(*) FROM agents.agent_run r WHERE {figure} <>"
                f" (SELECT sum({figure}) FROM {table} s WHERE s.client_id = r.client_id AND s.{column} = r.id)",
            ) == 0  # fmt: skip
    assert one(admin, "SELECT sum(cost) FROM agents.ai_gym_performance") == one(
        admin, "SELECT sum(cost_usd) FROM agents.agent_query"
    )
    assert one(
        admin,
        "SELECT count(*) FROM (SELECT period_start FROM core.dashboard_fact WHERE metric = 'revenue'"
        " GROUP BY client_id, period_start HAVING sum(value) FILTER (WHERE dimensions = '{}')"
        " <> sum(value) FILTER (WHERE dimensions <> '{}')) AS torn",
    ) == 0  # fmt: skip
    assert (
        one(admin, "SELECT count(*) FROM core.dashboard_fact WHERE currency = 'JPY' AND value % 1 <> 0") == 0
    )


async def test_the_queue_shows_every_state(db: Database, admin: psycopg.Connection, people: People) -> None:
    await fill(db, people, 70)
    rows = admin.execute("SELECT DISTINCT status FROM agents.agent_approval WHERE client_id = 1").fetchall()
    assert {row[0] for row in rows} == {
        "pending", "approved", "consumed", "rejected", "expired", "cancelled", "superseded",
    }  # fmt: skip
    verdicts = admin.execute("SELECT DISTINCT verdict FROM agents.agent_feedback").fetchall()
    assert {row[0] for row in verdicts} == {"accepted", "edited", "rejected"}


async def test_nothing_lies_ahead_or_waits_to_be_sent(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    await fill(db, people, 70)
    for table, column in (
        ("agents.agent_run", "finished_at"), ("agents.agent_approval", "updated_at"), ("agents.agent_qc", "created_at"),
        ("agents.ai_gym_performance", "created_at"), ("agents.ai_gym_comparisons", "created_at"),
        ("core.dashboard_fact", "as_of"), ("core.decision_log", "created_at"), ("core.deliveries", "created_at"),
        ("core.outbox_events", "published_at"),
    ):  # fmt: skip
        assert one(admin, f"SELECT count(*) FROM {table} WHERE {column} > now()") == 0, table
    assert one(admin, "SELECT count(*) FROM agents.ai_gym_performance_default") == 0
    assert one(admin, "SELECT count(*) FROM core.deliveries WHERE state NOT IN ('sent', 'dead')") == 0


def test_edits_are_counted() -> None:
    assert count_edits("kitten", "sitting") == 3
    assert count_edits("", "abc") == 3
    assert all(0 < count_edits(*pair) < 60 for pair in PAIRS)
