"""What people do with alerts: take, give back, close, note. Each step stands in the timeline and in the audit
log.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text

from belvedere.accounts.service import get_client
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Invalid, NotFound
from belvedere.core.events import emit_across
from belvedere.core.ids import new_id
from belvedere.watchtower import repository
from belvedere.watchtower.closing import announce_closed, closing_row
from belvedere.watchtower.contracts import ResolvedReason
from belvedere.watchtower.judging import wake_children
from belvedere.watchtower.statements import statement

BULK_LIMIT = 500
NOTE_LENGTH = 4000

_FIND = text(
    "SELECT id, client_id, state, is_acknowledged FROM watch.watchtower_alerts"
    " WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_NOTE = text(
    "INSERT INTO watch.alert_events (id, client_id, alert_id, at, kind, actor, note)"
    " VALUES (:id, :client_id, :alert_id, :now, 'note', :actor, :note)"
)
_PARENTS = text(
    "SELECT DISTINCT moved.id FROM watch.watchtower_rules moved JOIN watch.watchtower_rules child"
    " ON child.parent_rule_id = moved.id OR child.parent_rule_id = moved.overrides_rule_id"
    " WHERE moved.id = ANY (CAST(:rule_ids AS uuid[])) AND child.is_active"
)


async def acknowledge(
    session: WriteSession,
    alert_ids: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
    until: datetime | None = None,
) -> list[UUID]:
    """Take open alerts, for good or until a time; gives those that were free to take."""
    if until is not None and until <= now:
        raise Invalid(
            "The time until which you take it has passed.",
            errors=[FieldProblem("/until", "past", "Name a time to come, or leave it out.")],
        )
    return await _take(session, "acknowledge", alert_ids, actor, now, check_note(note), until)


async def unacknowledge(
    session: WriteSession, alert_ids: Sequence[UUID], *, actor: str, now: datetime, note: str | None = None
) -> list[UUID]:
    """Give taken alerts back."""
    return await _take(session, "unacknowledge", alert_ids, actor, now, check_note(note), None)


async def snooze(
    session: WriteSession,
    alert_ids: Sequence[UUID],
    until: datetime,
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
) -> list[UUID]:
    """Put open alerts out of sight and keep them quiet until a time; gives those that moved."""
    if until <= now:
        raise Invalid(
            "The time until which you snooze it has passed.",
            errors=[FieldProblem("/until", "past", "Name a time to come.")],
        )
    return await _take(session, "snooze", alert_ids, actor, now, check_note(note), until)


async def unsnooze(
    session: WriteSession, alert_ids: Sequence[UUID], *, actor: str, now: datetime, note: str | None = None
) -> list[UUID]:
    """Bring snoozed alerts back into sight, without a message."""
    return await _take(session, "unsnooze", alert_ids, actor, now, check_note(note), None)


async def resolve(
    session: WriteSession,
    alert_ids: Sequence[UUID],
    *,
    actor: str,
    now: datetime,
    note: str | None = None,
    base_url: str = "",
) -> list[UUID]:
    """Close open alerts by hand. If the condition still holds, the next reading opens a new episode."""
    await must_find(session, alert_ids)
    rows = [closing_row(alert_id, ResolvedReason.BY_PERSON, now) for alert_id in _distinct(alert_ids)]
    closed = await repository.close_alerts(session, rows, now=now, actor=actor, note=check_note(note))
    for client_id in sorted({alert.client_id for alert in closed}):
        own = [alert for alert in closed if alert.client_id == client_id]
        name = (await get_client(session, client_id)).name
        await announce_closed(session, own, name, now, actor=actor, base_url=base_url)
        await _record(session, "alert.resolved", [(client_id, alert.id) for alert in own], actor, now)
        await wake_children(session, client_id, sorted({alert.rule_id for alert in own}), None)
    return [alert.id for alert in closed]


async def add_note(session: WriteSession, alert_id: UUID, note: str, *, actor: str, now: datetime) -> UUID:
    """Write a note into the timeline; gives the id of the step."""
    clients = await must_find(session, [alert_id])
    words = check_note(note)
    if not words:
        raise Invalid("The note is empty.", errors=[FieldProblem("/note", "required", "Write something.")])
    event_id = new_id(now)
    values = {"id": event_id, "client_id": clients[alert_id], "alert_id": alert_id, "now": now}
    await session.execute(_NOTE, {**values, "actor": actor, "note": words})
    await _record(session, "alert.noted", [(clients[alert_id], alert_id)], actor, now)
    return event_id


async def must_find(session: ReadSession, alert_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The client of each alert; NotFound when one is not there for this person."""
    if len(alert_ids) > BULK_LIMIT:
        raise Invalid(f"At most {BULK_LIMIT} alerts at once.", code="too_many")
    rows = (await session.execute(_FIND, {"ids": list(alert_ids)})).all()
    found = {row.id: row.client_id for row in rows}
    if set(alert_ids) - set(found):
        raise NotFound(
            "There is no such alert." if len(alert_ids) == 1 else "Some of these alerts do not exist."
        )
    return found


async def find_alert(session: ReadSession, alert_id: UUID) -> Row[Any]:
    """Client and state of an alert; NotFound when it is not there for this person."""
    row = (await session.execute(_FIND, {"ids": [alert_id]})).one_or_none()
    if row is None:
        raise NotFound("There is no such alert.")
    return row


def must_be_open(state: str) -> None:
    if state != "open":
        raise Conflict("The alert is resolved already.", code="alert_resolved")


async def _take(
    session: WriteSession,
    name: str,
    alert_ids: Sequence[UUID],
    actor: str,
    now: datetime,
    note: str | None,
    until: datetime | None,
) -> list[UUID]:
    await must_find(session, alert_ids)
    rows = [{"id": alert_id, "event_id": new_id(now)} for alert_id in _distinct(alert_ids)]
    values = {"rows": orjson.dumps(rows).decode(), "now": now, "actor": actor, "note": note}
    if name in ("acknowledge", "snooze"):
        values["until"] = until
    moved = (await session.execute(statement(name), values)).all()
    if name in ("acknowledge", "unacknowledge"):
        await _announce_taken(session, moved, actor, now, taken=name == "acknowledge")
    await _record(session, f"alert.{name}d", [(row.client_id, row.id) for row in moved], actor, now)
    return [row.id for row in moved]


async def _announce_taken(
    session: WriteSession, moved: Sequence[Row[Any]], actor: str, now: datetime, *, taken: bool
) -> None:
    items = [
        (
            row.client_id,
            str(row.id),
            {"alert_id": str(row.id), "rule_id": str(row.rule_id), "acknowledged": taken},
        )
        for row in moved
    ]
    await emit_across(session, "alert.acknowledged", items, actor=actor, now=now)
    rule_ids = list({row.rule_id for row in moved})
    parents = set((await session.execute(_PARENTS, {"rule_ids": rule_ids})).scalars()) if rule_ids else set()
    waking = [row for row in moved if row.rule_id in parents]
    for client_id in sorted({row.client_id for row in waking}):
        own = sorted({row.rule_id for row in waking if row.client_id == client_id})
        await wake_children(session, client_id, own, None)


async def _record(
    session: WriteSession, action: str, moved: Sequence[tuple[int, UUID]], actor: str, now: datetime
) -> None:
    subjects = [(client_id, str(alert_id)) for client_id, alert_id in moved]
    await audit.record_many(
        session, action=action, actor=actor, subject_type="alert", subjects=subjects, now=now
    )


def check_note(note: str | None, field: str = "note") -> str | None:
    """A note as it is kept; Invalid when it cannot be, on the field it stands in."""
    if note is None:
        return None
    if "\x00" in note or len(note) > NOTE_LENGTH:
        raise Invalid(
            f"The {field} cannot be kept.",
            errors=[
                FieldProblem(
                    f"/{field}", "not_text", f"Write at most {NOTE_LENGTH} characters of plain text."
                )
            ],
        )
    return note.strip() or None


def _distinct(alert_ids: Sequence[UUID]) -> list[UUID]:
    return list(dict.fromkeys(alert_ids))
