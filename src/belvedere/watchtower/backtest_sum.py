"""A replay in figures: how often, when, for whom, in how many messages."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from belvedere.watchtower.backtest_ledger import Episode, Ledger
from belvedere.watchtower.backtest_replay import Question
from belvedere.watchtower.compose import destinations_of
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.groups import expression

REPEAT_MINUTES = {Severity.CRITICAL: 240, Severity.WARNING: 1440}
"""How often an open alert that nobody took is told again, where its rule does not say."""


def sum_up(
    question: Question, ledgers: Sequence[Ledger], start: datetime, end: datetime, most: int
) -> dict[str, Any]:
    """The whole answer but for what only the database knows."""
    episodes = sorted(
        (episode for ledger in ledgers for episode in ledger.episodes),
        key=lambda episode: (episode.started_at, episode.client_id, episode.external_id),
        reverse=True,
    )
    days = (end - start) / timedelta(days=1)
    return {
        "summary": say(len(episodes), days),
        "rule": {"name": question.head.name, "expression": expression(question.unit)},
        "start": start,
        "end": end,
        "episodes_total": len(episodes),
        "still_open": sum(episode.ended_at is None for episode in episodes),
        "episodes": [episode.document() for episode in episodes[:most]],
        "by_day": _by_day(episodes),
        "by_client": [_client(ledger) for ledger in ledgers],
        "notifications": _notifications(question, ledgers, end),
        "readings": _readings(ledgers),
    }


def say(count: int, days: float) -> str:
    """The sentence everybody reads first."""
    times = {0: "not have fired", 1: "have fired once"}.get(count, f"have fired {count:,} times")
    length = "in the last day" if round(days) == 1 else f"in {round(days)} days"
    return f"Would {times} {length}."


def _by_day(episodes: Sequence[Episode]) -> list[dict[str, Any]]:
    counts = Counter(episode.started_at.date() for episode in episodes)
    return [{"day": day, "episodes": counts[day]} for day in sorted(counts)]


def _client(ledger: Ledger) -> dict[str, Any]:
    return {
        "client_id": ledger.client.id,
        "client": ledger.client.name,
        "episodes": len(ledger.episodes),
        "readings": ledger.readings,
    }


def _readings(ledgers: Sequence[Ledger]) -> dict[str, Any]:
    not_judged: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for ledger in ledgers:
        not_judged.update(ledger.not_judged)
        held.update(ledger.held_because)
    counted = ("readings", "judged", "without_data", "entities", "matched", "no_data", "errors", "held_back")
    sums = {name: sum(getattr(ledger, name) for ledger in ledgers) for name in counted}
    sums["looked_at"] = sums.pop("readings")
    return {
        **sums,
        "not_judged": [{"why": why, "readings": count} for why, count in not_judged.most_common()],
        "held_because": [{"why": why, "matches": count} for why, count in held.most_common()],
    }


def _notifications(question: Question, ledgers: Sequence[Ledger], end: datetime) -> dict[str, Any]:
    """Messages if nobody had taken an alert: openings and ends of one reading go together, open ones are repeated."""
    sums = Counter({"opened": 0, "again": 0, "ended": 0})
    destinations = 0
    for ledger in ledgers:
        found = len(tuple(destinations_of(question.head, ledger.client)))
        if not question.head.notify_immediately or not found:
            continue
        destinations += found
        for name, count in _messages(question, ledger.episodes, end).items():
            sums[name] += found * count
    return {**sums, "total": sum(sums.values()), "destinations": destinations}


def _messages(question: Question, episodes: Sequence[Episode], end: datetime) -> dict[str, int]:
    """Messages to one destination of one client."""
    openings = {(episode.source_id, episode.started_at) for episode in episodes}
    ends = {
        (episode.source_id, episode.ended_at)
        for episode in episodes
        if episode.ended_at and not question.unit.is_event
    }
    again: set[tuple[Any, ...]] = set()
    minutes = question.head.repeat_minutes
    if minutes is None:
        minutes = REPEAT_MINUTES.get(question.head.severity, 0)
    if minutes and not question.unit.is_event:
        for episode in episodes:
            until = episode.ended_at or min(end, episode.last_seen_at)
            times = int((until - episode.started_at) / timedelta(minutes=minutes))
            again.update((episode.source_id, episode.started_at, number) for number in range(times))
    return {"opened": len(openings), "again": len(again), "ended": len(ends)}
