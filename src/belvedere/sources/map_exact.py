"""The exact path: one row at a time, every value by the rules of `values.py`, with the reason where it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from belvedere.sources.contracts import MetricDefinition
from belvedere.sources.mapping import ColumnSpec, MetricSpec, Operand, Path, RecordMapping
from belvedere.sources.values import (
    AMOUNT_DIGITS,
    AMOUNT_SCALE,
    EXACT,
    FIELD_LIMIT_BYTES,
    METRIC_DIGITS,
    METRIC_SCALE,
    RowRefused,
    as_instant,
    as_number,
    as_quantity,
    as_tags,
    as_text,
    check_row,
    look_up,
    quantized,
)

PAYLOAD_LIMIT = 256 * 1024
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Least and greatest value that a metric may have; None is open."""

    least: Decimal | None
    greatest: Decimal | None


@dataclass(frozen=True, slots=True)
class MappedRow:
    """One row as typed values; `metrics` holds name, value and unit, `left_out` why a metric of it is not among them.

    `rounded` names the fields whose number lost digits. A quotient has no digits to keep.
    """

    columns: dict[str, Any]
    extra: str
    metrics: list[tuple[str, Decimal, str | None]]
    left_out: tuple[RowRefused, ...] = ()
    rounded: tuple[str, ...] = ()


def bounds_of(spec: MetricSpec, definitions: Mapping[str, MetricDefinition]) -> Bounds:
    """Bounds of the metric's definition; a percent without any is held between 0 and 100."""
    known = definitions.get(spec.name)
    least = known.min_value if known else None
    greatest = known.max_value if known else None
    if spec.unit == "percent" and least is None and greatest is None:
        return Bounds(Decimal(0), HUNDRED)
    return Bounds(least, greatest)


def unit_of(spec: MetricSpec, definitions: Mapping[str, MetricDefinition]) -> str | None:
    """The unit the mapping names, else the one the metric is known by."""
    known = definitions.get(spec.name)
    return spec.unit or (known.metric_unit if known else None)


def matches(row: Any, mapping: RecordMapping) -> bool:
    """Whether the row is one that the mapping's `where` asks for."""
    return isinstance(row, dict) and all(look_up(row, path) == value for path, value in mapping.where)


def map_row(row: Any, mapping: RecordMapping, definitions: Mapping[str, MetricDefinition]) -> MappedRow:
    """Map one row; raises RowRefused with the reason."""
    if not isinstance(row, dict):
        raise RowRefused("not_an_object", None, "The row is not an object with fields.")
    try:
        return _map(row, mapping, definitions)
    except ArithmeticError:
        raise RowRefused(
            "out_of_range", None, "A number of the row is too large or too small to be reckoned with."
        ) from None


def name_of(row: Any, mapping: RecordMapping) -> str | None:
    """The external_id of a row that was refused for something else; None where it has none."""
    spec = mapping.column("external_id")
    if spec is None or not isinstance(row, dict):
        return None
    try:
        return _column(row, spec) or None
    except (RowRefused, ArithmeticError):
        return None


def _map(
    row: dict[str, Any], mapping: RecordMapping, definitions: Mapping[str, MetricDefinition]
) -> MappedRow:
    columns = {spec.column: _column(row, spec) for spec in mapping.columns}
    if not (columns["external_id"] or "").strip():
        raise RowRefused(
            "missing_external_id", "external_id", "The row has no external_id, so it cannot be told apart."
        )
    metrics, left_out = _metrics(row, mapping, definitions)
    rounded = _rounded(row, mapping, columns, metrics)
    return MappedRow(columns, _extra_text(row, mapping), metrics, tuple(left_out), rounded)


def _rounded(
    row: dict[str, Any],
    mapping: RecordMapping,
    columns: Mapping[str, Any],
    metrics: list[tuple[str, Decimal, str | None]],
) -> tuple[str, ...]:
    kept = {name: value for name, value, _ in metrics}
    sent: dict[str, Decimal | None] = {}
    for spec in mapping.metrics:
        if spec.path and spec.name in kept and not _is_replaced(row, spec):
            sent.setdefault(spec.name, metric_value(row, spec))
    found = [name for name, value in sent.items() if value is not None and value != kept[name]]
    amount = mapping.column("amount")
    if amount is not None and columns.get("amount") is not None:
        whole = _amount(row, amount)
        found += ["amount"] if whole != columns["amount"] else []
    return tuple(found)


def _extra_text(row: dict[str, Any], mapping: RecordMapping) -> str:
    extra = extra_of(row, mapping)
    try:
        check_row(extra)
        text = dump(extra)
    except (RecursionError, TypeError, ValueError):
        raise RowRefused(
            "too_deep", "extra", "The row nests lists and objects too deeply to be kept."
        ) from None
    if len(text) > FIELD_LIMIT_BYTES and len(text.encode()) > FIELD_LIMIT_BYTES:
        raise RowRefused(
            "field_too_large", "extra", f"The unmapped fields have {len(text):,} characters; 10 MB fit."
        )
    return text


def _column(row: Any, spec: ColumnSpec) -> Any:
    value = look_up(row, spec.path) if spec.path else spec.value
    if spec.column == "tags":
        return as_tags(value, split=spec.split, lower=spec.lower)
    if spec.column == "amount":
        amount = _amount(row, spec)
        return amount and quantized(amount, "amount", digits=AMOUNT_DIGITS, scale=AMOUNT_SCALE)
    if spec.column == "quantity":
        return as_quantity(as_number(value, "quantity"))
    if spec.column == "record_date":
        return _instant(value, spec)
    return as_text(value, spec.column, lower=spec.lower)


def _amount(row: Any, spec: ColumnSpec) -> Decimal | None:
    """As it was sent, before it is rounded."""
    number = as_number(look_up(row, spec.path) if spec.path else spec.value, "amount")
    return number if number is None or spec.times is None else EXACT.multiply(number, spec.times)


def _instant(value: Any, spec: ColumnSpec) -> datetime | None:
    return as_instant(value, layout=spec.format, zone=spec.zone)


def _metrics(
    row: Any, mapping: RecordMapping, definitions: Mapping[str, MetricDefinition]
) -> tuple[list[tuple[str, Decimal, str | None]], list[RowRefused]]:
    """The metrics, and those outside their bounds: such a number says nothing, but its record still stands."""
    found: dict[str, tuple[str, Decimal, str | None]] = {}
    wrong: dict[str, RowRefused] = {}
    for spec in mapping.metrics:
        if spec.name in found or spec.name in wrong or _is_replaced(row, spec):
            continue
        value = metric_value(row, spec)
        if value is None:
            continue
        rounded = quantized(value, spec.name, digits=METRIC_DIGITS, scale=METRIC_SCALE)
        outside = _outside(rounded, spec, bounds_of(spec, definitions))
        if outside is not None:
            wrong[spec.name] = outside
            continue
        found[spec.name] = (spec.name, rounded, unit_of(spec, definitions))
    return list(found.values()), list(wrong.values())


def _is_replaced(row: Any, spec: MetricSpec) -> bool:
    return bool(spec.when_missing and look_up(row, spec.when_missing) is not None)


def _outside(value: Decimal, spec: MetricSpec, bounds: Bounds) -> RowRefused | None:
    if (bounds.least is None or value >= bounds.least) and (
        bounds.greatest is None or value <= bounds.greatest
    ):
        return None
    least = "" if bounds.least is None else f"at least {bounds.least:f}"
    greatest = "" if bounds.greatest is None else f"at most {bounds.greatest:f}"
    limits = " and ".join(filter(None, (least, greatest)))
    hint = " Is it a fraction or a sum? Check the mapping's scale." if spec.unit == "percent" else ""
    detail = f"{spec.name} is {value:f}; it must be {limits}.{hint} The record was kept without it."
    return RowRefused("out_of_bounds", spec.name, detail)


def metric_value(row: Any, spec: MetricSpec) -> Decimal | None:
    """The unrounded value, or None where a part is missing or the denominator is zero."""
    if spec.path:
        number = as_number(look_up(row, spec.path), spec.name)
        return None if number is None else EXACT.multiply(number, spec.times)
    if spec.ratio is None:
        return None
    above, below = (_operand(row, operand, spec.name) for operand in spec.ratio)
    if above is None or not below:
        return None
    return EXACT.divide(EXACT.multiply(above, spec.times), below)


def _operand(row: Any, operand: Operand, field: str) -> Decimal | None:
    if operand.constant is not None:
        return operand.constant
    if operand.path:
        return as_number(look_up(row, operand.path), field)
    total: Decimal | None = None
    for part in operand.parts:
        value = _operand(row, part, field)
        if value is None:
            return None
        if total is None:
            total = value
        else:
            total = EXACT.add(total, value) if operand.sign == "plus" else EXACT.subtract(total, value)
    return total


def extra_of(row: dict[str, Any], mapping: RecordMapping) -> dict[str, Any]:
    """What stays beside the columns: every field that no column or metric keeps whole, or the paths asked for."""
    if mapping.extra is not None:
        wanted = ((path, look_up(row, path)) for path in mapping.extra)
        return {".".join(path): value for path, value in wanted if value is not None}
    rest = row
    for path in mapping.mapped_paths():
        rest = _without(rest, path)
    return rest


def _without(row: dict[str, Any], path: Path) -> dict[str, Any]:
    head, *tail = path
    if head not in row:
        return row
    copy = dict(row)
    inner = copy.pop(head)
    if tail:
        copy[head] = _without(inner, tuple(tail)) if isinstance(inner, dict) else inner
    return copy


def dump(value: Any) -> str:
    """JSON text in which every number keeps its digits."""
    try:
        return orjson.dumps(value, default=_exact_json).decode()
    except TypeError:
        return orjson.dumps(_wide(value), default=_exact_json).decode()


def _exact_json(value: Any) -> Any:
    return orjson.Fragment(str(value)) if isinstance(value, Decimal) else str(value)


def _wide(value: Any) -> Any:
    """Whole numbers past 64 bits as Decimal, which can be written out."""
    if isinstance(value, dict):
        return {key: _wide(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wide(item) for item in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def payload_text(row: Any) -> str:
    """The refused row as text that PostgreSQL can hold, cut where it is very long."""
    try:
        text = row if isinstance(row, str) else dump(row)
    except (TypeError, ValueError):
        text = repr(row)
    except RecursionError:
        text = "(nested too deeply to be shown)"
    text = text.encode("utf-8", "replace").decode().replace("\x00", "␀")
    if len(text) <= PAYLOAD_LIMIT:
        return text
    return f"{text[:PAYLOAD_LIMIT]}… (cut, {len(text):,} characters in all)"
