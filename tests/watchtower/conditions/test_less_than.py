"""`less_than`."""

from tests.watchtower.conditions.ordering import Ordering


class TestLessThan(Ordering):
    word = "less_than"
    said = "--+"
    sign = "<"
    match = 14
