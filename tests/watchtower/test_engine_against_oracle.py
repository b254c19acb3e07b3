"""Whatever the rules and the data, the engine says what the slow judge says."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.watchtower import oracle
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import KNOWN_METRICS, Entity

from belvedere.watchtower.contracts import (
    Condition,
    DependencyCondition,
    LogicOperator,
    OpenAlert,
    Place,
    Rule,
    WatchState,
)
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import form_units

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = UUID(int=900)
PLACE = Place(client_id=1, source_id=SOURCE, provider="omnisend", endpoint="campaigns")

FIELDS = (
    "amount",
    "quantity",
    "status",
    "col:name",
    "tags",
    "record_date",
    "open_rate",
    "metric:roas",
    "extra:$.a",
    "extra:$.b.c",
    "plain_key",
)
texts = st.sampled_from(
    ["failed", "sent", " sent ", "15", "15.0", "-3.5", "Straße", "STRASSE", "1,200", "", "x"]
)
numbers = st.sampled_from(
    [Decimal(text) for text in ("0", "14.9", "15", "15.000001", "-3.5", "1000", "12345678.1234")]
)
dates = st.sampled_from([NOW, NOW - timedelta(days=1), datetime(2026, 11, 20, tzinfo=UTC)])
tags = st.lists(st.sampled_from(["high-value", "vip", "15"]), max_size=3, unique=True)
cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-20, 20),
    numbers,
    texts,
    st.lists(st.one_of(st.sampled_from(["vip", "15", "x"]), st.integers(14, 16)), max_size=2),
    st.fixed_dictionaries({"k": numbers}),
)
columns = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | texts,
        "status": st.none() | texts,
        "tags": st.none() | tags,
        "amount": st.none() | numbers.map(lambda number: number.quantize(Decimal("0.0001"))),
        "quantity": st.none() | st.integers(-20, 20),
        "record_date": st.none() | dates,
    },
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "a": cells,
        "b": st.fixed_dictionaries({}, optional={"c": cells}) | st.none(),
        "plain_key": cells,
    },
)
metrics = st.dictionaries(st.sampled_from(KNOWN_METRICS), numbers, max_size=2)
entities = st.lists(
    st.builds(Entity, st.sampled_from(["e1", "e2", "e3", "e4", "e5"]), columns, metrics, extras),
    max_size=5,
    unique_by=lambda entity: entity.external_id,
)
limits = st.sampled_from(
    ["15", "-3.5", "failed", "sent", "strasse", "vip", "high-value, vip", "true", "2026-11-20", "0.1"]
)


ORDERED = {Condition.GREATER_THAN, Condition.LESS_THAN}
ordered_limits = st.sampled_from(["15", "-3.5", "2026-11-20", "0.1"])


@st.composite
def rule_sets(draw: st.DrawFn) -> list[Rule]:
    """Single rules and groups with parents among earlier heads."""
    rules: list[Rule] = []
    heads: list[UUID] = []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 3))
        group = UUID(int=5000 + len(rules)) if size > 1 else None
        parent = draw(st.sampled_from([None, *heads]))
        for position in range(size):
            condition = draw(st.sampled_from(tuple(Condition)[:5]))
            needs_limit = condition is not Condition.CHANGED or draw(st.booleans())
            rules.append(
                Rule(
                    id=UUID(int=1000 + len(rules)),
                    name=f"rule {len(rules)}",
                    field_name=draw(st.sampled_from(FIELDS)),
                    condition=condition,
                    threshold_value=draw(ordered_limits if condition in ORDERED else limits)
                    if needs_limit
                    else None,
                    client_id=1,
                    source_id=SOURCE,
                    group_id=group,
                    position=position,
                    logic_operator=draw(st.sampled_from(LogicOperator)),
                    parent_rule_id=parent if position == 0 else None,
                    dependency_condition=draw(st.sampled_from(DependencyCondition))
                    if parent and position == 0
                    else None,
                )
            )
            if position == 0:
                heads.append(rules[-1].id)
    return rules


@st.composite
def open_alerts(draw: st.DrawFn, rules: list[Rule]) -> dict[UUID, dict[str, tuple[bool, int]]]:
    alerts = st.dictionaries(
        st.sampled_from(["e1", "e2", "e3", "gone"]), st.tuples(st.booleans(), st.integers(0, 1)), max_size=3
    )
    return {unit.head.id: draw(alerts) for unit in form_units(rules)}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), rules=rule_sets(), now=entities, before=st.none() | entities, is_full=st.booleans())
def test_the_engine_agrees_with_the_slow_judge(data, rules, now, before, is_full):
    alerts = data.draw(open_alerts(rules))
    state = WatchState(
        place=PLACE,
        is_full=is_full,
        open_alerts=[
            OpenAlert(UUID(int=7), rule_id, 1, SOURCE, name, acked, missing, last_seen_at=NOW)
            for rule_id, found in alerts.items()
            for name, (acked, missing) in found.items()
        ],
        metric_units=dict.fromkeys(KNOWN_METRICS, "percent"),
    )
    verdicts = evaluate(
        rules, make_frames(now), None if before is None else make_frames(before, start=100), state, NOW
    )
    expected = oracle.judge([unit.rows for unit in form_units(rules)], now, before, alerts, is_full=is_full)
    found = {
        verdict.rule.id: oracle.OracleVerdict(
            matched=expected[verdict.rule.id].matched,
            no_data=verdict.no_data,
            errors=verdict.errors,
            opened={finding.external_id for finding in verdict.opened},
            seen_again={finding.external_id for _, finding in verdict.seen_again},
            closed={(str(closing.alert.external_id), closing.reason.value) for closing in verdict.closed},
            held=verdict.held_back,
        )
        for verdict in verdicts
    }
    note(f"rules {rules}")
    note(f"now {now} before {before} full {is_full} alerts {alerts}")
    assert found == expected
    assert {v.rule.id: v.matched for v in verdicts} == {
        head: len(said.matched) for head, said in expected.items()
    }
