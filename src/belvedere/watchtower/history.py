"""The stored readings of a stretch of time, in data time: which there are, and what each is compared with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.sources.contracts import Completeness
from belvedere.watchtower.contracts import Place
from belvedere.watchtower.statements import statement

MOST_READINGS = 20_000
MOST_RECORDS = 20_000_000
"""Beyond this a question is refused with what would narrow it: one answer may not take a worker for minutes."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One completed reading; `frames_id` is the reading that holds its data, `previous` the full one before."""

    snapshot_id: UUID
    frames_id: UUID
    place: Place
    account_id: UUID | None
    is_full: bool
    data_as_of: datetime
    records: int
    metrics: int
    was_judged: bool
    previous: "Mark | None" = field(default=None, compare=False, repr=False)
    taken_as_of: datetime | None = None
    """The moment of its data, where it is looked at again later and `data_as_of` is that later moment."""

    @property
    def moment(self) -> datetime:
        return self.taken_as_of or self.data_as_of


@dataclass(frozen=True, slots=True)
class Track:
    """The readings of one source of one client, oldest first; `before` are those that stood when the stretch began, and
    `every` is how often the source is read.
    """

    place: Place
    marks: tuple[Mark, ...]
    before: tuple[Mark, ...] = ()
    every: timedelta = timedelta(hours=1)

    @property
    def records(self) -> int:
        return sum(mark.records for mark in self.marks)


async def load_tracks(
    session: ReadSession,
    start: datetime,
    end: datetime,
    *,
    client_ids: Collection[int] | None = None,
    source_ids: Collection[UUID] | None = None,
    neighbour_ids: Collection[UUID] = (),
    neighbour_targets: Collection[str] = (),
) -> list[Track]:
    """Tracks in reach of the session; `None` leaves a filter out. Neighbours count even where all their readings are
    older than the stretch. Raises Invalid where that is too much at once.
    """
    values = {
        "start": start,
        "end": end,
        "client_ids": None if client_ids is None else sorted(client_ids),
        "source_ids": None if source_ids is None else sorted(source_ids),
        "neighbour_ids": sorted(neighbour_ids),
        "neighbour_targets": sorted(neighbour_targets),
        "most": MOST_READINGS + 1,
    }
    rows = (await session.execute(statement("history_readings"), values)).all()
    if len(rows) > MOST_READINGS:
        raise too_much(f"more than {MOST_READINGS:,} readings")
    tracks = [_track(list(part)) for _, part in groupby(rows, key=lambda row: (row.client_id, row.source_id))]
    tracks = [track for track in tracks if track.marks or track.before]
    records = sum(track.records for track in tracks)
    if records > MOST_RECORDS:
        raise too_much(f"{records:,} records")
    return tracks


def too_much(what: str) -> Invalid:
    detail = f"That stretch holds {what}. Ask for fewer days, or name a client or a source."
    return Invalid(detail, errors=[FieldProblem("/days", "too_much", detail)], code="backtest_too_much")


def _track(rows: Sequence[Any]) -> Track:
    newest_full: dict[UUID | None, Mark] = {}
    marks: list[Mark] = []
    before: list[Mark] = []
    first = rows[0]
    place = Place(first.client_id, first.source_id, first.provider, first.endpoint)
    for _, part in groupby(rows, key=lambda row: row.data_as_of):
        # Readings of one moment are all compared with the full one before that moment.
        made = [(row, _mark(row, place, newest_full.get(row.account_id))) for row in part]
        newest_full.update({mark.account_id: mark for _, mark in made if mark.is_full})
        marks += [mark for row, mark in made if row.in_range]
        before += [mark for row, mark in made if not row.in_range]
    newest = {mark.account_id: mark for mark in before}
    every = timedelta(minutes=first.refresh_interval_minutes)
    return Track(place, tuple(marks), tuple(newest.values()), every)


def _mark(row: Any, place: Place, previous: Mark | None) -> Mark:
    return Mark(
        snapshot_id=row.id,
        frames_id=row.frames_id,
        place=place,
        account_id=row.account_id,
        is_full=row.completeness == Completeness.FULL,
        data_as_of=row.data_as_of,
        records=row.total_records,
        metrics=row.total_metrics,
        was_judged=row.evaluated_at is not None,
        previous=previous,
    )
