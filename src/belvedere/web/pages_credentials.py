"""Credentials: what is sealed for whom; a secret goes in and never comes back."""

from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts import service
from belvedere.accounts.contracts import CredentialInfo
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.connectors.service import list_connectors
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.core.zones import at_local, find_zone
from belvedere.sources import service as sources
from belvedere.web.answers import see
from belvedere.web.forms import (
    Errors,
    Fields,
    Posted,
    attempt,
    choice_filter,
    empty_filtered,
    empty_first,
    pager,
    text_filter,
)
from belvedere.web.presentation import word
from belvedere.web.setting_fields import credential_fields
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("credentials.read"), scope="function")]
Sees = Annotated[Access, Depends(reading("credentials.write"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("credentials.write"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

SECRET = "secret-"  # noqa: S105 - the beginning of a field's name
PLAIN = [("secret", "Secret", "It is sealed when it arrives.")]


@router.get("/settings/credentials")
async def list_credentials(access: Reads, q: Short = "", provider: Short = "") -> Response:
    access.require_step_up()
    view = await look(access)
    infos = [
        info
        for info in await service.list_credentials(access.session)
        if access.may("credentials.read", info.client_id) and view.client_id in (None, info.client_id)
    ]
    accounts = await sources.list_accounts(access.session, access.now, limit=2000)
    used = [account.row["credential_id"] for account in accounts]
    words = q.strip().lower()
    rows = [
        _row(view, info, used.count(info.id))
        for info in infos
        if words in info.name.lower() and provider in ("", info.provider)
    ]
    options = [(name, word(name)) for name in sorted({info.provider for info in infos})]
    first = empty_first("No credentials yet", "An account at a platform needs its key; it is sealed here and never shown again.",
                        *([("Add a credential", "/settings/credentials/new")] if access.may("credentials.write") else []))  # fmt: skip
    return view.page(
        "credentials.html",
        {
            "filters": [
                text_filter(q, "Find by name"),
                choice_filter("provider", "Provider", options, provider),
            ],
            "page": pager(len(rows), None, None),
            "rows": rows,
            "empty": None if rows else (empty_filtered("No credential matches") if infos else first),
        },
        configure="credentials.write",
    )


@router.get("/settings/credentials/new")
async def new_credential(access: Sees, provider: Short = "") -> Response:
    access.require_step_up()
    view = await look(access)
    names = [name for name, _ in providers()]
    form: dict[str, Any] = {"client_id": view.client_id or "", "provider": provider if provider in names else names[0], "name": "",
            "expires_at": ""}  # fmt: skip
    return _page(view, None, form, {})


@router.post("/settings/credentials")
async def create_credential(posted: Posted, access: Writes) -> Response:
    access.require_step_up()
    view = await look(access)
    form: dict[str, Any] = {
        name: posted.text(name) for name in ("client_id", "provider", "name", "expires_at")
    }

    async def save() -> UUID:
        client_id = posted.number("client_id")
        if client_id is None:
            raise _wrong("client_id", "Choose the client that it belongs to.")
        access.require(client_id)
        return await service.store_credential(
            access.session, client_id, form["provider"], form["name"], _secret(form["provider"], posted), access.actor,
            access.now, expires_at=_expiry(view, form["expires_at"]),
        )  # fmt: skip

    _, errors = await attempt(access.session, save, {"secret": _first_field(form["provider"])})
    if errors:
        return _page(view, None, form, errors)
    return see(access.request, "/settings/credentials", f"“{form['name']}” sealed")


@router.get("/settings/credentials/{credential_id}")
async def show_credential(credential_id: UUID, access: Sees) -> Response:
    access.require_step_up()
    view = await look(access)
    info = await _find(access, credential_id)
    expires = (
        info.expires_at.astimezone(find_zone(access.principal.timezone)).date().isoformat()
        if info.expires_at
        else ""
    )
    form: dict[str, Any] = {
        "client_id": info.client_id,
        "provider": info.provider,
        "name": info.name,
        "expires_at": expires,
    }
    return _page(view, info, form, {})


@router.post("/settings/credentials/{credential_id}")
async def replace_credential(credential_id: UUID, posted: Posted, access: Writes) -> Response:
    """Put another secret in the place of the stored one."""
    access.require_step_up()
    view = await look(access)
    info = await _find(access, credential_id)
    access.require(info.client_id)
    form: dict[str, Any] = {"client_id": info.client_id, "provider": info.provider, "name": posted.text("name"),
            "expires_at": posted.text("expires_at")}  # fmt: skip

    async def save() -> UUID:
        return await service.store_credential(
            access.session, info.client_id, info.provider, form["name"], _secret(info.provider, posted), access.actor,
            access.now, credential_id=credential_id, expires_at=_expiry(view, form["expires_at"]),
        )  # fmt: skip

    _, errors = await attempt(access.session, save, {"secret": _first_field(info.provider)})
    if errors:
        return _page(view, info, form, errors)
    return see(access.request, "/settings/credentials", f"“{form['name']}” replaced")


@router.post("/settings/credentials/{credential_id}/delete")
async def delete_credential(credential_id: UUID, access: Writes) -> Response:
    access.require_step_up()
    info = await _find(access, credential_id)
    access.require(info.client_id)
    await service.delete_credential(access.session, info.client_id, credential_id)
    return see(access.request, "/settings/credentials", f"“{info.name}” deleted")


def providers() -> list[tuple[str, str]]:
    """Platforms whose connectors ask for a secret, and the channels' own."""
    names = [connector.provider for connector in list_connectors() if connector.credential_fields]
    return [(name, word(name)) for name in dict.fromkeys([*names, "other"])]


async def _find(access: Access, credential_id: UUID) -> CredentialInfo:
    for info in await service.list_credentials(access.session):
        if info.id == credential_id and access.may("credentials.read", info.client_id):
            return info
    raise NotFound("There is no such credential.")


def _fields(provider: str) -> list[tuple[str, str, str]]:
    """(field of the form, label, help) of each secret that a provider needs."""
    found = [(SECRET + item.name, item.label, item.help) for item in credential_fields(provider)]
    return found or [(SECRET + name, label, hint) for name, label, hint in PLAIN]


def _first_field(provider: str) -> str:
    return _fields(provider)[0][0]


def _secret(provider: str, posted: Fields) -> dict[str, str]:
    secret = {}
    for name, label, _ in _fields(provider):
        value = posted.text(name)
        if not value:
            raise _wrong(name, f"Paste the {label[:1].lower()}{label[1:]}.")
        secret[name.removeprefix(SECRET)] = value
    return secret


def _expiry(view: View, text: str) -> datetime | None:
    """The first moment of that day in the reader's zone."""
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).replace(tzinfo=UTC).date()
    except ValueError:
        raise _wrong("expires_at", "Write a date like 2027-01-31.") from None
    at = at_local(day, time(0), find_zone(view.access.principal.timezone))
    if at <= view.access.now:
        raise _wrong("expires_at", "This day has passed.")
    return at


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", "required", detail)])


def _row(view: View, info: CredentialInfo, used_by: int) -> dict[str, Any]:
    expired = info.expires_at is not None and info.expires_at <= view.access.now
    kept = ("id", "name", "provider", "hint", "key_version", "expires_at", "last_used_at", "rotated_at")
    return {
        **{name: getattr(info, name) for name in kept},
        "client": view.name_of(info.client_id),
        "used_by": used_by,
        "state": "expired" if expired else "active",
    }


def _page(view: View, info: CredentialInfo | None, form: dict[str, Any], errors: Errors) -> Response:
    named = None
    if info is not None:
        named = {
            "id": info.id,
            "name": info.name,
            "hint": (info.hint or "").lstrip("…"),
            "rotated_at": info.rotated_at,
        }
    context = {
        "credential": named,
        "form": form,
        "errors": errors,
        "clients": [("", "Choose a client"), *view.choices("credentials.write", agency="Agency itself")],
        "providers": providers(),
        "fields": _fields(str(form["provider"])),
    }
    path = f"/settings/credentials/{info.id}" if info else "/settings/credentials/new"
    return view.page(
        "credential_form.html",
        context,
        status=422 if errors else 200,
        path=path,
        configure="credentials.write",
    )
