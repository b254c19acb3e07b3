"""Databases that tests of migrations make and drop, and what stands in them: shape and rows."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from psycopg import sql
from tests.conftest import SECRET
from tests.isolation.rows import STATEMENTS, insert
from tests.people import BRANDT, MARLOW, add_people
from tests.workbench import on_database

from belvedere.migrations.roles import LOGINS, login_name
from belvedere.migrations.runner import migrate
from belvedere.migrations.sources import RULES, SOURCES

OURS = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public')"
ACL = "(SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest({}) a)"
SCHEMA_ACL = ACL.format("coalesce(n.nspacl, acldefault('n', n.nspowner))")
TABLE_ACL = ACL.format("coalesce(c.relacl, acldefault('r', c.relowner))")
SHAPE = {
    "schemas": f"SELECT n.nspname, {SCHEMA_ACL} FROM pg_namespace n WHERE {OURS}",
    "relations": f"SELECT n.nspname, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole,"
    f" c.reloptions, {TABLE_ACL} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE {OURS} AND NOT c.relispartition AND c.relname !~ '_default_|_p[0-9]{{6}}_' AND c.relkind <> 't'",
    "columns": f"SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated,"
    f" a.attidentity, pg_get_expr(d.adbin, d.adrelid), {ACL.format('a.attacl')} FROM pg_attribute a"
    " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE {OURS} AND NOT c.relispartition"
    " AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm')",
    "constraints": "SELECT n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k"
    f" JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"
    " AND NOT c.relispartition AND k.conparentid = 0 AND k.contype <> 'n'",
    "indexes": f"SELECT n.nspname, c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i"
    f" JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"
    " AND NOT c.relispartition",
    "policies": "SELECT n.nspname, c.relname, p.polname, p.polcmd, p.polroles::regrole[], pg_get_expr(p.polqual, c.oid),"
    " pg_get_expr(p.polwithcheck, c.oid) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid"
    f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS} AND NOT c.relispartition",
    "triggers": "SELECT n.nspname, c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t"
    f" JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}"
    " AND NOT t.tgisinternal AND NOT c.relispartition",
    "functions": f"SELECT p.oid::regprocedure::text, p.prosecdef, p.proowner::regrole, p.provolatile, p.proconfig,"
    f" md5(p.prosrc), {ACL.format('p.proacl')} FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {OURS}",
    "views": f"SELECT schemaname, viewname, definition FROM pg_views v JOIN pg_namespace n ON n.nspname = v.schemaname WHERE {OURS}"
    f" UNION ALL SELECT schemaname, matviewname, definition FROM pg_matviews v JOIN pg_namespace n ON n.nspname = v.schemaname"
    f" WHERE {OURS}",
    "types": f"SELECT n.nspname, t.typname, t.typtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {OURS}"
    " AND t.typtype IN ('d', 'e', 'r')",
}
TABLES = (
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    f" WHERE {OURS} AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " AND c.relname NOT IN ('alembic_version', 'partition_plans') ORDER BY 1"
)
PLANS = "SELECT table_name, key_kind, key_column, months_ahead, retention_months, before_drop FROM core.partition_plans"

Shape = dict[str, frozenset[str]]
Rows = dict[str, tuple[tuple[str, ...], int, str]]


@dataclass(frozen=True)
class Scratch:
    """A database of its own, known by its administrator's address."""

    url: str

    def migrate(self, target: str = "head", *, discard_rows: bool = True) -> str:
        return migrate(self.url, SECRET, target=target, discard_rows=discard_rows)[1]

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            yield connection

    def shape(self) -> Shape:
        """Everything but rows, comments and the months that happen to be there."""
        with self.connect() as connection:
            found = {
                name: frozenset(map(str, connection.execute(statement).fetchall()))  # type: ignore[call-overload]
                for name, statement in SHAPE.items()
            }
            row = connection.execute("SELECT to_regclass('core.partition_plans')").fetchone()
            plans = connection.execute(PLANS).fetchall() if row is not None and row[0] else []
            return {**found, "plans": frozenset(map(str, plans))}

    def rows(self, known: Rows | None = None) -> Rows:
        """Each table's columns, number of rows and a checksum of them; of `known` tables over the columns known and still there."""
        found: Rows = {}
        with self.connect() as connection:
            for (table,) in connection.execute(TABLES).fetchall():  # type: ignore[call-overload]
                columns = columns_of(connection, table)
                if known and table in known:
                    columns = tuple(name for name in known[table][0] if name in columns)
                found[table] = (columns, *digest(connection, table, columns))
        return found


PUT_IN_LATER = {
    "watch.watchtower_rules": f"id NOT IN ({', '.join(repr(str(rule[0])) for rule in RULES)})",
    "watch.api_sources": f"provider || '/' || endpoint NOT IN ({', '.join(repr(f'{one[0]}/{one[1]}') for one in SOURCES)})",
}
"""Rows that later revisions put into tables of earlier ones are nobody's."""


def columns_of(connection: psycopg.Connection, table: str) -> tuple[str, ...]:
    rows = connection.execute(
        "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attname",
        [table],
    ).fetchall()
    return tuple(row[0] for row in rows)


def digest(connection: psycopg.Connection, table: str, columns: tuple[str, ...]) -> tuple[int, str]:
    whose = PUT_IN_LATER.get(table, "true")
    rows = connection.execute(
        f"SELECT ROW({', '.join(columns)})::text FROM {table} WHERE {whose} ORDER BY 1"
    ).fetchall()  # type: ignore[call-overload]
    return len(rows), hashlib.sha256("\n".join(row[0] for row in rows).encode()).hexdigest()[:16]


@contextmanager
def scratch(admin_url: str, template: Scratch | None = None) -> Iterator[Scratch]:
    """An empty database, or a copy of another; gone with its logins after the block."""
    name = f"belvedere_scratch_{uuid4().hex[:10]}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        source = sql.Identifier(template.url.rsplit("/", 1)[1]) if template else sql.Identifier("template1")
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), source))
    try:
        yield Scratch(on_database(admin_url, name))
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            for kind in LOGINS:
                admin.execute(
                    sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login_name(name, kind)))
                )


def fill_all(place: Scratch) -> None:
    """A row in every table that stands at its revision, of two clients where rows belong to clients."""
    with place.connect() as admin:
        admin.execute("SET search_path = watch, core, public")
        people = add_people(admin)
        fill_tables(admin, set())
        fill_house(admin, people.olga.id)


def fill_new(place: Scratch, filled: set[str]) -> None:
    """Rows in the tables that a revision added to those already `filled`."""
    with place.connect() as admin:
        admin.execute("SET search_path = watch, core, public")
        fill_tables(admin, filled)


def fill_tables(admin: psycopg.Connection, filled: set[str]) -> None:
    for table in STATEMENTS:
        if table in filled or admin.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            continue
        for client in (BRANDT, MARLOW):
            admin.execute(*insert(table, client))
            if table == "watch.api_snapshots":
                admin.execute(*insert(table, client, "spare"))


def fill_house(admin: psycopg.Connection, person: object) -> None:
    """The tables that belong to no client."""
    admin.execute("INSERT INTO observability_logs (created_at, level, logger, message) SELECT at, 'INFO', 't', at::text"
                  " FROM generate_series(now() - interval '7 months', now(), '9 days') at")  # fmt: skip
    for number in range(3):
        admin.execute("SELECT core.append_audit(0, 'tests', 'a.b', 's', %s, '{}', now())", [str(number)])
    admin.execute("INSERT INTO idempotency_keys (principal, key, method, path, body_hash, expires_at)"
                  " VALUES ('p', 'k', 'POST', '/', 'x', now())")  # fmt: skip
    admin.execute("INSERT INTO rate_budgets (provider, account, capacity, refill_per_second, tokens, refilled_at)"
                  " VALUES ('p', 'a', 1, 1, 1, now())")  # fmt: skip
    admin.execute("INSERT INTO login_throttle (bucket, window_started_at) VALUES ('b', now())")
    admin.execute(
        "INSERT INTO user_sessions (user_id, token_hash, expires_at) VALUES (%s, 'x', now())", [person]
    )
    admin.execute(
        "INSERT INTO api_tokens (user_id, name, prefix, token_hash, scopes) VALUES (%s, 'n', 'p', 'x', '{rules.read}')",
        [person],
    )
    admin.execute("SELECT core.enqueue_job('default', 't', '{}', 0, NULL, NULL, NULL)")
