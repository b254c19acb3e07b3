"""The slider says at every limit what a whole replay at that limit would say."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import orjson
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.watchtower.past import PLACE, keep, remember
from tests.watchtower.test_backtest_fast import CLIENT, UNITS, histories
from tests.watchtower.world import campaign

from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.backtest_replay import Question, Replay
from belvedere.watchtower.backtest_sweep import Sweep, positions
from belvedere.watchtower.contracts import Condition, Rule
from belvedere.watchtower.history_frames import needs_of, unpack


def chunks(rule, steps, size, at_once=1):
    marks, blobs = remember(steps, at_once)
    needs = needs_of([rule], UNITS)
    for start in range(0, len(marks), size):
        part = marks[start : start + size]
        wanted = [mark.previous.frames_id for mark in part if mark.previous] + [
            mark.frames_id for mark in part
        ]
        yield unpack(part, {name: blobs[name] for name in dict.fromkeys(wanted)}, needs)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    histories,
    st.sampled_from(
        [Condition.LESS_THAN, Condition.GREATER_THAN, Condition.LESS_OR_EQUAL, Condition.GREATER_OR_EQUAL]
    ),
    st.sampled_from(["open_rate", "quantity"]),
    st.integers(1, 8),
    st.sampled_from([1, 1, 2, 3]),
    st.randoms(use_true_random=False),
)
def test_the_slider_equals_whole_replays(steps, condition, field, size, at_once, chance):
    rule = Rule(UUID(int=1), "r", field, condition, "15", source_id=PLACE.source_id)
    sweep = Sweep.of(Question([rule]), UNITS)
    for chunk in chunks(rule, steps, size, at_once):
        sweep.take(chunk)
    found = sweep.document()
    if not found["possible"]:
        return
    assert len(found["positions"]) <= 200
    for position in chance.sample(found["positions"], min(4, len(found["positions"]))):
        at = replace(rule, threshold_value=position["threshold"])
        replay = Replay(Question([at]), Carry(UNITS, {}), Ledger(CLIENT))
        for chunk in chunks(at, steps, 100, at_once):
            replay.run(chunk)
        assert (position["episodes"], position["matches"]) == (
            len(replay.ledger.episodes),
            replay.ledger.matched,
        )


async def test_the_answer_is_small_and_holds_line_and_band(http, olga, world):
    for step in range(30):
        keep(world, [campaign(f"c{number}", str(10 + (step * 7 + number) % 13)) for number in range(20)])
    draft = {"name": "Low", "field_name": "open_rate", "condition": "less_than", "threshold_value": "15"}
    answer = await http.post("/rules/backtest", json={"rule": draft, "sweep": True, "limit": 1}, headers=olga)
    found = answer.json()["sweep"]
    assert len(orjson.dumps(found)) < 200_000
    own = next(item for item in found["positions"] if Decimal(item["threshold"]) == 15)
    assert own["episodes"] == answer.json()["episodes_total"]
    assert len(found["series"]["at"]) == len(found["series"]["most"]) == 30
    assert (min(found["series"]["least"]), max(found["series"]["most"])) == (10, 22)


async def test_what_the_slider_cannot_answer_says_why(http, olga, world):
    keep(world, [campaign(rate="12")])
    draft = {"name": "Changed", "field_name": "open_rate", "condition": "changed"}
    found = (await http.post("/rules/backtest", json={"rule": draft, "sweep": True}, headers=olga)).json()[
        "sweep"
    ]
    assert found["possible"] is False
    assert "one rule" in found["why"]


def test_limits_of_the_slider_are_said_in_three_digits_of_the_range():
    values = pl.Series([8_123_456, 11_260_628, 19_999_999], dtype=pl.Int64)
    found = positions(values, 6, Decimal("12.3456"))
    assert all(limit == round(limit, 1) for limit in found if limit != Decimal("12.3456"))
    assert found[0] <= Decimal("8.123456")
    assert found[-1] > Decimal("19.999999")
    assert Decimal("12.3456") in found
