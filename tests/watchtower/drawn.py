"""Rules and data drawn at random, for the engine and the slow judge alike."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import strategies as st
from tests.watchtower.oracle import KNOWN_METRICS, Entity

from belvedere.watchtower.contracts import Aggregate, Condition, DependencyCondition, LogicOperator, Rule

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = UUID(int=900)
ELSEWHERE = UUID(int=901)
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
    ["failed", "sent", " sent ", "15", "15.0", "-3.5", "Straße", "STRASSE", "1,200", "", "x", "2026-11-18"]
)
numbers = st.sampled_from(
    [Decimal(text) for text in ("0", "14.9", "15", "15.000001", "-3.5", "10.5", "1000", "12345678.1234")]
)
dates = st.sampled_from(
    [NOW, NOW - timedelta(days=1), datetime(2026, 11, 20, tzinfo=UTC), NOW - timedelta(days=3)]
)
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
    st.builds(Entity, st.sampled_from(["e1", "e2", "e3", "e4"]), columns, metrics, extras), max_size=5
)
"""An entity may stand in a reading more than once."""

values = ["15", "-3.5", "failed", "sent", "strasse", "vip", "high-value, vip", "true", "2026-11-20", "0.1"]
ordered = ["15", "-3.5", "2026-11-20", "0.1"]
LIMITS = {
    Condition.GREATER_THAN: ordered,
    Condition.LESS_THAN: ordered,
    Condition.GREATER_OR_EQUAL: ordered,
    Condition.LESS_OR_EQUAL: ordered,
    Condition.BETWEEN: ["-3.5 and 15", "14.9..15", "2026-11-18 and 2026-11-20"],
    Condition.IN: ["failed, sent", '["15", "vip"]', "-3.5, true", "2026-11-20, 15"],
    Condition.CHANGED_FROM_TO: ["failed -> sent", "* -> 15", "15 -> *", "* -> *"],
    Condition.PERCENT_CHANGE: ["30", "-30", "±0.5", "-100"],
    Condition.STALE: ["2 days", "36 h", "90 min"],
}
RECOVERY = {
    Condition.GREATER_THAN: "-3.5",
    Condition.GREATER_OR_EQUAL: "0.1",
    Condition.LESS_THAN: "1000",
    Condition.LESS_OR_EQUAL: "15.5",
    Condition.STALE: "30 min",
}
BARE = {Condition.IS_NULL, Condition.IS_NOT_NULL, Condition.ADDED, Condition.REMOVED, Condition.NO_DATA}
EVENTS = {Condition.CHANGED, Condition.CHANGED_FROM_TO, Condition.ADDED, Condition.REMOVED}
OF_RECORDS = (None, Aggregate.ANY, Aggregate.ALL)
FIGURELESS = {Condition.CONTAINS, Condition.IS_NULL, Condition.IS_NOT_NULL}


@st.composite
def aggregates(draw: st.DrawFn, condition: Condition) -> Aggregate | None:
    if condition in EVENTS or draw(st.booleans()):
        return None
    return draw(st.sampled_from(OF_RECORDS if condition in FIGURELESS else (None, *Aggregate)))


@st.composite
def drawn_rules(
    draw: st.DrawFn, number: int, group: UUID | None, position: int, parent: UUID | None, *, across: bool
) -> Rule:
    condition = draw(st.sampled_from(Condition))
    needs_limit = condition not in BARE and (condition is not Condition.CHANGED or draw(st.booleans()))
    has_volume, has_recovery = draw(st.booleans()) and draw(st.booleans()), draw(st.booleans())
    stands_elsewhere = across and position > 0 and draw(st.booleans())
    return Rule(
        id=UUID(int=1000 + number),
        name=f"rule {number}",
        field_name=draw(st.sampled_from(FIELDS)),
        condition=condition,
        threshold_value=draw(st.sampled_from(LIMITS.get(condition, values))) if needs_limit else None,
        client_id=1,
        source_id=ELSEWHERE if stands_elsewhere else SOURCE,
        group_id=group,
        position=position,
        logic_operator=draw(st.sampled_from(LogicOperator)),
        parent_rule_id=parent if position == 0 else None,
        dependency_condition=draw(st.sampled_from(DependencyCondition)) if parent and position == 0 else None,
        aggregate=draw(aggregates(condition)),
        recovery_threshold=RECOVERY.get(condition) if has_recovery else None,
        min_volume_field=draw(st.sampled_from(["quantity", "open_rate", "extra:$.a"]))
        if has_volume
        else None,
        min_volume=Decimal("14.9") if has_volume else None,
        data_lag_minutes=draw(st.sampled_from([None, None, None, 60, 2880])),
        fires_from_zero=draw(st.booleans()),
    )


@st.composite
def rule_sets(draw: st.DrawFn, *, across: bool = False) -> list[Rule]:
    """Single rules and groups with parents among earlier heads."""
    rules: list[Rule] = []
    heads: list[UUID] = []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 3))
        group = UUID(int=5000 + len(rules)) if size > 1 else None
        parent = draw(st.sampled_from([None, *heads]))
        first = len(rules)
        for position in range(size):
            rules.append(draw(drawn_rules(len(rules), group, position, parent, across=across)))
        heads.append(rules[first].id)
    return rules
