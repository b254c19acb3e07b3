"""Stored readings as columns, many at once: only the columns that a rule reads are unpacked from the blobs."""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO
from uuid import UUID

import polars as pl
from polars.exceptions import PolarsError

from belvedere.core.database import ReadSession, driver_connection
from belvedere.core.errors import Invalid
from belvedere.sources.contracts import RECORD_COLUMNS, Frames
from belvedere.sources.frames import (
    FORMAT,
    METRIC_SCHEMA,
    PACKED_METRIC_SCHEMA,
    READABLE,
    RECORD_SCHEMA,
    decode,
)
from belvedere.sources.service import rebuild_frames
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.fields import FieldPlace, FieldRef, parse_field
from belvedere.watchtower.history import Mark

CHUNK_RECORDS = 250_000
CHUNK_READINGS = 400
ALWAYS = ("id", "external_id", "name")
_BLOBS = (
    "SELECT snapshot_id, records, metrics, format FROM watch.snapshot_frames"
    " WHERE client_id = %s AND snapshot_id = ANY (%s)"
)


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a reading a rule looks at; `metrics` None stands for all of them."""

    columns: tuple[str, ...]
    metrics: frozenset[str] | None

    @property
    def reads_metrics(self) -> bool:
        return self.metrics is None or bool(self.metrics)


def needs_of(rules: Iterable[Rule], known_metrics: Collection[str]) -> Needs:
    """Columns and metrics that these rules can read; a broken field name asks for everything."""
    columns, metrics = set(ALWAYS), set()
    for rule in rules:
        if rule.data_lag_minutes is not None:
            columns.add("record_date")
        for name in (rule.field_name, rule.min_volume_field):
            if name is None:
                continue
            try:
                ref = parse_field(name)
            except Invalid:
                return Needs(tuple(RECORD_SCHEMA), None)
            columns.update(_columns_of(ref, known_metrics))
            if ref.place is FieldPlace.METRIC or (ref.place is None and ref.name not in RECORD_COLUMNS):
                metrics.add(ref.name)
    return Needs(tuple(name for name in RECORD_SCHEMA if name in columns), frozenset(metrics))


def _columns_of(ref: FieldRef, known_metrics: Collection[str]) -> set[str]:
    if ref.place is FieldPlace.EXTRA:
        return {"extra"}
    if ref.place is FieldPlace.METRIC:
        return set()
    if ref.name in RECORD_COLUMNS:
        return {ref.name}
    # A bare name that is no known metric may stand in `extra`.
    return set() if ref.name in known_metrics else {"extra"}


@dataclass(frozen=True)
class Chunk:
    """Some readings in a row with their data. `records` and `metrics` hold all of them, each row with the number of its
    slot; `slots` says which reading's data stands where.
    """

    marks: tuple[Mark, ...]
    slots: Mapping[UUID, int]
    records: pl.DataFrame
    metrics: pl.DataFrame
    record_starts: tuple[int, ...]
    metric_starts: tuple[int, ...]

    def frames(self, frames_id: UUID) -> Frames:
        """One reading's data; the columns are shared, not copied."""
        return self.at(self.slots[frames_id])

    def at(self, slot: int) -> Frames:
        return Frames(
            _part(self.records, self.record_starts, slot), _part(self.metrics, self.metric_starts, slot)
        )

    def previous(self, mark: Mark) -> Frames | None:
        return None if mark.previous is None else self.frames(mark.previous.frames_id)


def _part(frame: pl.DataFrame, starts: Sequence[int], slot: int) -> pl.DataFrame:
    return frame.slice(starts[slot], starts[slot + 1] - starts[slot])


def split(marks: Sequence[Mark]) -> Iterator[tuple[Mark, ...]]:
    """Marks in order, in parts whose data fits in memory side by side."""
    part: list[Mark] = []
    records = 0
    for mark in marks:
        if part and (records + mark.records > CHUNK_RECORDS or len(part) == CHUNK_READINGS):
            yield tuple(part)
            part, records = [], 0
        part.append(mark)
        records += mark.records
    if part:
        yield tuple(part)


Blobs = Mapping[UUID, tuple[bytes, bytes] | Frames]


async def fetch_blobs(session: ReadSession, marks: Sequence[Mark]) -> Blobs:
    """The packed data of these marks and of those they are compared with; rebuilt from rows where no blob is kept."""
    wanted = _frames_ids(marks)
    connection = await driver_connection(session)
    found: dict[UUID, tuple[bytes, bytes] | Frames] = {}
    for client_id in {mark.place.client_id for mark in marks}:
        own = [frames_id for frames_id, mark in wanted.items() if mark.place.client_id == client_id]
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(_BLOBS, (client_id, own))
            found.update(
                (frames_id, (records, metrics) if form == FORMAT else decode(records, metrics, form))
                for frames_id, records, metrics, form in await cursor.fetchall()
                if form in READABLE
            )
    for frames_id, mark in wanted.items():
        if frames_id not in found:
            found[frames_id] = await rebuild_frames(session, mark.place.client_id, frames_id)
    return {frames_id: found[frames_id] for frames_id in wanted}


def _frames_ids(marks: Sequence[Mark]) -> dict[UUID, Mark]:
    """Every reading whose data is looked at, oldest first."""
    previous = {mark.previous.frames_id: mark.previous for mark in marks if mark.previous is not None}
    return {**previous, **{mark.frames_id: mark for mark in marks}}


def unpack(marks: Sequence[Mark], blobs: Blobs, needs: Needs) -> Chunk:
    """The readings as columns; one pass over all blobs where their counts hold, else one by one."""
    by_id = _frames_ids(marks)
    packed = [blob for blob in blobs.values() if isinstance(blob, tuple)]
    if len(packed) == len(blobs):
        try:
            made = _unpack_together(by_id, blobs, needs)
        except PolarsError:
            made = None  # blobs of different shapes cannot be read as one
        if made is not None:
            return _chunk(tuple(marks), tuple(by_id), *made)
    parts = [_narrow(blob if isinstance(blob, Frames) else decode(*blob), needs) for blob in blobs.values()]
    records, record_counts = _joined([part.records for part in parts])
    metrics, metric_counts = _joined([part.metrics for part in parts])
    return _chunk(tuple(marks), tuple(by_id), records, record_counts, metrics, metric_counts)


Stacked = tuple[pl.DataFrame, list[int], pl.DataFrame, list[int]]


def _unpack_together(by_id: Mapping[UUID, Mark], blobs: Blobs, needs: Needs) -> Stacked | None:
    record_counts = [by_id[frames_id].records for frames_id in blobs]
    metric_counts = [by_id[frames_id].metrics for frames_id in blobs]
    records = _scan(
        [blob[0] for blob in blobs.values() if isinstance(blob, tuple)], needs.columns, RECORD_SCHEMA
    )
    found = records.collect()
    if found.height != sum(record_counts):
        return None
    found = found.with_columns(_slot_column(record_counts))
    if not needs.reads_metrics:
        return (
            found,
            record_counts,
            pl.DataFrame(schema={**METRIC_SCHEMA, "slot": pl.UInt32}),
            [0] * len(blobs),
        )
    packed = _scan(
        [blob[1] for blob in blobs.values() if isinstance(blob, tuple)],
        tuple(PACKED_METRIC_SCHEMA),
        PACKED_METRIC_SCHEMA,
    )
    if packed.select(pl.len()).collect().item() != sum(metric_counts):
        return None
    if needs.metrics is None:
        metrics, counts = packed.collect().with_columns(_slot_column(metric_counts)), metric_counts
    else:
        # The names are compared while the blobs are unpacked, so that other metrics are never laid out in memory.
        numbered = packed.with_row_index("row").filter(pl.col("metric_name").is_in(list(needs.metrics)))
        metrics = _with_slots(numbered.collect(), metric_counts)
        counts = _counts(metrics, len(blobs))
    return found, record_counts, _named(metrics, found["id"], record_counts), counts


def _named(metrics: pl.DataFrame, ids: pl.Series, record_counts: Sequence[int]) -> pl.DataFrame:
    """The metrics with the ids of their records, which stand at a row of the slot's own records."""
    starts = pl.Series(_starts(record_counts)[:-1], dtype=pl.UInt32)
    rows = starts.gather(metrics["slot"]) + metrics["record"]
    return metrics.with_columns(ids.gather(rows).alias("record_id")).select(*METRIC_SCHEMA, "slot")


def _with_slots(numbered: pl.DataFrame, counts: Sequence[int]) -> pl.DataFrame:
    """The slot of each row, told from its number among all rows."""
    ends = pl.Series(_starts(counts)[1:], dtype=pl.UInt32)
    slots = ends.search_sorted(numbered["row"], side="right").cast(pl.UInt32)
    return numbered.drop("row").with_columns(slots.alias("slot"))


def _scan(blobs: Sequence[bytes], columns: Sequence[str], schema: Mapping[str, pl.DataType]) -> pl.LazyFrame:
    wanted = [pl.col(name).cast(schema[name]) for name in columns]
    sources: list[IO[bytes]] = [io.BytesIO(blob) for blob in blobs]
    return pl.scan_ipc(sources).select(wanted)


def _slot_column(counts: Sequence[int]) -> pl.Series:
    slots = pl.DataFrame(
        {"slot": range(len(counts)), "n": list(counts)}, schema={"slot": pl.UInt32, "n": pl.UInt32}
    )
    return slots.filter(pl.col("n") > 0).select(pl.col("slot").repeat_by("n")).explode("slot")["slot"]


def _counts(frame: pl.DataFrame, slots: int) -> list[int]:
    """Rows of each slot."""
    counts = [0] * slots
    for slot, rows in frame.group_by("slot").len().iter_rows():
        counts[slot] = rows
    return counts


def _narrow(frames: Frames, needs: Needs) -> Frames:
    metrics = frames.metrics
    if needs.metrics is not None:
        metrics = metrics.filter(pl.col("metric_name").is_in(list(needs.metrics)))
    return Frames(frames.records.select(needs.columns), metrics)


def _joined(frames: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, list[int]]:
    counts = [frame.height for frame in frames]
    return pl.concat(frames).with_columns(_slot_column(counts)), counts


def _chunk(
    marks: tuple[Mark, ...],
    frames_ids: Sequence[UUID],
    records: pl.DataFrame,
    record_counts: Sequence[int],
    metrics: pl.DataFrame,
    metric_counts: Sequence[int],
) -> Chunk:
    slots = {frames_id: slot for slot, frames_id in enumerate(frames_ids)}
    return Chunk(marks, slots, records, metrics, _starts(record_counts), _starts(metric_counts))


def _starts(counts: Sequence[int]) -> tuple[int, ...]:
    starts = [0]
    for count in counts:
        starts.append(starts[-1] + count)
    return tuple(starts)
