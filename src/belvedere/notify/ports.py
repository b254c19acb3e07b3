"""What the outbox needs of a channel: hand over one message under a key, and say how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from belvedere.notify.contracts import ChannelKind
from belvedere.notify.render import Telling


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. `thread_key` is the key of the opening that it follows.

    `secret` is the opened credential of its stored channel; empty where the settings serve. `url` is where a signed
    webhook goes, `asked_at` when the message was asked for.
    """

    key: str
    address: str
    telling: Telling
    sent_at: datetime
    thread_key: str | None = None
    client_id: int = 0
    url: str | None = None
    asked_at: datetime | None = None
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the receiver said when it took the message."""

    provider_message_id: str | None = None
    status_code: int | None = None


class Sender(Protocol):
    """One kind of channel."""

    async def send(self, outgoing: Outgoing) -> Receipt:
        """Hand it over; returns only after the receiver took it.

        Raises ExternalError; as a SendError its `outcome_known` is False when the message may have arrived.
        """
        ...


Senders = Mapping[ChannelKind, Sender]
