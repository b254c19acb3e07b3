"""One value at a time, exactly: the slow and obvious reading that the columnar one must agree with."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from belvedere.core.numerals import machine_number
from belvedere.sources.mapping import Path
from belvedere.sources.remarks import AMOUNT_DECIMALS, METRIC_DECIMALS

EXACT = Context(prec=100, rounding=ROUND_HALF_EVEN)
TEXT_LIMITS: Mapping[str, int] = {
    "external_id": 255,
    "name": 255,
    "email": 255,
    "status": 50,
    "category": 100,
}
AMOUNT_DIGITS, AMOUNT_SCALE = 15, AMOUNT_DECIMALS
METRIC_DIGITS, METRIC_SCALE = 20, METRIC_DECIMALS
INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1
FIELD_LIMIT_BYTES = 10 * 1024 * 1024
DIGITS_LIMIT = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_UNITS = {"epoch_seconds": Decimal(1), "epoch_ms": Decimal("0.001")}
"""Seconds of one unit."""
MISSING: Any = object()


class RowRefused(Exception):
    """A row that cannot be taken: a stable code, the column or metric, and what a person can do about it."""

    def __init__(self, code: str, field: str | None, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.field = field
        self.detail = detail


def look_up(row: Any, path: Path) -> Any:
    """The value at `path`; None where a step is missing or leads through something that is no object."""
    value = row
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def as_text(value: Any, field: str, *, lower: bool = False) -> str | None:
    """Text of a scalar; numbers keep their digits, true and false become words."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, dict | list):
        raise RowRefused("not_text", field, f"{field} must be a text, but it is a list or an object.")
    if isinstance(value, Decimal) and not -DIGITS_LIMIT < value.adjusted() < DIGITS_LIMIT:
        raise RowRefused("out_of_range", field, f"{field} is {value}, a number too long to be written out.")
    text = value if isinstance(value, str) else _digits(value)
    check_text(text, field)
    text = text.lower() if lower else text
    limit = TEXT_LIMITS.get(field)
    if limit is not None and len(text) > limit:
        raise RowRefused("value_too_long", field, f"{field} has {len(text)} characters; {limit} fit.")
    return text


def _digits(value: Decimal | float) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def check_text(text: str, field: str) -> None:
    """Refuse what PostgreSQL cannot hold: NUL, half a surrogate pair, more than 10 MB."""
    if "\x00" in text:
        raise RowRefused(
            "nul_byte", field, f"{field} contains a NUL byte, which no text may hold. Mend it at the source."
        )
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise RowRefused(
            "invalid_text", field, f"{field} holds characters that are not valid Unicode."
        ) from None
    if size > FIELD_LIMIT_BYTES:
        raise RowRefused("field_too_large", field, f"{field} has {size:,} bytes; one field may have 10 MB.")


def check_row(value: Any, field: str = "") -> None:
    """Check every text of a row, at any depth, keys too."""
    if isinstance(value, str):
        check_text(value, field or "the row")
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key, "a field name")
            check_row(item, f"{field}.{key}" if field else key)
    elif isinstance(value, list):
        for item in value:
            check_row(item, field)
    elif isinstance(value, Decimal) and not -DIGITS_LIMIT < value.adjusted() < DIGITS_LIMIT:
        raise RowRefused("out_of_range", field, f"{field} is {value}, which no number column can hold.")


def as_number(value: Any, field: str) -> Decimal | None:
    """The number as it was written, or None where there is none. Text is read strictly: no commas, no units."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise RowRefused("not_a_number", field, f"{field} must be a number, but it is {_kind(value)}.")
    if isinstance(value, str):
        number = machine_number(value)
        if number is None:
            shown = value.strip()[:60]
            raise RowRefused(
                "not_a_number", field, f"{field} is “{shown}”, which is not a number. Send it like 1200.5"
            )
        return number
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise RowRefused("not_a_number", field, f"{field} is {value}, which is not a number.")
    if number.adjusted() >= DIGITS_LIMIT:
        raise RowRefused("out_of_range", field, f"{field} is {value}, which no number column can hold.")
    return number


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    return (
        "an object"
        if isinstance(value, dict)
        else "a list"
        if isinstance(value, list)
        else type(value).__name__
    )


def quantized(number: Decimal, field: str, *, digits: int, scale: int) -> Decimal:
    """Rounded half to even at `scale` decimals; refused when more than `digits` digits would be needed."""
    if number and number.adjusted() >= digits - scale:
        raise _out_of_range(number, field, Decimal(10) ** (digits - scale))
    rounded = number.quantize(Decimal(1).scaleb(-scale), context=EXACT)
    if abs(rounded) >= Decimal(10) ** (digits - scale):
        raise _out_of_range(number, field, Decimal(10) ** (digits - scale))
    return abs(rounded) if rounded == 0 else rounded


def _out_of_range(number: Decimal, field: str, limit: Decimal) -> RowRefused:
    return RowRefused("out_of_range", field, f"{field} is {number}; it must stay below {limit:,f}.")


def as_quantity(number: Decimal | None) -> int | None:
    """A whole number that fits INTEGER; a fraction is refused, for a count has none."""
    if number is None:
        return None
    if number.adjusted() > 10 or not INTEGER_MIN <= number <= INTEGER_MAX:
        raise RowRefused(
            "out_of_range", "quantity", f"quantity is {number}; it must stay within ±2,147,483,647."
        )
    if number != number.to_integral_value():
        raise RowRefused("not_whole", "quantity", f"quantity is {number}; it must be a whole number.")
    return int(number)


def as_tags(value: Any, *, split: str | None, lower: bool) -> list[str] | None:
    """A list of texts; one text is one tag, or several with `split`."""
    if value is None:
        return None
    if isinstance(value, str):
        parts = [part.strip() for part in value.split(split)] if split else [value]
        value = [part for part in parts if part]
    if not isinstance(value, list):
        raise RowRefused("not_a_list", "tags", "tags must be a list of texts.")
    return [tag for item in value if (tag := as_text(item, "tags", lower=lower)) is not None]


def as_instant(value: Any, *, layout: str, zone: ZoneInfo | None) -> datetime | None:
    """The instant in UTC. A time without zone belongs to `zone`, else to UTC.

    A time that the spring change leaves out counts on from before it; one that happens twice is the first.
    """
    if value is None or value == "":
        return None
    try:
        if layout in EPOCH_UNITS:
            return _from_epoch(value, EPOCH_UNITS[layout])
        read = datetime.fromisoformat(value) if layout == "iso" else datetime.strptime(value, layout)  # noqa: DTZ007
        if read.tzinfo is None:
            read = read.replace(tzinfo=zone or UTC)
        return read.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise RowRefused(
            "bad_date",
            "record_date",
            f"record_date is “{str(value)[:60]}”, which is not a date of the form {layout}.",
        ) from None


def _from_epoch(value: Any, unit_seconds: Decimal) -> datetime:
    number = as_number(value, "record_date")
    if number is None:
        raise ValueError("no number")
    seconds = number * unit_seconds
    if abs(seconds) > Decimal(10) ** 12:
        raise OverflowError
    micros = (seconds * 1_000_000).to_integral_value(rounding=ROUND_HALF_EVEN)
    return EPOCH + timedelta(microseconds=int(micros))
