"""Rows of any table, filtered, sorted and paged, under the role of the session that asks.

Names of columns come from the catalogue alone and values are always bound; what does not fit is refused with the fix.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.errors import InsufficientPrivilege, QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from belvedere.core.catalogue import ColumnInfo, Relation
from belvedere.core.catalogue_ddl import place
from belvedere.core.catalogue_filters import Condition, Filter, condition_of, double_quoted, refusal
from belvedere.core.cursor import CURSORS
from belvedere.core.errors import BelvedereError, Forbidden, Invalid

SORTABLE = frozenset({"integer", "number", "text", "boolean", "uuid", "instant", "date", "time"})
LONGEST_SECONDS = 15
PAGE, MOST = 50, 200
STREAMED = 500


@dataclass(frozen=True, slots=True)
class RowQuery:
    """What to read: `columns` None for all readable ones; `sort` a column, with - before it for descending."""

    filters: tuple[Filter, ...] = ()
    sort: str = ""
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    column: ColumnInfo
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked query: its SQL without the page, and how pages are told apart. Without `keyed` pages are counted off."""

    relation: Relation
    columns: tuple[ColumnInfo, ...]
    keys: tuple[SortKey, ...]
    keyed: bool
    where: Condition
    kind: str


@dataclass(frozen=True, slots=True)
class RowPage:
    """`rows` are JSON objects as text. `estimate` is the planner's guess of all that match, or the count where known."""

    rows: list[str]
    next_cursor: str | None
    estimate: int
    exact: bool
    columns: tuple[ColumnInfo, ...] = field(default=())


def require_readable(relation: Relation) -> None:
    """Forbidden with the reason where the role may read nothing of the table."""
    if not relation.readable:
        raise Forbidden(
            f"People may not read rows of {relation.full_name}, whatever their role: {relation.comment or 'it is closed.'}",
            code="table_closed",
        )


def plan_rows(relation: Relation, query: RowQuery) -> Plan:
    """Check a query against the catalogue; Forbidden or Invalid with each thing that is wrong."""
    require_readable(relation)
    readable = {column.name: column for column in relation.columns if column.readable}
    columns = choose_columns(relation, readable, query.columns)
    where = condition_of(relation, readable, query.filters)
    keys, keyed = sort_keys(relation, readable, query.sort)
    return Plan(relation, columns, keys, keyed, where, f"rows:{relation.full_name}:{query.sort}")


def choose_columns(
    relation: Relation, readable: dict[str, ColumnInfo], names: Sequence[str] | None
) -> tuple[ColumnInfo, ...]:
    if names is None:
        return tuple(readable.values())
    for name in names:
        if name not in readable:
            raise refusal("query/columns", "column", relation, name)
    return tuple(readable[name] for name in dict.fromkeys(names)) or tuple(readable.values())


def sort_keys(
    relation: Relation, readable: dict[str, ColumnInfo], sort: str
) -> tuple[tuple[SortKey, ...], bool]:
    """The asked column, then the primary key; without a key every column that can be compared."""
    keys: list[SortKey] = []
    if sort:
        name = sort.removeprefix("-")
        if name not in readable:
            raise refusal("query/sort", "column", relation, name)
        if readable[name].category not in SORTABLE:
            raise refusal("query/sort", "sort", relation, name)
        keys.append(SortKey(readable[name], sort.startswith("-")))
    primary = [readable.get(name) for name in relation.primary_key]
    keyed = bool(primary) and all(column is not None and column.category in SORTABLE for column in primary)
    rest = primary if keyed else [column for column in readable.values() if column.category in SORTABLE]
    known = {key.column.name for key in keys}
    down = keys[0].descending if keys else False
    keys += [SortKey(column, down) for column in rest if column is not None and column.name not in known]
    return tuple(keys), keyed


def shown(column: ColumnInfo) -> str:
    """A value as JSON keeps it whole: exact numbers and what JSON does not know become text."""
    name = f"t.{double_quoted(column.name)}"
    if column.category in ("number", "other", "time"):
        name = f"CAST({name} AS text)"
    elif column.category == "bytes":
        name = f"encode({name}, 'base64')"
    return f"{name} AS {double_quoted(column.name)}"


def select(plan: Plan, after: Condition | None = None) -> tuple[str, dict[str, Any]]:
    columns = ", ".join(shown(column) for column in plan.columns)
    marks = "".join(
        f", CAST(t.{double_quoted(key.column.name)} AS text) AS k{number}"
        for number, key in enumerate(plan.keys)
    )
    conditions = [part.sql for part in (plan.where, after) if part is not None and part.sql]
    order = ", ".join(
        f"t.{double_quoted(key.column.name)} {'DESC' if key.descending else 'ASC'} NULLS LAST"
        if not key.column.not_null
        else f"t.{double_quoted(key.column.name)} {'DESC' if key.descending else 'ASC'}"
        for key in plan.keys
    )
    statement = (
        f"SELECT (SELECT row_to_json(s) FROM (SELECT {columns}) s)::text AS found{marks if plan.keyed else ''}"
        f" FROM {place(plan.relation)} t"
        + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
        + (f" ORDER BY {order}" if order else "")
    )
    return statement, {**plan.where.values, **(after.values if after is not None else {})}


def after_row(plan: Plan, values: Sequence[Any]) -> Condition:
    """What comes after the last row of a page, in the order of the keys; empty values stand last."""
    bound = {f"a{number}": value for number, value in enumerate(values)}
    marks = [f"CAST(:a{number} AS {plain_type(key.column)})" for number, key in enumerate(plan.keys)]
    names = [f"t.{double_quoted(key.column.name)}" for key in plan.keys]
    if all(key.column.not_null for key in plan.keys) and len({key.descending for key in plan.keys}) == 1:
        sign = "<" if plan.keys[0].descending else ">"
        return Condition(f"({', '.join(names)}) {sign} ({', '.join(marks)})", bound)
    choices = []
    for number, (key, value) in enumerate(zip(plan.keys, values, strict=True)):
        if value is None:
            continue
        beyond = f"{names[number]} {'<' if key.descending else '>'} {marks[number]}"
        if not key.column.not_null:
            beyond = f"({beyond} OR {names[number]} IS NULL)"
        same = [f"{names[at]} IS NOT DISTINCT FROM {marks[at]}" for at in range(number)]
        choices.append("(" + " AND ".join([*same, beyond]) + ")")
    return Condition(f"({' OR '.join(choices) or 'false'})", bound)


def plain_type(column: ColumnInfo) -> str:
    """The type without its length, so that a longer value is compared and not cut."""
    return "text" if column.category == "text" else column.type


async def read_page(
    session: AsyncSession, plan: Plan, *, limit: int = PAGE, cursor: str | None = None
) -> RowPage:
    """One page of rows and where the next one begins."""
    passed = CURSORS.read(plan.kind, cursor) if cursor else []
    after = after_row(plan, passed) if plan.keyed and passed else None
    statement, values = select(plan, after)
    skip = int(passed[0]) if passed and not plan.keyed else 0
    await limit_time(session)
    found = await guarded(
        session, plan, f"{statement} LIMIT :limit OFFSET :skip", {**values, "limit": limit + 1, "skip": skip}
    )
    rows = [row.found for row in found[:limit]]
    following = None
    if len(found) > limit:
        last = found[limit - 1]
        place_of_last = (
            [getattr(last, f"k{n}") for n in range(len(plan.keys))] if plan.keyed else [skip + limit]
        )
        following = CURSORS.make(plan.kind, place_of_last)
    exact = not cursor and following is None
    estimate = len(rows) if exact else max(await guess(session, plan), skip + len(found))
    return RowPage(rows, following, estimate, exact, plan.columns)


async def limit_time(session: AsyncSession) -> None:
    await session.execute(
        text("SELECT set_config('statement_timeout', :milliseconds, true)"),
        {"milliseconds": str(LONGEST_SECONDS * 1000)},
    )


async def guarded(session: AsyncSession, plan: Plan, statement: str, values: dict[str, Any]) -> Sequence[Any]:
    try:
        return (await session.execute(text(statement), values)).all()
    except DBAPIError as error:
        raise reason_of(error, plan) from error


def reason_of(error: DBAPIError, plan: Plan) -> BelvedereError | DBAPIError:
    """A refusal of the database in words; what is our own fault stays as it is."""
    if isinstance(error.orig, InsufficientPrivilege):
        return Forbidden(
            f"People may not read all that {plan.relation.full_name} is made of.", code="table_closed"
        )
    if isinstance(error.orig, QueryCanceled):
        return Invalid(
            f"Reading took longer than {LONGEST_SECONDS} s. Filter by a column with an index, or sort by the key.",
            code="too_slow",
        )
    return error


async def guess(session: AsyncSession, plan: Plan) -> int:
    """How many rows match, as the planner guesses it; counting them all could take minutes."""
    condition = f" WHERE {plan.where.sql}" if plan.where.sql else ""
    statement = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {place(plan.relation)} t{condition}"
    found = await guarded(session, plan, statement, plan.where.values)
    return int(found[0][0][0]["Plan"]["Plan Rows"])


async def stream_rows(session: AsyncSession, plan: Plan) -> AsyncIterator[str]:
    """Every row that matches as a JSON object, a few hundred at a time."""
    statement, values = select(plan)
    found = await session.stream(text(statement), values, execution_options={"yield_per": STREAMED})
    async for row in found:
        yield row.found
