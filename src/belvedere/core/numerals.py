"""Numbers as people type them, read strictly: the point is the decimal mark, and nothing is guessed."""

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import NoReturn, Self

from belvedere.core.currencies import CURRENCIES, SYMBOL_CURRENCIES
from belvedere.core.errors import FieldProblem, Invalid

EXACT = Context(prec=100)
"""Wide enough that no sum, shift or rounding of ours loses a digit; the default context keeps 28."""

_MAX_LENGTH = 64
_SPACES = dict.fromkeys(map(ord, "\u00a0\u202f\u2009\u2007\t"), " ")
_NORMAL = _SPACES | {ord("\u2212"): "-", ord("\u2019"): "'"}
_PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)", re.ASCII)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([, '])\d{3}(\1\d{3})*(\.\d+)?", re.ASCII)
_MACHINE = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)
_UNIT = r"[$€£¥₹₩₺₽₪₫₱฿]|[A-Z]{1,3}[$]|[A-Za-z]{3}"
_NUMBER = r"[\d.][\d., ']*?"
_QUANTITY = re.compile(
    rf"(?P<sign>[+-] ?)?(?P<before>{_UNIT})? ?(?P<inner>[+-])?(?P<number>{_NUMBER}) ?(?P<after>%|{_UNIT})?",
    re.ASCII,
)


class Written(float):
    """A number of a JSON text that still knows how it was written."""

    def __new__(cls, written: str) -> Self:
        number = super().__new__(cls, written)
        number.written = written
        return number

    written: str

    def __str__(self) -> str:
        return self.written

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and the unit typed beside it: `%`, a currency sign as typed, a currency code, or nothing."""

    value: Decimal
    unit: str


def refuse(detail: str, *, code: str, pointer: str = "") -> NoReturn:
    """Raise Invalid; with a pointer the field is named too."""
    problems = (FieldProblem(pointer, code, detail),) if pointer else ()
    raise Invalid(detail, errors=problems, code=code)


def parse_number(text: str, *, pointer: str = "") -> Decimal:
    """`1,200`, `1 200.50`, `1'200`, `−3`, `.5`. Raises Invalid for what does not keep to that."""
    normal = _normalise(text, pointer)
    compact = re.sub(r"^([+-]) ", r"\1", normal)
    if _PLAIN.fullmatch(compact):
        return Decimal(compact)
    if _GROUPED.fullmatch(compact):
        return Decimal(re.sub("[, ']", "", compact))
    if "," in compact and re.fullmatch(r"[+-]?[\d., ']+", compact):
        refuse(
            f"“{text}” can be read in two ways. Use a point for decimals and a comma for thousands: 1,200.50",
            code="number_ambiguous",
            pointer=pointer,
        )
    refuse(
        f"“{text}” is not a number. Write it like 1200, 1,200.50 or -3", code="not_a_number", pointer=pointer
    )


def parse_quantity(text: str, *, pointer: str = "") -> Quantity:
    """A number with at most one unit: `15 %`, `$40`, `-€3.50`, `40 USD`."""
    normal = _normalise(text, pointer)
    match = _QUANTITY.fullmatch(normal)
    if match is None:
        return Quantity(parse_number(text, pointer=pointer), "")
    units = [unit for unit in (match["before"], match["after"]) if unit]
    signs = [sign for sign in (match["sign"], match["inner"]) if sign]
    if len(units) > 1 or len(signs) > 1:
        refuse(f"“{text}” carries two units or signs. Write $40", code="not_a_number", pointer=pointer)
    number = parse_number((signs[0].strip() if signs else "") + match["number"], pointer=pointer)
    return Quantity(number, _known_unit(units[0], text, pointer) if units else "")


def _known_unit(unit: str, text: str, pointer: str) -> str:
    if unit == "%" or unit in SYMBOL_CURRENCIES:
        return unit
    if unit.upper() in CURRENCIES:
        return unit.upper()
    refuse(f"“{text}” carries a unit that is not known: {unit}", code="unknown_unit", pointer=pointer)


def machine_number(text: str) -> Decimal | None:
    """A number as programs write it (`-12.50`, `1e3`), or None: no separators, no units, no spaces inside.

    For values in data: there a comma may mean anything, so text with one stays text.
    """
    stripped = text.strip()
    if len(stripped) > _MAX_LENGTH or not _MACHINE.fullmatch(stripped):
        return None
    return Decimal(stripped)


def exact(value: Decimal | int) -> Decimal:
    """The value as a finite Decimal. A float is refused: it is already not the number that was meant."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"expected Decimal or int, got {type(value).__name__}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{number} is not a finite number")
    return number


def _normalise(text: str, pointer: str) -> str:
    normal = text.translate(_NORMAL).strip()
    if not normal:
        refuse("A number is missing here", code="not_a_number", pointer=pointer)
    if len(normal) > _MAX_LENGTH:
        refuse(f"A number has at most {_MAX_LENGTH} characters", code="not_a_number", pointer=pointer)
    return normal
