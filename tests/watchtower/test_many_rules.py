"""Thousands of rules judged together say what each of them says by itself."""

from decimal import Decimal
from itertools import product
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.watchtower.drawn import BARE, FIELDS, LIMITS, NOW, SOURCE, entities, values
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import KNOWN_METRICS, Entity

from belvedere.watchtower.contracts import Condition, LogicOperator, NoDataPolicy, Place, Rule, WatchState
from belvedere.watchtower.evaluate import evaluate, judge_reading
from belvedere.watchtower.groups import RuleSet, form_units
from belvedere.watchtower.judge import Judge

PLACE = Place(client_id=1, source_id=SOURCE, provider="omnisend", endpoint="campaigns")


def make_rule(number: int, field: str, condition: Condition, limit: str | None, **more: object) -> Rule:
    given = {
        "source_id": SOURCE if number % 3 else None,
        "fires_from_zero": number % 2 == 0,
        "no_data_policy": NoDataPolicy.ALERT if number % 5 == 0 else NoDataPolicy.IGNORE,
        "min_volume_field": "quantity" if number % 7 == 0 else None,
        "min_volume": Decimal("0.5") if number % 7 == 0 else None,
        "data_lag_minutes": 60 if number % 11 == 0 else None,
    }
    return Rule(
        id=UUID(int=1 + number), name=f"rule {number}", field_name=field, condition=condition, threshold_value=limit,
        **(given | more),
    )  # fmt: skip


def make_catalogue() -> list[Rule]:
    """Every condition with every limit on every field, and neighbours of them in pairs."""
    told = [
        (field, condition, limit)
        for field, condition in product(FIELDS, Condition)
        for limit in ([None] if condition in BARE else LIMITS.get(condition, values))
    ]
    single = [make_rule(number, *parts) for number, parts in enumerate(told)]
    pairs = [
        make_rule(
            10_000 + number, *parts, source_id=SOURCE, group_id=UUID(int=50_000 + number // 2), position=number % 2,
            logic_operator=LogicOperator.OR if number % 10 == 1 else LogicOperator.AND,
        )
        for number, parts in enumerate(told[::5] + told[1::5])
    ]  # fmt: skip
    return single + pairs


RULES = RuleSet.of(make_catalogue())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(now=entities, before=st.none() | entities, is_full=st.booleans())
def test_each_rule_counts_what_it_counts_alone(now, before, is_full):
    state = WatchState(PLACE, is_full=is_full, metric_units=dict.fromkeys(KNOWN_METRICS, "percent"))
    frames = make_frames(now), None if before is None else make_frames(before, start=100)
    found = {verdict.rule.id: verdict for verdict in evaluate(RULES, *frames, state, NOW)}
    judge = Judge(*frames, state, NOW)
    units = form_units(RULES)
    judge.prepare(units)
    for unit in units:
        verdict = found.get(unit.head.id)
        if verdict is None:
            assert not judge.carries(unit), unit
            continue
        alone = judge.judge(unit)
        counts = (verdict.entities, verdict.matched, verdict.no_data, verdict.errors)
        assert counts == (alone.size, alone.matched, alone.no_data, alone.errors), unit
        assert verdict.why["field"] == alone.fields


def test_rules_that_a_reading_comes_nowhere_near_are_not_looked_at_one_by_one():
    rules = RuleSet.of(
        Rule(UUID(int=1 + number), f"rule {number}", "amount", Condition.GREATER_THAN, str(1000 + number))
        for number in range(2000)
    )
    frames = make_frames(
        [Entity(f"e{number}", {"amount": Decimal(number * 100)}, {}, {}) for number in range(12)]
    )
    judgement = judge_reading(rules, frames, None, WatchState(PLACE), NOW)
    assert len(judgement.spoken) == 100
    assert sum(len(alike.members) for alike in judgement.alike) == 1900
    assert len(judgement.verdicts()) == 2000


def test_a_set_for_every_client_is_planned_once():
    rules = RuleSet.of([Rule(UUID(int=1), "spend", "amount", Condition.GREATER_THAN, "5")])
    own = RuleSet.of([Rule(UUID(int=2), "own", "amount", Condition.LESS_THAN, "5", client_id=2)])
    frames = make_frames([Entity("e1", {"amount": Decimal(7)}, {}, {})])
    for client_id in (1, 2, 3):
        place = Place(client_id, SOURCE, "omnisend", "campaigns")
        found = evaluate(RuleSet.joined([rules, own]), frames, None, WatchState(place), NOW)
        assert [verdict.rule.name for verdict in found] == ["spend", "own"][: 2 if client_id == 2 else 1]
    assert len(rules.plans) == 1
