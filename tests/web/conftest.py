"""The whole application in this process, over a real database: people sign in, files become readings, rules judge them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import psycopg
import pytest
from tests.people import BRANDT, People, Person

from belvedere.accounts import service as accounts
from belvedere.accounts.contracts import Login
from belvedere.accounts.cookies import cookie_name
from belvedere.accounts.passwords import _hasher
from belvedere.asgi import create_app
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.sources.service import ingest_file
from belvedere.watchtower.contracts import Condition, Severity
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import create_rule
from belvedere.wiring.modules import connect_modules

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "a calm harbour at noon"
SIMPLE = {
    "name": "simple",
    "columns": {"external_id": "id", "name": "name", "status": "status", "amount": "amount"},
    "metrics": {
        "open_rate": {"path": "open_rate", "unit": "percent"},
        "spend": {"path": "spend", "unit": "currency"},
    },
    "extra": "rest",
}


@dataclass
class Clock:
    at: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class House:
    """A running installation: `browser` gives a person's browser, `read` stores a reading and judges it."""

    runtime: Runtime
    admin: psycopg.Connection
    people: People
    clock: Clock
    app: Any

    def browser(self, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.7", 5000))
        return httpx.AsyncClient(
            transport=transport,
            base_url="http://127.0.0.1:8420",
            cookies=cookies,
            headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        )

    async def signed_in(self, person: Person) -> httpx.AsyncClient:
        async with self.runtime.db.write(Scope.authn()) as session:
            login = await accounts.log_in(
                session,
                email=person.email,
                password=PASSWORD,
                address="192.0.2.7",
                user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
                now=self.clock.at,
                settings=self.runtime.settings,
            )
        assert isinstance(login, Login)
        return self.browser({cookie_name(self.runtime.settings): login.cookie})

    async def read(self, *rows: dict[str, Any], client: int = BRANDT, endpoint: str = "campaigns") -> UUID:
        self.clock.forward(hours=1)
        result = await ingest_file(
            self.runtime,
            client_id=client,
            provider="shop",
            endpoint=endpoint,
            data=orjson.dumps(list(rows)),
            mapping=SIMPLE,
            actor="tests",
            file_name="rows.json",
        )
        return result.snapshot_id

    async def rule(self, **changes: Any) -> UUID:
        values = {
            "name": "Low open rate",
            "field_name": "open_rate",
            "condition": Condition.LESS_THAN,
            "threshold_value": "15",
            "client_id": BRANDT,
            "severity": Severity.CRITICAL,
            **changes,
        }
        async with self.runtime.db.write(self.people.olga.scope) as session:
            saved = await create_rule(
                session, RuleDraft(**values), actor="olga", now=self.clock.at, force=True
            )
        return saved.rule.id

    def one(self, query: str, *values: Any) -> Any:
        row = self.admin.execute(query, values).fetchone()
        return None if row is None else row[0]


@pytest.fixture(scope="session")
def password_hash() -> str:
    return _hasher.hash(PASSWORD)


@pytest.fixture
async def runtime(settings: Settings, db: Database) -> AsyncIterator[Runtime]:
    connect_modules()
    accounts.use_keyring(accounts.load_keyring(settings))
    http = HttpClient(settings)
    yield Runtime(settings, db, http=http, clock=Clock())
    await http.aclose()


@pytest.fixture
def empty_house(runtime: Runtime, admin: psycopg.Connection) -> House:
    """An installation where nobody exists yet."""
    return House(runtime, admin, None, runtime.clock, create_app(runtime))


@pytest.fixture
def house(empty_house: House, people: People, password_hash: str) -> House:
    """Olga, Alice, Bob and Charlie can sign in; nothing was read yet."""
    empty_house.admin.execute("UPDATE core.users SET password_hash = %s", [password_hash])
    empty_house.people = people
    return empty_house


@pytest.fixture
async def olga(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with await house.signed_in(house.people.olga) as browser:
        yield browser


CAMPAIGNS = [
    {
        "id": "a1",
        "name": "Advent preview",
        "status": "sent",
        "amount": "842.16",
        "open_rate": "11.8",
        "spend": "40",
    },
    {
        "id": "r2",
        "name": "Roast of the month",
        "status": "sent",
        "amount": "18.5",
        "open_rate": "31",
        "spend": "12",
    },
]


@pytest.fixture
async def filled(house: House) -> House:
    """Two readings of one client, a rule that found something, and a message about it."""
    house.admin.execute(
        "UPDATE core.clients SET discord_channel_id = '1180000000000000101' WHERE id = %s", [BRANDT]
    )
    await house.read({**CAMPAIGNS[0], "open_rate": "21"}, CAMPAIGNS[1])
    await house.rule(notify_discord=True)
    await house.read(*CAMPAIGNS, {"name": "No id at all"})
    return house


Ids = Callable[[], dict[str, str]]


@pytest.fixture
def ids(filled: House) -> dict[str, str]:
    """The id of one of each thing in the filled house."""
    queries = {
        "alert": "SELECT id FROM watch.watchtower_alerts LIMIT 1",
        "rule": "SELECT id FROM watch.watchtower_rules WHERE builtin IS NULL LIMIT 1",
        "source": "SELECT id FROM watch.api_sources WHERE provider = 'shop' LIMIT 1",
        "snapshot": "SELECT id FROM watch.api_snapshots ORDER BY created_at DESC LIMIT 1",
        "record": "SELECT r.id FROM watch.api_records r WHERE external_id = 'a1' ORDER BY created_at DESC LIMIT 1",
        "delivery": "SELECT id FROM core.deliveries LIMIT 1",
        "reject": "SELECT id FROM watch.record_rejects LIMIT 1",
        "person": f"SELECT id FROM core.users WHERE email = '{filled.people.bob.email}'",
    }
    return {name: str(filled.one(query)) for name, query in queries.items()}
