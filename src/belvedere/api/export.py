"""Read-only exports as JSON lines: what a script or an auditor reads."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import StreamingResponse

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.errors import NotFound
from belvedere.notify.service import DeliveryFilter, export_deliveries
from belvedere.watchtower.service import export_alerts

router = door_router()
MEDIA_TYPE = "application/x-ndjson"
KINDS = ("alerts", "deliveries", "actions")


@router.get(
    "/export/{kind}",
    tags=["export"],
    summary="Every alert, delivery or action as JSON lines",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "One JSON object a line."}},
)
async def export(
    kind: str,
    access: Annotated[Access, Depends(reading("export.read"), scope="function")],
    client_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
    since: datetime | None = None,
) -> StreamingResponse:
    """`alerts`, `deliveries` or `actions`, oldest first. Actions on platforms are not part of this version: none."""
    if kind not in KINDS:
        raise NotFound(f"There is no export {kind!r}; choose one of {', '.join(KINDS)}.")
    if client_id is not None:
        access.require(client_id, pointer="/client_id")
    return StreamingResponse(lines(access, kind, client_id, since), media_type=MEDIA_TYPE)


async def lines(
    access: Access, kind: str, client_id: int | None, since: datetime | None
) -> AsyncIterator[bytes]:
    """The answer outlives the request's transaction, so it reads in one of its own, as the same person."""
    async with access.runtime.db.read(access.scope) as session:
        if kind == "alerts":
            async for line in export_alerts(session, client_id=client_id, since=since):
                yield line.encode()
        if kind == "deliveries":
            async for row in export_deliveries(session, DeliveryFilter(client_id=client_id, since=since)):
                yield row
