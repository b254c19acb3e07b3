"""`in`."""

from decimal import Decimal

import pytest
from tests.watchtower.conditions.asking import answers, first_finding, in_one_line, told

from belvedere.core.errors import Invalid
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Condition


@pytest.mark.parametrize("typed", ["paused, failed", "paused,failed", '["paused", "failed"]'])
def test_any_of_the_values_holds(typed):
    assert answers("in", typed, ["paused ", "failed", "live", None], field="status") == "++-?"


def test_numbers_truths_and_sets():
    assert answers("in", "15, 1200", [Decimal("15.0"), Decimal(1200), Decimal(12)]) == "++-"
    assert answers("in", '["1,200", "$40"]', [Decimal(1200), Decimal(40), Decimal(1)]) == "++-"
    assert answers("in", "true, 5", [True, 5, False, {"a": 1}], field="extra:$.a") == "++-!"
    assert answers("in", "vip, new", [["vip"], ["new"], ["vip", "new"]], field="tags") == "++-"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("1,200, 3", "threshold_ambiguous"),
        ("[]", "threshold_empty"),
        (" , ", "threshold_empty"),
        ('["a"', "threshold_not_a_list"),
        ('[{"a": 1}]', "threshold_not_a_list"),
    ],
)
def test_a_limit_that_cannot_be_read_names_the_field_and_the_fix(typed, code):
    with pytest.raises(Invalid) as refusal:
        read_limit(Condition("in"), typed, "open_rate")
    assert refusal.value.code == code
    assert [problem.pointer for problem in refusal.value.errors] == ["/threshold_value"]
    assert (
        "open_rate" in refusal.value.detail
        or "such as" in refusal.value.detail
        or "Write" in refusal.value.detail
    )


def test_its_words():
    found = first_finding("in", "paused, failed", "failed", field="status")
    assert told(found) == (
        "Status is one of paused, failed on Record 0",
        "Status is failed, one of paused, failed",
    )
    assert in_one_line("in", "paused,failed", "status") == "status in (paused, failed)"
