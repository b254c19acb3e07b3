"""A replay in figures: how often, when, for whom, in how many messages."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from belvedere.watchtower.backtest_ledger import Episode, Ledger
from belvedere.watchtower.backtest_replay import Question
from belvedere.watchtower.groups import expression


def sum_up(
    question: Question,
    ledgers: Sequence[Ledger],
    start: datetime,
    end: datetime,
    most: int,
    now: datetime | None = None,
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
        "notifications": _notifications(ledgers, min(end, now or end)),
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


def _notifications(ledgers: Sequence[Ledger], end: datetime) -> dict[str, Any]:
    """Messages if nobody had taken an alert; what is open at the end is repeated until then."""
    sums = Counter({"opened": 0, "worse": 0, "again": 0, "ended": 0})
    tellers = [(ledger, ledger.teller) for ledger in ledgers if ledger.teller is not None]
    for ledger, teller in tellers:
        for name, count in teller.count(ledger.episodes, end).items():
            sums[name] += teller.destinations * count
    return {
        **sums,
        "total": sum(sums.values()),
        "destinations": sum(teller.destinations for _, teller in tellers),
    }
