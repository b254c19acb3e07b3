"""The first owner of an installation; possible only while nobody exists."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.contracts import Role
from belvedere.accounts.logins import check_email, end_sessions
from belvedere.accounts.passwords import check_password, hash_password
from belvedere.core import audit
from belvedere.core.context import DbRole
from belvedere.core.database import ReadSession, WriteSession, as_role
from belvedere.core.errors import Conflict
from belvedere.core.ids import new_id

# Held to the end of the transaction: of two people who open a fresh installation, one waits for the other.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(884210)")
_ANYBODY = text("SELECT EXISTS (SELECT 1 FROM core.users)")
_INSERT = text(
    "INSERT INTO core.users (id, email, display_name, password_hash, role, is_staff, created_at)"
    " VALUES (:id, :email, :name, :hash, 'owner', true, :now)"
)
_BY_EMAIL = text("SELECT id, role FROM core.users WHERE lower(email) = lower(:email) AND is_active")
_SET_HASH = text("UPDATE core.users SET password_hash = :hash WHERE id = :id")


async def is_first_run(session: ReadSession) -> bool:
    """Whether nobody exists yet; needs a session of `authn_r` (a public door)."""
    return not (await session.execute(_ANYBODY)).scalar_one()


async def create_first_owner(
    session: WriteSession, email: str, password: str, name: str, now: datetime
) -> UUID:
    """Create the owner of a fresh installation. Conflict once anybody exists; Invalid on a weak password."""
    email = check_email(email)
    name = name.strip() or email.partition("@")[0]
    check_password(password, email=email, name=name)
    hashed = await hash_password(password)
    user_id = new_id(now)
    async with as_role(session, DbRole.AUTHN):
        await session.execute(_ONE_AT_A_TIME)
        if not await is_first_run(session):
            raise Conflict("This installation has its owner already. Sign in.", code="not_first_run")
        values = {"id": user_id, "email": email, "name": name, "hash": hashed, "now": now}
        await session.execute(_INSERT, values)
    await audit.record(
        session,
        action="user.create",
        actor="first run",
        subject_type="user",
        subject_id=str(user_id),
        detail={"role": Role.OWNER},
        now=now,
    )
    return user_id


async def ensure_demo_owner(
    session: WriteSession, email: str, password: str, name: str, now: datetime
) -> UUID:
    """The owner whose login the demo prints: created on a fresh installation, else given this password."""
    person = (await session.execute(_BY_EMAIL, {"email": email})).one_or_none()
    if person is None:
        return await create_first_owner(session, email, password, name, now)
    if person.role != Role.OWNER:
        raise Conflict("The demo's address belongs to somebody who is no owner.", code="not_first_run")
    await session.execute(_SET_HASH, {"id": person.id, "hash": await hash_password(password)})
    await end_sessions(session, person.id, now)
    return UUID(str(person.id))
