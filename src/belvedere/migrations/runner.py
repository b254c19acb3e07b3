"""Bring a database to the schema of this program: roles first, then the revisions, one migrator at a time."""

from importlib import resources
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import OperationalError

from belvedere.core.database import libpq_url, sqlalchemy_url
from belvedere.core.errors import Invalid, SetupError
from belvedere.migrations.descent import refuse_loss
from belvedere.migrations.roles import ensure_roles

LOCK = 884200
LEAST_VERSION = 150000
BASE = "base"
TURN_TIMEOUT = "10min"


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(str(resources.files("belvedere") / "migrations"))))
    return config


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def head() -> str:
    """The newest revision this program knows."""
    return scripts().get_current_head() or ""


def revisions() -> list[str]:
    """Every revision this program knows, oldest first."""
    return [script.revision for script in scripts().walk_revisions()][::-1]


def migrate(
    admin_url: str,
    secret: bytes,
    *,
    target: str = "head",
    lock_timeout: str = "10s",
    discard_rows: bool = False,
) -> tuple[str | None, str]:
    """Create roles and run the revisions up or down to `target`; returns (revision before, revision after).

    Raises SetupError when the server is unreachable, too old, busy, or ahead of this program; Conflict when the way down
    would drop tables that hold rows, unless `discard_rows`.
    """
    wanted = resolve(target)
    try:
        with psycopg.connect(libpq_url(admin_url), autocommit=True, connect_timeout=10) as admin:
            check_server(admin)
            ensure_roles(admin, secret)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error
    engine = create_engine(sqlalchemy_url(admin_url), poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            return migrate_alone(connection, wanted, lock_timeout, discard_rows=discard_rows)
    except OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable | psycopg.errors.QueryCanceled):
            raise busy(error.orig) from error
        raise
    finally:
        engine.dispose()


def resolve(target: str) -> str:
    """A revision, or `base` for an empty database. Raises Invalid with what there is."""
    if target == "head":
        return head()
    known = revisions()
    if target not in (BASE, *known):
        raise Invalid(f"There is no revision {target!r}. There are: {BASE}, {', '.join(known)}, head.")
    return target


def unreachable(error: Exception) -> SetupError:
    return SetupError(
        f"The database does not answer: {first_line(error)}. Check DATABASE_URL: host, port, name, user, password.",
        code="database_unreachable",
    )


def busy(error: Exception) -> SetupError:
    return SetupError(
        f"The database is busy ({first_line(error)}). The revision that was under way left nothing behind; stop what uses"
        " the database, or wait, and migrate again.",
        code="database_busy",
    )


def first_line(error: Exception) -> str:
    """What the driver says, without its second line of general advice."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def check_server(connection: psycopg.Connection) -> None:
    if connection.info.server_version < LEAST_VERSION:
        raise SetupError(
            f"PostgreSQL {connection.info.server_version // 10000} is too old; Belvedere needs 15 or newer.",
            code="database_too_old",
        )


def migrate_alone(
    connection: Connection, target: str, lock_timeout: str, *, discard_rows: bool
) -> tuple[str | None, str]:
    connection.execute(text("SET ROLE owner_r"))
    # A month of the schema is a month of UTC, whatever zone the server is set to.
    connection.execute(text("SET timezone = 'UTC'"))
    # Another migrator's turn may be long; only tables in use are not waited for.
    connection.execute(text(f"SET lock_timeout = '{TURN_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{TURN_TIMEOUT}'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    connection.execute(text(f"SET lock_timeout = '{lock_timeout}'"))
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS core"))
    connection.commit()
    try:
        before = current_revision(connection)
        refuse_unknown(before)
        walk(connection, before, target, discard_rows=discard_rows)
        return before, current_revision(connection) or BASE
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
        connection.commit()


def walk(connection: Connection, before: str | None, target: str, *, discard_rows: bool) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    if not leads_down(before, target):
        command.upgrade(config, target)
        connection.commit()
        return
    if not discard_rows:
        refuse_loss(connection, lambda: command.downgrade(config, target))
    # A transaction that is open already holds all revisions: down goes whole or not at all.
    connection.execute(text("SELECT 1"))
    command.downgrade(config, target)
    connection.commit()


def leads_down(before: str | None, target: str) -> bool:
    """Whether the way from one revision to the other leads down; the revisions stand in one line."""
    line = [BASE, *revisions()]
    return line.index(target) < line.index(before or BASE)


def current_revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "core"})
    revision = context.get_current_revision()
    connection.commit()
    return revision


def read_plan(admin_url: str, target: str = "head") -> tuple[str | None, list[tuple[str, str]]]:
    """The revision of the database, and the revisions that `migrate` would run with what each is about."""
    wanted = resolve(target)
    before = revision_of(admin_url)
    refuse_unknown(before)
    about = {script.revision: script.doc for script in scripts().walk_revisions()}
    line = [BASE, *revisions()]
    here, there = line.index(before or BASE), line.index(wanted)
    steps = line[here + 1 : there + 1] if there >= here else line[there + 1 : here + 1][::-1]
    return before, [(step, about[step]) for step in steps]


def revision_of(admin_url: str) -> str | None:
    """The revision of a database as its administrator reads it; None where no schema was made yet."""
    try:
        with psycopg.connect(libpq_url(admin_url), autocommit=True, connect_timeout=10) as admin:
            row = admin.execute("SELECT to_regclass('core.alembic_version')").fetchone()
            if row is None or row[0] is None:
                return None
            found = admin.execute("SELECT version_num FROM core.alembic_version").fetchone()
            return None if found is None else str(found[0])
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


def refuse_unknown(revision: str | None) -> None:
    """An older program must not touch a newer schema it cannot know."""
    if revision is not None and revision not in revisions():
        raise SetupError(
            f"The database is at revision {revision}, which this version of Belvedere does not know. Install the version"
            " that made it, or a newer one.",
            code="database_newer",
        )


def refuse_other(revision: str | None) -> None:
    """Only the schema of this very program is worked on."""
    refuse_unknown(revision)
    if revision != head():
        raise SetupError(
            f"The database is at revision {revision or 'none'}, this program needs {head()}. Run `belvedere migrate`.",
            code="schema_behind",
        )
