"""Percents stand from 0 to 100, fractions from 0 to 1; the source declares its scale, nobody guesses."""

from decimal import Decimal
from enum import StrEnum

from belvedere.core.numerals import EXACT, exact, parse_quantity, refuse


class Scale(StrEnum):
    """How a platform writes a rate: `15` or `0.15` for fifteen of a hundred."""

    PERCENT = "percent"
    FRACTION = "fraction"


def to_percent(value: Decimal | int, scale: Scale) -> Decimal:
    """A value of the declared scale as percent; exact."""
    number = exact(value)
    return number.scaleb(2, context=EXACT) if scale is Scale.FRACTION else number


def to_fraction(value: Decimal | int, scale: Scale) -> Decimal:
    """A value of the declared scale as fraction; exact."""
    number = exact(value)
    return number.scaleb(-2, context=EXACT) if scale is Scale.PERCENT else number


def parse_percent(text: str, *, pointer: str = "") -> Decimal:
    """`15 %` and `15` are 15; `0.15` is 0.15 percent, for which `fraction_note` has a question."""
    quantity = parse_quantity(text, pointer=pointer)
    if quantity.unit not in ("", "%"):
        refuse(f"“{text}” is money; a percent is wanted here", code="not_a_percent", pointer=pointer)
    return quantity.value


def fraction_note(percent: Decimal) -> str | None:
    """A question for somebody who may have typed a fraction for a percent; None when there is no doubt."""
    if percent == 0 or abs(percent) >= 1:
        return None
    meant = to_percent(percent, Scale.FRACTION).normalize(EXACT)
    return f"{percent:f}% is less than one percent. Did you mean {meant:f}%?"
