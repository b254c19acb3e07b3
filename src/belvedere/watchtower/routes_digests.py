"""REST of digests; mounted under /api/v1."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.notify.contracts import ChannelKind
from belvedere.watchtower import digests_read
from belvedere.watchtower.contracts import DigestState, NotifySchedule
from belvedere.watchtower.schemas import ClientFilter, ClientId

router = door_router(tags=["digests"])

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
ReadsRules = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Limit = Annotated[int, Query(ge=1, le=200)]
Text = Annotated[str | None, Query(max_length=254)]


class PreviewAsk(BaseModel):
    """Which digests to preview: those of a rule, of a client, or to one destination. Client 0 is the agency."""

    model_config = ConfigDict(extra="forbid")

    rule_id: UUID | None = None
    client_id: ClientId | None = None
    schedule: NotifySchedule | None = None
    channel: ChannelKind | None = None
    destination: Annotated[str | None, Field(max_length=254)] = None


class UpcomingRead(BaseModel):
    """A digest to come. `times` are those of its rules; `last_boundary_at` is the newest that was made."""

    client_id: int | None
    client: str
    schedule: NotifySchedule
    channel: ChannelKind
    destination: str
    next_boundary_at: datetime
    times: list[str]
    zone: str
    rules: int
    all_clear: bool
    last_boundary_at: datetime | None
    notes: list[str]


class PreviewRead(UpcomingRead):
    """What it would say if it came now; `is_sent` is false where it would stay unsaid."""

    window_start: datetime
    state: DigestState
    title: str
    text: str
    body: dict[str, Any]
    is_sent: bool


class PreviewList(BaseModel):
    data: list[PreviewRead]


class UpcomingList(BaseModel):
    data: list[UpcomingRead]


@router.get("/digests", summary="Digests that were made, newest first")
async def list_digests(
    access: Reads,
    client_id: ClientFilter = None,
    schedule: NotifySchedule | None = None,
    state: DigestState | None = None,
    channel: ChannelKind | None = None,
    destination: Text = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    wanted = digests_read.DigestFilter(client_id, schedule, state, channel, destination)
    page = await digests_read.list_digests(access.session, wanted, limit=limit, cursor=cursor)
    return Response(page.envelope(access.now), media_type="application/json")


@router.get("/digests/upcoming", summary="Digests to come, the next first")
async def list_upcoming(
    access: ReadsRules, client_id: ClientFilter = None, limit: Limit = 50
) -> UpcomingList:
    found = await digests_read.list_upcoming(access.session, access.now, client_id=client_id, limit=limit)
    return UpcomingList.model_validate({"data": found})


@router.post("/digests/preview", summary="What the next digest would say now")
async def preview_digests(body: PreviewAsk, access: ReadsRules) -> PreviewList:
    """Nothing is sent or kept. At most 20, the next first."""
    found = await digests_read.preview_digests(
        access.session,
        digests_read.Asked(body.rule_id, body.client_id, body.schedule, body.channel, body.destination),
        access.now,
        grace_percent=access.runtime.settings.snapshot_grace_percent,
    )
    return PreviewList.model_validate({"data": found})


@router.get("/digests/{digest_id}", summary="One digest with what it says and its messages")
async def get_digest(digest_id: UUID, access: Reads) -> dict[str, Any]:
    return await digests_read.get_digest(access.session, digest_id)
