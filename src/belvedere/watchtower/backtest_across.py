"""A replay over all sources of a client in the order of their data: for groups that stand on several of them, and for
rules that a parent holds back. What the watch reads from tables at each reading is kept here as it stood then.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from belvedere.sources.contracts import Frames
from belvedere.watchtower.across import stand_beside
from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.backtest_replay import Question, units_of
from belvedere.watchtower.contracts import (
    OpenAlert,
    OtherReading,
    ParentFacts,
    Place,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import Unit, applies, fits, form_units
from belvedere.watchtower.history import Mark, Track
from belvedere.watchtower.history_frames import Chunk
from belvedere.watchtower.judging import PARENT_WAIT
from belvedere.watchtower.watch import only_opening

LEAST_GRACE = timedelta(minutes=15)
At = tuple[int, UUID, UUID | None]
"""A client, a source and an account."""


def is_of_interest(rules: Iterable[Rule], place: Place) -> bool:
    """Whether any row of the rules stands at this place."""
    return any(fits(rule, place) for rule in rules)


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading with its data."""

    mark: Mark
    frames: Frames
    previous: Frames | None

    @property
    def at(self) -> At:
        return self.mark.place.client_id, self.mark.place.source_id, self.mark.account_id


@dataclass
class Timeline:
    """The readings of one client, and of the agency where a parent watches it, in the order of their data."""

    client_id: int
    tracks: Sequence[Track]
    every: Mapping[UUID, timedelta] = field(init=False)
    before: frozenset[UUID] = field(init=False)
    times: dict[tuple[int, UUID], list[datetime]] = field(init=False)

    def __post_init__(self) -> None:
        self.every = {track.place.source_id: track.every for track in self.tracks}
        self.before = frozenset(mark.snapshot_id for track in self.tracks for mark in track.before)
        self.times = {
            (track.place.client_id, track.place.source_id): [mark.data_as_of for mark in track.marks]
            for track in self.tracks
        }

    @property
    def marks(self) -> list[Mark]:
        marks = [mark for track in self.tracks for mark in (*track.before, *track.marks)]
        return sorted(marks, key=lambda mark: (mark.data_as_of, mark.snapshot_id))

    def is_late(self, source_id: UUID, since: datetime, now: datetime) -> bool:
        """Whether the newest reading of an account is older than its source allows."""
        every = self.every[source_id]
        return now > since + every + max(LEAST_GRACE, every / 2)

    def is_due(self, client_id: int, source_id: UUID, now: datetime) -> bool:
        """Whether a reading was on its way at that moment: it came within the time that children wait for one."""
        times = self.times.get((client_id, source_id), [])
        place = bisect_right(times, now)
        return place < len(times) and times[place] - now <= PARENT_WAIT


@dataclass
class Across:
    """One client's readings judged one after the other; open alerts and waits are kept for each source on its own."""

    question: Question
    units: Mapping[str, str]
    labels: Mapping[str, str]
    ledger: Ledger
    timeline: Timeline
    carries: dict[tuple[int, UUID], Carry] = field(default_factory=dict)
    newest: dict[At, Seen] = field(default_factory=dict)
    full: dict[At, Seen] = field(default_factory=dict)
    answered: dict[tuple[int, UUID], bool] = field(default_factory=dict)
    waiting: list[tuple[datetime, Seen, UUID]] = field(default_factory=list)
    rule_units: list[Unit] = field(init=False)

    def __post_init__(self) -> None:
        self.rule_units = form_units(self.question.rules)

    def run(self, chunk: Chunk) -> None:
        for mark in chunk.marks:
            self.end_waits(mark.data_as_of)
            self.step(Seen(mark, chunk.frames(mark.frames_id), chunk.previous(mark)))

    def step(self, seen: Seen) -> None:
        """Judge one reading, and look again at children elsewhere of the parents that it moved."""
        mark = seen.mark
        self.newest[seen.at] = seen
        if mark.is_full:
            self.full[seen.at] = seen
        if mark.snapshot_id in self.timeline.before:
            return
        verdicts = self._judge(seen, mark.data_as_of)
        if applies(self.question.unit, mark.place) and mark.place.client_id == self.timeline.client_id:
            head_id = self.question.head.id
            self.ledger.count(next((found for found in verdicts if found.rule.id == head_id), None))
        for verdict in verdicts:
            self.answered[mark.place.client_id, verdict.rule.id] = _has_answered(verdict)
        moved = self._follow(seen, verdicts, mark.data_as_of)
        self._recheck(moved, mark.place, mark.data_as_of)
        if mark.is_full:
            self._judge_beside(mark)

    def _judge_beside(self, beside: Mark) -> None:
        """Judge groups with their head elsewhere again beside this reading, on the newest readings of their heads."""
        now = beside.data_as_of
        units = stand_beside(self._rules_of(beside.place), beside.place)
        for seen in list(self.newest.values()) if units else ():
            there = seen.mark.place
            if (there.client_id, there.source_id) == (beside.place.client_id, beside.place.source_id):
                continue
            wanted = frozenset(unit.head.id for unit in units if applies(unit, there))
            if there.client_id != beside.place.client_id or not wanted:
                continue
            verdicts = self._judge(seen, now, only=wanted, is_again=True)
            for verdict in verdicts:
                self.answered[there.client_id, verdict.rule.id] = _has_answered(verdict)
            self._recheck(self._follow(seen, verdicts, now), there, now, judged_here=False)

    def _rules_of(self, place: Place) -> Sequence[Rule]:
        return self.question.rules if place.client_id == self.timeline.client_id else self.question.parents

    def end_waits(self, now: datetime | None) -> None:
        """Decide over children that waited for a parent; None ends every wait."""
        due = [item for item in self.waiting if now is None or item[0] <= now]
        self.waiting = [item for item in self.waiting if now is not None and item[0] > now]
        for moment, seen, parent_id in sorted(due, key=lambda item: item[0]):
            if self.newest[seen.at] is not seen:
                continue
            children = self._children({parent_id}, with_events=True)
            verdicts = self._judge(seen, moment, only=children, is_last=True)
            moved = self._follow(seen, [only_opening(verdict) for verdict in verdicts], moment)
            self._recheck(moved, seen.mark.place, moment)

    def _judge(
        self,
        seen: Seen,
        now: datetime,
        only: Collection[UUID] | None = None,
        *,
        is_last: bool = False,
        is_again: bool = False,
    ) -> list[Verdict]:
        state = self._state(seen, now, is_last=is_last)
        if is_again:
            # What the reading lacks was counted when it came.
            alerts = [replace(alert, comparable=False) for alert in state.open_alerts]
            state = replace(state, open_alerts=alerts, data_as_of=now)
        rules = self._rules_of(seen.mark.place)
        return evaluate(rules, seen.frames, seen.previous, state, now, only=only)

    def _carry(self, place: Place) -> Carry:
        key = (place.client_id, place.source_id)
        if key not in self.carries:
            self.carries[key] = Carry(self.units, self.labels)
        return self.carries[key]

    def _state(self, seen: Seen, now: datetime, *, is_last: bool) -> WatchState:
        mark = seen.mark
        state = self._carry(mark.place).state(mark, metric_units=units_of(seen.frames))
        return replace(
            state,
            open_alerts=[*state.open_alerts, *self._alerts_of_parents(mark.place)],
            parents=self._facts(mark.place, now, is_last=is_last),
            other_readings=self._others(mark.place, now),
        )

    def _alerts_of_parents(self, here: Place) -> list[OpenAlert]:
        """Open alerts of parents at other sources of the client, and at the agency."""
        parents = {unit.head.parent_rule_id for unit in self.rule_units}
        return [
            alert
            for (client_id, source_id), carry in self.carries.items()
            if client_id in (0, here.client_id) and (client_id, source_id) != (here.client_id, here.source_id)
            for alert in carry.open.values()
            if alert.rule_id in parents
        ]

    def _facts(self, here: Place, now: datetime, *, is_last: bool) -> dict[UUID, ParentFacts]:
        facts = {}
        for unit in form_units(self.question.parents):
            head = unit.head
            facts[head.id] = ParentFacts(
                unit.is_running,
                judged_for_client=self.answered.get((here.client_id, head.id), False),
                judged_for_agency=self.answered.get((0, head.id), False),
                is_stale=head.source_id is not None and self._is_late(here.client_id, head.source_id, now),
                is_due=not is_last
                and head.source_id not in (None, here.source_id)
                and self.timeline.is_due(here.client_id, head.source_id, now),
            )
        return facts

    def _is_late(self, client_id: int, source_id: UUID, now: datetime) -> bool:
        return any(
            self.timeline.is_late(source_id, seen.mark.data_as_of, now)
            for (client, source, account), seen in self.newest.items()
            if (client, source) == (client_id, source_id) and account is not None
        )

    def _others(self, here: Place, now: datetime) -> list[OtherReading]:
        """The newest full readings of other sources; one that is late is said to be so where its account is known."""
        found: list[Seen] = []
        for unit in self.rule_units:
            if len(unit.rows) == 1:
                continue
            found += [
                seen
                for (client_id, source_id, _), seen in self.full.items()
                if client_id == here.client_id
                and source_id != here.source_id
                and _is_wanted(unit, seen.mark.place)
            ]
        return [
            OtherReading(
                seen.mark.place,
                seen.frames,
                seen.previous,
                is_stale=seen.mark.account_id is not None
                and self.timeline.is_late(
                    seen.mark.place.source_id, self.newest[seen.at].mark.data_as_of, now
                ),
            )
            for seen in {seen.at: seen for seen in found}.values()
        ]

    def _follow(self, seen: Seen, verdicts: Sequence[Verdict], now: datetime) -> set[UUID]:
        """Move alerts as the tables would move; gives the rules whose alerts began or ended."""
        mark, moment = seen.mark, seen.mark.data_as_of
        if now != moment:
            mark = replace(mark, data_as_of=now, taken_as_of=moment)
        carry = self._carry(mark.place)
        moved = set()
        for verdict in verdicts:
            carry.apply(verdict, mark)
            if verdict.rule.id == self.question.head.id and mark.place.client_id == self.timeline.client_id:
                self.ledger.move(verdict, mark)
            if verdict.opened or verdict.silent or verdict.closed:
                moved.add(verdict.rule.id)
            if verdict.awaits and verdict.rule.parent_rule_id is not None:
                self.waiting.append((now + PARENT_WAIT, seen, verdict.rule.parent_rule_id))
        return moved

    def _recheck(
        self, moved: Collection[UUID], here: Place, now: datetime, *, judged_here: bool = True
    ) -> None:
        """Children of moved rules open on the newest readings of other places what they would open there now."""
        queue = [(rule_id, here.source_id if judged_here else None) for rule_id in sorted(moved)]
        while queue:
            parent_id, source_id = queue.pop(0)
            children = self._children({parent_id}, with_events=False)
            sources = {
                unit.head.source_id for unit in self.rule_units if unit.head.parent_rule_id == parent_id
            }
            if not children or (source_id is not None and sources <= {source_id}):
                continue
            for seen in list(self.newest.values()):
                there = seen.mark.place
                if there.client_id != here.client_id or not sources & {None, there.source_id}:
                    continue
                verdicts = self._judge(seen, now, only=children)
                again = self._follow(seen, [only_opening(verdict) for verdict in verdicts], now)
                queue += [(rule_id, there.source_id) for rule_id in sorted(again)]

    def _children(self, parents: Collection[UUID], *, with_events: bool) -> frozenset[UUID]:
        return frozenset(
            unit.head.id
            for unit in self.rule_units
            if unit.head.parent_rule_id in parents and (with_events or not unit.is_event)
        )


def _is_wanted(unit: Unit, place: Place) -> bool:
    """Whether a group asks for readings of this place beside its own."""
    return place.source_id in unit.sources or (
        place.provider == "internal" and place.endpoint in unit.targets
    )


def _has_answered(verdict: Verdict) -> bool:
    if verdict.why.get("state") != "judged":
        return False
    return not verdict.entities or verdict.entities > verdict.no_data + verdict.errors
