"""What the API of deliveries and channels takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from belvedere.notify.contracts import ChannelKind, DeliveryState, MessageKind

Name = Annotated[str, Field(min_length=1, max_length=100)]
Address = Annotated[
    str,
    Field(max_length=1000, description="A Discord channel id, an e-mail address or a signed webhook's URL."),
]
Secret = Annotated[SecretStr, Field(max_length=2000)]


class Body(BaseModel):
    """An input: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")


class ChannelCreate(Body):
    """`webhook_url` is needed for a Discord webhook, `address` for the others; `token` is a bot's own.

    `signing_secret` (`whsec_…`) is for a signed webhook that has one already; without it one is made.
    """

    kind: ChannelKind
    name: Name
    client_id: Annotated[int, Field(ge=0, le=2**31 - 1, description="0 serves every client.")] = 0
    address: Address = ""
    webhook_url: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None


class ChannelUpdate(Body):
    name: Name | None = None
    address: Address | None = None
    is_active: bool | None = None
    fallback_channel_id: Annotated[
        UUID | None, Field(description="Used while this one is broken; null takes it off.")
    ] = None
    webhook_url: Secret | None = None
    token: Secret | None = None
    signing_secret: Secret | None = None


class ChannelRead(BaseModel):
    """A channel and its health; `waiting`, `dead` and `unknown` count the last 30 days.

    `success_percent` is of the tries of the last 24 hours; null without any.
    """

    id: UUID
    client_id: int
    client: str | None = None
    kind: ChannelKind
    name: str
    address: str | None
    webhook_id: str | None = None
    url: str | None = None
    fallback_channel_id: UUID | None = None
    fallback: str | None = None
    previous_secret_until: datetime | None = None
    has_secret: bool
    is_active: bool
    broken_since: datetime | None = None
    broken_reason: str | None = None
    last_sent_at: datetime | None = None
    sent_today: int = 0
    tries_today: int = 0
    success_percent: float | None = None
    waiting: int = 0
    dead: int = 0
    unknown: int = 0
    created_at: datetime
    updated_at: datetime


class ChannelCreated(ChannelRead):
    """A new channel, or one with a new secret; `signing_secret` is shown this once."""

    signing_secret: str | None = None


class ChannelList(BaseModel):
    data: list[ChannelRead]


class DeliveryRead(BaseModel):
    """One message for one destination; `seconds` is the time from request to acceptance.

    `things` counts what it tells of.
    """

    id: UUID
    client_id: int
    client: str | None = None
    subject_type: str
    subject_id: UUID
    kind: MessageKind
    channel: ChannelKind
    channel_id: UUID | None = None
    address: str
    title: str
    severity: str
    state: DeliveryState
    attempts: int
    policy: str
    possible_repeat: bool
    told_with: UUID | None = None
    combines: UUID | None = None
    things: int = 1
    round: int = 0
    is_group: bool = False
    rerouted_to: UUID | None = None
    rerouted_from: UUID | None = None
    idempotency_key: str
    receipt: str | None = None
    error: str | None = None
    created_at: datetime
    sent_at: datetime | None = None
    next_at: datetime | None = None
    give_up_at: datetime | None = None
    seconds: float | None = None


class AttemptRead(BaseModel):
    """One try. It is written when it begins and once more when it ends, never after."""

    n: int
    outcome: str
    started_at: datetime
    finished_at: datetime | None = None
    seconds: float | None = None
    status_code: int | None = None
    provider_id: str | None = None
    error: str | None = None
    worker: str | None = None


class MemberRead(BaseModel):
    """One thing that the message tells of."""

    subject_type: str
    subject_id: UUID
    kind: MessageKind
    line: str


class DeliveryDetail(DeliveryRead):
    members: list[MemberRead] = []
    text: str | None = None
    fields: list[Any] | None = None
    url: str | None = None
    attempt_log: list[AttemptRead]


class PageMeta(BaseModel):
    next_cursor: str | None = None
    has_more: bool = False
    generated_at: datetime


class DeliveryList(BaseModel):
    data: list[DeliveryRead]
    meta: PageMeta


Template = Annotated[str, Field(max_length=8000)]


class PreviewAsked(Body):
    """Templates of a rule; one that is left out uses the built-in words."""

    title_template: Template | None = None
    message_template: Template | None = None


class PreviewRead(BaseModel):
    """The message everywhere it goes; `problem` says why built-in words stand in a template's place."""

    title: str
    text: str
    problem: str | None = None
    discord: dict[str, Any]
    mail_subject: str
    mail_text: str
    mail_html: str


class ResendMany(Body):
    """Deliveries by name, or every one of a channel that was given up."""

    delivery_ids: Annotated[list[UUID] | None, Field(max_length=1000)] = None
    channel_id: UUID | None = None


class Resent(BaseModel):
    count: int


class Accepted(BaseModel):
    """Asked for; read the delivery to see how it went."""

    delivery_id: UUID
    state: Literal["ready"] = "ready"
