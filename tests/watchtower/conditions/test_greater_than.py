"""`greater_than`."""

from tests.watchtower.conditions.ordering import Ordering


class TestGreaterThan(Ordering):
    word = "greater_than"
    said = "-+-"
    sign = ">"
    match = 16
