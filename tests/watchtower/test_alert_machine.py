"""Alerts against a plain model of them, whatever happens in whatever order, two at a time and under a wrong clock.

`BELVEDERE_MODEL_EXAMPLES` and `BELVEDERE_MODEL_STEPS` make the run longer.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import psycopg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import login_url
from tests.people import BRANDT, People
from tests.watchtower.alert_model import Model
from tests.watchtower.moments import ticked
from tests.watchtower.world import NOON, World, campaign

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.watchtower.service import (
    SilenceDraft,
    acknowledge,
    create_silence,
    rejudge_rules,
    resolve,
    snooze,
    unacknowledge,
    unsnooze,
    update_rule,
)

EXAMPLES = int(os.environ.get("BELVEDERE_MODEL_EXAMPLES", "12"))
STEPS = int(os.environ.get("BELVEDERE_MODEL_STEPS", "14"))
ENTITIES = ("a", "b", "c")
RATES = ("20", "11", "5", "_")
HOURS = (0.5, 2, 5, 30, 72)
readings = st.dictionaries(st.sampled_from(ENTITIES), st.sampled_from(RATES), max_size=3)
hours = st.sampled_from(HOURS)

DOUBLED = {
    "two open alerts of one thing": "SELECT fingerprint FROM watchtower_alerts WHERE state = 'open'"
    " GROUP BY client_id, fingerprint HAVING count(*) > 1",
    "one step told twice in a channel": "SELECT m.subject_id FROM core.delivery_members m JOIN core.deliveries d"
    " ON d.client_id = m.client_id AND d.id = m.delivery_id GROUP BY m.subject_id, d.kind, m.round, d.channel,"
    " d.destination HAVING count(*) > 1",
    "a rule judged twice on one reading": "SELECT rule_id FROM rule_evaluations"
    " GROUP BY client_id, rule_id, rule_version, snapshot_id HAVING count(*) > 1",
    "a reading judged twice": "SELECT snapshot_id FROM evaluation_runs GROUP BY client_id, snapshot_id HAVING count(*) > 1",
    "a step that stands twice in a timeline": "SELECT alert_id FROM alert_events WHERE kind IN ('opened', 'resolved')"
    " GROUP BY alert_id, kind HAVING count(*) > 1",
    "a closed alert without its end": "SELECT a.id FROM watchtower_alerts a WHERE a.state = 'resolved' AND NOT EXISTS"
    " (SELECT 1 FROM alert_events e WHERE e.alert_id = a.id AND e.kind = 'resolved')",
}


class Machine(RuleBasedStateMachine):
    """Every rule does one thing to the tables and the same to the model."""

    def __init__(self, world: World, people: People, wait: Callable[[Awaitable[Any]], Any]) -> None:
        super().__init__()
        self.world, self.people, self.wait = world, people, wait
        world.admin.execute(
            "TRUNCATE watchtower_alerts, watchtower_rules, api_snapshots, silences, core.deliveries CASCADE"
        )
        world.full.clear()
        world.now = NOON
        self.rule_id = world.rule(
            client_id=BRANDT, notify_email=True, email_recipients=["ops@brandt.example"]
        )
        self.model = Model()
        self.last: StoredSnapshot | None = None

    @property
    def now(self) -> datetime:
        return self.world.now

    def ingest(self, what: dict[str, str], *, is_full: bool) -> StoredSnapshot:
        entities = [campaign(name, None if rate == "_" else rate, name) for name, rate in what.items()]
        newest = self.last.data_as_of if self.last and self.last.data_as_of else self.now
        # What the platform says of its data's time goes on, whatever our clock does.
        self.last = self.world.ingest(
            entities,
            completeness=Completeness.FULL if is_full else Completeness.PARTIAL,
            as_of=max(newest, self.now) + timedelta(seconds=1),
        )
        return self.last

    @rule(what=readings, is_full=st.booleans(), evaluators=st.sampled_from([1, 1, 2, 3]))
    def read(self, what: dict[str, str], *, is_full: bool, evaluators: int) -> None:
        """A reading with breaches, recoveries, gaps and unknown values; two evaluators may take it at once."""
        stored = self.ingest(what, is_full=is_full)
        outcomes = self.wait(at_once(lambda: self.world.judge(stored), evaluators))
        assert sum(outcome.skipped is None for outcome in outcomes) == 1
        self.model.read(what, self.now, is_full=is_full)

    @precondition(lambda self: self.last is not None)
    @rule(times=st.sampled_from([1, 2]))
    def deliver_the_same_reading_again(self, times: int) -> None:
        outcomes = self.wait(at_once(lambda: self.world.judge(self.last), times))
        assert all(outcome.skipped for outcome in outcomes)

    def act(self, entity: str, work: Any, *arguments: Any, **more: Any) -> None:
        ids = [row["id"] for row in self.world.alerts("open") if row["external_id"] == entity]

        async def do() -> None:
            async with self.world.db.write(self.people.alice.scope) as session:
                await work(session, ids, *arguments, actor="alice", now=self.now, **more)

        self.wait(do())

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), until=st.one_of(st.none(), hours))
    def take(self, data: st.DataObject, until: float | None) -> None:
        entity = data.draw(st.sampled_from(sorted(self.model.open)))
        end = self.now + timedelta(hours=until) if until else None
        self.act(entity, acknowledge, until=end)
        self.model.take(entity, end, self.now)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        entity = data.draw(st.sampled_from(sorted(self.model.open)))
        self.act(entity, unacknowledge)
        self.model.give_back(entity)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), until=hours)
    def put_out_of_sight(self, data: st.DataObject, until: float) -> None:
        entity = data.draw(st.sampled_from(sorted(self.model.open)))
        self.act(entity, snooze, self.now + timedelta(hours=until))
        self.model.open[entity].snoozed_until = self.now + timedelta(hours=until)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def bring_back(self, data: st.DataObject) -> None:
        entity = data.draw(st.sampled_from(sorted(self.model.open)))
        self.act(entity, unsnooze)
        self.model.open[entity].snoozed_until = None

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), people=st.sampled_from([1, 2]))
    def close_by_hand(self, data: st.DataObject, people: int) -> None:
        entity = data.draw(st.sampled_from(sorted(self.model.open)))
        (alert,) = [row["id"] for row in self.world.alerts("open") if row["external_id"] == entity]

        async def close() -> None:
            async with self.world.db.write(self.people.alice.scope) as session:
                await resolve(session, [alert], actor="alice", now=self.now)

        self.wait(at_once(close, people))
        self.model.close(entity, "by_person")

    @rule(limit=st.sampled_from(["15", "8"]))
    def edit_the_rule(self, limit: str) -> None:
        """A new question ends the old alerts and is asked of the newest reading at once, twice even."""

        async def edit() -> None:
            async with self.world.db.write(self.people.alice.scope) as session:
                await update_rule(
                    session, self.rule_id, {"threshold_value": limit}, actor="alice", now=self.now, force=True
                )

        async def judge_again() -> None:
            assert self.last is not None
            async with self.world.db.write(Scope.client(BRANDT)) as session:
                await rejudge_rules(session, self.last, [self.rule_id], self.now)

        self.wait(edit())
        self.model.edit(limit)
        if self.last is not None:
            self.wait(at_once(judge_again, 2))
            self.model.ask_again(self.now)

    @rule(length=hours)
    def keep_quiet(self, length: float) -> None:
        async def begin() -> None:
            async with self.world.db.write(self.people.alice.scope) as session:
                draft = SilenceDraft(BRANDT, self.now + timedelta(hours=length))
                await create_silence(session, draft, actor="alice", now=self.now)

        self.wait(begin())
        self.model.silences.append((self.now, self.now + timedelta(hours=length)))

    @rule(passed=st.sampled_from([*HOURS, -0.5, -5, -72]), ticks=st.sampled_from([1, 2, 3]))
    def let_time_pass(self, passed: float, ticks: int) -> None:
        """Time passes or the clock jumps, either way; then one tick or several at once."""
        self.world.now += timedelta(hours=passed)
        self.wait(at_once(lambda: ticked(self.world), ticks))
        self.model.tick(self.now)

    @invariant()
    def nothing_is_there_twice(self) -> None:
        for what, query in DOUBLED.items():
            assert self.world.rows(query) == [], what

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        rows = self.world.alerts("open")
        assert {row["external_id"]: shown(row) for row in rows} == self.model.shown()
        closed = [(row["external_id"], row["resolved_reason"]) for row in self.world.alerts("resolved")]
        assert Counter(closed) == Counter(self.model.closed)
        found = self.world.rows(
            "SELECT a.external_id, a.episode, d.kind FROM core.delivery_members m JOIN core.deliveries d"
            " ON d.client_id = m.client_id AND d.id = m.delivery_id JOIN watchtower_alerts a ON a.id = m.subject_id"
        )
        assert Counter((row["external_id"], row["episode"], row["kind"]) for row in found) == self.model.told


def shown(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        row["episode"], row["occurrences"], row["missing_readings"], row["is_acknowledged"], row["ack_until"],
        row["snoozed_until"], row["held_reason"], row["told_at"] is not None,
    )  # fmt: skip


async def at_once(work: Callable[[], Awaitable[Any]], times: int) -> list[Any]:
    return list(await asyncio.gather(*(work() for _ in range(times))))


@contextmanager
def doors(database_url: str, template: str) -> Iterator[tuple[Database, Callable[[Awaitable[Any]], Any]]]:
    """The product's door with a loop of its own: each session is a connection of its own."""
    with asyncio.Runner() as runner:
        made = Database(
            login_url(database_url, template, "api"), login_url(database_url, template, "worker"), pool_size=4
        )
        try:
            yield made, runner.run
        finally:
            runner.run(made.close())


def test_alerts_follow_a_plain_model_of_them(
    database_url: str, template: str, admin: psycopg.Connection, people: People
) -> None:
    with doors(database_url, template) as (db, wait):
        run_state_machine_as_test(
            lambda: Machine(World(db, admin), people, wait),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize="BELVEDERE_MODEL_EXAMPLES" not in os.environ,
                suppress_health_check=list(HealthCheck),
            ),
        )
