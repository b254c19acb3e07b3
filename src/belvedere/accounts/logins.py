"""Logins: server-side sessions, the first owner, passwords of oneself."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text

from belvedere.accounts.contracts import Login, Principal, Refusal, SessionInfo
from belvedere.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from belvedere.accounts.throttle import (
    ACCOUNT,
    ADDRESS,
    account_bucket,
    address_bucket,
    count_failure,
    forget,
    lock_count,
    look_up_count,
)
from belvedere.accounts.tokens import generate_cookie, secret_hash
from belvedere.core import audit
from belvedere.core.context import DbRole
from belvedere.core.database import ReadSession, WriteSession, as_role
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.core.settings import Settings

WRONG_LOGIN = "The e-mail address or the password is wrong."
WRONG_PASSWORD = "The password is wrong."  # noqa: S105 - a message
BLOCKED = "Too many wrong passwords. Try again later."

_PERSON = text(
    "SELECT id, password_hash, is_active AND deleted_at IS NULL AS is_live FROM core.users"
    " WHERE lower(email) = lower(:email)"
)
_HASH_OF = text("SELECT email, display_name, password_hash FROM core.users WHERE id = :id")
_SET_HASH = text("UPDATE core.users SET password_hash = :hash WHERE id = :id")
_LOGGED_IN = text("UPDATE core.users SET last_login_at = :now WHERE id = :id")
_NEW_SESSION = text(
    """
    INSERT INTO core.user_sessions (id, user_id, token_hash, user_agent, ip, created_at, last_seen_at,
                                    stepped_up_at, expires_at)
    VALUES (:id, :user_id, :hash, :user_agent, :ip, :now, :now, :now, :expires_at)
    """
)
_END_COOKIE = text(
    "UPDATE core.user_sessions SET revoked_at = :now WHERE token_hash = :hash AND revoked_at IS NULL"
)
_END_SESSION = text(
    "UPDATE core.user_sessions SET revoked_at = :now"
    " WHERE id = :id AND user_id = :user_id AND revoked_at IS NULL RETURNING id"
)
_END_OTHERS = text(
    "UPDATE core.user_sessions SET revoked_at = :now"
    " WHERE user_id = :user_id AND revoked_at IS NULL AND id IS DISTINCT FROM :keep"
)
_STEP_UP = text("UPDATE core.user_sessions SET stepped_up_at = :now WHERE id = :id AND revoked_at IS NULL")
_LIVE_SESSIONS = text(
    "SELECT id, user_agent, ip, created_at, last_seen_at, expires_at FROM core.user_sessions"
    " WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > :now ORDER BY last_seen_at DESC"
)


async def log_in(
    session: WriteSession,
    *,
    email: str,
    password: str,
    address: str,
    user_agent: str,
    now: datetime,
    settings: Settings,
    previous_cookie: str | None = None,
) -> Login | Refusal:
    """Check a password under `Scope.authn()` and open a session of its own, never one that existed before.

    A refusal is returned and must be committed, for it counts; it says the same for an unknown address, a
    wrong password and a person who was switched off.
    """
    own, shared = account_bucket(email), address_bucket(address)
    count = await lock_count(session, own, now)
    wait = max(count.wait_seconds(now), (await look_up_count(session, shared, now)).wait_seconds(now))
    if wait > 0:
        return Refusal(BLOCKED, wait)
    person = (
        (await session.execute(_PERSON, {"email": email.strip().replace("\0", "")})).mappings().one_or_none()
    )
    if not await verify_password(_usable_hash(person), password) or person is None:
        return await _refuse_login(session, own, shared, now)
    if needs_rehash(person["password_hash"]):
        await session.execute(_SET_HASH, {"id": person["id"], "hash": await hash_password(password)})
    await forget(session, own)
    if previous_cookie:
        await session.execute(_END_COOKIE, {"hash": secret_hash(previous_cookie), "now": now})
    return await _open_session(session, person["id"], address, user_agent, now, settings)


def _usable_hash(person: RowMapping | None) -> str | None:
    return person["password_hash"] if person is not None and person["is_live"] else None


async def _refuse_login(session: WriteSession, own: str, shared: str, now: datetime) -> Refusal:
    count = await count_failure(session, own, ACCOUNT, now)
    await count_failure(session, shared, ADDRESS, now)
    if count.failures == ACCOUNT.free:
        await audit.record(
            session, action="login.blocked", actor="anonymous", subject_type="login", subject_id=own, now=now
        )
    return Refusal(WRONG_LOGIN)


async def _open_session(
    session: WriteSession, user_id: UUID, address: str, user_agent: str, now: datetime, settings: Settings
) -> Login:
    cookie = generate_cookie()
    login = Login(user_id, new_id(now), cookie, now + timedelta(hours=settings.session_absolute_hours))
    values = {
        "id": login.session_id,
        "user_id": user_id,
        "hash": secret_hash(cookie),
        "user_agent": user_agent[:300],
        "ip": address[:64],
        "now": now,
        "expires_at": login.expires_at,
    }
    await session.execute(_NEW_SESSION, values)
    await session.execute(_LOGGED_IN, {"id": user_id, "now": now})
    await audit.record(
        session, action="login", actor=str(user_id), subject_type="user", subject_id=str(user_id), now=now
    )
    return login


async def log_out(session: WriteSession, principal: Principal, now: datetime) -> None:
    """End the session of this browser."""
    if principal.session_id is not None:
        await session.execute(
            _END_SESSION, {"id": principal.session_id, "user_id": principal.user_id, "now": now}
        )
        await _audit_own(session, principal, "logout", now)


async def step_up(
    session: WriteSession, principal: Principal, password: str, now: datetime
) -> Refusal | None:
    """Confirm the password again; sensitive acts are open for a quarter of an hour then. None is a yes."""
    refusal = await _check_own_password(session, principal, password, now)
    if refusal is None and principal.session_id is not None:
        async with as_role(session, DbRole.AUTHN):
            await session.execute(_STEP_UP, {"id": principal.session_id, "now": now})
    return refusal


async def change_password(
    session: WriteSession, principal: Principal, *, current: str, new: str, now: datetime
) -> Refusal | None:
    """Change one's own password and end every other session. A refusal must be committed, for it counts."""
    check_password(new, email=principal.email, name=principal.display_name, pointer="/new")
    refusal = await _check_own_password(session, principal, current, now)
    if refusal is not None:
        return refusal
    await set_password_hash(session, principal.user_id, new)
    await end_sessions(session, principal.user_id, now, keep=principal.session_id)
    await _audit_own(session, principal, "password.change", now)
    return None


async def set_password_hash(session: WriteSession, user_id: UUID, password: str) -> None:
    hashed = await hash_password(password)
    async with as_role(session, DbRole.AUTHN):
        await session.execute(_SET_HASH, {"id": user_id, "hash": hashed})


async def end_sessions(
    session: WriteSession, user_id: UUID, now: datetime, *, keep: UUID | None = None
) -> None:
    """End every session of a person but one."""
    async with as_role(session, DbRole.AUTHN):
        await session.execute(_END_OTHERS, {"user_id": user_id, "now": now, "keep": keep})


async def list_sessions(session: ReadSession, user_id: UUID, now: datetime) -> list[SessionInfo]:
    """Live logins of a person, the latest used first."""
    rows = await session.execute(_LIVE_SESSIONS, {"user_id": user_id, "now": now})
    return [SessionInfo(**row) for row in rows.mappings()]


async def revoke_session(
    session: WriteSession, principal: Principal, session_id: UUID, now: datetime
) -> None:
    """End one of the principal's own logins."""
    values = {"id": session_id, "user_id": principal.user_id, "now": now}
    if (await session.execute(_END_SESSION, values)).one_or_none() is None:
        raise NotFound("There is no such login.")
    await _audit_own(session, principal, "session.revoke", now)


async def _check_own_password(
    session: WriteSession, principal: Principal, password: str, now: datetime
) -> Refusal | None:
    bucket = account_bucket(principal.email)
    async with as_role(session, DbRole.AUTHN):
        wait = (await lock_count(session, bucket, now)).wait_seconds(now)
        if wait > 0:
            return Refusal(BLOCKED, wait)
        stored = (await session.execute(_HASH_OF, {"id": principal.user_id})).one().password_hash
        if not await verify_password(stored, password):
            await count_failure(session, bucket, ACCOUNT, now)
            return Refusal(WRONG_PASSWORD)
        await forget(session, bucket)
    return None


async def _audit_own(session: WriteSession, principal: Principal, action: str, now: datetime) -> None:
    await audit.record(
        session,
        action=action,
        actor=principal.email,
        subject_type="user",
        subject_id=str(principal.user_id),
        now=now,
    )


def check_email(email: str, *, pointer: str = "/email") -> str:
    """The address trimmed, or Invalid; only a message to it proves that it works."""
    cleaned = email.strip()
    name, at, domain = cleaned.rpartition("@")
    if (
        not (at and name and domain)
        or len(cleaned) > 254
        or any(c.isspace() or c < " " for c in cleaned)
        or "@" in name
    ):
        detail = "Write an e-mail address like name@example.com."
        raise Invalid(detail, errors=[FieldProblem(pointer, "email", detail)], code="email")
    return cleaned
