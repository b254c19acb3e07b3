"""`changed_from_to`."""

from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


@pytest.mark.parametrize("typed", ["live -> paused", "live→paused", "live->paused"])
def test_both_ends_must_be_met(typed):
    now, before = ["paused", "paused", "live", "paused"], ["live", "new", "paused", "paused"]
    assert answers("changed_from_to", typed, now, before, field="status") == "+---"


def test_a_star_is_any_value():
    now, before = ["paused", "live", None, "x"], ["live", "paused", "live", None]
    assert answers("changed_from_to", "live -> *", now, before, field="status") == "+-+-"
    assert answers("changed_from_to", "* -> x", now, before, field="status") == "---+"
    assert (
        answers("changed_from_to", "10 -> 12", [Decimal(12), Decimal(12)], [Decimal("10.0"), Decimal(11)])
        == "+-"
    )
    assert answers("changed_from_to", "live -> x", ["x"], None, field="status") == "?"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("live", "threshold_not_a_step"),
        ("-> x", "threshold_not_a_step"),
        ("a -> b -> c", "threshold_not_a_step"),
        ("", "threshold_required"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("changed_from_to"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    found = first_finding("changed_from_to", "live -> paused", "paused", "live", field="status")
    assert told(found)[0] == "Status changed from live to paused on Record 0"
    assert in_one_line("changed_from_to", "* -> x", "status") == "status changed to x"
