"""What every domain writes for the whole: facts for dashboards, and the log of decisions."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from belvedere.core.schema import (
    created_at,
    derived,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)


class FactGrain(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class FactUnit(StrEnum):
    """`ratio`: a quotient, 0.085 for 8.5 percent; `percent`: 8.5."""

    CURRENCY = "currency"
    COUNT = "count"
    RATIO = "ratio"
    PERCENT = "percent"
    SECONDS = "seconds"
    DAYS = "days"


class DecisionArea(StrEnum):
    INVENTORY = "inventory"
    CX = "cx"
    GROWTH = "growth"
    ADS = "ads"
    OUTREACH = "outreach"
    SECURITY = "security"
    SYSTEM = "system"


class ActorKind(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    POLICY = "policy"
    SYSTEM = "system"


dashboard_fact = Table(
    "dashboard_fact",
    metadata,
    uuid_key(),
    tenant(),
    Column("metric", Text, nullable=False, comment="What was measured, such as revenue or orders."),
    Column("grain", Text, nullable=False, server_default=text("'day'"), comment="Length of the period."),
    instant("period_start", required=True,
            comment="First moment of the period (UTC), cut in the client's time zone."),
    Column("value", Numeric, nullable=False, comment="The figure, in its unit."),
    Column("unit", Text, nullable=False, server_default=text("'count'"), comment="What the figure counts."),
    Column("currency", Text, comment="ISO 4217 code; NULL unless the unit is currency."),
    document("dimensions", comment="What the figure is split by, such as a channel; empty for the total."),
    derived("dims_hash", "md5(dimensions::text)", kind=Text(),
            comment="MD5 of the dimensions, so that one split of one period stands once."),
    instant("as_of", now=True, comment="How fresh the data behind the figure were (UTC)."),
    Column("source", Text, nullable=False, server_default=text("''"), comment="What the figure was computed from."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "metric", "grain", "period_start", "dims_hash", name="uq_dashboard_fact_period"),
    CheckConstraint("metric <> ''", name="metric_named"),
    CheckConstraint(one_of("grain", FactGrain), name="grain_known"),
    CheckConstraint(one_of("unit", FactUnit), name="unit_known"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_code"),
    CheckConstraint("(unit = 'currency') = (currency IS NOT NULL)", name="money_has_currency"),
    CheckConstraint("jsonb_typeof(dimensions) = 'object'", name="dimensions_are_named"),
    Index("ix_dashboard_fact_client_id_metric_period_start", "client_id", "metric", "period_start"),
    Index("ix_dashboard_fact_client_id_created_at", "client_id", "created_at"),
    Index("ix_dashboard_fact_client_id_updated_at", "client_id", "updated_at"),
    schema="core",
    comment="Figures for dashboard tiles: one value for each metric, period and split, with its unit and its age.",
)  # fmt: skip

decision_log = Table(
    "decision_log",
    metadata,
    uuid_key(),
    tenant(),
    Column("area", Text, nullable=False, comment="The part of the business that the decision is about."),
    Column("decision", Text, nullable=False, comment="What was decided, as a short name such as reorder.suggest."),
    Column("actor", Text, nullable=False, comment="Who decided: a person's address, an agent, a policy or a job."),
    Column("actor_kind", Text, nullable=False, server_default=text("'system'"),
           comment="Whether a person, an agent, a policy or the system decided."),
    Column("subject", Text, nullable=False, server_default=text("''"),
           comment="What it was decided about, as table and key."),
    Column("reason", Text, comment="Why, in words; NULL when the name says it all."),
    document("inputs", comment="The figures that the decision rested on."),
    document("outcome", comment="What followed, as known when it was written."),
    Column("confidence", Numeric(5, 4), comment="Probability from 0 to 1 that it is right; NULL when none was computed."),
    Column("run_id", UUID(as_uuid=True), comment="Key of the run in agents.agent_run; NULL when no agent took part."),
    Column("approval_id", UUID(as_uuid=True),
           comment="Key of the request in agents.agent_approval; NULL when none was needed."),
    Column("correlation_id", Text, comment="The request or job it belongs to."),
    Column("audit_seq", BigInteger, nullable=False,
           comment="Number of the row in core.audit_log that seals this one; set by a trigger."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "audit_seq"),
    CheckConstraint(one_of("area", DecisionArea), name="area_known"),
    CheckConstraint(one_of("actor_kind", ActorKind), name="actor_kind_known"),
    CheckConstraint("decision <> ''", name="decision_named"),
    CheckConstraint("actor <> ''", name="actor_named"),
    CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_range"),
    Index("ix_decision_log_client_id_created_at", "client_id", "created_at"),
    Index("ix_decision_log_client_id_area_created_at", "client_id", "area", "created_at"),
    Index("ix_decision_log_subject", "client_id", "subject"),
    schema="core",
    comment="Append-only record of what was decided, by whom, on what grounds; each row is sealed in the audit log.",
)  # fmt: skip
