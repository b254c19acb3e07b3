"""Whatever happens in whatever order, the tables say what a dict would."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import BRANDT
from tests.watchtower.world import World, campaign

from belvedere.sources.contracts import Completeness
from belvedere.watchtower.service import acknowledge, resolve

ENTITIES = ("a", "b", "c")
rates = st.sampled_from(["20", "14", "9", "_"])
readings = st.dictionaries(st.sampled_from(ENTITIES), rates, max_size=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), readings, st.booleans()),
        st.tuples(st.just("race"), readings, st.just(True)),
        st.tuples(st.just("again"), st.none(), st.none()),
        st.tuples(st.sampled_from(["ack", "resolve"]), st.sampled_from(ENTITIES), st.none()),
    ),
    max_size=8,
)


@dataclass
class Told:
    """An open alert as the model keeps it."""

    occurrences: int = 1
    acknowledged: bool = False
    missing: int = 0


@dataclass
class Model:
    open: dict[str, Told] = field(default_factory=dict)
    episodes: dict[str, int] = field(default_factory=dict)
    closed: list[tuple[str, str]] = field(default_factory=list)

    def close(self, entity: str, reason: str) -> None:
        del self.open[entity]
        self.closed.append((entity, reason))

    def read(self, reading: Mapping[str, str], *, is_full: bool) -> None:
        for entity in list(self.open):
            if entity not in reading:
                self.open[entity].missing += is_full
                if self.open[entity].missing == 2:
                    self.close(entity, "missing")
        for entity, rate in reading.items():
            breach = None if rate == "_" else int(rate) < 15
            if entity in self.open:
                self.open[entity].missing = 0
            if breach and entity in self.open:
                self.open[entity].occurrences += 1
            elif breach:
                self.open[entity] = Told()
                self.episodes[entity] = self.episodes.get(entity, 0) + 1
            elif breach is False and entity in self.open and is_full:
                self.close(entity, "recovered")


async def act(world: World, people: Any, model: Model, step: tuple[Any, Any, Any], last: list[Any]) -> None:
    kind, what, is_full = step
    if kind in ("read", "race"):
        entities = [campaign(name, None if rate == "_" else rate, name) for name, rate in what.items()]
        stored = world.ingest(entities, completeness=Completeness.FULL if is_full else Completeness.PARTIAL)
        last[:] = [stored]
        await asyncio.gather(*(world.judge(stored) for _ in range(2 if kind == "race" else 1)))
        model.read(what, is_full=is_full)
    elif kind == "again":
        for stored in last:
            assert (await world.judge(stored)).skipped
    elif what in model.open:
        (alert,) = [row for row in world.alerts("open") if row["external_id"] == what]
        async with world.db.write(people.alice.scope) as session:
            work = acknowledge if kind == "ack" else resolve
            await work(session, [alert["id"]], actor=people.alice.email, now=world.now)
        if kind == "ack":
            model.open[what].acknowledged = True
        else:
            model.close(what, "by_person")


def compare(world: World, model: Model) -> None:
    found = {
        row["external_id"]: (row["occurrences"], row["is_acknowledged"], row["episode"])
        for row in world.alerts("open")
    }
    assert found == {
        name: (told.occurrences, told.acknowledged, model.episodes[name]) for name, told in model.open.items()
    }
    closed = [(row["external_id"], row["resolved_reason"]) for row in world.alerts("resolved")]
    assert sorted(closed) == sorted(model.closed)
    messages = [row["kind"] for row in world.rows("SELECT kind FROM core.delivery_members")]
    assert messages.count("opened") == sum(model.episodes.values())
    assert messages.count("resolved") == len(model.closed)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(story=steps)
async def test_alerts_follow_a_simple_model(world: World, people, story):
    world.admin.execute(
        "TRUNCATE watchtower_alerts, watchtower_rules, api_snapshots, core.deliveries CASCADE"
    )
    world.full.clear()
    world.rule(client_id=BRANDT, notify_email=True, email_recipients=["ops@brandt.example"])
    model = Model()
    last: list[Any] = []
    for step in story:
        await act(world, people, model, step, last)
        compare(world, model)
