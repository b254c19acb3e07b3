"""From a cookie or a token to a person, in one query each; runs as the role `authn_r`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from belvedere.accounts.contracts import Membership, Principal, Role
from belvedere.accounts.tokens import is_token_shaped, secret_hash
from belvedere.core.database import WriteSession

TOUCH_EVERY = timedelta(minutes=1)
"""Last use is written at most this often, so that reading pages does not write a row each time."""

_PERSON = """
    u.id AS user_id, u.email, u.display_name, u.role, u.is_staff, u.timezone, u.locale,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(m.client_id, m.role) ORDER BY m.client_id), '[]'::jsonb)
       FROM core.user_clients m WHERE m.user_id = u.id) AS memberships
"""

_BY_COOKIE = text(
    f"""
    SELECT {_PERSON}, s.id AS session_id, s.stepped_up_at, s.last_seen_at AS last_used_at
      FROM core.user_sessions s JOIN core.users u ON u.id = s.user_id
     WHERE s.token_hash = :hash AND s.revoked_at IS NULL AND s.expires_at > :now
       AND s.last_seen_at > :idle_since AND u.is_active AND u.deleted_at IS NULL
    """
)

_BY_TOKEN = text(
    f"""
    SELECT {_PERSON}, t.id AS token_id, t.scopes, t.client_id AS token_client_id, t.last_used_at
      FROM core.api_tokens t JOIN core.users u ON u.id = t.user_id
     WHERE t.token_hash = :hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > :now)
       AND u.is_active AND u.deleted_at IS NULL
    """
)

_BY_EMAIL = text(
    f"SELECT {_PERSON} FROM core.users u"
    " WHERE lower(u.email) = lower(:email) AND u.is_active AND u.deleted_at IS NULL"
)

_TOUCH_SESSION = text(
    "UPDATE core.user_sessions SET last_seen_at = :now"
    " WHERE id = :id AND revoked_at IS NULL AND last_seen_at < :now"
)
_TOUCH_TOKEN = text("UPDATE core.api_tokens SET last_used_at = :now WHERE id = :id AND revoked_at IS NULL")


@dataclass(frozen=True, slots=True)
class Found:
    """A principal, and when its session or token was last seen in use."""

    principal: Principal
    last_used_at: datetime | None

    def needs_touch(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= TOUCH_EVERY


async def by_cookie(session: AsyncSession, cookie: str, now: datetime, *, idle: timedelta) -> Found | None:
    """The person of a live session cookie."""
    values = {"hash": secret_hash(cookie), "now": now, "idle_since": now - idle}
    row = (await session.execute(_BY_COOKIE, values)).mappings().one_or_none()
    return None if row is None else Found(_principal(row), row["last_used_at"])


async def by_token(session: AsyncSession, token: str, now: datetime) -> Found | None:
    """The person of a live API token."""
    if not is_token_shaped(token):
        return None
    row = (
        (await session.execute(_BY_TOKEN, {"hash": secret_hash(token), "now": now})).mappings().one_or_none()
    )
    return None if row is None else Found(_principal(row), row["last_used_at"])


async def find_person(
    session: AsyncSession, email: str, *, session_id: UUID, now: datetime
) -> Principal | None:
    """The person of an address as a principal that just proved itself, for whoever runs commands on the machine."""
    row = (await session.execute(_BY_EMAIL, {"email": email})).mappings().one_or_none()
    return None if row is None else replace(_principal(row), session_id=session_id, stepped_up_at=now)


async def touch(session: WriteSession, principal: Principal, now: datetime) -> None:
    """Write down the use of a session or token."""
    if principal.session_id is not None:
        await session.execute(_TOUCH_SESSION, {"id": principal.session_id, "now": now})
    elif principal.token_id is not None:
        await session.execute(_TOUCH_TOKEN, {"id": principal.token_id, "now": now})


def _principal(row: RowMapping) -> Principal:
    scopes = row.get("scopes")
    return Principal(
        user_id=row["user_id"],
        email=row["email"],
        display_name=row["display_name"],
        role=Role(row["role"]),
        is_staff=row["is_staff"],
        memberships=tuple(Membership(client_id, Role(role)) for client_id, role in row["memberships"]),
        session_id=_uuid(row.get("session_id")),
        token_id=_uuid(row.get("token_id")),
        scopes=None if scopes is None else frozenset(scopes),
        token_client_id=row.get("token_client_id"),
        timezone=row["timezone"],
        locale=row["locale"],
        stepped_up_at=row.get("stepped_up_at"),
    )


def _uuid(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None
