"""What was fetched, when, for whom: sources, accounts, snapshots, records, metrics and what was refused."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
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
from sqlalchemy.dialects.postgresql import ARRAY, UUID

import belvedere.sources.tables_intake  # noqa: F401 - adds the other half of the tables
from belvedere.core.schema import (
    NEWEST,
    created_at,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.sources.contracts import Completeness, SnapshotStatus, SnapshotType
from belvedere.sources.tables_communication import communication_reports  # noqa: F401 - one of the domain's tables

NEW_UUID = text("gen_random_uuid()")

api_sources = Table(
    "api_sources",
    metadata,
    uuid_key(),
    Column("provider", String(50), nullable=False, comment="Platform, such as omnisend."),
    Column("endpoint", String(100), nullable=False, comment="What is read there, such as campaigns."),
    Column("display_name", String(100), nullable=False, comment="Name as people read it."),
    Column("description", Text, comment="What the endpoint holds; NULL when nobody said."),
    Column(
        "refresh_interval_minutes",
        Integer,
        nullable=False,
        server_default=text("60"),
        comment="Minutes between two readings.",
    ),
    Column(
        "is_active",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False reads it for nobody.",
    ),
    created_at(),
    updated_at(),
    UniqueConstraint("provider", "endpoint"),
    CheckConstraint("refresh_interval_minutes BETWEEN 1 AND 525600", name="refresh_interval_sane"),
    schema="watch",
    comment="Registry of data providers and their endpoints.",
)

source_accounts = Table(
    "source_accounts",
    metadata,
    uuid_key(),
    tenant(),
    Column(
        "source_id",
        UUID(as_uuid=True),
        ForeignKey("watch.api_sources.id", ondelete="CASCADE"),
        nullable=False,
        comment="The source that is read.",
    ),
    Column(
        "account_key",
        Text,
        nullable=False,
        server_default=text("'default'"),
        comment="Name of the account at the platform; default when there is one only.",
    ),
    Column("display_name", Text, comment="Name as people read it; NULL shows the key."),
    document("settings", comment="Settings of the connector without secrets."),
    Column(
        "credential_id", UUID(as_uuid=True), comment="Sealed secret to read with; NULL where none is needed."
    ),
    Column(
        "is_active",
        Boolean,
        nullable=False,
        server_default=text("true"),
        comment="False does not read this account.",
    ),
    instant("next_due_at", comment="When it is read next (UTC); NULL when it is not on a schedule."),
    instant("last_started_at", comment="When a reading last began (UTC); NULL when never."),
    instant("last_good_at", comment="When a reading last completed (UTC); NULL when never."),
    instant("last_failed_at", comment="When a reading last failed (UTC); NULL when never."),
    Column("last_error", Text, comment="What the last failure said; NULL after a good reading."),
    Column(
        "consecutive_failures",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Failures since the last good reading.",
    ),
    Column(
        "overruns",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Planned readings that waited because the one before still ran.",
    ),
    document("cursor", comment="Where an incremental reading goes on, as the connector keeps it."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "source_id", "account_key"),
    ForeignKeyConstraint(
        ["client_id", "credential_id"],
        ["core.creds_meta.client_id", "core.creds_meta.id"],
        name="fk_source_accounts_credential",
    ),
    Index("ix_source_accounts_next_due_at", "next_due_at", postgresql_where=text("is_active")),
    Index("ix_source_accounts_source_id", "source_id"),
    schema="watch",
    comment="One client's account at a source: settings, credential, and when it is due.",
)

api_snapshots = Table(
    "api_snapshots",
    metadata,
    uuid_key(),
    Column(
        "source_id",
        UUID(as_uuid=True),
        ForeignKey("watch.api_sources.id", ondelete="CASCADE"),
        nullable=False,
        comment="The source that was read.",
    ),
    tenant(),
    Column(
        "account_id",
        UUID(as_uuid=True),
        comment="The account that was read; NULL for data handed to us without one.",
    ),
    Column(
        "snapshot_type",
        String(20),
        nullable=False,
        server_default=text("'scheduled'"),
        comment="scheduled, manual or triggered: what started it.",
    ),
    Column("total_records", Integer, nullable=False, server_default=text("0"), comment="Records stored."),
    Column(
        "status",
        String(20),
        nullable=False,
        server_default=text("'pending'"),
        comment="pending, processing, completed or failed.",
    ),
    Column("error_message", Text, comment="Why it failed; NULL when it did not."),
    Column("error_code", Text, comment="The failure as a word for programs; NULL when it did not fail."),
    Column(
        "completeness",
        Text,
        nullable=False,
        server_default=text("'full'"),
        comment="full, partial or incremental; only a full reading resolves alerts.",
    ),
    Column(
        "expected_records", Integer, comment="Records that the platform promised; NULL when it did not say."
    ),
    Column(
        "rejected_records",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Rows that were refused; see record_rejects.",
    ),
    Column("received_records", Integer, comment="Rows that came, the refused ones too; NULL until stored."),
    Column("total_metrics", Integer, nullable=False, server_default=text("0"), comment="Metrics stored."),
    Column(
        "checksum",
        LargeBinary,
        comment="SHA-256 over the data, to tell an unchanged reading; NULL until stored.",
    ),
    Column(
        "same_as_snapshot_id",
        UUID(as_uuid=True),
        comment="Earlier reading with the same data, whose rows stand for this one; NULL otherwise.",
    ),
    Column("requested_by", Text, comment="Who asked for it; NULL for the schedule."),
    Column("attempt", Integer, nullable=False, server_default=text("0"), comment="Tries so far."),
    Column(
        "pages_done",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Pages of the platform read so far.",
    ),
    instant("lease_until", comment="When the worker's claim ends (UTC); NULL without one."),
    Column("lease_token", UUID(as_uuid=True), comment="The worker's claim; NULL without one."),
    instant("data_as_of", comment="Moment that the data describes (UTC); NULL until known."),
    instant("started_at", now=True, comment="When reading began (UTC)."),
    instant("completed_at", comment="When it ended (UTC); NULL while it runs."),
    instant("evaluated_at", comment="When the rules judged it (UTC); NULL until then."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    ForeignKeyConstraint(
        ["client_id", "account_id"],
        ["watch.source_accounts.client_id", "watch.source_accounts.id"],
        name="fk_api_snapshots_account",
    ),
    CheckConstraint(one_of("snapshot_type", SnapshotType), name="snapshot_type_known"),
    CheckConstraint(one_of("status", SnapshotStatus), name="status_known"),
    CheckConstraint(one_of("completeness", Completeness), name="completeness_known"),
    CheckConstraint(
        "total_records >= 0 AND rejected_records >= 0 AND total_metrics >= 0", name="counts_not_negative"
    ),
    CheckConstraint("status <> 'failed' OR error_message IS NOT NULL", name="failed_says_why"),
    Index(
        "ix_api_snapshots_source_id_client_id_data_as_of", "source_id", "client_id", text("data_as_of DESC")
    ),
    Index("ix_api_snapshots_client_id_created_at", "client_id", *NEWEST),
    Index("ix_api_snapshots_client_id_source_id_created_at", "client_id", "source_id", *NEWEST),
    Index("ix_api_snapshots_client_id_account_id_created_at", "client_id", "account_id", *NEWEST),
    Index("ix_api_snapshots_created_at", text("created_at DESC")),
    Index("ix_api_snapshots_status", "status"),
    Index(
        "uq_api_snapshots_one_running",
        "client_id",
        "account_id",
        unique=True,
        postgresql_where=text("status IN ('pending', 'processing') AND account_id IS NOT NULL"),
    ),
    Index(
        "ix_api_snapshots_unjudged",
        "completed_at",
        postgresql_where=text("status = 'completed' AND evaluated_at IS NULL"),
    ),
    schema="watch",
    comment="One reading of a source for one client at one moment.",
)

snapshot_frames = Table(
    "snapshot_frames",
    metadata,
    tenant(checked=False),
    Column("snapshot_id", UUID(as_uuid=True), nullable=False, comment="The snapshot whose data this is."),
    Column("records", LargeBinary, nullable=False, comment="Its records as compressed columns."),
    Column("metrics", LargeBinary, nullable=False, comment="Its metrics as compressed columns."),
    Column(
        "format",
        Text,
        nullable=False,
        server_default=text("'arrow-ipc-zstd/1'"),
        comment="Name and version of the encoding.",
    ),
    created_at(),
    PrimaryKeyConstraint("client_id", "snapshot_id"),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_snapshot_frames_snapshot",
        ondelete="CASCADE",
    ),
    schema="watch",
    comment="A completed snapshot as one compressed columnar blob; can be rebuilt from its rows.",
)

api_records = Table(
    "api_records",
    metadata,
    Column(
        "id",
        UUID(as_uuid=True),
        nullable=False,
        server_default=NEW_UUID,
        comment="Key of the row (UUIDv7); the time in it chooses the month it is stored in.",
    ),
    Column("snapshot_id", UUID(as_uuid=True), nullable=False, comment="The reading that holds it."),
    tenant(checked=False),
    Column("external_id", String(255), nullable=False, comment="Key of the thing at its platform."),
    Column("name", String(255), comment="Name of the thing; NULL when the platform gives none."),
    Column("email", String(255), comment="Mail address of the thing; NULL when it has none."),
    Column("status", String(50), comment="State in the platform's own word; NULL when it gives none."),
    Column("category", String(100), comment="Kind in the platform's own word; NULL when it gives none."),
    Column("tags", ARRAY(Text), comment="Labels; NULL when the platform gives none."),
    Column("amount", Numeric(15, 4), comment="Money in the account's currency; NULL when there is none."),
    Column("quantity", Integer, comment="Whole number of pieces; NULL when there is none."),
    instant(
        "record_date", comment="Time that the platform names for the thing (UTC); NULL when it names none."
    ),
    document("extra", comment="Everything else that the platform said."),
    created_at(),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("client_id", "id"),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_api_records_snapshot",
        ondelete="CASCADE",
    ),
    CheckConstraint("external_id <> ''", name="external_id_not_blank"),
    Index("ix_api_records_snapshot_id_external_id", "snapshot_id", "external_id"),
    Index("ix_api_records_external_id", "external_id"),
    Index("ix_api_records_status", "status"),
    Index("ix_api_records_email", "email", postgresql_where=text("email IS NOT NULL")),
    Index("ix_api_records_category", "category"),
    Index("ix_api_records_record_date", "record_date", postgresql_where=text("record_date IS NOT NULL")),
    schema="watch",
    comment="The things a snapshot holds; partitioned by month through the time in their UUIDv7 keys.",
    postgresql_partition_by="RANGE (id)",
)

api_record_metrics = Table(
    "api_record_metrics",
    metadata,
    Column("id", UUID(as_uuid=True), nullable=False, server_default=NEW_UUID, comment="Key of the row."),
    tenant(checked=False),
    Column(
        "record_id",
        UUID(as_uuid=True),
        nullable=False,
        comment="The record that the number is about; the time in it chooses the month.",
    ),
    Column("metric_name", String(100), nullable=False, comment="Name of the number, such as open_rate."),
    Column(
        "metric_value",
        Numeric(20, 6),
        nullable=False,
        comment="The number in its unit; a percent is 0 to 100.",
    ),
    Column(
        "metric_unit", String(20), comment="percent, currency, count, ratio or days; NULL when not known."
    ),
    created_at(),
    PrimaryKeyConstraint("id", "record_id"),
    UniqueConstraint("record_id", "metric_name"),
    ForeignKeyConstraint(
        ["client_id", "record_id"],
        ["watch.api_records.client_id", "watch.api_records.id"],
        name="fk_api_record_metrics_record",
        ondelete="CASCADE",
    ),
    Index("ix_api_record_metrics_metric_name_metric_value", "metric_name", "metric_value"),
    schema="watch",
    comment="Named numbers of a record; partitioned beside their records.",
    postgresql_partition_by="RANGE (record_id)",
)

metric_definitions = Table(
    "metric_definitions",
    metadata,
    Column(
        "metric_name", String(100), primary_key=True, comment="Name of the metric, as in api_record_metrics."
    ),
    Column("display_name", String(100), nullable=False, comment="Name as people read it."),
    Column("description", Text, comment="What it says; NULL when nobody said."),
    Column(
        "metric_unit", String(20), comment="percent, currency, count, ratio or days; NULL when not known."
    ),
    Column("min_value", Numeric(20, 6), comment="Least value that makes sense; NULL for no bound."),
    Column("max_value", Numeric(20, 6), comment="Greatest value that makes sense; NULL for no bound."),
    Column("provider", String(50), comment="Platform it comes from; NULL for several."),
    created_at(),
    CheckConstraint("min_value <= max_value", name="range_not_empty"),
    schema="watch",
    comment="What is known of each metric: its name for people, unit and bounds.",
)
