"""People and their memberships; only owners and admins come here, and only owners touch owners."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from belvedere.accounts.contracts import Membership, Person, PersonDraft, Principal, Role
from belvedere.accounts.logins import check_email, end_sessions, set_password_hash
from belvedere.accounts.passwords import check_password
from belvedere.accounts.permissions import GOVERNORS, may_manage_user
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.core.zones import find_zone

_COLUMNS = (
    "u.id, u.email, u.display_name, u.role, u.is_staff, u.timezone, u.locale, u.is_active, u.last_login_at,"
    " u.created_at, u.updated_at,"
    " (SELECT coalesce(jsonb_agg(jsonb_build_array(m.client_id, m.role) ORDER BY m.client_id), '[]'::jsonb)"
    " FROM core.user_clients m WHERE m.user_id = u.id) AS memberships"
)
OWN_FIELDS = frozenset({"display_name", "timezone", "locale"})
CHANGEABLE = OWN_FIELDS | {"email", "role", "is_staff", "is_active"}

_LIST = text(
    f"""
    SELECT {_COLUMNS} FROM core.users u
     WHERE u.deleted_at IS NULL
       AND (CAST(:after_email AS text) IS NULL
            OR (lower(u.email), u.id) > (:after_email, CAST(:after_id AS uuid)))
     ORDER BY lower(u.email), u.id LIMIT :limit
    """
)
_GET = text(f"SELECT {_COLUMNS} FROM core.users u WHERE u.id = :id AND u.deleted_at IS NULL")
_INSERT = text(
    """
    INSERT INTO core.users (id, email, display_name, role, is_staff, timezone, locale, created_at)
    VALUES (:id, :email, :display_name, :role, :is_staff, :timezone, :locale, :now)
    ON CONFLICT (lower(email)) DO NOTHING RETURNING id
    """
)
_EMAIL_TAKEN = text(
    "SELECT EXISTS (SELECT 1 FROM core.users WHERE lower(email) = lower(:email) AND id <> :id)"
)
_JOIN = text(
    """
    INSERT INTO core.user_clients (user_id, client_id, role) VALUES (:user_id, :client_id, :role)
    ON CONFLICT (user_id, client_id) DO UPDATE SET role = excluded.role
    """
)
_LEAVE = text(
    "DELETE FROM core.user_clients WHERE user_id = :user_id AND client_id = :client_id RETURNING user_id"
)
# Two owners who demote each other at the same time would leave none; whoever governs owners waits in line.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(884210)")
_OTHER_OWNERS = text(
    "SELECT count(*) FROM core.users WHERE role = 'owner' AND is_active AND deleted_at IS NULL AND id <> :id"
)
_REVOKE_TOKENS = text(
    "UPDATE core.api_tokens SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL"
)


async def list_people(
    session: ReadSession, *, after: tuple[str, UUID] | None = None, limit: int = 200
) -> list[Person]:
    """People by address; `after` is the (lower address, id) of the last one of the page before."""
    after_email, after_id = after or (None, None)
    rows = await session.execute(_LIST, {"after_email": after_email, "after_id": after_id, "limit": limit})
    return [_person(row) for row in rows.mappings()]


async def get_person(session: ReadSession, user_id: UUID) -> Person:
    row = (await session.execute(_GET, {"id": user_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such person.")
    return _person(row)


async def create_person(
    session: WriteSession, principal: Principal, draft: PersonDraft, now: datetime
) -> Person:
    email = check_email(draft.email)
    _may_manage(principal, draft.role)
    _check_shape(draft.role, is_staff=draft.is_staff, timezone=draft.timezone, name=draft.display_name)
    if draft.password is not None:
        check_password(draft.password, email=email, name=draft.display_name)
    user_id = new_id(now)
    values = {
        "id": user_id,
        "email": email,
        "display_name": draft.display_name.strip(),
        "role": draft.role,
        "is_staff": draft.is_staff,
        "timezone": draft.timezone,
        "locale": draft.locale,
        "now": now,
    }
    if (await session.execute(_INSERT, values)).one_or_none() is None:
        raise _email_taken()
    for membership in draft.memberships:
        await _join(session, user_id, membership, is_staff=draft.is_staff)
    if draft.password is not None:
        await set_password_hash(session, user_id, draft.password)
    await _audit(session, "user.create", user_id, principal, now, {"role": draft.role})
    return await get_person(session, user_id)


async def change_person(
    session: WriteSession, principal: Principal, user_id: UUID, changes: Mapping[str, Any], now: datetime
) -> Person:
    """Change the named fields of somebody. Nobody changes their own rights; the last owner stays one."""
    _refuse_unknown(changes, CHANGEABLE)
    person = await _managed(session, principal, user_id, rights=bool(set(changes) - OWN_FIELDS - {"email"}))
    role = Role(changes.get("role", person.role))
    _may_manage(principal, role)
    _check_shape(
        role,
        is_staff=changes.get("is_staff", person.is_staff),
        timezone=changes.get("timezone", person.timezone),
        name=changes.get("display_name", person.display_name),
    )
    if person.role is Role.OWNER and (role is not Role.OWNER or changes.get("is_active") is False):
        await _keep_an_owner(session, user_id)
    if "email" in changes:
        changes = {**changes, "email": check_email(changes["email"])}
        if (await session.execute(_EMAIL_TAKEN, {"email": changes["email"], "id": user_id})).scalar_one():
            raise _email_taken()
    await _update(session, user_id, changes)
    if changes.get("is_active") is False:
        await _shut_out(session, user_id, now)
    await _audit(session, "user.change", user_id, principal, now, {"fields": sorted(changes)})
    return await get_person(session, user_id)


async def change_oneself(
    session: WriteSession, principal: Principal, changes: Mapping[str, Any], now: datetime
) -> Person:
    """Name, zone and language of one's own account."""
    _refuse_unknown(changes, OWN_FIELDS)
    person = await get_person(session, principal.user_id)
    _check_shape(
        person.role,
        is_staff=person.is_staff,
        timezone=changes.get("timezone", person.timezone),
        name=changes.get("display_name", person.display_name),
    )
    await _update(session, principal.user_id, changes)
    await _audit(session, "user.change", principal.user_id, principal, now, {"fields": sorted(changes)})
    return await get_person(session, principal.user_id)


async def deactivate_person(
    session: WriteSession, principal: Principal, user_id: UUID, now: datetime
) -> Person:
    """Shut somebody out at once: no login, no session, no token."""
    return await change_person(session, principal, user_id, {"is_active": False}, now)


async def set_person_password(
    session: WriteSession, principal: Principal, user_id: UUID, password: str, now: datetime
) -> None:
    """Give somebody a new password and end their sessions."""
    person = await _managed(session, principal, user_id, rights=True)
    check_password(password, email=person.email, name=person.display_name)
    await set_password_hash(session, user_id, password)
    await end_sessions(session, user_id, now)
    await _audit(session, "password.set", user_id, principal, now, {})


async def set_membership(
    session: WriteSession, principal: Principal, user_id: UUID, client_id: int, role: Role, now: datetime
) -> Person:
    person = await _managed(session, principal, user_id, rights=True)
    await _join(session, user_id, Membership(client_id, role), is_staff=person.is_staff)
    detail = {"client_id": client_id, "role": role}
    await _audit(session, "membership.set", user_id, principal, now, detail)
    return await get_person(session, user_id)


async def remove_membership(
    session: WriteSession, principal: Principal, user_id: UUID, client_id: int, now: datetime
) -> None:
    await _managed(session, principal, user_id, rights=True)
    values = {"user_id": user_id, "client_id": client_id}
    if (await session.execute(_LEAVE, values)).one_or_none() is None:
        raise NotFound("This person is no member of that client.")
    await _audit(session, "membership.remove", user_id, principal, now, {"client_id": client_id})


async def _managed(session: ReadSession, principal: Principal, user_id: UUID, *, rights: bool) -> Person:
    person = await get_person(session, user_id)
    _may_manage(principal, person.role, target_is_self=rights and user_id == principal.user_id)
    return person


def _may_manage(principal: Principal, role: Role, *, target_is_self: bool = False) -> None:
    decision = may_manage_user(principal, role, target_is_self=target_is_self)
    if not decision:
        raise Forbidden(decision.reason)


async def _keep_an_owner(session: WriteSession, user_id: UUID) -> None:
    await session.execute(_ONE_AT_A_TIME)
    if (await session.execute(_OTHER_OWNERS, {"id": user_id})).scalar_one() == 0:
        raise Conflict("This is the last owner. Make somebody else an owner first.", code="last_owner")


async def _join(session: WriteSession, user_id: UUID, membership: Membership, *, is_staff: bool) -> None:
    if membership.client_id == AGENCY:
        detail = "The agency's own rows are for staff, who reach them without a membership."
        raise Invalid(detail, errors=[FieldProblem("/client_id", "agency", detail)])
    if not is_staff and membership.role in GOVERNORS:
        detail = "Client users are analysts, operators or viewers."
        raise Invalid(detail, errors=[FieldProblem("/role", "role", detail)])
    known = text("SELECT EXISTS (SELECT 1 FROM core.clients WHERE id = :id)")
    if not (await session.execute(known, {"id": membership.client_id})).scalar_one():
        raise NotFound("There is no such client.")
    values = {"user_id": user_id, "client_id": membership.client_id, "role": membership.role}
    await session.execute(_JOIN, values)


async def _update(session: WriteSession, user_id: UUID, changes: Mapping[str, Any]) -> None:
    if changes:
        # The names come from CHANGEABLE or OWN_FIELDS, never from a caller.
        sets = ", ".join(f"{column} = :{column}" for column in sorted(changes))
        await session.execute(
            text(f"UPDATE core.users SET {sets} WHERE id = :user_id"), {**changes, "user_id": user_id}
        )


async def _shut_out(session: WriteSession, user_id: UUID, now: datetime) -> None:
    await end_sessions(session, user_id, now)
    await session.execute(_REVOKE_TOKENS, {"user_id": user_id, "now": now})


def _check_shape(role: Role, *, is_staff: bool, timezone: str, name: str) -> None:
    if role in GOVERNORS and not is_staff:
        detail = "Only agency staff can be owners or admins."
        raise Invalid(detail, errors=[FieldProblem("/role", "role", detail)])
    if not 0 < len(name.strip()) <= 200:
        detail = "Give a name of 1 to 200 characters."
        raise Invalid(detail, errors=[FieldProblem("/display_name", "name", detail)])
    find_zone(timezone, pointer="/timezone")


def _refuse_unknown(changes: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(changes) - known)
    if unknown:
        raise Invalid(f"The field {unknown[0]!r} cannot be changed here.")


def _email_taken() -> Conflict:
    return Conflict("Somebody with this e-mail address exists already.", code="email_taken")


async def _audit(
    session: WriteSession,
    action: str,
    user_id: UUID,
    principal: Principal,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    await audit.record(
        session,
        action=action,
        actor=principal.email,
        subject_type="user",
        subject_id=str(user_id),
        detail=detail,
        now=now,
    )


def _person(row: RowMapping) -> Person:
    members = tuple(Membership(client_id, Role(role)) for client_id, role in row["memberships"])
    return Person(**{**row, "role": Role(row["role"]), "memberships": members})
