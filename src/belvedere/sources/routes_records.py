"""The sources API: snapshots, records, metrics, definitions and refused rows, as PostgreSQL wrote them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.errors import Forbidden
from belvedere.sources import service
from belvedere.sources.contracts import SnapshotStatus
from belvedere.sources.lists import Page
from belvedere.sources.schemas import DefinitionCreate, ReplayRequest, RunRead, shown_client, stored_client

router = door_router()

JSON = "application/json"
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000)]
Id = Annotated[UUID, Path()]
SOURCES_READ = Depends(reading("sources.read"), scope="function")
RECORDS_READ = Depends(reading("records.read"), scope="function")
SOURCES_WRITE = Depends(writing("sources.write"), scope="function")
SOURCES_RUN = Depends(writing("sources.run"), scope="function")
RECORD_KEYS = frozenset({"limit", "cursor", "snapshot_id", "source_id", "client_id"})


def _page(page: Page, access: Access) -> Response:
    return Response(page.envelope(access.now), media_type=JSON)


@router.get("/snapshots")
async def list_snapshots(
    limit: Limit = 50,
    cursor: Cursor = None,
    source_id: UUID | None = None,
    client_id: Annotated[int | None, Query(ge=0)] = None,
    account_id: UUID | None = None,
    status: SnapshotStatus | None = None,
    access: Access = SOURCES_READ,
) -> Response:
    """Readings, newest first."""
    page = await service.list_snapshots(
        access.session,
        limit=limit,
        cursor=cursor,
        source_id=source_id,
        client_id=client_id,
        account_id=account_id,
        status=status.value if status else None,
    )
    return _page(page, access)


@router.get("/snapshots/{snapshot_id}")
async def read_snapshot(snapshot_id: Id, access: Access = SOURCES_READ) -> Response:
    return Response(await service.get_snapshot(access.session, snapshot_id), media_type=JSON)


@router.post("/snapshots/{snapshot_id}/accept", status_code=202)
async def accept_snapshot(snapshot_id: Id, access: WriteAccess = SOURCES_RUN) -> Response:
    """Take a reading that was set aside for what it is: nothing is there any more, or percents of the new size."""
    return await _settle(snapshot_id, access, accept=True)


@router.post("/snapshots/{snapshot_id}/discard", status_code=202)
async def discard_snapshot(snapshot_id: Id, access: WriteAccess = SOURCES_RUN) -> Response:
    """Throw away a reading that was set aside as empty or as fractions, and read again."""
    return await _settle(snapshot_id, access, accept=False)


async def _settle(snapshot_id: UUID, access: WriteAccess, *, accept: bool) -> Response:
    access.require(await service.client_of_snapshot(access.session, snapshot_id))
    await service.settle_reading(
        access.session, snapshot_id, accept=accept, actor=access.actor, now=access.now
    )
    body = await service.get_snapshot(access.session, snapshot_id)
    return Response(body, status_code=202, media_type=JSON)


@router.get("/records")
async def list_records(
    request: Request,
    limit: Limit = 50,
    cursor: Cursor = None,
    snapshot_id: UUID | None = None,
    source_id: UUID | None = None,
    client_id: Annotated[int | None, Query(ge=0)] = None,
    access: Access = RECORDS_READ,
) -> Response:
    """Records of a snapshot, or of the newest snapshots of a source, with their metrics.

    Filters: any typed column (`status=sent`, `amount[gte]=10`), `tags=vip`, `search=spring`,
    `metric.open_rate[lt]=15`; `sort=-metric.spend`.
    """
    query = service.RecordQuery(snapshot_id=snapshot_id, source_id=source_id, client_id=client_id)
    service.parse_filters(request.query_params.multi_items(), query, RECORD_KEYS)
    return _page(await service.list_records(access.session, query, limit=limit, cursor=cursor), access)


@router.get("/records/{record_id}")
async def read_record(record_id: Id, access: Access = RECORDS_READ) -> Response:
    """One record with its metrics."""
    return Response(await service.get_record(access.session, record_id), media_type=JSON)


@router.get("/record-history")
async def read_history(
    source_id: UUID,
    external_id: Annotated[str, Query(min_length=1, max_length=255)],
    client_id: Annotated[int | None, Query(ge=0)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    access: Access = RECORDS_READ,
) -> Response:
    """The same thing in every reading that saw it, newest first."""
    page = await service.record_history(
        access.session,
        client_id=stored_client(client_id),
        source_id=source_id,
        external_id=external_id,
        limit=limit,
        cursor=cursor,
    )
    return _page(page, access)


@router.get("/metrics")
async def list_metrics(
    limit: Limit = 50,
    cursor: Cursor = None,
    record_id: UUID | None = None,
    snapshot_id: UUID | None = None,
    metric_name: Annotated[str | None, Query(max_length=100)] = None,
    access: Access = RECORDS_READ,
) -> Response:
    """Metric rows of a record or a snapshot."""
    page = await service.list_metrics(
        access.session,
        limit=limit,
        cursor=cursor,
        record_id=record_id,
        snapshot_id=snapshot_id,
        metric_name=metric_name,
    )
    return _page(page, access)


@router.get("/metric-definitions")
async def list_definitions(
    access: Access = SOURCES_READ,
) -> Response:
    """Every metric that is described, by name."""
    return Response(await service.list_definitions(access.session, access.now), media_type=JSON)


@router.post("/metric-definitions", status_code=201)
async def create_definition(body: DefinitionCreate, access: WriteAccess = SOURCES_WRITE) -> dict[str, object]:
    """Describe a metric; only agency staff may."""
    if not access.principal.is_staff:
        raise Forbidden("Metric definitions belong to every client; only agency staff may add them.")
    return await service.create_definition(access.session, body.model_dump())


@router.get("/rejects")
async def list_rejects(
    limit: Limit = 50,
    cursor: Cursor = None,
    snapshot_id: UUID | None = None,
    client_id: Annotated[int | None, Query(ge=0)] = None,
    open_only: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    access: Access = RECORDS_READ,
) -> Response:
    """Rows that were refused, with the reason."""
    page = await service.list_rejects(
        access.session,
        limit=limit,
        cursor=cursor,
        snapshot_id=snapshot_id,
        client_id=client_id,
        open_only=open_only,
    )
    return _page(page, access)


@router.post("/rejects/replay", status_code=202)
async def replay(
    body: ReplayRequest,
    response: Response,
    access: WriteAccess = SOURCES_RUN,
) -> RunRead:
    """Try refused rows of one snapshot again with the mapping as it is today."""
    client_id = await service.client_of_snapshot(access.session, body.snapshot_id)
    access.require(client_id)
    ref = await service.replay_rejects(
        access.session,
        client_id,
        body.snapshot_id,
        actor=access.actor,
        now=access.now,
        reject_ids=body.reject_ids,
    )
    root = access.request.url.path.removesuffix("/rejects/replay")
    response.headers["Location"] = f"{root}/snapshots/{ref.snapshot_id}"
    return RunRead(snapshot_id=ref.snapshot_id, client_id=shown_client(ref.client_id))
