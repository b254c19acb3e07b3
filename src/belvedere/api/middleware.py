"""What every request passes: a correlation id, a size limit, security headers and a count."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from belvedere.core import metrics
from belvedere.core.logs import correlation_scope

CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class BodyTooLarge(Exception):
    pass


class Guard:
    """Correlation id, size limit, headers and metrics around the whole application."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, https: bool) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.headers = dict(HEADERS)
        if https:
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with correlation_scope(given_correlation(scope)) as correlation:
            await self._guarded(scope, receive, send, correlation)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, correlation: str) -> None:
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Correlation-Id"] = correlation
            await send(message)

        try:
            await self.app(scope, limited(receive, self.max_bytes), send_with_headers)
        except BodyTooLarge:
            await refuse_large(send_with_headers, self.max_bytes)
        finally:
            route = route_of(scope)
            metrics.HTTP_REQUESTS.labels(route=route, method=scope["method"], status=str(status)).inc()
            metrics.HTTP_SECONDS.labels(route=route).observe(time.perf_counter() - started)


def given_correlation(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id":
            text = value.decode("latin-1")
            return text if 0 < len(text) <= 64 and text.replace("-", "").isalnum() else None
    return None


def route_of(scope: Scope) -> str:
    """The route's pattern, never the path: a label for each id would never end."""
    route = scope.get("route")
    return getattr(route, "path", None) or "unmatched"


def limited(receive: Receive, max_bytes: int) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    taken = 0

    async def read() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > max_bytes:
                raise BodyTooLarge
        return message

    return read


async def refuse_large(send: Send, max_bytes: int) -> None:
    body = (
        b'{"type":"/docs/reference/errors#too_large","title":"Too large","status":413,"code":"too_large",'
        b'"detail":"The body is larger than %d bytes. Split it, or raise BELVEDERE_MAX_UPLOAD_BYTES."}'
        % max_bytes
    )
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"application/problem+json"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
