"""Writing alerts of one reading in bulk: few rows travel as JSON, many by COPY into a table of this transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
import polars as pl
from sqlalchemy import TextClause, text

from belvedere.core.context import DbRole
from belvedere.core.database import WriteSession, driver_connection, scope_of
from belvedere.core.events import describe
from belvedere.core.ids import uuid7_texts
from belvedere.watchtower.compose import Batch
from belvedere.watchtower.statements import read_statement

FEW = 100
TOLD_TOGETHER = 500
"""Alerts of one rule and reading that one event tells of, at most."""
OPENING = {
    "head": "integer",
    "id": "uuid",
    "record_id": "uuid",
    "external_id": "text",
    "entity_name": "text",
    "fingerprint": "text",
    "title": "text",
    "message": "text",
    "current_value": "text",
    "previous_value": "text",
    "conditions": "text",
    "problem": "text",
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
    "conditions": "text",
    "step": "text",
    "told": "boolean",
    "held_reason": "text",
    "changed": "boolean",
}
_KINDS = {"opening": OPENING, "seeing": SEEING}
_TYPES: dict[str, Any] = {"boolean": pl.Boolean, "integer": pl.Int32}
_MAY_STAGE = frozenset({DbRole.WORKER_SCOPED, DbRole.SERVICE})


@dataclass(frozen=True, slots=True)
class Rows:
    """Alerts of several batches as they travel; `lines` where they are many."""

    batches: Sequence[Batch]
    heads: Sequence[Mapping[str, Any]]
    columns: Mapping[str, list[Any]]
    lines: bytes | None


def prepare_rows(batches: Sequence[Batch], now: datetime) -> Rows:
    """All that writing them needs and no database gives, so that a thread can do it while the rows before are written."""
    columns: dict[str, list[Any]] = {
        name: list(chain.from_iterable(batch.columns[name] for batch in batches))
        for name in OPENING
        if name != "head"
    }
    columns["head"] = [number for number, batch in enumerate(batches) for _ in range(len(batch))]
    heads = [_head(number, batch, now) for number, batch in enumerate(batches)]
    return Rows(batches, heads, columns, _lines(OPENING, columns) if len(columns["id"]) > FEW else None)


async def open_alerts(
    session: WriteSession,
    rows: Rows,
    *,
    client_id: int,
    source_id: UUID,
    snapshot_id: UUID,
    account_id: UUID | None,
    now: datetime,
    is_afresh: bool = False,
) -> frozenset[str]:
    """Insert alerts with their events; gives the ids of those that another evaluator had opened."""
    statement, given = await _bring(session, "open", "opening", rows.columns, rows.lines)
    values = {
        "heads": orjson.dumps(rows.heads).decode(),
        "client_id": client_id,
        "source_id": source_id,
        "snapshot_id": snapshot_id,
        "account_id": account_id,
        "now": now,
        "afresh": is_afresh,
        "told_together": TOLD_TOGETHER,
        **_event_words(rows.heads[0], rows.columns, snapshot_id),
    }
    found = await session.execute(statement, {**values, **given})
    return frozenset(found.scalars())


def _head(number: int, batch: Batch, now: datetime) -> dict[str, Any]:
    """What all alerts of one batch have; `lead` is the beginning of each reason."""
    shared = dict(batch.shared)
    lead = orjson.dumps(shared.pop("reason")).decode().removesuffix("}")
    events = uuid7_texts(-(-len(batch) // TOLD_TOGETHER), now)
    return {**shared, "head": number, "lead": f'{lead},"told_value":', "event_ids": events}


def _event_words(
    head: Mapping[str, Any], columns: Mapping[str, Sequence[Any]], snapshot_id: UUID
) -> dict[str, Any]:
    """The envelope of the events; the first of them is held against their schema, for the others are made alike."""
    sample = {
        "alert_id": columns["id"][0],
        "rule_id": str(head["rule_id"]),
        "snapshot_id": str(snapshot_id),
        "severity": head["severity"],
        "external_id": columns["external_id"][0],
        "episode": 1,
    }
    kind = describe("alert.opened", sample)
    return {f"event_{name}": word for name, word in kind.items()}


async def see_again(
    session: WriteSession,
    columns: Mapping[str, list[Any]],
    *,
    client_id: int,
    snapshot_id: UUID,
    account_id: UUID | None,
    now: datetime,
) -> None:
    """Bring open alerts up to what a reading shows; a step is written only where something changed."""
    if not columns["id"]:
        return
    values = {"client_id": client_id, "snapshot_id": snapshot_id, "account_id": account_id, "now": now}
    statement, given = await _bring(session, "see_again", "seeing", columns)
    await session.execute(statement, {**values, **given})


async def _bring(
    session: WriteSession, name: str, table: str, columns: Mapping[str, list[Any]], lines: bytes | None = None
) -> tuple[TextClause, dict[str, Any]]:
    """The statement that reads the rows, and what it needs to find them; `lines` are the rows, if somebody wrote them."""
    count = len(columns["id"])
    if count <= FEW or scope_of(session).role not in _MAY_STAGE:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return _statement(name, table, is_staged=False), {"rows": orjson.dumps(rows).decode()}
    await session.execute(_table(table))
    connection = await driver_connection(session)
    names = list(_KINDS[table])
    async with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY pg_temp.{table} ({', '.join(names)}) FROM STDIN (FORMAT csv)") as copy,
    ):
        await copy.write(lines or _lines(_KINDS[table], columns))
    return _statement(name, table, is_staged=True), {}


@lru_cache(maxsize=8)
def _statement(name: str, table: str, *, is_staged: bool) -> TextClause:
    """Counts of a table just filled are known to the planner; JSON is always taken for a hundred rows."""
    typed = ", ".join(f"{column} {kind}" for column, kind in _KINDS[table].items())
    source = (
        f"NOT MATERIALIZED (SELECT * FROM pg_temp.{table})"
        if is_staged
        else f"MATERIALIZED (SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS t({typed}))"
    )
    return text(read_statement(name).replace("{rows}", source))


@lru_cache(maxsize=2)
def _table(table: str) -> TextClause:
    typed = ", ".join(f"{column} {kind}" for column, kind in _KINDS[table].items())
    return text(f"DROP TABLE IF EXISTS pg_temp.{table}; CREATE TEMP TABLE {table} ({typed}) ON COMMIT DROP")


def _lines(kinds: Mapping[str, str], columns: Mapping[str, list[Any]]) -> bytes:
    frame = pl.DataFrame(
        {
            name: pl.Series(name, columns[name], dtype=_TYPES.get(kind, pl.String))
            for name, kind in kinds.items()
        }
    )
    return frame.write_csv(include_header=False, quote_style="non_numeric").encode()
