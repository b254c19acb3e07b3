"""What the sources API takes and gives; field names are the specification's. `client_id` null is the agency."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from belvedere.core.schema import AGENCY
from belvedere.sources.contracts import Completeness, Freshness, SnapshotStatus, SnapshotType, Unit
from belvedere.sources.freshness import FreshnessView
from belvedere.sources.registry import AccountView, SourceView


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold NUL characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("must not hold half of a surrogate pair")
    return value


Name = Annotated[str, AfterValidator(_storable), Field(min_length=1, max_length=100)]
Provider = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=50, examples=["omnisend"])]
Endpoint = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=100, examples=["campaigns"])]
LongText = Annotated[str, AfterValidator(_storable), Field(max_length=4000)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
ClientId = Annotated[int | None, Field(ge=0, le=2**31 - 1, description="null is the agency itself")]
Bound = Annotated[Decimal, Field(max_digits=20, decimal_places=6)]


class Body(BaseModel):
    """An input: unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")


class PageMeta(BaseModel):
    next_cursor: str | None = None
    has_more: bool = False
    generated_at: datetime


class FreshnessRead(BaseModel):
    state: Freshness
    reason: str
    late_at: datetime | None = None

    @classmethod
    def of(cls, view: FreshnessView) -> "FreshnessRead":
        return cls(state=view.state, reason=view.reason, late_at=view.late_at)


class SourceCreate(Body):
    provider: Provider
    endpoint: Endpoint
    display_name: Name
    description: LongText | None = None
    refresh_interval_minutes: Minutes = 60
    is_active: bool = True


class SourceUpdate(Body):
    display_name: Name | None = None
    description: LongText | None = None
    refresh_interval_minutes: Minutes | None = None
    is_active: bool | None = None


class SourceRead(BaseModel):
    id: UUID
    provider: str
    endpoint: str
    display_name: str
    description: str | None
    refresh_interval_minutes: int
    is_active: bool
    created_at: datetime
    updated_at: datetime
    freshness: FreshnessRead
    accounts: int
    accounts_by_freshness: dict[str, int]

    @classmethod
    def of(cls, view: SourceView) -> "SourceRead":
        return cls(
            **view.row,
            freshness=FreshnessRead.of(view.freshness),
            accounts=view.accounts,
            accounts_by_freshness=view.by_state,
        )


class SourcePage(BaseModel):
    data: list[SourceRead]
    meta: PageMeta


class AccountCreate(Body):
    client_id: ClientId = None
    account_key: Name = "default"
    display_name: Name | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    credential_id: UUID | None = None
    is_active: bool = True


class AccountUpdate(Body):
    display_name: Name | None = None
    settings: dict[str, Any] | None = None
    credential_id: UUID | None = None
    is_active: bool | None = None


class AccountRead(BaseModel):
    id: UUID
    client_id: int | None
    source_id: UUID
    provider: str
    endpoint: str
    account_key: str
    display_name: str | None
    settings: dict[str, Any]
    credential_id: UUID | None
    is_active: bool
    next_due_at: datetime | None
    last_started_at: datetime | None
    last_good_at: datetime | None
    last_failed_at: datetime | None
    last_error: str | None
    consecutive_failures: int
    created_at: datetime
    updated_at: datetime
    freshness: FreshnessRead

    @classmethod
    def of(cls, view: AccountView) -> "AccountRead":
        return cls(**view.row, freshness=FreshnessRead.of(view.freshness))


class AccountPage(BaseModel):
    data: list[AccountRead]
    meta: PageMeta


class RunRequest(Body):
    account_id: UUID | None = Field(
        default=None, description="one account; without it every account in reach"
    )
    client_id: ClientId = None
    snapshot_type: SnapshotType = SnapshotType.MANUAL


class RunRead(BaseModel):
    snapshot_id: UUID
    client_id: int | None
    status: SnapshotStatus = SnapshotStatus.PENDING


class RunsRead(BaseModel):
    snapshots: list[RunRead]
    already_running: int = 0


class DefinitionCreate(Body):
    metric_name: Name
    display_name: Name
    description: LongText | None = None
    metric_unit: Unit | None = None
    min_value: Bound | None = None
    max_value: Bound | None = None
    provider: Provider | None = None


class ReplayRequest(Body):
    snapshot_id: UUID
    reject_ids: Annotated[list[UUID], Field(min_length=1, max_length=5000)] | None = None


class EndpointCreate(Body):
    account_id: UUID
    name: Name


class EndpointUpdate(Body):
    name: Name | None = None
    is_active: bool | None = None


class EndpointRead(BaseModel):
    id: UUID
    client_id: int | None
    account_id: UUID
    source_id: UUID
    name: str
    is_active: bool
    created_at: datetime
    url: str


class EndpointCreated(EndpointRead):
    secret: str = Field(description="shown this once; sign each push with it")


class EndpointPage(BaseModel):
    data: list[EndpointRead]
    meta: PageMeta


class PushTaken(BaseModel):
    webhook_id: str
    duplicate: bool


class UploadTaken(BaseModel):
    snapshot_id: UUID
    client_id: int | None
    completeness: Completeness
    status: SnapshotStatus = SnapshotStatus.PENDING


def stored_client(client_id: int | None) -> int:
    """`null` outside is client 0 inside."""
    return AGENCY if client_id is None else client_id


def shown_client(client_id: int) -> int | None:
    return None if client_id == AGENCY else client_id
