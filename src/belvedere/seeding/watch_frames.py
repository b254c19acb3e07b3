"""Blobs and checksums of many readings: one large frame is made, sorted and written, then cut into the readings' parts.

A frame of its own for each reading would cost more than all other rows of the reading together.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import polars as pl

from belvedere.seeding.watch_things import Thing
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import METRIC_SCHEMA, RECORD_SCHEMA, encode, tags_text

PLACE = "reading"


@dataclass(frozen=True, slots=True)
class Packed:
    """A reading as it is stored: its frames as compressed Arrow, and the checksum of what was read."""

    records: bytes
    metrics: bytes
    checksum: bytes


Told = tuple[Sequence[str], Sequence[Thing]]
"""Keys of a reading's records, and the things themselves."""


def pack_readings(readings: Sequence[Told]) -> list[Packed]:
    if not readings:
        return []
    records, metrics = record_frame(readings), metric_frame(readings)
    record_counts = [len(things) for _, things in readings]
    metric_counts = [sum(len(thing.metrics) for thing in things) for _, things in readings]
    sums = sum_up(records, record_counts, metrics, metric_counts)
    parts = zip(
        cut(records.drop(PLACE), record_counts), cut(metrics.drop(PLACE), metric_counts), sums, strict=True
    )
    return [Packed(*encode(Frames(first, second)), digest) for first, second, digest in parts]


def record_frame(readings: Sequence[Told]) -> pl.DataFrame:
    things = [thing for _, told in readings for thing in told]
    columns: dict[str, list[object]] = {
        PLACE: [place for place, (_, told) in enumerate(readings) for _ in told],
        "id": list(chain.from_iterable(keys for keys, _ in readings)),
        "tags": [list(thing.tags) or None for thing in things],
        "extra": [json.dumps(thing.extra) for thing in things],
    }
    for name in RECORD_SCHEMA.keys() - columns.keys():
        columns[name] = [getattr(thing, name) for thing in things]
    return pl.DataFrame(columns, schema_overrides=RECORD_SCHEMA).select(PLACE, *RECORD_SCHEMA)


def metric_frame(readings: Sequence[Told]) -> pl.DataFrame:
    rows = [
        (place, key, name, value, unit)
        for place, (keys, things) in enumerate(readings)
        for key, thing in zip(keys, things, strict=True)
        for name, (value, unit) in thing.metrics.items()
    ]
    return pl.DataFrame(rows, schema={PLACE: pl.Int64(), **METRIC_SCHEMA}, orient="row")


def cut(frame: pl.DataFrame, counts: Sequence[int]) -> Iterator[pl.DataFrame]:
    for first, count in zip(accumulate(counts, initial=0), counts, strict=False):
        yield frame.slice(first, count)


def sum_up(
    records: pl.DataFrame, record_counts: Sequence[int], metrics: pl.DataFrame, metric_counts: Sequence[int]
) -> Iterator[bytes]:
    """What `sources.frames.checksum` says of each reading."""
    keyed = records.select("external_id", PLACE, pl.col("id").alias("record_id"))
    told = records.drop("id").with_columns(tags_text(pl.col("tags")).alias("tags"))
    figures = metrics.join(keyed, on=[PLACE, "record_id"], how="left").drop("record_id")
    first = split_lines(told.sort(PLACE, "external_id").drop(PLACE), record_counts)
    second = split_lines(figures.sort(PLACE, "external_id", "metric_name").drop(PLACE), metric_counts)
    for record_lines, metric_lines in zip(first, second, strict=True):
        yield hashlib.sha256(record_lines + b"\x1d" + metric_lines + b"\x1d").digest()


def split_lines(frame: pl.DataFrame, counts: Sequence[int]) -> Iterator[bytes]:
    """The written rows of each part; no text of a made-up thing holds a line break."""
    lines = frame.write_csv(include_header=False).encode().splitlines(keepends=True)
    for first, count in zip(accumulate(counts, initial=0), counts, strict=False):
        yield b"".join(lines[first : first + count])
