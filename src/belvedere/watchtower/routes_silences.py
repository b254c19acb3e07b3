"""REST of silences and of "who blocks whom"; mounted under /api/v1."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower import blocking, silences
from belvedere.watchtower.contracts import Severity
from belvedere.watchtower.schemas import ClientFilter, ClientId, Moment
from belvedere.watchtower.silences import SilenceDraft

router = door_router()

ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
ReadsAlerts = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
WritesAlerts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]
Limit = Annotated[int, Query(ge=1, le=200)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
Reason = Annotated[str, Field(max_length=4000)]


class SilenceCreate(BaseModel):
    """What to keep quiet; without a client every client. Give `ends_at` or `minutes`."""

    model_config = ConfigDict(extra="forbid")

    client_id: ClientId | None = None
    rule_id: UUID | None = None
    source_id: UUID | None = None
    severity: Severity | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    minutes: Minutes | None = None
    reason: Reason = ""

    def draft(self, now: datetime) -> SilenceDraft:
        ends_at = self.ends_at
        if ends_at is not None and self.minutes is not None:
            detail = "Give `ends_at` or `minutes`, not both."
            problems = [FieldProblem(f"/{name}", "twice", detail) for name in ("ends_at", "minutes")]
            raise Invalid(f"The silence has two ends. {detail}", errors=problems)
        if ends_at is None and self.minutes is not None:
            ends_at = _end_of(self.starts_at or now, self.minutes)
        if ends_at is None:
            problem = FieldProblem("/ends_at", "required", "Say when it ends, or for how many minutes.")
            raise Invalid(f"The silence has no end. {problem.detail}", errors=[problem])
        return SilenceDraft(
            client_id=self.client_id or 0,
            ends_at=ends_at,
            starts_at=self.starts_at,
            rule_id=self.rule_id,
            source_id=self.source_id,
            severity=self.severity,
            external_id=self.external_id,
            reason=self.reason,
        )


def _end_of(starts_at: datetime, minutes: int) -> datetime:
    try:
        return starts_at + timedelta(minutes=minutes)
    except OverflowError as error:
        problem = FieldProblem("/starts_at", "too_late", "Name a beginning that a calendar knows.")
        raise Invalid(f"The silence begins too late. {problem.detail}", errors=[problem]) from error


class SilenceUpdate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ends_at: Moment | None = None
    reason: Reason | None = None


@router.get("/silences", tags=["alerts"], summary="Silences, newest first")
async def list_silences(
    access: ReadsAlerts,
    client_id: ClientFilter = None,
    rule_id: UUID | None = None,
    running: bool | None = None,  # noqa: FBT001 - a query parameter
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    page = await silences.list_silences(
        access.session,
        access.now,
        client_id=client_id,
        rule_id=rule_id,
        running=running,
        limit=limit,
        cursor=cursor,
    )
    return Response(page.envelope(access.now), media_type="application/json")


@router.post("/silences", tags=["alerts"], status_code=201, summary="Begin or plan a silence")
async def create_silence(body: SilenceCreate, access: WritesAlerts) -> dict[str, Any]:
    access.require_reach(body.client_id or 0, silences.FOR_ALL)
    return await silences.create_silence(
        access.session, body.draft(access.now), actor=access.actor, now=access.now
    )


@router.get("/silences/{silence_id}", tags=["alerts"], summary="One silence")
async def get_silence(silence_id: UUID, access: ReadsAlerts) -> dict[str, Any]:
    return await silences.get_silence(access.session, silence_id, access.now)


@router.patch("/silences/{silence_id}", tags=["alerts"], summary="Move the end of a silence")
async def change_silence(silence_id: UUID, body: SilenceUpdate, access: WritesAlerts) -> dict[str, Any]:
    access.require_reach(await silences.client_of_silence(access.session, silence_id), silences.FOR_ALL)
    return await silences.change_silence(
        access.session,
        silence_id,
        actor=access.actor,
        now=access.now,
        ends_at=body.ends_at,
        reason=body.reason,
    )


@router.delete("/silences/{silence_id}", tags=["alerts"], status_code=204, summary="End a silence now")
async def end_silence(silence_id: UUID, access: WritesAlerts) -> Response:
    access.require_reach(await silences.client_of_silence(access.session, silence_id), silences.FOR_ALL)
    await silences.end_silence(access.session, silence_id, actor=access.actor, now=access.now)
    return Response(status_code=204)


@router.get("/rules/{rule_id}/blocking", tags=["rules"], summary="Who blocks whom around a rule")
async def show_blocking(rule_id: UUID, access: ReadsRules) -> dict[str, Any]:
    return await blocking.rule_blocking(access.session, rule_id, access.now)


@router.get("/dependencies", tags=["rules"], summary="Every rule that waits for another")
async def list_dependencies(access: ReadsRules, client_id: ClientFilter = None) -> dict[str, Any]:
    return await blocking.list_dependencies(access.session, access.now, client_id=client_id)
