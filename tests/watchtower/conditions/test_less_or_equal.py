"""`less_or_equal`."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


def test_numbers_compare_exactly_and_text_only_where_it_is_a_number():
    assert (
        answers("less_or_equal", "15", [Decimal(15), Decimal("15.000001"), Decimal("14.999999"), ABSENT])
        == "+-+?"
    )
    assert (
        answers("less_or_equal", "15", ["15", " 15.000001", "1.4e1", "1,200", "many"], field="status")
        == "+-+!!"
    )
    assert answers("less_or_equal", "15", [15, "15.1", 3, True, ["15"]], field="extra:$.a") == "+-+!!"
    assert answers("less_or_equal", "15", [["15"], None], field="tags") == "!?"
    noon, later, earlier = NOW, NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)
    assert answers("less_or_equal", "2026-11-20T12:00Z", [noon, later, earlier], field="record_date") == "+-+"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("many", "threshold_not_a_number"),
        ("1,20", "threshold_not_a_number"),
        ("", "threshold_required"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("less_or_equal"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    assert told(first_finding("less_or_equal", "15", Decimal(14)))[1] == "Open rate is 14.0%, limit ≤ 15%"
    assert in_one_line("less_or_equal", "15") == "open_rate ≤ 15"
