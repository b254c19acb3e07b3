"""The way down: what it would drop is found by trying it, and refused while it holds anybody's rows."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, text

from belvedere.core.errors import Conflict, FieldProblem
from belvedere.migrations.sources import RULES
from belvedere.migrations.sources import SOURCES as TARGETS
from belvedere.migrations.spine import METRICS, SOURCES

_TABLES = text(
    "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'alembic_version'"
    " AND pg_has_role(c.relowner, 'USAGE') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
)


def listed(words: Iterator[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


MADE_BY_REVISIONS = {
    "core.partition_plans": "false",
    "core.installation": "false",
    "core.clients": "id <> 0",
    "watch.api_sources": f"provider || '/' || endpoint NOT IN ({listed(f'{row[0]}/{row[1]}' for row in (*SOURCES, *TARGETS))})",
    "watch.watchtower_rules": f"id NOT IN ({listed(str(rule[0]) for rule in RULES)})",
    "watch.metric_definitions": f"metric_name NOT IN ({listed(row[0] for row in METRICS)})",
}
"""Which rows of these tables are somebody's, and not put in by a revision itself."""


def refuse_loss(connection: Connection, descend: Callable[[], None]) -> None:
    """Raise Conflict, naming tables and row counts, when `descend` would drop tables that hold rows; changes nothing."""
    lost = {
        table: rows for table in find_dropped(connection, descend) if (rows := count_rows(connection, table))
    }
    connection.rollback()
    if lost:
        raise Conflict(
            "The way down drops tables that hold rows. Nothing was changed; make a backup, then run it with"
            " --discard-rows. These would be lost:",
            errors=[
                FieldProblem(table, "holds_rows", f"{rows} {'row' if rows == 1 else 'rows'}")
                for table, rows in sorted(lost.items())
            ],
            code="rows_would_be_lost",
        )


def find_dropped(connection: Connection, descend: Callable[[], None]) -> list[str]:
    """Tables that are not there any more after `descend`, which is taken back."""
    before = set(connection.execute(_TABLES).scalars())
    descend()
    after = set(connection.execute(_TABLES).scalars())
    connection.rollback()
    return sorted(before - after)


def count_rows(connection: Connection, table: str) -> int:
    """Row policies bind the owner too, so they are put off for the length of this transaction."""
    connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    condition = MADE_BY_REVISIONS.get(table, "true")
    return int(connection.execute(text(f"SELECT count(*) FROM {table} WHERE {condition}")).scalar_one())
