"""Every printed statement runs as printed under the search path of its domain, and finds rows."""

import psycopg
import pytest
from tests.spec.conftest import Prove
from tests.spec.data import Item, list_items, name_item
from tests.spec.standing import At, fetch_one
from tests.spec.writing import choose_path

Pair = tuple[str, Item]
ALL = list_items("statement")


def select_kinds(*kinds: str) -> list[Pair]:
    return [pair for pair in ALL if pair[1]["kind"] in kinds]


@pytest.mark.parametrize("pair", select_kinds("select", "insert", "begin", "commit"), ids=name_item)
def test_the_printed_statement_runs_as_printed(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "statements", item["line"])
    choose_path(at, number)
    for statement in item.get("given", []):
        at.execute(statement)
    cursor = at.execute(item["sql"])
    if "rows" in item:
        assert cursor.rowcount >= item["rows"]
    if "also" in item:
        assert at.execute(item["also"]["sql"]).rowcount >= item["also"]["rows"]


@pytest.mark.parametrize("pair", select_kinds("create trigger"), ids=name_item)
def test_the_printed_trigger_can_be_made_as_printed(at: At, prove: Prove, pair: Pair) -> None:
    """The one of that name makes room first; then a change of the row moves the stamp."""
    number, item = pair
    prove(number, "statements", item["line"])
    choose_path(at, number)
    words = item["sql"].split()
    name, table = words[2], words[words.index("ON") + 1]
    at.execute(f"DROP TRIGGER {name} ON {table}")
    at.execute(item["sql"])
    at.execute(f"UPDATE {table} SET updated_at = '2000-01-01'")
    assert fetch_one(at, f"SELECT min(updated_at) > '2020-01-01' FROM {table}")


@pytest.mark.parametrize("pair", select_kinds("create function"), ids=name_item)
def test_the_printed_function_stands_and_can_be_made(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "statements", item["line"])
    choose_path(at, number)
    assert fetch_one(at, "SELECT to_regproc('update_updated_at_column') IS NOT NULL")
    at.execute(item["sql"])


@pytest.mark.parametrize("pair", select_kinds("alter table"), ids=name_item)
def test_row_level_security_is_switched_on_as_printed(at: At, prove: Prove, pair: Pair) -> None:
    number, item = pair
    prove(number, "statements", item["line"])
    choose_path(at, number)
    already = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass"
    assert fetch_one(at, already, [item["sql"].split()[2]])
    at.execute(item["sql"])


@pytest.mark.parametrize("pair", select_kinds("create extension"), ids=name_item)
def test_the_printed_extension_is_made_where_the_server_has_it(at: At, prove: Prove, pair: Pair) -> None:
    """Without it nothing is missing: keys come from gen_random_uuid, which every server has."""
    number, item = pair
    prove(number, "statements", item["line"])
    choose_path(at, number)
    known = at.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'uuid-ossp'").fetchone()
    if known is None:
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            at.execute(item["sql"])
        at.rollback()
        assert fetch_one(at, "SELECT gen_random_uuid() IS NOT NULL")
        return
    at.execute(item["sql"])
    assert fetch_one(at, "SELECT uuid_generate_v4() IS NOT NULL")


def test_every_statement_is_of_a_kind_that_is_tried() -> None:
    tried = {
        "select",
        "insert",
        "begin",
        "commit",
        "create trigger",
        "create function",
        "alter table",
        "create extension",
    }
    assert {item["kind"] for _, item in ALL} == tried
