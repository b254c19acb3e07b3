"""What may be watched: each target is a table or view of the house that a domain offers, read as internal/<name>.

A domain registers its targets; wiring calls it once for a process. `read_rows` gives the rows of one client as they are
at an instant, in that client's own scope; each field becomes a column, a number or a key of `extra` of a record.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from belvedere.core.database import ReadSession
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import RECORD_COLUMNS, Completeness, Unit

API_RECORDS = "api_records"
INTERNAL = "internal"
"""Provider of every target but the default one."""

RowReader = Callable[[ReadSession, int, datetime], Awaitable[list[dict[str, Any]]]]


class FieldKind(StrEnum):
    """What a field holds: a number is kept exactly; everything else is compared as it is written."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class TargetField:
    """One field as a rule names it."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which reading a target is brought up to date for, with the settings and the opened secret of its account."""

    client_id: int
    account_id: Any
    settings: Mapping[str, Any]
    credential: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How much of it was brought up to date, and what a person should know of it."""

    completeness: Completeness = Completeness.FULL
    note: str | None = None


Refresh = Callable[[Runtime, Asked], Awaitable[Refreshed]]


@dataclass(frozen=True, slots=True)
class Target:
    """A watchable table or view. `refresh` brings it up to date from outside before its rows are read."""

    name: str
    display_name: str
    fields: tuple[TargetField, ...]
    read_rows: RowReader
    description: str | None = None
    refresh_interval_minutes: int = 60
    refresh: Refresh | None = field(default=None, compare=False)
    settings_model: type[BaseModel] | None = None

    def mapping(self) -> dict[str, Any]:
        """How its rows become records: `id` names the thing, columns by name, numbers as metrics, the rest in extra."""
        named = {one.name for one in self.fields} | {"name"}
        columns = {"external_id": "id", **{name: name for name in RECORD_COLUMNS[1:] if name in named}}
        numbers = [one for one in self.fields if one.kind is FieldKind.NUMBER and one.name not in columns]
        metrics = {
            one.name: {"path": one.name, **({"unit": one.unit.value} if one.unit else {})} for one in numbers
        }
        return {"name": f"{INTERNAL}-{self.name}", "columns": columns, "metrics": metrics, "extra": "rest"}


_targets: dict[str, Target] = {}


def register_target(target: Target) -> None:
    """Offer a target to the watch; the one registered last under a name answers for it."""
    if target.name == API_RECORDS:
        raise ValueError(f"{API_RECORDS} is what is read from platforms; choose another name")
    _targets[target.name] = target


def find_target(name: str) -> Target | None:
    return _targets.get(name)


def list_targets() -> tuple[Target, ...]:
    """Every registered target by name."""
    return tuple(_targets[name] for name in sorted(_targets))


def known_targets() -> tuple[str, ...]:
    """The words a rule's target_table may hold, the default first."""
    return (API_RECORDS, *sorted(_targets))


def target_fields(name: str) -> Mapping[str, TargetField]:
    """The fields a target promises, by name; empty for api_records, whose fields come with its readings."""
    target = _targets.get(name)
    return {} if target is None else {one.name: one for one in target.fields}


def field_labels(provider: str, endpoint: str, known: Mapping[str, str]) -> Mapping[str, str]:
    """What the fields of a place are called: for a target as its domain calls them, else as they are `known`."""
    target = _targets.get(endpoint) if provider == INTERNAL else None
    return known if target is None else {**known, **{one.name: one.label for one in target.fields}}


def text_fields(pairs: Iterable[tuple[str, str]]) -> tuple[TargetField, ...]:
    return tuple(TargetField(name, label) for name, label in pairs)


def number_fields(unit: Unit, pairs: Iterable[tuple[str, str]]) -> tuple[TargetField, ...]:
    return tuple(TargetField(name, label, FieldKind.NUMBER, unit) for name, label in pairs)
