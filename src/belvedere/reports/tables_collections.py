"""Collections of weeks, every version of a week with its rows, and the aggregates that dashboards read."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from belvedere.core.schema import (
    belongs_to,
    created_at,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.reports.contracts import (
    AggregationType,
    CollectionStatus,
    CollectionType,
    SkipReason,
    VersionStatus,
    WeekStatus,
)

report_data_collections = Table(
    "report_data_collections",
    metadata,
    uuid_key(),
    tenant(),
    Column(
        "collection_id", String(255), nullable=False, comment="Short name that people read, as coll_7h2k9."
    ),
    Column("workflow_id", UUID(as_uuid=True), nullable=False, comment="Query whose weeks are collected."),
    Column("instance_id", UUID(as_uuid=True), nullable=False, comment="Instance it is run in."),
    Column(
        "user_id",
        UUID(as_uuid=True),
        ForeignKey("core.users.id", ondelete="CASCADE"),
        comment="Who asked for it; NULL for the program itself.",
    ),
    Column(
        "collection_type",
        String(100),
        nullable=False,
        comment="backfill: the past once; weekly_update: the newest weeks again and again.",
    ),
    Column("target_weeks", Integer, nullable=False, comment="Weeks to collect, 1 to 56."),
    Column("start_date", Date, nullable=False, comment="First day of the first week."),
    Column("end_date", Date, nullable=False, comment="Last day of the last week, itself in it."),
    Column(
        "status",
        String(50),
        nullable=False,
        server_default=text("'pending'"),
        comment="pending, running, completed, failed or paused.",
    ),
    Column(
        "progress_percentage",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Weeks done or skipped in percent of all, 0 to 100, rounded down.",
    ),
    Column(
        "weeks_completed",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Weeks whose rows are stored.",
    ),
    Column("error_message", Text, comment="Why it failed; NULL while it did not."),
    document("configuration", comment="Settings: start of the week, zone, chunk_weeks, max_parallel."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "collection_id"),
    belongs_to(
        "workflow_id", "reports.workflows", name="fk_report_data_collections_workflow", ondelete="CASCADE"
    ),
    belongs_to(
        "instance_id", "reports.amc_instances", name="fk_report_data_collections_instance", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("collection_type", CollectionType), name="collection_type_known"),
    CheckConstraint(one_of("status", CollectionStatus), name="status_known"),
    CheckConstraint("target_weeks BETWEEN 1 AND 56", name="target_weeks_range"),
    CheckConstraint("start_date <= end_date", name="dates_run_forward"),
    CheckConstraint("progress_percentage BETWEEN 0 AND 100", name="progress_range"),
    CheckConstraint("weeks_completed BETWEEN 0 AND target_weeks", name="weeks_completed_range"),
    Index("idx_report_collections_workflow_id", "workflow_id"),
    Index("idx_report_collections_instance_id", "instance_id"),
    Index("idx_report_collections_status", "status"),
    Index("idx_report_collections_user_id", "user_id"),
    Index("ix_report_data_collections_client_id_created_at", "client_id", text("created_at DESC")),
    schema="reports",
    comment="A wish for weeks of one query: a backfill of the past, or the newest weeks again and again.",
)

report_data_weeks = Table(
    "report_data_weeks",
    metadata,
    uuid_key(),
    tenant(),
    Column("collection_id", UUID(as_uuid=True), nullable=False, comment="Collection the week is of."),
    Column(
        "workflow_execution_id",
        UUID(as_uuid=True),
        comment="Run that brought it; several weeks may share one. NULL before it, and when the run was deleted.",
    ),
    Column(
        "week_start_date", Date, nullable=False, comment="First day of the week in the collection's zone."
    ),
    Column("week_end_date", Date, nullable=False, comment="Last day, six after the first."),
    Column(
        "status",
        String(50),
        nullable=False,
        server_default=text("'pending'"),
        comment="pending, running, completed, failed or skipped.",
    ),
    Column(
        "skip_reason",
        Text,
        comment="Why it was skipped: outside_lookback or duplicate_of; NULL when it was not.",
    ),
    Column("attempt", Integer, nullable=False, server_default=text("0"), comment="How often it was tried."),
    instant("lease_until", comment="Until when a worker holds it; NULL when nobody does."),
    instant("execution_date", comment="When its rows were fetched (UTC); NULL before."),
    Column("row_count", Integer, comment="Rows of the week; NULL before they are there."),
    Column(
        "data_checksum",
        String(255),
        comment="Checksum of the rows in any order, to notice the same data again.",
    ),
    Column("error_message", Text, comment="Why it failed; NULL while it did not."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "collection_id", "week_start_date"),
    belongs_to(
        "collection_id",
        "reports.report_data_collections",
        name="fk_report_data_weeks_collection",
        ondelete="CASCADE",
    ),
    belongs_to("workflow_execution_id", "reports.workflow_executions", name="fk_report_data_weeks_execution"),
    CheckConstraint(one_of("status", WeekStatus), name="status_known"),
    CheckConstraint(one_of("skip_reason", SkipReason), name="skip_reason_known"),
    CheckConstraint("week_end_date = week_start_date + 6", name="week_has_seven_days"),
    CheckConstraint("row_count >= 0 AND attempt >= 0", name="counts_not_negative"),
    Index("idx_report_weeks_collection_id", "collection_id"),
    Index("idx_report_weeks_date_range", "week_start_date", "week_end_date"),
    Index("idx_report_weeks_status", "status"),
    Index("ix_report_data_weeks_workflow_execution_id", "client_id", "workflow_execution_id"),
    Index("ix_report_data_weeks_held", "lease_until", postgresql_where=text("status = 'running'")),
    schema="reports",
    comment="One week of a collection and how far it is.",
)

report_week_versions = Table(
    "report_week_versions",
    metadata,
    uuid_key(),
    tenant(),
    Column("week_id", UUID(as_uuid=True), nullable=False, comment="Week the version is of."),
    Column("version", Integer, nullable=False, comment="Counted from 1 within the week."),
    Column(
        "workflow_execution_id",
        UUID(as_uuid=True),
        comment="Run that brought it, as it was named then; no key, because a version outlives its run.",
    ),
    Column(
        "data_checksum", Text, nullable=False, comment="Checksum of the rows in any order, as v1:sha256:…"
    ),
    Column("row_count", Integer, nullable=False, server_default=text("0"), comment="Rows of the version."),
    Column(
        "filtered_row_count",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Rows whose values the platform held back for privacy.",
    ),
    document("totals", comment="Sums of the additive metrics."),
    document("deltas", comment="Change of each total against the version before; empty for the first."),
    Column(
        "change_share",
        Numeric(9, 6),
        comment="Largest change of a total as a fraction; NULL for the first version.",
    ),
    Column(
        "status",
        Text,
        nullable=False,
        server_default=text("'accepted'"),
        comment="accepted feeds the aggregates; waiting asks a person; refused stays for the record.",
    ),
    instant("decided_at", comment="When a person accepted or refused it; NULL when nobody had to."),
    Column("decided_by", Text, comment="Who decided; NULL when nobody had to."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "week_id", "version"),
    belongs_to(
        "week_id", "reports.report_data_weeks", name="fk_report_week_versions_week", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("status", VersionStatus), name="status_known"),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("row_count >= 0 AND filtered_row_count >= 0", name="counts_not_negative"),
    CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_is_whole"),
    schema="reports",
    comment="Every reading of a week; a restatement is a new version, and none is ever changed.",
)

report_rows = Table(
    "report_rows",
    metadata,
    tenant(checked=False),
    Column(
        "week_version_id", UUID(as_uuid=True), nullable=False, comment="Version of the week the row is of."
    ),
    Column("row_number", Integer, nullable=False, comment="Place of the row in the result, from 1."),
    Column("data_date", Date, comment="Day of the row; NULL when the query has no day column."),
    document("dimensions", comment="What the row is about, by column name."),
    document("metrics", comment="Figures of the row, by column name."),
    Column(
        "is_filtered",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True when the platform held back the names of a small group.",
    ),
    Column("row_hash", LargeBinary, comment="SHA-256 of the row in canonical form."),
    created_at(),
    PrimaryKeyConstraint("client_id", "week_version_id", "row_number", "created_at"),
    belongs_to(
        "week_version_id",
        "reports.report_week_versions",
        name="fk_report_rows_week_version",
        ondelete="CASCADE",
    ),
    CheckConstraint("row_number >= 1", name="row_number_positive"),
    CheckConstraint("octet_length(row_hash) = 32", name="row_hash_is_sha256"),
    schema="reports",
    comment="Rows of each version of a week as the platform gave them; aggregates can be made anew from them.",
    postgresql_partition_by="RANGE (created_at)",
)

report_data_aggregates = Table(
    "report_data_aggregates",
    metadata,
    uuid_key(),
    tenant(),
    Column("workflow_id", UUID(as_uuid=True), nullable=False, comment="Query the figures are of."),
    Column("instance_id", UUID(as_uuid=True), nullable=False, comment="Instance the figures are of."),
    Column("aggregation_type", String(100), nullable=False, comment="weekly, monthly or quarterly."),
    Column(
        "aggregation_key",
        String(255),
        nullable=False,
        comment="Period, as 2025-W36, 2025-09 or 2025-Q3; with #dimension=value for a part of it.",
    ),
    document("metrics", None, comment="Figures by metric; _meta says which weeks they rest on and how."),
    document("dimensions", comment="What the figures are a part of; empty for the total."),
    Column("data_date", Date, nullable=False, comment="First day of the period."),
    Column(
        "row_count",
        BigInteger,
        nullable=False,
        server_default=text("0"),
        comment="Rows the figures were made of.",
    ),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint(
        "client_id",
        "workflow_id",
        "instance_id",
        "aggregation_type",
        "aggregation_key",
        "data_date",
        name="uq_report_data_aggregates_period",
    ),
    belongs_to(
        "workflow_id", "reports.workflows", name="fk_report_data_aggregates_workflow", ondelete="CASCADE"
    ),
    belongs_to(
        "instance_id", "reports.amc_instances", name="fk_report_data_aggregates_instance", ondelete="CASCADE"
    ),
    CheckConstraint(one_of("aggregation_type", AggregationType), name="aggregation_type_known"),
    CheckConstraint("row_count >= 0", name="row_count_not_negative"),
    Index("idx_report_aggregates_workflow_instance", "workflow_id", "instance_id"),
    Index("idx_report_aggregates_type_date", "aggregation_type", "data_date"),
    Index("idx_report_aggregates_key_date", "aggregation_key", "data_date"),
    schema="reports",
    comment="Figures by week, month and quarter, made ahead; what dashboards read.",
)
