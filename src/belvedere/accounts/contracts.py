"""Words and shapes of accounts that other domains may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class Role(StrEnum):
    """What a person may do, from most to least."""

    OWNER = "owner"
    ADMIN = "admin"
    ANALYST = "analyst"
    OPERATOR = "operator"
    VIEWER = "viewer"


class ClientStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class Membership:
    client_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: a person in a browser session or behind an API token.

    `is_staff` people belong to the agency; owners and admins among them reach every client. `scopes` is None
    for a browser session (everything the role allows) and a subset of words for a token. `token_client_id`
    binds a token to one client.
    """

    user_id: UUID
    email: str
    display_name: str
    role: Role
    is_staff: bool
    memberships: tuple[Membership, ...] = ()
    session_id: UUID | None = None
    token_id: UUID | None = None
    scopes: frozenset[str] | None = None
    token_client_id: int | None = None
    timezone: str = "UTC"
    locale: str = "en"
    stepped_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A customer of the agency; client 0 is the agency itself."""

    id: int
    name: str
    slug: str
    status: ClientStatus
    currency: str
    timezone: str
    locale: str
    website_url: str | None
    discord_channel_id: str | None
    email_recipients: list[str] | None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ClientDraft:
    """A client to be; an empty slug is made from the name."""

    name: str
    slug: str = ""
    currency: str = "USD"
    timezone: str = "UTC"
    locale: str = "en"
    website_url: str | None = None
    discord_channel_id: str | None = None
    email_recipients: list[str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    email: str
    display_name: str
    role: Role
    is_staff: bool
    timezone: str
    locale: str
    is_active: bool
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """A person to be. Without a password they cannot sign in until somebody sets one."""

    email: str
    display_name: str
    role: Role = Role.VIEWER
    is_staff: bool = False
    password: str | None = None
    timezone: str = "UTC"
    locale: str = "en"
    memberships: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh session. `cookie` goes to the browser and is stored nowhere."""

    user_id: UUID
    session_id: UUID
    cookie: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A password that was not taken. Returned and not raised: its count must be committed."""

    reason: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionInfo:
    id: UUID
    user_agent: str | None
    ip: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenDraft:
    name: str
    scopes: frozenset[str]
    client_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenInfo:
    id: UUID
    user_id: UUID
    client_id: int | None
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """The only time a token's text exists outside its owner's hands."""

    info: TokenInfo
    token: str


@dataclass(frozen=True, slots=True)
class CredentialInfo:
    """What may be known of a credential without opening it."""

    id: UUID
    client_id: int
    provider: str
    name: str
    hint: str | None
    key_version: int
    expires_at: datetime | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
