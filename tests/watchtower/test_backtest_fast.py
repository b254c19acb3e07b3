"""Whatever the rule and the history, the fast replay finds what the plain one finds reading by reading."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.watchtower.oracle import Entity
from tests.watchtower.past import DAY, PLACE, remember

from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_fast import FastReplay, make_replay
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.backtest_replay import Question, Replay
from belvedere.watchtower.backtest_told import Teller
from belvedere.watchtower.compose import ClientFacts
from belvedere.watchtower.contracts import Condition, LogicOperator, NoDataPolicy, Rule, Severity
from belvedere.watchtower.history_frames import needs_of, unpack
from belvedere.watchtower.history_truth import ORDERS
from belvedere.watchtower.seeing import is_worse

COUNTED = ("readings", "judged", "entities", "matched", "no_data", "errors", "held_back", "without_data", "not_judged",
           "held_because")  # fmt: skip
END = DAY + timedelta(hours=14)
UNITS = {"open_rate": "percent"}
CLIENT = ClientFacts(1, "Brandt", "EUR", "42", ())

rates = st.sampled_from([Decimal(text) for text in ("9", "14.999999", "15", "15.000001", "16", "30")])
entities = st.lists(
    st.builds(
        Entity,
        st.sampled_from(["a", "b", "c", "d"]),
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from(["live", "paused", None]),
                "quantity": st.integers(0, 3) | st.none(),
            },
        ),
        st.dictionaries(st.sampled_from(["open_rate", "roas"]), rates),
        st.fixed_dictionaries({}, optional={"flag": st.sampled_from([1, 2, "x", None])}),
    ),
    max_size=5,
    unique_by=lambda entity: entity.external_id,
)
histories = st.lists(
    st.tuples(entities | st.none(), st.sampled_from([True, True, True, False])), min_size=1, max_size=12
)
accounts = st.lists(st.sampled_from([None, None, None, UUID(int=5)]), min_size=12, max_size=12)
order = st.sampled_from(
    [Condition.LESS_THAN, Condition.GREATER_THAN, Condition.LESS_OR_EQUAL, Condition.GREATER_OR_EQUAL]
)
numbers = st.builds(
    lambda name, condition, limit: {"field_name": name, "condition": condition, "threshold_value": limit},
    st.sampled_from(["open_rate", "metric:roas", "quantity", "roas"]), order,
    st.sampled_from(["15", "14.9999995", "-1e400", "2", "9"]),
)  # fmt: skip
others = st.sampled_from(
    [
        {"field_name": "status", "condition": Condition.EQUALS, "threshold_value": "paused"},
        {"field_name": "status", "condition": Condition.CHANGED},
        {"field_name": "open_rate", "condition": Condition.CHANGED},
        {"field_name": "flag", "condition": Condition.EQUALS, "threshold_value": "1"},
        {"field_name": "flag", "condition": Condition.GREATER_THAN, "threshold_value": "1"},
        {"field_name": "status", "condition": Condition.CONTAINS, "threshold_value": "LIV"},
        {"field_name": "status", "condition": Condition.CHANGED_FROM_TO, "threshold_value": "live -> paused"},
        {"field_name": "open_rate", "condition": Condition.PERCENT_CHANGE, "threshold_value": "-30"},
        {"field_name": "roas", "condition": Condition.BETWEEN, "threshold_value": "10 and 20"},
        {"field_name": "status", "condition": Condition.IN, "threshold_value": "paused, failed"},
        {"field_name": "status", "condition": Condition.IS_NULL},
        {"field_name": "flag", "condition": Condition.IS_NOT_NULL},
        {"field_name": "quantity", "condition": Condition.NOT_EQUALS, "threshold_value": "2"},
        {"field_name": "quantity", "condition": Condition.EQUALS, "threshold_value": "nonsense"},
    ]
)
guards = st.fixed_dictionaries(
    {},
    optional={
        "min_volume_field": st.just("quantity"), "min_volume": st.just(Decimal(2)), "for_readings": st.integers(1, 3),
        "for_minutes": st.sampled_from([60, 150]), "recover_after": st.integers(1, 3),
        "recovery_threshold": st.sampled_from(["15.5", "3"]),
        "repeat_minutes": st.sampled_from([0, 60, 95]), "severity": st.sampled_from(Severity),
        "fires_from_zero": st.booleans(), "no_data_policy": st.sampled_from([NoDataPolicy.IGNORE] * 9 + [NoDataPolicy.ALERT]),
    },
)  # fmt: skip


@st.composite
def questions(draw):
    parts = draw(st.lists(numbers | others, min_size=1, max_size=3))
    source = draw(st.sampled_from([PLACE.source_id, None]))
    extra = draw(guards)
    group = UUID(int=77) if len(parts) > 1 else None
    return Question(
        [
            Rule(
                UUID(int=at + 1), f"r{at}", source_id=source, group_id=group, position=at, notify_discord=True,
                logic_operator=draw(st.sampled_from(LogicOperator)), **part, **(extra if at == 0 else {}),
            )
            for at, part in enumerate(parts)
        ]
    )  # fmt: skip


def play(question, steps, maker, size, at_once=1):
    marks, blobs = remember(steps, at_once)
    needs = needs_of(question.rules, UNITS)
    ledger = Ledger(CLIENT, teller=Teller.of(question.unit, CLIENT))
    replay = maker(question, Carry(UNITS, {}), ledger)
    for start in range(0, len(marks), size):
        part = marks[start : start + size]
        wanted = [mark.previous.frames_id for mark in part if mark.previous] + [
            mark.frames_id for mark in part
        ]
        replay.run(unpack(part, {name: blobs[name] for name in dict.fromkeys(wanted)}, needs))
    return replay, ledger


def told(ledger):
    figures = {name: getattr(ledger, name) for name in COUNTED}
    figures["told"] = ledger.teller.count(ledger.episodes, END)
    figures["when"] = (sorted(ledger.teller.ticks), sorted(ledger.teller.worse))
    figures["episodes"] = sorted(
        (episode.document() for episode in ledger.episodes),
        key=lambda item: (item["started_at"], item["external_id"]),
    )
    return figures


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(questions(), histories, accounts, st.integers(1, 12), st.sampled_from([1, 1, 2, 3]))
def test_the_fast_replay_equals_the_plain_one(question, steps, names, size, at_once):
    steps = [(*step, name) for step, name in zip(steps, names, strict=False)]
    _, slow = play(question, steps, Replay, 100, at_once)
    _, fast = play(question, steps, make_replay, size, at_once)
    assert told(fast) == told(slow)


def test_ordinary_rules_take_the_fast_way():
    for part in ({"field_name": "open_rate", "condition": Condition.LESS_THAN, "threshold_value": "15"},
                 {"field_name": "status", "condition": Condition.CHANGED}):  # fmt: skip
        replay, _ = play(Question([Rule(UUID(int=1), "r", **part)]), [([], True)], make_replay, 1)
        assert isinstance(replay, FastReplay)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*ORDERS, Condition.EQUALS]), st.sampled_from(["15", "0", "-2.5", "14.9999995", "none"]),
    st.decimals(-40, 40, places=6), st.decimals(-40, 40, places=6),
)  # fmt: skip
def test_what_is_worse_is_what_the_watch_calls_worse(condition, limit, told, value):
    rule = Rule(UUID(int=1), "r", "open_rate", condition, limit, notify_discord=True)
    teller = Teller.of(Question([rule]).unit, CLIENT)
    bound = teller._bound(told)
    found = bound is not None and bound.holds(value * teller.sign)
    assert found == is_worse(rule, format(told, "f"), format(value, "f"))
    if bound is not None:
        assert found == (int(value.scaleb(6)) * teller.sign >= bound.least(6))
