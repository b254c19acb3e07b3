"""`Idempotency-Key`: the same request twice has one effect and one answer.

The answer is stored in the transaction of its effect, so a crash between commit and reply leaves both or
neither. An advisory lock of that transaction marks a key as running. Only answers whose transaction committed
are kept: a refused request changed nothing and may be sent again.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from belvedere.accounts.contracts import Principal
from belvedere.accounts.csrf import SAFE_METHODS
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, Invalid
from belvedere.core.logs import correlation_id
from belvedere.core.schema import AGENCY

HEADER = "idempotency-key"
KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control")
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 884202))")
_FIND = text(
    """
    SELECT method, path, body_hash, status_code, headers, body FROM core.idempotency_keys
     WHERE client_id = :client_id AND principal = :principal AND key = :key AND expires_at > :now
    """
)
_KEEP = text(
    """
    INSERT INTO core.idempotency_keys
           (client_id, principal, key, method, path, body_hash, status_code, headers, body, created_at,
            expires_at)
    VALUES (:client_id, :principal, :key, :method, :path, :body_hash, :status_code, CAST(:headers AS jsonb),
            :body, :now, :expires_at)
    ON CONFLICT (client_id, principal, key) DO UPDATE
       SET method = excluded.method, path = excluded.path, body_hash = excluded.body_hash,
           status_code = excluded.status_code, headers = excluded.headers, body = excluded.body,
           created_at = excluded.created_at, expires_at = excluded.expires_at
    """
)
_SWEEP = text("DELETE FROM core.idempotency_keys WHERE expires_at <= :now")


class AlreadyAnswered(Exception):
    """Ends a request with the answer that its key got the first time; `DoorRoute` sends it."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        super().__init__("answered before")
        self.status, self.headers, self.body = status, headers, body

    def response(self) -> Response:
        return Response(self.body, self.status, {**self.headers, "Idempotency-Replayed": "true"})


@dataclass(slots=True)
class Claim:
    """A key that this request runs under."""

    session: WriteSession
    client_id: int
    principal: str
    key: str
    method: str
    path: str
    body_hash: bytes
    now: datetime
    shows_secret: bool = False

    async def keep(self, response: Response) -> None:
        """Store the answer beside the effect. A streamed answer has no body to keep and is not stored."""
        body = getattr(response, "body", None)
        if not isinstance(body, bytes):
            return
        kept = {name: value for name in _KEPT_HEADERS if (value := response.headers.get(name)) is not None}
        status = response.status_code
        if self.shows_secret:
            status, body, kept = 409, self._shown_once(), {"content-type": "application/problem+json"}
        await self.session.execute(_KEEP, self._values(status, kept, body))

    def _shown_once(self) -> bytes:
        problem = {
            "type": "/docs/reference/errors#shown_once",
            "title": "Conflict",
            "status": 409,
            "detail": "This was done before; its secret was shown once and is not kept.",
            "instance": self.path.partition("?")[0],
            "code": "shown_once",
            "correlation_id": correlation_id(),
        }
        return json.dumps(problem).encode()

    def _values(self, status: int, headers: dict[str, str], body: bytes) -> dict[str, object]:
        return {
            "client_id": self.client_id,
            "principal": self.principal,
            "key": self.key,
            "method": self.method,
            "path": self.path,
            "body_hash": self.body_hash,
            "status_code": status,
            "headers": json.dumps(headers),
            "body": body,
            "now": self.now,
            "expires_at": self.now + KEPT_FOR,
        }


async def claim_key(
    request: Request, session: WriteSession, principal: Principal, now: datetime
) -> Claim | None:
    """Run this request under its key, or raise AlreadyAnswered, Conflict (running), Invalid (other body)."""
    key = request.headers.get(HEADER)
    if key is None or request.method in SAFE_METHODS:
        return None
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise Invalid(
            f"Idempotency-Key needs 1 to {LONGEST_KEY} printable characters.", code="idempotency_key"
        )
    claim = Claim(
        session=session,
        client_id=principal.token_client_id or AGENCY,
        principal=str(principal.user_id),
        key=key,
        method=request.method,
        path=_target(request),
        body_hash=hashlib.sha256(await request.body()).digest(),
        now=now,
    )
    await _settle(claim)
    return claim


async def sweep_keys(session: WriteSession, now: datetime) -> int:
    """Forget answers past their day."""
    return (await session.execute(_SWEEP, {"now": now})).rowcount  # type: ignore[attr-defined,no-any-return]


async def _settle(claim: Claim) -> None:
    name = f"{claim.client_id}:{claim.principal}:{claim.key}"
    if not (await claim.session.execute(_LOCK, {"name": name})).scalar_one():
        raise Conflict("A request with this Idempotency-Key is still running.", code="idempotency_running")
    first = await _find(claim.session, claim)
    if first is None:
        return
    if (first.method, first.path, bytes(first.body_hash)) != (claim.method, claim.path, claim.body_hash):
        raise Invalid("This Idempotency-Key was used for another request.", code="idempotency_reused")
    raise AlreadyAnswered(first.status_code, first.headers or {}, bytes(first.body or b""))


@dataclass(frozen=True, slots=True)
class _FirstAnswer:
    method: str
    path: str
    body_hash: bytes
    status_code: int
    headers: dict[str, str] | None
    body: bytes | None


async def _find(session: AsyncSession, claim: Claim) -> _FirstAnswer | None:
    values = {"client_id": claim.client_id, "principal": claim.principal, "key": claim.key, "now": claim.now}
    row = (await session.execute(_FIND, values)).one_or_none()
    return None if row is None else _FirstAnswer(*row)


def _target(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
