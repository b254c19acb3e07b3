"""Silences: times in which alerts open and close as always, but nobody is told. None of it commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.accounts.service import get_client
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.core.jobs import enqueue
from belvedere.watchtower import rule_rows
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.inbox import check_note
from belvedere.watchtower.lists import Page, read_page
from belvedere.watchtower.statements import statement
from belvedere.watchtower.tick import TICK

_INSERT = text(
    "INSERT INTO watch.silences (id, client_id, rule_id, source_id, severity, external_id, starts_at, ends_at, reason,"
    " created_by, created_at) VALUES (:id, :client_id, CAST(:rule_id AS uuid), CAST(:source_id AS uuid), :severity,"
    " :external_id, :starts_at, :ends_at, :reason, :actor, :now)"
)
_FIND = text("SELECT client_id, starts_at, ends_at, ended_at FROM watch.silences WHERE id = :id FOR UPDATE")
_CLIENT = text("SELECT client_id FROM watch.silences WHERE id = :id")
_CHANGE = text(
    "UPDATE watch.silences SET ends_at = coalesce(:ends_at, ends_at), reason = coalesce(:reason, reason)"
    " WHERE id = :id AND client_id = :client_id"
)
_END = text(
    "UPDATE watch.silences SET ended_at = :now, ended_by = :actor WHERE id = :id AND client_id = :client_id"
)


FOR_ALL = "A silence of every client asks for somebody who reaches every client. Name one client."


@dataclass(frozen=True, slots=True)
class SilenceDraft:
    """What to keep quiet, and until when; None covers everything, client 0 every client."""

    client_id: int
    ends_at: datetime
    starts_at: datetime | None = None
    rule_id: UUID | None = None
    source_id: UUID | None = None
    severity: Severity | None = None
    external_id: str | None = None
    reason: str = ""


async def create_silence(
    session: WriteSession, draft: SilenceDraft, *, actor: str, now: datetime
) -> dict[str, Any]:
    """Begin or plan a silence."""
    starts_at = draft.starts_at or now
    _check_times(starts_at, draft.ends_at, now)
    await get_client(session, draft.client_id)
    if draft.rule_id is not None:
        rule = await rule_rows.find_rule(session, draft.rule_id)
        if rule is None or (draft.client_id and rule.client_id not in (0, draft.client_id)):
            raise _invalid("rule_id", "unknown", "There is no such rule of this client or of every client.")
    if draft.source_id and not await rule_rows.find_place(session, draft.source_id, draft.client_id):
        raise _invalid("source_id", "unknown", "There is no such source.")
    silence_id = new_id(now)
    values = {
        "id": silence_id,
        "client_id": draft.client_id,
        "rule_id": draft.rule_id,
        "source_id": draft.source_id,
        "severity": draft.severity,
        "external_id": draft.external_id,
        "starts_at": starts_at,
        "ends_at": draft.ends_at,
        "reason": check_note(draft.reason, "reason") or "",
    }
    await session.execute(_INSERT, {**values, "actor": actor, "now": now})
    await _record(session, "created", silence_id, draft.client_id, actor, now)
    return await get_silence(session, silence_id, now)


async def change_silence(
    session: WriteSession,
    silence_id: UUID,
    *,
    actor: str,
    now: datetime,
    ends_at: datetime | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Move the end of a silence that is not over, or say why it is there."""
    row = await _must_find(session, silence_id)
    if row.ended_at is not None or row.ends_at <= now:
        raise Conflict("The silence is over. Make a new one.", code="silence_over")
    if ends_at is not None:
        _check_times(row.starts_at, ends_at, now)
    values = {"ends_at": ends_at, "reason": check_note(reason, "reason"), "client_id": row.client_id}
    await _write(session, _CHANGE, {**values, "id": silence_id})
    await _record(session, "changed", silence_id, row.client_id, actor, now)
    return await get_silence(session, silence_id, now)


async def end_silence(session: WriteSession, silence_id: UUID, *, actor: str, now: datetime) -> None:
    """End a silence now; what it held and still stands open is told within the minute."""
    row = await _must_find(session, silence_id)
    if row.ended_at is not None:
        return
    await _write(session, _END, {"id": silence_id, "client_id": row.client_id, "now": now, "actor": actor})
    await _record(session, "ended", silence_id, row.client_id, actor, now)
    await enqueue(session, TICK, actor=actor, queueing_lock=f"{TICK}:now")


async def list_silences(
    session: ReadSession,
    now: datetime,
    *,
    client_id: int | None = None,
    rule_id: UUID | None = None,
    running: bool | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """Silences, newest first; `running` leaves out those that are over, False the others."""
    values = {"id": None, "client_id": client_id, "rule_id": rule_id, "running": running, "now": now}
    return await read_page(session, statement("list_silences"), "silences", values, limit, cursor)


async def get_silence(session: ReadSession, silence_id: UUID, now: datetime) -> dict[str, Any]:
    """One silence with what it holds."""
    values = {"id": silence_id, "client_id": None, "rule_id": None, "running": None, "now": now}
    page = await read_page(session, statement("list_silences"), "silences", values, 1, None)
    rows: list[dict[str, Any]] = orjson.loads(page.data)
    if not rows:
        raise NotFound("There is no such silence.")
    return rows[0]


async def client_of_silence(session: ReadSession, silence_id: UUID) -> int:
    """The client it is for, 0 for every client; raises NotFound."""
    found = (await session.execute(_CLIENT, {"id": silence_id})).scalar_one_or_none()
    if found is None:
        raise NotFound("There is no such silence.")
    return int(found)


async def _must_find(session: ReadSession, silence_id: UUID) -> Any:
    row = (await session.execute(_FIND, {"id": silence_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such silence.")
    return row


async def _write(session: WriteSession, change: Any, values: dict[str, Any]) -> None:
    if not (await session.execute(change, values)).rowcount:  # type: ignore[attr-defined]
        raise Forbidden("You may read this silence, but not change it.")


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= now:
        raise _invalid("ends_at", "past", "Its end is past. Name one that lies ahead.")
    if ends_at <= starts_at:
        raise _invalid("ends_at", "past", "Its end is not after its beginning. Name a later end.")


def _invalid(field: str, code: str, detail: str) -> Invalid:
    said = f"The silence cannot be kept: {detail[0].lower()}{detail[1:]}"
    return Invalid(said, errors=[FieldProblem(f"/{field}", code, detail)])


async def _record(
    session: WriteSession, word: str, silence_id: UUID, client_id: int, actor: str, now: datetime
) -> None:
    await audit.record(
        session,
        action=f"silence.{word}",
        actor=actor,
        subject_type="silence",
        subject_id=str(silence_id),
        client_id=client_id,
        now=now,
    )
