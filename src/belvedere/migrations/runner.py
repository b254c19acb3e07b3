"""Bring a database to the schema of this program: roles first, then the revisions, one migrator at a time."""

from importlib import resources
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

from belvedere.core.database import libpq_url, sqlalchemy_url
from belvedere.core.errors import SetupError
from belvedere.migrations.roles import ensure_roles

LOCK = 884200
LEAST_VERSION = 150000


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(str(resources.files("belvedere") / "migrations"))))
    return config


def head() -> str:
    """The newest revision this program knows."""
    found = ScriptDirectory.from_config(alembic_config()).get_current_head()
    return found or ""


def migrate(
    admin_url: str, secret: bytes, *, target: str = "head", lock_timeout: str = "10s"
) -> tuple[str | None, str]:
    """Create roles and run the revisions up to `target`; returns (revision before, revision after).

    Raises SetupError when the server is unreachable, too old, or ahead of this program.
    """
    try:
        with psycopg.connect(libpq_url(admin_url), autocommit=True, connect_timeout=10) as admin:
            check_server(admin)
            ensure_roles(admin, secret)
    except psycopg.OperationalError as error:
        raise SetupError(
            f"The database does not answer: {first_line(error)}. Check DATABASE_URL: host, port, name, user, password.",
            code="database_unreachable",
        ) from error
    engine = create_engine(sqlalchemy_url(admin_url), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            return _migrate(connection, target, lock_timeout)
    finally:
        engine.dispose()


def first_line(error: Exception) -> str:
    """What the driver says, without its second line of general advice."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def check_server(connection: psycopg.Connection) -> None:
    if connection.info.server_version < LEAST_VERSION:
        raise SetupError(
            f"PostgreSQL {connection.info.server_version // 10000} is too old; Belvedere needs 15 or newer.",
            code="database_too_old",
        )


def _migrate(connection: Connection, target: str, lock_timeout: str) -> tuple[str | None, str]:
    connection.execute(text("SET ROLE owner_r"))
    connection.execute(text(f"SET lock_timeout = '{lock_timeout}'"))
    connection.execute(text("SET statement_timeout = '10min'"))
    # A month of the schema is a month of UTC, whatever zone the server is set to.
    connection.execute(text("SET timezone = 'UTC'"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS core"))
    connection.commit()
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    connection.commit()
    try:
        before = current_revision(connection)
        refuse_unknown(before)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, target)
        connection.commit()
        return before, current_revision(connection) or ""
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
        connection.commit()


def current_revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "core"})
    revision = context.get_current_revision()
    connection.commit()
    return revision


def refuse_unknown(revision: str | None) -> None:
    """An older program must not touch a newer schema it cannot know."""
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SetupError(
            f"The database is at revision {revision}, which this version of Belvedere does not know. Install the version"
            " that made it, or a newer one.",
            code="database_newer",
        )
