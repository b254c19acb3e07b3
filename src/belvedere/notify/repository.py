"""Reading the outbox for people: lists with keyset positions, details with attempts, counts, exports.

Rows leave PostgreSQL as JSON text and are not rebuilt on the way; times are UTC in ISO 8601.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.core.reach import page_keys
from belvedere.notify.contracts import ChannelKind, DeliveryState, MessageKind

_ROW = (resources.files("belvedere.notify") / "sql" / "delivery_row.sql").read_text(encoding="utf-8")

_FROM = """
  FROM core.deliveries d
  LEFT JOIN core.clients cl ON cl.id = d.client_id
"""
_LIST = f"SELECT d.created_at, d.id, ({_ROW})::text AS body {_FROM} JOIN keys ON keys.client_id = d.client_id AND keys.id = d.id"
_ATTEMPTS = """
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'n', a.n, 'outcome', a.outcome, 'started_at', a.started_at, 'finished_at', a.finished_at,
                'seconds', round(extract(epoch FROM a.finished_at - a.started_at), 3),
                'status_code', a.status_code, 'provider_id', a.provider_id, 'error', a.error,
                'worker', a.worker) ORDER BY a.n DESC), '[]'::jsonb)
       FROM core.delivery_attempts a WHERE a.client_id = d.client_id AND a.delivery_id = d.id)
"""
_MEMBERS = """
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'subject_type', m.subject_type, 'subject_id', m.subject_id, 'kind', m.kind, 'line', m.line)
                ORDER BY m.line, m.subject_id, m.kind), '[]'::jsonb)
       FROM core.delivery_members m WHERE m.client_id = d.client_id AND m.delivery_id = d.id)
"""
# Digests, storms and notices of the agency speak of many clients; every member of staff may see that they went out.
_IS_WITHHELD = """
    (d.client_id = 0 AND d.subject_type IN ('digest', 'storm', 'channel') AND current_setting('role') = 'authenticated'
     AND NOT (SELECT app.governs()))
"""
_WITHHELD = "'This message speaks of clients outside your reach. What concerns yours stands under Alerts and Digests.'"
_DETAIL = text(
    f"""
    SELECT (({_ROW}) || jsonb_build_object(
               'text', CASE WHEN w.is_withheld THEN {_WITHHELD} ELSE d.message->>'text' END,
               'members', CASE WHEN w.is_withheld THEN '[]'::jsonb ELSE {_MEMBERS} END,
               'fields', CASE WHEN w.is_withheld THEN '[]'::jsonb ELSE d.message->'fields' END,
               'url', d.message->>'url', 'attempt_log', {_ATTEMPTS}))::text
    {_FROM} CROSS JOIN LATERAL (SELECT {_IS_WITHHELD} AS is_withheld) w WHERE d.id = :id
    """
)
_OF_SUBJECTS = text(
    f"""
    WITH told AS (
        SELECT client_id, delivery_id AS id, subject_id FROM core.delivery_members
         WHERE subject_type = :subject_type AND subject_id = ANY(:ids)
         UNION
        SELECT client_id, id, subject_id FROM core.deliveries
         WHERE subject_type = :subject_type AND subject_id = ANY(:ids)
    )
    SELECT t.subject_id, ({_ROW})::text AS body {_FROM}
      JOIN told t ON t.client_id = d.client_id AND t.id = d.id
     ORDER BY d.created_at, d.id
    """
)
_COUNTS = text(
    """
    SELECT state, count(*) AS n FROM core.deliveries
     WHERE CAST(:client_id AS integer) IS NULL OR client_id = :client_id GROUP BY state
    """
)
_CHANNELS = text((resources.files("belvedere.notify") / "sql" / "channels.sql").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list; None leaves a column open."""

    client_id: int | None = None
    state: DeliveryState | None = None
    channel: ChannelKind | None = None
    kind: MessageKind | None = None
    channel_id: UUID | None = None
    subject_type: str | None = None
    subject_id: UUID | None = None
    since: datetime | None = None

    def conditions(self) -> tuple[list[str], dict[str, Any]]:
        """Conditions on a delivery `t` and their values; the client stands apart."""
        given: dict[str, Any] = {
            "state": self.state,
            "channel": self.channel,
            "kind": self.kind,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
        }
        values = {name: value for name, value in given.items() if value is not None}
        parts = ["true", *(f"t.{name} = :{name}" for name in values)]
        if self.channel_id is not None:
            parts.append("coalesce(t.channel_id, (t.message->>'via')::uuid) = :channel_id")
            values["channel_id"] = self.channel_id
        if self.since is not None:
            parts.append("t.created_at >= :since")
            values["since"] = self.since
        return parts, values | {"client_id": self.client_id}


@dataclass(frozen=True, slots=True)
class JsonPage:
    """Rows as JSON texts, and the position after the last one when there are more."""

    rows: tuple[str, ...]
    after: tuple[datetime, UUID] | None = None

    def json(self) -> str:
        """The rows as one JSON list."""
        return f"[{','.join(self.rows)}]"

    def dicts(self) -> list[dict[str, Any]]:
        return [orjson.loads(row) for row in self.rows]


async def list_deliveries(
    session: ReadSession,
    wanted: DeliveryFilter | None = None,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> JsonPage:
    """Newest first, from the position `after`."""
    return await _page(session, wanted or DeliveryFilter(), after, limit, newest_first=True)


async def _page(
    session: ReadSession,
    wanted: DeliveryFilter,
    after: tuple[datetime, UUID] | None,
    limit: int,
    *,
    newest_first: bool,
) -> JsonPage:
    parts, values = wanted.conditions()
    sign, direction = ("<", "DESC") if newest_first else (">", "ASC")
    if after is not None:
        parts.append(f"(t.created_at, t.id) {sign} (:after_at, :after_id)")
        values |= {"after_at": after[0], "after_id": after[1]}
    keys = page_keys("core.deliveries", " AND ".join(parts), oldest_first=not newest_first)
    order = f"ORDER BY d.created_at {direction}, d.id {direction}"
    statement = text(f"WITH keys AS MATERIALIZED ({keys}) {_LIST} {order}")
    rows = (await session.execute(statement, {**values, "limit": limit + 1})).all()
    kept = rows[:limit]
    position = (kept[-1].created_at, kept[-1].id) if len(rows) > limit else None
    return JsonPage(tuple(row.body for row in kept), position)


async def get_delivery(session: ReadSession, delivery_id: UUID) -> str:
    """One delivery as JSON, with its text and every attempt (`attempt_log`, newest first)."""
    body = (await session.execute(_DETAIL, {"id": delivery_id})).scalar_one_or_none()
    if body is None:
        raise NotFound("There is no such delivery.")
    return str(body)


async def deliveries_of(
    session: ReadSession, subject_ids: Sequence[UUID], *, subject_type: str = "alert"
) -> dict[UUID, list[dict[str, Any]]]:
    """The messages that tell of each subject, oldest first; a subject without any is left out."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    if not subject_ids:
        return found
    values = {"subject_type": subject_type, "ids": list(subject_ids)}
    for row in await session.execute(_OF_SUBJECTS, values):
        found.setdefault(row.subject_id, []).append(orjson.loads(row.body))
    return found


async def counts_by_state(session: ReadSession, client_id: int | None = None) -> dict[str, int]:
    """How many deliveries are in each state; every state is named."""
    rows = (await session.execute(_COUNTS, {"client_id": client_id})).all()
    return {**{state.value: 0 for state in DeliveryState}, **{row.state: row.n for row in rows}}


async def list_channels(
    session: ReadSession, client_id: int | None = None, *, channel_id: UUID | None = None
) -> list[str]:
    """Every channel in reach with its health and counts, as JSON texts, by client and name."""
    values = {"client_id": client_id, "id": channel_id}
    return list((await session.execute(_CHANNELS, values)).scalars())


async def export_deliveries(
    session: ReadSession, wanted: DeliveryFilter | None = None, *, page: int = 500
) -> AsyncIterator[bytes]:
    """Deliveries as JSON lines, oldest first."""
    after: tuple[datetime, UUID] | None = None
    while True:
        found = await _page(session, wanted or DeliveryFilter(), after, page, newest_first=False)
        for row in found.rows:
            yield row.encode() + b"\n"
        if found.after is None:
            return
        after = found.after
