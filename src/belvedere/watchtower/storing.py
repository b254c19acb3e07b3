"""Writing alerts of one reading in bulk: few rows travel as JSON, many by COPY into a table of this transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import polars as pl
from sqlalchemy import TextClause, text

from belvedere.core.context import DbRole
from belvedere.core.database import WriteSession, driver_connection, scope_of
from belvedere.watchtower.statements import read_statement

FEW = 100
OPENING = {
    "id": "uuid",
    "event_id": "uuid",
    "rule_id": "uuid",
    "rule_client_id": "integer",
    "record_id": "uuid",
    "external_id": "text",
    "entity_name": "text",
    "fingerprint": "text",
    "title": "text",
    "message": "text",
    "severity": "text",
    "current_value": "text",
    "previous_value": "text",
    "reason": "jsonb",
    "detail": "jsonb",
    "told": "boolean",
    "held_reason": "text",
}
SEEING = {
    "id": "uuid",
    "event_id": "uuid",
    "record_id": "uuid",
    "current_value": "text",
    "previous_value": "text",
    "severity": "text",
    "conditions": "jsonb",
    "step": "text",
    "told": "boolean",
    "held_reason": "text",
    "changed": "boolean",
}
_MAY_STAGE = frozenset({DbRole.WORKER_SCOPED, DbRole.SERVICE})


async def open_alerts(
    session: WriteSession,
    rows: Sequence[Mapping[str, Any]],
    *,
    client_id: int,
    source_id: UUID,
    snapshot_id: UUID,
    account_id: UUID | None,
    now: datetime,
    is_afresh: bool = False,
) -> dict[str, int]:
    """Insert alerts and their first event; gives id and episode of those that another evaluator had not
    opened.
    """
    if not rows:
        return {}
    values = {"client_id": client_id, "source_id": source_id, "snapshot_id": snapshot_id}
    statement, given = await _bring(session, "open", "opening", OPENING, rows)
    more = {"account_id": account_id, "now": now, "afresh": is_afresh}
    found = await session.execute(statement, {**values, **given, **more})
    opened = dict.fromkeys((row["id"] for row in rows), 1)
    for alert_id, episode in found.all():
        if episode is None:
            del opened[alert_id]
        else:
            opened[alert_id] = episode
    return opened


async def see_again(
    session: WriteSession,
    rows: Sequence[Mapping[str, Any]],
    *,
    client_id: int,
    snapshot_id: UUID,
    account_id: UUID | None,
    now: datetime,
) -> None:
    """Bring open alerts up to what a reading shows; a step is written only where something changed."""
    if not rows:
        return
    values = {"client_id": client_id, "snapshot_id": snapshot_id, "account_id": account_id, "now": now}
    statement, given = await _bring(session, "see_again", "seeing", SEEING, rows)
    await session.execute(statement, {**values, **given})


async def _bring(
    session: WriteSession,
    name: str,
    table: str,
    columns: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
) -> tuple[TextClause, dict[str, Any]]:
    """The statement that reads the rows, and what it needs to find them."""
    if len(rows) <= FEW or scope_of(session).role not in _MAY_STAGE:
        given = [{column: row[column] for column in columns} for row in rows]
        return _statement(name, table, is_staged=False), {"rows": orjson.dumps(given).decode()}
    await session.execute(_table(table))
    connection = await driver_connection(session)
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY pg_temp.{table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy,
    ):
        await copy.write(_lines(columns, rows))
    return _statement(name, table, is_staged=True), {}


@lru_cache(maxsize=8)
def _statement(name: str, table: str, *, is_staged: bool) -> TextClause:
    """Counts of a table just filled are known to the planner; JSON is always taken for a hundred rows."""
    columns = OPENING if table == "opening" else SEEING
    typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    source = (
        f"NOT MATERIALIZED (SELECT * FROM pg_temp.{table})"
        if is_staged
        else f"MATERIALIZED (SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS t({typed}))"
    )
    return text(read_statement(name).replace("{rows}", source))


@lru_cache(maxsize=2)
def _table(table: str) -> TextClause:
    columns = OPENING if table == "opening" else SEEING
    typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return text(f"DROP TABLE IF EXISTS pg_temp.{table}; CREATE TEMP TABLE {table} ({typed}) ON COMMIT DROP")


def _lines(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    frame = pl.DataFrame({column: _column(column, kind, rows) for column, kind in columns.items()})
    return frame.write_csv(include_header=False, quote_style="non_numeric").encode()


def _column(name: str, kind: str, rows: Sequence[Mapping[str, Any]]) -> pl.Series:
    found = [row[name] for row in rows]
    if kind == "jsonb":
        return pl.Series(name, [orjson.dumps(value).decode() for value in found], dtype=pl.String)
    if kind == "uuid":
        return pl.Series(name, [None if value is None else str(value) for value in found], dtype=pl.String)
    dtype = {"boolean": pl.Boolean, "integer": pl.Int64}.get(kind, pl.String)
    return pl.Series(name, found, dtype=dtype)
