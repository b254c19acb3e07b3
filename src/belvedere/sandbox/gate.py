"""Stands before the platforms and lets a request go wrong when a fault is armed for it."""

import asyncio
import contextlib

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from belvedere.sandbox import discord, omnisend, omnisend_2026, shopify
from belvedere.sandbox.faults import PAGE_MODES, Fault, Mode, Target
from belvedere.sandbox.limits import CostBucket
from belvedere.sandbox.paging import PAGE_MODE_KEY
from belvedere.sandbox.state import Sandbox

_PREFIXES = {
    "/omnisend/": Target.OMNISEND,
    "/shopify/": Target.SHOPIFY,
    "/shop/": Target.SHOP,
    "/discord/api/": Target.DISCORD,
    "/hooks/": Target.HOOKS,
}
_PAGED = {Target.OMNISEND, Target.SHOPIFY, Target.SHOP}
_GARBAGE = b'<html>\xff\xfe<body>{"campaigns": [tru\x00, "oops'


def target_of(path: str) -> Target | None:
    return next((target for prefix, target in _PREFIXES.items() if path.startswith(prefix)), None)


def broken_answer(fault: Fault, path: str) -> Response | None:
    """The whole answer of the modes that never reach the platform; each platform fails in its own words."""
    if fault.mode is Mode.RATE_LIMITED:
        return _rate_limited(fault, path)
    if fault.mode is Mode.SERVER_ERROR:
        return _server_error(fault.target, path)
    if fault.mode in {Mode.AUTH, Mode.REJECT}:
        return _refused(fault, path)
    if fault.mode is Mode.GARBAGE:
        kind = "text/html" if fault.target is Target.SHOP else "application/json"
        return Response(_GARBAGE, media_type=kind)
    if fault.mode is Mode.EMPTY:
        return Response(b"", media_type="application/json")
    return None


def _rate_limited(fault: Fault, path: str) -> Response:
    after = {"Retry-After": f"{fault.retry_after:g}"}
    if fault.target is Target.OMNISEND:
        new = path.startswith("/omnisend/api/")
        return (
            omnisend_2026.too_many(fault.retry_after) if new else omnisend.refused(429, "Too many requests")
        )
    if fault.target is Target.DISCORD:
        return discord.rate_limited(fault.retry_after, is_global=fault.is_global)
    if fault.target is Target.SHOPIFY:
        if not path.endswith("/graphql.json"):
            return shopify.rest_throttled(after)
        bucket = CostBucket(size=2000, restored=100, points=0)
        return JSONResponse(shopify.throttled(22, bucket, 0))
    if fault.target is Target.SHOP:
        return HTMLResponse("<h1>Too many requests</h1>", 429, after)
    return JSONResponse({"error": "too many requests"}, 429, after)


def _server_error(target: Target, path: str) -> Response:
    if target is Target.OMNISEND and path.startswith("/omnisend/api/"):
        return omnisend_2026.problem(500, "Internal Server Error", "An unexpected error occurred.")
    if target is Target.DISCORD:
        return JSONResponse({"message": "500: Internal Server Error", "code": 0}, 500)
    if target is Target.SHOPIFY:
        return JSONResponse({"errors": "Internal Server Error"}, 500)
    # A gateway in front of an API answers in HTML.
    return HTMLResponse("<html><body><h1>500 Internal Server Error</h1></body></html>", 500)


def _refused(fault: Fault, path: str) -> Response:
    status = 401 if fault.mode is Mode.AUTH else 403
    if fault.target is Target.DISCORD:
        body = {"message": "401: Unauthorized", "code": 0}
        return JSONResponse(body if status == 401 else {"message": "Missing Access", "code": 50001}, status)
    if fault.target is Target.OMNISEND:
        if path.startswith("/omnisend/api/"):
            return omnisend_2026.problem(status, "Unauthorized" if status == 401 else "Forbidden", "Refused.")
        return omnisend.refused(status, "Unauthorized: API key is missing or invalid")
    if fault.target is Target.SHOPIFY:
        return JSONResponse({"errors": "[API] Invalid API key or access token"}, status)
    return HTMLResponse(f"<h1>{status}</h1>", status)


class MisbehaviourGate:
    """Pure ASGI, so that it can cut an answer in two or never give one."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox, closing: asyncio.Event) -> None:
        self._app = app
        self._sandbox = sandbox
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = target_of(scope["path"]) if scope["type"] == "http" else None
        fault = self._sandbox.faults.take(target, scope["path"]) if target else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.mode in PAGE_MODES and fault.target in _PAGED:
            scope[PAGE_MODE_KEY] = fault.mode
            await self._app(scope, receive, send)
        elif fault.mode is Mode.TIMEOUT:
            await self._silence(fault, scope, receive, send)
        elif fault.mode is Mode.ACCEPT_THEN_TIMEOUT:
            await self._app(scope, receive, _swallow)
            await self._silence(fault, scope, receive, send)
        elif fault.mode is Mode.TRUNCATED:
            await self._cut_short(scope, receive, send)
        else:
            response = broken_answer(fault, scope["path"])
            await (response or self._app)(scope, receive, send)

    async def _silence(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Says nothing until the caller hangs up, the fault's time is over, or the sandbox closes."""
        gone = asyncio.ensure_future(_hung_up(receive))
        closed = asyncio.ensure_future(self._closing.wait())
        _, waiting = await asyncio.wait(
            {gone, closed}, timeout=fault.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in waiting:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if gone in waiting:
            await Response("gateway timeout", 504)(scope, receive, send)

    async def _cut_short(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises the whole length, sends half, and drops the connection."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(part.get("body", b"") for part in answer if part["type"] == "http.response.body")
        await send(answer[0])
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})


async def _swallow(_message: Message) -> None:
    """Where an answer goes that nobody will see."""


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
