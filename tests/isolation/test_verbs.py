"""The ways to a foreign row that are easily forgotten: upsert on its key, RETURNING, MERGE, COPY; tried on every table."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from tests.isolation.conftest import Filled
from tests.isolation.rows import CHANGEABLE, STATEMENTS, insert, uid
from tests.people import BRANDT, MARLOW

from belvedere.migrations.tenants import ALL_TENANTS

TENANT_NAMES = {table.name for table in ALL_TENANTS if table.key == "client_id"}
TABLES = [name for name in STATEMENTS if name in TENANT_NAMES]
CALLERS = ("viewer", "operator", "worker", "anon")
REFUSED = (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityError, psycopg.errors.RaiseException,
           psycopg.errors.FeatureNotSupported, psycopg.errors.ObjectNotInPrerequisiteState,
           psycopg.errors.GeneratedAlways)  # fmt: skip
PRIMARY_KEY = (
    "SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid"
    " AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary"
)


@contextmanager
def acting(admin: psycopg.Connection, house: Filled, caller: str) -> Iterator[None]:
    """Inside: the caller's role and context. After: rolled back."""
    user: dict[str, UUID] = {"viewer": house.people.bob.id, "operator": house.people.alice.id}
    role = {"worker": "worker_scoped", "service": "service_role", "anon": "anon"}.get(caller, "authenticated")
    clients = {"worker": str(BRANDT), "viewer": "*", "operator": "*"}.get(caller, "")
    with admin.transaction(force_rollback=True):
        admin.execute(
            "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true),"
            " set_config('role', %s, true)",
            [str(user.get(caller, "")), clients, role],
        )
        yield


def name_table(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def reach(
    admin: psycopg.Connection, statement: str | sql.Composed, values: dict[str, object] | None = None
) -> set[int]:
    """Clients of the rows that the statement gives back; none when it is refused."""
    try:
        with admin.transaction():
            return {row[0] for row in admin.execute(statement, values).fetchall()}
    except REFUSED:
        return set()


@pytest.mark.parametrize("caller", CALLERS)
def test_returning_gives_back_no_foreign_row(inside: psycopg.Connection, house: Filled, caller: str) -> None:
    own = 0
    for table in TABLES:
        column = sql.Identifier(CHANGEABLE.get(table, "client_id"))
        forms = [
            sql.SQL("UPDATE {} SET {} = {} RETURNING client_id").format(name_table(table), column, column),
            sql.SQL("DELETE FROM {} RETURNING client_id").format(name_table(table)),
            sql.SQL("SELECT client_id FROM {} FOR UPDATE").format(name_table(table)),
            sql.SQL("WITH gone AS (DELETE FROM {} RETURNING client_id) SELECT client_id FROM gone").format(
                name_table(table)
            ),
        ]
        for form in forms:
            with acting(inside, house, caller):
                reached = reach(inside, form)
            assert reached <= {BRANDT}, f"{caller} reached {reached} by {form.as_string(inside)}"
            own += BRANDT in reached
        statement, values = insert(table, MARLOW, "probe")
        with acting(inside, house, caller):
            assert reach(inside, f"{statement} RETURNING client_id", values) == set(), table
    assert own > 0 or caller in ("viewer", "anon")


@pytest.mark.parametrize("caller", CALLERS)
def test_an_upsert_on_a_foreign_key_changes_nothing(
    inside: psycopg.Connection, house: Filled, caller: str
) -> None:
    """The row claims to be of the caller's client and carries the key of another client's row."""
    for table in TABLES:
        upsert = make_upsert(inside, table)
        if upsert is None:
            continue
        before = read_rows(inside, table)
        statement, values = upsert
        with inside.transaction(force_rollback=True), acting(inside, house, caller):
            reach(inside, statement, values)
            inside.execute("RESET ROLE")
            assert read_rows(inside, table) == before, f"{caller} changed a foreign row of {table}"


def test_the_service_can_upsert(inside: psycopg.Connection, house: Filled) -> None:
    """The control: it is the policies that refuse, not the statement."""
    reached = 0
    for table in TABLES:
        upsert = make_upsert(inside, table)
        if upsert:
            with acting(inside, house, "service"):
                reached += bool(reach(inside, *upsert))
    assert reached > 20


def make_upsert(admin: psycopg.Connection, table: str) -> tuple[str, dict[str, object]] | None:
    statement, values = insert(table, BRANDT, "probe")
    row = admin.execute(PRIMARY_KEY, [table]).fetchone()
    if row is None or row[0] != ["id"] or "%(id)s" not in statement:
        return None
    column = CHANGEABLE.get(table, "client_id")
    values["id"] = uid(table, MARLOW)
    change = f"ON CONFLICT (id) DO UPDATE SET {column} = EXCLUDED.{column} RETURNING client_id"
    return f"{statement} {change}", values


def read_rows(admin: psycopg.Connection, table: str) -> object:
    query = sql.SQL("SELECT array_agg(t::text ORDER BY t::text) FROM {} t WHERE client_id = {}")
    return admin.execute(query.format(name_table(table), MARLOW)).fetchone()


@pytest.mark.parametrize("caller", CALLERS)
def test_a_merge_reaches_no_foreign_row(inside: psycopg.Connection, house: Filled, caller: str) -> None:
    for table in TABLES:
        before = read_rows(inside, table)
        statement = sql.SQL(
            "MERGE INTO {} t USING (SELECT 1) s ON t.client_id = {} WHEN MATCHED THEN DELETE"
        ).format(name_table(table), MARLOW)
        with acting(inside, house, caller):
            try:
                with inside.transaction():
                    assert inside.execute(statement).rowcount == 0, table
            except REFUSED:
                pass
            inside.execute("RESET ROLE")
            assert read_rows(inside, table) == before, table


@pytest.mark.parametrize("caller", [*CALLERS, "service"])
def test_copy_out_shows_what_select_shows(inside: psycopg.Connection, house: Filled, caller: str) -> None:
    seen: set[str] = set()
    for table in TABLES:
        with acting(inside, house, caller):
            seen |= copy_out(
                inside, sql.SQL("COPY (SELECT client_id FROM {}) TO STDOUT").format(name_table(table))
            )
    if caller == "service":
        assert seen >= {str(BRANDT), str(MARLOW)}
    else:
        # Rules of the agency are for the jobs of every client.
        shared = {"0"} if caller == "worker" else set()
        assert seen == (set() if caller == "anon" else {str(BRANDT)} | shared)


def copy_out(admin: psycopg.Connection, statement: sql.Composed) -> set[str]:
    try:
        with admin.transaction(), admin.cursor().copy(statement) as copy:
            return {row[0] for row in copy.rows()}
    except REFUSED:
        return set()


@pytest.mark.parametrize("caller", [*CALLERS, "service"])
def test_copy_in_is_for_the_loader_alone(inside: psycopg.Connection, house: Filled, caller: str) -> None:
    """PostgreSQL refuses COPY into a table under row policies; nobody but the loader passes them."""
    for table in TABLES:
        statement = sql.SQL("COPY {} (client_id) FROM STDIN").format(name_table(table))
        with acting(inside, house, caller), pytest.raises(REFUSED):
            copy_in(inside, statement)


def copy_in(admin: psycopg.Connection, statement: sql.Composed) -> None:
    with admin.transaction(), admin.cursor().copy(statement) as copy:
        copy.write_row((MARLOW,))
