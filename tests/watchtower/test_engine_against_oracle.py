"""Whatever the rules and the data, the engine says what the slow judge says."""

from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.watchtower import oracle
from tests.watchtower.drawn import ELSEWHERE, NOW, SOURCE, entities, rule_sets
from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import KNOWN_METRICS, Scene

from belvedere.watchtower.contracts import OpenAlert, OtherReading, Place, Rule, WatchState
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.judge import Judge

PLACE = Place(client_id=1, source_id=SOURCE, provider="omnisend", endpoint="campaigns")
OTHER = Place(client_id=1, source_id=ELSEWHERE, provider="shop", endpoint="orders")
LATER = NOW + timedelta(hours=5)
UNITS = dict.fromkeys(KNOWN_METRICS, "percent")
hard = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def open_alerts(draw: st.DrawFn, rules: list[Rule]) -> dict[UUID, dict[str, tuple[bool, int]]]:
    alerts = st.dictionaries(
        st.sampled_from(["e1", "e2", "e3", "gone"]), st.tuples(st.booleans(), st.integers(0, 1)), max_size=3
    )
    whole = st.dictionaries(st.just(oracle.WHOLE), st.tuples(st.booleans(), st.just(0)), max_size=1)
    return {
        unit.head.id: draw(whole if all(rule.aggregate for rule in unit.rows) else alerts)
        for unit in form_units(rules)
    }


@hard
@given(
    rules=rule_sets(across=True),
    now=entities,
    before=st.none() | entities,
    other=entities,
    is_full=st.booleans(),
)
def test_every_row_gets_the_answer_of_the_slow_judge(rules, now, before, other, is_full):
    state = WatchState(
        PLACE, is_full=is_full, metric_units=UNITS, data_as_of=NOW,
        other_readings=[OtherReading(OTHER, make_frames(other, start=500), make_frames(now, start=600))],
    )  # fmt: skip
    scene = Scene(now, before, NOW, is_full, {ELSEWHERE: Scene(other, now, NOW)})
    judge = Judge(make_frames(now), None if before is None else make_frames(before, start=100), state, LATER)
    note(f"now {now} before {before} other {other} full {is_full}")
    units = form_units(rules)
    judge.prepare(units)
    for unit in units:
        note(f"unit {unit}")
        judged = judge.judge(unit)
        expected = oracle.rows_of_unit(unit.rows, scene, SOURCE)
        names = [row.external_id for row in expected]
        rows = judged.rows_of(list(dict.fromkeys(names)))
        assert (judged.size, judged.matched) == (len(expected), sum(row.truth is True for row in expected))
        assert judged.no_data == sum(row.truth is None for row in expected)
        assert judged.errors == sum(row.truth == oracle.ERROR for row in expected)
        for name, places in rows.items():
            mine = [row for row in expected if row.external_id == name]
            truth = oracle.one_of([row.truth for row in mine])
            breached = oracle.one_of([row.still_breached for row in mine])
            assert judged.truth_at(places) == truth
            assert judged.recovered_at(places) == (None if breached is None else not breached)
            assert judged.no_data_at(places) == (truth is None and any(row.no_data for row in mine))
        hits = {row.external_id for row in expected if row.truth is True}
        assert set(judged.candidates()) == {finding.external_id for finding in judged.opens_all()} == hits


@hard
@given(data=st.data(), rules=rule_sets(), now=entities, before=st.none() | entities, is_full=st.booleans())
def test_the_engine_agrees_with_the_slow_judge(data, rules, now, before, is_full):
    alerts = data.draw(open_alerts(rules))
    state = WatchState(
        place=PLACE,
        is_full=is_full,
        open_alerts=[
            OpenAlert(
                UUID(int=7),
                rule_id,
                1,
                SOURCE,
                name or None,
                acked,
                missing,
                last_seen_at=NOW,
                current_value="1",
            )
            for rule_id, found in alerts.items()
            for name, (acked, missing) in found.items()
        ],
        metric_units=UNITS,
    )
    verdicts = evaluate(
        rules, make_frames(now), None if before is None else make_frames(before, start=100), state, NOW
    )
    scene = Scene(now, before, NOW, is_full)
    expected = oracle.judge([unit.rows for unit in form_units(rules)], scene, SOURCE, alerts)
    found = {
        verdict.rule.id: oracle.OracleVerdict(
            matched=verdict.matched,
            no_data=verdict.no_data,
            errors=verdict.errors,
            opened={finding.external_id for finding in verdict.opened},
            seen_again={finding.external_id for _, finding in verdict.seen_again},
            closed={(closing.alert.external_id or "", closing.reason.value) for closing in verdict.closed},
            held=verdict.held_back,
        )
        for verdict in verdicts
    }
    note(f"rules {rules}")
    note(f"now {now} before {before} full {is_full} alerts {alerts}")
    assert found == expected
