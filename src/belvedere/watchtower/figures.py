"""Figures beside their limits: rounded for reading, never so that they contradict what was judged."""

from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from belvedere.core.money import minor_digits
from belvedere.core.numerals import EXACT
from belvedere.core.text import MINUS, MISSING, cut, format_money, format_number, format_unit
from belvedere.watchtower.contracts import ConditionReason
from belvedere.watchtower.threshold import parse_number, strict_number

MOST_PLACES = 6
LARGEST_EXPONENT = 40
"""Beyond this a figure is shown as the data wrote it: a row of zeros says less."""


@lru_cache(maxsize=4096)
def value_text(value: str | None, unit: str | None, currency: str, limit: Decimal | None = None) -> str:
    """A stored value with its unit, on the side of the limit where it stands; what is no number stays as it
    is.
    """
    if value is None:
        return MISSING
    number = strict_number(value)
    if number is None or abs(number.adjusted()) > LARGEST_EXPONENT:
        return cut(value, 80)
    return figure_text(number, unit, currency, limit)


def limit_number(limit: str | None) -> Decimal | None:
    """A limit as a number, where it is one."""
    return parse_number(limit or "")


def change_texts(reason: ConditionReason, currency: str) -> tuple[str, str]:
    """Both values of a change, told apart even where their usual digits are the same."""
    before = value_text(reason.previous, reason.unit, currency)
    after = value_text(reason.value, reason.unit, currency)
    if before != after or reason.previous is None or reason.value is None:
        return before, after
    return cut(reason.previous, 80), cut(reason.value, 80)


def figure_text(number: Decimal, unit: str | None, currency: str, limit: Decimal | None = None) -> str:
    """A value with its unit and its usual digits, or with more where those would mislead."""
    if unit == "days":
        return _with_unit(number, None, unit, currency)
    own = _digits(number)
    usual = _usual_places(own, unit, currency)
    if own <= usual:
        return _with_unit(number, usual, unit, currency)
    for shown in _roundings(number, usual):
        if _is_faithful(shown, number, limit):
            return _with_unit(shown, max(0, -int(shown.as_tuple().exponent)), unit, currency)
    return exact_text(number, unit, currency)


@lru_cache(maxsize=1024)
def exact_text(number: Decimal, unit: str | None, currency: str) -> str:
    """Every digit with its unit, trailing zeros left out; cents stay in pairs."""
    places = None
    if unit == "currency" and number != number.to_integral_value(context=EXACT):
        places = max(_digits(number), minor_digits(currency))
    return _with_unit(number, places, unit, currency)


def figure_maker(
    unit: str | None, currency: str, limit: Decimal | None = None
) -> Callable[[str | None], str]:
    """`value_text` for many values of one field; what is rounded once and stays true needs no second look."""
    before, after = _with_unit(Decimal(0), 0, unit, currency).split("0")
    grains = [Decimal(1).scaleb(-places) for places in range(MOST_PLACES + 1)]

    def say(value: str | None) -> str:
        number = None if value is None or unit == "days" else strict_number(value)
        if value is None or number is None or abs(number.adjusted()) > LARGEST_EXPONENT:
            return value_text(value, unit, currency, limit)
        own = _digits(number) if "E" in value.upper() else len(value.partition(".")[2].rstrip("0"))
        usual = _usual_places(own, unit, currency)
        shown = number.quantize(grains[usual], ROUND_HALF_EVEN, EXACT)
        if own > usual and not _is_faithful(shown, number, limit):
            return figure_text(number, unit, currency, limit)
        return f"{MINUS if number < 0 else ''}{before}{abs(shown):,f}{after}"

    return say


def _roundings(number: Decimal, usual: int) -> Iterator[Decimal]:
    """The usual digits first, then more, then the two neighbours at the last digit."""
    most = max(usual, MOST_PLACES)
    for places in range(usual, most + 1):
        yield _rounded(number, places, ROUND_HALF_EVEN)
    for rounding in (ROUND_FLOOR, ROUND_CEILING):
        yield _rounded(number, most, rounding)


def _rounded(number: Decimal, places: int, rounding: str) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=EXACT)


def _is_faithful(shown: Decimal, number: Decimal, limit: Decimal | None) -> bool:
    """Whether a rounded value stands where the real one does, seen from zero and from the limit."""
    if shown.is_zero() != number.is_zero():
        return False
    return limit is None or shown.compare(limit) == number.compare(limit)


def _usual_places(own: int, unit: str | None, currency: str) -> int:
    match unit:
        case "percent":
            return min(max(own, 1), 2)
        case "currency":
            return minor_digits(currency)
        case "ratio":
            return 2
        case _:
            return min(own, 4)


def _digits(number: Decimal) -> int:
    return max(0, -int(number.normalize(EXACT).as_tuple().exponent))


def _with_unit(number: Decimal, places: int | None, unit: str | None, currency: str) -> str:
    match unit:
        case "percent":
            return f"{format_number(number, places)}%"
        case "currency":
            # The symbol as money is written, without the digits that money would be rounded to.
            symbol = format_money(Decimal(0), currency).rstrip("0.")
            return f"{MINUS if number < 0 else ''}{symbol}{format_number(abs(number), places)}"
        case "ratio":
            return f"{format_number(number, places)}×"
        case "days":
            return format_unit(number, "day" if number == 1 else "days", places)
        case _:
            return format_number(number, places)
