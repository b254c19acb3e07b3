"""What an alert says: figures that agree with their limit, changes told from one value to the next."""

import re
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belvedere.sources.service import field_labels
from belvedere.watchtower import wording
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Condition, ConditionReason, Finding
from belvedere.watchtower.hits import hits_of
from belvedere.wiring.modules import connect_modules


def reason(value, limit=None, *, condition="less_than", unit=None, previous=None, label="CTR", **more):
    return ConditionReason(
        uuid4(), "Rule", "field", label, condition, limit, value, previous, unit, more.pop("result", True), **more
    )  # fmt: skip


def said(*reasons):
    return wording.message(reasons, "Low", "Brandt", "EUR").replace("\u00a0", " ")


def titled(head):
    return wording.title(Finding("a", uuid4(), "Advent", (head,)), "EUR").replace("\u00a0", " ")


def read(text: str) -> Decimal:
    """A shown figure as a reader takes it."""
    return Decimal(re.sub(r"[^\d.-]", "", text.replace("\u2212", "-")))


@pytest.mark.parametrize(
    ("value", "limit", "unit", "expected"),
    [
        ("0.0137", "0.015", "percent", "CTR is 0.01%, limit < 0.015%"),
        ("0.004", "0.015", "percent", "CTR is 0.004%, limit < 0.015%"),
        ("14.999", "15", "percent", "CTR is 14.999%, limit < 15%"),
        ("11.8", "15.00 %", "percent", "CTR is 11.8%, limit < 15%"),
        ("1.9999", "2", "ratio", "CTR is 1.9999×, limit < 2×"),
        ("1.2", "2.50", "ratio", "CTR is 1.20×, limit < 2.5×"),
        ("1199.999", "1,200", "currency", "CTR is €1,199.999, limit < €1,200"),
        ("-0.001", "$0.50", "currency", "CTR is −€0.001, limit < €0.50"),
        ("14.99999999999", "15", "percent", "CTR is 14.999999%, limit < 15%"),
        ("1e-300", "15", "percent", "CTR is 1e-300, limit < 15%"),
        ("1e60", "15", None, "CTR is 1e60, limit < 15"),
    ],
)
def test_a_figure_is_shown_with_the_digits_it_needs(value, limit, unit, expected):
    assert said(reason(value, limit, unit=unit)).startswith(f"{expected}. Rule “Low”")


def test_the_title_and_the_fields_show_the_same_figure():
    head = reason("0.004", "0.015", unit="percent")
    assert titled(head) == "CTR 0.004% on Advent"
    assert ("CTR", "0.004% (<\u00a00.015%)") in wording.fields([head], "Low", "Brandt", "EUR")


figures = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**7), max_value=10**7)
nearby = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-1, max_value=1)


@given(
    figures,
    st.one_of(figures, nearby),
    st.booleans(),
    st.sampled_from([None, "percent", "currency", "ratio", "days"]),
)
@example(Decimal("0.0150"), Decimal("-0.0013"), True, "percent")
@example(Decimal("0.000000002"), Decimal("-0.000000001"), True, "ratio")
def test_the_shown_value_compares_with_the_shown_limit_as_the_real_ones_do(limit, other, is_near, unit):
    value = limit + other if is_near else other
    found = reason(f"{value:f}", f"{limit:f}", unit=unit)
    shown_value = read(wording.fields([found], "r", "c", "EUR")[1][1].split(" (")[0])
    shown_limit = read(wording.limit_text(found, "EUR").removeprefix("<"))
    assert shown_limit == limit
    assert shown_value.compare(shown_limit) == value.compare(limit)
    assert shown_value.is_zero() == value.is_zero()


def test_a_change_is_told_from_one_value_to_the_next():
    change = reason("unpublished", condition="changed", previous="demo", label="Status")
    assert said(change) == "Status changed from demo to unpublished. Rule “Low”, client Brandt."
    assert titled(change) == "Status changed from demo to unpublished on Advent"
    assert wording.fields([change], "r", "c", "EUR")[1] == ("Status", "unpublished (changed from demo)")


def test_a_change_without_a_known_value_before_names_only_the_new_one():
    change = reason("live", "live", condition="changed", label="Status")
    assert said(change).startswith("Status changed to live. ")
    assert titled(change) == "Status changed to live on Advent"


def test_a_change_below_the_usual_digits_shows_both_values_in_full():
    change = reason("1.234001", condition="changed", previous="1.234002", unit="percent")
    assert said(change).startswith("CTR changed from 1.234002 to 1.234001. ")


def test_a_row_that_has_not_changed_does_not_say_that_it_has():
    still = reason("live", condition="changed", previous="live", label="Status", result=False, joined_by="OR")
    assert said(reason("1", "2"), still).startswith("CTR is 1, limit < 2, or Status is live, not changed. ")


def test_the_words_begin_with_the_part_of_a_choice_that_holds():
    roas = reason("3", "2", unit="ratio", label="ROAS", result=False)
    spend = reason("60", "50", condition="greater_than", label="Spend", joined_by="OR")
    titles, messages = wording.words(
        hits_of(Finding("a", uuid4(), "Advent", (roas, spend))), "Low", "Brandt", "EUR"
    )
    assert titles == ["Spend 60 on Advent"]
    assert (
        messages[0]
        .replace("\u00a0", " ")
        .startswith("Spend is 60, limit > 50, or ROAS is 3.00×, limit < 2×. ")
    )


def spoken(value, *, result=True, **changes):
    reason = ConditionReason(
        rule_id=UUID(int=1), name="r", field="status", label="Status", condition=Condition.EQUALS, limit="paused",
        value=value, previous=None, unit=None, result=result, joined_by=None, entity=None,
    )  # fmt: skip
    reason = replace(reason, **changes)
    kind = kind_of(reason.condition)
    return (
        kind.title(reason, "EUR"),
        kind.sentence(reason, "EUR"),
        kind.limit_text(reason, "EUR"),
        kind.shown(reason, "EUR"),
    )


def test_words_are_told_without_signs():
    assert spoken("paused") == ("Status paused", "Status is paused", "is “paused”", "paused")
    assert spoken("live", result=False)[1] == "Status is live, not “paused”"
    label = "Empty where data was"
    assert spoken("true", limit="true", label=label) == (label, label, "is “true”", "yes")
    assert spoken("0", limit="0", unit="count")[1] == "Status is 0, limit =\u00a00"
    assert spoken("live", condition=Condition.NOT_EQUALS)[1:3] == (
        "Status is live, not “paused”",
        "not “paused”",
    )


def test_a_source_that_fails_is_told_by_what_happened():
    connect_modules()
    labels = field_labels("internal", "source_health", {"open_rate": "Open rate"})
    assert (labels["state"], labels["open_rate"]) == ("Reading", "Open rate")
    assert field_labels("shop", "source_health", {}) == {}
    assert spoken("failed", limit="failed", label=labels["state"])[:2] == (
        "Reading failed",
        "Reading is failed",
    )
