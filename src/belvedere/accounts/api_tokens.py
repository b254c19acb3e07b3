"""API tokens of a person: made once, shown once, stored as a hash."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text

from belvedere.accounts.contracts import NewToken, Principal, TokenDraft, TokenInfo
from belvedere.accounts.permissions import Permission, allowed
from belvedere.accounts.tokens import SHOWN_LENGTH, generate_token, secret_hash
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import FieldProblem, Forbidden, Invalid, NotFound
from belvedere.core.ids import new_id

LONGEST_LIFE = timedelta(days=366)
NEVER_IN_A_TOKEN = frozenset({Permission.TOKENS_WRITE, Permission.ME_WRITE, Permission.USERS_WRITE})
"""A stolen token must not make more tokens, nor change who may sign in."""

_COLUMNS = "id, user_id, client_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at"
_LIST = text(
    f"SELECT {_COLUMNS} FROM core.api_tokens WHERE user_id = :user_id ORDER BY created_at DESC, id DESC"
)
_INSERT = text(
    f"""
    INSERT INTO core.api_tokens (id, user_id, client_id, name, prefix, token_hash, scopes, created_at,
                                 expires_at)
    VALUES (:id, :user_id, :client_id, :name, :prefix, :hash, :scopes, :now, :expires_at) RETURNING {_COLUMNS}
    """
)
_REVOKE = text(
    "UPDATE core.api_tokens SET revoked_at = coalesce(revoked_at, :now)"
    " WHERE id = :id AND (user_id = :user_id OR :governs) RETURNING user_id"
)


async def list_tokens(session: ReadSession, user_id: UUID) -> list[TokenInfo]:
    """Every token of a person, revoked ones too, the newest first."""
    return [_info(row) for row in (await session.execute(_LIST, {"user_id": user_id})).mappings()]


async def create_token(
    session: WriteSession, principal: Principal, draft: TokenDraft, now: datetime
) -> NewToken:
    """A token of the principal's own. It can do what its scopes name and its person may."""
    if principal.session_id is None:
        raise Forbidden("A token cannot make tokens. Sign in on the page.", code="session_needed")
    _check(principal, draft, now)
    token = generate_token()
    values = {
        "id": new_id(now),
        "user_id": principal.user_id,
        "client_id": draft.client_id,
        "name": draft.name.strip(),
        "prefix": token[:SHOWN_LENGTH],
        "hash": secret_hash(token),
        "scopes": sorted(draft.scopes),
        "now": now,
        "expires_at": draft.expires_at,
    }
    info = _info((await session.execute(_INSERT, values)).mappings().one())
    await _audit(session, "token.create", info.id, principal, now)
    return NewToken(info, token)


async def revoke_token(session: WriteSession, principal: Principal, token_id: UUID, now: datetime) -> None:
    """End a token at once: one's own, or anybody's for those who manage people."""
    governs = allowed(principal, Permission.USERS_WRITE).allowed
    values = {"id": token_id, "user_id": principal.user_id, "governs": governs, "now": now}
    if (await session.execute(_REVOKE, values)).one_or_none() is None:
        raise NotFound("There is no such token.")
    await _audit(session, "token.revoke", token_id, principal, now)


def _check(principal: Principal, draft: TokenDraft, now: datetime) -> None:
    if not 0 < len(draft.name.strip()) <= 100:
        raise _wrong("/name", "name", "Give the token a name of 1 to 100 characters.")
    known = {word.value for word in Permission}
    for scope in sorted(draft.scopes):
        if scope not in known:
            raise _wrong("/scopes", "scope", f"There is no scope {scope!r}.")
        if scope in NEVER_IN_A_TOKEN:
            raise _wrong("/scopes", "scope", f"No token may carry {scope}.")
        if not allowed(principal, scope, draft.client_id):
            raise _wrong("/scopes", "scope", f"You may not do {scope} yourself, so no token of yours may.")
    if not draft.scopes:
        raise _wrong("/scopes", "scope", "Name at least one scope.")
    if draft.expires_at is not None and not now < draft.expires_at <= now + LONGEST_LIFE:
        raise _wrong("/expires_at", "expiry", "A token ends within a year, and not in the past.")


def _wrong(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(pointer, code, detail)])


async def _audit(
    session: WriteSession, action: str, token_id: UUID, principal: Principal, now: datetime
) -> None:
    await audit.record(
        session,
        action=action,
        actor=principal.email,
        subject_type="api_token",
        subject_id=str(token_id),
        now=now,
    )


def _info(row: RowMapping) -> TokenInfo:
    return TokenInfo(**row)
