"""The outbound hold: one switch that keeps every message in the outbox, as after a restore."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Forbidden
from belvedere.notify.waking import wake

_READ = text("SELECT held_since, held_reason FROM core.installation WHERE outbound_held = 1")
_HOLD = text(
    """
    UPDATE core.installation
       SET outbound_held = 1, held_since = coalesce(held_since, :now), held_reason = :reason RETURNING id
    """
)
_RELEASE = text(
    "UPDATE core.installation SET outbound_held = 0, held_since = NULL, held_reason = NULL RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Since when and why nothing is sent."""

    since: datetime | None
    reason: str | None


async def outbound_hold(session: ReadSession) -> Hold | None:
    """The hold, or None while messages go out."""
    row = (await session.execute(_READ)).one_or_none()
    return None if row is None else Hold(row.held_since, row.held_reason)


async def hold_outbound(session: WriteSession, reason: str, *, actor: str, now: datetime) -> None:
    """Stop all sending until it is released; what is under way ends. Audited."""
    await _switch(session, _HOLD, {"reason": reason, "now": now})
    await _audit(session, "outbound.hold", {"reason": reason}, actor, now)


async def release_outbound(session: WriteSession, *, actor: str, now: datetime) -> None:
    """Let messages go again; what waited is sent at once. Audited."""
    await _switch(session, _RELEASE, {})
    await _audit(session, "outbound.release", {}, actor, now)
    await wake(session, 0, now, urgent=True)


async def _switch(session: WriteSession, statement: object, values: dict[str, object]) -> None:
    if (await session.execute(statement, values)).one_or_none() is None:  # type: ignore[call-overload]
        raise Forbidden("Only owners and admins of the agency hold or release sending.")


async def _audit(
    session: WriteSession, action: str, detail: dict[str, str], actor: str, now: datetime
) -> None:
    await audit.record(
        session,
        action=action,
        actor=actor,
        subject_type="installation",
        subject_id="1",
        detail=detail,
        now=now,
    )
