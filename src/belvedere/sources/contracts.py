"""Words and shapes of sources that other domains may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import polars as pl


class ConversationChannel(StrEnum):
    """Where the team and a client talk."""

    DISCORD = "discord"
    SLACK = "slack"
    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    MEETING = "meeting"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MIXED = "mixed"


class SnapshotType(StrEnum):
    SCHEDULED = "scheduled"
    MANUAL = "manual"
    TRIGGERED = "triggered"


class SnapshotStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class Completeness(StrEnum):
    """How much of the source one reading saw; rules resolve nothing on less than a full one."""

    FULL = "full"
    PARTIAL = "partial"
    INCREMENTAL = "incremental"


class Unit(StrEnum):
    PERCENT = "percent"
    CURRENCY = "currency"
    COUNT = "count"
    RATIO = "ratio"
    DAYS = "days"


class Freshness(StrEnum):
    FRESH = "fresh"
    LATE = "late"
    FAILED = "failed"
    NEVER = "never"
    OFF = "off"


RECORD_COLUMNS = (
    "external_id",
    "name",
    "email",
    "status",
    "category",
    "tags",
    "amount",
    "quantity",
    "record_date",
)
"""The typed columns of `api_records` that a mapping may fill and a rule may watch."""


@dataclass(frozen=True, slots=True)
class Frames:
    """One reading as columns.

    `records`: `id` (string UUIDv7), then RECORD_COLUMNS (`tags` list of string, `amount` Decimal(15,4), `quantity`
    Int32, `record_date` Datetime UTC) and `extra` (JSON text). `metrics`: `record_id`, `metric_name`, `metric_value`
    Decimal(20,6), `metric_unit`. Percents are 0 to 100.
    """

    records: pl.DataFrame
    metrics: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be taken, with where and why; `payload` is the row as it came."""

    row_number: int
    code: str
    field: str | None
    detail: str
    payload: str


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    metric_name: str
    display_name: str
    description: str | None
    metric_unit: str | None
    min_value: Decimal | None
    max_value: Decimal | None
    provider: str | None


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A completed reading and what is needed to judge it; `previous` is None for a baseline.

    `is_newest` is False for data older than what is already known (a backfill): it is history and raises nothing.
    """

    client_id: int
    snapshot_id: UUID
    source_id: UUID
    provider: str
    endpoint: str
    completeness: Completeness
    data_as_of: datetime
    frames: Frames
    previous_id: UUID | None = None
    previous: Frames | None = None
    metric_units: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    account_id: UUID | None = None
    is_newest: bool = True


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """A reading that was asked for and is on its way."""

    client_id: int
    snapshot_id: UUID
    source_id: UUID


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of a file: counts, and whether it held the same as the reading before.

    `rounded` counts by field the numbers with more decimals than its column keeps.
    """

    snapshot_id: UUID
    records: int
    metrics: int
    rejected: int
    unchanged: bool
    completeness: Completeness = Completeness.FULL
    rounded: Mapping[str, int] = field(default_factory=dict)
