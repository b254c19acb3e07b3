"""Stored channels: Discord channels, webhooks and mailboxes, with their health, a fallback and a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.service import delete_credential, store_credential
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.guard import Network
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.notify import webhooks
from belvedere.notify.addresses import DISCORD_API, checked_address, checked_webhook, invalid
from belvedere.notify.channel_rows import (
    BY_WEBHOOK,
    DELETE,
    UPDATE,
    USED,
    Channel,
    audit_channel,
    channel_of,
    free_name,
    get_channel,
    insert_channel,
    to_json,
)
from belvedere.notify.contracts import ChannelKind, DeliveryRequest, Message, MessageKind, webhook_address
from belvedere.notify.requests import request_deliveries

_CLIENT_WEBHOOK = text(
    """
    SELECT id FROM core.channels
     WHERE client_id IN (0, :client_id) AND kind = 'webhook' AND is_active ORDER BY client_id DESC, created_at, id LIMIT 1
    """
)
_USED_AS_FALLBACK = text("SELECT name FROM core.channels WHERE fallback_channel_id = :id LIMIT 1")


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """A channel to make.

    `address` is a Discord channel id, a mailbox or a signed webhook's URL. `secret` is a Discord webhook's address, a
    bot token of its own, or a secret to sign with (made here when there is none); mailboxes need none.
    """

    kind: ChannelKind
    name: str
    client_id: int = 0
    address: str = ""
    secret: str = ""


async def create_channel(
    session: WriteSession,
    draft: ChannelDraft,
    *,
    actor: str,
    now: datetime,
    discord_base_url: str = DISCORD_API,
    allowed: Sequence[Network] = (),
) -> Channel:
    """Store a channel; its secret is sealed. A signed webhook's stands in `issued_secret`, this once. Audited."""
    if draft.kind is ChannelKind.DISCORD_WEBHOOK:
        channel_id = await store_webhook_channel(
            session,
            draft.client_id,
            draft.secret,
            actor,
            now,
            name=draft.name,
            discord_base_url=discord_base_url,
        )
        return await get_channel(session, channel_id)
    channel_id = new_id(now)
    name = await free_name(session, draft.client_id, draft.kind, draft.name)
    issued: str | None = None
    if draft.kind is ChannelKind.WEBHOOK:
        url = webhooks.checked_endpoint(draft.address, allowed)
        issued = webhooks.checked_secret(draft.secret) if draft.secret.strip() else webhooks.new_secret()
        settings = {"address": webhook_address(channel_id), "url": url}
        credential_id: UUID | None = await _store_secret(
            session, draft.client_id, channel_id, issued, actor, now
        )
    else:
        settings = {"address": checked_address(draft.kind, draft.address)}
        credential_id = await _store_token(session, draft, name, actor, now)
    await insert_channel(
        session, channel_id, draft.client_id, draft.kind, name, settings, credential_id, actor, now
    )
    return replace(await get_channel(session, channel_id), issued_secret=issued)


async def _store_token(
    session: WriteSession, draft: ChannelDraft, name: str, actor: str, now: datetime
) -> UUID | None:
    """A bot may have a token of its own; without one the settings' serves."""
    if draft.kind is not ChannelKind.DISCORD_BOT or not draft.secret.strip():
        return None
    token = {"token": draft.secret.strip()}
    return await store_credential(
        session, draft.client_id, "discord", f"Bot of {name}"[:100], token, actor, now
    )


async def store_webhook_channel(
    session: WriteSession,
    client_id: int,
    url: str,
    actor: str,
    now: datetime,
    *,
    name: str | None = None,
    discord_base_url: str = DISCORD_API,
) -> UUID:
    """Store a Discord webhook with its address sealed; the same webhook again renews its address. Audited."""
    webhook_id = checked_webhook(url, discord_base_url)
    values = {"client_id": client_id, "webhook_id": webhook_id}
    known = (await session.execute(BY_WEBHOOK, values)).mappings().one_or_none()
    if known is not None:
        await _renew(session, channel_of(known), {"url": url.strip()}, actor, now)
        return UUID(str(known["id"]))
    given = name or f"Webhook …{webhook_id[-4:]}"
    free = await free_name(session, client_id, ChannelKind.DISCORD_WEBHOOK, given)
    credential_id = await store_credential(
        session, client_id, "discord", f"Webhook {webhook_id}", {"url": url.strip()}, actor, now
    )
    channel_id = new_id(now)
    settings = {"address": webhook_address(channel_id), "webhook_id": webhook_id}
    await insert_channel(
        session, channel_id, client_id, ChannelKind.DISCORD_WEBHOOK, free, settings, credential_id, actor, now
    )
    return channel_id


async def change_channel(
    session: WriteSession,
    channel_id: UUID,
    changes: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    discord_base_url: str = DISCORD_API,
    allowed: Sequence[Network] = (),
) -> Channel:
    """Change `name`, `address`, `is_active`, `fallback_channel_id` or `secret`.

    A new secret or address takes the mark of a fault away. A fallback of None takes it off.
    """
    channel = await get_channel(session, channel_id)
    name = channel.name
    if changes.get("name") is not None and changes["name"].strip() != name:
        name = await free_name(session, channel.client_id, channel.kind, changes["name"], channel.id)
    settings = dict(channel.settings)
    if changes.get("address") is not None:
        settings |= _address(channel, changes["address"], allowed)
    credential_id = channel.credential_id
    if changes.get("secret"):
        secret, settings = _secret(channel, changes["secret"], settings, discord_base_url)
        credential_id = await _renew(session, channel, secret, actor, now)
    fallback_id = channel.fallback_channel_id
    if "fallback_channel_id" in changes:
        fallback_id = await _checked_fallback(session, channel, changes["fallback_channel_id"])
    await session.execute(
        UPDATE,
        {
            "id": channel_id,
            "name": name,
            "settings": to_json(settings),
            "credential_id": credential_id,
            "is_active": channel.is_active
            if changes.get("is_active") is None
            else bool(changes["is_active"]),
            "fallback_channel_id": fallback_id,
            "mended": bool(changes.get("secret") or changes.get("address")),
        },
    )
    await audit_channel(session, "channel.change", channel, actor, now, {"fields": sorted(changes)})
    return await get_channel(session, channel_id)


async def rotate_secret(session: WriteSession, channel_id: UUID, *, actor: str, now: datetime) -> Channel:
    """Give a signed webhook a new secret, once in `issued_secret`; the one before signs too for a day. Audited."""
    channel = await get_channel(session, channel_id)
    if channel.kind is not ChannelKind.WEBHOOK:
        raise Conflict("Only a signed webhook has a secret that is made here.", code="no_rotation")
    issued = webhooks.new_secret()
    credential_id = await _store_secret(session, channel.client_id, channel_id, issued, actor, now)
    oldest = channel.settings.get("previous_credential_id")
    settings = dict(channel.settings)
    if channel.credential_id is not None:
        settings |= {
            "previous_credential_id": str(channel.credential_id),
            "previous_until": (now + webhooks.OVERLAP).isoformat(),
        }
    await session.execute(
        UPDATE,
        {
            "id": channel_id,
            "name": channel.name,
            "settings": to_json(settings),
            "credential_id": credential_id,
            "is_active": channel.is_active,
            "fallback_channel_id": channel.fallback_channel_id,
            "mended": True,
        },
    )
    if oldest:
        await delete_credential(session, channel.client_id, UUID(oldest))
    await audit_channel(session, "channel.rotate", channel, actor, now, {})
    return replace(await get_channel(session, channel_id), issued_secret=issued)


async def remove_channel(session: WriteSession, channel_id: UUID, *, actor: str, now: datetime) -> None:
    """Forget a channel and its secret; one that messages went by can only be switched off. Audited."""
    channel = await get_channel(session, channel_id)
    if (await session.execute(USED, {"id": channel_id})).first() is not None:
        raise Conflict(
            "Messages went by this channel, and their history names it. Switch it off instead.",
            code="channel_used",
        )
    user = (await session.execute(_USED_AS_FALLBACK, {"id": channel_id})).scalar_one_or_none()
    if user is not None:
        raise Conflict(
            f"“{user}” falls back to this channel. Choose another there first.", code="channel_used"
        )
    await session.execute(DELETE, {"id": channel_id})
    before = channel.settings.get("previous_credential_id")
    for credential_id in filter(None, (channel.credential_id, UUID(before) if before else None)):
        await delete_credential(session, channel.client_id, credential_id)
    await audit_channel(session, "channel.remove", channel, actor, now, {"name": channel.name})


async def client_webhook(session: ReadSession, client_id: int) -> UUID | None:
    """The signed webhook of a client, else one that every client shares; None where there is neither."""
    found = (await session.execute(_CLIENT_WEBHOOK, {"client_id": client_id})).scalar_one_or_none()
    return None if found is None else UUID(str(found))


async def send_test(
    session: WriteSession, channel_id: UUID, client_name: str, *, actor: str, now: datetime
) -> UUID:
    """Ask for a test message; returns its delivery, whose state tells how it went. Audited."""
    channel = await get_channel(session, channel_id)
    if not channel.is_active:
        raise Conflict("The channel is switched off.", code="channel_off")
    message = Message(
        title=f"Test of {channel.name}",
        text=f"This channel works. {actor} asked for this message; nothing needs to be done.",
        severity="info",
        client_name=client_name,
        url="/settings/channels",
        fields=(("Channel", channel.name),),
    )
    request = DeliveryRequest(
        channel.client_id, "channel_test", new_id(now), MessageKind.TEST, channel.destination, message
    )
    (delivery_id,) = await request_deliveries(session, [request], now)
    await audit_channel(session, "channel.test", channel, actor, now, {"delivery_id": str(delivery_id)})
    return delivery_id


def _address(channel: Channel, address: str, allowed: Sequence[Network]) -> dict[str, str]:
    if channel.kind is ChannelKind.DISCORD_WEBHOOK:
        return {}
    if channel.kind is ChannelKind.WEBHOOK:
        return {"url": webhooks.checked_endpoint(address, allowed)}
    return {"address": checked_address(channel.kind, address)}


def _secret(
    channel: Channel, given: str, settings: dict[str, Any], discord_base_url: str
) -> tuple[dict[str, str], dict[str, Any]]:
    if channel.kind is ChannelKind.DISCORD_WEBHOOK:
        webhook_id = checked_webhook(given, discord_base_url)
        return {"url": given.strip()}, {**settings, "webhook_id": webhook_id}
    if channel.kind is ChannelKind.DISCORD_BOT:
        return {"token": given.strip()}, settings
    if channel.kind is ChannelKind.WEBHOOK:
        return {"secret": webhooks.checked_secret(given)}, settings
    raise invalid("secret", "no_secret", "Mail goes by the mail server of the settings; it needs no secret.")


async def _checked_fallback(session: ReadSession, channel: Channel, wanted: UUID | None) -> UUID | None:
    if wanted is None:
        return None
    try:
        fallback = await get_channel(session, wanted)
    except NotFound:
        fallback = None
    if fallback is None or fallback.client_id != channel.client_id or fallback.id == channel.id:
        whose = "the agency" if channel.client_id == AGENCY else "the same client"
        raise invalid("fallback_channel_id", "no_such_channel", f"Choose another stored channel of {whose}.")
    await _refuse_circle(session, channel, fallback)
    return fallback.id


async def _refuse_circle(session: ReadSession, channel: Channel, fallback: Channel) -> None:
    line, seen = [fallback.name], {fallback.id}
    while fallback.fallback_channel_id is not None and fallback.fallback_channel_id not in seen:
        if fallback.fallback_channel_id == channel.id:
            way = " to ".join(f"“{name}”" for name in [*line, channel.name])
            raise invalid(
                "fallback_channel_id",
                "fallback_circle",
                f"That would lead back here: {way}. Choose another channel, or take the fallback of “{line[-1]}” off.",
            )
        fallback = await get_channel(session, fallback.fallback_channel_id)
        seen.add(fallback.id)
        line.append(fallback.name)


async def _store_secret(
    session: WriteSession, client_id: int, channel_id: UUID, secret: str, actor: str, now: datetime
) -> UUID:
    name = f"Webhook {channel_id} {now:%Y-%m-%d %H:%M:%S.%f}"[:100]
    return await store_credential(
        session, client_id, webhooks.PROVIDER, name, {"secret": secret}, actor, now, hint=f"…{secret[-4:]}"
    )


async def _renew(
    session: WriteSession, channel: Channel, secret: Mapping[str, str], actor: str, now: datetime
) -> UUID:
    provider = webhooks.PROVIDER if channel.kind is ChannelKind.WEBHOOK else "discord"
    name = f"{channel.kind.value} {channel.id}"
    return await store_credential(
        session, channel.client_id, provider, name, secret, actor, now, credential_id=channel.credential_id
    )
