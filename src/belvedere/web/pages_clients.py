"""Clients of the agency: the list, a new one, changing one."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from starlette.responses import Response

from belvedere.accounts import service
from belvedere.accounts.contracts import Client, ClientDraft, ClientStatus
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.schema import AGENCY
from belvedere.sources import service as sources
from belvedere.web import figures
from belvedere.web.answers import see
from belvedere.web.forms import (
    LOCALES,
    Errors,
    Fields,
    Posted,
    attempt,
    choice_filter,
    currency_choices,
    empty_filtered,
    empty_first,
    pager,
    text_filter,
    zone_choices,
)
from belvedere.web.view import AGENCY_NAME, View, look, worst_of

router = door_router()

Reads = Annotated[Access, Depends(reading("clients.read"), scope="function")]
Sees = Annotated[Access, Depends(reading("clients.write"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("clients.write"), scope="function")]
Id = Annotated[int, Path(ge=0, le=2**31 - 1)]
Short = Annotated[str, Query(max_length=200)]

FORM = ("name", "slug", "status", "currency", "timezone", "locale", "website_url", "discord_channel_id")


@router.get("/settings/clients")
async def list_clients(access: Sees, q: Short = "", status: Short = "") -> Response:
    view = await look(access)
    rows = await _rows(view)
    words = q.strip().lower()
    kept = [
        row
        for row in rows
        if words in f"{row['name']} {row['slug']}".lower()
        and row["status"] == (status or row["status"])
        and (status or row["status"] != "archived")
    ]
    first = empty_first("No clients yet", "A client is a customer of the agency: its sources, rules and alerts belong to it.",
                        *([("Add a client", "/settings/clients/new")] if access.may("clients.write") else []))  # fmt: skip
    states = [(state.value, state.value) for state in ClientStatus]
    return view.page(
        "clients.html",
        {
            "filters": [text_filter(q, "Find by name"), choice_filter("status", "Status", states, status)],
            "page": pager(len(kept), None, None),
            "rows": kept,
            "empty": None if kept else (empty_filtered("No client matches") if q or status else first),
        },
    )


@router.get("/settings/clients/new")
async def new_client(access: Sees) -> Response:
    view = await look(access)
    form = {**dict.fromkeys(FORM, ""), "status": "active", "currency": "EUR", "locale": "en",
            "timezone": access.principal.timezone, "email_recipients": ""}  # fmt: skip
    return _form_page(view, None, form, {})


@router.post("/settings/clients")
async def create_client(posted: Posted, access: Writes) -> Response:
    view = await look(access)
    form = _typed(posted)
    values = _values(posted)
    status = values.pop("status")

    async def save() -> Client:
        made = await service.create_client(access.session, ClientDraft(**values), access.actor, access.now)
        if status != ClientStatus.ACTIVE:
            made = await service.change_client(
                access.session, made.id, {"status": status}, access.actor, access.now
            )
        return made

    made, errors = await attempt(access.session, save)
    if made is None:
        return _form_page(view, None, form, errors)
    return see(access.request, "/settings/clients", f"{made.name} added")


@router.get("/settings/clients/{client_id}")
async def show_client(client_id: Id, access: Sees) -> Response:
    view = await look(access)
    client = await service.get_client(access.session, client_id)
    form = {name: getattr(client, name) for name in FORM}
    form["status"] = client.status.value
    return _form_page(
        view, client, {**form, "email_recipients": ", ".join(client.email_recipients or [])}, {}
    )


@router.post("/settings/clients/{client_id}")
async def change_client(client_id: Id, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    client = await service.get_client(access.session, client_id)
    values = _values(posted)
    values["slug"] = values["slug"] or client.slug
    saved, errors = await attempt(
        access.session,
        lambda: service.change_client(access.session, client_id, values, access.actor, access.now),
    )
    if saved is None:
        return _form_page(view, client, _typed(posted), errors)
    return see(access.request, "/settings/clients", f"{saved.name} saved")


def _typed(posted: Fields) -> dict[str, Any]:
    return {name: posted.text(name) for name in (*FORM, "email_recipients")}


def _values(posted: Fields) -> dict[str, Any]:
    status = posted.text("status")
    return {
        "name": posted.text("name"),
        "slug": posted.text("slug"),
        "status": ClientStatus(status) if status in set(ClientStatus) else ClientStatus.ACTIVE,
        "currency": posted.text("currency"),
        "timezone": posted.text("timezone"),
        "locale": posted.text("locale") if posted.text("locale") in dict(LOCALES) else "en",
        "website_url": posted.text("website_url") or None,
        "discord_channel_id": posted.text("discord_channel_id") or None,
        "email_recipients": posted.words("email_recipients") or None,
    }


def _form_page(view: View, client: Client | None, form: dict[str, Any], errors: Errors) -> Response:
    named = {"id": client.id, "name": AGENCY_NAME if client.id == AGENCY else client.name} if client else None
    context = {
        "client": named,
        "form": form,
        "errors": errors,
        "currencies": currency_choices(),
        "timezones": zone_choices(),
        "locales": LOCALES,
    }
    path = f"/settings/clients/{client.id}" if client else "/settings/clients/new"
    return view.page("client_form.html", context, status=422 if errors else 200, path=path)


async def _rows(view: View) -> list[dict[str, Any]]:
    access = view.access
    accounts = await sources.list_accounts(
        access.session, access.now, limit=2000, grace_percent=access.runtime.settings.snapshot_grace_percent
    )
    alerts = await figures.open_by_client(access.session)
    newest = await figures.newest_records(access.session)
    rows = []
    for client in view.everybody.values():
        if client.id == AGENCY:
            continue
        own = [account for account in accounts if account.row["client_id"] == client.id]
        read = [row[3] for row in newest if row[1] == client.id]
        state = (
            worst_of(account.freshness.state for account in own).value
            if own
            else ("fresh" if read else "never")
        )
        rows.append(
            {
                **{name: getattr(client, name) for name in ("id", "name", "slug", "currency", "timezone")},
                "status": client.status.value,
                "place": None,
                "accounts": len(own),
                "open_alerts": sum(alerts.get(client.id, {}).values()),
                "state": state,
                "at": max(read, default=None),
            }
        )
    return rows
