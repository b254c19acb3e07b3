"""One PostgreSQL for the whole run, one migrated template, one clone of it for each process, emptied between tests."""

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from belvedere.core.database import Database
from belvedere.core.embedded import start_embedded
from belvedere.core.settings import Settings
from belvedere.migrations.roles import LOGINS, login_name, login_password
from belvedere.migrations.runner import migrate
from tests.people import People, add_people
from tests.servers import server_15  # noqa: F401 - a fixture for every test
from tests.workbench import Workbench, on_database

# How long an example takes says nothing of whether it is right; a busy machine must not fail it.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

SECRET = b"belvedere-tests-only-secret-32-b"
SOURCE_ROOT = Path(__file__).parent.parent / "src" / "belvedere"


def schema_mark() -> str:
    """Changes with every file that shapes the schema, so that an old template is never reused."""
    digest = hashlib.sha256()
    for path in sorted((SOURCE_ROOT / "migrations").rglob("*")):
        if path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Where the test server lives; kept between runs, because a warm server starts in a tenth of a second."""
    default = Path(tempfile.gettempdir()) / f"belvedere-tests-{os.getuid()}"
    return Path(os.environ.get("BELVEDERE_TEST_DATA_DIR", default))


@pytest.fixture(scope="session")
def admin_url(data_root: Path) -> Iterator[str]:
    """A superuser's address of the test server."""
    given = os.environ.get("BELVEDERE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    server = start_embedded(data_root)
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        # Tests lose nothing that matters in a power cut; kill tests use servers of their own.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("ALTER SYSTEM SET synchronous_commit = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.admin_url
    server.release()


@pytest.fixture(scope="session")
def template(admin_url: str) -> str:
    """Name of a migrated, empty database that tests clone."""
    name = f"belvedere_template_{schema_mark()}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(884299)")
        known = admin.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None or not known[0]:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            migrate(on_database(admin_url, name), SECRET)
            admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
        admin.execute("SELECT pg_advisory_unlock(884299)")
    return name


@pytest.fixture(scope="session")
def workbench(admin_url: str, template: str) -> Iterator[Workbench]:
    """This process's own clone, emptied between tests: cloning anew for each would take most of the run."""
    bench = Workbench(admin_url, template)
    yield bench
    bench.drop()


@pytest.fixture
def database_url(workbench: Workbench) -> Iterator[str]:
    """A superuser's address of a database as fresh as the migrations leave it."""
    yield workbench.take()
    workbench.give_back()


def login_url(database_url: str, template: str, kind: str) -> str:
    """The address of a login role on the clone; the roles are the template's."""
    assert kind in LOGINS
    host = database_url.split("@", 1)[1]
    return f"postgresql://{login_name(template, kind)}:{login_password(SECRET, template, kind)}@{host}"


@pytest.fixture
async def db(database_url: str, template: str) -> AsyncIterator[Database]:
    """The product's own door to a fresh database."""
    database = Database(
        login_url(database_url, template, "api"), login_url(database_url, template, "worker"), pool_size=4
    )
    yield database
    await database.close()


@pytest.fixture
def admin(database_url: str) -> Iterator[psycopg.Connection]:
    """A superuser on this test's database: to arrange and to look, never the way the product works."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET search_path = watch, core, public")
        yield connection


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that reach loopback services and nothing else."""
    return Settings(data_dir=tmp_path, allow_private_networks="127.0.0.0/8")


@pytest.fixture
def people(admin: psycopg.Connection) -> People:
    """Olga owns the agency; Alice and Bob work on client 1; Charlie, of client 2, must see nothing of theirs."""
    return add_people(admin)
