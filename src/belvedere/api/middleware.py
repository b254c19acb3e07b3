"""What every request passes: a correlation id, a size limit, security headers and a count."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from belvedere.api.app import PREFIX
from belvedere.core import metrics
from belvedere.core.logs import correlation_scope

CrashAnswer = Callable[[Request, Exception], Awaitable[Response]]

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


class Guard:
    """Correlation id, size limit, headers and metrics around the whole application."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, https: bool, on_crash: CrashAnswer) -> None:
        self.app = app
        self.on_crash = on_crash
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
        status, begun = 500, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Correlation-Id"] = correlation
            await send(message)

        try:
            await self._answered(scope, limited(receive, self.max_bytes), send_with_headers, lambda: begun)
        finally:
            route = route_of(scope)
            metrics.HTTP_REQUESTS.labels(route=route, method=scope["method"], status=str(status)).inc()
            metrics.HTTP_SECONDS.labels(route=route).observe(time.perf_counter() - started)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, has_begun: Callable[[], bool]
    ) -> None:
        """A crash is answered here, inside of what adds headers, and not by the framework outside of it."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            response = await self.on_crash(Request(scope), error)
            if has_begun():
                raise  # half an answer is out; the server ends the connection
            await response(scope, receive, send)


def given_correlation(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-correlation-id":
            text = value.decode("latin-1")
            return text if 0 < len(text) <= 64 and text.replace("-", "").isalnum() else None
    return None


def route_of(scope: Scope) -> str:
    """The route's pattern, never the path: a label for each id would never end."""
    pattern = getattr(scope.get("route"), "path", None)
    if not pattern:
        return "unmatched"
    # A route knows its path inside its router, so the API's rules would count as the page of that name.
    in_api = scope["path"].startswith(f"{PREFIX}/") and not pattern.startswith(PREFIX)
    return f"{PREFIX}{pattern}" if in_api else str(pattern)


def limited(receive: Receive, max_bytes: int) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    taken = 0

    async def read() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > max_bytes:
                raise too_large(max_bytes)
        return message

    return read


def too_large(max_bytes: int) -> HTTPException:
    """An HTTPException, because FastAPI turns every other error of reading a body into a 400."""
    return HTTPException(
        413, f"The body is larger than {max_bytes:,} bytes. Split it, or raise BELVEDERE_MAX_UPLOAD_BYTES."
    )
