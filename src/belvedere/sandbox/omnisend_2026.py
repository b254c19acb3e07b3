"""Omnisend 2026-03-15: version by header, problems of RFC 9457, opaque cursors, unknown parameters refused.

https://api-docs.omnisend.com/reference/overview
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.omnisend import blocks_of, stamp
from belvedere.sandbox.paging import Page, cut_page, decode_cursor, encode_cursor, page_mode, read_limit
from belvedere.sandbox.state import OmnisendLimits, sandbox_of
from belvedere.sandbox.world import Automation, Campaign, Shop

SUPPORTED = "2026-03-15"
_STATUS = {"inProgress": "started"}
_KIND = {"standart": "regular"}
_LIST_PARAMETERS = {"limit", "after", "before", "sort", "direction", "nameContains"}
_CAMPAIGN_PARAMETERS = _LIST_PARAMETERS | {"status", "channel", "type"}
_AUTOMATION_PARAMETERS = _LIST_PARAMETERS | {"isEnabled"}

Handler = Callable[[Request, Shop], Awaitable[Response]]
FieldErrors = list[dict[str, str]]


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    body = {
        "type": f"https://problems.omnisend.com/{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": f"urn:omnisend:request:{uuid4()}",
        **more,
    }
    return JSONResponse(body, status, media_type="application/problem+json")


def invalid(errors: FieldErrors) -> JSONResponse:
    return problem(400, "Validation Error", "The request contains invalid or missing fields.", errors=errors)


def too_many(wait: float) -> JSONResponse:
    """The body names the wait; there is no Retry-After header, as with the real service."""
    return problem(429, "Too Many Requests", "Rate limit exceeded.", retryAfter=max(1, round(wait)))


def field_error(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}


def versioned(handler: Handler, *, analytics: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """Version first, then the key, then the brand's budget."""

    async def answer(request: Request) -> Response:
        refusal = check_version(request.headers.get("Omnisend-Version"))
        if refusal is not None:
            return refusal
        sandbox = sandbox_of(request)
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        shop = sandbox.world.by_omnisend_key(key) if scheme in {"Omnisend-API-Key", "Bearer"} else None
        if shop is None:
            return problem(401, "Unauthorized", "Authentication is missing or invalid.")
        limits = sandbox.limits_of_brand(shop.client.omnisend_brand_id)
        wait = _take(limits, sandbox.monotonic(), analytics=analytics)
        return too_many(wait) if wait else await handler(request, shop)

    return answer


def _take(limits: OmnisendLimits, now: float, *, analytics: bool) -> float:
    wait = limits.calls.take(now)
    if analytics and not wait:
        wait = limits.analytics.take(now) or limits.analytics_day.take(now)
    return wait


def check_version(version: str | None) -> JSONResponse | None:
    """A date between two releases means the earlier one; anything before the first release is retired."""
    if not version:
        return invalid([field_error("Omnisend-Version", "required", "The version header is required")])
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        return invalid([field_error("Omnisend-Version", "invalid_format", "Must be a date like 2026-03-15")])
    if version < SUPPORTED:
        return problem(410, "Gone", f"API version {version} has been retired.")
    return None


def campaign_row(campaign: Campaign, shop: Shop) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": campaign.id,
        "brandID": shop.client.omnisend_brand_id,
        "name": campaign.name,
        "type": _KIND.get(campaign.kind, campaign.kind),
        "channel": "email",
        "status": _STATUS.get(campaign.status, campaign.status),
        "language": "de_DE" if shop.client.language == "de" else "en_US",
        "audience": {"includedSegmentIDs": list(campaign.segments), "excludedSegmentIDs": []},
        "sendingSettings": {"strategy": "immediate", "isTZOptimizationEnabled": False},
        "createdAt": stamp(campaign.created_at),
        "updatedAt": stamp(campaign.updated_at),
    }
    if row["type"] == "regular":
        row["content"] = {"email": {"subject": campaign.subject, "senderName": shop.client.name}}
    if campaign.started_at and campaign.status != "scheduled":
        row["startedAt"] = stamp(campaign.started_at)
    if campaign.ended_at:
        row["endedAt"] = stamp(campaign.ended_at)
    return row


def automation_row(automation: Automation, shop: Shop) -> dict[str, Any]:
    return {
        "id": automation.id,
        "brandID": shop.client.omnisend_brand_id,
        "name": automation.name,
        "isEnabled": automation.is_enabled,
        "trigger": {"event": automation.trigger},
        "blocks": blocks_of(automation),
        "createdAt": stamp(automation.created_at),
        "updatedAt": stamp(automation.updated_at),
    }


def _parameter_errors(request: Request, known: set[str]) -> FieldErrors:
    query = request.query_params
    errors = [
        field_error(name, "unknown_parameter", "Unknown parameter") for name in query if name not in known
    ]
    if read_limit(request, default=100, most=250) is None:
        errors.append(field_error("limit", "out_of_range", "Must be a number from 1 to 250"))
    if "after" in query and "before" in query:
        errors.append(field_error("before", "conflict", "Send either after or before"))
    if "direction" in query and "sort" not in query:
        errors.append(field_error("direction", "conflict", "Only valid together with sort"))
    errors += [
        field_error(name, "invalid_format", "Not a cursor of this list")
        for name in ("after", "before")
        if name in query and decode_cursor(query[name]) is None
    ]
    return errors


def _sorted(request: Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    column = request.query_params.get("sort", "createdAt")
    return sorted(
        rows,
        key=lambda row: (row.get(column) or "", row["id"]),
        reverse=request.query_params.get("direction", "desc") == "desc",
    )


def _listing(request: Request, rows: list[dict[str, Any]], name: str) -> JSONResponse:
    limit = read_limit(request, default=100, most=250) or 100
    after, before = request.query_params.get("after"), request.query_params.get("before")
    offset = decode_cursor(after) if after else 0
    if before:
        offset = max(0, (decode_cursor(before) or 0) - limit)
    page = cut_page(_sorted(request, rows), offset or 0, limit, page_mode(request))
    return JSONResponse({name: page.items, "paging": _paging(page)})


def _paging(page: Page) -> dict[str, Any]:
    return {
        "limit": page.limit,
        "hasMore": page.next_offset is not None,
        "cursors": {
            "after": None if page.next_offset is None else encode_cursor(page.next_offset),
            "before": None if page.previous_offset is None else encode_cursor(page.offset),
        },
    }


async def list_campaigns(request: Request, shop: Shop) -> Response:
    errors = _parameter_errors(request, _CAMPAIGN_PARAMETERS)
    if errors:
        return invalid(errors)
    query = request.query_params
    rows = [campaign_row(one, shop) for one in shop.campaigns]
    for name in ("status", "channel", "type"):
        wanted = query.getlist(name)
        rows = [row for row in rows if not wanted or row[name] in wanted]
    needle = query.get("nameContains", "").casefold()
    return _listing(request, [row for row in rows if needle in row["name"].casefold()], "campaigns")


async def get_campaign(request: Request, shop: Shop) -> Response:
    campaign = shop.campaign(request.path_params["id"])
    if campaign is None:
        return problem(404, "Not Found", "Campaign not found.")
    return JSONResponse(campaign_row(campaign, shop))


async def list_automations(request: Request, shop: Shop) -> Response:
    errors = _parameter_errors(request, _AUTOMATION_PARAMETERS)
    if errors:
        return invalid(errors)
    query = request.query_params
    rows = [automation_row(one, shop) for one in shop.automations]
    if "isEnabled" in query:
        rows = [row for row in rows if row["isEnabled"] is (query["isEnabled"] == "true")]
    needle = query.get("nameContains", "").casefold()
    return _listing(request, [row for row in rows if needle in row["name"].casefold()], "automations")


async def get_automation(request: Request, shop: Shop) -> Response:
    found = next((one for one in shop.automations if one.id == request.path_params["id"]), None)
    if found is None:
        return problem(404, "Not Found", "Automation workflow not found.")
    return JSONResponse(automation_row(found, shop))


async def unknown_path(_request: Request, _shop: Shop) -> Response:
    return problem(404, "Not Found", "There is nothing at this address.")


ROUTES = [
    Route("/omnisend/api/campaigns", versioned(list_campaigns)),
    Route("/omnisend/api/campaigns/{id}", versioned(get_campaign)),
    Route("/omnisend/api/automations", versioned(list_automations)),
    Route("/omnisend/api/automations/{id}", versioned(get_automation)),
]
FALLBACK = Route("/omnisend/api/{rest:path}", versioned(unknown_path), methods=["GET", "POST"])
