"""The sources API: sources, accounts, runs, snapshots, push addresses, uploads."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, File, Form, Path, Query, Request, Response, UploadFile
from pydantic import AwareDatetime

from belvedere.accounts.door import Access, WriteAccess, WriteVisit, public_writing, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import get_client
from belvedere.core.cursor import CURSORS
from belvedere.core.errors import BelvedereError, Forbidden, Invalid, NotFound
from belvedere.sources import service
from belvedere.sources.contracts import Completeness, SnapshotRef
from belvedere.sources.routes_records import router as records_router
from belvedere.sources.schemas import (
    AccountCreate,
    AccountPage,
    AccountRead,
    AccountUpdate,
    EndpointCreate,
    EndpointCreated,
    EndpointPage,
    EndpointRead,
    EndpointUpdate,
    PageMeta,
    PushTaken,
    RunRead,
    RunRequest,
    RunsRead,
    SourceCreate,
    SourcePage,
    SourceRead,
    SourceUpdate,
    UploadTaken,
    shown_client,
    stored_client,
)

router = door_router(tags=["sources"])
router.include_router(records_router)

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Id = Annotated[UUID, Path()]
RUNS_AT_ONCE = 200


class TooLarge(BelvedereError):
    """A body past the limit of this installation."""

    status = 413
    code = "too_large"
    title = "The body is too large"


@router.get("/sources")
async def list_sources(
    limit: Limit = 50,
    cursor: Cursor = None,
    access: Access = Depends(reading("sources.read"), scope="function"),
) -> SourcePage:
    """Sources with the freshness of the accounts in view."""
    position = CURSORS.read("sources", cursor) if cursor else None
    views = await service.list_sources(
        access.session,
        access.now,
        limit=limit + 1,
        after=(str(position[0]), str(position[1])) if position else None,
        grace_percent=_grace(access),
    )
    last = views[limit - 1].row if len(views) > limit else None
    following = CURSORS.make("sources", [last["provider"], last["endpoint"]]) if last else None
    return SourcePage(data=[SourceRead.of(view) for view in views[:limit]], meta=_meta(access, following))


@router.post("/sources", status_code=201)
async def create_source(
    body: SourceCreate,
    response: Response,
    access: WriteAccess = Depends(writing("sources.write"), scope="function"),
) -> SourceRead:
    """Add a source; only agency staff may."""
    _require_staff(access)
    source_id = await service.create_source(access.session, body.model_dump(), access.now)
    response.headers["Location"] = f"{access.request.url.path}/{source_id}"
    return SourceRead.of(await service.get_source(access.session, source_id, access.now))


@router.get("/sources/{source_id}")
async def read_source(
    source_id: Id, access: Access = Depends(reading("sources.read"), scope="function")
) -> SourceRead:
    view = await service.get_source(access.session, source_id, access.now, grace_percent=_grace(access))
    return SourceRead.of(view)


@router.patch("/sources/{source_id}")
async def update_source(
    source_id: Id,
    body: SourceUpdate,
    access: WriteAccess = Depends(writing("sources.write"), scope="function"),
) -> SourceRead:
    _require_staff(access)
    await service.get_source(access.session, source_id, access.now)
    await service.change_source(
        access.session, source_id, _given(body, keep_null={"description"}), access.now
    )
    return SourceRead.of(await service.get_source(access.session, source_id, access.now))


@router.post("/sources/{source_id}/runs", status_code=202)
async def run_source(
    source_id: Id,
    body: RunRequest,
    response: Response,
    access: WriteAccess = Depends(writing("sources.run"), scope="function"),
) -> RunsRead:
    """Read now: one account, or every active account of the source in reach."""
    await service.get_source(access.session, source_id, access.now)
    accounts = await _accounts_to_run(source_id, body, access)
    started: list[SnapshotRef] = []
    running = 0
    for account_id in accounts:
        try:
            started.append(
                await service.request_run(
                    access.session,
                    account_id,
                    actor=access.actor,
                    now=access.now,
                    snapshot_type=body.snapshot_type,
                )
            )
        except service.AlreadyRunning:
            if body.account_id is not None:
                raise
            running += 1
    if len(started) == 1:
        response.headers["Location"] = f"{_root(access.request)}/snapshots/{started[0].snapshot_id}"
    else:
        response.headers["Location"] = f"{_root(access.request)}/snapshots?source_id={source_id}"
    snapshots = [
        RunRead(snapshot_id=ref.snapshot_id, client_id=shown_client(ref.client_id)) for ref in started
    ]
    return RunsRead(snapshots=snapshots, already_running=running)


async def _accounts_to_run(source_id: UUID, body: RunRequest, access: WriteAccess) -> list[UUID]:
    if body.account_id is not None:
        account = (await service.get_account(access.session, body.account_id, access.now)).row
        if account["source_id"] != source_id:
            raise NotFound("This account belongs to another source.")
        access.require(stored_client(account["client_id"]))
        return [body.account_id]
    views = await service.list_accounts(
        access.session, access.now, limit=RUNS_AT_ONCE, source_id=source_id, client_id=body.client_id
    )
    wanted = [
        view.row["id"]
        for view in views
        if view.row["is_active"] and access.may("sources.run", stored_client(view.row["client_id"]))
    ]
    if not wanted:
        raise NotFound("No active account of this source is in reach. Add one first.")
    return wanted


@router.get("/source-accounts")
async def list_accounts(
    limit: Limit = 50,
    cursor: Cursor = None,
    source_id: UUID | None = None,
    client_id: Annotated[int | None, Query(ge=0)] = None,
    access: Access = Depends(reading("sources.read"), scope="function"),
) -> AccountPage:
    position = CURSORS.read("accounts", cursor) if cursor else None
    views = await service.list_accounts(
        access.session,
        access.now,
        limit=limit + 1,
        after=UUID(str(position[0])) if position else None,
        source_id=source_id,
        client_id=client_id,
        grace_percent=_grace(access),
    )
    following = CURSORS.make("accounts", [views[limit - 1].row["id"]]) if len(views) > limit else None
    return AccountPage(data=[AccountRead.of(view) for view in views[:limit]], meta=_meta(access, following))


@router.post("/sources/{source_id}/accounts", status_code=201)
async def create_account(
    source_id: Id,
    body: AccountCreate,
    response: Response,
    access: WriteAccess = Depends(writing("sources.write"), scope="function"),
) -> AccountRead:
    """Let a client read this source."""
    client_id = stored_client(body.client_id)
    access.require(client_id)
    await get_client(access.session, client_id)
    values = {**body.model_dump(), "source_id": source_id, "client_id": client_id}
    account_id = await service.create_account(access.session, values, access.now)
    response.headers["Location"] = f"{_root(access.request)}/source-accounts/{account_id}"
    return AccountRead.of(await service.get_account(access.session, account_id, access.now))


@router.get("/source-accounts/{account_id}")
async def read_account(
    account_id: Id, access: Access = Depends(reading("sources.read"), scope="function")
) -> AccountRead:
    view = await service.get_account(access.session, account_id, access.now, grace_percent=_grace(access))
    return AccountRead.of(view)


@router.patch("/source-accounts/{account_id}")
async def update_account(
    account_id: Id,
    body: AccountUpdate,
    access: WriteAccess = Depends(writing("sources.write"), scope="function"),
) -> AccountRead:
    view = await service.get_account(access.session, account_id, access.now)
    access.require(stored_client(view.row["client_id"]))
    changes = _given(body, keep_null={"display_name", "credential_id"})
    await service.change_account(access.session, account_id, changes, access.now)
    return AccountRead.of(await service.get_account(access.session, account_id, access.now))


@router.delete("/source-accounts/{account_id}", status_code=204)
async def delete_account(
    account_id: Id, access: WriteAccess = Depends(writing("sources.write"), scope="function")
) -> None:
    view = await service.get_account(access.session, account_id, access.now)
    access.require(stored_client(view.row["client_id"]))
    await service.delete_account(access.session, account_id)


@router.get("/webhook-endpoints")
async def list_endpoints(
    limit: Limit = 50,
    cursor: Cursor = None,
    account_id: UUID | None = None,
    access: Access = Depends(reading("sources.read"), scope="function"),
) -> EndpointPage:
    """Addresses that take signed pushes."""
    position = CURSORS.read("endpoints", cursor) if cursor else None
    rows = await service.list_endpoints(
        access.session,
        limit=limit + 1,
        after=UUID(str(position[0])) if position else None,
        account_id=account_id,
    )
    following = CURSORS.make("endpoints", [rows[limit - 1]["id"]]) if len(rows) > limit else None
    return EndpointPage(data=[_endpoint(row, access) for row in rows[:limit]], meta=_meta(access, following))


@router.post("/webhook-endpoints", status_code=201)
async def create_endpoint(
    body: EndpointCreate, access: WriteAccess = Depends(writing("sources.write"), scope="function")
) -> EndpointCreated:
    """Make an address for one account; the secret in the answer is shown this once."""
    account = (await service.get_account(access.session, body.account_id, access.now)).row
    client_id = stored_client(account["client_id"])
    access.require(client_id)
    made = await service.create_endpoint(
        access.session,
        account=account,
        client_id=client_id,
        name=body.name,
        actor=access.actor,
        now=access.now,
    )
    claim = getattr(access.request.state, "claim", None)
    if claim is not None:
        claim.shows_secret = True
    row = await service.get_endpoint(access.session, made.id)
    return EndpointCreated(**_endpoint(row, access).model_dump(), secret=made.secret)


@router.patch("/webhook-endpoints/{endpoint_id}")
async def update_endpoint(
    endpoint_id: Id,
    body: EndpointUpdate,
    access: WriteAccess = Depends(writing("sources.write"), scope="function"),
) -> EndpointRead:
    row = await service.get_endpoint(access.session, endpoint_id)
    access.require(stored_client(row["client_id"]))
    await service.change_endpoint(access.session, endpoint_id, name=body.name, is_active=body.is_active)
    return _endpoint(await service.get_endpoint(access.session, endpoint_id), access)


@router.delete("/webhook-endpoints/{endpoint_id}", status_code=204)
async def delete_endpoint(
    endpoint_id: Id, access: WriteAccess = Depends(writing("sources.write"), scope="function")
) -> None:
    row = await service.get_endpoint(access.session, endpoint_id)
    access.require(stored_client(row["client_id"]))
    await service.delete_endpoint(access.session, endpoint_id)


@router.post("/hooks/{endpoint_id}", status_code=202)
async def receive_push(
    endpoint_id: Id, visit: WriteVisit = Depends(public_writing(), scope="function")
) -> PushTaken:
    """Take a signed push (standardwebhooks.com); its body is one row, a list of rows, or lines of rows."""
    body = await _body(visit.request, visit.runtime.settings.max_upload_bytes)
    taken = await service.receive_push(visit.runtime, endpoint_id, visit.request.headers, body, visit.now)
    return PushTaken(webhook_id=taken.webhook_id, duplicate=not taken.is_new)


@router.post("/ingest", status_code=202)
async def upload(
    response: Response,
    source_id: Annotated[UUID, Form()],
    mapping: Annotated[str, Form(max_length=200_000, description="name of a shipped mapping, or YAML")],
    file: Annotated[UploadFile, File()],
    client_id: Annotated[int | None, Form(ge=0, le=2**31 - 1)] = None,
    completeness: Annotated[Completeness, Form()] = Completeness.FULL,
    data_as_of: Annotated[
        AwareDatetime | None, Form(description="moment the data is of; empty is now")
    ] = None,
    access: WriteAccess = Depends(writing("sources.run"), scope="function"),
) -> UploadTaken:
    """Hand in a file (JSON, NDJSON or CSV); a worker stores its rows."""
    limit = access.runtime.settings.max_upload_bytes
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise TooLarge(
            f"The file is larger than {limit:,} bytes. Use `belvedere ingest` on the server for it."
        )
    stored = stored_client(client_id)
    access.require(stored)
    await service.get_source(access.session, source_id, access.now)
    ref = await service.accept_upload(
        access.session,
        client_id=stored,
        source_id=source_id,
        content=content,
        form=service.guess_format(file.filename or "", content),
        mapping=mapping.strip(),
        file_name=(file.filename or "")[:255].replace("\x00", "") or None,
        actor=access.actor,
        now=access.now,
        completeness=completeness,
        data_as_of=data_as_of,
    )
    response.headers["Location"] = f"{_root(access.request)}/snapshots/{ref.snapshot_id}"
    return UploadTaken(snapshot_id=ref.snapshot_id, client_id=client_id, completeness=completeness)


async def _body(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"A push may have {limit:,} bytes. Send it in parts.")
        parts.append(part)
    if not size:
        raise Invalid("The push has no body.")
    return b"".join(parts)


def _grace(access: Access) -> int:
    return access.runtime.settings.snapshot_grace_percent


def _meta(access: Access, following: str | None) -> PageMeta:
    return PageMeta(next_cursor=following, has_more=following is not None, generated_at=access.now)


def _root(request: Request) -> str:
    """The address of the API that the request came through, up to its version."""
    path = request.url.path
    return path[: path.index("/v1/") + 3] if "/v1/" in path else ""


def _endpoint(row: dict[str, Any], access: Access) -> EndpointRead:
    address = access.runtime.settings.address
    known = {name: row[name] for name in EndpointRead.model_fields if name in row}
    return EndpointRead(**known, url=f"{address}{_root(access.request)}/hooks/{row['id']}")


def _given(body: Any, *, keep_null: set[str]) -> dict[str, Any]:
    """The fields the request named; null counts only where a field may be emptied."""
    given = body.model_dump(exclude_unset=True)
    return {name: value for name, value in given.items() if value is not None or name in keep_null}


def _require_staff(access: Access) -> None:
    if not access.principal.is_staff:
        raise Forbidden("Sources belong to every client; only agency staff may change them.")
