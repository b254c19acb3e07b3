"""A clone of the migrated template that tests share one after the other.

After each test every row goes and the seeded rows come back, in a few milliseconds. A test that changed the schema or
rights is found by a fingerprint of the catalogue; its clone is thrown away.
"""

from uuid import uuid4

import psycopg
from psycopg import sql

SCHEMAS = [
    "core", "watch", "jobs", "ads", "agents", "knowledge", "inventory", "support", "outreach", "reports",
]  # fmt: skip
# A row of the catalogue that was written again has another xmin, which is read far faster than what it says. Sequences
# are left out: winding them back writes their row.
FINGERPRINT = """
SELECT concat_ws('|',
  (SELECT count(*) || ':' || sum(hashtext(oid::text || xmin::text)::bigint) FROM pg_class WHERE relkind <> 'S'
     AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)),
  (SELECT count(*) || ':' || sum(hashtext(oid::text || xmin::text)::bigint) FROM pg_policy),
  (SELECT count(*) || ':' || sum(hashtext(oid::text || xmin::text)::bigint) FROM pg_trigger),
  (SELECT count(*) || ':' || sum(hashtext(oid::text || xmin::text)::bigint) FROM pg_constraint),
  (SELECT count(*) || ':' || sum(hashtext(oid::text || xmin::text)::bigint) FROM pg_proc))
"""
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND c.relname <> 'alembic_version' ORDER BY 1, 2
"""
SEQUENCES = "SELECT schemaname, sequencename FROM pg_sequences WHERE schemaname = ANY(%s)"
OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


def on_database(url: str, database: str) -> str:
    return url.rsplit("/", 1)[0] + "/" + database


class Workbench:
    def __init__(self, admin_url: str, template: str) -> None:
        self.admin_url = admin_url
        self.template = template
        self.name = ""
        self.fingerprint = ""
        self.emptying = ""
        self.keeping: list[tuple[str, str, str]] = []

    def take(self) -> str:
        if not self.name:
            self._clone()
        return on_database(self.admin_url, self.name)

    def give_back(self) -> None:
        """Empty the clone for the next test, or throw it away when its schema is not the template's any more."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(OTHERS, [self.name])
        try:
            with psycopg.connect(on_database(self.admin_url, self.name)) as connection:
                if self._read_fingerprint(connection) != self.fingerprint:
                    raise psycopg.DatabaseError("the schema was changed")
                self._empty(connection)
        except psycopg.Error:
            self.drop()

    def drop(self) -> None:
        if not self.name:
            return
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name))
            )
        self.name = ""

    def _clone(self) -> None:
        self.name = f"belvedere_test_{uuid4().hex[:12]}"
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(self.name), sql.Identifier(self.template)))
        with psycopg.connect(on_database(self.admin_url, self.name)) as connection:
            self.fingerprint = self._read_fingerprint(connection)
            self._learn(connection)

    def _read_fingerprint(self, connection: psycopg.Connection) -> str:
        row = connection.execute(FINGERPRINT).fetchone()
        assert row is not None
        return str(row[0])

    def _learn(self, connection: psycopg.Connection) -> None:
        """Which tables to empty, which sequences to wind back, and the rows that migrations put in."""
        tables = [f'"{schema}"."{name}"' for schema, name in connection.execute(TABLES, [SCHEMAS]).fetchall()]
        sequences = [
            f'"{schema}"."{name}"' for schema, name in connection.execute(SEQUENCES, [SCHEMAS]).fetchall()
        ]
        # Most tests touch few tables, and a table whose file is empty has nothing to delete.
        listed = ", ".join(f"'{table}'" for table in tables)
        self.emptying = (
            "SET session_replication_role = replica; DO $$ DECLARE t regclass; BEGIN"
            f" FOREACH t IN ARRAY ARRAY[{listed}]::regclass[] LOOP"
            " IF pg_relation_size(t) > 0 THEN EXECUTE 'DELETE FROM ' || t; END IF; END LOOP; END $$;"
            + ";".join(f"ALTER SEQUENCE {sequence} RESTART" for sequence in sequences)
        )
        self.keeping = []
        for table in tables:
            row = connection.execute(f"SELECT json_agg(t)::text FROM {table} t").fetchone()  # type: ignore[call-overload]
            if row is not None and row[0] is not None:
                self.keeping.append((table, table, row[0]))

    def _empty(self, connection: psycopg.Connection) -> None:
        connection.execute(self.emptying)  # type: ignore[call-overload]
        for table, shape, rows in self.keeping:
            connection.execute(
                f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{shape}, %s::json)",  # type: ignore[call-overload]
                [rows],
            )
        connection.commit()
