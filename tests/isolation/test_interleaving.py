"""Two hundred coroutines of two clients share two connections: nobody ever sees the other's rows.

The rounds can be made many more with BELVEDERE_INTERLEAVING_ROUNDS.
"""

import asyncio
import os
import random
from collections import Counter

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.conftest import login_url
from tests.isolation.rows import fill
from tests.people import BRANDT, MARLOW, People

from belvedere.core.context import Scope
from belvedere.core.database import Database

COROUTINES = 200
ROUNDS = int(os.environ.get("BELVEDERE_INTERLEAVING_ROUNDS", "3"))
TABLES = ("watch.watchtower_alerts", "core.channels", "outreach.leads", "ads.campaigns", "reports.dashboards")


def give_up() -> None:
    """What a coroutine feels when its request goes away."""
    raise asyncio.CancelledError


async def visit(db: Database, scope: Scope, client: int, chance: random.Random, seen: Counter[str]) -> None:
    """One transaction that ends in one of the ways transactions end."""
    end = chance.choice(("commit", "rollback", "error", "cancelled", "savepoint"))
    table = chance.choice(TABLES)
    try:
        async with db.write(scope) as session:
            if end == "savepoint":
                nested = await session.begin_nested()
                await session.execute(text("SELECT set_config('app.client_id', '', true)"))
                await nested.rollback()
            rows = await session.execute(text(f"SELECT client_id, pg_sleep(0) FROM {table}"))
            clients = {row[0] for row in rows}
            assert clients == {client}, f"{scope.actor} saw {clients} of {table}"
            seen[end] += 1
            if end == "error":
                await session.execute(text("SELECT 1 / 0"))
            if end == "cancelled":
                give_up()
            if end == "rollback":
                await session.rollback()
    except (DBAPIError, asyncio.CancelledError):
        assert end in ("error", "cancelled")


async def test_two_clients_on_two_connections_never_mix(
    database_url: str, template: str, admin: psycopg.Connection, people: People
) -> None:
    fill(admin, (BRANDT, MARLOW))
    db = Database(
        login_url(database_url, template, "api"), login_url(database_url, template, "worker"), pool_size=1
    )
    seen: Counter[str] = Counter()

    async def work(number: int) -> None:
        chance = random.Random(number)
        own = BRANDT if number % 2 else MARLOW
        person = people.alice if number % 2 else people.charlie
        for _ in range(ROUNDS):
            scope = Scope.client(own) if chance.random() < 0.3 else person.scope
            await visit(db, scope, own, chance, seen)
            await asyncio.sleep(0)

    try:
        await asyncio.gather(*(work(number) for number in range(COROUTINES)))
    finally:
        await db.close()
    assert sum(seen.values()) == COROUTINES * ROUNDS
    assert len(seen) == 5
