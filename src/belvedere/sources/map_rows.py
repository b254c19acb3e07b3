"""Rows of a reading → frames and rejects: columns where the rows are plain, row by row where one is in doubt."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from belvedere.core.ids import uuid7_strings
from belvedere.sources.contracts import RECORD_COLUMNS, Frames, MetricDefinition, Reject
from belvedere.sources.frames import METRIC_SCHEMA, RECORD_SCHEMA
from belvedere.sources.map_columns import Chunk, ChunkColumns, map_chunk
from belvedere.sources.map_exact import MappedRow, map_row, matches, name_of, payload_text
from belvedere.sources.mapping import RecordMapping
from belvedere.sources.pause import paused_collector
from belvedere.sources.values import RowRefused

CHUNK_ROWS = 20_000
"""Rows are mapped as soon as so many wait."""
WARM_ROWS = 500
"""Rows are taken apart as soon as so many came, while they are still in the processor's caches."""
_COLUMNS = (*RECORD_COLUMNS, "extra")
_RECORD_CHUNK = {"row": pl.UInt32(), **{name: RECORD_SCHEMA[name] for name in _COLUMNS}}
_METRIC_CHUNK = {
    "row": pl.UInt32(),
    **{name: kind for name, kind in METRIC_SCHEMA.items() if name != "record_id"},
}
_DUPLICATE = "Another row of this reading has the same external_id {external_id} with other values; the first one was kept."


@dataclass(frozen=True, slots=True)
class MappedFrames:
    """One reading after mapping. `received` counts every row that came, the refused ones too.

    `is_whole` is False when a refused row's record is not among the others: that it is absent then says nothing.
    `rounded` counts by field the numbers with more decimals than its column keeps.
    """

    frames: Frames
    rejects: list[Reject]
    received: int
    is_whole: bool = True
    rounded: Mapping[str, int] = field(default_factory=dict)


@dataclass
class ReadingMapper:
    """Takes the rows of a reading piece by piece; `finish` gives the frames."""

    mapping: RecordMapping
    definitions: Mapping[str, MetricDefinition]
    rejects: list[Reject] = field(default_factory=list)
    received: int = 0
    exact_only: bool = False
    next_row: int = 1
    _numbers: list[int] = field(default_factory=list)
    _chunk: Chunk = field(init=False)
    _records: list[pl.DataFrame] = field(default_factory=list)
    _metrics: list[pl.DataFrame] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _repeated: list[tuple[int, str, str]] = field(default_factory=list)
    _refused: set[str | None] = field(default_factory=set)
    _rounded: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chunk = Chunk(self.mapping)

    def add(self, rows: Iterable[Any], *, first_row: int | None = None) -> None:
        """Take rows; `first_row` is the number of the first one where it is not simply the next."""
        number = self.next_row if first_row is None else first_row
        rows = rows if isinstance(rows, list) else list(rows)
        numbers: Iterable[int] = range(number, number + len(rows))
        self.next_row = number + len(rows)
        if self.mapping.where:
            wanted = [
                (at, row)
                for at, row in zip(numbers, rows, strict=True)
                if not isinstance(row, dict) or matches(row, self.mapping)
            ]
            numbers, rows = [at for at, _ in wanted], [row for _, row in wanted]
        self.received += len(rows)
        self._numbers.extend(numbers)
        for start in range(0, len(rows), WARM_ROWS):
            self._chunk.take(rows[start : start + WARM_ROWS])
        if len(self._numbers) >= CHUNK_ROWS:
            self._flush()

    def refuse(self, reject: Reject) -> None:
        """Take note of a row that could not even be read."""
        self.rejects.append(reject)
        self._refused.add(None)
        self.received += 1
        self.next_row = max(self.next_row, reject.row_number + 1)

    def finish(self, now: datetime) -> MappedFrames:
        """Frames with ids of the instant `now`; rows that repeat an external_id are settled here."""
        self._flush()
        records = pl.concat(self._records) if self._records else pl.DataFrame(schema=_RECORD_CHUNK)
        metrics = pl.concat(self._metrics) if self._metrics else pl.DataFrame(schema=_METRIC_CHUNK)
        if self._repeated:
            dropped = self._settle_repeated(records, metrics)
            records, metrics = (frame.filter(~pl.col("row").is_in(dropped)) for frame in (records, metrics))
        records = records.sort("row").with_columns(uuid7_strings(records.height, now).alias("id"))
        keys = records.select("row", pl.col("id").alias("record_id"))
        metrics = metrics.sort("row", maintain_order=True).join(
            keys, on="row", how="left", maintain_order="left"
        )
        self.rejects.sort(key=lambda reject: reject.row_number)
        frames = Frames(records.select(list(RECORD_SCHEMA)), metrics.select(list(METRIC_SCHEMA)))
        is_whole = self._refused <= self._seen
        return MappedFrames(frames, self.rejects, self.received, is_whole, dict(+self._rounded))

    def _flush(self) -> None:
        if not self._numbers:
            return
        numbers, chunk = self._numbers, self._chunk
        self._numbers, self._chunk = [], Chunk(self.mapping)
        rows = chunk.rows
        if self.exact_only:
            columns = ChunkColumns({}, [], set(range(len(rows))))
        else:
            columns = map_chunk(chunk, self.definitions)
        for name, where in columns.rounded.items():
            self._rounded[name] += len(set(where.arg_true().to_list()) - columns.doubtful)
        exact = self._map_exactly(rows, numbers, sorted(columns.doubtful))
        self._keep(columns, exact, numbers)
        self._note_repeated(rows, numbers)

    def _map_exactly(
        self, rows: list[Any], numbers: list[int], doubtful: list[int]
    ) -> list[tuple[int, MappedRow]]:
        mapped = []
        for index in doubtful:
            number, row = numbers[index], rows[index]
            try:
                done = map_row(row, self.mapping, self.definitions)
            except RowRefused as refused:
                self._reject(number, refused, row)
                self._refused.add(name_of(row, self.mapping))
                continue
            mapped.append((number, done))
            self._rounded.update(done.rounded)
            for outside in done.left_out:
                self._reject(number, outside, row)
        return mapped

    def _reject(self, number: int, refused: RowRefused, row: Any) -> None:
        self.rejects.append(Reject(number, refused.code, refused.field, refused.detail, payload_text(row)))

    def _keep(self, columns: ChunkColumns, exact: list[tuple[int, MappedRow]], numbers: list[int]) -> None:
        records, metrics = [_exact_records(exact)], [_exact_metrics(exact)]
        if len(columns.doubtful) < len(numbers):
            row = pl.Series("row", numbers, dtype=pl.UInt32)
            plain = (
                pl.Series([index not in columns.doubtful for index in range(len(numbers))])
                if columns.doubtful
                else None
            )
            records.append(_plain_records(row, columns.records, plain))
            metrics.extend(_plain_metrics(row, columns.metrics, plain))
        self._records.append(pl.concat(records).sort("row") if exact else records[-1])
        self._metrics.extend(metrics)

    def _note_repeated(self, rows: list[Any], numbers: list[int]) -> None:
        kept = self._records[-1]
        ids = kept["external_id"].to_list()
        if len(set(ids)) == len(ids) and self._seen.isdisjoint(ids):
            self._seen.update(ids)
            return
        by_number = dict(zip(numbers, rows, strict=True))
        for number, external_id in zip(kept["row"].to_list(), ids, strict=True):
            if external_id in self._seen:
                self._repeated.append((number, external_id, payload_text(by_number[number])))
            self._seen.add(external_id)

    def _settle_repeated(self, records: pl.DataFrame, metrics: pl.DataFrame) -> list[int]:
        """Rows to drop; the ones that differ from the first of their external_id are refused aloud."""
        names = {external_id for _, external_id, _ in self._repeated}
        involved = records.filter(pl.col("external_id").is_in(list(names))).sort("row")
        values: dict[int, dict[str, Any]] = {}
        for number, name, value, _ in metrics.filter(
            pl.col("row").is_in(involved["row"].to_list())
        ).iter_rows():
            values.setdefault(number, {})[name] = value
        content = {
            line.pop("row"): {**line, "extra": orjson.loads(line["extra"])}
            for line in involved.iter_rows(named=True)
        }
        first: dict[str, int] = {}
        for number, line in content.items():
            first.setdefault(line["external_id"], number)
        for number, external_id, payload in self._repeated:
            kept = first[external_id]
            if (content[number], values.get(number)) != (content[kept], values.get(kept)):
                detail = _DUPLICATE.format(external_id=external_id)
                self.rejects.append(Reject(number, "duplicate_external_id", "external_id", detail, payload))
        return [number for number, _, _ in self._repeated]


def _plain_records(row: pl.Series, columns: Mapping[str, pl.Series], plain: pl.Series | None) -> pl.DataFrame:
    height = len(row)
    frame = pl.DataFrame(
        [
            row,
            *(
                columns[name].alias(name).cast(RECORD_SCHEMA[name])
                if name in columns
                else pl.Series(name, [None], dtype=RECORD_SCHEMA[name]).new_from_index(0, height)
                for name in _COLUMNS
            ),
        ]
    )
    return frame if plain is None else frame.filter(plain)


def _plain_metrics(
    row: pl.Series, columns: Iterable[tuple[str, pl.Series, str | None]], plain: pl.Series | None
) -> Iterator[pl.DataFrame]:
    for name, values, unit in columns:
        frame = pl.DataFrame([row, values.alias("metric_value")])
        wanted = values.is_not_null() if plain is None else values.is_not_null() & plain
        yield frame.filter(wanted).select(
            "row",
            pl.lit(name, dtype=pl.String).alias("metric_name"),
            "metric_value",
            pl.lit(unit, dtype=pl.String).alias("metric_unit"),
        )


def _exact_records(exact: list[tuple[int, MappedRow]]) -> pl.DataFrame:
    lines = [{"row": number, **mapped.columns, "extra": mapped.extra} for number, mapped in exact]
    return pl.DataFrame(lines, schema=_RECORD_CHUNK)


def _exact_metrics(exact: list[tuple[int, MappedRow]]) -> pl.DataFrame:
    lines = [(number, *metric) for number, mapped in exact for metric in mapped.metrics]
    return pl.DataFrame(lines, schema=_METRIC_CHUNK, orient="row")


def map_rows(
    rows: Iterable[Any],
    mapping: RecordMapping,
    definitions: Mapping[str, MetricDefinition],
    now: datetime,
    *,
    exact_only: bool = False,
) -> MappedFrames:
    """Map all rows of a reading at once. `exact_only` takes the slow path for every row."""
    mapper = ReadingMapper(mapping, definitions, exact_only=exact_only)
    with paused_collector():
        mapper.add(rows)
        return mapper.finish(now)
