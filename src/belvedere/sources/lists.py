"""Pages of JSON built by PostgreSQL: each row arrives as text and leaves as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from belvedere.core.cursor import CURSORS
from belvedere.core.database import ReadSession
from belvedere.core.reach import page_keys

CLIENT = "nullif({alias}.client_id, 0) AS client_id"
"""The agency's own rows have no client for the outside world."""


@dataclass(frozen=True, slots=True)
class Page:
    """JSON texts of one page; `next_cursor` is None on the last one."""

    items: list[str]
    next_cursor: str | None

    def envelope(self, now: datetime) -> bytes:
        """The answer `{data, meta}` of a list."""
        meta = {
            "next_cursor": self.next_cursor,
            "has_more": self.next_cursor is not None,
            "generated_at": now,
        }
        return b'{"data":[' + ",".join(self.items).encode() + b'],"meta":' + orjson.dumps(meta) + b"}"

    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain values, for pages."""
        return [orjson.loads(item) for item in self.items]


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort key: an SQL expression with its type; rows without a value come last.

    `required` keys are never null, which lets an index give the order and the place to go on from.
    """

    expression: str
    kind: str
    descending: bool = False
    required: bool = False

    def order(self) -> str:
        direction = "DESC" if self.descending else "ASC"
        if self.required:
            return f"{self.expression} {direction}, id {direction}"
        return f"{self.expression} {direction} NULLS LAST, id ASC"

    def after(self, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        """The condition for rows after (value, id) of the page before."""
        value, last_id = values
        if value is None:
            return f"({self.expression} IS NULL AND id > CAST(:last_id AS uuid))", {"last_id": last_id}
        cast = f"CAST(CAST(:last_value AS text) AS {self.kind})"
        sign = "<" if self.descending else ">"
        if self.required:
            condition = f"({self.expression}, id) {sign} ({cast}, CAST(:last_id AS uuid))"
            return condition, {"last_value": str(value), "last_id": last_id}
        condition = (
            f"({self.expression} IS NULL OR {self.expression} {sign} {cast}"
            f" OR ({self.expression} = {cast} AND id > CAST(:last_id AS uuid)))"
        )
        return condition, {"last_value": str(value), "last_id": last_id}


NEWEST = Sort("created_at", "timestamptz", descending=True, required=True)


async def fetch_page(
    session: ReadSession,
    kind: str,
    inner: str,
    values: dict[str, Any],
    *,
    limit: int,
    cursor: str | None,
    sort: Sort = NEWEST,
    outer: str = "to_jsonb(page)",
) -> Page:
    """A keyset page of the statement `inner`, whose rows have an `id`; `outer` makes each row's JSON from `page`."""
    label = f"{kind}:{sort.expression}:{sort.descending}"
    condition, position = _after(label, sort, cursor)
    statement = text(
        f"WITH page AS MATERIALIZED (SELECT * FROM ({inner}) found WHERE {condition}"
        f" ORDER BY {sort.order()} LIMIT :limit)"
        f" SELECT ({outer})::text AS item, {sort.expression}::text AS sort_value, id::text AS id FROM page"
        f" ORDER BY {sort.order()}"
    )
    rows = (await session.execute(statement, {**values, **position, "limit": limit + 1})).all()
    return _page_of(rows, limit, label)


async def fetch_newest(
    session: ReadSession,
    kind: str,
    table: str,
    condition: str,
    rows: str,
    values: dict[str, Any],
    *,
    limit: int,
    cursor: str | None,
) -> Page:
    """The newest rows of `table`, client by client: `condition` speaks of `t`, the statement `rows` of `keys`.

    `values` has the `client_id` that is asked for, or None.
    """
    label = f"{kind}:{NEWEST.expression}:{NEWEST.descending}"
    after, position = _after(label, NEWEST, cursor)
    keys = page_keys(table, f"{condition} AND {after.replace('(created_at, id)', '(t.created_at, t.id)')}")
    statement = text(
        f"WITH keys AS MATERIALIZED ({keys}) SELECT to_jsonb(page)::text AS item, created_at::text AS sort_value,"
        f" id::text AS id FROM ({rows}) page ORDER BY {NEWEST.order()}"
    )
    found = (await session.execute(statement, {**values, **position, "limit": limit + 1})).all()
    return _page_of(found, limit, label)


def _after(label: str, sort: Sort, cursor: str | None) -> tuple[str, dict[str, Any]]:
    return ("true", {}) if cursor is None else sort.after(CURSORS.read(label, cursor))


def _page_of(rows: Sequence[Any], limit: int, label: str) -> Page:
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = CURSORS.make(label, [last.sort_value, last.id])
    return Page([row.item for row in rows[:limit]], following)


async def fetch_one(
    session: ReadSession, inner: str, values: dict[str, Any], outer: str = "to_jsonb(page)"
) -> str | None:
    """The JSON text of the one row, or None."""
    found = await session.execute(text(f"SELECT ({outer})::text FROM ({inner}) page"), values)
    item: str | None = found.scalar_one_or_none()
    return item
