"""Shapes of requests and answers; field names are those of the tables."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from belvedere.core.numerals import Written
from belvedere.watchtower.contracts import (
    Aggregate,
    Condition,
    DependencyCondition,
    LogicOperator,
    NoDataPolicy,
    NotifySchedule,
    Severity,
)
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.rule_book import SavedRule


def _as_text(value: Any) -> Any:
    """A threshold may come as a JSON number; text keeps every digit of it."""
    if isinstance(value, Written):
        return value.written
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _in_utc(value: datetime) -> datetime:
    """Years that UTC cannot write are refused: the database would keep them and nobody could read them."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time lies outside the years 1 to 9999 in UTC; name one nearer") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
ThresholdText = Annotated[str, Field(max_length=255), BeforeValidator(_as_text)]
Recipients = Annotated[list[Annotated[str, Field(max_length=254)]], Field(max_length=50)]
ClientId = Annotated[int, Field(ge=0, le=2_147_483_647)]
ClientFilter = Annotated[int | None, Query(ge=0, le=2_147_483_647)]
Position = Annotated[int, Field(ge=0, le=10_000)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
Readings = Annotated[int, Field(ge=1, le=1000)]


class RuleFields(BaseModel):
    """What a rule may say beside its question."""

    model_config = ConfigDict(extra="forbid")

    source_id: UUID | None = None
    target_table: Annotated[str, Field(max_length=100)] | None = None
    description: Annotated[str, Field(max_length=4000)] | None = None
    threshold_value: ThresholdText | None = None
    parent_rule_id: UUID | None = None
    dependency_condition: DependencyCondition | None = None
    group_id: UUID | None = None
    position: Position | None = None
    notify_schedule: NotifySchedule | None = None
    notify_time: time | None = None
    notify_day_of_week: Annotated[int, Field(ge=0, le=6)] | None = None
    discord_channel_id: Annotated[str, Field(max_length=255)] | None = None
    email_recipients: Recipients | None = None
    slug: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9][a-z0-9_-]*$")] | None = None
    aggregate: Aggregate | None = None
    for_minutes: Minutes | None = None
    recovery_threshold: ThresholdText | None = None
    min_volume_field: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    min_volume: Annotated[Decimal, Field(max_digits=20, decimal_places=6)] | None = None
    data_lag_minutes: Minutes | None = None
    overrides_rule_id: UUID | None = None
    title_template: Annotated[str, Field(max_length=1000)] | None = None
    message_template: Annotated[str, Field(max_length=8000)] | None = None
    repeat_minutes: Annotated[int, Field(ge=0, le=525_600)] | None = None
    remind_minutes: Minutes | None = None
    notify_zone: Annotated[str, Field(max_length=64)] | None = None
    webhook_channel_id: UUID | None = None
    force: bool = Field(default=False, description="Save on a field that no data carries yet.")


class RuleCreate(RuleFields):
    """A new rule; `client_id` null is a rule for every client."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    field_name: Annotated[str, Field(min_length=1, max_length=100)]
    condition: Condition
    client_id: ClientId | None = None
    logic_operator: LogicOperator = LogicOperator.AND
    severity: Severity = Severity.WARNING
    is_active: bool = True
    notify_immediately: bool = True
    notify_discord: bool = False
    notify_email: bool = False
    for_readings: Readings = 1
    recover_after: Readings = 1
    no_data_policy: NoDataPolicy = NoDataPolicy.IGNORE
    fires_from_zero: bool = False
    digest_all_clear: bool = False
    notify_webhook: bool = False

    def draft(self) -> RuleDraft:
        values = self.model_dump(exclude={"force"})
        recipients = values["email_recipients"]
        return RuleDraft(**{**values, "email_recipients": None if recipients is None else tuple(recipients)})


class RuleUpdate(RuleFields):
    """Only the fields that are named change."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    field_name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    condition: Condition | None = None
    logic_operator: LogicOperator | None = None
    severity: Severity | None = None
    is_active: bool | None = None
    notify_immediately: bool | None = None
    notify_discord: bool | None = None
    notify_email: bool | None = None
    for_readings: Readings | None = None
    recover_after: Readings | None = None
    no_data_policy: NoDataPolicy | None = None
    fires_from_zero: bool | None = None
    digest_all_clear: bool | None = None
    notify_webhook: bool | None = None

    def changes(self) -> dict[str, Any]:
        """Named fields; a null where the column cannot be empty counts as not named."""
        named = self.model_dump(include=self.model_fields_set - {"force"})
        solid = set(RuleUpdate.model_fields) - set(RuleFields.model_fields)
        return {name: value for name, value in named.items() if value is not None or name not in solid}


class NoteRead(BaseModel):
    field: str
    code: str
    detail: str


class RuleRead(BaseModel):
    """A rule as it stands, with its condition in one line and what its author should know."""

    id: UUID
    source_id: UUID | None
    client_id: int | None
    target_table: str | None
    name: str
    description: str | None
    field_name: str
    condition: Condition
    threshold_value: str | None
    parent_rule_id: UUID | None
    dependency_condition: DependencyCondition | None
    logic_operator: LogicOperator
    group_id: UUID | None
    position: int
    severity: Severity
    is_active: bool
    notify_immediately: bool
    notify_schedule: NotifySchedule | None
    notify_time: time | None
    notify_day_of_week: int | None
    notify_discord: bool
    notify_email: bool
    discord_channel_id: str | None
    email_recipients: list[str] | None
    slug: str | None
    aggregate: Aggregate | None
    for_readings: int
    for_minutes: int | None
    recovery_threshold: str | None
    recover_after: int
    min_volume_field: str | None
    min_volume: Decimal | None
    data_lag_minutes: int | None
    no_data_policy: NoDataPolicy
    fires_from_zero: bool
    overrides_rule_id: UUID | None
    title_template: str | None
    message_template: str | None
    repeat_minutes: int | None
    remind_minutes: int | None
    notify_zone: str | None
    digest_all_clear: bool
    notify_webhook: bool
    webhook_channel_id: UUID | None
    builtin: str | None
    version: int
    created_at: datetime
    expression: str
    notes: list[NoteRead]

    @classmethod
    def of(cls, saved: SavedRule) -> "RuleRead":
        rule = saved.rule
        own = {"client_id", "email_recipients", "expression", "notes"}
        values = {name: getattr(rule, name) for name in cls.model_fields if name not in own}
        return cls(
            **values,
            client_id=rule.client_id or None,
            email_recipients=list(rule.email_recipients) or None,
            expression=saved.expression,
            notes=[NoteRead(**note.document()) for note in saved.notes],
        )


class Acknowledge(BaseModel):
    """Take an alert, with a word why and until when."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=4000)] | None = None
    until: Moment | None = None


class Remark(BaseModel):
    """A word why."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(max_length=4000)] | None = None


class NoteCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, Field(min_length=1, max_length=4000)]


class BulkAction(BaseModel):
    """The same act on many alerts."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    note: Annotated[str, Field(max_length=4000)] | None = None


class Snooze(BaseModel):
    """Put an alert out of sight until then."""

    model_config = ConfigDict(extra="forbid")

    until: Moment
    note: Annotated[str, Field(max_length=4000)] | None = None


class BulkSnooze(Snooze):
    """The same for many alerts."""

    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]


class Changed(BaseModel):
    """Ids of the alerts that moved; those already there are left out."""

    changed: list[UUID]
