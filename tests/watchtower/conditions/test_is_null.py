"""`is_null`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import ABSENT, answers, first_finding, in_one_line, told


def test_it_needs_the_field_to_be_delivered():
    assert answers("is_null", None, [None, "live"], field="status") == "+-"
    assert answers("is_null", None, [None, None], field="status") == "??"
    assert answers("is_null", None, [None, 1, ABSENT], field="extra:$.a") == "+-+"
    assert answers("is_null", None, [None], field="extra:$.a") == "+"
    assert answers("is_null", None, [ABSENT], field="extra:$.a") == "?"
    assert answers("is_null", None, [ABSENT, Decimal(0)]) == "+-"


def test_its_words():
    rule = {"condition": "is_null", "limit": None, "now": None, "field": "extra:$.a"}
    assert told(first_finding(**rule)) == ("A is empty on Record 0", "A is empty")
    assert in_one_line("is_null", None, "status") == "status is empty"
