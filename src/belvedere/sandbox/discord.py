"""Discord's REST API: channel messages by a bot, messages by webhook, rate limits per route.

https://discord.com/developers/docs/topics/rate-limits
"""

import math
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from typing import Any

import orjson
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.chat import MESSAGE, WEBHOOK_MESSAGE, Channel, Upload
from belvedere.sandbox.clients import BOT_USER_ID, DISCORD_BOT_TOKEN, GUILD_ID
from belvedere.sandbox.discord_rules import check_message, form_error, is_empty
from belvedere.sandbox.limits import RouteBucket
from belvedere.sandbox.state import Sandbox, sandbox_of
from belvedere.sandbox.talk import roles_of

MOST_LISTED = 100
Body = dict[str, Any]
Handler = Callable[[Request, Channel], Awaitable[Response]]


class Refused(Exception):
    """Carries Discord's answer out of the middle of a handler."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.response = JSONResponse({"message": message, "code": code}, status)


def route_headers(bucket: RouteBucket, route: str, now: float) -> dict[str, str]:
    left = max(0.0, bucket.resets_at - now)
    return {
        "X-RateLimit-Limit": str(bucket.limit),
        "X-RateLimit-Remaining": str(bucket.remaining),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": blake2b(route.encode(), digest_size=16).hexdigest(),
    }


def rate_limited(wait: float, *, is_global: bool, headers: dict[str, str] | None = None) -> JSONResponse:
    """Retry-After in whole seconds, `retry_after` in the body with its fraction."""
    more = {"X-RateLimit-Global": "true"} if is_global else {}
    return JSONResponse(
        {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": is_global},
        429,
        {
            **(headers or {}),
            **more,
            "Retry-After": str(math.ceil(wait)),
            "X-RateLimit-Scope": "global" if is_global else "user",
        },
    )


async def guarded(request: Request, route: str, answer: Callable[[], Awaitable[Response]]) -> Response:
    """Global limit, then the limit of the route; every answer carries the route's headers."""
    sandbox = sandbox_of(request)
    now = sandbox.monotonic()
    wait = sandbox.discord_global.take(now)
    if wait:
        return rate_limited(wait, is_global=True)
    bucket = sandbox.discord_bucket(route)
    wait = bucket.take(now)
    headers = route_headers(bucket, f"{request.method} {route.split(':', maxsplit=1)[0]}", now)
    if wait:
        return rate_limited(wait, is_global=False, headers=headers)
    try:
        response = await answer()
    except Refused as refusal:
        response = refusal.response
    response.headers.update(headers)
    return response


def in_channel(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Token, channel and access first."""

    async def answer(request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bot {DISCORD_BOT_TOKEN}":
            return JSONResponse({"message": "401: Unauthorized", "code": 0}, 401)
        channel_id = request.path_params["channel_id"]

        async def inside() -> Response:
            return await handler(request, open_channel(sandbox_of(request), channel_id))

        return await guarded(request, f"messages-{request.method.lower()}:{channel_id}", inside)

    return answer


def open_channel(sandbox: Sandbox, channel_id: str) -> Channel:
    channel = sandbox.chat.channels.get(channel_id)
    if channel is None or channel.access == "gone":
        raise Refused(404, 10003, "Unknown Channel")
    if channel.access == "forbidden":
        raise Refused(403, 50001, "Missing Access")
    return channel


async def read_body(request: Request) -> tuple[Body, list[Upload]]:
    """JSON, or multipart with `payload_json` and files."""
    uploads = []
    try:
        if request.headers.get("Content-Type", "").startswith("multipart/form-data"):
            async with request.form() as form:
                text: str | bytes = str(form.get("payload_json") or "{}")
                for part in form.values():
                    if isinstance(part, UploadFile):
                        kind = part.content_type or "application/octet-stream"
                        uploads.append(Upload(part.filename or "file", kind, await part.read()))
        else:
            text = await request.body()
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(400, 50109, "The request body contains invalid JSON.") from error
    if not isinstance(body, dict):
        raise Refused(400, 50109, "The request body contains invalid JSON.")
    return body, uploads


def check(body: Body, uploads: list[Upload]) -> JSONResponse | None:
    errors = check_message(body)
    if errors:
        return JSONResponse(form_error(errors), 400)
    if is_empty(body) and not uploads:
        return JSONResponse({"message": "Cannot send an empty message", "code": 50006}, 400)
    return None


async def create_message(request: Request, channel: Channel) -> Response:
    """With `enforce_nonce` a nonce that was used in the last minutes returns its first message."""
    sandbox = sandbox_of(request)
    body, uploads = await read_body(request)
    refusal = check(body, uploads)
    if refusal is not None:
        return refusal
    nonce = str(body["nonce"]) if body.get("nonce") is not None else None
    moment = sandbox.monotonic()
    if nonce and body.get("enforce_nonce"):
        first = sandbox.chat.repeated(channel.id, nonce, moment)
        if first is not None:
            return JSONResponse(first)
    message = sandbox.chat.post(
        channel,
        body,
        uploads,
        kind=MESSAGE,
        key=nonce,
        at=sandbox.clock(),
        moment=moment,
        base_url=sandbox.base_url,
    )
    return JSONResponse(message)


async def list_messages(request: Request, channel: Channel) -> Response:
    """Newest first; `after` gives the oldest of what came later, as Discord does."""
    asked = request.query_params
    limit = asked.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST_LISTED):
        raise Refused(400, 50035, "Invalid Form Body")
    before, after = (asked.get(name, "") for name in ("before", "after"))
    if any(mark and not (mark.isascii() and mark.isdigit()) for mark in (before, after)):
        raise Refused(400, 50035, "Invalid Form Body")
    found = sorted(channel.messages, key=lambda one: int(one["id"]))
    if before:
        found = [one for one in found if int(one["id"]) < int(before)]
    if after:
        found = [one for one in found if int(one["id"]) > int(after)][: int(limit)]
    return JSONResponse(list(reversed(found[-int(limit) :])))


async def one_message(request: Request, channel: Channel) -> Response:
    sandbox = sandbox_of(request)
    message = sandbox.chat.find(channel.id, request.path_params["message_id"])
    if message is None:
        raise Refused(404, 10008, "Unknown Message")
    if request.method == "GET":
        return JSONResponse(message)
    if message["author"]["id"] != BOT_USER_ID:
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    body, _ = await read_body(request)
    errors = check_message(body)
    if errors:
        return JSONResponse(form_error(errors), 400)
    return JSONResponse(sandbox.chat.edit(message, body, sandbox.clock()))


async def get_channel(_request: Request, channel: Channel) -> Response:
    return JSONResponse(
        {"id": channel.id, "type": 0, "name": channel.name, "topic": channel.topic, "guild_id": GUILD_ID}
    )


async def get_member(request: Request) -> Response:
    if request.headers.get("Authorization") != f"Bot {DISCORD_BOT_TOKEN}":
        return JSONResponse({"message": "401: Unauthorized", "code": 0}, 401)
    user_id = request.path_params["user_id"]

    async def inside() -> Response:
        roles = roles_of(user_id) if request.path_params["guild_id"] == GUILD_ID else None
        if roles is None:
            raise Refused(404, 10007, "Unknown Member")
        return JSONResponse({"user": {"id": user_id}, "roles": roles, "nick": None})

    return await guarded(request, "members", inside)


async def execute_webhook(request: Request) -> Response:
    sandbox = sandbox_of(request)
    webhook_id = request.path_params["webhook_id"]

    async def inside() -> Response:
        channel = hooked(sandbox, webhook_id, request.path_params["token"])
        body, uploads = await read_body(request)
        refusal = check(body, uploads)
        if refusal is not None:
            return refusal
        # Discord forgets a webhook's nonce; the key is kept for the ledger alone.
        key = body.get("nonce") or request.headers.get("Idempotency-Key")
        message = sandbox.chat.post(
            channel,
            body,
            uploads,
            kind=WEBHOOK_MESSAGE,
            key=str(key) if key else None,
            at=sandbox.clock(),
            moment=sandbox.monotonic(),
            base_url=sandbox.base_url,
        )
        waits = request.query_params.get("wait") in {"true", "1"}
        return JSONResponse(message) if waits else Response(status_code=204)

    return await guarded(request, f"webhook:{webhook_id}", inside)


async def get_webhook(request: Request) -> Response:
    try:
        channel = hooked(sandbox_of(request), request.path_params["webhook_id"], request.path_params["token"])
    except Refused as refusal:
        return refusal.response
    return JSONResponse(
        {
            "id": request.path_params["webhook_id"],
            "type": 1,
            "name": "Belvedere hook",
            "channel_id": channel.id,
            "token": request.path_params["token"],
            "application_id": None,
        }
    )


async def edit_webhook_message(request: Request) -> Response:
    sandbox = sandbox_of(request)
    webhook_id = request.path_params["webhook_id"]

    async def inside() -> Response:
        channel = hooked(sandbox, webhook_id, request.path_params["token"])
        message = sandbox.chat.find(channel.id, request.path_params["message_id"])
        if message is None or message.get("webhook_id") != webhook_id:
            raise Refused(404, 10008, "Unknown Message")
        if request.method == "GET":
            return JSONResponse(message)
        body, _ = await read_body(request)
        errors = check_message(body)
        if errors:
            return JSONResponse(form_error(errors), 400)
        return JSONResponse(sandbox.chat.edit(message, body, sandbox.clock()))

    return await guarded(request, f"webhook:{webhook_id}", inside)


def hooked(sandbox: Sandbox, webhook_id: str, token: str) -> Channel:
    channel = sandbox.chat.by_webhook(webhook_id)
    if channel is None or channel.access == "gone":
        raise Refused(404, 10015, "Unknown Webhook")
    if channel.webhook != (webhook_id, token):
        raise Refused(401, 50027, "Invalid Webhook Token")
    return channel


async def who_am_i(request: Request) -> Response:
    if request.headers.get("Authorization") != f"Bot {DISCORD_BOT_TOKEN}":
        return JSONResponse({"message": "401: Unauthorized", "code": 0}, 401)
    return JSONResponse({"id": BOT_USER_ID, "username": "Belvedere", "bot": True})


async def unknown_route(_request: Request) -> Response:
    return JSONResponse({"message": "404: Not Found", "code": 0}, 404)


_API = "/discord/api/v10"
_MESSAGE = f"{_API}/channels/{{channel_id}}/messages/{{message_id}}"
ROUTES = [
    Route(f"{_API}/users/@me", who_am_i),
    Route(f"{_API}/guilds/{{guild_id}}/members/{{user_id}}", get_member),
    Route(f"{_API}/channels/{{channel_id}}", in_channel(get_channel)),
    Route(f"{_API}/channels/{{channel_id}}/messages", in_channel(create_message), methods=["POST"]),
    Route(f"{_API}/channels/{{channel_id}}/messages", in_channel(list_messages), methods=["GET"]),
    Route(_MESSAGE, in_channel(one_message), methods=["GET", "PATCH"]),
    Route(f"{_API}/webhooks/{{webhook_id}}/{{token}}", execute_webhook, methods=["POST"]),
    Route(f"{_API}/webhooks/{{webhook_id}}/{{token}}", get_webhook, methods=["GET"]),
    Route(
        f"{_API}/webhooks/{{webhook_id}}/{{token}}/messages/{{message_id}}",
        edit_webhook_message,
        methods=["GET", "PATCH"],
    ),
    # The address people copy from Discord has no version in it.
    Route("/discord/api/webhooks/{webhook_id}/{token}", execute_webhook, methods=["POST"]),
    Route("/discord/api/{rest:path}", unknown_route, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
]
