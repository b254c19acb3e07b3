"""The API of deliveries and channels."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query, Response
from pydantic import SecretStr

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import get_client
from belvedere.core.cursor import CURSORS
from belvedere.core.errors import Invalid, NotFound
from belvedere.core.schema import AGENCY
from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind, DeliveryState, MessageKind
from belvedere.notify.schemas import (
    Accepted,
    ChannelCreate,
    ChannelCreated,
    ChannelList,
    ChannelRead,
    ChannelUpdate,
    DeliveryDetail,
    DeliveryList,
    PreviewAsked,
    PreviewRead,
    ResendMany,
    Resent,
)

router = door_router(tags=["deliveries"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000)]
ClientFilter = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
JSON = "application/json"
AGENCY_NAME = "Agency"


@router.get("/deliveries", response_model=DeliveryList)
async def list_deliveries(
    limit: Limit = 50,
    cursor: Cursor = None,
    client_id: ClientFilter = None,
    state: DeliveryState | None = None,
    channel: ChannelKind | None = None,
    kind: MessageKind | None = None,
    channel_id: UUID | None = None,
    subject_id: UUID | None = None,
    access: Access = Depends(reading("deliveries.read"), scope="function"),
) -> Response:
    """Messages to channels, newest first."""
    wanted = service.DeliveryFilter(
        client_id=client_id,
        state=state,
        channel=channel,
        kind=kind,
        channel_id=channel_id,
        subject_id=subject_id,
    )
    page = await service.list_deliveries(access.session, wanted, after=_position(cursor), limit=limit)
    next_cursor = CURSORS.make("deliveries", list(page.after)) if page.after else None
    meta = {"next_cursor": next_cursor, "has_more": page.after is not None, "generated_at": access.now}
    return Response(f'{{"data":{page.json()},"meta":{orjson.dumps(meta).decode()}}}', media_type=JSON)


@router.get("/deliveries/{delivery_id}", response_model=DeliveryDetail)
async def read_delivery(
    delivery_id: UUID, access: Access = Depends(reading("deliveries.read"), scope="function")
) -> Response:
    """One message with every try."""
    return Response(await service.get_delivery(access.session, delivery_id), media_type=JSON)


@router.post("/deliveries/{delivery_id}/resend", status_code=202)
async def resend_delivery(
    delivery_id: UUID,
    response: Response,
    access: WriteAccess = Depends(writing("deliveries.write"), scope="function"),
) -> Accepted:
    """Send again what was given up or parked; a message that waits is tried now."""
    found = orjson.loads(await service.get_delivery(access.session, delivery_id))
    access.require(found["client_id"])
    sent_as = await service.resend(access.session, delivery_id, actor=access.actor, now=access.now)
    return _accepted(response, access, sent_as)


@router.post("/deliveries/resend", status_code=202)
async def resend_deliveries(
    body: ResendMany, access: WriteAccess = Depends(writing("deliveries.write"), scope="function")
) -> Resent:
    """Send again what was given up: the deliveries named, or all of a channel. Parked ones are left out."""
    if body.delivery_ids is None and body.channel_id is None:
        raise Invalid("Name deliveries or a channel.", code="nothing_named")
    count = await service.resend_many(
        access.session,
        delivery_ids=body.delivery_ids,
        channel_id=body.channel_id,
        actor=access.actor,
        now=access.now,
    )
    return Resent(count=count)


@router.post("/deliveries/{delivery_id}/arrived", response_model=DeliveryDetail)
async def settle_as_arrived(
    delivery_id: UUID, access: WriteAccess = Depends(writing("deliveries.write"), scope="function")
) -> Response:
    """Settle a parked message: a person found it at its receiver."""
    found = orjson.loads(await service.get_delivery(access.session, delivery_id))
    access.require(found["client_id"])
    await service.mark_arrived(access.session, delivery_id, actor=access.actor, now=access.now)
    return Response(await service.get_delivery(access.session, delivery_id), media_type=JSON)


@router.post("/rules/preview-message")
async def preview_rule_message(
    body: PreviewAsked, access: Access = Depends(reading("rules.read"), scope="function")
) -> PreviewRead:
    """The message of a rule's templates as Discord and mail would show it, about a made-up alert. Nothing is sent."""
    address = access.runtime.settings.address
    made = service.preview_message(body.title_template, body.message_template, address=address)
    return PreviewRead(**asdict(made))


@router.get("/channels", response_model=ChannelList)
async def list_channels(
    client_id: ClientFilter = None,
    access: Access = Depends(reading("channels.read"), scope="function"),
) -> Response:
    """Every channel with its health."""
    rows = await service.list_channels(access.session, client_id)
    return Response(f'{{"data":[{",".join(rows)}]}}', media_type=JSON)


@router.post("/channels", status_code=201, response_model=ChannelCreated)
async def create_channel(
    body: ChannelCreate, access: WriteAccess = Depends(writing("channels.write"), scope="function")
) -> Response:
    """Store a channel; a webhook's address and a bot's token are sealed and never shown again.

    The secret of a signed webhook is in this answer and in no other.
    """
    access.require(body.client_id)
    await get_client(access.session, body.client_id)
    draft = service.ChannelDraft(
        body.kind,
        body.name,
        body.client_id,
        body.address,
        _secret_of(body),
    )
    channel = await service.create_channel(
        access.session,
        draft,
        actor=access.actor,
        now=access.now,
        discord_base_url=access.runtime.settings.discord_base_url,
        allowed=access.runtime.settings.allow_private_networks,
    )
    location = f"{access.request.url.path}/{channel.id}"
    shown = await _shown(access, channel.id, channel.issued_secret)
    return Response(shown, 201, {"Location": location}, media_type=JSON)


@router.post("/channels/{channel_id}/rotate-secret", response_model=ChannelCreated)
async def rotate_channel_secret(
    channel_id: UUID, access: WriteAccess = Depends(writing("channels.write"), scope="function")
) -> Response:
    """A new secret for a signed webhook, in this answer only; the one before signs too for 24 hours."""
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    changed = await service.rotate_secret(access.session, channel_id, actor=access.actor, now=access.now)
    return Response(await _shown(access, channel_id, changed.issued_secret), media_type=JSON)


@router.get("/channels/{channel_id}", response_model=ChannelRead)
async def read_channel(
    channel_id: UUID, access: Access = Depends(reading("channels.read"), scope="function")
) -> Response:
    return Response(await _shown(access, channel_id), media_type=JSON)


@router.patch("/channels/{channel_id}", response_model=ChannelRead)
async def update_channel(
    channel_id: UUID,
    body: ChannelUpdate,
    access: WriteAccess = Depends(writing("channels.write"), scope="function"),
) -> Response:
    """Rename, readdress or switch off a channel, or give it a new secret."""
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    changes: dict[str, Any] = body.model_dump(
        exclude_unset=True, exclude={"webhook_url", "token", "signing_secret"}
    )
    secret = _secret_of(body)
    if secret:
        changes["secret"] = secret
    await service.change_channel(
        access.session,
        channel_id,
        changes,
        actor=access.actor,
        now=access.now,
        discord_base_url=access.runtime.settings.discord_base_url,
        allowed=access.runtime.settings.allow_private_networks,
    )
    return Response(await _shown(access, channel_id), media_type=JSON)


@router.delete("/channels/{channel_id}", status_code=204, response_model=None)
async def delete_channel(
    channel_id: UUID, access: WriteAccess = Depends(writing("channels.write"), scope="function")
) -> None:
    """Forget a channel that no message went by; others can be switched off."""
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    await service.remove_channel(access.session, channel_id, actor=access.actor, now=access.now)


@router.post("/channels/{channel_id}/test", status_code=202)
async def send_test_message(
    channel_id: UUID,
    response: Response,
    access: WriteAccess = Depends(writing("channels.write"), scope="function"),
) -> Accepted:
    """Send a test message; its delivery tells how it went."""
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    name = AGENCY_NAME
    if channel.client_id != AGENCY:
        name = (await get_client(access.session, channel.client_id)).name
    delivery_id = await service.send_test(
        access.session, channel_id, name, actor=access.actor, now=access.now
    )
    return _accepted(response, access, delivery_id)


async def _shown(access: Access, channel_id: UUID, issued_secret: str | None = None) -> str:
    for row in await service.list_channels(access.session, channel_id=channel_id):
        if issued_secret is None:
            return row
        return orjson.dumps({**orjson.loads(row), "signing_secret": issued_secret}).decode()
    raise NotFound("There is no such channel.")


def _accepted(response: Response, access: Access, delivery_id: UUID) -> Accepted:
    prefix = access.request.url.path.split("/deliveries")[0].split("/channels")[0]
    response.headers["Location"] = f"{prefix}/deliveries/{delivery_id}"
    return Accepted(delivery_id=delivery_id)


def _position(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, identity = CURSORS.read("deliveries", cursor)
    return datetime.fromisoformat(at), UUID(identity)


def _secret_of(body: ChannelCreate | ChannelUpdate) -> str:
    given = (_revealed(one) for one in (body.webhook_url, body.token, body.signing_secret))
    return next(filter(None, given), "")


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value().strip() if secret else ""
