"""Filters of rows: `column:operator:value`, checked against the type of the column."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from belvedere.core.catalogue import ColumnInfo, Relation
from belvedere.core.errors import FieldProblem, Invalid

MOST_FILTERS, MOST_WORDS, LONGEST = 12, 200, 2000
WORDS = {
    "eq": "is", "ne": "is not", "lt": "below", "le": "at most", "gt": "above", "ge": "at least", "contains": "contains",
    "starts": "starts with", "is_null": "is empty", "in": "is one of",
}  # fmt: skip
SIGNS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
ORDERED = ("eq", "ne", "lt", "le", "gt", "ge", "in", "is_null")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "integer": ORDERED, "number": ORDERED, "instant": ORDERED, "date": ORDERED, "time": ORDERED,
    "text": ("eq", "ne", "contains", "starts", "lt", "le", "gt", "ge", "in", "is_null"),
    "uuid": ("eq", "ne", "in", "is_null"), "boolean": ("eq", "ne", "is_null"),
    "list": ("contains", "is_null"), "json": ("contains", "is_null"), "bytes": ("is_null",),
    "other": ("eq", "ne", "contains", "is_null"),
}  # fmt: skip
TRUE, FALSE = frozenset({"true", "yes", "1", ""}), frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Filter:
    column: str
    operator: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.column}:{self.operator}:{self.value}"


@dataclass(frozen=True, slots=True)
class Condition:
    sql: str
    values: dict[str, Any] = field(default_factory=dict)


def double_quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def parse_filters(words: Sequence[str]) -> tuple[Filter, ...]:
    """Filters out of `column:operator:value`; Invalid where the form is not that."""
    if len(words) > MOST_FILTERS:
        raise Invalid(
            f"At most {MOST_FILTERS} filters at once.",
            errors=[FieldProblem("query/filter", "too_many", f"Leave {len(words) - MOST_FILTERS} out.")],
        )
    return tuple(parse_filter(word) for word in words)


def parse_filter(word: str) -> Filter:
    column, _, rest = word.partition(":")
    operator, _, value = rest.partition(":")
    if not column or not operator:
        how = f"Write column:operator:value, such as status:eq:open, not {word[:100]!r}."
        raise Invalid(how, errors=[FieldProblem("query/filter", "shape", how)])
    return Filter(column, operator, value)


def refusal(pointer: str, code: str, relation: Relation, name: str) -> Invalid:
    """What is wrong with a column's name, and what would be right."""
    column = relation.column(name)
    if code == "sort":
        how = f"{name} cannot be sorted by: it is {column.type if column else 'unknown'}."
    elif column is not None:
        how = f"Your role may not read {relation.full_name}.{name}."
    else:
        near = get_close_matches(name, [found.name for found in relation.columns if found.readable], n=2)
        how = f"{relation.full_name} has no column {name[:100]!r}." + (
            f" Did you mean {' or '.join(near)}?" if near else ""
        )
    return Invalid(how, errors=[FieldProblem(pointer, code, how)])


def condition_of(
    relation: Relation, readable: Mapping[str, ColumnInfo], filters: Sequence[Filter]
) -> Condition:
    """All filters as one condition; every wrong one is named, in the order they were given."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for number, wanted in enumerate(filters):
        try:
            made = one_condition(relation, readable, wanted, f"f{number}")
        except Invalid as error:
            problems += [
                FieldProblem(f"query/filter/{number}", item.code, item.detail) for item in error.errors
            ]
            continue
        parts.append(made.sql)
        values |= made.values
    if problems:
        raise Invalid(problems[0].detail, errors=problems)
    return Condition(" AND ".join(parts), values)


def one_condition(
    relation: Relation, readable: Mapping[str, ColumnInfo], wanted: Filter, name: str
) -> Condition:
    column = readable.get(wanted.column)
    if column is None:
        raise refusal("query/filter", "column", relation, wanted.column)
    allowed = OPERATORS[column.category]
    if wanted.operator not in allowed:
        how = f"{column.name} is {column.type}: it takes {', '.join(allowed)}, not {wanted.operator[:40]!r}."
        raise Invalid(how, errors=[FieldProblem("query/filter", "operator", how)])
    field_sql = f"t.{double_quoted(column.name)}"
    if wanted.operator == "is_null":
        return Condition(f"{field_sql} IS {'' if flag(column, wanted.value) else 'NOT '}NULL")
    if wanted.operator in ("contains", "starts"):
        return text_condition(column, wanted, field_sql, name)
    kind, read = KINDS[column.category]
    kind = column.type if column.category == "instant" else kind
    if column.category == "other":
        field_sql = f"CAST({field_sql} AS text)"
    if wanted.operator == "in":
        words = [read(column, word.strip()) for word in wanted.value.split(",") if word.strip()]
        if not 0 < len(words) <= MOST_WORDS:
            raise wrong(column, f"Name 1 to {MOST_WORDS} values, with commas between them.")
        return Condition(f"{field_sql} = ANY (CAST(:{name} AS {kind}[]))", {name: words})
    bound = {name: read(column, wanted.value)}
    if wanted.operator == "ne":
        return Condition(f"{field_sql} IS DISTINCT FROM CAST(:{name} AS {kind})", bound)
    return Condition(f"{field_sql} {SIGNS[wanted.operator]} CAST(:{name} AS {kind})", bound)


def text_condition(column: ColumnInfo, wanted: Filter, field_sql: str, name: str) -> Condition:
    bound = {name: as_text(column, wanted.value)}
    if not wanted.value:
        raise wrong(column, f"Say what {column.name} {WORDS[wanted.operator]}.")
    if column.category == "list":
        return Condition(f"CAST(:{name} AS text) = ANY (CAST({field_sql} AS text[]))", bound)
    if wanted.operator == "starts":
        return Condition(f"starts_with(CAST({field_sql} AS text), CAST(:{name} AS text))", bound)
    return Condition(f"position(lower(CAST(:{name} AS text)) IN lower(CAST({field_sql} AS text))) > 0", bound)


def wrong(column: ColumnInfo, how: str) -> Invalid:
    return Invalid(how, errors=[FieldProblem("query/filter", "value", f"{column.name}: {how}")])


def flag(column: ColumnInfo, word: str) -> bool:
    if word.lower() in TRUE:
        return True
    if word.lower() in FALSE:
        return False
    raise wrong(column, f"{word[:100]!r} is not true or false.")


def as_text(column: ColumnInfo, word: str) -> str:
    if "\x00" in word or len(word) > LONGEST:
        raise wrong(column, f"A value is at most {LONGEST} characters, without a zero character.")
    return word


def as_flag(column: ColumnInfo, word: str) -> str:
    if not word:
        raise wrong(column, "Say true or false.")
    return "true" if flag(column, word) else "false"


def as_integer(column: ColumnInfo, word: str) -> str:
    if not re.fullmatch(r"[+-]?\d{1,19}", word.strip(), re.ASCII) or abs(int(word)) >= 2**63:
        raise wrong(column, f"{word[:100]!r} is not a whole number.")
    return word.strip()


def as_number(column: ColumnInfo, word: str) -> str:
    try:
        found = Decimal(word.strip()) if len(word) <= 100 and word.isascii() else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or abs(found.adjusted()) > 100:
        raise wrong(column, f"{word[:100]!r} is not a number such as 12.50.")
    return str(found)


def as_uuid(column: ColumnInfo, word: str) -> str:
    try:
        return str(UUID(word.strip()))
    except ValueError as error:
        raise wrong(column, f"{word[:100]!r} is not a UUID.") from error


def as_instant(column: ColumnInfo, word: str) -> str:
    try:
        found = datetime.fromisoformat(word.strip())
    except ValueError as error:
        raise wrong(column, f"{word[:100]!r} is not a time such as 2026-11-20T08:00:00Z.") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def as_date(column: ColumnInfo, word: str) -> str:
    try:
        return date.fromisoformat(word.strip()).isoformat()
    except ValueError as error:
        raise wrong(column, f"{word[:100]!r} is not a day such as 2026-11-20.") from error


def as_time(column: ColumnInfo, word: str) -> str:
    try:
        return time.fromisoformat(word.strip()).isoformat()
    except ValueError as error:
        raise wrong(column, f"{word[:100]!r} is not a time of day such as 09:00.") from error


KINDS: Mapping[str, tuple[str, Callable[[ColumnInfo, str], str]]] = {
    "integer": ("bigint", as_integer),
    "number": ("numeric", as_number),
    "text": ("text", as_text),
    "boolean": ("boolean", as_flag),
    "uuid": ("uuid", as_uuid),
    "instant": ("timestamptz", as_instant),
    "date": ("date", as_date),
    "time": ("time", as_time),
    "other": ("text", as_text),
}
"""The SQL type that a value is bound as, and how it is read."""
