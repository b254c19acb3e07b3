"""REST of the inbox over both tables of alerts; mounted under /api/v1."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.ads import service
from belvedere.ads.contracts import AlertOrigin, InboxState
from belvedere.ads.schemas import InboxRemark
from belvedere.core.errors import Conflict
from belvedere.watchtower.contracts import Severity

router = door_router()

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]


@router.get("/inbox", tags=["alerts"], summary="Alerts of the watch tower and of advertising, newest first")
async def list_inbox(
    access: Reads,
    origin: AlertOrigin | None = None,
    state: InboxState | None = None,
    severity: Annotated[list[Severity] | None, Query()] = None,
    client_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    rule_id: UUID | None = None,
    search: Annotated[str | None, Query(max_length=200)] = None,
    since: datetime | None = None,
    source_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Response:
    wanted = service.InboxFilter(
        origin, state, tuple(severity) if severity else None, client_id, rule_id, search, since, source_id
    )
    page = await service.list_inbox(access.session, wanted, limit=limit, cursor=cursor)
    return Response(page.envelope(access.now), media_type="application/json")


@router.get("/inbox/{origin}/{alert_id}", tags=["alerts"], summary="One alert in the shape of the inbox")
async def get_inbox_alert(origin: AlertOrigin, alert_id: UUID, access: Reads) -> dict[str, Any]:
    return await service.get_inbox_alert(access.session, origin, alert_id)


@router.post(
    "/inbox/{origin}/{alert_id}/acknowledge", tags=["alerts"], summary="Acknowledge an alert of the inbox"
)
async def acknowledge_inbox_alert(
    origin: AlertOrigin, alert_id: UUID, access: Acts, body: InboxRemark | None = None
) -> dict[str, Any]:
    await _must_be_open(access, origin, alert_id)
    await service.acknowledge(
        access.session,
        origin,
        [alert_id],
        actor=access.actor,
        now=access.now,
        note=body.note if body else None,
    )
    return await service.get_inbox_alert(access.session, origin, alert_id)


@router.delete(
    "/inbox/{origin}/{alert_id}/acknowledge", tags=["alerts"], summary="Give an alert of the inbox back"
)
async def unacknowledge_inbox_alert(origin: AlertOrigin, alert_id: UUID, access: Acts) -> dict[str, Any]:
    await _must_be_open(access, origin, alert_id)
    await service.unacknowledge(access.session, origin, [alert_id], actor=access.actor, now=access.now)
    return await service.get_inbox_alert(access.session, origin, alert_id)


@router.post(
    "/inbox/{origin}/{alert_id}/resolve", tags=["alerts"], summary="Resolve an alert of the inbox by hand"
)
async def resolve_inbox_alert(
    origin: AlertOrigin, alert_id: UUID, access: Acts, body: InboxRemark | None = None
) -> dict[str, Any]:
    await _must_be_open(access, origin, alert_id)
    await service.resolve(
        access.session, origin, [alert_id], actor=access.actor, now=access.now, note=body.note if body else None,
        base_url=access.runtime.settings.address,
    )  # fmt: skip
    return await service.get_inbox_alert(access.session, origin, alert_id)


async def _must_be_open(access: WriteAccess, origin: AlertOrigin, alert_id: UUID) -> None:
    """The permission counts at the alert's own client; a closed alert is not taken or closed again."""
    alert = await service.get_inbox_alert(access.session, origin, alert_id)
    access.require(alert["client_id"] or 0)
    if alert["state"] == InboxState.RESOLVED:
        raise Conflict("The alert is resolved already.", code="alert_resolved")
