"""What a conversation's messages say of it: counts, pace of answers, last words of either side. Pure.

An answer is the team's first message after the client wrote; its pace counts from the first message of the client that
waited. Messages of the client after the team's last one are without an answer, from whatever period they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from math import ceil
from zoneinfo import ZoneInfo


class Side(StrEnum):
    TEAM = "t"
    CLIENT = "c"


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Said:
    """Who wrote when."""

    id: int
    at: datetime
    side: Side
    author: str


@dataclass(frozen=True, slots=True)
class Figures:
    """One report's numbers; the names are the table's own."""

    message_count: int
    team_message_count: int
    client_message_count: int
    participant_count: int
    unanswered_count: int
    first_response_seconds: int | None
    median_response_seconds: int | None
    p90_response_seconds: int | None
    last_team_message_at: datetime | None
    last_client_message_at: datetime | None


def period_around(moment: datetime, kind: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day, or the week from Monday, that a moment lies in, in the client's own zone."""
    day = moment.astimezone(zone).date()
    if kind is Period.WEEK:
        day -= timedelta(days=day.weekday())
    days = 7 if kind is Period.WEEK else 1
    begin, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=days)))
    return begin, end


def count_up(
    said: Sequence[Said],
    begin: datetime,
    end: datetime,
    *,
    team_at: datetime | None = None,
    client_at: datetime | None = None,
) -> Figures:
    """Figures of [begin, end) from messages in time's order; `team_at` and `client_at` are known from before them."""
    known = [one for one in said if one.at < end]
    inside = [one for one in known if one.at >= begin]
    team = [one for one in inside if one.side is Side.TEAM]
    waits, unanswered = _answers(known, begin)
    ordered = sorted(waits)
    return Figures(
        message_count=len(inside),
        team_message_count=len(team),
        client_message_count=len(inside) - len(team),
        participant_count=len({one.author for one in inside}),
        unanswered_count=unanswered,
        first_response_seconds=waits[0] if waits else None,
        median_response_seconds=_middle(ordered),
        p90_response_seconds=ordered[ceil(len(ordered) * 0.9) - 1] if ordered else None,
        last_team_message_at=_latest(known, Side.TEAM, team_at, end),
        last_client_message_at=_latest(known, Side.CLIENT, client_at, end),
    )


def _answers(known: Sequence[Said], begin: datetime) -> tuple[list[int], int]:
    """Seconds to each answer given from `begin` on, and how many messages of the client wait at the end."""
    waits: list[int] = []
    since: datetime | None = None
    waiting = 0
    for one in known:
        if one.side is Side.CLIENT:
            since = since or one.at
            waiting += 1
            continue
        if since is not None and one.at >= begin:
            waits.append(round((one.at - since).total_seconds()))
        since, waiting = None, 0
    return waits, waiting


def _middle(ordered: Sequence[int]) -> int | None:
    if not ordered:
        return None
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else round((ordered[half - 1] + ordered[half]) / 2)


def _latest(known: Sequence[Said], side: Side, before: datetime | None, end: datetime) -> datetime | None:
    moments = [one.at for one in known if one.side is side]
    if before is not None and before < end:
        moments.append(before)
    return max(moments, default=None)
