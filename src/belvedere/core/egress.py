"""The one way out over HTTP: guarded addresses, one deadline, a size cap, retries and shared rate budgets."""

import asyncio
import random as randomness
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.util import find_spec
from time import monotonic
from types import TracebackType
from typing import Any, Self, cast

import httpcore
import httpx

from belvedere.core import metrics
from belvedere.core.backoff import Backoff, next_wait, parse_retry_after
from belvedere.core.bodies import BodyReader, parse_json
from belvedere.core.budgets import Budget, block_for, take
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.errors import ExternalError
from belvedere.core.guard import AddressRefusedError, GuardedBackend, Resolver, resolve_host
from belvedere.core.logs import get_logger, masker
from belvedere.core.masking import is_secret_name, redact_url
from belvedere.core.outbound import Call, build_request, check_url, redirected
from belvedere.core.settings import Settings

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
TEMPORARY_STATUSES = frozenset({408, 425, 429})
ALL_ACCOUNTS = "all"
"""The account of a budget over every account of a provider; a service that limits all at once blocks it."""

_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=64, keepalive_expiry=30)

log = get_logger("core.egress")

if find_spec("sniffio") is None:
    # httpcore looks for it anew at every request, through the whole search path: a tenth of a request's cost.
    sys.modules["sniffio"] = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. `url` is redacted; `content` is decompressed."""

    status: int
    headers: httpx.Headers
    content: bytes
    url: str = ""
    provider: str = ""

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self, *, exact: bool = False) -> Any:
        """The parsed body; `exact` reads 1.5 as Decimal. Raises ExternalError on wrong JSON."""
        return parse_json(self.content, provider=self.provider, url=self.url, exact=exact)


class HttpStatusError(ExternalError):
    """The service answered, and refused. `answer` holds what it said; it may hold secrets: never log it."""

    def __init__(self, answer: HttpAnswer, *, method: str, retry_after: float | None = None) -> None:
        temporary = answer.status in TEMPORARY_STATUSES or answer.status >= 500
        super().__init__(
            f"{answer.provider} answered {answer.status} {phrase(answer.status)} to {method} {answer.url}",
            provider=answer.provider,
            permanent=not temporary,
            code=f"http_{answer.status}",
            status_code=answer.status,
            retry_after=retry_after,
        )
        self.answer = answer


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a pool whose connections the guard opens; httpx has no argument for that."""

    def __init__(self, backend: GuardedBackend) -> None:
        super().__init__(trust_env=False, limits=_LIMITS)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            network_backend=backend,
        )


class HttpClient:
    """Every outbound HTTP request of the program goes through one of these.

    With `db` a request may name a `Budget`, whose tokens all workers share. Sleep, randomness, clock and name
    resolution are arguments, so that tests need no waiting and no network.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        db: Database | None = None,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], datetime] | None = None,
        resolve: Resolver = resolve_host,
    ) -> None:
        self._settings = settings
        self._db = db
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._random = random
        self._clock = clock or (lambda: datetime.now(UTC))
        self._budget_clock = clock
        backend = GuardedBackend(settings.allow_private_networks, resolve=resolve)
        # Only the transport of httpx: its client would follow proxies of the environment and keep cookies.
        self._transport = GuardedTransport(backend)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        provider: str,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        json: Any = None,
        content: bytes | str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline over connect, headers and body of one try
        budget: Budget | None = None,
        is_paid: bool = False,
        retry: bool | None = None,
        redirects: int = 0,
        accept: Collection[int] = (),
    ) -> HttpAnswer:
        """The whole answer of a request that went well (below 400, or a status in `accept`).

        `timeout` is one try's deadline in seconds. Temporary failures are tried again for idempotent methods,
        for others only with `retry=True`, never with `retry=False`. Redirects are followed at most
        `redirects` times, for GET and HEAD, each hop guarded anew. Raises ExternalError: `permanent` says
        whether trying later can help, `retry_after` when.
        """
        call = Call(
            method.upper(), check_url(url, provider), provider,
            timeout or self._settings.http_timeout_seconds,
            dict(headers or {}), params, json, content, accept,
        )  # fmt: skip
        remember_logins(call.headers)
        retry = call.method in IDEMPOTENT if retry is None else retry
        attempt = 1
        while True:
            if not is_paid or attempt > 1:
                await self._spend(budget)
            try:
                return await self._heeding(call, budget, redirects)
            except ExternalError as error:
                wait = self._next_wait(error, attempt, retry=retry)
                if wait is None:
                    raise
            metrics.EGRESS_WAITS.labels(provider, "retry").inc()
            await self._sleep(wait)
            attempt += 1

    def _next_wait(self, error: ExternalError, attempt: int, *, retry: bool) -> float | None:
        if error.permanent or not retry:
            return None
        return next_wait(self._backoff, attempt, retry_after=error.retry_after, random=self._random())

    def _budget_now(self) -> datetime | None:
        """Budgets go by the clock of the database, unless somebody gave us one."""
        return self._budget_clock() if self._budget_clock else None

    async def _spend(self, budget: Budget | None) -> None:
        """Wait for a token of the shared budget; a wait beyond our patience becomes a temporary error."""
        if budget is None or self._db is None:
            return
        waited = 0.0
        while True:
            async with self._db.write(Scope.service("egress")) as session:
                wait = await take(session, budget, self._budget_now())
            if wait == 0:
                return
            if waited + wait > self._backoff.patience:
                raise ExternalError(
                    f"The rate budget of {budget.provider} is spent; there is room again in {wait:.0f} s",
                    provider=budget.provider,
                    permanent=False,
                    code="budget_spent",
                    retry_after=wait,
                )
            metrics.EGRESS_WAITS.labels(budget.provider, "budget").inc()
            # Those who wait for the same drip come back one after another, not all at once.
            wait *= 1 + 0.1 * self._random()
            waited += wait
            await self._sleep(wait)

    async def _heeding(self, call: Call, budget: Budget | None, redirects: int) -> HttpAnswer:
        """The answer; what it says of limits is kept for all workers."""
        try:
            answer = await self._hops(call, redirects)
        except ExternalError as error:
            await self._heed_limit(budget, error)
            raise
        await self._heed_window(budget, answer)
        return answer

    async def _heed_limit(self, budget: Budget | None, error: ExternalError) -> None:
        if budget is None or self._db is None or error.status_code != 429 or error.retry_after is None:
            return
        is_for_all = isinstance(error, HttpStatusError) and bool(
            error.answer.headers.get("x-ratelimit-global")
        )
        account = ALL_ACCOUNTS if is_for_all else budget.account
        async with self._db.write(Scope.service("egress")) as session:
            await block_for(session, budget.provider, account, error.retry_after, self._budget_now())

    async def _heed_window(self, budget: Budget | None, answer: HttpAnswer) -> None:
        """A service that says this was the last request of its window is not asked again before the next."""
        if budget is None or self._db is None or answer.headers.get("x-ratelimit-remaining") != "0":
            return
        wait = parse_retry_after(answer.headers.get("x-ratelimit-reset-after"), self._clock())
        if wait:
            async with self._db.write(Scope.service("egress")) as session:
                await block_for(session, budget.provider, budget.account, wait, self._budget_now())

    async def _hops(self, call: Call, redirects: int) -> HttpAnswer:
        answer = await self._measured(call)
        while answer.status in (301, 302, 303, 307, 308) and answer.status not in call.accept:
            target = answer.headers.get("location")
            if redirects <= 0 or target is None or call.method not in ("GET", "HEAD"):
                raise ExternalError(
                    f"{call.provider} sent {call.method} {call.shown} elsewhere"
                    f" ({redact_url(target or 'nowhere')}), which is not followed",
                    provider=call.provider,
                    permanent=True,
                    code="redirect_refused",
                    status_code=answer.status,
                )
            redirects -= 1
            call = redirected(call, target)
            answer = await self._measured(call)
        if answer.status >= 400 and answer.status not in call.accept:
            retry_after = parse_retry_after(answer.headers.get("retry-after"), self._clock())
            raise HttpStatusError(answer, method=call.method, retry_after=retry_after)
        return answer

    async def _measured(self, call: Call) -> HttpAnswer:
        began = monotonic()
        outcome = "failed"
        try:
            answer = await self._once(call)
            outcome = str(answer.status)
        except ExternalError as error:
            outcome = error.code
            raise
        else:
            return answer
        finally:
            seconds = monotonic() - began
            metrics.EGRESS_REQUESTS.labels(call.provider, outcome).inc()
            metrics.EGRESS_SECONDS.labels(call.provider).observe(seconds)
            log.debug(
                "Outbound request",
                provider=call.provider, method=call.method, url=call.shown, outcome=outcome,
                seconds=round(seconds, 3),
            )  # fmt: skip

    async def _once(self, call: Call) -> HttpAnswer:
        try:
            async with translated(call), asyncio.timeout(call.timeout):
                response = await self._transport.handle_async_request(build_request(call))
                try:
                    reader = BodyReader(
                        response.headers, self._settings.http_max_bytes, call.provider, call.shown
                    )
                    # A HEAD answer tells the length of a body that does not come.
                    content = (
                        b""
                        if call.method == "HEAD"
                        else await reader.read(cast("httpx.AsyncByteStream", response.stream))
                    )
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise failed(call, f"did not answer within {call.timeout:g} s", "timeout") from error
        return HttpAnswer(response.status_code, response.headers, content, call.shown, call.provider)


@asynccontextmanager
async def translated(call: Call) -> AsyncIterator[None]:
    """Errors of the HTTP library as ExternalError, without the address's secrets."""
    try:
        yield
    except AddressRefusedError as error:
        raise AddressRefusedError(error.detail, provider=call.provider) from error
    except ExternalError as error:
        error.provider = call.provider
        raise
    except httpx.TimeoutException as error:
        raise failed(call, "did not answer in time", "timeout") from error
    except httpx.RemoteProtocolError as error:
        raise failed(call, "broke off its answer", "truncated") from error
    except httpx.LocalProtocolError as error:
        raise failed(call, "was not asked: this is no valid HTTP", "bad_request", permanent=True) from error
    except httpx.ReadError as error:
        raise failed(call, "broke off its answer", "truncated") from error
    except httpx.TransportError as error:
        raise failed(call, "cannot be reached", "connect_failed") from error


def remember_logins(headers: Mapping[str, str]) -> None:
    """Keys and tokens that we send are masked in every later line, whoever says them."""
    for name, value in headers.items():
        if is_secret_name(name):
            masker().remember(value.rpartition(" ")[2])


def failed(call: Call, what: str, code: str, *, permanent: bool = False) -> ExternalError:
    return ExternalError(
        f"{call.provider} {what} ({call.method} {call.shown})",
        provider=call.provider,
        permanent=permanent,
        code=code,
    )


def phrase(status: int) -> str:
    """The standard words of a status, for messages."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
