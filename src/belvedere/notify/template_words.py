"""The filters of message templates. Pure; every one gives a short answer or says why not."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

from jinja2 import Undefined

from belvedere.core.errors import BelvedereError
from belvedere.core.text import MISSING, cut, format_age, format_money, format_number, format_percent

MAX_TEXT = 20_000


class TemplateWordError(ValueError):
    """Why a template cannot go on, as the end of a sentence."""


def money(value: Any, currency: str = "EUR") -> str:
    """`€9,184.20`; the currency is an ISO code such as `client.currency`."""
    return MISSING if value is None else _said(format_money, decimal(value), str(currency))


def percent(value: Any, places: int = 1) -> str:
    """`11.8%` of 11.8."""
    return MISSING if value is None else format_percent(decimal(value), _places(places))


def number(value: Any, places: int | None = None) -> str:
    """`1,284`."""
    return (
        MISSING
        if value is None
        else format_number(decimal(value), None if places is None else _places(places))
    )


def ago(value: Any, now: Any) -> str:
    """`2 h 41 min`, from an instant to another: `{{ first_seen|ago(now) }}`."""
    return MISSING if value is None else format_age(instant(now) - instant(value))


def date(value: Any, form: str = "%d %b %Y") -> str:
    """An instant as a day; `form` is that of strftime."""
    if value is None:
        return MISSING
    if len(form) > 40:
        raise TemplateWordError("the form of a date has 40 characters at most")
    return instant(value).strftime(form)


def rounded(value: Any, places: int = 0) -> Decimal:
    return decimal(value).quantize(Decimal(1).scaleb(-_places(places)), rounding=ROUND_HALF_EVEN)


def default(value: Any, other: Any = "", empty_too: bool = False) -> Any:  # noqa: FBT001, FBT002 - as Jinja calls it
    """The other where the value is missing (and, if wanted, where it is empty)."""
    missing = isinstance(value, Undefined) or value is None
    return other if missing or (empty_too and not value) else value


def joined(values: Any, between: str = ", ", attribute: str | None = None) -> str:
    if not isinstance(values, list | tuple):
        raise TemplateWordError("join takes a list")
    picked = [value.get(attribute) if attribute and isinstance(value, Mapping) else value for value in values]
    return short(str(between).join(text_of(value) for value in picked))


def replaced(value: Any, old: str, new: str) -> str:
    text, old, new = text_of(value), str(old), str(new)
    if not old or len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise TemplateWordError("replace would make too much text")
    return text.replace(old, new)


def truncated(value: Any, length: int = 80) -> str:
    return cut(text_of(value), max(1, min(int(length), MAX_TEXT)))


def length(value: Any) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        raise TemplateWordError("length takes a text or a list")
    return len(value)


def decimal(value: Any) -> Decimal:
    """A number of the facts, or a text that is one."""
    if isinstance(value, bool | Undefined):
        raise TemplateWordError(f"“{cut(str(value), 40)}” is no number")
    try:
        found = Decimal(repr(value)) if isinstance(value, float) else Decimal(str(value).strip()[:60])
    except InvalidOperation:
        raise TemplateWordError(f"“{cut(str(value), 40)}” is no number") from None
    if not found.is_finite() or abs(found.adjusted()) > 60:
        raise TemplateWordError(f"“{cut(str(value), 40)}” is no number to show")
    return found


def instant(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise TemplateWordError(f"“{cut(str(value), 40)}” is no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text_of(value: Any) -> str:
    return MISSING if value is None else short(str(value))


def short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise TemplateWordError("a text grows too long")
    return text


def _places(places: Any) -> int:
    if isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= 6:
        raise TemplateWordError("places are 0 to 6")
    return places


def _said(work: Callable[..., str], *given: Any) -> str:
    try:
        return work(*given)
    except BelvedereError as error:
        raise TemplateWordError(error.detail.rstrip(".")) from error


def _text_filter(work: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: short(work(text_of(value)))


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "percent": percent,
    "number": number,
    "ago": ago,
    "date": date,
    "round": rounded,
    "abs": lambda value: abs(decimal(value)),
    "default": default,
    "join": joined,
    "replace": replaced,
    "truncate": truncated,
    "length": length,
    "upper": _text_filter(str.upper),
    "lower": _text_filter(str.lower),
    "capitalize": _text_filter(str.capitalize),
    "title": _text_filter(str.title),
    "trim": _text_filter(str.strip),
    "first": lambda values: values[0] if isinstance(values, list | tuple) and values else None,
    "last": lambda values: values[-1] if isinstance(values, list | tuple) and values else None,
}
"""Every filter of a template, by name."""
