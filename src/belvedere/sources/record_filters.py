"""Filters and sort of the record list, from the words of the query string."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.numerals import machine_number
from belvedere.sources.lists import Sort

BY_EXTERNAL_ID = Sort("external_id", "text", required=True)
OPERATORS = {"": "=", "eq": "=", "ne": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
COLUMN_KINDS = {
    "external_id": "text",
    "name": "text",
    "email": "text",
    "status": "text",
    "category": "text",
    "amount": "numeric",
    "quantity": "numeric",
    "record_date": "timestamptz",
}
_KEY = re.compile(r"(?P<name>metric\.[^\[\]]{1,100}|[a-z_]+)(?:\[(?P<operator>[a-z]+)\])?")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison: of a column, or of the metric `name`."""

    name: str
    operator: str
    value: str | Decimal | datetime
    is_metric: bool = False


@dataclass(slots=True)
class RecordQuery:
    """What is asked for; `metric_sort` is set when the sort is by a metric."""

    snapshot_id: UUID | None = None
    source_id: UUID | None = None
    client_id: int | None = None
    comparisons: list[Comparison] = field(default_factory=list)
    tag: str | None = None
    contains: str | None = None
    sort: Sort = BY_EXTERNAL_ID
    metric_sort: str | None = None

    def condition(self) -> tuple[str, dict[str, Any]]:
        """The SQL condition on `r` and its bound values."""
        parts, values = ["true"], dict[str, Any]()
        for number, comparison in enumerate(self.comparisons):
            values[f"value{number}"] = comparison.value
            if comparison.is_metric:
                values[f"metric{number}"] = comparison.name
                parts.append(
                    "EXISTS (SELECT 1 FROM watch.api_record_metrics m WHERE m.record_id = r.id"
                    f" AND m.metric_name = :metric{number} AND m.metric_value {comparison.operator} :value{number})"
                )
            else:
                parts.append(f"r.{comparison.name} {comparison.operator} :value{number}")
        if self.tag is not None:
            values["tag"] = self.tag
            parts.append("r.tags @> ARRAY[CAST(:tag AS text)]")
        if self.contains is not None:
            values["contains"] = self.contains
            parts.append(
                "(position(lower(:contains) in lower(coalesce(r.name, ''))) > 0 OR r.external_id = :contains)"
            )
        if self.client_id is not None:
            values["client_id"] = self.client_id
            parts.append("r.client_id = :client_id")
        return " AND ".join(parts), values


def parse_filters(pairs: Iterable[tuple[str, str]], query: RecordQuery, known: frozenset[str]) -> RecordQuery:
    """Read `status=sent`, `amount[gte]=10`, `metric.open_rate[lt]=15`, `tags=vip`, `search=…`, `sort=-metric.spend`.

    Keys in `known` belong to somebody else. Raises Invalid naming the key that does not hold.
    """
    for key, value in pairs:
        if key in known:
            continue
        if "\x00" in value:
            raise _wrong(key, "A filter cannot hold a NUL byte.")
        if key == "sort":
            _sort(value, query)
        elif key in ("tags", "tag"):
            query.tag = value
        elif key == "search":
            query.contains = value
        else:
            query.comparisons.append(_comparison(key, value))
    return query


def _comparison(key: str, value: str) -> Comparison:
    match = _KEY.fullmatch(key)
    operator = OPERATORS.get(match["operator"] or "") if match else None
    if match is None or operator is None:
        raise _wrong(key, f"{key!r} is no filter. Write amount[gte]=10 or metric.open_rate[lt]=15.")
    name = match["name"]
    if name.startswith("metric."):
        return Comparison(name.removeprefix("metric."), operator, _number(key, value), is_metric=True)
    kind = COLUMN_KINDS.get(name)
    if kind is None:
        raise _wrong(
            key, f"Records have no column {name!r}; known: {', '.join(COLUMN_KINDS)}, tags, metric.<name>."
        )
    if kind == "numeric":
        return Comparison(name, operator, _number(key, value))
    return Comparison(name, operator, _instant(key, value) if kind == "timestamptz" else value)


def _number(key: str, value: str) -> Decimal:
    number = machine_number(value)
    if number is None:
        raise _wrong(key, f"{value!r} is not a number. Write it like 15 or 0.5.")
    return number


def _instant(key: str, value: str) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise _wrong(key, f"{value!r} is not a time. Write it like 2026-03-01T12:00:00Z.") from None
    if instant.tzinfo is None:
        raise _wrong(key, "A time needs a zone. Write it like 2026-03-01T12:00:00Z.")
    return instant


def _sort(value: str, query: RecordQuery) -> None:
    descending, name = value.startswith("-"), value.removeprefix("-")
    if name.startswith("metric."):
        query.metric_sort = name.removeprefix("metric.")
        query.sort = Sort("sort_metric", "numeric", descending)
    elif name in COLUMN_KINDS:
        query.sort = Sort(name, COLUMN_KINDS[name], descending, required=name == "external_id")
    elif name == "created_at":
        query.sort = Sort("created_at", "timestamptz", descending, required=True)
    else:
        raise _wrong("sort", f"Records cannot be sorted by {name!r}.")


def _wrong(key: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{key}", "filter", detail)])
