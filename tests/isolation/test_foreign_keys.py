"""No foreign key leads across clients, and no delete does: tried for every key and every table of the catalogue."""

import contextlib
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from tests.isolation.catalogue import SCHEMAS
from tests.isolation.conftest import Filled
from tests.isolation.rows import STATEMENTS
from tests.people import BRANDT, MARLOW

KEYS = """
SELECT c.conname, cn.nspname, cr.relname, pn.nspname, pr.relname,
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n)
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num),
    (SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n)
     JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)
FROM pg_constraint c
JOIN pg_class cr ON cr.oid = c.conrelid JOIN pg_namespace cn ON cn.oid = cr.relnamespace
JOIN pg_class pr ON pr.oid = c.confrelid JOIN pg_namespace pn ON pn.oid = pr.relnamespace
WHERE c.contype = 'f' AND c.conparentid = 0 AND cn.nspname = ANY(%(schemas)s) AND NOT cr.relispartition
  AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.confrelid AND a.attname = 'client_id')
  AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attname = 'client_id')
ORDER BY 1
"""
TABLES = """
SELECT n.nspname, r.relname FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE n.nspname = ANY(%s) AND r.relkind IN ('r', 'p') AND NOT r.relispartition
  AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attname = 'client_id' AND NOT a.attisdropped)
ORDER BY 1, 2
"""
REFUSALS = (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation)


@dataclass(frozen=True)
class Key:
    name: str
    child: sql.Identifier
    parent: sql.Identifier
    own: list[str]
    theirs: list[str]

    @property
    def client(self) -> str:
        """The child's column that carries the client; empty when none does."""
        return self.own[self.theirs.index("client_id")] if "client_id" in self.theirs else ""


def read_keys(admin: psycopg.Connection) -> list[Key]:
    rows = admin.execute(KEYS, {"schemas": SCHEMAS}).fetchall()
    return [
        Key(name, sql.Identifier(*child), sql.Identifier(*parent), own, theirs)
        for name, *child_parent, own, theirs in rows
        for child, parent in [(child_parent[:2], child_parent[2:])]
    ]


@pytest.mark.parametrize(("client", "other"), [(MARLOW, BRANDT), (BRANDT, MARLOW)])
def test_a_child_never_names_a_parent_of_another_client(
    inside: psycopg.Connection, client: int, other: int
) -> None:
    assert len(read_keys(inside)) > 50
    assert find_crossings(inside, client, other) == []


def test_a_key_without_the_client_is_found_by_trying(inside: psycopg.Connection) -> None:
    inside.execute(
        "ALTER TABLE watch.alert_events DROP CONSTRAINT IF EXISTS fk_alert_events_alert,"
        " ADD CONSTRAINT loose FOREIGN KEY (alert_id) REFERENCES watch.watchtower_alerts (id)"
    )
    assert [fault for fault in find_crossings(inside, MARLOW, BRANDT) if fault.startswith("loose: 1 rows")]


def find_crossings(admin: psycopg.Connection, client: int, other: int) -> list[str]:
    faults = []
    for key in read_keys(admin):
        answers = {point_across(admin, key, client, other, carried=client)}
        if key.client not in ("client_id", ""):
            answers.add(point_across(admin, key, client, other, carried=other))
        faults += [f"{key.name}: {answer}" for answer in answers if answer != "refused"]
    return faults


def point_across(admin: psycopg.Connection, key: Key, client: int, other: int, *, carried: int) -> str:
    """Point rows of `client` at a parent of `other`; triggers stand aside, so that only the schema answers."""
    pairs = [(own, theirs) for own, theirs in zip(key.own, key.theirs, strict=True) if theirs != "client_id"]
    clauses = [
        sql.SQL("{} = (SELECT p.{} FROM {} p WHERE p.client_id = {} LIMIT 1)").format(
            sql.Identifier(own), sql.Identifier(theirs), key.parent, other
        )
        for own, theirs in pairs
    ]
    if key.client not in ("client_id", ""):
        clauses.append(sql.SQL("{} = {}").format(sql.Identifier(key.client), carried))
    statement = sql.SQL("UPDATE {} SET {} WHERE client_id = {}").format(
        key.child, sql.SQL(", ").join(clauses), client
    )
    try:
        with admin.transaction(force_rollback=True):
            admin.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(key.child))
            changed = admin.execute(statement).rowcount
            admin.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except REFUSALS:
        return "refused"
    except psycopg.Error as error:
        return f"{type(error).__name__}: {error.diag.message_primary}"
    return f"{changed} rows point across"


def test_a_child_of_its_own_client_is_welcome(inside: psycopg.Connection) -> None:
    """The control: the same change inside one client is refused by no foreign key."""
    answers = {
        key.name: point_across(inside, key, BRANDT, BRANDT, carried=BRANDT) for key in read_keys(inside)
    }
    refused = {name for name, answer in answers.items() if answer == "refused"}
    # Some rows may not point at themselves, or may name no parent in their state: a CHECK says so, not the key.
    assert len(refused) < len(answers) / 4, refused


def fingerprint(admin: psycopg.Connection, client: int) -> dict[str, str]:
    """Every row of a client, as one hash for each table."""
    names = [tuple(row) for row in admin.execute(TABLES, [SCHEMAS]).fetchall()]
    parts = [
        sql.SQL("SELECT {}, count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
                " FROM {} t WHERE client_id = {}").format(".".join(name), sql.Identifier(*name), client)
        for name in names
    ]  # fmt: skip
    return dict(admin.execute(sql.SQL(" UNION ALL ").join(parts)).fetchall())


def act_as(admin: psycopg.Connection, house: Filled, caller: str) -> None:
    settings = {
        "operator": (str(house.people.alice.id), "*", "authenticated"),
        "worker": ("", str(BRANDT), "worker_scoped"),
        "service": ("", "", "service_role"),
    }
    if caller in settings:
        admin.execute(
            "SELECT set_config('app.user_id', %s, true), set_config('app.client_id', %s, true),"
            " set_config('role', %s, true)",
            settings[caller],
        )


@pytest.mark.parametrize("caller", ["operator", "worker", "service", "superuser"])
def test_a_delete_never_touches_a_row_of_another_client(
    inside: psycopg.Connection, house: Filled, caller: str
) -> None:
    before = fingerprint(inside, MARLOW)
    assert {name for name, rows in before.items() if not rows.startswith("0 ")} >= set(STATEMENTS)
    deleted = 0
    faults = []
    for name in STATEMENTS:
        count, after = delete_and_look(inside, house, caller, name)
        deleted += count > 0
        faults += [
            f"deleting from {name} as {caller} changed {table}"
            for table in before
            if count and after.get(table) != before[table]
        ]
    assert faults == []
    assert deleted > (3 if caller != "superuser" else 20)


def delete_and_look(
    admin: psycopg.Connection, house: Filled, caller: str, name: str
) -> tuple[int, dict[str, str]]:
    table = sql.Identifier(*name.split("."))
    after: dict[str, str] = {}
    with admin.transaction(force_rollback=True):
        try:
            with admin.transaction():
                act_as(admin, house, caller)
                count = admin.execute(
                    sql.SQL("DELETE FROM {} WHERE client_id = {}").format(table, BRANDT)
                ).rowcount
        except psycopg.Error:
            return 0, {}
        if count:
            admin.execute("RESET ROLE")
            after = fingerprint(admin, MARLOW)
    return count, after


@pytest.mark.parametrize("caller", ["operator", "worker", "service"])
def test_a_delete_that_names_no_client_stays_within_the_role(
    inside: psycopg.Connection, house: Filled, caller: str
) -> None:
    """Without a WHERE, only the row policies stand between the caller and the other client."""
    before = fingerprint(inside, MARLOW)
    for name in STATEMENTS:
        with inside.transaction(force_rollback=True):
            try:
                with inside.transaction():
                    act_as(inside, house, caller)
                    inside.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(*name.split("."))))
            except psycopg.Error:
                continue
            inside.execute("RESET ROLE")
            if caller != "service":
                assert fingerprint(inside, MARLOW) == before, name


def test_a_client_that_is_deleted_takes_nobody_elses_rows(inside: psycopg.Connection) -> None:
    before = fingerprint(inside, MARLOW)
    with contextlib.suppress(psycopg.Error), inside.transaction():
        inside.execute("DELETE FROM core.clients WHERE id = %s", [BRANDT])
    assert fingerprint(inside, MARLOW) == before
