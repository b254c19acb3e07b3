"""`less_or_equal`."""

from tests.watchtower.conditions.ordering import Ordering


class TestLessOrEqual(Ordering):
    word = "less_or_equal"
    said = "+-+"
    sign = "≤"
    match = 14
