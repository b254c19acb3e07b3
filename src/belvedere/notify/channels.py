"""Stored channels: Discord channels, webhooks and mailboxes, with their health and a test."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text

from belvedere.accounts.service import delete_credential, store_credential
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.core.ids import new_id
from belvedere.notify.addresses import DISCORD_API, checked_address, checked_webhook, invalid
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    Destination,
    Message,
    MessageKind,
    webhook_address,
)
from belvedere.notify.requests import request_deliveries

NAME_LENGTH = 100

_COLUMNS = (
    "id, client_id, kind, name, settings, credential_id, is_active, broken_since, broken_reason, last_sent_at"
)
_GET = text(f"SELECT {_COLUMNS} FROM core.channels WHERE id = :id")
_BY_WEBHOOK = text(
    f"""
    SELECT {_COLUMNS} FROM core.channels
     WHERE client_id = :client_id AND kind = 'discord_webhook' AND settings->>'webhook_id' = :webhook_id
    """
)
_NAME_TAKEN = text(
    """
    SELECT 1 FROM core.channels
     WHERE client_id = :client_id AND kind = :kind AND name = :name AND id IS DISTINCT FROM CAST(:id AS uuid)
    """
)
_INSERT = text(
    """
    INSERT INTO core.channels (id, client_id, kind, name, settings, credential_id, created_at)
    VALUES (:id, :client_id, :kind, :name, CAST(:settings AS jsonb), :credential_id, :now)
    """
)
_UPDATE = text(
    """
    UPDATE core.channels
       SET name = :name, settings = CAST(:settings AS jsonb), credential_id = :credential_id,
           is_active = :is_active,
           broken_since = CASE WHEN :mended THEN NULL ELSE broken_since END,
           broken_reason = CASE WHEN :mended THEN NULL ELSE broken_reason END
     WHERE id = :id
    """
)
_USED = text("SELECT 1 FROM core.deliveries WHERE channel_id = :id LIMIT 1")
_DELETE = text("DELETE FROM core.channels WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Channel:
    """A stored way out. `address`: a Discord channel id, a mailbox or `webhook:<id>`; never a secret."""

    id: UUID
    client_id: int
    kind: ChannelKind
    name: str
    address: str
    credential_id: UUID | None = None
    is_active: bool = True
    broken_since: datetime | None = None
    broken_reason: str | None = None
    last_sent_at: datetime | None = None
    webhook_id: str | None = None

    @property
    def destination(self) -> Destination:
        """Where a message by this channel goes."""
        return Destination(self.kind, self.address, self.id)


@dataclass(frozen=True, slots=True)
class ChannelDraft:
    """A channel to make. `secret` is the webhook's address or a bot token of its own; mailboxes need none."""

    kind: ChannelKind
    name: str
    client_id: int = 0
    address: str = ""
    secret: str = ""


async def get_channel(session: ReadSession, channel_id: UUID) -> Channel:
    """One channel in reach; NotFound otherwise."""
    row = (await session.execute(_GET, {"id": channel_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such channel.")
    return _channel(row)


async def create_channel(
    session: WriteSession,
    draft: ChannelDraft,
    *,
    actor: str,
    now: datetime,
    discord_base_url: str = DISCORD_API,
) -> Channel:
    """Store a channel; its secret is sealed. Audited."""
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
    address = checked_address(draft.kind, draft.address)
    name = await _free_name(session, draft.client_id, draft.kind, draft.name)
    channel_id = new_id(now)
    credential_id = None
    if draft.kind is ChannelKind.DISCORD_BOT and draft.secret.strip():
        credential_id = await store_credential(
            session,
            draft.client_id,
            "discord",
            f"Bot of {name}"[:100],
            {"token": draft.secret.strip()},
            actor,
            now,
        )
    await _insert(
        session,
        channel_id,
        draft.client_id,
        draft.kind,
        name,
        {"address": address},
        credential_id,
        actor,
        now,
    )
    return await get_channel(session, channel_id)


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
    known = (await session.execute(_BY_WEBHOOK, values)).mappings().one_or_none()
    if known is not None:
        await _renew(session, _channel(known), {"url": url.strip()}, actor, now)
        return UUID(str(known["id"]))
    given = name or f"Webhook …{webhook_id[-4:]}"
    free = await _free_name(session, client_id, ChannelKind.DISCORD_WEBHOOK, given)
    credential_id = await store_credential(
        session, client_id, "discord", f"Webhook {webhook_id}", {"url": url.strip()}, actor, now
    )
    channel_id = new_id(now)
    settings = {"address": webhook_address(channel_id), "webhook_id": webhook_id}
    await _insert(
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
) -> Channel:
    """Change `name`, `address`, `is_active` or `secret`. A new secret or address takes the mark of a fault away."""
    channel = await get_channel(session, channel_id)
    name = channel.name
    if changes.get("name") is not None and changes["name"].strip() != name:
        name = await _free_name(session, channel.client_id, channel.kind, changes["name"], channel.id)
    settings = _settings(channel)
    if changes.get("address") is not None and channel.kind is not ChannelKind.DISCORD_WEBHOOK:
        settings["address"] = checked_address(channel.kind, changes["address"])
    credential_id = channel.credential_id
    if changes.get("secret"):
        secret, settings = _secret(channel, changes["secret"], settings, discord_base_url)
        credential_id = await _renew(session, channel, secret, actor, now)
    is_active = channel.is_active if changes.get("is_active") is None else bool(changes["is_active"])
    await session.execute(
        _UPDATE,
        {
            "id": channel_id,
            "name": name,
            "settings": _json(settings),
            "credential_id": credential_id,
            "is_active": is_active,
            "mended": bool(changes.get("secret") or changes.get("address")),
        },
    )
    await _audit(session, "channel.change", channel, actor, now, {"fields": sorted(changes)})
    return await get_channel(session, channel_id)


async def remove_channel(session: WriteSession, channel_id: UUID, *, actor: str, now: datetime) -> None:
    """Forget a channel and its secret; one that messages went by can only be switched off. Audited."""
    channel = await get_channel(session, channel_id)
    if (await session.execute(_USED, {"id": channel_id})).first() is not None:
        raise Conflict(
            "Messages went by this channel, and their history names it. Switch it off instead.",
            code="channel_used",
        )
    await session.execute(_DELETE, {"id": channel_id})
    if channel.credential_id is not None:
        await delete_credential(session, channel.client_id, channel.credential_id)
    await _audit(session, "channel.remove", channel, actor, now, {"name": channel.name})


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
    await _audit(session, "channel.test", channel, actor, now, {"delivery_id": str(delivery_id)})
    return delivery_id


def _secret(
    channel: Channel, given: str, settings: dict[str, Any], discord_base_url: str
) -> tuple[dict[str, str], dict[str, Any]]:
    if channel.kind is ChannelKind.DISCORD_WEBHOOK:
        webhook_id = checked_webhook(given, discord_base_url)
        return {"url": given.strip()}, {**settings, "webhook_id": webhook_id}
    if channel.kind is ChannelKind.DISCORD_BOT:
        return {"token": given.strip()}, settings
    raise invalid("secret", "no_secret", "Mail goes by the mail server of the settings; it needs no secret.")


async def _renew(
    session: WriteSession, channel: Channel, secret: Mapping[str, str], actor: str, now: datetime
) -> UUID:
    provider, name = "discord", f"{channel.kind.value} {channel.id}"
    return await store_credential(
        session, channel.client_id, provider, name, secret, actor, now, credential_id=channel.credential_id
    )


async def _free_name(
    session: WriteSession, client_id: int, kind: ChannelKind, name: str, own_id: UUID | None = None
) -> str:
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= NAME_LENGTH or not wanted.isprintable():
        raise invalid("name", "name", f"Give the channel a name of 1 to {NAME_LENGTH} characters.")
    values = {"client_id": client_id, "kind": kind.value, "name": wanted, "id": own_id}
    if (await session.execute(_NAME_TAKEN, values)).first() is not None:
        raise Conflict(f"A channel “{wanted}” of this kind exists already.", code="name_taken")
    return wanted


async def _insert(
    session: WriteSession,
    channel_id: UUID,
    client_id: int,
    kind: ChannelKind,
    name: str,
    settings: dict[str, Any],
    credential_id: UUID | None,
    actor: str,
    now: datetime,
) -> None:
    values = {
        "id": channel_id,
        "client_id": client_id,
        "kind": kind.value,
        "name": name,
        "settings": _json(settings),
        "credential_id": credential_id,
        "now": now,
    }
    await session.execute(_INSERT, values)
    channel = Channel(channel_id, client_id, kind, name, settings["address"])
    await _audit(session, "channel.create", channel, actor, now, {"kind": kind.value, "name": name})


async def _audit(
    session: WriteSession, action: str, channel: Channel, actor: str, now: datetime, detail: dict[str, Any]
) -> None:
    await audit.record(
        session, action=action, actor=actor, subject_type="channel", subject_id=str(channel.id),
        client_id=channel.client_id, detail=detail, now=now,
    )  # fmt: skip


def _channel(row: RowMapping) -> Channel:
    settings = row["settings"] or {}
    return Channel(
        id=row["id"],
        client_id=row["client_id"],
        kind=ChannelKind(row["kind"]),
        name=row["name"],
        address=str(settings.get("address") or ""),
        credential_id=row["credential_id"],
        is_active=row["is_active"],
        broken_since=row["broken_since"],
        broken_reason=row["broken_reason"],
        last_sent_at=row["last_sent_at"],
        webhook_id=settings.get("webhook_id"),
    )


def _settings(channel: Channel) -> dict[str, Any]:
    kept = {"address": channel.address}
    return {**kept, "webhook_id": channel.webhook_id} if channel.webhook_id else kept


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
