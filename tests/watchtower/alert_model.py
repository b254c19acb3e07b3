"""Alerts of one rule with a mail address, as a few dicts: what is open, what has ended, what was told."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

DAY = timedelta(days=1)
"""A warning that nobody took is told again after a day."""


@dataclass
class Episode:
    """One open alert."""

    number: int
    value: str
    told_value: str
    told_at: datetime | None = None
    held: str | None = None
    occurrences: int = 1
    missing: int = 0
    is_taken: bool = False
    taken_until: datetime | None = None
    snoozed_until: datetime | None = None

    def shown(self) -> tuple[Any, ...]:
        return (
            self.number, self.occurrences, self.missing, self.is_taken, self.taken_until, self.snoozed_until,
            self.held, self.told_at is not None,
        )  # fmt: skip


@dataclass
class Model:
    limit: str = "15"
    open: dict[str, Episode] = field(default_factory=dict)
    episodes: Counter[str] = field(default_factory=Counter)
    closed: list[tuple[str, str]] = field(default_factory=list)
    told: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    silences: list[tuple[datetime, datetime]] = field(default_factory=list)
    newest: dict[str, str] = field(default_factory=dict)
    version: int = 1
    opened_here: set[tuple[str, int]] = field(default_factory=set)

    def shown(self) -> dict[str, tuple[Any, ...]]:
        return {entity: episode.shown() for entity, episode in self.open.items()}

    def breaches(self, rate: str) -> bool | None:
        return None if rate == "_" else int(rate) < int(self.limit)

    def is_quiet(self, now: datetime) -> bool:
        return any(start <= now < end for start, end in self.silences)

    def say(self, entity: str, kind: str) -> None:
        self.told[entity, self.open[entity].number, kind] += 1

    def close(self, entity: str, reason: str) -> None:
        if self.open[entity].told_at is not None:
            self.say(entity, "resolved")
        del self.open[entity]
        self.closed.append((entity, reason))

    def read(self, reading: Mapping[str, str], now: datetime, *, is_full: bool) -> None:
        self.newest = dict(reading)
        self.opened_here = set()
        for entity in list(self.open):
            if entity not in reading and is_full:
                self.open[entity].missing += 1
                if self.open[entity].missing == 2:
                    self.close(entity, "missing")
        for entity, rate in reading.items():
            self.see(entity, rate, now, is_full=is_full)

    def see(self, entity: str, rate: str, now: datetime, *, is_full: bool) -> None:
        breach, episode = self.breaches(rate), self.open.get(entity)
        if episode is None:
            if breach:
                self.begin(entity, rate, now)
            return
        episode.missing = 0
        if breach:
            self.see_again(entity, episode, rate, now)
        elif breach is False and is_full:
            self.close(entity, "recovered")

    def begin(self, entity: str, rate: str, now: datetime) -> None:
        self.episodes[entity] += 1
        self.open[entity] = episode = Episode(self.episodes[entity], rate, rate)
        self.opened_here.add((entity, self.version))
        if self.is_quiet(now):
            episode.held = "silenced"
        else:
            episode.told_at = now
            self.say(entity, "opened")

    def see_again(self, entity: str, episode: Episode, rate: str, now: datetime) -> None:
        episode.occurrences += 1
        episode.value = rate
        self.opened_here.add((entity, self.version))
        limit = int(self.limit)
        is_worse = limit - int(rate) >= 1.5 * (limit - int(episode.told_value))
        is_hidden = episode.snoozed_until is not None and episode.snoozed_until > now
        if not is_worse or is_hidden or episode.told_at is None or episode.held:
            return
        if self.is_quiet(now):
            episode.held = "silenced"
            return
        episode.told_at, episode.told_value = now, rate
        self.say(entity, "raised")

    def take(self, entity: str, until: datetime | None, now: datetime) -> None:
        episode = self.open[entity]
        if not episode.is_taken or (episode.taken_until is not None and episode.taken_until <= now):
            episode.is_taken, episode.taken_until = True, until

    def give_back(self, entity: str) -> None:
        self.open[entity].is_taken, self.open[entity].taken_until = False, None

    def edit(self, limit: str) -> None:
        if limit == self.limit:
            return
        self.limit = limit
        self.version += 1
        for entity in list(self.open):
            self.close(entity, "rule_changed")

    def ask_again(self, now: datetime) -> None:
        """Of the newest reading; what this question opened or saw there before is not opened again."""
        for entity, rate in self.newest.items():
            if (
                self.breaches(rate)
                and entity not in self.open
                and (entity, self.version) not in self.opened_here
            ):
                self.begin(entity, rate, now)

    def tick(self, now: datetime) -> None:
        due: list[str] = []
        for entity, episode in self.open.items():
            if episode.is_taken and episode.taken_until is not None and episode.taken_until <= now:
                episode.is_taken, episode.taken_until = False, None
                if episode.snoozed_until is None:
                    due.append(entity)
        for entity, episode in self.open.items():
            if episode.snoozed_until is not None and episode.snoozed_until <= now:
                episode.snoozed_until = None
                due.append(entity)
        quiet = self.is_quiet(now)
        self.silences = [(start, end) for start, end in self.silences if end > now]
        for entity, episode in self.open.items():
            if episode.held and episode.snoozed_until is None and not quiet:
                episode.held = None
                due += [] if episode.is_taken else [entity]
            is_free = (
                not episode.is_taken and episode.snoozed_until is None and not episode.held and not quiet
            )
            if is_free and episode.told_at is not None and episode.told_at <= now - DAY:
                due.append(entity)
        for entity in dict.fromkeys(due):
            self.tell_again(entity, self.open[entity], now, quiet=quiet)

    def tell_again(self, entity: str, episode: Episode, now: datetime, *, quiet: bool) -> None:
        if quiet:
            episode.held = "silenced"
            return
        self.say(entity, "opened" if episode.told_at is None else "again")
        episode.held, episode.told_at, episode.told_value = None, now, episode.value
