"""Words and shapes of message delivery that other domains may see."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class ChannelKind(StrEnum):
    DISCORD_BOT = "discord_bot"
    DISCORD_WEBHOOK = "discord_webhook"
    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """`unknown`: handed over, but the answer was lost; `dead`: given up, a person must look."""

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    DEAD = "dead"


class MessageKind(StrEnum):
    """`raised`: severity rose or it got clearly worse; `again`: still open, told once more; `notice`: something
    about the installation itself, such as a broken channel.
    """

    OPENED = "opened"
    RESOLVED = "resolved"
    TEST = "test"
    RAISED = "raised"
    AGAIN = "again"
    STORM = "storm"
    DIGEST = "digest"
    NOTICE = "notice"


class RepeatPolicy(StrEnum):
    """What to risk when nobody knows whether a message arrived: a second copy, or that a person must look."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class AttemptOutcome(StrEnum):
    """`unknown`: nobody heard how it ended; `fenced`: an answer after the lease, which changed nothing."""

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
    chart: "Chart | None" = None


@dataclass(frozen=True, slots=True)
class Chart:
    """The last values of what a message is about, oldest first, for the small plot in a mail.

    `limit` is the line it crossed; `marked` the position of the value that breached.
    """

    label: str
    values: tuple[float | None, ...]
    times: tuple[str, ...]
    limit: float | None = None
    unit: str | None = None
    marked: int | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one message goes: a Discord channel id, `webhook:<channel id>` or an e-mail address.

    `channel_id` names the stored channel whose credential is used; without it the settings' bot token or mail
    server serves.
    """

    channel: ChannelKind
    address: str
    channel_id: UUID | None = None

    @classmethod
    def discord(cls, address: str) -> "Destination":
        """`webhook:<channel id>` is a stored webhook, anything else a channel that the bot writes to."""
        channel_id = webhook_channel_id(address)
        if channel_id is None:
            return cls(ChannelKind.DISCORD_BOT, address.strip())
        return cls(ChannelKind.DISCORD_WEBHOOK, webhook_address(channel_id), channel_id)

    @classmethod
    def webhook(cls, channel_id: UUID) -> "Destination":
        """A stored signed webhook."""
        return cls(ChannelKind.WEBHOOK, webhook_address(channel_id), channel_id)

    @classmethod
    def email(cls, address: str) -> "Destination":
        """A mailbox, reached through the mail server of the settings."""
        return cls(ChannelKind.EMAIL, address.strip())


def distinct_mails(addresses: Iterable[str]) -> list[str]:
    """Each mailbox once, as it was spelt first: X@Brandt.example and x@brandt.example are one."""
    found: dict[str, str] = {}
    for address in addresses:
        found.setdefault(address.strip().lower(), address)
    return list(found.values())


WEBHOOK_PREFIX = "webhook:"


def webhook_address(channel_id: UUID) -> str:
    """How a rule names a stored webhook in place of a Discord channel id."""
    return f"{WEBHOOK_PREFIX}{channel_id}"


def webhook_channel_id(address: str) -> UUID | None:
    """The stored channel behind `webhook:<channel id>`, or None for any other address."""
    kind, _, identity = address.strip().partition(":")
    if f"{kind}:" != WEBHOOK_PREFIX:
        return None
    try:
        return UUID(identity)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class DeliveryRequest:
    """One message for one destination; (subject, kind, round, destination) is sent once.

    `members`: the things it tells of when they are several; a thing that was told there already drops out, and a
    message that loses all is not written. In the title and text of such a message `{count}` becomes the number that
    is left, and their lines are added under the text. `round` counts tellings of a kind that may come again, such as
    `again`. `not_before` holds it back until then.
    """

    client_id: int
    subject_type: str
    subject_id: UUID
    kind: MessageKind
    destination: Destination
    message: Message
    policy: RepeatPolicy = RepeatPolicy.AT_LEAST_ONCE
    members: tuple["Member", ...] = ()
    not_before: datetime | None = None
    round: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """One of the things that a message for several tells of; its (subject, kind, round, destination) is told once too.

    `line` is how the message lists it.
    """

    subject_id: UUID
    line: str
    subject_type: str = "alert"
    round: int = 0


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken back before it was sent: one thing on one channel. `is_whole` tells that no message is left."""

    client_id: int
    subject_id: UUID
    delivery_id: UUID
    channel: ChannelKind
    destination: str
    is_whole: bool
