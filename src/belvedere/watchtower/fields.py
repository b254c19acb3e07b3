"""Which value of an entity a rule means: a typed column, a metric or a place in `extra`."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.sources.contracts import RECORD_COLUMNS

_STEP = re.compile(r"""\.([A-Za-z0-9_-]+)|\[(\d+)\]|\[(?:"([^"]+)"|'([^']+)')\]""", re.ASCII)

NUMBER_COLUMNS = frozenset({"amount", "quantity"})
LIST_COLUMNS = frozenset({"tags"})
INSTANT_COLUMNS = frozenset({"record_date"})


class FieldPlace(StrEnum):
    COLUMN = "col"
    METRIC = "metric"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field as a rule names it; `place` is None where the name decides by the order column, metric,
    extra.
    """

    name: str
    place: FieldPlace | None = None
    path: tuple[str | int, ...] = ()

    @property
    def last_word(self) -> str:
        return str(self.path[-1]) if self.path else self.name


@lru_cache(maxsize=4096)
def parse_field(text: str) -> FieldRef:
    """Read a field name; raises Invalid that names `field_name` where the explicit form is broken."""
    text = text.strip()
    if not text or "\x00" in text:
        raise invalid_field("required", "Name the field to watch, such as open_rate.")
    prefix, colon, rest = text.partition(":")
    if not colon or prefix not in set(FieldPlace):
        return FieldRef(text)
    place = FieldPlace(prefix)
    if place is FieldPlace.EXTRA:
        return FieldRef(rest, place, parse_path(rest))
    if place is FieldPlace.COLUMN and rest not in RECORD_COLUMNS:
        raise invalid_field(
            "unknown_column", f"Records have no column “{rest}”. Columns are {', '.join(RECORD_COLUMNS)}."
        )
    if not rest:
        raise invalid_field("required", f"Name the metric after “{prefix}:”, such as metric:open_rate.")
    return FieldRef(rest, place)


def parse_path(text: str) -> tuple[str | int, ...]:
    """A path such as `$.report.rate` or `$.items[0]["unit price"]` as its steps."""
    steps: list[str | int] = []
    position = 1
    while text.startswith("$") and position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            break
        word, index, double, single = step.groups()
        steps.append(int(index) if index is not None else word or double or single)
        position = step.end()
    if not steps or position != len(text):
        raise invalid_field(
            "path",
            f"“{text}” is not a path. Write it from the top of the record, such as extra:$.report.rate.",
        )
    return tuple(steps)


def place_field(ref: FieldRef, metrics: Collection[str]) -> FieldRef:
    """Settle where an unprefixed name stands: column, then metric, then a top-level key of `extra`."""
    if ref.place is not None:
        return ref
    if ref.name in RECORD_COLUMNS:
        return FieldRef(ref.name, FieldPlace.COLUMN)
    if ref.name in metrics:
        return FieldRef(ref.name, FieldPlace.METRIC)
    return FieldRef(ref.name, FieldPlace.EXTRA, (ref.name,))


def invalid_field(code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem("/field_name", code, detail)], code=f"field_{code}")
