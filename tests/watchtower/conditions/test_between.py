"""`between`."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


@pytest.mark.parametrize("typed", ["10 and 20", "10..20", "10 % AND 20 %", "10 .. 20"])
def test_both_ends_count_in_every_form(typed):
    assert (
        answers(
            "between", typed, [Decimal(10), Decimal("9.999999"), Decimal(20), Decimal("20.000001"), ABSENT]
        )
        == "+-+-?"
    )


def test_money_text_and_time():
    assert answers("between", "$1,000 and $2,000", [Decimal(1500), Decimal(999)], field="spend") == "+-"
    assert answers("between", "10 and 20", ["15", "x"], field="status") == "+!"
    assert (
        answers("between", "2026-11-20 and 2026-11-21", [NOW, NOW + timedelta(days=2)], field="record_date")
        == "+-"
    )


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("10", "threshold_not_two"),
        ("1 and 2 and 3", "threshold_not_two"),
        ("20 and 10", "threshold_reversed"),
        ("a and b", "threshold_not_a_number"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("between"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    found = first_finding("between", "10 and 20", Decimal(12))
    assert told(found) == (
        "Open rate 12.0% is between 10% and 20% on Record 0",
        "Open rate is 12.0%, between 10% and 20%",
    )
    assert in_one_line("between", "10 and 20") == "open_rate between 10 and 20"
