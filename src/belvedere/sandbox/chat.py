"""Discord's memory: channels, webhooks and the messages in them."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from belvedere.sandbox.clients import (
    AGENCY_CHANNEL_ID,
    BOT_USER_ID,
    FORBIDDEN_CHANNEL_ID,
    GUILD_ID,
    SANDBOX_CLIENTS,
)
from belvedere.sandbox.ledger import Ledger

MESSAGE = "discord.message"
WEBHOOK_MESSAGE = "discord.webhook"
EDIT = "discord.edit"
NONCE_WINDOW_SECONDS = 300.0  # Discord remembers a nonce for "a few minutes"
_EPOCH_MS = 1_420_070_400_000


@dataclass(slots=True)
class Channel:
    """`access` is ok, forbidden (403) or gone (404)."""

    id: str
    name: str
    topic: str
    access: str = "ok"
    webhook: tuple[str, str] | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content_type: str
    content: bytes


class Chat:
    def __init__(self, ledger: Ledger, moment: float = 0.0) -> None:
        """`moment`: monotonic seconds; nonces found in the ledger count as used just now."""
        self._ledger = ledger
        self.channels: dict[str, Channel] = {}
        self.uploads: dict[str, Upload] = {}
        self._nonces: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
        self._count = 0
        self._fill()
        for entry in ledger.entries:
            if entry.kind in {MESSAGE, WEBHOOK_MESSAGE}:
                self._restore(entry.restore, moment)
            elif entry.kind == EDIT:
                found = self.find(entry.target, entry.restore["id"])
                if found is not None:
                    found.update(entry.restore)

    def _fill(self) -> None:
        agency = Channel(AGENCY_CHANNEL_ID, "agency-alerts", "Everything that concerns the agency itself")
        closed = Channel(
            FORBIDDEN_CHANNEL_ID, "leadership", "The bot was never invited here", access="forbidden"
        )
        clients = [
            Channel(
                client.discord_channel_id,
                f"{client.slug}-alerts",
                f"Alerts of {client.name}",
                webhook=(client.discord_webhook_id, client.discord_webhook_token),
            )
            for client in SANDBOX_CLIENTS
        ]
        self.channels = {channel.id: channel for channel in (agency, *clients, closed)}

    def _restore(self, kept: dict[str, Any], moment: float) -> None:
        message = kept["message"]
        self._count += 1
        channel = self.channels.get(message["channel_id"])
        if channel is not None:
            channel.messages.append(message)
        if message.get("nonce") is not None:
            self._nonces[(message["channel_id"], str(message["nonce"]))] = (moment, message)
        for upload_id, (name, content_type, content) in kept.get("uploads", {}).items():
            self.uploads[upload_id] = Upload(name, content_type, base64.b64decode(content))

    def by_webhook(self, webhook_id: str) -> Channel | None:
        return next(
            (one for one in self.channels.values() if one.webhook and one.webhook[0] == webhook_id), None
        )

    def find(self, channel_id: str, message_id: str) -> dict[str, Any] | None:
        channel = self.channels.get(channel_id)
        return next((one for one in channel.messages if one["id"] == message_id), None) if channel else None

    def repeated(self, channel_id: str, nonce: str, moment: float) -> dict[str, Any] | None:
        """The message this nonce already made here, if it is still remembered; counts the attempt."""
        seen = self._nonces.get((channel_id, nonce))
        if seen is None or moment - seen[0] > NONCE_WINDOW_SECONDS:
            return None
        self._ledger.count_attempt(MESSAGE, nonce)
        return seen[1]

    def next_id(self, at: datetime) -> str:
        """A snowflake: milliseconds since Discord's epoch, then a counter, so that ids sort by time."""
        self._count += 1
        return str((int(at.timestamp() * 1000) - _EPOCH_MS) << 22 | self._count & 0xFFF)

    def post(
        self,
        channel: Channel,
        body: dict[str, Any],
        uploads: list[Upload],
        *,
        kind: str,
        key: str | None,
        at: datetime,
        moment: float,
        base_url: str,
    ) -> dict[str, Any]:
        """Stores the message; when it returns the message is in the ledger."""
        message = self._message(channel, body, kind, at)
        stored = {}
        for upload in uploads:
            upload_id = self.next_id(at)
            url = f"{base_url}/discord/attachments/{upload_id}/{upload.name}"
            message["attachments"].append(
                {
                    "id": upload_id,
                    "filename": upload.name,
                    "size": len(upload.content),
                    "content_type": upload.content_type,
                    "url": url,
                }
            )
            self.uploads[upload_id] = upload
            stored[upload_id] = [upload.name, upload.content_type, base64.b64encode(upload.content).decode()]
        title = message["content"] or next((one.get("title", "") for one in message["embeds"]), "")
        self._ledger.append(kind, key, channel.id, title, at, {"message": message, "uploads": stored})
        channel.messages.append(message)
        if body.get("nonce") is not None:
            self._nonces[(channel.id, str(body["nonce"]))] = (moment, message)
        return message

    def _message(self, channel: Channel, body: dict[str, Any], kind: str, at: datetime) -> dict[str, Any]:
        hook = kind == WEBHOOK_MESSAGE and channel.webhook
        name = body.get("username") or ("Belvedere hook" if hook else "Belvedere")
        message: dict[str, Any] = {
            "id": self.next_id(at),
            "type": 0,
            "channel_id": channel.id,
            "guild_id": GUILD_ID,
            "content": body.get("content") or "",
            "embeds": [{"type": "rich", **embed} for embed in body.get("embeds") or []],
            "attachments": [],
            "components": body.get("components") or [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": bool(body.get("tts")),
            "flags": 0,
            "timestamp": at.isoformat(),
            "edited_timestamp": None,
            "author": {
                "id": channel.webhook[0] if hook and channel.webhook else BOT_USER_ID,
                "username": name,
                "bot": True,
            },
        }
        if hook and channel.webhook:
            message["webhook_id"] = channel.webhook[0]
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
        return message

    def edit(self, message: dict[str, Any], body: dict[str, Any], at: datetime) -> dict[str, Any]:
        changed: dict[str, Any] = {"id": message["id"], "edited_timestamp": at.isoformat()}
        if "content" in body:
            changed["content"] = body["content"] or ""
        if "embeds" in body:
            changed["embeds"] = [{"type": "rich", **embed} for embed in body["embeds"] or []]
        title = changed.get("content") or message["content"]
        self._ledger.append(EDIT, message["id"], message["channel_id"], title, at, changed)
        message.update(changed)
        return message

    def clear(self) -> None:
        self.uploads.clear()
        self._nonces.clear()
        self._fill()
