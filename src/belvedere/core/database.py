"""The one way to the database: a transaction with its role, person and clients set before the first statement.

The login roles have no rights of their own, so a statement outside these doors answers "permission denied", not data.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NewType, cast

from psycopg import AsyncConnection
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from belvedere.core.context import WEB_ROLES, DbRole, Scope

ReadSession = NewType("ReadSession", AsyncSession)
"""A READ ONLY transaction."""
WriteSession = NewType("WriteSession", ReadSession)
"""A transaction that commits when its block ends well."""

SEARCH_PATH = "watch, core, public"

_ENTER = text(
    "SELECT set_config('app.user_id', :user_id, true), set_config('app.client_id', :clients, true),"
    " set_config('app.actor', :actor, true), set_config('transaction_read_only', :read_only, true),"
    " set_config('role', :role, true)"
)
_BECOME = text("SELECT set_config('role', :role, true)")


class Database:
    """Engines of one process: one login for people's requests, one for workers."""

    def __init__(
        self, api_url: str, worker_url: str, *, pool_size: int = 8, replica_url: str | None = None
    ) -> None:
        self.api_url = api_url
        self.worker_url = worker_url
        self._pool_size = pool_size
        self._urls = {"api": api_url, "worker": worker_url, "replica": replica_url or api_url}
        self._engines: dict[str, AsyncEngine] = {}

    def _engine(self, scope: Scope, *, replica: bool = False) -> AsyncEngine:
        name = "api" if scope.role in WEB_ROLES else "worker"
        if name == "api" and replica and self._urls["replica"] != self.api_url:
            name = "replica"
        if name not in self._engines:
            self._engines[name] = make_engine(self._urls[name], pool_size=self._pool_size)
        return self._engines[name]

    @asynccontextmanager
    async def read(self, scope: Scope, *, replica: bool = False) -> AsyncIterator[ReadSession]:
        """A READ ONLY transaction for `scope`; nothing it does can change a row.

        `replica` allows a copy that lags: for analytics, never for finding out who somebody is.
        """
        async with (
            AsyncSession(self._engine(scope, replica=replica), expire_on_commit=False) as session,
            session.begin(),
        ):
            await enter(session, scope, read_only=True)
            yield ReadSession(session)

    @asynccontextmanager
    async def write(self, scope: Scope) -> AsyncIterator[WriteSession]:
        """One transaction for `scope`: commits when the block ends, rolls back when it raises."""
        async with (
            AsyncSession(self._engine(scope), expire_on_commit=False) as session,
            session.begin(),
        ):
            await enter(session, scope)
            yield WriteSession(ReadSession(session))

    async def close(self) -> None:
        for engine in self._engines.values():
            await engine.dispose()
        self._engines.clear()


async def enter(session: AsyncSession, scope: Scope, *, read_only: bool = False) -> None:
    """Set role, person, clients and mode for the running transaction in one round trip; they end with it."""
    await session.execute(
        _ENTER,
        {
            "user_id": str(scope.user_id or ""),
            "clients": "" if scope.clients is None else str(scope.clients),
            "actor": scope.actor,
            "read_only": "on" if read_only else "off",
            "role": scope.role.value,
        },
    )
    session.info["scope"] = scope


def scope_of(session: AsyncSession) -> Scope:
    """The scope that the session entered with."""
    return cast("Scope", session.info["scope"])


@asynccontextmanager
async def as_role(session: AsyncSession, role: DbRole) -> AsyncIterator[None]:
    """Act as another role inside the same transaction, then as before; after an error the transaction is over anyway."""
    await session.execute(_BECOME, {"role": role.value})
    yield
    await session.execute(_BECOME, {"role": scope_of(session).role.value})


async def driver_connection(session: AsyncSession) -> AsyncConnection[Any]:
    """The psycopg connection under the session, for COPY and the queue, inside the same transaction."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return cast("AsyncConnection[Any]", raw.driver_connection)


def make_engine(url: str, *, pool_size: int = 8) -> AsyncEngine:
    """An engine on psycopg 3. Prepared statements stay off across role changes only where a pooler needs it."""
    return create_async_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={
            "options": f"-c search_path={SEARCH_PATH.replace(' ', '')} -c timezone=UTC",
            "connect_timeout": 10,
        },
    )


def sqlalchemy_url(url: str) -> URL:
    """A libpq address as SQLAlchemy wants it."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """An address as libpq and psql want it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
