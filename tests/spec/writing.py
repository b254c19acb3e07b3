"""Rows written as a program would that knows nothing but the specification: only printed columns, through printed names."""

from typing import Any

from psycopg import sql
from tests.isolation.rows import STATEMENTS, insert
from tests.spec.data import SPECS, Item, find_departures, find_table
from tests.spec.standing import At, resolve

SAMPLES = {
    "UUID": "gen_random_uuid()", "TIMESTAMP": "now()", "TIMESTAMPTZ": "now()", "TIMESTAMP WITH TIME ZONE": "now()",
    "DATE": "current_date", "JSONB": "'{}'", "INTEGER": "1", "BIGINT": "1", "BOOLEAN": "false",
}  # fmt: skip


def choose_path(at: At, number: str) -> None:
    at.execute(f"SET LOCAL search_path = {SPECS[number]['search_path']}")


def find_item(number: str, name: str) -> Item | None:
    found = [item for item in SPECS[number].get("table", []) if item["name"] == name]
    return found[0] if found and not found[0].get("added") else None


def add_row(at: At, number: str, name: str, given: dict[str, str] | None = None, returning: str = "*") -> Any:
    """Insert a row with the columns that must be given, as SQL expressions; `given` adds or replaces some."""
    item = find_item(number, name)
    if item is None:
        return add_named(at, number, name)
    values = list_needed(at, number, item) | (given or {})
    statement = (
        f"INSERT INTO {name} ({', '.join(values)}) VALUES ({', '.join(values.values())}) RETURNING {returning}"
        if values
        else f"INSERT INTO {name} DEFAULT VALUES RETURNING {returning}"
    )
    row = at.execute(statement).fetchone()
    assert row is not None
    return row


def list_needed(at: At, number: str, item: Item) -> dict[str, str]:
    values: dict[str, str] = dict(item.get("given", {}))
    ours = {key.rpartition(".")[2] for key in find_departures("required", number, item["name"])} - {
        "client_id"
    }
    for column in item["columns"]:
        printed = column.get("required") or column["name"] in item.get("primary_key", [])
        if (printed or column["name"] in ours) and "default" not in column:
            values[column["name"]] = make_sample(at, number, item["name"], column)
    return values


def make_sample(at: At, number: str, table: str, column: Item) -> str:
    """SQL of a value: a parent's key, a word of the enumeration, or something of the type."""
    if "sample" in column:
        return str(column["sample"])
    if "to" in column:
        return quote(at, add_parent(at, number, column["to"]))
    for item in SPECS[number].get("words", []):
        if (item["table"], item["column"]) == (table, column["name"]):
            return quote(at, item["words"][0])
    if column["type"].startswith(("DECIMAL", "NUMERIC")):
        return "1"
    return SAMPLES.get(column["type"], "'printed-' || left(gen_random_uuid()::text, 8)")


def add_parent(at: At, number: str, name: str) -> object:
    return add_row(at, number, name, returning="id")[0]


def add_named(at: At, number: str, name: str) -> tuple[object]:
    """A row of a table whose columns the specification does not print."""
    stands = resolve(at, find_table(number, name))
    if stands == "core.users":
        row = at.execute(
            "INSERT INTO core.users (email, display_name) VALUES (gen_random_uuid() || '@agency.example', 'Ada')"
            " RETURNING id"
        ).fetchone()
        assert row is not None
        return (row[0],)
    assert stands in STATEMENTS, f"no row of {stands} is known"
    statement, values = insert(stands, 0, "printed")
    if not at.execute(f"SELECT 1 FROM {stands} WHERE id = %s", [values["id"]]).fetchone():
        at.execute(statement, values)
    return (values["id"],)


def quote(at: At, value: object) -> str:
    return sql.Literal(str(value)).as_string(at)
