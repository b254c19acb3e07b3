"""Shopify's Admin API: themes by REST (legacy, leaky bucket of calls) and by GraphQL (bucket of cost points).

https://shopify.dev/docs/api/admin-rest/usage/rate-limits
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.faults import Mode
from belvedere.sandbox.limits import CostBucket
from belvedere.sandbox.paging import cut_page, decode_cursor, encode_cursor, page_mode
from belvedere.sandbox.state import sandbox_of
from belvedere.sandbox.world import Shop, Theme

SUPPORTED_VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
MOST_COST = 1000
_NODE_FIELDS = ("id", "name", "role", "processing", "createdAt", "updatedAt", "themeStoreId", "prefix")
_UNAUTHORIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"

Handler = Callable[[Request, Shop, dict[str, str]], Awaitable[Response]]


def served_version(asked: str) -> str | None:
    """Too old falls forward to the oldest supported; None for what never was a version."""
    if asked == "unstable" or asked in SUPPORTED_VERSIONS:
        return asked
    if not re.fullmatch(r"\d{4}-(01|04|07|10)", asked) or asked > SUPPORTED_VERSIONS[-1]:
        return None
    return SUPPORTED_VERSIONS[0]


def admitted(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Shop, version and token, in the order the real service looks at them."""

    async def answer(request: Request) -> Response:
        shop = sandbox_of(request).world.by_shopify_shop(request.path_params["shop"])
        version = served_version(request.path_params["version"])
        if shop is None or version is None:
            return JSONResponse({"errors": "Not Found"}, 404)
        headers = {"X-Shopify-API-Version": version}
        if request.headers.get("X-Shopify-Access-Token") != shop.client.shopify_token:
            return JSONResponse({"errors": _UNAUTHORIZED}, 401, headers)
        return await handler(request, shop, headers)

    return answer


async def list_themes(request: Request, shop: Shop, headers: dict[str, str]) -> Response:
    sandbox = sandbox_of(request)
    bucket = sandbox.limits_of_shop(shop.client.slug).rest
    if not bucket.take(1, sandbox.monotonic()):
        return rest_throttled(headers)
    used = round(bucket.size - bucket.available(sandbox.monotonic()))
    headers["X-Shopify-Shop-Api-Call-Limit"] = f"{used}/{bucket.size:.0f}"
    role = request.query_params.get("role")
    themes = [rest_theme(theme, shop) for theme in shop.themes if role in (None, theme.role)]
    page = cut_page(themes, 0, 20, page_mode(request))
    return JSONResponse({"themes": page.items}, headers=headers)


def rest_throttled(headers: dict[str, str]) -> JSONResponse:
    text = "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service."
    return JSONResponse({"errors": text}, 429, {**headers, "Retry-After": "2.0"})


def rest_theme(theme: Theme, shop: Shop) -> dict[str, Any]:
    zone = ZoneInfo(shop.client.timezone)
    return {
        "id": theme.id,
        "name": theme.name,
        "created_at": theme.created_at.astimezone(zone).isoformat(timespec="seconds"),
        "updated_at": theme.updated_at.astimezone(zone).isoformat(timespec="seconds"),
        "role": theme.role,
        "theme_store_id": theme.theme_store_id,
        "previewable": theme.previewable,
        "processing": theme.processing,
        "admin_graphql_api_id": f"gid://shopify/OnlineStoreTheme/{theme.id}",
    }


async def graphql(request: Request, shop: Shop, headers: dict[str, str]) -> Response:
    sandbox = sandbox_of(request)
    try:
        body = await request.json()
        query, variables = str(body["query"]), body.get("variables") or {}
    except (AttributeError, KeyError, TypeError, ValueError):
        return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, 400, headers)
    asked = _read_arguments(query, variables)
    if asked is None:
        return JSONResponse({"errors": [{"message": "syntax error, unexpected end"}]}, headers=headers)
    cost = 2 + asked["first"]
    bucket = sandbox.limits_of_shop(shop.client.slug).graphql
    if cost > MOST_COST:
        return JSONResponse(_cost_refused(cost), headers=headers)
    if not bucket.take(cost, sandbox.monotonic()):
        return JSONResponse(throttled(cost, bucket, sandbox.monotonic()), headers=headers)
    connection = _connection(query, asked, shop, page_mode(request))
    body = {
        "data": {"themes": connection},
        "extensions": {"cost": _cost(cost, cost, bucket, sandbox.monotonic())},
    }
    return JSONResponse(body, headers=headers)


def _read_arguments(query: str, variables: dict[str, Any]) -> dict[str, Any] | None:
    """`first`, `after` and `roles` of `themes`, written out or as variables; None if the field is absent."""
    field = re.search(r"\bthemes\s*(?:\(([^)]*)\))?\s*\{", query)
    if field is None:
        return None
    written = field.group(1) or ""

    def argument(name: str) -> Any:
        found = re.search(rf"\b{name}\s*:\s*(\$\w+|\[[^\]]*\]|\"[^\"]*\"|\w+)", written)
        if found is None:
            return None
        text = found.group(1)
        return variables.get(text[1:]) if text.startswith("$") else text

    roles = argument("roles")
    if isinstance(roles, str):
        roles = re.findall(r"\w+", roles)
    after = argument("after")
    after = after.strip('"') if isinstance(after, str) and after != "null" else None
    return {"first": int(argument("first") or 20), "after": after, "roles": roles}


def _connection(query: str, asked: dict[str, Any], shop: Shop, mode: Mode | None) -> dict[str, Any]:
    roles = asked["roles"]
    themes = [theme for theme in shop.themes if not roles or theme.role.upper() in roles]
    offset = decode_cursor(asked["after"]) if asked["after"] else 0
    page = cut_page([graphql_theme(theme, query) for theme in themes], offset or 0, asked["first"], mode)
    last = (
        encode_cursor(page.offset + page.limit) if page.next_offset is not None else encode_cursor(page.total)
    )
    connection: dict[str, Any] = {
        "pageInfo": {"hasNextPage": page.next_offset is not None, "endCursor": last if page.items else None}
    }
    if re.search(r"\bedges\b", query):
        connection["edges"] = [{"node": node} for node in page.items]
    if re.search(r"\bnodes\b", query):
        connection["nodes"] = page.items
    return connection


def graphql_theme(theme: Theme, query: str) -> dict[str, Any]:
    """Only the fields the query names."""
    whole = {
        "id": f"gid://shopify/OnlineStoreTheme/{theme.id}",
        "name": theme.name,
        "role": theme.role.upper(),
        "processing": theme.processing,
        "createdAt": theme.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updatedAt": theme.updated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "themeStoreId": theme.theme_store_id,
        "prefix": f"/t/{theme.id % 100}",
    }
    return {name: whole[name] for name in _NODE_FIELDS if re.search(rf"\b{name}\b", query)}


def _cost(requested: int, actual: int | None, bucket: CostBucket, now: float) -> dict[str, Any]:
    return {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": {
            "maximumAvailable": bucket.size,
            "currentlyAvailable": int(bucket.available(now)),
            "restoreRate": bucket.restored,
        },
    }


def throttled(cost: int, bucket: CostBucket, now: float) -> dict[str, Any]:
    """Shopify answers this with HTTP 200."""
    error = {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
    }
    return {"errors": [error], "extensions": {"cost": _cost(cost, None, bucket, now)}}


def _cost_refused(cost: int) -> dict[str, Any]:
    error = {
        "message": f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_COST}).",
        "extensions": {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_COST},
    }
    return {"errors": [error]}


ROUTES = [
    Route("/shopify/{shop}/admin/api/{version}/themes.json", admitted(list_themes)),
    Route("/shopify/{shop}/admin/api/{version}/graphql.json", admitted(graphql), methods=["POST"]),
]
