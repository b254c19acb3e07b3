"""Stored channels as rows: reading one, writing one, and the trace of who did. Used by the use cases beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, text

from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, NotFound
from belvedere.notify.addresses import invalid
from belvedere.notify.contracts import ChannelKind, Destination

NAME_LENGTH = 100

COLUMNS = (
    "id, client_id, kind, name, settings, credential_id, is_active, broken_since, broken_reason, last_sent_at,"
    " fallback_channel_id"
)
GET = text(f"SELECT {COLUMNS} FROM core.channels WHERE id = :id")
BY_WEBHOOK = text(
    f"""
    SELECT {COLUMNS} FROM core.channels
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
UPDATE = text(
    """
    UPDATE core.channels
       SET name = :name, settings = CAST(:settings AS jsonb), credential_id = :credential_id,
           is_active = :is_active, fallback_channel_id = :fallback_channel_id,
           broken_since = CASE WHEN :mended THEN NULL ELSE broken_since END,
           broken_reason = CASE WHEN :mended THEN NULL ELSE broken_reason END
     WHERE id = :id
    """
)
USED = text("SELECT 1 FROM core.deliveries WHERE channel_id = :id LIMIT 1")
DELETE = text("DELETE FROM core.channels WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Channel:
    """A stored way out. `address`: a Discord channel id, a mailbox or `webhook:<id>`; never a secret.

    `issued_secret` is that of a signed webhook, once, right after it was made.
    """

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
    fallback_channel_id: UUID | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    issued_secret: str | None = field(default=None, repr=False)

    @property
    def webhook_id(self) -> str | None:
        """Discord's own id of a Discord webhook."""
        return self.settings.get("webhook_id")

    @property
    def destination(self) -> Destination:
        """Where a message by this channel goes."""
        return Destination(self.kind, self.address, self.id)


async def get_channel(session: ReadSession, channel_id: UUID) -> Channel:
    """One channel in reach; NotFound otherwise."""
    row = (await session.execute(GET, {"id": channel_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such channel.")
    return channel_of(row)


async def free_name(
    session: WriteSession, client_id: int, kind: ChannelKind, name: str, own_id: UUID | None = None
) -> str:
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= NAME_LENGTH or not wanted.isprintable():
        raise invalid("name", "name", f"Give the channel a name of 1 to {NAME_LENGTH} characters.")
    values = {"client_id": client_id, "kind": kind.value, "name": wanted, "id": own_id}
    if (await session.execute(_NAME_TAKEN, values)).first() is not None:
        raise Conflict(f"A channel “{wanted}” of this kind exists already.", code="name_taken")
    return wanted


async def insert_channel(
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
        "settings": to_json(settings),
        "credential_id": credential_id,
        "now": now,
    }
    await session.execute(_INSERT, values)
    channel = Channel(channel_id, client_id, kind, name, settings["address"])
    await audit_channel(session, "channel.create", channel, actor, now, {"kind": kind.value, "name": name})


async def audit_channel(
    session: WriteSession, action: str, channel: Channel, actor: str, now: datetime, detail: dict[str, Any]
) -> None:
    await audit.record(
        session, action=action, actor=actor, subject_type="channel", subject_id=str(channel.id),
        client_id=channel.client_id, detail=detail, now=now,
    )  # fmt: skip


def channel_of(row: RowMapping) -> Channel:
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
        fallback_channel_id=row["fallback_channel_id"],
        settings=settings,
    )


def to_json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
