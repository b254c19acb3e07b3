"""Omnisend, three generations over the same campaigns: /v3, /v5 and /api with the header Omnisend-Version.

v3 carries counts inside the campaign; v5 lists without counts and has no single campaign; 2026-03-15 keeps
its figures behind POST /analytics. Every key opens every generation, as with the real service.
https://api-docs.omnisend.com/reference/overview
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.paging import Page, cut_page, decode_cursor, encode_cursor, page_mode, read_limit
from belvedere.sandbox.state import sandbox_of
from belvedere.sandbox.world import Automation, Campaign, Shop

Handler = Callable[[Request, Shop], Awaitable[Response]]


def stamp(moment: datetime | None) -> str | None:
    """`2026-11-20T14:00:00Z`, the form all generations use."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def refused(status: int, text: str) -> JSONResponse:
    """An error of v3 and v5."""
    return JSONResponse({"error": text, "statusCode": status}, status)


def keyed(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Finds the brand by its key and keeps its budget of calls; there are no rate headers on purpose."""

    async def answer(request: Request) -> Response:
        sandbox = sandbox_of(request)
        key = request.headers.get("X-API-KEY") or request.headers.get("Authorization", "").removeprefix(
            "Omnisend-API-Key "
        )
        shop = sandbox.world.by_omnisend_key(key)
        if shop is None:
            return refused(401, "Unauthorized: API key is missing or invalid")
        if sandbox.limits_of_brand(shop.client.omnisend_brand_id).calls.take(sandbox.monotonic()):
            return refused(429, "Too many requests")
        return await handler(request, shop)

    return answer


# Version 3


def campaign_v3(campaign: Campaign, shop: Shop, *, detail: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "campaignID": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "type": campaign.kind,
        "fromName": shop.client.name,
        "subject": campaign.subject,
        "url": "",
        "createdAt": stamp(campaign.created_at),
        "updatedAt": stamp(campaign.updated_at),
        "startDate": stamp(campaign.started_at),
        "endDate": stamp(campaign.ended_at),
        "sent": campaign.sent,
        "clicked": campaign.clicked,
        "bounced": campaign.bounced,
        "complained": campaign.complained,
        "opened": campaign.opened,
        "unsubscribed": campaign.unsubscribed,
        "allContacts": not campaign.segments,
        "segments": list(campaign.segments),
        "excludedSegments": None,
    }
    if detail:
        row["byDevices"] = {"opened": _devices(campaign.opened), "clicked": _devices(campaign.clicked)}
    return row


def _devices(count: int) -> dict[str, int]:
    mobile, tablet = round(count * 0.61), round(count * 0.04)
    return {"mobile": mobile, "tablet": tablet, "desktop": count - mobile - tablet}


def automation_v3(automation: Automation) -> dict[str, Any]:
    row: dict[str, Any] = {
        "automationID": automation.id,
        "name": automation.name,
        "status": "enabled" if automation.is_enabled else "disabled",
        "createdAt": stamp(automation.created_at),
        "updatedAt": stamp(automation.updated_at),
    }
    if automation.sent is not None:
        row |= {"sent": automation.sent, "opened": automation.opened}
    return row


def _offset_paging(request: Request, page: Page) -> dict[str, Any]:
    def link(offset: int | None) -> str | None:
        if offset is None:
            return None
        return str(request.url.include_query_params(limit=page.limit, offset=offset))

    return {
        "previous": link(page.previous_offset),
        "next": link(page.next_offset),
        "offset": page.offset,
        "limit": page.limit,
    }


def _offset_page(request: Request, items: list[dict[str, Any]]) -> Page | None:
    limit = read_limit(request, default=100, most=250)
    offset = request.query_params.get("offset", "0")
    if limit is None or not (offset.isascii() and offset.isdigit()):
        return None
    return cut_page(items, int(offset), limit, page_mode(request))


async def list_campaigns_v3(request: Request, shop: Shop) -> Response:
    wanted = request.query_params.get("status")
    found = [one for one in shop.campaigns if wanted in (None, one.status)]
    page = _offset_page(request, [campaign_v3(one, shop, detail=False) for one in found])
    if page is None:
        return refused(400, "limit must be 1 to 250 and offset 0 or more")
    return JSONResponse({"campaign": page.items, "paging": _offset_paging(request, page)})


async def get_campaign_v3(request: Request, shop: Shop) -> Response:
    campaign = shop.campaign(request.path_params["id"])
    if campaign is None:
        return refused(404, "Campaign not found")
    return JSONResponse(campaign_v3(campaign, shop, detail=True))


async def list_automations_v3(request: Request, shop: Shop) -> Response:
    page = _offset_page(request, [automation_v3(one) for one in shop.automations])
    if page is None:
        return refused(400, "limit must be 1 to 250 and offset 0 or more")
    return JSONResponse({"automations": page.items, "paging": _offset_paging(request, page)})


# Version 5


def automation_v5(automation: Automation) -> dict[str, Any]:
    return {
        "id": automation.id,
        "name": automation.name,
        "isEnabled": automation.is_enabled,
        "trigger": {"event": automation.trigger},
        "blocks": blocks_of(automation),
    }


def blocks_of(automation: Automation) -> list[dict[str, Any]]:
    return [
        {"id": f"{automation.id[:20]}{number:04x}", "type": "action", "action": {"type": "sendEmail"}}
        for number in range(automation.messages)
    ]


def _cursor_page(request: Request, items: list[dict[str, Any]]) -> Page | None:
    limit = read_limit(request, default=100, most=250)
    after = request.query_params.get("after")
    offset = decode_cursor(after) if after is not None else 0
    return None if limit is None or offset is None else cut_page(items, offset, limit, page_mode(request))


async def list_campaigns_v5(request: Request, shop: Shop) -> Response:
    """No counts; the next page by `paging.cursors.after`."""
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "status": one.status,
            "channel": "email",
            "startDate": stamp(one.started_at),
            "endDate": stamp(one.ended_at),
        }
        for one in shop.campaigns
    ]
    page = _cursor_page(request, rows)
    if page is None:
        return refused(400, "limit must be 1 to 250 and after a cursor of a page before")
    after = None if page.next_offset is None else encode_cursor(page.next_offset)
    return JSONResponse({"campaigns": page.items, "paging": {"cursors": {"after": after}}})


async def list_automations_v5(request: Request, shop: Shop) -> Response:
    """The next page by `paging.next`, a whole address; both forms are alive in v5."""
    page = _cursor_page(request, [automation_v5(one) for one in shop.automations])
    if page is None:
        return refused(400, "limit must be 1 to 250 and after a cursor of a page before")
    link = None
    if page.next_offset is not None:
        link = str(request.url.include_query_params(limit=page.limit, after=encode_cursor(page.next_offset)))
    return JSONResponse({"automations": page.items, "paging": {"next": link}})


async def not_here(_request: Request, _shop: Shop) -> Response:
    return refused(404, "Not Found")


ROUTES = [
    Route("/omnisend/v3/campaigns", keyed(list_campaigns_v3)),
    Route("/omnisend/v3/campaigns/{id}", keyed(get_campaign_v3)),
    Route("/omnisend/v3/automations", keyed(list_automations_v3)),
    Route("/omnisend/v5/campaigns", keyed(list_campaigns_v5)),
    Route("/omnisend/v5/automations", keyed(list_automations_v5)),
    Route("/omnisend/v3/{rest:path}", keyed(not_here), methods=["GET", "POST"]),
    Route("/omnisend/v5/{rest:path}", keyed(not_here), methods=["GET", "POST"]),
]
