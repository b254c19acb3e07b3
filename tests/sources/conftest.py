"""A world for readings: clients, a clock that tests turn, the real client, and the routes behind their real doors."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import psycopg
import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError

import belvedere.sources.jobs  # noqa: F401 - registers the jobs
from belvedere.accounts import service as accounts
from belvedere.accounts.tokens import generate_token, secret_hash
from belvedere.api.problems import of_error, of_validation
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.errors import BelvedereError
from belvedere.core.jobs import JobCall, run_now
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox
from belvedere.sources import listeners
from belvedere.sources.routes import router
from belvedere.wiring.connections import connect
from tests.people import BRANDT, People, Person

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SCOPES = ["sources.read", "sources.write", "sources.run", "records.read"]
SIMPLE = {
    "name": "simple",
    "columns": {"external_id": "id", "name": "name", "status": "status", "tags": "tags", "amount": "amount"},
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


async def no_wait(_seconds: float) -> None:
    return None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def runtime(settings: Settings, db: Database, clock: Clock, people: People) -> AsyncIterator[Runtime]:
    accounts.use_keyring(accounts.load_keyring(settings))
    async with HttpClient(settings, sleep=no_wait) as client:
        yield Runtime(settings, db, client, clock=clock)


@dataclass
class World:
    """What tests arrange and look at; everything they judge goes through the product's own doors."""

    runtime: Runtime
    admin: psycopg.Connection[Any]

    def source(self, provider: str = "file", endpoint: str = "campaigns", minutes: int = 60) -> UUID:
        found = self.admin.execute(
            "INSERT INTO watch.api_sources (provider, endpoint, display_name, refresh_interval_minutes)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (provider, endpoint) DO UPDATE"
            " SET refresh_interval_minutes = excluded.refresh_interval_minutes RETURNING id",
            [provider, endpoint, f"{provider} {endpoint}", minutes],
        ).fetchone()
        return found[0]

    def account(self, source_id: UUID, client_id: int = BRANDT, **settings: Any) -> UUID:
        found = self.admin.execute(
            "INSERT INTO watch.source_accounts (client_id, source_id, settings) VALUES (%s, %s, %s) RETURNING id",
            [client_id, source_id, orjson.dumps(settings).decode()],
        ).fetchone()
        return found[0]

    async def credential(self, account_id: UUID, client_id: int = BRANDT, **secret: str) -> None:
        now = self.runtime.clock()
        async with self.runtime.db.write(Scope.service("tests")) as session:
            credential_id = await accounts.store_credential(
                session, client_id, "tests", f"key of {account_id}", secret, "tests", now
            )
        self.admin.execute(
            "UPDATE watch.source_accounts SET credential_id = %s WHERE id = %s", [credential_id, account_id]
        )

    async def job(self, name: str, client_id: int | None = BRANDT, **args: Any) -> None:
        await run_now(
            self.runtime, name, JobCall(name, {key: str(value) for key, value in args.items()}, client_id)
        )

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """Arguments of the waiting jobs of a name, oldest first."""
        rows = self.admin.execute(
            "SELECT args -> 'call' FROM jobs.procrastinate_jobs WHERE task_name = %s AND status = 'todo' ORDER BY id",
            [name],
        ).fetchall()
        return [row[0] for row in rows]

    def lose_jobs(self) -> None:
        """What a queue that was emptied looks like."""
        self.admin.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")

    def one(self, statement: str, *values: Any) -> Any:
        row = self.admin.execute(statement, list(values)).fetchone()
        return row[0] if row is not None and len(row) == 1 else row

    def snapshot(self, snapshot_id: UUID | str) -> dict[str, Any]:
        cursor = self.admin.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute("SELECT * FROM watch.api_snapshots WHERE id = %s", [snapshot_id]).fetchone()


@pytest.fixture
def world(runtime: Runtime, admin: psycopg.Connection[Any]) -> World:
    return World(runtime, admin)


@pytest.fixture
async def http(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(router, prefix="/api/v1")

    @app.exception_handler(BelvedereError)
    async def problem(request: Request, error: BelvedereError):
        return of_error(request, error)

    @app.exception_handler(RequestValidationError)
    async def misfit(request: Request, error: RequestValidationError):
        return of_validation(request, error)

    transport = httpx.ASGITransport(app, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420/api/v1") as client:
        yield client


@pytest.fixture
def token_of(admin: psycopg.Connection[Any]) -> Callable[..., dict[str, str]]:
    def make(person: Person, *scopes: str) -> dict[str, str]:
        token = generate_token()
        admin.execute(
            "INSERT INTO core.api_tokens (id, user_id, name, prefix, token_hash, scopes, expires_at)"
            " VALUES (%s, %s, 'probe', %s, %s, %s, %s)",
            [
                uuid4(),
                person.id,
                token[:10],
                secret_hash(token),
                list(scopes) or SCOPES,
                NOON + timedelta(days=30),
            ],
        )
        return {"Authorization": f"Bearer {token}"}

    return make


@pytest.fixture
def olga(token_of, people: People) -> dict[str, str]:
    return token_of(people.olga)


@pytest.fixture
def alice(token_of, people: People) -> dict[str, str]:
    return token_of(people.alice)


@pytest.fixture
def bob(token_of, people: People) -> dict[str, str]:
    return token_of(people.bob)


@pytest.fixture
def charlie(token_of, people: People) -> dict[str, str]:
    return token_of(people.charlie)


@pytest.fixture
def connected() -> Iterator[None]:
    """The product's parts wired together: a stored reading is judged."""
    kept = list(listeners._listeners)
    connect()
    yield
    listeners._listeners[:] = kept


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(started_at=NOON))
    yield running
    await running.close()
