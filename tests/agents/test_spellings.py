"""The names of the first specification, in mixed case, quoted and not."""

import psycopg
import pytest
from tests.isolation.rows import insert
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database, driver_connection

PATH = "SET LOCAL search_path = ads, agents, knowledge, inventory, support, core"
NAMES = {
    "AgentApproval": "agents.agent_approval", "AgentFeedback": "agents.agent_feedback",
    "AgentQuery": "agents.agent_query", "DashboardFact": "core.dashboard_fact", "DecisionLog": "core.decision_log",
}  # fmt: skip
CHAIN = ("agents.agent_run", "agents.agent_approval")


def arrange(admin: psycopg.Connection, table: str) -> None:
    for client in (BRANDT, MARLOW):
        for name in dict.fromkeys([*CHAIN, table]):
            admin.execute(*insert(name, client))


async def count(db: Database, scope: Scope, statement: str) -> int:
    async with db.read(scope) as session:
        connection = await driver_connection(session)
        await connection.execute(PATH)
        return len(await (await connection.execute(statement)).fetchall())  # type: ignore[arg-type]


@pytest.mark.parametrize("spelling", NAMES)
async def test_both_spellings_show_a_persons_own_rows(
    db: Database, admin: psycopg.Connection, people: People, spelling: str
) -> None:
    arrange(admin, NAMES[spelling])
    for name in (spelling, spelling.lower(), f'"{spelling}"'):
        assert await count(db, people.alice.scope, f"SELECT * FROM {name}") == 1
        assert await count(db, people.charlie.scope, f"SELECT * FROM {name}") == 1
        assert await count(db, people.olga.scope, f"SELECT * FROM {name}") == 2
        assert await count(db, Scope.client(MARLOW), f"SELECT * FROM {name}") == 1


async def test_the_support_queue_and_the_revenue_tile_run_as_printed(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    arrange(admin, "agents.agent_approval")
    admin.execute(
        "INSERT INTO core.dashboard_fact (client_id, metric, period_start, value, unit, currency)"
        " VALUES (1, 'revenue', '2026-03-01', 1200.50, 'currency', 'EUR'), (1, 'orders', '2026-03-01', 31, 'count', NULL)"
    )
    queue = "SELECT * FROM AgentApproval WHERE status = 'pending'"
    assert await count(db, people.bob.scope, queue) == 1
    assert await count(db, people.bob.scope, queue.replace("AgentApproval", '"AgentApproval"')) == 1
    assert await count(db, people.bob.scope, "SELECT * FROM DashboardFact WHERE metric = 'revenue'") == 1
    assert await count(db, people.charlie.scope, "SELECT * FROM DashboardFact WHERE metric = 'revenue'") == 0


async def test_a_spelling_is_as_writable_as_its_table(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    async with db.write(people.alice.scope) as session:
        connection = await driver_connection(session)
        await connection.execute(PATH)
        await connection.execute(
            "INSERT INTO AgentFeedback (client_id, verdict, edited_text) VALUES (1, 'edited', 'Dear Ms Weber')"
        )
    assert admin.execute("SELECT operator_id FROM agents.agent_feedback").fetchall() == [(people.alice.id,)]
    async with db.write(Scope.client(BRANDT)) as session:
        connection = await driver_connection(session)
        await connection.execute(
            'INSERT INTO core."DashboardFact" (client_id, metric, period_start, value)'
            " VALUES (1, 'sessions', '2026-03-01', 12)"
        )
        await connection.execute("UPDATE core.dashboardfact SET value = 13 WHERE metric = 'sessions'")
    assert admin.execute("SELECT value FROM core.dashboard_fact").fetchall() == [(13,)]


def test_columns_of_the_spellings_say_what_they_hold(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relkind = 'v' AND c.relnamespace IN ('agents'::regnamespace, 'core'::regnamespace)"
        " AND lower(c.relname) = ANY(%s) AND col_description(c.oid, a.attnum) IS NULL",
        [[name.lower() for name in NAMES]],
    ).fetchall()
    assert rows == []
