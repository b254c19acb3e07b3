"""Every printed table: its columns, types, defaults, keys and references, held against the catalogue and by writing rows."""

import psycopg
import pytest
from tests.spec.conftest import Prove
from tests.spec.data import SPECS, Item, find_departures, find_table, list_items, name_item
from tests.spec.standing import (
    At,
    Standing,
    bare,
    fetch_one,
    find_kind,
    is_wide_enough,
    read_columns,
    read_indexes,
    read_references,
    resolve,
)
from tests.spec.writing import add_row, choose_path, quote

Pair = tuple[str, Item]
every_table = pytest.mark.parametrize("pair", list_items("table"), ids=name_item)
created_tables = pytest.mark.parametrize(
    "pair", [pair for pair in list_items("table") if not pair[1].get("added")], ids=name_item
)


def read_printed(at: At, item: Item) -> dict[str, Standing]:
    """The printed columns as PostgreSQL itself understands them."""
    columns = []
    for column in item["columns"]:
        default = column.get("default", "")
        clause = f" DEFAULT {default}" if default and default != "auto-generated" else ""
        key = " NOT NULL" if column.get("required") or column["name"] in item.get("primary_key", []) else ""
        columns.append(f"{column['name']} {column['type']}{clause}{key}")
    at.execute(f"CREATE TEMP TABLE as_printed ({', '.join(columns)})")
    return read_columns(at, "pg_temp.as_printed")


def says_required(number: str, column: Item) -> bool:
    """The first specification prints either a default or the nullability, never both."""
    return number != "000" or "default" not in column


def find_faults(at: At, number: str, item: Item) -> set[str]:
    name, stands = item["name"], read_columns(at, item["stands"])
    view = find_kind(at, item["stands"]) == "v"
    faults = set()
    for column, printed in read_printed(at, item).items():
        found = stands.get(column)
        said = next(entry for entry in item["columns"] if entry["name"] == column)
        if found is None:
            faults.add(f"column {number} {name}.{column}")
            continue
        if not is_wide_enough(printed.type, found.type):
            faults.add(f"type {number} {name}.{column}")
        if view:
            continue
        if printed.default and bare(printed.default) != bare(found.default):
            faults.add(f"default {number} {name}.{column}")
        if says_required(number, said):
            if found.required and not printed.required:
                faults.add(f"required {number} {name}.{column}")
            if printed.required and not found.required:
                faults.add(f"loose {number} {name}.{column}")
    return faults


@every_table
def test_the_columns_stand_as_printed(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "columns", *(f"{item['name']}.{column['name']}" for column in item["columns"]))
    settled = set()
    for kind in ("column", "type", "default", "required", "loose"):
        settled |= find_departures(kind, number, item["name"])
    assert find_faults(at, number, item) == settled


@created_tables
def test_a_row_of_the_printed_columns_goes_in_with_the_printed_defaults(
    at: At, prove: Prove, pair: Pair
) -> None:
    number, item = pair
    prove(number, "tables", item["name"])
    choose_path(at, number)
    defaults = [
        column for column in item["columns"] if column.get("default", "auto-generated") != "auto-generated"
    ]
    checks = [
        f"{column['name']} IS NOT NULL"
        if column["type"] == "UUID"
        else f"{column['name']} IS NOT DISTINCT FROM ({column['default']})::{column['type']}"
        for column in defaults
    ]
    row = add_row(at, number, item["name"], returning=", ".join(checks) or "true")
    wrong = {column["name"] for column, right in zip(defaults, row, strict=False) if not right}
    settled = {key.rpartition(".")[2] for key in find_departures("default", number, item["name"])}
    assert wrong <= settled


@pytest.mark.parametrize(
    "pair", [pair for pair in list_items("table") if pair[1].get("added")], ids=name_item
)
def test_a_table_that_is_extended_has_the_columns(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "tables", item["name"])
    assert {column["name"] for column in item["columns"]} <= set(read_columns(at, item["stands"]))


@pytest.mark.parametrize("pair", list_items("named"), ids=name_item)
def test_a_table_that_is_only_named_answers_under_its_name(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "tables", item["name"])
    stands = resolve(at, item["stands"])
    assert find_kind(at, stands) in ("r", "p", "v")
    assert set(item.get("columns", "").split()) <= set(read_columns(at, stands))
    choose_path(at, number)
    if " " in item["name"]:
        return
    for spelling in (item["name"], f'"{item["name"]}"'):
        at.execute(f"SELECT * FROM {spelling} LIMIT 1")
    if item.get("read_only"):
        with pytest.raises(psycopg.Error, match="read only"):
            at.execute(f"INSERT INTO {item['name']} SELECT * FROM {item['name']}")


UNIQUE = [
    (number, {**item, "key": key}) for number, item in list_items("table") for key in item.get("unique", [])
]


@pytest.mark.parametrize("pair", UNIQUE, ids=lambda pair: f"{pair[0]}:{pair[1]['key']['line']}")
def test_what_is_printed_unique_is_unique_within_a_client(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    key = item["key"]
    prove(number, "keys", f"{item['name']}:{key['line']}")
    renamed = item.get("renamed", {})
    wanted = {renamed.get(column, column) for column in key["columns"]}
    base = str(item.get("base", item["stands"]))
    keys = [set(index.columns) for index in read_indexes(at, base) if index.unique and not index.where]
    exact = any(found - {"client_id"} == wanted for found in keys)
    settled = find_departures("unique", number, item["name"])
    assert exact != (f"unique {number} {item['name']}.{','.join(key['columns'])}" in settled), (
        f"{base}: {keys}"
    )
    assert any(wanted <= found for found in keys), f"{base} has only {keys}"


REFERENCES = [
    (number, {"table": item["name"], "base": item.get("base", item["stands"]), **column})
    for number, item in list_items("table")
    for column in item["columns"]
    if "to" in column
]


def name_reference(pair: Pair) -> str:
    return f"{pair[0]}:{pair[1]['line']}-{pair[1]['table']}.{pair[1]['name']}"


@pytest.mark.parametrize("pair", REFERENCES, ids=name_reference)
def test_a_printed_reference_is_kept(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "references", f"{item['table']}.{item['name']}")
    key = f"{number} {item['table']}.{item['name']}"
    settled = {f"{kind} {key}" for kind in ("reference", "on delete")} & (
        find_departures("reference", number, item["table"])
        | find_departures("on delete", number, item["table"])
    )
    assert find_reference_faults(at, number, item, key) == settled


def find_reference_faults(at: At, number: str, item: Item, key: str) -> set[str]:
    tables = {entry["name"]: entry.get("base", entry["stands"]) for entry in SPECS[number]["table"]}
    parent = tables.get(item["to"]) or resolve(at, find_table(number, item["to"]))
    found = dict(read_references(at, item["base"], item["name"]))
    if parent not in found:
        return {f"reference {key}"}
    # Where columns are given as rows of Markdown, nothing is said of a delete unless it is printed.
    silent = "on_delete" not in item and number in ("000", "002")
    wanted = {"CASCADE": "c", None: "ar", "SET NULL": "ar"}[item.get("on_delete")]
    return set() if silent or found[parent] in wanted else {f"on delete {key}"}


@pytest.mark.parametrize(
    "pair",
    [pair for pair in REFERENCES if "on_delete" in pair[1] and find_departures("on delete", pair[0], pair[1]["table"]) == set()],
    ids=name_reference,
)  # fmt: skip
def test_deleting_a_parent_does_to_its_children_what_is_printed(at: At, pair: Pair) -> None:
    number, item = pair
    choose_path(at, number)
    parent = add_row(at, number, item["to"], returning="id")[0]
    child = add_row(at, number, item["table"], {item["name"]: quote(at, parent)}, returning="id")[0]
    stands = find_table(number, item["table"])
    at.execute(f"DELETE FROM {item['to']} WHERE id = %s", [parent])
    left = at.execute(f"SELECT {item['name']} FROM {stands} WHERE id = %s", [child]).fetchall()
    assert left == ([] if item["on_delete"] == "CASCADE" else [(None,)])


TRIGGERS = list_items("trigger")


@pytest.mark.parametrize("pair", TRIGGERS, ids=name_item)
def test_a_printed_trigger_does_its_work(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "triggers", f"{item['line']}:{item['table']}")
    table = next(entry for entry in SPECS[number]["table"] if entry["name"] == item["table"])
    base = table.get("base", table["stands"])
    names = {
        row[0] for row in at.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [base])
    }
    settled = find_departures("trigger", number, item["table"])
    if item.get("name"):
        key = f"trigger {number} {item['table']}.{item['name']}"
        assert (item["name"] not in names) == (key in settled)
    if "keeps" in item:
        at.execute(f"UPDATE {base} SET {item['keeps']} = '2000-01-01'")
        assert fetch_one(at, f"SELECT min({item['keeps']}) > '2020-01-01' FROM {base}")
    for column in item.get("computes", []):
        assert read_columns(at, base)[column].generated
