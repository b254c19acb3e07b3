import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import DbRole, Scope
from belvedere.core.database import Database, as_role


async def add_snapshot(db: Database, client_id: int) -> None:
    async with db.write(Scope.client(client_id)) as session:
        await session.execute(
            text(
                "INSERT INTO watch.api_snapshots (client_id, source_id)"
                " SELECT :client, id FROM watch.api_sources WHERE endpoint = 'cvr'"
            ),
            {"client": client_id},
        )


async def count(db: Database, scope: Scope) -> int:
    async with db.read(scope) as session:
        return int((await session.execute(text("SELECT count(*) FROM watch.api_snapshots"))).scalar_one())


async def test_people_see_the_snapshots_of_their_clients_alone(db: Database, people: People) -> None:
    await add_snapshot(db, BRANDT)
    assert await count(db, people.alice.scope) == 1
    assert await count(db, people.charlie.scope) == 0
    assert await count(db, people.olga.scope) == 1
    assert await count(db, Scope.person(people.olga.id, MARLOW)) == 0
    assert await count(db, Scope.client(MARLOW)) == 0
    assert await count(db, Scope.service()) == 1


async def test_a_worker_for_one_client_cannot_write_for_another(db: Database, people: People) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        async with db.write(Scope.client(MARLOW)) as session:
            await session.execute(
                text(
                    "INSERT INTO watch.api_snapshots (client_id, source_id)"
                    " SELECT 1, id FROM watch.api_sources WHERE endpoint = 'cvr'"
                )
            )


async def test_a_read_transaction_cannot_write(db: Database, people: People) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        async with db.read(Scope.client(BRANDT)) as session:
            await session.execute(text("DELETE FROM watch.api_snapshots"))


async def test_a_role_is_taken_for_a_block_and_given_back(db: Database) -> None:
    async with db.write(Scope.service()) as session:
        async with as_role(session, DbRole.LOADER):
            assert (await session.execute(text("SELECT current_user"))).scalar_one() == "loader"
        assert (await session.execute(text("SELECT current_user"))).scalar_one() == "service_role"


async def test_the_web_login_cannot_become_a_worker(db: Database, people: People) -> None:
    with pytest.raises(ProgrammingError, match="permission denied to set role"):
        async with db.write(people.alice.scope) as session:
            await session.execute(text("SELECT set_config('role', 'service_role', true)"))


def test_the_printed_insert_of_a_source_runs(admin: psycopg.Connection) -> None:
    admin.execute(
        "INSERT INTO api_sources (provider, endpoint, display_name, refresh_interval_minutes)"
        " VALUES ('omnisend', 'automations', 'Omnisend Automations', 60)"
    )
    assert admin.execute("SELECT count(*) FROM api_sources").fetchone() == (8,)
