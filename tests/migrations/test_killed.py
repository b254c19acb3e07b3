"""A migration that is killed, kept waiting or run twice at once: the old schema stays whole, the next one finishes."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from tests.conftest import SECRET
from tests.migrations.scratch import Scratch, Shape, fill_all, scratch

from belvedere.core.errors import SetupError
from belvedere.migrations.roles import LOGINS, ensure_roles, login_name
from belvedere.migrations.runner import BASE, head, migrate, revisions

PROGRAM = str(Path(__file__).parent / "migrator.py")


@pytest.fixture(scope="session")
def early(admin_url: str) -> Iterator[Scratch]:
    """A database at the first revision, with rows."""
    with scratch(admin_url) as place:
        place.migrate("0001")
        fill_all(place)
        yield place


@pytest.fixture(scope="session")
def statements(admin_url: str, early: Scratch) -> int:
    """How many statements the way up from the first revision has."""
    with scratch(admin_url, early) as place:
        return int(spawn(place).communicate(timeout=120)[0].split()[0])


def spawn(place: Scratch, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, PROGRAM, place.url, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.kills
@pytest.mark.parametrize("permille", [10, 500, 999])
def test_a_killed_migration_leaves_a_whole_schema_and_the_next_one_finishes(
    admin_url: str, early: Scratch, statements: int, embedded_shapes: dict[str, Shape], permille: int
) -> None:
    with scratch(admin_url, early) as place:
        before = place.rows()
        killed = spawn(place, str(max(1, statements * permille // 1000)))
        killed.communicate(timeout=120)
        assert killed.returncode == -9
        with place.connect() as connection:
            (found,) = connection.execute("SELECT version_num FROM core.alembic_version").fetchone() or ("",)
        assert found in revisions()
        assert place.shape() == embedded_shapes[found]
        assert {table: rows for table, rows in place.rows(before).items() if table in before} == before
        assert spawn(place).wait(timeout=120) == 0
        after = place.rows(before)
        assert {table: after[table] for table in before} == before


def test_a_table_in_use_is_waited_for_and_then_left_alone(admin_url: str, early: Scratch) -> None:
    with scratch(admin_url, early) as place:
        before = (place.rows(), place.shape())
        with psycopg.connect(place.url) as reader:
            reader.execute("SELECT count(*) FROM core.observability_logs")
            with pytest.raises(SetupError, match="database is busy") as refusal:
                migrate(place.url, SECRET, lock_timeout="200ms")
        assert refusal.value.code == "database_busy"
        assert (place.rows(), place.shape()) == before
        assert place.migrate() == head()


def test_two_migrators_at_once_both_succeed(admin_url: str) -> None:
    with scratch(admin_url) as place, ThreadPoolExecutor(2) as pool:
        first, second = (pool.submit(migrate, place.url, SECRET) for _ in range(2))
        assert sorted((str(first.result()[0]), str(second.result()[0]))) == sorted(("None", head()))
        assert first.result()[1] == second.result()[1] == head()


def test_two_processes_at_once_both_succeed(admin_url: str, early: Scratch) -> None:
    with scratch(admin_url, early) as place:
        racing = [spawn(place), spawn(place)]
        said = [process.communicate(timeout=120)[0] for process in racing]
        assert [process.returncode for process in racing] == [0, 0], said
        assert sorted(words.split()[1] for words in said) == ["0001", head()]


def test_an_older_program_leaves_a_newer_schema_alone(admin_url: str, early: Scratch) -> None:
    with scratch(admin_url, early) as place:
        with place.connect() as connection:
            connection.execute("UPDATE core.alembic_version SET version_num = 'from_the_future'")
        before = (place.rows(), place.shape())
        for target in ("head", "0001", BASE):
            with pytest.raises(
                SetupError, match="from_the_future, which this version of Belvedere does not know"
            ):
                place.migrate(target)
        assert (place.rows(), place.shape()) == before


def test_databases_of_one_server_get_their_roles_at_the_same_time(admin_url: str) -> None:
    def prepare(place: Scratch) -> None:
        for _ in range(6):
            with place.connect() as connection:
                ensure_roles(connection, SECRET)

    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        places = [stack.enter_context(scratch(admin_url)) for _ in range(4)]
        list(pool.map(prepare, places))
        for place in places:
            with place.connect() as connection:
                name = connection.info.dbname
                roles = "SELECT count(*) FROM pg_roles WHERE rolname = ANY (%s)"
                logins = [login_name(name, kind) for kind in LOGINS]
                assert connection.execute(roles, [logins]).fetchone() == (len(LOGINS),)
