"""How values are written for people: money, numbers, percents, times, marks. Pure; used as Jinja filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from markupsafe import Markup, escape

from belvedere.core.currencies import EXPONENTS
from belvedere.core.errors import Invalid
from belvedere.core.zones import find_zone, local
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.service import MOST_COUNTED
from belvedere.web.icons import SHAPES, icon

NBSP = "\u00a0"
MINUS = "\u2212"
MISSING = "–"

SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}

SEVERITY_WORDS = {"critical": "Critical", "warning": "Warning", "info": "Info"}
SIGNS = {
    Condition.EQUALS: "=",
    Condition.NOT_EQUALS: "≠",
    Condition.GREATER_THAN: ">",
    Condition.GREATER_OR_EQUAL: "≥",
    Condition.LESS_THAN: "<",
    Condition.LESS_OR_EQUAL: "≤",
    Condition.BETWEEN: "between",
    Condition.IN: "one of",
    Condition.CONTAINS: "contains",
    Condition.CHANGED: "changed",
    Condition.CHANGED_FROM_TO: "changed",
    Condition.PERCENT_CHANGE: "changed by",
    Condition.IS_NULL: "empty",
    Condition.IS_NOT_NULL: "filled",
    Condition.NO_DATA: "no value",
    Condition.STALE: "older than",
    Condition.ADDED: "new",
    Condition.REMOVED: "gone",
}
CONDITION_WORDS = {
    Condition.EQUALS: "is",
    Condition.NOT_EQUALS: "is not",
    Condition.GREATER_THAN: "above",
    Condition.GREATER_OR_EQUAL: "at least",
    Condition.LESS_THAN: "below",
    Condition.LESS_OR_EQUAL: "at most",
    Condition.BETWEEN: "between",
    Condition.IN: "one of",
    Condition.CONTAINS: "contains",
    Condition.CHANGED: "changes",
    Condition.CHANGED_FROM_TO: "changes from",
    Condition.PERCENT_CHANGE: "changes by",
    Condition.IS_NULL: "is empty",
    Condition.IS_NOT_NULL: "is filled",
    Condition.NO_DATA: "has no value",
    Condition.STALE: "older than",
    Condition.ADDED: "is new",
    Condition.REMOVED: "is gone",
}
STATUS_SHAPES = {
    "active": ("fresh", ""),
    "completed": ("good", "good"),
    "sent": ("good", "good"),
    "done": ("good", "good"),
    "succeeded": ("good", "good"),
    "failed": ("failed", "critical"),
    "dead": ("failed", "critical"),
    "permanent": ("failed", "critical"),
    "processing": ("late", ""),
    "sending": ("late", ""),
    "running": ("late", ""),
    "doing": ("late", ""),
    "retry": ("again", "warning"),
    "unknown": ("never", "warning"),
    "pending": ("never", ""),
    "ready": ("never", ""),
    "todo": ("never", ""),
    "draft": ("never", ""),
    "paused": ("pause", ""),
    "archived": ("off", ""),
    "off": ("off", ""),
    "revoked": ("off", ""),
    "expired": ("off", "warning"),
}
SPELLINGS = {
    "email": "E-mail",
    "dead": "Given up",
    "todo": "Waiting",
    "ready": "Waiting",
    "doing": "Running",
    "succeeded": "Done",
    "unknown": "Not certain",
    "cvr": "CVR",
}
FRESHNESS_WORDS = {
    "fresh": "Fresh",
    "late": "Late",
    "failed": "Failed",
    "never": "Never read",
    "off": "Off",
}


def decimal_of(value: object) -> Decimal | None:
    """The finite number in a value, or None; never a guess about separators."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def grouped(value: Decimal, digits: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{digits}f}"


def number(value: object, digits: int | None = None) -> str:
    """`1,284`; without `digits` up to six places stand, trailing zeros do not."""
    found = decimal_of(value)
    if found is None:
        return MISSING
    if digits is not None:
        return grouped(found, digits)
    text = grouped(found, 6).rstrip("0").rstrip(".")
    return "0" if text in {"", MINUS, f"{MINUS}0"} else text


def counted(count: int) -> str:
    """`1,284`; `10,000+` where counting stopped."""
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}"


def compact(value: object) -> str:
    """`2.41 M`: only where the exact figure is one click away."""
    found = decimal_of(value)
    if found is None:
        return MISSING
    for limit, unit in ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**4), "k")):
        if abs(found) >= limit:
            scaled = found / (limit if unit != "k" else 1000)
            return f"{number(scaled.quantize(Decimal('0.01')))}{NBSP}{unit}"
    return number(found)


def money(value: object, currency: str | None, *, tile: bool = False) -> str:
    """`€9,184.20`; a tile drops cents from 1,000 up. Without a known symbol the ISO code stands first."""
    found = decimal_of(value)
    if found is None:
        return MISSING
    code = (currency or "").upper()
    digits = EXPONENTS.get(code, 2)
    if tile and abs(found) >= 1000:
        digits = 0
    text = grouped(found, digits)
    sign, bare = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    symbol = SYMBOLS.get(code)
    if symbol:
        return f"{sign}{symbol}{bare}"
    return f"{sign}{code}{NBSP}{bare}" if code else text


def percent(value: object, digits: int | None = None) -> str:
    """`31.6%` of a value between 0 and 100; up to two places, as many as it has."""
    found = decimal_of(value)
    if found is None:
        return MISSING
    if digits is not None:
        return f"{grouped(found, digits)}%"
    return f"{number(found.quantize(Decimal('0.01'), ROUND_HALF_EVEN))}%"


def ratio(value: object) -> str:
    found = decimal_of(value)
    return MISSING if found is None else f"{grouped(found, 2)}×"


def metric(value: object, unit: str | None = None, currency: str | None = None) -> str:
    """A metric in its unit; text that is no number stays as it is."""
    if decimal_of(value) is None:
        return MISSING if value is None or value == "" else str(value)
    if unit == "percent":
        return percent(value)
    if unit == "currency":
        return money(value, currency)
    if unit == "ratio":
        return ratio(value)
    if unit == "days":
        return f"{number(value)}{NBSP}d"
    return number(value)


def plural(count: object, one: str, many: str, zero: str | None = None) -> str:
    """`3 alerts`; zero in words when given ("No open alerts")."""
    found = decimal_of(count)
    if found is None:
        return f"{MISSING} {many}"
    if found == 0 and zero is not None:
        return zero
    return f"{number(found)} {one if found == 1 else many}"


def size(count: object) -> str:
    """Bytes as `312 MB`, decimal units."""
    found = decimal_of(count)
    if found is None:
        return MISSING
    for limit, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if found >= limit:
            return f"{number((found / limit).quantize(Decimal('0.1')))}{NBSP}{unit}"
    return f"{number(found)}{NBSP}B"


def _seconds(seconds: float) -> str:
    if seconds < 0.05:
        return f"under 1{NBSP}s"
    return f"{number(Decimal(str(round(seconds, 1))) if seconds < 10 else Decimal(int(seconds)))}{NBSP}s"


def span(length: timedelta | float | None) -> str:
    """`38 min`, `2 h 41 min`, `5 days`; under a minute in seconds."""
    if length is None:
        return MISSING
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 60:
        return _seconds(seconds)
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes and hours < 10 else "")
    days = hours // 24
    return f"{days}{NBSP}{'day' if days == 1 else 'days'}"


@lru_cache(maxsize=256)
def clock_zone(name: str | None) -> tzinfo:
    try:
        return find_zone(name or "UTC")
    except Invalid:
        return UTC


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes: the moment of the page and the zone of the person."""

    now: datetime
    zone: str = "UTC"

    def local(self, at: datetime) -> datetime:
        return local(at, clock_zone(self.zone))


def exact(at: datetime, reader: Reader) -> str:
    """`Thu 19 Nov 2026, 14:45:09 CET`: for the title of every time."""
    there = reader.local(at)
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M:%S} {there.tzname()}"


def moment(at: datetime, reader: Reader) -> str:
    """`14:45` today, `Thu 18:00` within six days, `12 Nov` this year, else with the year."""
    there, today = reader.local(at), reader.local(reader.now)
    days = (today.date() - there.date()).days
    if days == 0:
        return f"{there:%H:%M}"
    if -6 <= days <= 6:
        return f"{there:%a %H:%M}"
    if there.year == today.year:
        return f"{there.day} {there:%b}"
    return f"{there.day} {there:%b %Y}"


def point(at: datetime, reader: Reader) -> str:
    """A plan needs its hour, however far off it is: `14:45` today, `Thu 18:00`, `12 Nov 18:00`."""
    said = moment(at, reader)
    return said if ":" in said else f"{said} {reader.local(at):%H:%M}"


def time_tag(
    at: datetime | None, reader: Reader, *, as_age: bool = False, exactly: bool = False, hour: bool = False
) -> Markup:
    if at is None:
        return missing("Not known")
    whole = exact(at, reader)
    text = whole if exactly else (point if hour else moment)(at, reader)
    hook = ""
    if as_age and timedelta(0) <= reader.now - at < timedelta(days=7):
        text, hook = span(max(reader.now - at, timedelta(minutes=1))), " data-age"
    # Every part is a time of ours, so nothing needs escaping.
    written = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup(f'<time datetime="{written}" title="{whole}"{hook}>{text}</time>')  # noqa: S704


def missing(reason: str = "Not known") -> Markup:
    """`–` with its reason in the title and for screen readers."""
    return Markup('<span class="faint" title="{0}" aria-label="{0}" role="img">–</span>').format(reason)


def word(value: object) -> str:
    """An enum word as people read it: `discord_bot` becomes `Discord bot`."""
    text = str(value or "").replace("_", " ").replace(".", " ").strip()
    if text in SPELLINGS:
        return SPELLINGS[text]
    return text[:1].upper() + text[1:] if text else MISSING


def severity_shape(severity: str) -> str:
    """The mark of a severity; four-step words of campaign alerts keep their meaning."""
    known = {"low": "info", "medium": "warning", "high": "warning"}
    shape = known.get(str(severity).lower(), str(severity).lower())
    return shape if shape in SEVERITY_WORDS else "info"


@lru_cache(maxsize=64)
def severity_mark(severity: str) -> Markup:
    shape = severity_shape(severity)
    return Markup('<span class="g g-{}">{}<span class="vh">{}</span></span>').format(
        shape, icon(shape), word(severity)
    )


def severity_chip(severity: str) -> Markup:
    shape = severity_shape(severity)
    return Markup('<span class="chip chip-{}">{}{}</span>').format(shape, icon(shape), word(severity))


def status_mark(status: str, words: str | None = None) -> Markup:
    """A state as shape and word; what is normal stays grey."""
    shape, tone = STATUS_SHAPES.get(str(status).lower(), ("off", ""))
    tone_class = f" st-{tone}" if tone else ""
    return Markup('<span class="st{}">{}{}</span>').format(tone_class, icon(shape), words or word(status))


def freshness_mark(state: str, at: datetime | None, reader: Reader, *, short: bool = False) -> Markup:
    """The stamp of a figure: a shape for its freshness, and when it is from; `short` leaves out its age."""
    shape = state if state in FRESHNESS_WORDS else "never"
    text: str | Markup = FRESHNESS_WORDS[shape]
    if at is not None:
        text = time_tag(at, reader)
        if shape == "late" and not short:
            text = text + f", {span(reader.now - at)} old"
        elif shape in {"failed", "off", "never"} and not short:
            text = Markup("{} {}").format(FRESHNESS_WORDS[shape], text)
    spoken = (
        Markup('<span class="vh">{}: </span>').format(FRESHNESS_WORDS[shape])
        if at is not None and (short or shape in {"fresh", "late"})
        else ""
    )
    return Markup('<span class="stamp stamp-{}">{}<span>{}{}</span></span>').format(
        shape, icon(shape), spoken, text
    )


def delta(change: Mapping[str, object] | None) -> Markup:
    """A change: the arrow shows the direction, the colour whether it is good; `tone` good, bad or flat."""
    if not change or decimal_of(change.get("value")) is None:
        return Markup("")
    value = decimal_of(change["value"]) or Decimal(0)
    tone = str(change.get("tone", "flat"))
    unit = str(change.get("unit", "%"))
    text = number(abs(value)) + (unit if unit == "%" else f"{NBSP}{unit}")
    if tone == "flat" or value == 0:
        sign = "+" if value > 0 else (MINUS if value < 0 else "")
        return Markup('<span class="delta delta-flat">{}{}</span>').format(sign, text)
    arrow = icon("arrow-up" if value > 0 else "arrow-down")
    spoken = "up" if value > 0 else "down"
    return Markup('<span class="delta delta-{}">{}<span class="vh">{} </span>{}</span>').format(
        tone, arrow, spoken, text
    )


def sign(condition: str) -> str:
    return SIGNS[Condition(condition)] if condition in set(Condition) else str(condition)


def condition_word(condition: str) -> str:
    return CONDITION_WORDS[Condition(condition)] if condition in set(Condition) else str(condition)


def has_icon(name: str) -> bool:
    return name in SHAPES


def lines(text: str | None) -> Markup:
    """Plain text with its line breaks kept."""
    return Markup("<br>").join(escape(part) for part in (text or "").splitlines())
