"""Thresholds as people type them, read once into exact values. No locale is guessed."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.numerals import machine_number, parse_quantity

PERCENT_SIGN = "%"
TIMES_SIGN = "×"
_TIMES = (TIMES_SIGN, "x")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold in every reading it has; conditions pick the one that fits the value they meet."""

    text: str
    number: Decimal | None = None
    instant: datetime | None = None
    flag: bool | None = None
    elements: frozenset[str] = frozenset()
    has_percent_sign: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """What a condition read from its threshold text: the values it compares with, and whatever else it keeps."""

    text: str
    parts: tuple[Threshold | None, ...] = ()
    detail: Any = None

    @property
    def only(self) -> Threshold:
        """The one value to compare with."""
        part = self.parts[0]
        if part is None:
            raise ValueError("this limit is open")
        return part

    @property
    def values(self) -> list[Threshold]:
        return [part for part in self.parts if part is not None]


def strict_number(text: str) -> Decimal | None:
    """Numeric text as data carries it; anything else is text, and no separator is guessed."""
    return machine_number(text)


@lru_cache(maxsize=8192)
def parse_number(text: str) -> Decimal | None:
    """A number as people type it: "1,200", "15 %", "$40", "1.5×"; None when it is none."""
    bare = text.strip()
    for times in _TIMES:
        bare = bare.removesuffix(times).strip()
    try:
        return parse_quantity(bare).value
    except Invalid:
        return None


def written_unit(text: str) -> str:
    """The unit beside a number: `%`, `×`, a currency as it was typed, or nothing, also where there is no number."""
    bare = text.strip()
    if bare.endswith(_TIMES):
        return TIMES_SIGN if parse_number(bare) is not None else ""
    try:
        return parse_quantity(bare).unit
    except Invalid:
        return ""


def parse_instant(text: str) -> datetime | None:
    """An ISO date or time; a date is its first instant, a time without a zone is UTC."""
    text = text.strip()
    if not re.match(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_elements(text: str) -> frozenset[str]:
    """A set as people type it: a JSON list, or words between commas."""
    text = text.strip()
    if text.startswith("["):
        try:
            return frozenset(str(part).strip() for part in json.loads(text))
        except ValueError:
            return frozenset({text})
    return frozenset(part.strip() for part in text.split(",") if part.strip())


@lru_cache(maxsize=1 << 16)
def parse_threshold(text: str) -> Threshold:
    """Every reading of one threshold text; never fails, the condition tells whether it will do."""
    bare = text.strip()
    return Threshold(
        text=bare,
        number=parse_number(bare),
        instant=parse_instant(bare),
        flag=_FLAGS.get(bare.lower()),
        elements=parse_elements(bare),
        has_percent_sign=bare.endswith("%"),
    )


def refuse_threshold(code: str, detail: str) -> NoReturn:
    """Raise Invalid that names `threshold_value` and how to mend it."""
    raise Invalid(detail, errors=[FieldProblem("/threshold_value", code, detail)], code=f"threshold_{code}")
