"""`is_not_null`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import ABSENT, answers, first_finding, told


def test_it_needs_the_field_to_be_delivered():
    assert answers("is_not_null", None, [None, "", "live"], field="status") == "-++"
    assert answers("is_not_null", None, [None, None], field="status") == "??"
    assert answers("is_not_null", None, [ABSENT, Decimal(0)]) == "-+"


def test_its_words():
    found = first_finding("is_not_null", None, "late", field="status")
    assert told(found) == ("Status has a value: late on Record 0", "Status is late, not empty")
