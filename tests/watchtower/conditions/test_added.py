"""`added`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import GONE, answers, first_finding, told


def test_only_what_the_reading_before_did_not_hold_is_new():
    assert answers("added", None, [Decimal(1), Decimal(2)], [Decimal(1)]) == "-+"
    assert answers("added", None, [Decimal(1)], None) == "?"


def test_its_words():
    assert told(first_finding("added", None, Decimal(12), GONE))[0] == "New: Record 0"
