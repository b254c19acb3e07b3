"""The fast path: a chunk of rows as columns. Whatever is in doubt is left to the exact path, row by row.

Numbers travel as floats only where that is provably exact: every number of a chunk has at most 15 significant digits
(`documents.py` sees to that), so its float names it; a result within the error of the arithmetic of a rounding tie,
or too large for it, is in doubt.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import orjson
import polars as pl

from belvedere.sources.contracts import MetricDefinition
from belvedere.sources.map_exact import bounds_of, extra_of, unit_of
from belvedere.sources.mapping import ColumnSpec, MetricSpec, Operand, Path, RecordMapping
from belvedere.sources.values import (
    AMOUNT_DIGITS,
    AMOUNT_SCALE,
    FIELD_LIMIT_BYTES,
    INTEGER_MAX,
    METRIC_DIGITS,
    METRIC_SCALE,
    TEXT_LIMITS,
    RowRefused,
    as_instant,
    as_tags,
    look_up,
)

UNSCALED_LIMIT = 1e14
RELATIVE_ERROR = 1e-15
FOUR_ROUNDINGS = 5e-16
"""What reading, multiplying and scaling a float may be off by; the last of 15 digits is more."""
PLAIN_NUMBER = r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"
BLANK = r"^[\s\x1c-\x1f]*$"
UNIT_SEPARATOR = "\x1f"
ISO_INSTANT = (
    r"^[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$"
)


@dataclass
class ChunkColumns:
    """A chunk as columns; rows whose index is in `doubtful` must be mapped one by one instead.

    `rounded` says by field in which rows a number lost digits.
    """

    records: dict[str, pl.Series]
    metrics: list[tuple[str, pl.Series, str | None]]
    doubtful: set[int]
    rounded: dict[str, pl.Series] = field(default_factory=dict)


@dataclass
class Chunk:
    """Rows taken apart by path, a few hundred at a time while they are warm in the processor's caches."""

    mapping: RecordMapping
    rows: list[Any] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    extras: list[str | None] = field(default_factory=list)
    rounded: dict[str, pl.Series] = field(default_factory=dict)
    _columns: dict[Path, list[Any]] = field(default_factory=dict)
    _numbers: dict[Path, pl.Series] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._columns = {path: [] for path in needed_paths(self.mapping)}
        mapped = self.mapping.mapped_paths()
        self._flat_keys = (
            frozenset(path[0] for path in mapped)
            if self.mapping.extra is None and all(len(path) == 1 for path in mapped)
            else None
        )

    def take(self, rows: list[Any]) -> None:
        """Add rows; what is no object or cannot be written as JSON is in doubt at once."""
        if set(map(type, rows)) != {dict}:
            self.doubtful.update(at for at, row in enumerate(rows, len(self.rows)) if type(row) is not dict)
            objects = [row if type(row) is dict else {} for row in rows]
        else:
            objects = rows
        for path, column in self._columns.items():
            if len(path) == 1:
                key = path[0]
                column.extend([row.get(key) for row in objects])
            else:
                column.extend([look_up(row, path) for row in objects])
        self.extras.extend(self._extras(objects))
        self.rows.extend(rows)

    def _extras(self, rows: list[dict[str, Any]]) -> list[str | None]:
        keys, dumps = self._flat_keys, orjson.dumps
        try:
            if keys is None:
                return [dumps(extra_of(row, self.mapping)).decode() for row in rows]
            return [dumps({key: row[key] for key in row if key not in keys}).decode() for row in rows]
        except (TypeError, ValueError, RecursionError):
            return [self._extra_or_doubt(at, row) for at, row in enumerate(rows, len(self.rows))]

    def _extra_or_doubt(self, index: int, row: dict[str, Any]) -> str | None:
        try:
            return orjson.dumps(extra_of(row, self.mapping)).decode()
        except (TypeError, ValueError, RecursionError):
            self.doubtful.add(index)
            return None

    def values(self, path: Path) -> list[Any]:
        return self._columns[path]

    def numbers(self, path: Path) -> pl.Series:
        """Float64; each value names exactly the number that was sent."""
        if path not in self._numbers:
            self._numbers[path] = self.read_numbers(self.values(path))
        return self._numbers[path]

    def read_numbers(self, values: list[Any]) -> pl.Series:
        kinds = set(map(type, values))
        if kinds <= {str, type(None)} and str in kinds:
            return self._read_texts(values)
        if not kinds <= {int, float, type(None)}:
            self.doubt_each(values, lambda value: type(value) not in (int, float, type(None)))
            values = [value if type(value) in (int, float) else None for value in values]
        if int in kinds:
            values = [None if value is None else float(value) for value in values]
        series = pl.Series(values, dtype=pl.Float64)
        self.doubt(~series.is_finite())
        return series

    def _read_texts(self, values: list[str | None]) -> pl.Series:
        texts = pl.Series(values, dtype=pl.String).str.strip_chars(" ")
        texts = texts.replace("", None)
        plain = texts.str.contains(PLAIN_NUMBER)
        self.doubt(~plain)
        return texts.set(~plain.fill_null(True), None).cast(pl.Float64)

    def doubt(self, mask: pl.Series) -> None:
        """Mark the rows where the mask is true; null marks nothing."""
        if mask.any():
            self.doubtful.update(mask.arg_true().to_list())

    def note_rounded(self, name: str, rounded: pl.Series) -> None:
        """Remember in which rows a number of this field lost digits."""
        if rounded.any():
            self.rounded.setdefault(name, rounded)

    def doubt_each(self, values: list[Any], wrong: Callable[[Any], bool]) -> None:
        self.doubtful.update(index for index, value in enumerate(values) if wrong(value))

    def doubt_all(self) -> None:
        self.doubtful.update(range(len(self.rows)))


def needed_paths(mapping: RecordMapping) -> list[Path]:
    """Every path that a column, a metric, an operand or a condition of the mapping reads."""
    found: dict[Path, None] = dict.fromkeys(mapping.mapped_paths())
    waiting = [operand for spec in mapping.metrics for operand in spec.ratio or ()]
    while waiting:
        operand = waiting.pop()
        waiting.extend(operand.parts)
        if operand.path:
            found[operand.path] = None
    found.update((spec.when_missing, None) for spec in mapping.metrics if spec.when_missing)
    return list(found)


def map_chunk(chunk: Chunk, definitions: Mapping[str, MetricDefinition]) -> ChunkColumns:
    """Map a chunk; the series stand in the order of its rows."""
    mapping = chunk.mapping
    try:
        records = {spec.column: _column(chunk, spec) for spec in mapping.columns}
        records["extra"] = _extra(chunk)
        metrics = [_metric(chunk, spec, definitions) for spec in mapping.metrics]
    except (UnicodeEncodeError, OverflowError, pl.exceptions.PolarsError):
        # A text that is no Unicode or a number past every float: rare enough to look at each row of the chunk.
        chunk.doubt_all()
        return ChunkColumns({}, [], chunk.doubtful)
    return ChunkColumns(records, _first_of_each_name(metrics), chunk.doubtful, chunk.rounded)


def _column(chunk: Chunk, spec: ColumnSpec) -> pl.Series:
    values = chunk.values(spec.path) if spec.path else [spec.value] * len(chunk.rows)
    if spec.column == "tags":
        return _tags(chunk, spec, values)
    if spec.column == "record_date":
        return _instants(chunk, spec, values)
    if spec.column in ("amount", "quantity"):
        numbers = chunk.numbers(spec.path) if spec.path else chunk.read_numbers(values)
        if spec.column == "quantity":
            whole = (numbers == numbers.floor()) & (numbers.abs() <= INTEGER_MAX)
            chunk.doubt(~whole)
            return numbers.set(~whole.fill_null(True), None).cast(pl.Int32)
        amounts, _, rounded = _decimals(chunk, numbers * float(spec.times or 1), AMOUNT_DIGITS, AMOUNT_SCALE)
        chunk.note_rounded("amount", rounded)
        return amounts
    return _texts(chunk, spec, values)


def _texts(chunk: Chunk, spec: ColumnSpec, values: list[Any]) -> pl.Series:
    kinds = set(map(type, values))
    if not kinds <= {str, type(None)}:
        chunk.doubt_each(values, lambda value: type(value) not in (str, int, type(None)))
        values = [
            value if type(value) is str else str(value) if type(value) is int else None for value in values
        ]
    if spec.lower:
        values = [value.lower() if value else value for value in values]
    series = pl.Series(values, dtype=pl.String)
    chunk.doubt(
        (series.str.len_chars() > TEXT_LIMITS[spec.column]) | series.str.contains("\x00", literal=True)
    )
    if spec.column == "external_id":
        chunk.doubt(series.is_null() | series.str.contains(BLANK))
    return series


def _tags(chunk: Chunk, spec: ColumnSpec, values: list[Any]) -> pl.Series:
    """Tags travel joined by a character no tag has; lists of anything but plain texts are in doubt."""
    joined: list[str | None] = []
    join = UNIT_SEPARATOR.join
    for index, value in enumerate(values):
        try:
            if value is None:
                joined.append(None)
            elif type(value) is list and not spec.lower:
                joined.append(join(value))
            else:
                tags = as_tags(value, split=spec.split, lower=spec.lower) or ()
                if any(UNIT_SEPARATOR in tag for tag in tags):
                    chunk.doubtful.add(index)
                joined.append(join(tags))
        except (RowRefused, TypeError):
            chunk.doubtful.add(index)
            joined.append(None)
    series = pl.Series("tags", joined, dtype=pl.String)
    parts = series.str.split(UNIT_SEPARATOR)
    lists = [value for value in values if type(value) is list and value]
    told_apart = parts.filter(series != "").list.len().sum() == sum(map(len, lists))
    if len(lists) < len(values) - values.count(None) - values.count([]) or not told_apart or [""] in lists:
        _doubt_tags(chunk, series, values)
    chunk.doubt(series.str.contains("\x00", literal=True))
    chunk.doubt(series.str.len_bytes() > FIELD_LIMIT_BYTES // 4)
    empty = pl.Series([[]], dtype=pl.List(pl.String))
    return pl.select(pl.when(series == "").then(empty).otherwise(parts).alias("tags")).to_series()


def _doubt_tags(chunk: Chunk, series: pl.Series, values: list[Any]) -> None:
    """Mark lists that do not come apart as they were joined: a tag holds the separator, or the only tag is empty."""
    for index, (text, value) in enumerate(zip(series.to_list(), values, strict=True)):
        if type(value) is list and value and (not text or text.split(UNIT_SEPARATOR) != value):
            chunk.doubtful.add(index)


def _instants(chunk: Chunk, spec: ColumnSpec, values: list[Any]) -> pl.Series:
    moment = pl.Datetime("us", "UTC")
    if spec.format == "iso" and set(map(type, values)) <= {str, type(None)}:
        texts = pl.Series(values, dtype=pl.String)
        if texts.str.contains(ISO_INSTANT).all():
            read = texts.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False)
            chunk.doubt(read.is_null() & texts.is_not_null())
            return read.cast(moment)
    instants: list[Any] = []
    for index, value in enumerate(values):
        try:
            instants.append(as_instant(value, layout=spec.format, zone=spec.zone))
        except RowRefused:
            instants.append(None)
            chunk.doubtful.add(index)
    return pl.Series([value and value.astimezone(UTC) for value in instants], dtype=moment)


def _decimals(
    chunk: Chunk, exact: pl.Series, digits: int, scale: int
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Decimal(digits, scale) rounded half to even, the unscaled whole numbers for comparing with bounds, and what lost digits."""
    unscaled = exact * float(10**scale)
    size = unscaled.abs()
    fraction = unscaled - unscaled.floor()
    error = size * RELATIVE_ERROR + 1e-9
    doubtful = ((fraction - 0.5).abs() <= error) | (size >= min(UNSCALED_LIMIT, float(10**digits)))
    chunk.doubt(doubtful)
    whole = unscaled.set(doubtful.fill_null(False), None).round()
    rounded = (unscaled - whole).abs() > size * FOUR_ROUNDINGS
    return (whole / float(10**scale)).cast(pl.Decimal(digits, scale)), whole, rounded


def _metric(
    chunk: Chunk, spec: MetricSpec, definitions: Mapping[str, MetricDefinition]
) -> tuple[str, pl.Series, str | None]:
    exact = chunk.numbers(spec.path) * float(spec.times) if spec.path else _quotient(chunk, spec)
    if spec.when_missing:
        present = pl.Series(
            [value is not None for value in chunk.values(spec.when_missing)], dtype=pl.Boolean
        )
        exact = exact.set(present, None)
    values, whole, rounded = _decimals(chunk, exact, METRIC_DIGITS, METRIC_SCALE)
    if spec.path:
        chunk.note_rounded(spec.name, rounded)
    bounds = bounds_of(spec, definitions)
    if bounds.least is not None:
        chunk.doubt(whole < float(bounds.least.scaleb(METRIC_SCALE)))
    if bounds.greatest is not None:
        chunk.doubt(whole > float(bounds.greatest.scaleb(METRIC_SCALE)))
    return spec.name, values, unit_of(spec, definitions)


def _quotient(chunk: Chunk, spec: MetricSpec) -> pl.Series:
    if spec.ratio is None:
        return pl.Series([None] * len(chunk.rows), dtype=pl.Float64)
    above, below = (_operand(chunk, operand) for operand in spec.ratio)
    quotient = above * float(spec.times) / below
    return quotient.set((below == 0).fill_null(False), None)


def _operand(chunk: Chunk, operand: Operand) -> pl.Series:
    if operand.constant is not None:
        return pl.Series([float(operand.constant)] * len(chunk.rows), dtype=pl.Float64)
    if operand.path:
        return chunk.numbers(operand.path)
    parts = [_operand(chunk, part) for part in operand.parts]
    for part in parts:
        # Sums of fractions may cancel and lose digits; sums of whole numbers of this size do not.
        chunk.doubt((part != part.floor()) | (part.abs() > UNSCALED_LIMIT))
    total = parts[0]
    for part in parts[1:]:
        total = total + part if operand.sign == "plus" else total - part
    return total


def _first_of_each_name(
    metrics: list[tuple[str, pl.Series, str | None]],
) -> list[tuple[str, pl.Series, str | None]]:
    """Where several entries fill one metric, the first that has a value counts."""
    found: dict[str, tuple[str, pl.Series, str | None]] = {}
    for name, values, unit in metrics:
        if name not in found:
            found[name] = (name, values, unit)
        else:
            earlier = found[name][1]
            found[name] = (name, earlier.zip_with(earlier.is_not_null(), values), found[name][2] or unit)
    return list(found.values())


def _extra(chunk: Chunk) -> pl.Series:
    series = pl.Series(chunk.extras, dtype=pl.String)
    chunk.doubt(
        series.str.contains("\\u0000", literal=True) | (series.str.len_bytes() > FIELD_LIMIT_BYTES // 4)
    )
    return series
