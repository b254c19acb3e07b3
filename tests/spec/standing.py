"""What stands in the database, read from its catalogue, and whether it is as wide as printed."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg

At = psycopg.Connection
SCHEMAS = ["core", "watch", "ads", "agents", "knowledge", "inventory", "support", "outreach", "reports"]
ORDER = re.compile(r"^(\w+)(?: (ASC|DESC))?$")


@dataclass(frozen=True)
class Standing:
    type: str
    required: bool
    default: str | None
    generated: bool


@dataclass(frozen=True)
class Index:
    name: str
    columns: tuple[str, ...]
    where: str | None
    unique: bool


def resolve(at: At, stands: str) -> str:
    """`*.name` is the one table of that name in any of the schemas."""
    schema, _, name = stands.partition(".")
    if schema != "*":
        return stands
    rows = at.execute(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ANY(%s) AND c.relname = %s AND c.relkind IN ('r', 'p')",
        [SCHEMAS, name],
    ).fetchall()
    assert rows, f"{name} stands in no schema"
    return f"{rows[0][0]}.{name}"


def find_kind(at: At, table: str) -> str | None:
    """Letter of pg_class.relkind; None when nothing stands there."""
    row = at.execute("SELECT relkind::text FROM pg_class WHERE oid = to_regclass(%s)", [table]).fetchone()
    return None if row is None else str(row[0])


def read_columns(at: At, table: str) -> dict[str, Standing]:
    rows = at.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),"
        " a.attgenerated <> '' OR a.attidentity <> '' FROM pg_attribute a"
        " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
        " WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped",
        [table],
    ).fetchall()
    return {name: Standing(*rest) for name, *rest in rows}


def read_indexes(at: At, table: str) -> list[Index]:
    rows = at.execute(
        "SELECT c.relname, ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false)"
        "   || CASE WHEN i.indoption[k - 1] & 1 = 1 THEN ' DESC' ELSE '' END"
        "   FROM generate_series(1, i.indnkeyatts) k ORDER BY k),"
        " pg_get_expr(i.indpred, i.indrelid), i.indisunique"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass(%s)",
        [table],
    ).fetchall()
    return [Index(name, tuple(columns), where, unique) for name, columns, where, unique in rows]


def read_references(at: At, table: str, column: str) -> list[tuple[str, str]]:
    """Parents that a column refers to, each with the letter of its ON DELETE."""
    rows = at.execute(
        "SELECT n.nspname || '.' || p.relname, c.confdeltype::text FROM pg_constraint c"
        " JOIN pg_class p ON p.oid = c.confrelid JOIN pg_namespace n ON n.oid = p.relnamespace"
        " WHERE c.contype = 'f' AND c.conrelid = to_regclass(%s) AND EXISTS (SELECT 1 FROM pg_attribute a"
        "  WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname = %s)",
        [table, column],
    ).fetchall()
    return [(str(parent), str(letter)) for parent, letter in rows]


def is_wide_enough(printed: str, standing: str) -> bool:
    """Whether every value of the printed type fits the standing one; both as `format_type` words them."""
    if printed == standing:
        return True
    if printed.startswith("character varying"):
        return holds_text(printed, standing)
    if printed.startswith("timestamp"):
        return standing == "timestamp with time zone"
    if printed in {"integer", "bigint"}:
        digits = 10 if printed == "integer" else 19
        return standing in {"bigint", "numeric"} or holds_number((digits, 0), standing)
    if printed.startswith("numeric"):
        precision, scale = read_precision(printed)
        return standing == "numeric" or holds_number((precision - scale, scale), standing)
    return False


def holds_text(printed: str, standing: str) -> bool:
    if printed.endswith("[]") != standing.endswith("[]"):
        return False
    if standing.removesuffix("[]") in {"text", "citext", "character varying"}:
        return True
    before, now = (re.search(r"\((\d+)\)", kind) for kind in (printed, standing))
    return before is not None and now is not None and int(before[1]) <= int(now[1])


def holds_number(needed: tuple[int, int], standing: str) -> bool:
    if not standing.startswith("numeric("):
        return False
    precision, scale = read_precision(standing)
    return precision - scale >= needed[0] and scale >= needed[1]


def read_precision(kind: str) -> tuple[int, int]:
    found = re.match(r"numeric\((\d+),(\d+)\)", kind)
    assert found is not None, kind
    return int(found[1]), int(found[2])


def bare(expression: str | None) -> str | None:
    """A default without its casts and quotes, so that `'active'::text` equals `'active'::character varying`."""
    if expression is None:
        return None
    bared = re.sub(r"::[a-z ]+(\(\d+(,\d+)?\))?(\[\])?", "", expression)
    return bared.strip("'()").lower()


def leads(index: Index, columns: list[str]) -> bool:
    """Whether the columns are the first of the index; the direction counts only between columns."""
    wanted = [split_order(column) for column in columns]
    found = [split_order(column) for column in index.columns[: len(columns)]]
    return [name for name, _ in wanted] == [name for name, _ in found]


def split_order(column: str) -> tuple[str, str]:
    match = ORDER.match(column.replace('"', ""))
    return (match[1], match[2] or "ASC") if match else (column, "ASC")


def fetch_one(at: At, statement: str, values: Any = None) -> Any:
    row = at.execute(statement, values).fetchone()
    assert row is not None
    return row[0]
