"""An alert of advertising inside the inbox: its detail, and what people do with it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import WriteAccess
from belvedere.accounts.routing import door_router
from belvedere.ads import service
from belvedere.ads.contracts import AlertOrigin
from belvedere.web.answers import came_from, see
from belvedere.web.forms import Posted
from belvedere.web.inbox_filters import Wanted
from belvedere.web.pages_alerts import Acts, Reads, list_groups, show_detail, show_inbox
from belvedere.web.view import look

router = door_router()

ADS = AlertOrigin.ADS


@router.get("/alerts/ads/{alert_id}")
async def show_ads_alert(alert_id: UUID, access: Reads, wanted: Annotated[Wanted, Depends()]) -> Response:
    view = await look(access)
    alert = await show_detail(view, ADS, alert_id)
    return await show_inbox(view, wanted, await list_groups(view, wanted), alert, chosen=True)


@router.post("/alerts/ads/{alert_id}/acknowledge")
async def acknowledge_ads_alert(alert_id: UUID, access: Acts) -> Response:
    alert = await _must_reach(access, alert_id)
    moved = await service.acknowledge(access.session, ADS, [alert_id], actor=access.actor, now=access.now)
    undo = f"/alerts/ads/{alert_id}/unacknowledge" if moved else ""
    words = "acknowledged" if moved else "was taken already"
    return see(access.request, _back(access, alert_id), f"{alert['title']} {words}", undo=undo)


@router.post("/alerts/ads/{alert_id}/unacknowledge")
async def unacknowledge_ads_alert(alert_id: UUID, access: Acts) -> Response:
    alert = await _must_reach(access, alert_id)
    await service.unacknowledge(access.session, ADS, [alert_id], actor=access.actor, now=access.now)
    return see(access.request, _back(access, alert_id), f"{alert['title']} is open again")


@router.post("/alerts/ads/{alert_id}/resolve")
async def resolve_ads_alert(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    alert = await _must_reach(access, alert_id)
    moved = await service.resolve(
        access.session,
        ADS,
        [alert_id],
        actor=access.actor,
        now=access.now,
        note=fields.text("close-note") or None,
    )
    words = "resolved" if moved else "was resolved already"
    return see(access.request, _back(access, alert_id), f"{alert['title']} {words}")


async def _must_reach(access: WriteAccess, alert_id: UUID) -> dict[str, Any]:
    """The alert, once the permission holds at its own client."""
    alert = await service.get_inbox_alert(access.session, ADS, alert_id)
    access.require(alert["client_id"] or 0)
    return alert


def _back(access: WriteAccess, alert_id: UUID) -> str:
    own = f"/alerts/ads/{alert_id}"
    path = came_from(access.request, own)
    return path if path.startswith(own) else own
