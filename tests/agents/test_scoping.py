"""Whose runs, approvals and figures somebody reaches, and what of them people may change."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from tests.isolation.rows import insert, uid
from tests.isolation.rows_agents import STATEMENTS
from tests.people import BRANDT, MARLOW, People, Person

from belvedere.core.context import Scope
from belvedere.core.database import Database

INTERNALS = ("agents.agent_run", "agents.agent_run_steps", "agents.agent_qc")
READABLE = tuple(table for table in STATEMENTS if table not in INTERNALS)


@pytest.fixture
def filled(admin: psycopg.Connection, people: People) -> People:
    for table in STATEMENTS:
        for client in (BRANDT, MARLOW):
            admin.execute(*insert(table, client))
    return people


async def clients_seen(db: Database, scope: Scope, table: str) -> set[int]:
    async with db.read(scope) as session:
        return {row[0] for row in await session.execute(text(f"SELECT client_id FROM {table}"))}


@pytest.mark.parametrize("table", READABLE)
async def test_people_read_the_rows_of_their_clients(db: Database, filled: People, table: str) -> None:
    assert await clients_seen(db, filled.alice.scope, table) == {BRANDT}
    assert await clients_seen(db, filled.bob.scope, table) == {BRANDT}
    assert await clients_seen(db, filled.charlie.scope, table) == {MARLOW}
    assert await clients_seen(db, filled.olga.scope, table) == {BRANDT, MARLOW}


@pytest.mark.parametrize("table", INTERNALS)
async def test_internals_of_agents_are_closed_to_people(db: Database, filled: People, table: str) -> None:
    for person in (filled.alice, filled.olga):
        with pytest.raises(ProgrammingError, match="permission denied"):
            await clients_seen(db, person.scope, table)
    assert await clients_seen(db, Scope.client(MARLOW), table) == {MARLOW}
    assert await clients_seen(db, Scope.service(), table) == {BRANDT, MARLOW}


async def give_feedback(db: Database, person: Person, client: int, operator: Person) -> None:
    async with db.write(person.scope) as session:
        await session.execute(
            text(
                "INSERT INTO agents.agent_feedback (client_id, verdict, operator_id) VALUES (:c, 'rejected', :o)"
            ),
            {"c": client, "o": operator.id},
        )


async def test_feedback_is_given_by_operators_in_their_own_name(db: Database, filled: People) -> None:
    await give_feedback(db, filled.alice, BRANDT, filled.alice)
    for person, client, operator in (
        (filled.alice, BRANDT, filled.olga),
        (filled.alice, MARLOW, filled.alice),
        (filled.bob, BRANDT, filled.bob),
    ):
        with pytest.raises(ProgrammingError, match="row-level security"):
            await give_feedback(db, person, client, operator)


async def test_people_cannot_decide_by_hand(db: Database, filled: People) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with db.write(filled.alice.scope) as session:
            await session.execute(text("UPDATE agents.agent_approval SET status = 'approved'"))


@pytest.mark.parametrize(
    ("table", "column", "parent"),
    [
        ("agents.agent_run", "parent_run_id", "agents.agent_run"),
        ("agents.agent_run_steps", "run_id", "agents.agent_run"),
        ("agents.agent_qc", "run_id", "agents.agent_run"),
        ("agents.agent_approval", "run_id", "agents.agent_run"),
        ("agents.agent_feedback", "run_id", "agents.agent_run"),
        ("agents.agent_feedback", "approval_id", "agents.agent_approval"),
        ("agents.agent_query", "run_id", "agents.agent_run"),
    ],
)
async def test_no_row_points_at_another_clients(
    db: Database, filled: People, table: str, column: str, parent: str
) -> None:
    statement = text(f"UPDATE {table} SET {column} = :parent WHERE client_id = 1")
    with pytest.raises(IntegrityError, match="foreign key"):
        async with db.write(Scope.service()) as session:
            await session.execute(statement, {"parent": uid(parent, MARLOW)})


async def test_security_and_system_decisions_are_for_agency_staff(
    db: Database, admin: psycopg.Connection, people: People
) -> None:
    for area in ("security", "system", "growth"):
        admin.execute(
            "INSERT INTO core.decision_log (client_id, area, decision, actor) VALUES (1, %s, 'x', 'job')",
            [area],
        )
    seen = text("SELECT area FROM core.decision_log ORDER BY area")
    async with db.read(people.alice.scope) as session:
        assert [row[0] for row in await session.execute(seen)] == ["growth"]
    async with db.read(people.olga.scope) as session:
        assert [row[0] for row in await session.execute(seen)] == ["growth", "security", "system"]
