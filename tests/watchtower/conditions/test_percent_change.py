"""`percent_change`."""

from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


def test_the_step_counts_exactly_item_10():
    assert (
        answers(
            "percent_change",
            "-30",
            [Decimal(7), Decimal("7.000001"), Decimal(13)],
            [Decimal(10), Decimal(10), Decimal(10)],
        )
        == "+--"
    )
    assert (
        answers(
            "percent_change",
            "30",
            [Decimal(13), Decimal("12.999999"), Decimal(7)],
            [Decimal(10), Decimal(10), Decimal(10)],
        )
        == "+--"
    )
    assert (
        answers(
            "percent_change",
            "±30 %",
            [Decimal(13), Decimal(7), Decimal(10)],
            [Decimal(10), Decimal(10), Decimal(10)],
        )
        == "++-"
    )
    assert answers("percent_change", "+-30", [Decimal(7)], [Decimal(10)]) == "+"
    assert answers("percent_change", "100", [Decimal(-5), Decimal(5)], [Decimal(-10), Decimal(-10)]) == "-+"
    third, whole = Decimal("0.333333"), Decimal(1)
    assert answers("percent_change", "-66.6667", [third, third], [whole, Decimal("0.999999")]) == "+-"


def test_there_is_no_percentage_of_nothing_item_10():
    now, before = (
        [Decimal(5), Decimal(5), ABSENT, Decimal(0), Decimal(5)],
        [Decimal(0), ABSENT, Decimal(5), Decimal(0)],
    )
    assert answers("percent_change", "30", now, before) == "?????"
    assert answers("percent_change", "30", now, before, fires_from_zero=True) == "+??-?"
    assert (
        answers(
            "percent_change", "-30", [Decimal(-5), Decimal(5)], [Decimal(0), Decimal(0)], fires_from_zero=True
        )
        == "+-"
    )
    assert answers("percent_change", "30", [Decimal(5)], None, fires_from_zero=True) == "?"
    assert answers("percent_change", "30", ["5", "x"], ["1", "1"], field="status") == "+!"
    assert answers("percent_change", "30", [NOW], [NOW], field="record_date") == "!"


@pytest.mark.parametrize(
    ("now", "before", "limit", "title"),
    [
        ("11.8", "18", "-30", "Open rate 11.8% fell 34% since the last reading"),
        ("13", "10", "30", "Open rate 13.0% rose 30% since the last reading"),
        ("10.21", "10", "±2", "Open rate 10.21% rose 2.1% since the last reading"),
        ("13.04", "10", "30.4", "Open rate 13.04% rose 30.4% since the last reading"),
        ("5", "0", "30", "Open rate 5.0% rose from 0 since the last reading"),
    ],
)
def test_its_words(now, before, limit, title):
    found = first_finding("percent_change", limit, Decimal(now), Decimal(before), fires_from_zero=True)
    assert told(found)[0] == f"{title} on Record 0"


def test_its_line():
    assert in_one_line("percent_change", "-30") == "open_rate falls by at least 30%"
    assert in_one_line("percent_change", "±30") == "open_rate changes by at least 30%"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("many", "threshold_not_a_percentage"),
        ("0", "threshold_not_a_percentage"),
        ("--3", "threshold_not_a_percentage"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("percent_change"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )
