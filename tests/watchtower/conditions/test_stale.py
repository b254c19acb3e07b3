"""`stale`."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


@pytest.mark.parametrize("typed", ["2 days", "48 h", "2d", "1 day 24 hours", "2880 min"])
def test_an_age_has_several_forms_and_its_edge_is_exact(typed):
    ages = [timedelta(days=2, microseconds=1), timedelta(days=2), timedelta(days=-1)]
    assert answers("stale", typed, [*(NOW - age for age in ages), None], field="record_date") == "+--?"


def test_instants_as_text_count_and_nothing_else_does():
    values = ["2026-11-17", "2026-11-20T11:00:00Z", "soon", 5]
    assert answers("stale", "2 days", values, field="extra:$.a") == "+-!!"
    assert answers("stale", "2 days", [Decimal(5)]) == "!"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("soon", "threshold_not_an_age"),
        ("2", "threshold_not_an_age"),
        ("0 h", "threshold_not_an_age"),
        ("-2 days", "threshold_not_an_age"),
        ("999999 weeks", "threshold_not_an_age"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("stale"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    found = first_finding("stale", "2 days", NOW - timedelta(days=3), field="record_date")
    assert told(found)[0] == "Record date is older than 2 days on Record 0"
    assert in_one_line("stale", "2 days", "record_date") == "record_date older than 2 days"
