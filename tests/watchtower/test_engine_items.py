"""What the engine settles, one story each: groups, places, fields, types, missing values, percents."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from tests.watchtower.conditions.asking import ABSENT, NOW, PLACE, SOURCE, answers, judge, make_rule, record
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

from belvedere.core.errors import Invalid
from belvedere.watchtower import wording
from belvedere.watchtower.contracts import (
    Aggregate,
    Condition,
    LogicOperator,
    NoDataPolicy,
    OtherReading,
    Place,
    Rule,
    WatchState,
)
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import applies, expression, form_units
from belvedere.watchtower.rule_check import KnownField, RuleFacts, check_rule

GROUP = UUID(int=77)
SHOP = Place(1, UUID(int=901), "shop", "orders")
CLIENTS = Place(1, UUID(int=902), "internal", "clients")
AND, OR = LogicOperator.AND, LogicOperator.OR
known = RuleFacts(known=KnownField(is_metric=True, unit="percent"))


def rows(*told: tuple[LogicOperator, str, str, str], **more) -> list[Rule]:
    return [
        replace(make_rule(condition, limit, field, group_id=GROUP, position=place, **more), id=UUID(int=place + 1), logic_operator=joined)
        for place, (joined, field, condition, limit) in enumerate(told)
    ]  # fmt: skip


def campaign(**values) -> Entity:
    metrics = {
        name: Decimal(value) for name, value in values.items() if name in {"open_rate", "spend", "roas"}
    }
    return Entity("a", {name: value for name, value in values.items() if name not in metrics}, metrics)


def fired(rules: list[Rule], *entities: Entity) -> list[str]:
    return [finding.external_id for finding in judge(rules, entities).opens_all()]


def test_mixed_operators_bind_and_tighter_item_1():
    group = rows(
        (AND, "open_rate", "less_than", "15"),
        (OR, "spend", "greater_than", "100"),
        (AND, "status", "equals", "live"),
    )
    assert expression(form_units(group)[0]) == "open_rate < 15 OR (spend > 100 AND status = live)"
    assert fired(group, campaign(open_rate=10, spend=1, status="off")) == ["a"]
    assert fired(group, campaign(open_rate=20, spend=200, status="off")) == []
    assert fired(group, campaign(open_rate=20, spend=200, status="live")) == ["a"]


def test_the_operator_of_the_first_row_says_nothing_and_position_orders_item_1():
    group = rows((OR, "open_rate", "less_than", "15"), (AND, "spend", "greater_than", "100"))
    assert fired(group, campaign(open_rate=10, spend=1)) == []
    assert fired(list(reversed(group)), campaign(open_rate=10, spend=200)) == ["a"]


def test_mixed_operators_are_pointed_out_item_1():
    group = rows(
        (AND, "open_rate", "less_than", "15"),
        (OR, "spend", "greater_than", "100"),
        (AND, "roas", "less_than", "2"),
    )
    notes = check_rule(group[2], replace(known, siblings=group[:2]), force=True)
    assert "mixed" in {note.code for note in notes}


def test_the_first_row_owns_the_group_and_every_row_must_be_active_item_2():
    group = rows((AND, "open_rate", "less_than", "15"), (AND, "spend", "greater_than", "100"))
    frames = make_frames([campaign(open_rate=10, spend=200)])
    (verdict,) = evaluate(group, frames, None, WatchState(PLACE), NOW)
    assert (verdict.rule.id, len(verdict.opened), len(verdict.opened[0].conditions)) == (group[0].id, 1, 2)
    group[1] = replace(group[1], is_active=False)
    assert evaluate(group, frames, None, WatchState(PLACE), NOW) == []


def test_rows_hold_on_the_same_entity_by_default_item_3():
    group = rows((AND, "open_rate", "less_than", "15"), (AND, "spend", "greater_than", "100"))
    assert (
        fired(
            group,
            campaign(open_rate=10, spend=1),
            Entity("b", {}, {"open_rate": Decimal(20), "spend": Decimal(200)}),
        )
        == []
    )


def across(*, reading: OtherReading | None, entities: list[Entity] | None = None):
    """Low open rates while the shop holds a paid order of more than 1000."""
    group = rows((AND, "open_rate", "less_than", "15"), (AND, "amount", "greater_than", "1000"))
    group[1] = replace(group[1], source_id=SHOP.source_id)
    state = WatchState(PLACE, other_readings=[reading] if reading else [])
    (verdict,) = evaluate(group, make_frames(entities or [campaign(open_rate=10)]), None, state, NOW)
    return verdict


def shop(*amounts: str | None, **more) -> OtherReading:
    orders = [
        Entity(f"o{n}", {"name": f"Order {n}", "amount": Decimal(a) if a else None})
        for n, a in enumerate(amounts)
    ]
    return OtherReading(SHOP, make_frames(orders, start=50), **more)


def test_rows_on_different_sources_meet_at_the_client_item_3():
    assert not across(reading=shop("10", "999")).opened
    verdict = across(
        reading=shop("10", None, "2000"),
        entities=[campaign(open_rate=10), Entity("b", {}, {"open_rate": Decimal(50)})],
    )
    (finding,) = verdict.opened
    assert finding.external_id == "a"
    assert (finding.conditions[1].value, finding.conditions[1].entity) == ("2000", "Order 2")
    assert "Amount is €2,000.00, limit > €1,000 on Order 2" in wording.message(
        finding.conditions, "Rule", "Brandt", "EUR"
    ).replace("\u00a0", " ")


def test_no_reading_or_a_stale_one_of_the_other_source_holds_the_group_item_3():
    assert "needs another source" in across(reading=None).why["why"]
    held = across(reading=shop("2000", is_stale=True))
    assert (held.why["state"], len(held.opened)) == ("held", 0)
    assert "shop/orders is stale" in held.why["why"]
    assert across(reading=shop(None)).no_data == 1


def test_a_group_over_tables_is_judged_at_its_head_item_3():
    group = rows((AND, "open_rate", "less_than", "15"), (AND, "open_alerts", "greater_than", "3"))
    group[0], group[1] = (
        replace(group[0], target_table="api_records", source_id=None),
        replace(group[1], target_table="clients", source_id=None),
    )
    (unit,) = form_units(group)
    assert (applies(unit, PLACE), applies(unit, CLIENTS)) == (True, False)


def test_an_aggregate_asks_the_whole_reading_item_3():
    spend = [
        Entity(f"e{n}", {}, {"spend": Decimal(amount)}) for n, amount in enumerate(("0.1", "0.2", "0.3"))
    ]
    for aggregate, limit in (
        ("sum", "0.6"),
        ("avg", "0.2"),
        ("min", "0.1"),
        ("max", "0.3"),
        ("count", "3"),
        ("share", "100"),
    ):
        unit = judge(make_rule("equals", limit, "spend", aggregate=Aggregate(aggregate)), spend)
        assert (unit.is_whole, [finding.external_id for finding in unit.opens_all()]) == (True, [""]), (
            aggregate
        )
    one = make_rule("greater_than", "0.2", "spend", aggregate=Aggregate.ANY)
    assert len(judge(one, spend).opens_all()) == 1
    assert len(judge(replace(one, aggregate=Aggregate.ALL), spend).opens_all()) == 0
    assert judge(replace(one, aggregate=Aggregate.SUM), [Entity("e")]).truth_at([0]) is None
    assert judge(one, spend, is_full=False).truth_at([0]) is None


def test_an_aggregate_counts_for_each_record_of_its_group_item_3():
    group = rows((AND, "open_rate", "less_than", "15"), (AND, "spend", "greater_than", "300"))
    group[1] = replace(group[1], aggregate=Aggregate.SUM)
    low, high = (
        campaign(open_rate=10, spend=200),
        Entity("b", {}, {"open_rate": Decimal(20), "spend": Decimal(200)}),
    )
    assert fired(group, low, high) == ["a"]


def test_a_target_that_contradicts_its_source_is_refused_item_4():
    rule = replace(make_rule("less_than", "15"), target_table="clients")
    with pytest.raises(Invalid) as refusal:
        check_rule(rule, replace(known, source=PLACE), force=True)
    assert refusal.value.code == "rule_contradiction"
    with pytest.raises(Invalid) as refusal:
        check_rule(replace(rule, target_table="nothing"), known, force=True)
    assert refusal.value.code == "rule_unknown"


def test_no_target_means_records_or_the_internal_table_of_the_source_item_4():
    assert (PLACE.target_table, CLIENTS.target_table) == ("api_records", "clients")
    floating = replace(make_rule("less_than", "15"), source_id=None)
    (unit,) = form_units([floating])
    assert applies(unit, PLACE)
    assert applies(unit, SHOP)
    frames = make_frames([campaign(status="live")])
    assert evaluate([floating], frames, None, WatchState(PLACE), NOW) == []


def test_a_name_is_column_then_metric_then_extra_item_5():
    entity = Entity(
        "a",
        {"amount": Decimal(1)},
        {"amount": Decimal(2), "open_rate": Decimal(3)},
        {"open_rate": 4, "deep": {"er": 5}},
    )
    values = {
        "amount": "1",
        "col:amount": "1",
        "metric:amount": "2",
        "open_rate": "3",
        "extra:$.open_rate": "4",
        "extra:$.deep.er": "5",
    }
    for field, value in values.items():
        (finding,) = judge(make_rule("greater_than", "0", field), [entity]).opens_all()
        assert finding.head.value == value


def test_a_name_in_two_places_and_an_unknown_one_are_refused_item_5():
    both = RuleFacts(known=KnownField(is_metric=True, is_extra=True))
    with pytest.raises(Invalid, match="more than one place"):
        check_rule(make_rule("less_than", "15"), both, force=True)
    with pytest.raises(Invalid, match="save with force"):
        check_rule(make_rule("less_than", "15", "opne_rate"), RuleFacts(), force=False)
    notes = check_rule(make_rule("less_than", "15", "opne_rate"), RuleFacts(), force=True)
    assert "unknown" in {note.code for note in notes}
    unit = judge(make_rule("less_than", "15", "opne_rate"), [campaign(open_rate=1)])
    assert (unit.matched, unit.no_data, unit.errors) == (0, 1, 0)


def test_numeric_text_counts_and_other_text_is_an_error_on_that_entity_item_6():
    unit = judge(
        make_rule("less_than", "15", "status"),
        [record(n, "status", v) for n, v in enumerate(["14", "x", "1,2", None])],
    )
    assert (unit.matched, unit.errors, unit.no_data) == (1, 2, 1)
    assert answers("equals", "0.3", [Decimal("0.1") + Decimal("0.2")]) == "+"
    assert answers("greater_than", "12345678901234.000000", [Decimal("12345678901234.000001")]) == "+"


def test_unknown_neither_fires_nor_resolves_and_follows_kleene_item_7():
    both = rows((AND, "open_rate", "less_than", "15"), (AND, "spend", "greater_than", "100"))
    either = [both[0], replace(both[1], logic_operator=OR)]
    low, high = campaign(open_rate=10), campaign(open_rate=20)
    assert [judge(both, [entity]).truth_at([0]) for entity in (low, high)] == [None, False]
    assert [judge(either, [entity]).truth_at([0]) for entity in (low, high)] == [True, None]


def test_a_missing_value_is_told_from_a_guard_and_from_an_error_item_7():
    rule = make_rule(
        "less_than",
        "15",
        min_volume_field="spend",
        min_volume=Decimal(100),
        no_data_policy=NoDataPolicy.ALERT,
    )
    values = [
        Entity("missing", {}, {"spend": Decimal(100)}),
        Entity("small", {}, {"open_rate": Decimal(1), "spend": Decimal(99)}),
        Entity("unsized", {}, {"open_rate": Decimal(1)}),
        Entity("low", {}, {"open_rate": Decimal(1), "spend": Decimal(100)}),
    ]
    unit = judge(rule, values)
    assert [unit.truth_at([row]) for row in range(4)] == [None, None, None, True]
    assert list(unit.no_data_candidates()) == ["missing"]
    assert (unit.no_data, unit.left_out) == (3, 2)


def test_records_that_are_too_fresh_are_unknown():
    ages = [timedelta(hours=25), timedelta(hours=24), timedelta(hours=23)]
    entities = [
        Entity(f"e{n}", {"record_date": NOW - age}, {"open_rate": Decimal(1)}) for n, age in enumerate(ages)
    ]
    unit = judge(make_rule("less_than", "15", data_lag_minutes=1440), [*entities, campaign(open_rate=1)])
    assert [unit.truth_at([row]) for row in range(4)] == [True, True, None, True]


@pytest.mark.parametrize(
    ("condition", "limit", "recovery", "value", "recovered"),
    [
        ("less_than", "15", "18", "16", False), ("less_than", "15", "18", "18", True), ("less_than", "15", None, "15", True),
        ("greater_than", "15", "12", "13", False), ("greater_than", "15", "12", "12", True), ("less_or_equal", "15", "18", "18", False),
    ],
)  # fmt: skip
def test_a_value_recovers_only_past_its_own_limit(condition, limit, recovery, value, recovered):
    unit = judge(
        make_rule(condition, limit, recovery_threshold=recovery), [campaign(open_rate=value), Entity("b")]
    )
    assert (unit.recovered_at([0]), unit.recovered_at([1])) == (recovered, None)


def test_a_fraction_for_a_percent_is_asked_about_and_roas_is_a_ratio_item_8():
    notes = check_rule(make_rule("less_than", "0.15"), known, force=True)
    assert [note.detail for note in notes if note.code == "fraction"] == [
        "0.15% is less than one percent. Did you mean 15%?"
    ]
    assert "fraction" not in {
        note.code for note in check_rule(make_rule("less_than", "0.15 %"), known, force=True)
    }
    unit = judge(make_rule("less_than", "2", "roas"), [campaign(roas="1.5")])
    assert next(iter(unit.opens_all())).head.unit == "ratio"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recovery_threshold": "12"}, "recovery_nearer"),
        ({"recovery_threshold": "many"}, "recovery_unreadable"),
        ({"condition": "equals", "recovery_threshold": "18"}, "no_recovery"),
        ({"condition": "changed", "threshold_value": None, "aggregate": Aggregate.ANY}, "aggregate_of_change"),
        ({"condition": "is_null", "threshold_value": None, "aggregate": Aggregate.SUM}, "aggregate_of_figure"),
        ({"condition": "changed", "threshold_value": None, "for_readings": 2}, "does_not_last"),
        ({"min_volume": Decimal(1)}, "required"),
        ({"min_volume": Decimal(1), "min_volume_field": "spnd"}, "unknown"),
        ({"notify_zone": "Mars/Olympus"}, "not_a_zone"),
        ({"overrides_rule_id": UUID(int=9), "overrides_client_id": 0}, "unknown"),
        ({"overrides_rule_id": UUID(int=9), "overrides_client_id": 0, "client_id": 0}, "override_of_all"),
        ({"condition": "stale", "threshold_value": "2 days"}, "wrong_kind"),
        ({"condition": "between", "threshold_value": "a and b"}, "threshold_not_a_number"),
        ({"data_lag_minutes": -1}, "negative"),
        ({"message_template": "{{ nothing }"}, "template"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(changes, code):
    changes = {name: Condition(value) if name == "condition" else value for name, value in changes.items()}
    with pytest.raises(Invalid) as refusal:
        check_rule(
            replace(make_rule("less_than", "15"), **changes),
            replace(known, known_volume=KnownField()),
            force=False,
        )
    assert refusal.value.code.removeprefix("rule_") == code


def test_a_percent_change_without_a_volume_is_pointed_out_item_10():
    notes = check_rule(make_rule("percent_change", "-30"), known, force=True)
    assert "no_volume" in {note.code for note in notes}
    assert answers("percent_change", "-30", [Decimal(1), ABSENT], [Decimal(2), Decimal(2)]) == "+?"


def test_changed_compares_with_the_reading_before_and_its_first_reading_is_silent_item_9():
    rule = make_rule("changed", None, "status")
    now, before = make_frames([campaign(status="off")]), make_frames([campaign(status="live")], start=50)
    (first,) = evaluate([rule], now, None, WatchState(PLACE), NOW)
    (second,) = evaluate([rule], now, before, WatchState(PLACE), NOW)
    assert (len(first.opened), len(second.opened), SOURCE) == (0, 1, PLACE.source_id)
