"""Clients: the agency's customers. Row policies decide who sees which; owners and admins change them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError

from belvedere.accounts.contracts import Client, ClientDraft, ClientStatus
from belvedere.accounts.logins import check_email
from belvedere.core import audit
from belvedere.core.currencies import CURRENCIES
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Invalid, NotFound
from belvedere.core.schema import AGENCY
from belvedere.core.zones import find_zone

_COLUMNS = (
    "id, name, slug, status, currency, timezone, locale, website_url, discord_channel_id, email_recipients,"
    " metadata, created_at, updated_at"
)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
CHANGEABLE = frozenset(
    {
        "name", "slug", "status", "currency", "timezone", "locale", "website_url", "discord_channel_id",
        "email_recipients", "metadata",
    }
)  # fmt: skip

_LIST = text(
    f"""
    SELECT {_COLUMNS} FROM core.clients
     WHERE (:archived OR status <> 'archived')
       AND (CAST(:after_name AS text) IS NULL
            OR (lower(name), id) > (:after_name, CAST(:after_id AS integer)))
     ORDER BY lower(name), id LIMIT :limit
    """
)
_GET = text(f"SELECT {_COLUMNS} FROM core.clients WHERE id = :id")
_INSERT = text(
    """
    INSERT INTO core.clients (name, slug, currency, timezone, locale, website_url, discord_channel_id,
                              email_recipients, metadata)
    VALUES (:name, :slug, :currency, :timezone, :locale, :website_url, :discord_channel_id, :email_recipients,
            CAST(:metadata AS jsonb))
    """
)
_KNOWN = text("SELECT id FROM core.clients WHERE id = ANY (CAST(:ids AS integer[]))")
_BY_SLUG = text(f"SELECT {_COLUMNS} FROM core.clients WHERE slug = :slug")


async def list_clients(
    session: ReadSession,
    *,
    include_archived: bool = False,
    after: tuple[str, int] | None = None,
    limit: int = 200,
) -> list[Client]:
    """The clients of the person by name; `after` is the (lower name, id) that ended the page before."""
    after_name, after_id = after or (None, None)
    values = {"archived": include_archived, "after_name": after_name, "after_id": after_id, "limit": limit}
    return [_client(row) for row in (await session.execute(_LIST, values)).mappings()]


async def get_client(session: ReadSession, client_id: int) -> Client:
    row = (await session.execute(_GET, {"id": client_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such client.")
    return _client(row)


async def must_find_clients(session: ReadSession, client_ids: Sequence[int], pointer: str) -> None:
    """Raise NotFound that names, under `pointer`, each client that does not exist or is out of reach; 0 is the agency."""
    known = set((await session.execute(_KNOWN, {"ids": list(client_ids)})).scalars()) | {AGENCY}
    problems = [
        FieldProblem(f"{pointer}/{place}", "unknown", f"There is no client {client_id}.")
        for place, client_id in enumerate(client_ids)
        if client_id not in known
    ]
    if problems:
        raise NotFound(problems[0].detail, errors=problems)


async def create_client(session: WriteSession, draft: ClientDraft, actor: str, now: datetime) -> Client:
    values = {name: getattr(draft, name) for name in CHANGEABLE - {"status"}}
    values["slug"] = draft.slug or slug_of(draft.name)
    _check(values)
    values["metadata"] = _as_json(draft.metadata)
    try:
        async with session.begin_nested():
            await session.execute(_INSERT, values)
    except IntegrityError as error:
        raise _slug_taken(values["slug"]) from error
    # Not RETURNING: the policy finds a new client among the person's own only one statement later.
    row = (await session.execute(_BY_SLUG, {"slug": values["slug"]})).mappings().one()
    await _audit(session, "client.create", row["id"], actor, now, {"name": draft.name})
    return _client(row)


async def change_client(
    session: WriteSession, client_id: int, changes: Mapping[str, Any], actor: str, now: datetime
) -> Client:
    """Change the named columns; NotFound outside the person's clients."""
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise Invalid(f"A client has no field {min(unknown)!r} to change.")
    before = await get_client(session, client_id)
    if not changes:
        return before
    _check(changes)
    if client_id == AGENCY and changes.get("status", ClientStatus.ACTIVE) != ClientStatus.ACTIVE:
        raise Conflict("The agency itself stays active.", code="agency_stays")
    if "slug" in changes and await _slug_is_taken(session, changes["slug"], client_id):
        raise _slug_taken(changes["slug"])
    values = dict(changes)
    if "metadata" in values:
        values["metadata"] = _as_json(values["metadata"])
    row = (await session.execute(_update(tuple(values)), {**values, "id": client_id})).mappings().one()
    await _audit(session, "client.change", client_id, actor, now, {"fields": sorted(changes)})
    return _client(row)


async def archive_client(session: WriteSession, client_id: int, actor: str, now: datetime) -> Client:
    """Stop everything for a client and keep its history."""
    return await change_client(session, client_id, {"status": ClientStatus.ARCHIVED}, actor, now)


def slug_of(name: str) -> str:
    """`Marlow & Finch` → `marlow-finch`; a name without Latin letters becomes `client`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-") or "client"


def _update(columns: tuple[str, ...]) -> Any:
    # The names come from CHANGEABLE, never from a caller.
    sets = ", ".join(f"{c} = CAST(:{c} AS jsonb)" if c == "metadata" else f"{c} = :{c}" for c in columns)
    return text(f"UPDATE core.clients SET {sets} WHERE id = :id RETURNING {_COLUMNS}")


def _check(values: Mapping[str, Any]) -> None:
    problems = [
        FieldProblem(f"/{field}", code, words)
        for field, is_right, code, words in (
            ("name", _is_name(values.get("name", "x")), "name", "Give a name of 1 to 200 characters."),
            ("slug", bool(_SLUG.fullmatch(values.get("slug", "x"))), "slug", "Use a-z, 0-9 and hyphens."),
            (
                "currency",
                values.get("currency", "USD") in CURRENCIES,
                "currency",
                "Use an ISO 4217 code: EUR.",
            ),
            ("website_url", _is_web(values.get("website_url")), "url", "Use an http or https address."),
        )
        if not is_right
    ]
    if problems:
        raise Invalid(problems[0].detail, errors=problems)
    for recipient in values.get("email_recipients") or ():
        check_email(recipient, pointer="/email_recipients")
    if "timezone" in values:
        find_zone(values["timezone"], pointer="/timezone")


def _as_json(metadata: Mapping[str, Any]) -> str:
    detail = "Metadata holds JSON without NUL characters and with numbers of at most 64 bits."
    wrong = Invalid(detail, errors=[FieldProblem("/metadata", "json", detail)])
    try:
        written = orjson.dumps(dict(metadata)).decode()
    except (TypeError, ValueError) as error:
        raise wrong from error
    if "\\u0000" in written:
        raise wrong
    return written


def _is_name(name: str) -> bool:
    return len(name.strip()) > 0 and len(name) <= 200


def _is_web(url: str | None) -> bool:
    return url is None or (url.startswith(("http://", "https://")) and len(url) <= 2000)


async def _slug_is_taken(session: WriteSession, slug: str, client_id: int) -> bool:
    statement = text("SELECT EXISTS (SELECT 1 FROM core.clients WHERE slug = :slug AND id <> :id)")
    return bool((await session.execute(statement, {"slug": slug, "id": client_id})).scalar_one())


def _slug_taken(slug: str) -> Conflict:
    return Conflict(f"The short name “{slug}” belongs to another client.", code="slug_taken")


async def _audit(
    session: WriteSession, action: str, client_id: int, actor: str, now: datetime, detail: dict[str, Any]
) -> None:
    await audit.record(
        session,
        action=action,
        actor=actor,
        subject_type="client",
        subject_id=str(client_id),
        client_id=client_id,
        detail=detail,
        now=now,
    )


def _client(row: RowMapping) -> Client:
    return Client(**{**row, "status": ClientStatus(row["status"])})
