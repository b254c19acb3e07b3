"""A small app behind the real doors, over a real database, with a clock that tests turn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text

from belvedere.accounts import service
from belvedere.accounts.door import Access, Visit, WriteAccess, public_reading, reading, writing
from belvedere.accounts.keyring import KeyRing
from belvedere.accounts.passwords import _hasher
from belvedere.accounts.routes import router
from belvedere.accounts.routing import door_router
from belvedere.accounts.tokens import generate_token, secret_hash
from belvedere.api.problems import of_error, of_validation
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.errors import BelvedereError
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSWORD = "a calm harbour at noon"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Clock:
    at: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **parts: float) -> None:
        self.at += timedelta(**parts)


def probe_router():
    """Routes that do one simple thing, to look at the door itself."""
    probes = door_router("/probe", tags=["probe"])
    add_readers(probes)
    add_writers(probes)
    return probes


def add_readers(probes: APIRouter) -> None:
    @probes.get("/who")
    async def who(access: Annotated[Access, Depends(reading("me.read"), scope="function")]) -> dict[str, str]:
        role = (await access.session.execute(text("SELECT current_setting('role')"))).scalar_one()
        mode = (await access.session.execute(text("SHOW transaction_read_only"))).scalar_one()
        return {"email": access.principal.email, "role": role, "read_only": mode}

    @probes.get("/clients")
    async def clients(
        access: Annotated[Access, Depends(reading("clients.read"), scope="function")],
    ) -> list[int]:
        rows = await access.session.execute(text("SELECT id FROM core.clients ORDER BY id"))
        return list(rows.scalars())

    @probes.post("/preview")
    async def preview(
        access: Annotated[Access, Depends(reading("rules.read"), scope="function")],
    ) -> dict[str, str]:
        await access.session.execute(text("SELECT 1"))
        return {}

    @probes.get("/open")
    async def open_page(
        visit: Annotated[Visit, Depends(public_reading(), scope="function")],
    ) -> dict[str, str]:
        return {"address": visit.address}


def add_writers(probes: APIRouter) -> None:
    @probes.post("/clients/{client_id}/sources", status_code=201)
    async def write_at(
        client_id: int, access: Annotated[WriteAccess, Depends(writing("sources.run"), scope="function")]
    ) -> dict[str, int]:
        access.require(client_id)
        return {"client_id": client_id}

    @probes.post("/effects", status_code=201)
    async def effect(
        request: Request, access: Annotated[WriteAccess, Depends(writing("me.write"), scope="function")]
    ) -> dict[str, str]:
        body = await request.body()
        if b"fail" in body:
            raise RuntimeError("after the effect")
        number = await add_effect(access)
        return {"number": str(number), "body": body.decode()}

    @probes.post("/raw")
    async def raw(
        body: dict[str, str | int],
        access: Annotated[WriteAccess, Depends(writing("me.write"), scope="function")],
    ) -> None:
        kind = "integer" if "number" in body else "text"
        await access.session.execute(
            text(f"SELECT CAST(:value AS {kind})"), {"value": next(iter(body.values()))}
        )

    @probes.post("/logout")
    async def log_out(
        access: Annotated[WriteAccess, Depends(writing("me.write"), scope="function")],
    ) -> None:
        await service.log_out(access.session, access.principal, access.now)


async def add_effect(access: WriteAccess) -> int:
    values = {"actor": access.actor, "now": access.now}
    appended = await access.session.execute(
        text("SELECT core.append_audit(0, :actor, 'probe.effect', 'probe', 'x', '{}', :now)"), values
    )
    return appended.scalar_one()


def build_app(runtime: Runtime) -> FastAPI:
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(router, prefix="/api/v1")
    app.include_router(probe_router())

    @app.exception_handler(BelvedereError)
    async def problem(request: Request, error: BelvedereError):
        return of_error(request, error)

    @app.exception_handler(RequestValidationError)
    async def misfit(request: Request, error: RequestValidationError):
        return of_validation(request, error)

    @app.exception_handler(RuntimeError)
    async def crash(request: Request, error: RuntimeError):
        return JSONResponse({"crashed": str(error)}, 500)

    return app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keyring(settings: Settings) -> KeyRing:
    ring = service.load_keyring(settings)
    service.use_keyring(ring)
    return ring


@pytest.fixture
def runtime(settings: Settings, db: Database, clock: Clock, keyring: KeyRing) -> Runtime:
    return Runtime(settings, db, http=None, clock=clock)


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return build_app(runtime)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as client:
        yield client


@pytest.fixture(scope="session")
def password_hash() -> str:
    return _hasher.hash(PASSWORD)


@pytest.fixture
def with_passwords(admin, people, password_hash):
    """Everybody of the cast can sign in."""
    admin.execute("UPDATE core.users SET password_hash = %s", [password_hash])
    return people


async def sign_in(db: Database, settings: Settings, email: str, now: datetime, password: str = PASSWORD):
    async with db.write(Scope.authn()) as session:
        return await service.log_in(
            session,
            email=email,
            password=password,
            address="192.0.2.7",
            user_agent="tests",
            now=now,
            settings=settings,
        )


@pytest.fixture
def cookie_of(db, settings, clock, with_passwords):
    """Sign a person in and return the headers of their browser."""

    async def make(person, **extra: str) -> dict[str, str]:
        login = await sign_in(db, settings, person.email, clock.at)
        return {"Cookie": f"belvedere={login.cookie}", **SAME_ORIGIN, **extra}

    return make


@pytest.fixture
def token_of(admin, clock):
    """A live token of a person, as headers."""

    def make(person, *scopes: str, client_id: int | None = None) -> dict[str, str]:
        token = generate_token()
        admin.execute(
            "INSERT INTO core.api_tokens"
            " (id, user_id, client_id, name, prefix, token_hash, scopes, expires_at)"
            " VALUES (%s, %s, %s, 'probe', %s, %s, %s, %s)",
            [
                uuid4(),
                person.id,
                client_id,
                token[:10],
                secret_hash(token),
                list(scopes) or ["me.read"],
                clock.at + timedelta(days=30),
            ],
        )
        return {"Authorization": f"Bearer {token}"}

    return make
