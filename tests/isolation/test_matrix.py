"""Every tenant table × role × verb, tried on real rows of two clients, against the matrix that is checked in."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.conftest import login_url
from tests.isolation.catalogue import SCHEMAS as CATALOGUED
from tests.isolation.catalogue import find_faults
from tests.isolation.objects import LISTED, list_objects
from tests.isolation.rows import CHANGEABLE, STATEMENTS, fill, insert
from tests.people import BRANDT, MARLOW, People

from belvedere.migrations.tenants import ALL_TENANTS

TENANT_NAMES = {table.name for table in ALL_TENANTS if table.key == "client_id"}
PROBED = [name for name in STATEMENTS if name in TENANT_NAMES]
EXPECTED = Path(__file__).parent / "matrix"
SCHEMAS = sorted({name.split(".")[0] for name in PROBED})
VERBS = ("see own", "see foreign", "add own", "add foreign", "change own", "change foreign", "move", "delete own",
         "delete foreign", "truncate", "lock foreign")  # fmt: skip


@dataclass(frozen=True)
class Caller:
    name: str
    login: str
    role: str | None
    user: UUID | None = None
    clients: str = ""


@dataclass
class Probes:
    """Connections of both logins; each probe is rolled back."""

    connections: dict[str, psycopg.Connection]

    @contextmanager
    def acting(self, caller: Caller) -> Iterator[psycopg.Connection]:
        connection = self.connections[caller.login]
        try:
            if caller.role:
                connection.execute(
                    "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true),"
                    " set_config('role', %s, true)",
                    [str(caller.user or ""), caller.clients, caller.role],
                )
            yield connection
        finally:
            connection.rollback()

    def count(self, caller: Caller, statement: str, values: object = None) -> int:
        """Rows that the statement saw or changed; 0 when it was refused."""
        with self.acting(caller) as connection:
            try:
                cursor = connection.execute(statement, values)  # type: ignore[arg-type]
            except (
                psycopg.errors.InsufficientPrivilege,
                psycopg.errors.ForeignKeyViolation,
                psycopg.errors.CheckViolation,
            ):
                return 0
            return len(cursor.fetchall()) if cursor.description else max(cursor.rowcount, 0)


@pytest.fixture
def probes(database_url: str, template: str, admin: psycopg.Connection) -> Iterator[Probes]:
    urls = {kind: login_url(database_url, template, kind) for kind in ("api", "worker", "psql")}
    # Read-only is only a default of the psql login; its rights must hold without it.
    options = "-c default_transaction_read_only=off"
    connections = {kind: psycopg.connect(url, options=options) for kind, url in urls.items()}
    yield Probes(connections)
    for connection in connections.values():
        connection.close()


def callers(people: People, revoked: UUID) -> list[Caller]:
    return [
        Caller("no context", "api", None),
        Caller("anon", "api", "anon"),
        Caller("viewer of A", "api", "authenticated", people.bob.id, "*"),
        Caller("operator of A", "api", "authenticated", people.alice.id, "*"),
        Caller("operator of A asking for B", "api", "authenticated", people.alice.id, str(MARLOW)),
        Caller("operator of B", "api", "authenticated", people.charlie.id, "*"),
        Caller("revoked", "api", "authenticated", revoked, "*"),
        Caller("no clients chosen", "api", "authenticated", people.alice.id, ""),
        Caller("worker of A", "worker", "worker_scoped", None, str(BRANDT)),
        Caller("worker without client", "worker", "worker_scoped", None, ""),
        Caller("service", "worker", "service_role"),
        Caller("loader", "worker", "loader"),
        Caller("inspector", "psql", "inspector_r"),
    ]


def probe(probes: Probes, caller: Caller, table: str, verb: str) -> bool:
    own, foreign = BRANDT, MARLOW
    which = foreign if "foreign" in verb else own
    if verb.startswith("see"):
        return probes.count(caller, f"SELECT 1 FROM {table} WHERE client_id = %s", [which]) > 0
    if verb.startswith("lock"):
        return probes.count(caller, f"SELECT 1 FROM {table} WHERE client_id = %s FOR SHARE", [foreign]) > 0
    if verb.startswith("add"):
        return probes.count(caller, *insert(table, which, "probe")) > 0
    if verb.startswith("change"):
        return probes.count(
            caller, f"UPDATE {table} SET client_id = client_id WHERE client_id = %s", [which]
        ) > 0 or (probes.count(caller, changes_of(table), [which]) > 0)
    if verb == "move":
        return (
            probes.count(caller, f"UPDATE {table} SET client_id = %s WHERE client_id = %s", [foreign, own])
            > 0
        )
    if verb.startswith("delete"):
        return deletes(probes, caller, table, which)
    return truncates(probes, caller, table)


def changes_of(table: str) -> str:
    column = CHANGEABLE.get(table, "client_id")
    return f"UPDATE {table} SET {column} = {column} WHERE client_id = %s"


def deletes(probes: Probes, caller: Caller, table: str, client: int) -> bool:
    return probes.count(caller, f"DELETE FROM {table} WHERE client_id = %s", [client]) > 0


def truncates(probes: Probes, caller: Caller, table: str) -> bool:
    with probes.acting(caller) as connection:
        try:
            connection.execute(f"TRUNCATE {table} CASCADE")
        except psycopg.errors.InsufficientPrivilege:
            return False
        return True


@pytest.fixture
def filled(admin: psycopg.Connection, people: People) -> People:
    fill(admin, (BRANDT, MARLOW))
    return people


@pytest.fixture
def revoked(admin: psycopg.Connection, people: People) -> UUID:
    user = uuid4()
    admin.execute(
        "INSERT INTO core.users (id, email, display_name, role, is_active) VALUES (%s, 'r@x.example', 'R', 'operator',"
        " false)",
        [user],
    )
    admin.execute(
        "INSERT INTO core.user_clients (user_id, client_id, role) VALUES (%s, 1, 'operator')", [user]
    )
    return user


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_matrix_is_the_one_that_is_checked_in(
    probes: Probes, filled: People, revoked: UUID, schema: str
) -> None:
    lines = []
    for caller in callers(filled, revoked):
        for table in PROBED:
            if table.startswith(f"{schema}."):
                allowed = [verb for verb in VERBS if probe(probes, caller, table, verb)]
                lines.append(f"{caller.name:28} {table:32} {', '.join(allowed) or '-'}")
    found = "\n".join(lines) + "\n"
    expected = EXPECTED / f"{schema}.txt"
    if os.environ.get("BELVEDERE_WRITE_MATRIX"):
        expected.write_text(found)
    assert found == expected.read_text()


def matrix_lines() -> list[str]:
    lines = [line for path in sorted(EXPECTED.glob("*.txt")) for line in path.read_text().splitlines()]
    assert {line[29:].split()[0] for line in lines} == set(PROBED)
    return lines


def test_no_cell_of_the_checked_in_matrix_reaches_a_foreign_client() -> None:
    everywhere = ("service", "inspector", "loader", "operator of B")
    for line in matrix_lines():
        if line.startswith(everywhere):
            continue
        assert "foreign" not in line, line
        assert "move" not in line, line
        assert "truncate" not in line, line


def test_people_without_context_or_membership_reach_nothing() -> None:
    for line in matrix_lines():
        if line.startswith(("no context", "anon", "revoked", "no clients chosen", "worker without client")):
            assert line.rstrip().endswith("-"), line


def test_every_tenant_table_is_tried() -> None:
    assert TENANT_NAMES - set(STATEMENTS) == set()


def test_every_object_is_listed_and_protected(admin: psycopg.Connection) -> None:
    if os.environ.get("BELVEDERE_WRITE_MATRIX"):
        LISTED.write_text("\n".join(list_objects(admin, CATALOGUED)) + "\n")
    assert find_faults(admin, TENANT_NAMES) == []


LOOSENED: list[Callable[[], str]] = [
    lambda: "CREATE POLICY hole ON watch.api_snapshots FOR SELECT TO authenticated USING (true)",
    lambda: "CREATE POLICY hole ON watch.watchtower_rules FOR INSERT TO authenticated WITH CHECK (true)",
    lambda: "ALTER TABLE core.channels DISABLE ROW LEVEL SECURITY",
]


@pytest.mark.parametrize("loosen", LOOSENED)
def test_a_loosened_policy_changes_the_matrix(
    probes: Probes, filled: People, admin: psycopg.Connection, loosen: Callable[[], str]
) -> None:
    admin.execute(loosen())
    caller = Caller("operator of A", "api", "authenticated", filled.alice.id, "*")
    seen = [
        verb for table in PROBED for verb in VERBS if "foreign" in verb and probe(probes, caller, table, verb)
    ]
    assert seen
