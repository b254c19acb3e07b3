"""`equals`."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


def test_numbers_are_exact_text_is_trimmed_and_tags_are_sets():
    assert answers("equals", "15", [Decimal("15.000"), Decimal("15.000001"), ABSENT]) == "+-?"
    assert answers("equals", "1,200", [Decimal(1200), Decimal(1)]) == "+-"
    assert answers("equals", "sent", [" sent ", "Sent", None], field="status") == "+-?"
    assert answers("equals", '["vip", "new"]', [["new", "vip"], ["vip"], []], field="tags") == "+--"
    assert answers("equals", "true", [True, False, "true", {"a": 1}], field="extra:$.a") == "+-+!"
    assert (
        answers("equals", "2026-11-20", [datetime(2026, 11, 20, tzinfo=UTC), NOW], field="record_date")
        == "+-"
    )


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "threshold_required"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("equals"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    assert told(first_finding("equals", "15", Decimal(15))) == (
        "Open rate 15.0% on Record 0",
        "Open rate is 15.0%, limit = 15%",
    )
    assert in_one_line("equals", "15") == "open_rate = 15"
