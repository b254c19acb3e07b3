"""How many messages a replayed rule would have sent if nobody had taken an alert: openings and ends, one message for each
reading; repeats, one for each minute in which the clock finds some due; and values that went clearly further.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from belvedere.watchtower.compose import ClientFacts, destinations_of
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.groups import Unit
from belvedere.watchtower.seeing import ABOVE, BELOW, WORSE
from belvedere.watchtower.threshold import parse_number, strict_number
from belvedere.watchtower.transitions import EVENT_LIFETIME

if TYPE_CHECKING:
    from belvedere.watchtower.backtest_ledger import Episode

REPEAT_MINUTES = {Severity.CRITICAL: 240, Severity.WARNING: 1440}
"""How often an open alert that nobody took is told again, where its rule does not say."""

MINUTE = timedelta(minutes=1)


@dataclass
class Last:
    """What was told of an episode last, and the value it has since."""

    at: datetime
    told: Decimal | None
    current: Decimal | None


@dataclass
class Teller:
    """Messages about one client to each of its destinations."""

    unit: Unit
    destinations: int
    every: timedelta | None
    sign: int
    limit: Decimal | None
    last: dict[int, Last] = field(default_factory=dict)
    ticks: set[datetime] = field(default_factory=set)
    worse: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, unit: Unit, client: ClientFacts) -> "Teller | None":
        """None where nobody would be told at once."""
        head = unit.head
        destinations = len(tuple(destinations_of(head, client))) if head.notify_immediately else 0
        if not destinations:
            return None
        minutes = head.repeat_minutes
        if minutes is None:
            minutes = REPEAT_MINUTES.get(head.severity, 0)
        goes_on = head.condition in ABOVE | BELOW
        limit = parse_number(head.threshold_value or "") if goes_on else None
        every = timedelta(minutes=minutes) if minutes else None
        return cls(unit, destinations, every, 1 if head.condition in ABOVE else -1, limit)

    def begin(self, episode: "Episode") -> None:
        value = _number(episode.first_value)
        self.last[id(episode)] = Last(episode.started_at, value, value)

    def see(self, episode: "Episode", snapshot_id: UUID, at: datetime, text: str | None) -> None:
        """One more reading in which the episode was seen."""
        last, value = self.last[id(episode)], _number(text)
        self._tick(last, at)
        bound = self._bound(last.told)
        if bound is not None and value is not None and bound.holds(value * self.sign):
            self.worse.add(snapshot_id)
            last.at, last.told = at, value
        last.current = value

    def follow(
        self,
        episode: "Episode",
        seen: Sequence[tuple[UUID, datetime]],
        values: Sequence[int | None],
        scale: int,
    ) -> None:
        """The same for many readings in a row, with the values as whole numbers of `scale` digits."""
        last = self.last[id(episode)]
        bound, due = self._least(last.told, scale), self._due(last.at)
        for place, ((snapshot_id, at), value) in enumerate(zip(seen, values, strict=True)):
            if due is not None and due <= at:
                last.current = _unscaled(values[place - 1], scale) if place else last.current
                self._tick(last, at)
                bound, due = self._least(last.told, scale), self._due(last.at)
            if bound is not None and value is not None and value * self.sign >= bound:
                self.worse.add(snapshot_id)
                last.at, last.told = at, _unscaled(value, scale)
                bound, due = self._least(last.told, scale), self._due(at)
        last.current = _unscaled(values[-1], scale)

    def _due(self, told_at: datetime) -> datetime | None:
        """The minute in which the clock tells it again."""
        if self.every is None:
            return None
        moment = told_at + self.every
        over = timedelta(seconds=moment.second, microseconds=moment.microsecond)
        return moment if not over else moment - over + MINUTE

    def _tick(self, last: Last, until: datetime) -> None:
        while (due := self._due(last.at)) is not None and due <= until:
            self.ticks.add(due)
            last.at, last.told = due, last.current

    def _bound(self, told: Decimal | None) -> "Bound | None":
        """How far a value must go to be told as worse."""
        if told is None or self.limit is None:
            return None
        distance = self.sign * (told - self.limit)
        start = self.sign * self.limit
        if distance > 0:
            return Bound(start + distance * WORSE)
        return Bound(start + abs(self.limit) * (WORSE - 1), is_open=not self.limit)

    def _least(self, told: Decimal | None, scale: int) -> int | None:
        bound = self._bound(told)
        return None if bound is None else bound.least(scale)

    def count(self, episodes: Sequence["Episode"], end: datetime) -> dict[str, int]:
        """Messages to one destination; what is open then is told again until the end."""
        for episode in episodes:
            until = episode.ended_at or end
            if self.unit.is_event:
                until = min(until, episode.last_seen_at + EVENT_LIFETIME)
            self._tick(self.last[id(episode)], until)
        openings = {(episode.snapshot_id, episode.started_at) for episode in episodes}
        ends: set[Any] = set()
        if not self.unit.is_event:
            ends = {(episode.ended_in, episode.ended_at) for episode in episodes if episode.ended_at}
        return {
            "opened": len(openings),
            "worse": len(self.worse),
            "again": len(self.ticks),
            "ended": len(ends),
        }


@dataclass(frozen=True, slots=True)
class Bound:
    """The least value that holds; the number itself does not where it is open."""

    number: Decimal
    is_open: bool = False

    def holds(self, value: Decimal) -> bool:
        return value > self.number if self.is_open else value >= self.number

    def least(self, scale: int) -> int:
        exact = self.number.scaleb(scale)
        return math.floor(exact) + 1 if self.is_open else math.ceil(exact)


def _unscaled(value: int | None, scale: int) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-scale)


def _number(text: str | None) -> Decimal | None:
    return strict_number(text) if text else None
