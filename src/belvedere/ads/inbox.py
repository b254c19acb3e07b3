"""What people do with alerts of the inbox: take, give back, close.

Alerts of the watch tower go through its own service; those of advertising keep the same rules here. Each step stands in
the audit log and is told as an event, in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from belvedere.ads.contracts import AlertOrigin
from belvedere.ads.statements import statement
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.core.events import emit_across
from belvedere.watchtower import service as watchtower

MOST_AT_ONCE = 500
LONGEST_NOTE = 4000

_FIND = text("SELECT id, client_id FROM ads.alerts WHERE id = ANY (CAST(:ids AS uuid[]))")


async def acknowledge(
    session: WriteSession,
    origin: AlertOrigin,
    alert_ids: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
) -> list[UUID]:
    """Take open alerts; gives those that were free to take."""
    if origin is AlertOrigin.WATCH:
        return await watchtower.acknowledge(session, alert_ids, actor=actor, now=now, note=note)
    return await _move(session, "acknowledge", alert_ids, actor, now, note)


async def unacknowledge(
    session: WriteSession,
    origin: AlertOrigin,
    alert_ids: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
) -> list[UUID]:
    """Give taken alerts back."""
    if origin is AlertOrigin.WATCH:
        return await watchtower.unacknowledge(session, alert_ids, actor=actor, now=now, note=note)
    return await _move(session, "unacknowledge", alert_ids, actor, now, note)


async def resolve(
    session: WriteSession,
    origin: AlertOrigin,
    alert_ids: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
    base_url: str = "",
) -> list[UUID]:
    """Close open alerts by hand."""
    if origin is AlertOrigin.WATCH:
        return await watchtower.resolve(
            session, alert_ids, actor=actor, now=now, note=note, base_url=base_url
        )
    return await _move(session, "resolve", alert_ids, actor, now, note)


async def must_find(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The client of each alert of advertising; NotFound when one is not there for this person."""
    if len(alert_ids) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} alerts at once.", code="too_many")
    found = {row.id: row.client_id for row in await session.execute(_FIND, {"ids": list(alert_ids)})}
    if set(alert_ids) - set(found):
        raise NotFound(
            "There is no such alert." if len(alert_ids) == 1 else "Some of these alerts do not exist."
        )
    return found


async def _move(
    session: WriteSession, act: str, alert_ids: Sequence[UUID], actor: str, now: datetime, note: str | None
) -> list[UUID]:
    words = _check_note(note)
    await must_find(session, alert_ids)
    values: dict[str, Any] = {"ids": list(alert_ids)}
    if act != "unacknowledge":
        values |= {"now": now, "actor": actor}
    moved = sorted((await session.execute(statement(act), values)).all(), key=lambda row: row.id)
    items = [(row.client_id, *_tell(act, row)) for row in moved]
    await emit_across(session, _event_of(act), items, actor=actor, now=now)
    await audit.record_many(
        session, action=f"ads_alert.{act}d", actor=actor, subject_type="ads_alert",
        subjects=[(row.client_id, str(row.id)) for row in moved], now=now, detail={"note": words} if words else None,
    )  # fmt: skip
    return [row.id for row in moved]


def _event_of(act: str) -> str:
    return "ads_alert.resolved" if act == "resolve" else "ads_alert.acknowledged"


def _tell(act: str, row: Row[Any]) -> tuple[str, dict[str, Any]]:
    data: dict[str, Any] = {"alert_id": str(row.id)}
    if row.campaign_id:
        data["campaign_id"] = str(row.campaign_id)
    data |= {"reason": "by_person"} if act == "resolve" else {"acknowledged": act == "acknowledge"}
    return str(row.id), data


def _check_note(note: str | None) -> str | None:
    if note is None:
        return None
    if "\x00" in note or len(note) > LONGEST_NOTE:
        problem = FieldProblem("/note", "not_text", f"Write at most {LONGEST_NOTE} characters of plain text.")
        raise Invalid("The note cannot be kept.", errors=[problem])
    return note.strip() or None
