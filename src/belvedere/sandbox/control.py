"""The controls: let time pass, make a platform fail, set a figure, start over."""

from datetime import date
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from belvedere.core.errors import BelvedereError, Invalid, NotFound
from belvedere.sandbox.changes import advance, change_campaign, publish_theme, set_cvr
from belvedere.sandbox.chat import Channel
from belvedere.sandbox.clients import CLIENTS_BY_SLUG, DISCORD_BOT_TOKEN, SandboxClient
from belvedere.sandbox.faults import parse_fault
from belvedere.sandbox.omnisend import campaign_v3
from belvedere.sandbox.shop_pages import WORDS
from belvedere.sandbox.shopify import rest_theme
from belvedere.sandbox.state import Sandbox, sandbox_of
from belvedere.sandbox.talk import say
from belvedere.sandbox.world import Shop

_FORM = "application/x-www-form-urlencoded"


async def read_wishes(request: Request) -> dict[str, Any]:
    """The body as an object: JSON, or a posted form of the control page. Nothing is an empty object."""
    if await _is_form(request):
        async with request.form() as form:
            return {name: str(value) for name, value in form.items() if value != ""}
    text = await request.body()
    try:
        body = orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise Invalid("The body is a JSON object.")
    return body


async def _is_form(request: Request) -> bool:
    """A posted form; `curl -d` calls JSON a form too unless told otherwise."""
    is_named = request.headers.get("Content-Type", "").startswith(_FORM)
    request.state.is_form = is_named and not (await request.body()).lstrip().startswith(b"{")
    return bool(request.state.is_form)


def done(request: Request, answer: dict[str, Any]) -> Response:
    """A form goes back to its page; everything else gets JSON."""
    if getattr(request.state, "is_form", request.headers.get("Content-Type", "").startswith(_FORM)):
        return RedirectResponse("/control", 303)
    return JSONResponse(answer)


def shop_named(sandbox: Sandbox, name: str) -> Shop:
    shop = sandbox.world.by_slug(name)
    if shop is None:
        raise NotFound(f"There is no client '{name}'. Clients: {', '.join(CLIENTS_BY_SLUG)}.")
    return shop


async def time_passes(request: Request) -> Response:
    sandbox = sandbox_of(request)
    wishes = await read_wishes(request)
    client = wishes.get("client")
    slugs = (shop_named(sandbox, str(client)).client.slug,) if client else None
    try:
        days = int(wishes.get("days", 1))
    except (TypeError, ValueError) as error:
        raise Invalid("'days' is a whole number.") from error
    changes = advance(sandbox.world, days, slugs)
    return done(request, {"now": sandbox.world.now.isoformat(), "changes": changes})


async def misbehave(request: Request) -> Response:
    sandbox = sandbox_of(request)
    sandbox.faults.arm(parse_fault(await read_wishes(request)))
    return done(request, {"faults": [fault.shown() for fault in sandbox.faults.faults]})


async def reset(request: Request) -> Response:
    sandbox = sandbox_of(request)
    seed = (await read_wishes(request)).get("seed")
    try:
        sandbox.reset(None if seed is None else int(seed))
    except (TypeError, ValueError) as error:
        raise Invalid("'seed' is a whole number.") from error
    return done(request, {"seed": sandbox.world.seed, "now": sandbox.world.now.isoformat()})


async def state(request: Request) -> Response:
    return JSONResponse(state_of(sandbox_of(request)))


def state_of(sandbox: Sandbox) -> dict[str, Any]:
    base, options = sandbox.base_url, sandbox.options
    return {
        "seed": sandbox.world.seed,
        "steps": sandbox.world.steps,
        "now": sandbox.world.now.isoformat(),
        "addresses": addresses(sandbox),
        "smtp": {
            "host": options.host,
            "port": sandbox.smtp_port,
            "username": options.smtp_username,
            "password": options.smtp_password,
            "auth_required": options.smtp_auth_required,
        },
        "discord": {
            "bot_token": DISCORD_BOT_TOKEN,
            "channels": [
                {"id": one.id, "name": one.name, "access": one.access, "messages": len(one.messages)}
                for one in sandbox.chat.channels.values()
            ],
        },
        "clients": [client_state(base, shop) for shop in sandbox.world.shops.values()],
        "faults": [fault.shown() for fault in sandbox.faults.faults],
        "history": sandbox.world.history,
        "ledger": sandbox.ledger.totals(),
    }


def addresses(sandbox: Sandbox) -> dict[str, str]:
    """What goes into the settings of the same names, and the pages for people."""
    base = sandbox.base_url
    return {
        "index": f"{base}/",
        "omnisend_base_url": f"{base}/omnisend",
        "shopify_base_url": f"{base}/shopify/{{shop}}",
        "discord_base_url": f"{base}/discord/api/v10",
        "shop_report": f"{base}/shop/{{client}}/reports/conversion",
        "mail": f"{base}/mail",
        "discord": f"{base}/discord",
        "control": f"{base}/control",
        "ledger": f"{base}/ledger.json",
        "smtp": f"smtp://{sandbox.options.host}:{sandbox.smtp_port}",
    }


def client_state(base: str, shop: Shop) -> dict[str, Any]:
    client = shop.client
    return {
        **keys_of(client),
        "report": report_settings(base, client),
        "discord_webhook_url": (
            f"{base}/discord/api/webhooks/{client.discord_webhook_id}/{client.discord_webhook_token}"
        ),
        "campaigns": len(shop.campaigns),
        "campaign_statuses": _tally([one.status for one in shop.campaigns]),
        "automations": len(shop.automations),
        "main_theme": {"id": shop.main_theme.id, "name": shop.main_theme.name},
        "cvr": round(shop.periods[0].percent, 2),
        "cvr_period_start": shop.periods[0].starts_on.isoformat(),
    }


def report_settings(base: str, client: SandboxClient) -> dict[str, str]:
    """What a scraper needs to know of the shop's conversion page."""
    words = WORDS[client.language]
    return {
        "url": f"{base}/shop/{client.slug}/reports/conversion",
        "table_selector": "#conversion-report",
        "period_heading": words["period"],
        "cvr_heading": words["cvr"],
        "number_locale": client.language,
    }


def keys_of(client: SandboxClient) -> dict[str, str]:
    return {
        "slug": client.slug,
        "name": client.name,
        "currency": client.currency,
        "timezone": client.timezone,
        "omnisend_version": client.omnisend_version,
        "omnisend_key": client.omnisend_key,
        "shopify_shop": client.shopify_shop,
        "shopify_token": client.shopify_token,
        "discord_channel_id": client.discord_channel_id,
    }


def _tally(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}


async def set_campaign(request: Request) -> Response:
    sandbox = sandbox_of(request)
    shop = shop_named(sandbox, request.path_params["client"])
    wishes = await read_wishes(request)
    campaign = change_campaign(sandbox.world, shop, request.path_params["id"], wishes)
    return JSONResponse(campaign_v3(campaign, shop, detail=True))


async def set_main_theme(request: Request) -> Response:
    """{"theme_id": 123}"""
    sandbox = sandbox_of(request)
    shop = shop_named(sandbox, request.path_params["client"])
    theme_id = (await read_wishes(request)).get("theme_id")
    if not isinstance(theme_id, int):
        raise Invalid("'theme_id' is the numeric id of one of the shop's themes.")
    publish_theme(sandbox.world, shop, theme_id)
    return JSONResponse({"themes": [rest_theme(theme, shop) for theme in shop.themes]})


async def set_conversion(request: Request) -> Response:
    """{"cvr": 1.4, "period_start": "2026-11-09"}; without a start, the newest week."""
    shop = shop_named(sandbox_of(request), request.path_params["client"])
    wishes = await read_wishes(request)
    try:
        start = date.fromisoformat(wishes["period_start"]) if wishes.get("period_start") else None
        period = set_cvr(shop, float(wishes["cvr"]), start)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("'cvr' is a number of percent, 'period_start' a day like 2026-11-09.") from error
    return JSONResponse({"period_start": period.starts_on.isoformat(), "cvr": round(period.percent, 2)})


async def set_channel(request: Request) -> Response:
    """{"access": "ok" | "forbidden" | "gone"}"""
    channel = sandbox_of(request).chat.channels.get(request.path_params["id"])
    if channel is None:
        raise NotFound("There is no such channel.")
    access = (await read_wishes(request)).get("access")
    if access not in {"ok", "forbidden", "gone"}:
        raise Invalid("'access' is ok, forbidden or gone.")
    channel.access = access
    return JSONResponse({"id": channel.id, "access": channel.access})


def channel_named(sandbox: Sandbox, name: str) -> Channel:
    """A channel by its id, or a client's conversation by the client."""
    shop = sandbox.world.by_slug(name)
    channel = sandbox.chat.channels.get(shop.client.talk_channel_id if shop else name)
    if channel is None:
        raise NotFound("There is no such channel.")
    return channel


async def say_something(request: Request) -> Response:
    """{"as": "team" | "client" | "bot" | "system", "text"?, "at"?, "hours_ago"?}"""
    sandbox = sandbox_of(request)
    channel = channel_named(sandbox, request.path_params["id"])
    return done(request, say(sandbox.chat, channel, await read_wishes(request), sandbox.now()))


async def unsay_something(request: Request) -> Response:
    channel = channel_named(sandbox_of(request), request.path_params["id"])
    found = [one for one in channel.messages if one["id"] == request.path_params["message_id"]]
    if not found:
        raise NotFound("There is no such message.")
    channel.messages.remove(found[0])
    return JSONResponse({"id": found[0]["id"], "deleted": True})


async def refuse(_request: Request, error: Exception) -> Response:
    """A wish that cannot be granted, as an RFC 9457 problem."""
    if not isinstance(error, BelvedereError):
        raise error
    body = {
        "type": f"/errors/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
    }
    return JSONResponse(body, error.status, media_type="application/problem+json")


ROUTES = [
    Route("/control/state", state),
    Route("/control/advance", time_passes, methods=["POST"]),
    Route("/control/misbehave", misbehave, methods=["POST"]),
    Route("/control/reset", reset, methods=["POST"]),
    Route("/control/omnisend/{client}/campaigns/{id}", set_campaign, methods=["PATCH"]),
    Route("/control/shopify/{client}/themes/main", set_main_theme, methods=["PUT"]),
    Route("/control/shop/{client}/cvr", set_conversion, methods=["PUT"]),
    Route("/control/discord/channels/{id}/messages", say_something, methods=["POST"]),
    Route("/control/discord/channels/{id}/messages/{message_id}", unsay_something, methods=["DELETE"]),
    Route("/control/discord/channels/{id}", set_channel, methods=["PATCH"]),
]
