"""Every printed word is accepted where it is printed; another word is refused where the list is closed."""

import psycopg
import pytest
from tests.spec.conftest import Prove
from tests.spec.data import Item, list_items, name_item
from tests.spec.standing import At
from tests.spec.writing import add_row, choose_path, quote

Pair = tuple[str, Item]
WORDS = list_items("words") + list_items("said")
EACH_WORD = [
    pytest.param((number, item, word), id=f"{number}:{item['line']}-{item['table']}.{item['column']}={word}")
    for number, item in WORDS
    for word in item["words"]
]


@pytest.mark.parametrize("case", EACH_WORD)
def test_the_printed_word_is_accepted(at: At, prove: Prove, case: tuple[str, Item, str]) -> None:
    number, item, word = case
    prove(number, "words", f"{item['table']}.{item['column']}={word}")
    choose_path(at, number)
    key = add_row(at, number, item["table"], item.get("given"), returning=item.get("key", "id"))[0]
    more = "".join(f", {clause}" for clause in item.get("together", {}).get(word, []))
    changed = at.execute(
        f"UPDATE {item['table']} SET {item['column']} = {quote(at, word)}{more} WHERE {item.get('key', 'id')} = %s",
        [key],
    )
    assert changed.rowcount == 1


CLOSED = [pair for pair in WORDS if not pair[1].get("examples")]


@pytest.mark.parametrize("pair", CLOSED, ids=name_item)
def test_a_made_up_word_is_refused(at: At, pair: Pair) -> None:
    number, item = pair
    choose_path(at, number)
    key = add_row(at, number, item["table"], item.get("given"), returning=item.get("key", "id"))[0]
    statement = f"UPDATE {item['table']} SET {item['column']} = 'nonsense' WHERE {item.get('key', 'id')} = %s"
    with pytest.raises(psycopg.errors.CheckViolation):
        at.execute(statement, [key])
