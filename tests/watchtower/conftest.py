from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from tests.people import People, Person
from tests.watchtower.world import NOON, World

import belvedere.sources.jobs
import belvedere.watchtower.jobs  # noqa: F401 - registers the jobs that a reading enqueues
from belvedere.accounts import service as accounts
from belvedere.accounts.tokens import generate_token, secret_hash
from belvedere.api.export import router as export
from belvedere.api.problems import of_error, of_validation
from belvedere.core.database import Database
from belvedere.core.errors import BelvedereError
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.watchtower.routes import router
from belvedere.watchtower.routes_backtest import router as backtest
from belvedere.watchtower.routes_digests import router as digests
from belvedere.watchtower.routes_said import router as said
from belvedere.watchtower.routes_silences import router as silences
from belvedere.wiring.connections import offer_targets

offer_targets()

SCOPES = ["rules.read", "rules.write", "alerts.read", "alerts.write"]


@pytest.fixture
def world(db: Database, admin: psycopg.Connection, people: People) -> World:
    return World(db, admin)


@pytest.fixture
def runtime(settings: Settings, db: Database, world: World) -> Runtime:
    accounts.use_keyring(accounts.load_keyring(settings))
    return Runtime(settings, db, http=None, clock=lambda: world.now)


@pytest.fixture
async def http(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """The routes behind their real doors."""
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(backtest, prefix="/api/v1")
    app.include_router(said, prefix="/api/v1")
    app.include_router(router, prefix="/api/v1")
    app.include_router(silences, prefix="/api/v1")
    app.include_router(digests, prefix="/api/v1")
    app.include_router(export, prefix="/api/v1")

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
def token_of(admin: psycopg.Connection) -> Callable[..., dict[str, str]]:
    """A live token of a person, as headers."""

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
