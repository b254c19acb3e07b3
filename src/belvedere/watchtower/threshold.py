"""Thresholds as people type them, read once into exact values. No locale is guessed."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.numerals import machine_number, parse_quantity
from belvedere.watchtower.contracts import Condition

_TIMES = ("×", "x")
_FLAGS = {"true": True, "false": False}

ORDERED = frozenset({Condition.GREATER_THAN, Condition.LESS_THAN})


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold in every reading it has; conditions pick the one that fits the value they meet."""

    text: str
    number: Decimal | None = None
    instant: datetime | None = None
    flag: bool | None = None
    elements: frozenset[str] = frozenset()
    has_percent_sign: bool = False


def strict_number(text: str) -> Decimal | None:
    """Numeric text as data carries it; anything else is text, and no separator is guessed."""
    return machine_number(text)


def parse_number(text: str) -> Decimal | None:
    """A number as people type it: "1,200", "15 %", "$40", "1.5×"; None when it is none."""
    bare = text.strip()
    for times in _TIMES:
        bare = bare.removesuffix(times).strip()
    try:
        return parse_quantity(bare).value
    except Invalid:
        return None


def parse_instant(text: str) -> datetime | None:
    """An ISO date or time; a date is its first instant, a time without a zone is UTC."""
    text = text.strip()
    if not re.match(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def parse_elements(text: str) -> frozenset[str]:
    """A set as people type it: a JSON list, or words between commas."""
    text = text.strip()
    if text.startswith("["):
        try:
            return frozenset(str(part).strip() for part in json.loads(text))
        except ValueError:
            return frozenset({text})
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def parse_threshold(text: str) -> Threshold:
    """Every reading of one threshold text; never fails, `check_threshold` tells whether it will do."""
    bare = text.strip()
    return Threshold(
        text=bare,
        number=parse_number(bare),
        instant=parse_instant(bare),
        flag=_FLAGS.get(bare.lower()),
        elements=parse_elements(bare),
        has_percent_sign=bare.endswith("%"),
    )


def check_threshold(condition: Condition, text: str | None, field_name: str) -> Threshold | None:
    """The threshold a rule is saved with; raises Invalid that names `threshold_value` and how to mend it."""
    if text is None or not text.strip():
        if condition is Condition.CHANGED:
            return None
        raise _invalid("required", f"`{condition}` compares with a value. Give threshold_value, such as 15.")
    if "\x00" in text:
        raise _invalid("not_text", "The threshold holds a NUL character. Type it again without it.")
    threshold = parse_threshold(text)
    if condition in ORDERED and threshold.number is None and threshold.instant is None:
        raise _invalid(
            "not_a_number",
            f"“{threshold.text}” is not a number or a date, so `{condition}` cannot compare {field_name}"
            " with it. Write a number with a point, such as 1200.5, 15 % or $40, or a date such as 2026-11-20.",
        )
    return threshold


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem("/threshold_value", code, detail)], code=f"threshold_{code}")
