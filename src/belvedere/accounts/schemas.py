"""What the accounts API takes and gives. Inputs refuse unknown fields; only a new token carries a secret."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from belvedere.accounts.contracts import ClientStatus, Role
from belvedere.accounts.permissions import Permission

T = TypeVar("T")


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold NUL characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not hold half of a surrogate pair")
    return value


Text = Annotated[str, AfterValidator(_storable), Field(max_length=2000)]
Name = Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=200)]
Email = Annotated[str, AfterValidator(_storable), Field(min_length=3, max_length=254)]
Zone = Annotated[str, AfterValidator(_storable), Field(max_length=64, examples=["Europe/Vienna"])]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, examples=["en"])]
Password = Annotated[SecretStr, Field(max_length=256)]
Recipients = Annotated[list[Email], Field(max_length=100)]


class Body(BaseModel):
    """An input: unknown fields are an error, so that nobody sets a column by naming it."""

    model_config = ConfigDict(extra="forbid")


class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PageMeta(BaseModel):
    next_cursor: str | None = None
    has_more: bool = False
    generated_at: datetime


class Page(BaseModel, Generic[T]):
    data: list[T]
    meta: PageMeta


class MembershipRead(Read):
    client_id: int
    role: Role


class MeRead(BaseModel):
    id: UUID
    email: str
    display_name: str
    role: Role
    is_staff: bool
    timezone: str
    locale: str
    memberships: list[MembershipRead]
    permissions: list[Permission] = Field(
        description="What this session or token may do at one client at least."
    )


class MeUpdate(Body):
    display_name: Name = ""
    timezone: Zone = ""
    locale: Locale = ""


class PasswordChange(Body):
    current: Password
    new: Password


class PasswordSet(Body):
    password: Password


class StepUp(Body):
    password: Password


class ClientRead(Read):
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


class ClientCreate(Body):
    name: Name
    slug: Annotated[str, Field(max_length=64, description="Made from the name when left out.")] = ""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "USD"
    timezone: Zone = "UTC"
    locale: Locale = "en"
    website_url: Text | None = None
    discord_channel_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    email_recipients: Recipients | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class ClientUpdate(Body):
    name: Name = ""
    slug: Annotated[str, Field(min_length=1, max_length=64)] = ""
    status: ClientStatus = ClientStatus.ACTIVE
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = ""
    timezone: Zone = ""
    locale: Locale = ""
    website_url: Text | None = None
    discord_channel_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    email_recipients: Recipients | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class UserRead(Read):
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
    memberships: list[MembershipRead]


class MembershipWrite(Body):
    client_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    role: Role = Role.VIEWER


class UserCreate(Body):
    email: Email
    display_name: Name
    role: Role = Role.VIEWER
    is_staff: bool = False
    password: Password | None = None
    timezone: Zone = "UTC"
    locale: Locale = "en"
    memberships: Annotated[list[MembershipWrite], Field(max_length=500)] = Field(default_factory=list)


class UserUpdate(Body):
    email: Email = ""
    display_name: Name = ""
    role: Role = Role.VIEWER
    is_staff: bool = False
    timezone: Zone = ""
    locale: Locale = ""
    is_active: bool = True


class MembershipRole(Body):
    role: Role


class TokenRead(Read):
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


class TokenCreate(Body):
    name: Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=100)]
    scopes: Annotated[set[Permission], Field(min_length=1)]
    client_id: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=366)] = 90


class TokenCreated(TokenRead):
    token: str = Field(description="Shown this once and stored nowhere.")


class SessionRead(Read):
    id: UUID
    user_agent: str | None
    ip: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    is_current: bool = False


class CredentialRead(Read):
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


Secret = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=100)], SecretStr], Field(min_length=1, max_length=50)
]


class CredentialCreate(Body):
    provider: Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=50)]
    name: Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=100)]
    secret: Secret
    expires_at: datetime | None = None


class CredentialReplace(Body):
    secret: Secret
    expires_at: datetime | None = None
