"""Words and shapes of accounts that other domains may see."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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

    `is_staff` people belong to the agency; owners and admins among them reach every client. `scopes` is None for
    a browser session (everything the role allows) and a subset of words for a token. `token_client_id` binds a
    token to one client.
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
