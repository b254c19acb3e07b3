"""The columnar shape of a reading: schema, stored blob, checksum."""

import hashlib
import io
from uuid import UUID

import polars as pl

from belvedere.sources.contracts import Frames
from belvedere.sources.values import AMOUNT_DIGITS, AMOUNT_SCALE, METRIC_DIGITS, METRIC_SCALE

FORMAT = "arrow-ipc-zstd/2"
"""Two Arrow files, compressed. The metrics name their record by its row in the first file: ids would be most of the bytes."""
FIRST_FORMAT = "arrow-ipc-zstd/1"
"""The same with each metric's record id written out; still read, no longer written."""
READABLE = (FIRST_FORMAT, FORMAT)
INSTANT = pl.Datetime("us", "UTC")
RECORD_SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "external_id": pl.String(),
    "name": pl.String(),
    "email": pl.String(),
    "status": pl.String(),
    "category": pl.String(),
    "tags": pl.List(pl.String()),
    "amount": pl.Decimal(AMOUNT_DIGITS, AMOUNT_SCALE),
    "quantity": pl.Int32(),
    "record_date": INSTANT,
    "extra": pl.String(),
}
METRIC_SCHEMA: dict[str, pl.DataType] = {
    "record_id": pl.String(),
    "metric_name": pl.String(),
    "metric_value": pl.Decimal(METRIC_DIGITS, METRIC_SCALE),
    "metric_unit": pl.String(),
}
PACKED_METRIC_SCHEMA: dict[str, pl.DataType] = {
    "record": pl.UInt32(),
    **{name: kind for name, kind in METRIC_SCHEMA.items() if name != "record_id"},
}


def empty_frames() -> Frames:
    return Frames(pl.DataFrame(schema=RECORD_SCHEMA), pl.DataFrame(schema=METRIC_SCHEMA))


def tags_text(tags: pl.Expr) -> pl.Expr:
    """The written form of a PostgreSQL text array."""
    quoted = tags.list.eval(
        pl.concat_str(
            pl.lit('"'),
            pl.element()
            .str.replace_all("\\", "\\\\", literal=True)
            .str.replace_all('"', '\\"', literal=True),
            pl.lit('"'),
        )
    )
    return pl.concat_str(pl.lit("{"), quoted.list.join(","), pl.lit("}"))


def checksum(frames: Frames) -> bytes:
    """SHA-256 of what was read, without ids and whatever the order of rows; equal readings have equal sums."""
    keyed = frames.records.select("external_id", pl.col("id").alias("record_id"))
    records = (
        frames.records.drop("id").with_columns(tags_text(pl.col("tags")).alias("tags")).sort("external_id")
    )
    metrics = (
        frames.metrics.join(keyed, on="record_id", how="left")
        .drop("record_id")
        .sort("external_id", "metric_name")
    )
    digest = hashlib.sha256()
    for frame in (records, metrics):
        digest.update(frame.write_csv(include_header=False).encode())
        digest.update(b"\x1d")
    return digest.digest()


def encode(frames: Frames) -> tuple[bytes, bytes]:
    """A reading's records and metrics as they are stored, in FORMAT; raises ValueError for a metric of no record."""
    rows = frames.records.select("id").with_row_index("record")
    metrics = frames.metrics.join(rows, left_on="record_id", right_on="id", how="left", maintain_order="left")
    if metrics["record"].null_count():
        raise ValueError("a metric names a record that is not in this reading")
    return _pack(frames.records), _pack(metrics.select(list(PACKED_METRIC_SCHEMA)))


def _pack(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="zstd")
    return buffer.getvalue()


def decode(records: bytes, metrics: bytes, format_name: str = FORMAT) -> Frames:
    """Read a stored blob; raises ValueError for a format this version does not know."""
    if format_name not in READABLE:
        raise ValueError(
            f"frames of format {format_name} cannot be read; this version reads {' and '.join(READABLE)}"
        )
    held = _unpack(records, RECORD_SCHEMA)
    if format_name == FIRST_FORMAT:
        return Frames(held, _unpack(metrics, METRIC_SCHEMA))
    packed = _unpack(metrics, PACKED_METRIC_SCHEMA)
    named = packed.with_columns(held["id"].gather(packed["record"]).alias("record_id"))
    return Frames(held, named.select(list(METRIC_SCHEMA)))


def _unpack(blob: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(blob)).cast(schema).select(list(schema))  # type: ignore[arg-type]


def ordered(frames: Frames) -> Frames:
    """The same frames in one order: records by id, metrics by record and name."""
    return Frames(frames.records.sort("id"), frames.metrics.sort("record_id", "metric_name"))


def record_ids(frames: Frames) -> list[UUID]:
    return [UUID(text) for text in frames.records["id"]]
