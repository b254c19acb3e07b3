"""Accounts of sources: which client is read, with which settings and credential; addresses for signed pushes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_credentials
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.schema import AGENCY
from belvedere.sources import service
from belvedere.web.answers import see
from belvedere.web.forms import Errors, Fields, Posted, attempt
from belvedere.web.setting_fields import form_fields, needs_credential, read_settings, typed_again
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("sources.read"), scope="function")]
Runs = Annotated[WriteAccess, Depends(writing("sources.run"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("sources.write"), scope="function")]
SeesForm = Annotated[Access, Depends(reading("sources.write"), scope="function")]

MOST_ENDPOINTS = 50


@router.get("/sources/{source_id}/accounts/new")
async def new_account(source_id: UUID, access: SeesForm) -> Response:
    view = await look(access)
    source = await service.get_source(access.session, source_id, access.now)
    form = {"client_id": view.client_id or "", "display_name": "", "credential_id": "", "is_active": True}
    fields = form_fields(source.row["provider"], source.row["endpoint"], {})
    return await _new_page(view, source, form, fields, {})


@router.post("/sources/{source_id}/accounts")
async def create_account(source_id: UUID, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    source = await service.get_source(access.session, source_id, access.now)
    client_id = posted.number("client_id")
    form = {"client_id": posted.text("client_id"), **_form(posted)}

    async def save() -> UUID:
        if client_id is None:
            raise NotFound("Choose the client that this account belongs to.")
        access.require(client_id)
        return await service.create_account(
            access.session,
            {
                "source_id": source_id,
                "client_id": client_id,
                "account_key": posted.text("display_name") or "default",
                "display_name": posted.text("display_name") or None,
                "credential_id": posted.uuid("credential_id"),
                "settings": read_settings(source.row["provider"], source.row["endpoint"], posted),
                "is_active": True,
            },
            access.now,
        )

    _, errors = await attempt(access.session, save)
    if errors:
        fields = typed_again(form_fields(source.row["provider"], source.row["endpoint"], {}), posted)
        return await _new_page(view, source, form, fields, errors)
    return see(
        access.request, f"/sources/{source_id}", "Account added. Its first reading starts within a minute."
    )


@router.get("/accounts/{account_id}")
async def show_account(account_id: UUID, access: Reads) -> Response:
    view = await look(access)
    account = await _account(access, account_id)
    fields = form_fields(account.row["provider"], account.row["endpoint"], account.row["settings"] or {})
    return await _account_page(view, account, _stored(account), fields, {})


@router.post("/accounts/{account_id}")
async def change_account(account_id: UUID, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    account = await _account(access, account_id)
    access.require(account.row["client_id"] or AGENCY)
    provider, endpoint = account.row["provider"], account.row["endpoint"]

    async def save() -> None:
        changes = {
            "display_name": posted.text("display_name") or None,
            "credential_id": posted.uuid("credential_id"),
            "settings": read_settings(provider, endpoint, posted),
            "is_active": posted.ticked("is_active"),
        }
        await service.change_account(access.session, account_id, changes, access.now)

    _, errors = await attempt(access.session, save)
    if errors:
        fields = typed_again(form_fields(provider, endpoint, {}), posted)
        return await _account_page(view, account, _form(posted), fields, errors)
    return see(access.request, f"/sources/{account.row['source_id']}", "Account saved")


@router.post("/accounts/{account_id}/run")
async def run_account(account_id: UUID, access: Runs) -> Response:
    account = await _account(access, account_id)
    access.require(account.row["client_id"] or AGENCY)
    try:
        ref = await service.request_run(access.session, account_id, actor=access.actor, now=access.now)
    except service.AlreadyRunning as error:
        return see(access.request, f"/sources/{account.row['source_id']}", error.detail)
    return see(access.request, f"/snapshots/{ref.snapshot_id}", "Reading started")


@router.post("/accounts/{account_id}/delete")
async def delete_account(account_id: UUID, access: Writes) -> Response:
    account = await _account(access, account_id)
    access.require(account.row["client_id"] or AGENCY)
    await service.delete_account(access.session, account_id)
    return see(access.request, f"/sources/{account.row['source_id']}", "Account removed")


@router.post("/accounts/{account_id}/endpoints")
async def create_endpoint(account_id: UUID, posted: Posted, access: Writes) -> Response:
    """Make an address for signed pushes; its secret stands in this answer and nowhere else."""
    access.require_step_up()
    view = await look(access)
    account = await _account(access, account_id)
    client_id = account.row["client_id"] or AGENCY
    access.require(client_id)
    made, errors = await attempt(
        access.session,
        lambda: service.create_endpoint(
            access.session, account=account.row, client_id=client_id, name=posted.text("name")[:100] or "Push",
            actor=access.actor, now=access.now,
        ),
    )  # fmt: skip
    access.answer_holds_secret()
    fields = form_fields(account.row["provider"], account.row["endpoint"], account.row["settings"] or {})
    return await _account_page(
        view, account, _stored(account), fields, errors, secret=made.secret if made else None
    )


@router.post("/accounts/{account_id}/endpoints/{endpoint_id}/delete")
async def delete_endpoint(account_id: UUID, endpoint_id: UUID, access: Writes) -> Response:
    row = await service.get_endpoint(access.session, endpoint_id)
    access.require(row["client_id"] or AGENCY)
    await service.delete_endpoint(access.session, endpoint_id)
    return see(access.request, f"/accounts/{account_id}", "Address removed; pushes to it are refused now")


async def _account(access: Access, account_id: UUID) -> service.AccountView:
    return await service.get_account(
        access.session, account_id, access.now, grace_percent=access.runtime.settings.snapshot_grace_percent
    )


def _form(posted: Fields) -> dict[str, Any]:
    return {
        "display_name": posted.text("display_name"),
        "credential_id": posted.text("credential_id"),
        "is_active": posted.ticked("is_active"),
    }


def _stored(account: service.AccountView) -> dict[str, Any]:
    return {
        "display_name": account.row["display_name"] or "",
        "credential_id": str(account.row["credential_id"] or ""),
        "is_active": account.row["is_active"],
    }


async def _credentials(view: View, provider: str, client_id: int | None) -> list[tuple[str, str]]:
    found = [("", "None")]
    if view.access.may("credentials.read"):
        found += [
            (str(info.id), f"{info.name} · {view.name_of(info.client_id)}")
            for info in await list_credentials(view.access.session)
            if info.provider == provider and client_id in (None, info.client_id)
        ]
    return found


async def _new_page(
    view: View, source: service.SourceView, form: dict[str, Any], fields: list[dict[str, Any]], errors: Errors
) -> Response:
    row = source.row
    context = {
        "account": None,
        "source": {"id": row["id"], "name": row["display_name"]},
        "form": form,
        "fields": fields,
        "errors": errors,
        "clients": [("", "Choose a client"), *view.choices("sources.write", agency="Agency itself")],
        "credentials": await _credentials(view, row["provider"], None),
        "needs_credential": needs_credential(row["provider"], row["endpoint"]),
        "endpoints": [],
        "secret": None,
    }
    status = 422 if errors else 200
    path = f"/sources/{row['id']}/accounts/new"
    return view.page("account.html", context, status=status, configure="sources.write", path=path)


async def _account_page(
    view: View,
    account: service.AccountView,
    form: dict[str, Any],
    fields: list[dict[str, Any]],
    errors: Errors,
    *,
    secret: str | None = None,
) -> Response:
    row, access = account.row, view.access
    endpoints = await service.list_endpoints(access.session, limit=MOST_ENDPOINTS, account_id=row["id"])
    address = access.runtime.settings.address
    context = {
        "account": {
            "id": row["id"],
            "client": view.named(row["client_id"]),
            "label": row["display_name"],
            "state": account.freshness.state.value,
            "reason": account.freshness.reason,
            "at": row["last_good_at"],
        },
        "source": {"id": row["source_id"], "name": row["source_name"]},
        "form": form,
        "fields": fields,
        "errors": errors,
        "clients": [],
        "credentials": await _credentials(view, row["provider"], row["client_id"] or AGENCY),
        "needs_credential": needs_credential(row["provider"], row["endpoint"]),
        "endpoints": [
            {"id": e["id"], "name": e["name"], "url": f"{address}/api/v1/hooks/{e['id']}"} for e in endpoints
        ],
        "secret": secret,
    }
    return view.page(
        "account.html", context, status=422 if errors else 200, operate="sources.run", configure="sources.write",
        at=row["client_id"] or AGENCY, path=f"/accounts/{row['id']}",
    )  # fmt: skip


@router.post("/snapshots/{snapshot_id}/accept")
async def accept_snapshot(snapshot_id: UUID, access: Runs) -> Response:
    return await _settle(snapshot_id, access, accept=True)


@router.post("/snapshots/{snapshot_id}/discard")
async def discard_snapshot(snapshot_id: UUID, access: Runs) -> Response:
    return await _settle(snapshot_id, access, accept=False)


async def _settle(snapshot_id: UUID, access: WriteAccess, *, accept: bool) -> Response:
    """Say of a reading that was set aside whether it is right."""
    access.require(await service.client_of_snapshot(access.session, snapshot_id))
    try:
        await service.settle_reading(
            access.session, snapshot_id, accept=accept, actor=access.actor, now=access.now
        )
    except Conflict as error:
        return see(access.request, f"/snapshots/{snapshot_id}", error.detail)
    words = "Accepted" if accept else "Discarded; it is read again"
    return see(access.request, f"/snapshots/{snapshot_id}", words)
