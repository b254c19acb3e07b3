"""`changed`."""

from decimal import Decimal

from tests.watchtower.conditions.asking import ABSENT, answers, first_finding, told


def test_only_a_value_beside_the_reading_before_changes_item_9():
    assert answers("changed", None, ["live", "live", "new"], ["paused", "live"], field="status") == "+-?"
    assert answers("changed", None, ["live"], None, field="status") == "?"
    assert answers("changed", None, [["a", "b"], ["a"]], [["b", "a"], ["b"]], field="tags") == "-+"
    assert (
        answers("changed", "live", ["live", "paused", "live"], ["paused", "live", "live"], field="status")
        == "+--"
    )
    assert answers("changed", None, [Decimal("1.50"), Decimal("1.5")], [Decimal("1.5"), Decimal(2)]) == "-+"


def test_to_and_from_no_value_counts_where_both_readings_carry_the_field_item_33():
    assert answers("changed", None, [None, "live", "x"], ["live", None, "x"], field="status") == "++-"
    assert answers("changed", None, [None, None], ["live", "x"], field="status") == "??"
    assert answers("changed", None, ["live"], [None], field="status") == "?"
    assert answers("changed", None, [1], [ABSENT], field="extra:$.a") == "?"
    assert answers("changed", None, [1], [None], field="extra:$.a") == "+"


def test_a_number_that_comes_as_text_is_the_same_number():
    now = [1, "1", 1, "1.0", "1.0", 2, "x", True, 1]
    before = ["1", 1, "1.0", Decimal("1.00"), "1", "1", 1, "1", "1 x"]
    assert answers("changed", None, now, before, field="extra:$.a") == "----+++++"


def test_its_words():
    found = first_finding("changed", None, "paused", "live", field="status")
    assert told(found) == (
        "Status changed from live to paused on Record 0",
        "Status changed from live to paused",
    )
