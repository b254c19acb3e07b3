"""`greater_or_equal`."""

from tests.watchtower.conditions.ordering import Ordering


class TestGreaterOrEqual(Ordering):
    word = "greater_or_equal"
    said = "++-"
    sign = "≥"
    match = 16
