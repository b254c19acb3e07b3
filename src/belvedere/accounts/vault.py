"""Credentials: sealed on the way in, opened in one audited function, moved to new keys by `rotate_keys`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError

from belvedere.accounts.contracts import CredentialInfo
from belvedere.accounts.envelope import Sealed, seal, unseal
from belvedere.accounts.keyring import KeyRing, installed_keyring
from belvedere.core.context import Scope
from belvedere.core.database import Database, ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Invalid, NotFound
from belvedere.core.ids import new_id

LARGEST_SECRET = 64 * 1024
_WRITER = text("SELECT pg_advisory_xact_lock_shared(884211)")
_ROTATOR = text("SELECT pg_advisory_xact_lock(884211)")
_READ = text(
    "SELECT id, client_id, ciphertext, nonce, wrapped_key, wrap_nonce, key_version"
    " FROM core.read_credential(:id, :purpose)"
)
_WRITE = text(
    "SELECT core.write_credential(:id, :client_id, :provider, :name, :ciphertext, :nonce, :wrapped_key,"
    " :wrap_nonce, :key_version, :hint, :expires_at)"
)
_LIST = text("SELECT * FROM core.list_credentials()")
_DELETE = text("SELECT core.delete_credential(:id)")
_REWRAP = text(
    "SELECT core.rewrap_credential(:id, :old_version, :wrapped_key, :wrap_nonce, :ciphertext, :nonce,"
    " :key_version)"
)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What `rotate_keys` did: the version that now seals everything, how many moved, what was dropped."""

    version: int
    moved: int
    dropped: tuple[int, ...] = ()


async def store_credential(
    session: WriteSession,
    client_id: int,
    provider: str,
    name: str,
    secret: Mapping[str, str],
    actor: str,
    now: datetime,
    *,
    credential_id: UUID | None = None,
    hint: str | None = None,
    expires_at: datetime | None = None,
    keyring: KeyRing | None = None,
) -> UUID:
    """Seal and store a secret for one client; with `credential_id` its secret is replaced. Audited.

    `actor` is written by the database from the transaction's scope; it is here so that callers name it.
    """
    _check(provider, name, secret, actor)
    # Shared with other writers, held off by a rotation: nothing is sealed with a key that is being dropped.
    await session.execute(_WRITER)
    ring = keyring or installed_keyring()
    ring.refresh()
    if credential_id is None:
        credential_id = new_id(now)
        await _refuse_taken_name(session, client_id, provider, name)
    sealed = seal(secret, credential_id, client_id, ring.key(ring.current), ring.current)
    values = {
        **_columns(sealed),
        "id": credential_id,
        "client_id": client_id,
        "provider": provider,
        "name": name,
        "hint": hint if hint is not None else hint_of(secret),
        "expires_at": expires_at,
    }
    await session.execute(_WRITE, values)
    return credential_id


async def open_credential(
    session: WriteSession,
    client_id: int,
    credential_id: UUID,
    purpose: str,
    actor: str,
    now: datetime,
    *,
    keyring: KeyRing | None = None,
) -> dict[str, str]:
    """The secret, for a worker of that client. The audit row is written in the same statement as the read.

    `actor` and `now` are written by the database from the transaction's scope and clock.
    """
    if not (purpose and actor and now.tzinfo):
        raise ValueError("a credential is opened by somebody, for something, at an instant")
    row = (await session.execute(_READ, {"id": credential_id, "purpose": purpose})).mappings().one_or_none()
    if row is None or row["client_id"] != client_id:
        raise NotFound("There is no such credential for this client.")
    ring = keyring or installed_keyring()
    return unseal(_sealed(row), credential_id, client_id, ring.key(row["key_version"]))


async def list_credentials(session: ReadSession) -> list[CredentialInfo]:
    """Metadata of every credential in reach, by client, provider and name; never a secret."""
    return [CredentialInfo(**row) for row in (await session.execute(_LIST)).mappings()]


async def get_credential(session: ReadSession, client_id: int, credential_id: UUID) -> CredentialInfo:
    for info in await list_credentials(session):
        if (info.client_id, info.id) == (client_id, credential_id):
            return info
    raise NotFound("There is no such credential for this client.")


async def delete_credential(session: WriteSession, client_id: int, credential_id: UUID) -> None:
    """Forget a secret for good. Conflict while a source or a channel still uses it. Audited."""
    info = await get_credential(session, client_id, credential_id)
    try:
        async with session.begin_nested():
            deleted = (await session.execute(_DELETE, {"id": credential_id})).scalar_one()
    except IntegrityError as error:
        raise Conflict(
            f"“{info.name}” is used by a source or a channel. Give that another credential first.",
            code="credential_in_use",
        ) from error
    if not deleted:
        raise NotFound("There is no such credential for this client.")


async def rotate_keys(
    db: Database, now: datetime, *, keyring: KeyRing | None = None, batch: int = 100, drop_old: bool = False
) -> Rotation:
    """Seal everything with a new key. Killed half-way, it goes on where it stopped when it is called again.

    `drop_old` forgets the old keys afterwards; backups of before then need the key file of before.
    """
    if now.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    ring = keyring or installed_keyring()
    ring.refresh()
    scope = Scope.service("key rotation")
    async with db.read(scope) as session:
        unfinished = any(info.key_version < ring.current for info in await list_credentials(session))
    version = ring.current if unfinished else ring.add_version()
    moved = 0
    while True:
        async with db.write(scope) as session:
            count = await _move_batch(session, ring, version, batch)
        moved += count
        if count == 0:
            break
    dropped = await _drop_old(db, ring, version) if drop_old else ()
    return Rotation(version, moved, dropped)


async def _move_batch(session: WriteSession, ring: KeyRing, version: int, batch: int) -> int:
    # Alone among writers: a secret replaced between our read and our write would come back.
    await session.execute(_ROTATOR)
    old = [info for info in await list_credentials(session) if info.key_version != version][:batch]
    for info in old:
        row = (await session.execute(_READ, {"id": info.id, "purpose": "key rotation"})).mappings().one()
        secret = unseal(_sealed(row), info.id, info.client_id, ring.key(row["key_version"]))
        sealed = seal(secret, info.id, info.client_id, ring.key(version), version)
        if unseal(sealed, info.id, info.client_id, ring.key(version)) != secret:
            raise Conflict("A re-sealed credential did not open again; nothing was changed.")
        values = {**_columns(sealed), "id": info.id, "old_version": row["key_version"]}
        await session.execute(_REWRAP, values)
    return len(old)


async def _drop_old(db: Database, ring: KeyRing, version: int) -> tuple[int, ...]:
    async with db.write(Scope.service("key rotation")) as session:
        await session.execute(_ROTATOR)
        if any(info.key_version < version for info in await list_credentials(session)):
            raise Conflict("Some credentials are still sealed with an old key. Rotate again.")
        return tuple(ring.drop_before(version))


def hint_of(secret: Mapping[str, str]) -> str | None:
    """The last four characters of the longest value, where that gives little away."""
    longest = max(secret.values(), key=len, default="")
    return f"…{longest[-4:]}" if len(longest) >= 16 and longest[-4:].isprintable() else None


def _check(provider: str, name: str, secret: Mapping[str, str], actor: str) -> None:
    if not actor:
        raise ValueError("a credential is stored by somebody")
    try:
        size = sum(len(key.encode()) + len(value.encode()) for key, value in secret.items())
    except UnicodeEncodeError as error:
        raise Invalid("The secret holds a broken character.", code="secret") from error
    for field, is_right, words in (
        ("provider", 0 < len(provider) <= 50, "Name the provider."),
        ("name", 0 < len(name.strip()) <= 100, "Give the credential a name of 1 to 100 characters."),
        ("secret", any(secret.values()) and size <= LARGEST_SECRET, "Give the secret, at most 64 KiB."),
    ):
        if not is_right:
            raise Invalid(words, errors=[FieldProblem(f"/{field}", field, words)])


async def _refuse_taken_name(session: WriteSession, client_id: int, provider: str, name: str) -> None:
    for info in await list_credentials(session):
        if (info.client_id, info.provider, info.name) == (client_id, provider, name):
            raise Conflict(
                f"A credential “{name}” for {provider} exists already. Replace it.", code="name_taken"
            )


def _columns(sealed: Sealed) -> dict[str, object]:
    return {
        "ciphertext": sealed.ciphertext,
        "nonce": sealed.nonce,
        "wrapped_key": sealed.wrapped_key,
        "wrap_nonce": sealed.wrap_nonce,
        "key_version": sealed.key_version,
    }


def _sealed(row: RowMapping) -> Sealed:
    return Sealed(
        ciphertext=bytes(row["ciphertext"]),
        nonce=bytes(row["nonce"]),
        wrapped_key=bytes(row["wrapped_key"]),
        wrap_nonce=bytes(row["wrap_nonce"]),
        key_version=row["key_version"],
    )
