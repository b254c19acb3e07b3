"""One database with a million rows for the whole run, and the application over it as staff and as one client's person."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from tests.api.house import ADDRESS, Clock, give_token
from tests.conftest import login_url
from tests.people import Person
from tests.plans.filling import CLIENT
from tests.plans.plans import table_of
from tests.plans.shared import PERSON, SMALL, STAFF, open_millions

from belvedere.accounts import service as accounts
from belvedere.asgi import create_app
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.wiring.modules import connect_modules


@dataclass(frozen=True)
class Millions:
    """The filled database; `rows` are the sizes of its tables, all parts together."""

    url: str
    rows: dict[str, int]
    staff: Person
    person: Person
    tokens: dict[str, str]
    ids: dict[str, str]


@pytest.fixture(scope="session")
def millions(admin_url: str, template: str) -> Iterator[Millions]:
    """Filled once a day for all processes of this machine."""
    with open_millions(admin_url, template) as (url, admin):
        yield look_at(admin, url)


def look_at(admin: psycopg.Connection, url: str) -> Millions:
    rows = admin.execute(
        "SELECT n.nspname || '.' || c.relname, c.reltuples::bigint FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    people = {
        email: Person(found, email)
        for found, email in admin.execute("SELECT id, email FROM core.users").fetchall()
    }
    everybody = {"staff": people[STAFF], "person": people[PERSON], "small": people[SMALL]}
    tokens = {name: give_token(admin, one) for name, one in everybody.items()}
    sizes: Counter[str] = Counter()
    for name, count in rows:
        sizes[table_of(name)] += count
    return Millions(url, dict(sizes), everybody["staff"], everybody["person"], tokens, ids_of(admin))


def ids_of(admin: psycopg.Connection) -> dict[str, str]:
    """Keys that the paths of the lists name."""
    queries = {
        "source_id": "SELECT id FROM watch.api_sources WHERE endpoint = 'cvr'",
        "account_id": "SELECT id FROM watch.source_accounts WHERE client_id = %(c)s LIMIT 1",
        "snapshot_id": "SELECT id FROM watch.api_snapshots WHERE client_id = %(c)s ORDER BY created_at DESC LIMIT 1",
        "record_id": "SELECT id FROM watch.api_records WHERE client_id = %(c)s ORDER BY id DESC LIMIT 1",
        "rule_id": "SELECT id FROM watch.watchtower_rules WHERE client_id = %(c)s LIMIT 1",
        "alert_id": "SELECT id FROM watch.watchtower_alerts WHERE client_id = %(c)s ORDER BY created_at DESC LIMIT 1",
        "delivery_id": "SELECT id FROM core.deliveries WHERE client_id = %(c)s LIMIT 1",
        "subject_id": "SELECT subject_id FROM core.deliveries WHERE client_id = %(c)s LIMIT 1",
    }
    found: dict[str, UUID] = {}
    for name, query in queries.items():
        row = admin.execute(query, {"c": CLIENT}).fetchone()
        assert row is not None, name
        found[name] = row[0]
    return {name: str(value) for name, value in found.items()} | {"client_id": str(CLIENT)}


@pytest.fixture
async def door(
    millions: Millions, template: str, tmp_path: Path
) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """The application over the large database: `door("staff")` or `door("person")` is a program that calls it."""
    settings = Settings(data_dir=tmp_path, allow_private_networks="127.0.0.0/8")
    connect_modules()
    accounts.use_keyring(accounts.load_keyring(settings))
    database = Database(
        login_url(millions.url, template, "api"), login_url(millions.url, template, "worker"), pool_size=2
    )
    http = HttpClient(settings)
    app = create_app(Runtime(settings, database, http=http, clock=Clock(datetime.now(UTC))))

    def caller(name: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 5000))
        headers = {"Authorization": f"Bearer {millions.tokens[name]}", "X-Request-Id": str(uuid4())}
        return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)

    yield caller
    await http.aclose()
    await database.close()
