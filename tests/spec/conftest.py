"""The migrated database with rows in it, on both servers, and the counted list at the end of the run.

One database per server and process; every check runs in a transaction that is rolled back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from tests.conftest import SECRET
from tests.isolation.rows import fill
from tests.people import BRANDT, MARLOW, People, add_people
from tests.spec.counting import count_printed, list_missing
from tests.workbench import on_database

from belvedere.migrations.runner import migrate

SERVERS = ("embedded", "15")
SHOWN = 12
LABELS = {
    "000": "first", "001": "second", "002": "third", "003": "fourth", "004": "fifth",
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """A migrated, filled database on one server."""

    version: str
    connection: psycopg.Connection
    people: People


@pytest.fixture(scope="session", params=SERVERS)
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    prepare = clone_embedded if request.param == "embedded" else migrate_on_15
    admin_url, name = prepare(request)
    try:
        with psycopg.connect(on_database(admin_url, name)) as connection:
            people = add_people(connection)
            fill(connection, (0, BRANDT, MARLOW))
            connection.commit()
            row = connection.execute("SHOW server_version").fetchone()
            connection.rollback()
            assert row is not None
            yield Ground(str(row[0]).split()[0], connection, people)
            connection.rollback()
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def clone_embedded(request: pytest.FixtureRequest) -> tuple[str, str]:
    admin_url: str = request.getfixturevalue("admin_url")
    template: str = request.getfixturevalue("template")
    name = f"belvedere_spec_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return admin_url, name


def migrate_on_15(request: pytest.FixtureRequest) -> tuple[str, str]:
    admin_url: str = request.getfixturevalue("server_15")
    name = f"belvedere_spec_{uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate(on_database(admin_url, name), SECRET)
    return admin_url, name


@pytest.fixture
def at(ground: Ground) -> Iterator[psycopg.Connection]:
    """A superuser on the filled database; nothing of it stays."""
    ground.connection.rollback()
    yield ground.connection
    ground.connection.rollback()


Prove = Callable[..., None]


@pytest.fixture
def prove(ground: Ground, record_property: Callable[[str, object], None]) -> Prove:
    """Says what a test proves when it passes: specification, kind, and the keys of the items."""

    def say(number: str, kind: str, *keys: object) -> None:
        record_property("proved", f"{ground.version}|{number}|{kind}|" + "\t".join(str(key) for key in keys))

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The counted list: how much of each specification was proven, on which servers."""
    proved: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "proved":
                version, number, kind, keys = str(value).split("|", 3)
                proved[version] |= {(number, kind, key) for key in keys.split("\t")}
    if not proved:
        return
    terminalreporter.section("the five specifications, statement by statement")
    for version, items in sorted(proved.items()):
        terminalreporter.write_line(f"PostgreSQL {version}")
        for number, label in LABELS.items():
            counts = [
                f"{kind} {len({key for n, k, key in items if (n, k) == (number, kind)})}/{printed}"
                for kind, printed in count_printed(number).items()
            ]
            terminalreporter.write_line(f"  {label:7} {', '.join(counts)}")
        missing = list_missing(items)
        for line in missing[:SHOWN]:
            terminalreporter.write_line(f"  not proven: {line}")
        if len(missing) > SHOWN:
            terminalreporter.write_line(f"  not proven: {len(missing) - SHOWN} more")
