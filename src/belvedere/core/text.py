"""Figures, money and times as people read them: true minus, no-break space before units, no guessing."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from belvedere.core.money import minor_digits, round_money
from belvedere.core.numerals import EXACT, exact
from belvedere.core.zones import local

NBSP = "\u00a0"
MINUS = "\u2212"
MISSING = "–"
ELLIPSIS = "…"

_SYMBOLS = {
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "VND": "₫",
    "PHP": "₱",
    "TRY": "₺",
}
_DOLLAR_SIGNS = {
    "USD": "$",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
    "HKD": "HK$",
    "BRL": "R$",
    "MXN": "MX$",
    "TWD": "NT$",
}
_SHORT = ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "M"), (Decimal(1_000), "k"))
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def format_number(value: Decimal | int | None, places: int | None = None) -> str:
    """`1,284`, `−3.5`; `places` rounds half to even and keeps zeros, without it trailing zeros go."""
    if value is None:
        return MISSING
    number = exact(value)
    if places is None:
        number = number.normalize(EXACT)
        if number == number.to_integral_value(context=EXACT):
            number = number.quantize(Decimal(1), context=EXACT)
    else:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=EXACT)
    return _sign(number) + f"{abs(number):,f}"


def format_short(value: Decimal | int | None) -> str:
    """`2.41 M` where the exact figure is one click away; below 10,000 it is exact anyway."""
    if value is None:
        return MISSING
    number = exact(value)
    if abs(number) < 10_000:
        return format_number(number)
    for size, name in _SHORT:
        # Half a unit of the third digit decides early, so that 999,999 becomes 1 M and not 1,000 k.
        if abs(number) >= size * Decimal("0.9995"):
            scaled = EXACT.divide(number, size)
            places = max(0, 2 - max(0, scaled.copy_abs().adjusted()))
            rounded = scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=EXACT)
            return f"{format_number(rounded)}{NBSP}{name}"
    return format_number(number)


def format_money(amount: Decimal | int | None, currency: str, *, whole: bool = False) -> str:
    """`€9,184.20`, `−$3.00`, `CHF 40.00`; `whole` drops the cents from 1,000 up (for tiles)."""
    if amount is None:
        return MISSING
    number = round_money(amount, currency)
    places = 0 if whole and abs(number) >= 1000 else minor_digits(currency)
    number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=EXACT)
    symbol = _SYMBOLS.get(currency) or _DOLLAR_SIGNS.get(currency) or f"{currency}{NBSP}"
    return f"{_sign(number)}{symbol}{abs(number):,f}"


def format_percent(percent: Decimal | int | None, places: int | None = 1) -> str:
    """`31.6%` of a value from 0 to 100."""
    return MISSING if percent is None else f"{format_number(percent, places)}%"


def format_points(change: Decimal | int, places: int = 1) -> str:
    """Change of a percent, `+1.9 pp`."""
    shown = format_number(change, places)
    zero = exact(change).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=EXACT) == 0
    plus = "+" if change > 0 and not zero else ""
    return f"{plus}{shown}{NBSP}pp"


def format_ratio(value: Decimal | int | None) -> str:
    """`2.94×`, as ROAS is written."""
    return MISSING if value is None else f"{format_number(value, 2)}×"


def format_unit(value: Decimal | int | None, unit: str, places: int | None = None) -> str:
    """`1.3 s`, `190 min`: the unit never falls on the next line."""
    return MISSING if value is None else f"{format_number(value, places)}{NBSP}{unit}"


def format_age(age: timedelta) -> str:
    """`40 s`, `38 min`, `2 h 41 min`, `5 days`. An age below zero (clocks differ) counts as zero."""
    seconds = max(0, int(age.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}{NBSP}h" + (f"{NBSP}{rest}{NBSP}min" if rest else "")
    days = hours // 24
    return f"{days}{NBSP}{plural(days, 'day', 'days')}"


def format_when(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`14:45` today, `Thu 18:00` within six days, `12 Nov` this year, else `12 Nov 2025`; all in `zone`."""
    there, today = local(instant, zone), local(now, zone)
    distance = abs((there.date() - today.date()).days)
    if distance == 0:
        return f"{there:%H:%M}"
    if distance < 7:
        return f"{_WEEKDAYS[there.weekday()]}{NBSP}{there:%H:%M}"
    day = f"{there.day}{NBSP}{_MONTHS[there.month - 1]}"
    return day if there.year == today.year else f"{day}{NBSP}{there.year}"


def format_exact(instant: datetime, zone: ZoneInfo) -> str:
    """`12 Nov 2025, 14:45:03 Europe/Vienna`, for the title of a time."""
    there = local(instant, zone)
    return f"{there.day} {_MONTHS[there.month - 1]} {there.year}, {there:%H:%M:%S} {zone.key}"


def plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def format_count(count: int, one: str, many: str) -> str:
    """`no alerts`, `1 alert`, `1,284 alerts`: zero in words."""
    return f"no {many}" if count == 0 else f"{format_number(count)}{NBSP}{plural(count, one, many)}"


def cut(text: str, length: int) -> str:
    """At most `length` characters, cut at the end with an ellipsis."""
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + ELLIPSIS


def _sign(number: Decimal) -> str:
    return MINUS if number < 0 else ""
