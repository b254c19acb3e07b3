"""Words and shapes of message delivery that other domains may see."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID


class ChannelKind(StrEnum):
    DISCORD_BOT = "discord_bot"
    DISCORD_WEBHOOK = "discord_webhook"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """`unknown`: handed over, but the answer was lost; `dead`: given up, a person must look."""

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"


class MessageKind(StrEnum):
    OPENED = "opened"
    RESOLVED = "resolved"
    TEST = "test"


class AttemptOutcome(StrEnum):
    RUNNING = "running"
    SENT = "sent"
    RETRY = "retry"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"
    FENCED = "fenced"


@dataclass(frozen=True, slots=True)
class Message:
    """What to say, independent of the channel; `fields` are short label and value pairs."""

    title: str
    text: str
    severity: str
    client_name: str
    url: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one message goes: a Discord channel id, `webhook:<channel id>` or an e-mail address."""

    channel: ChannelKind
    address: str
    channel_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """One message for one destination; (subject, kind, destination) is sent once."""

    client_id: int
    subject_type: str
    subject_id: UUID
    kind: MessageKind
    destination: Destination
    message: Message
