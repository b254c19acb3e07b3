"""Open an installation: its database (embedded or given), its schema, and the logins of its processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from belvedere.core.database import Database, libpq_url
from belvedere.core.embedded import EmbeddedServer, is_listening, prepare_data_dir, start_embedded
from belvedere.core.errors import SetupError
from belvedere.core.logs import get_logger
from belvedere.core.settings import Settings
from belvedere.migrations.roles import login_name, login_password, login_secret
from belvedere.migrations.runner import first_line, migrate, refuse_other, revision_of

log = get_logger("wiring.installation")


@dataclass
class Installation:
    """An open installation. `admin_url` may do anything and is for migrations, backup and restore alone."""

    settings: Settings
    admin_url: str
    secret: bytes
    server: EmbeddedServer | None = None

    @property
    def database_name(self) -> str:
        return psycopg.conninfo.conninfo_to_dict(self.admin_url)["dbname"]  # type: ignore[return-value]

    def login_url(self, kind: str) -> str:
        """Address of a login role: `api`, `worker` or `psql`."""
        from sqlalchemy.engine import make_url

        url = make_url(self.admin_url)
        login = url.set(
            drivername="postgresql",
            username=login_name(self.database_name, kind),
            password=login_password(self.secret, self.database_name, kind),
        )
        return login.render_as_string(hide_password=False)

    def database(self) -> Database:
        return Database(
            self.login_url("api"),
            self.login_url("worker"),
            pool_size=self.settings.database_pool,
            replica_url=self.settings.database_replica_url,
        )

    def migrate(self, target: str = "head", *, discard_rows: bool = False) -> tuple[str | None, str]:
        return migrate(self.admin_url, self.secret, target=target, discard_rows=discard_rows)

    def prepare(self) -> None:
        """Make the schema where there is none; refuse one of an older or newer program."""
        found = revision_of(self.admin_url)
        if found is not None:
            refuse_other(found)
        # On the right schema this only refreshes the logins.
        self.migrate()

    def require_schema(self) -> None:
        """Refuse to run on a database that is not at this program's revision."""
        refuse_other(read_revision(self.login_url("api")))

    async def keep_running(self, every_seconds: float = 1.0) -> None:
        """Start the embedded server again whenever it dies; returns at once where the database is not ours."""
        if self.server is None:
            return
        while True:
            await asyncio.sleep(every_seconds)
            if not await asyncio.to_thread(is_listening, self.server.port):
                log.warning("the embedded database is gone; starting it again")
                await asyncio.to_thread(self.server.revive)

    def release(self, *, keep_running: bool = False) -> None:
        if self.server is not None:
            self.server.release(keep_running=keep_running)


def read_revision(url: str) -> str | None:
    """The revision of a database, or None when it has none yet or its logins are not there."""
    try:
        with psycopg.connect(libpq_url(url), connect_timeout=10) as connection:
            connection.execute("SELECT set_config('role', 'authenticated', true)")
            row = connection.execute("SELECT version_num FROM core.alembic_version").fetchone()
            return None if row is None else str(row[0])
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error) or "does not exist" in str(error):
            return None
        raise SetupError(
            f"The database does not answer: {first_line(error)}. Check DATABASE_URL: host, port, name, user, password.",
            code="database_unreachable",
        ) from error
    except (
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidParameterValue,
    ):
        return None


@contextmanager
def open_installation(settings: Settings, *, keep_running: bool = False) -> Iterator[Installation]:
    """The installation of these settings for the length of a block; the embedded server is started and shared."""
    data_dir = prepare_data_dir(settings.data_dir)
    key = settings.master_key.get_secret_value() if settings.master_key else None
    secret = login_secret(data_dir, key)
    if settings.database_url:
        check_url(settings.database_url)
        yield Installation(settings, libpq_url(settings.database_url), secret)
        return
    server = start_embedded(data_dir, system_user=settings.database_user, port=settings.database_port)
    installation = Installation(settings, server.admin_url, secret, server)
    try:
        yield installation
    finally:
        installation.release(keep_running=keep_running)


def check_url(url: str) -> None:
    """A clear word about an address that cannot be one, before anything tries it."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SetupError(
            "DATABASE_URL cannot be read. It looks like postgresql://user:password@host:5432/name.",
            code="database_url_wrong",
        ) from error
    if not parsed.drivername.startswith("postgres"):
        raise SetupError(
            f"DATABASE_URL names {parsed.drivername!r}; Belvedere needs PostgreSQL: postgresql://user:password@host/name.",
            code="database_url_wrong",
        )
    if not parsed.database:
        raise SetupError(
            "DATABASE_URL names no database: postgresql://user:password@host/name.", code="database_url_wrong"
        )
