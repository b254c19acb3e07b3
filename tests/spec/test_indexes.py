"""Every printed index stands: under its printed name, or as the first columns of another that makes it a repeat."""

import pytest
from tests.spec.conftest import Prove
from tests.spec.counting import name_index
from tests.spec.data import SPECS, Item, find_departures, list_items
from tests.spec.standing import At, Index, fetch_one, leads, read_indexes

Pair = tuple[str, Item]


def label_index(pair: Pair) -> str:
    return f"{pair[0]}:{pair[1]['line']}-{pair[1]['table']}({','.join(pair[1]['columns'])})"


def find_base(number: str, name: str) -> str:
    item = next(entry for entry in SPECS[number]["table"] if entry["name"] == name)
    return str(item.get("base", item["stands"]))


@pytest.mark.parametrize("pair", list_items("index"), ids=label_index)
def test_a_printed_index_stands(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "indexes", name_index(item))
    standing = read_indexes(at, find_base(number, item["table"]))
    serving = [
        index for index in standing if leads(index, item["columns"]) and serves(at, number, item, index)
    ]
    settled = find_departures("index", number, item["table"])
    key = f"index {number} {item['table']}.{item.get('name', ','.join(item['columns']))}"
    assert serving, f"no index of {find_base(number, item['table'])} serves {item['columns']}: {standing}"
    if "name" in item:
        assert (item["name"] not in {index.name for index in serving}) == (key in settled)


def serves(at: At, number: str, item: Item, index: Index) -> bool:
    """A partial index serves only what is printed with the same condition."""
    if index.where is None:
        return True
    if "where" not in item:
        # A comparison is never true of NULL, so leaving NULL out leaves nothing out.
        return index.where == f"({item['columns'][0].split()[0]} IS NOT NULL)"
    # PostgreSQL words the printed condition itself, on a table of the same shape.
    base = find_base(number, item["table"])
    at.execute(f"CREATE TEMP TABLE as_printed (LIKE {base})")
    at.execute(
        f"CREATE INDEX as_printed_index ON as_printed ({', '.join(item['columns'])}) WHERE {item['where']}"
    )
    printed = fetch_one(
        at,
        "SELECT pg_get_expr(indpred, indrelid) FROM pg_index WHERE indexrelid = 'as_printed_index'::regclass",
    )
    at.execute("DROP TABLE as_printed")
    return bool(printed == index.where)


@pytest.mark.parametrize("pair", list_items("indexed"), ids=lambda pair: f"{pair[0]}:{pair[1]['line']}")
def test_what_shall_be_indexed_in_words_is_indexed(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "rules", f"{item['line']}:{item['says']}")
    missing = set()
    for table in item["tables"]:
        first = {name.split()[0] for index in read_indexes(at, table) for name in index.columns[:2]}
        missing |= {f"indexed {number} {table}:{column}" for column in item["columns"] if column not in first}
    settled = set()
    for table in item["tables"]:
        settled |= {
            key
            for key in find_departures("indexed", number, table)
            if key.partition(":")[2] in item["columns"]
        }
    assert missing == settled
