"""Tables that every domain leans on: audit, events, logs, idempotency, rate budgets."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from belvedere.core.schema import (
    created_at,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.core.tables_analytics import dashboard_fact, decision_log

__all__ = [
    "audit_log",
    "dashboard_fact",
    "decision_log",
    "idempotency_keys",
    "installation",
    "observability_logs",
    "outbox_events",
    "partition_plans",
    "rate_budgets",
]

LOG_LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "CRITICAL")

audit_log = Table(
    "audit_log",
    metadata,
    Column(
        "seq",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="Position in the chain, counted up from 1 without gaps.",
    ),
    tenant(),
    instant("at", now=True, comment="When it was done (UTC)."),
    Column(
        "actor",
        Text,
        nullable=False,
        comment="Who did it: a person's address or id, a job, or the command line.",
    ),
    Column("action", Text, nullable=False, comment="What was done, such as rule.created."),
    Column("subject_type", Text, nullable=False, comment="Kind of the thing it was done to."),
    Column("subject_id", Text, nullable=False, comment="Key of the thing it was done to."),
    document("detail", comment="Named values of the act; secrets never stand here."),
    Column(
        "prev_hash", LargeBinary, nullable=False, comment="Hash of the row before it; zeros in the first row."
    ),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256 over this row and the hash before it."),
    CheckConstraint("octet_length(hash) = 32", name="hash_is_sha256"),
    Index("ix_audit_log_client_id_at", "client_id", "at"),
    Index("ix_audit_log_subject", "subject_type", "subject_id"),
    schema="core",
    comment="Append-only record of who did what; each row carries the hash of the row before it.",
)

outbox_events = Table(
    "outbox_events",
    metadata,
    uuid_key(),
    tenant(),
    Column("type", Text, nullable=False, comment="CloudEvents type, such as alert.opened."),
    Column(
        "source", Text, nullable=False, comment="The part of the program that tells it, as a URI reference."
    ),
    Column("subject", Text, nullable=False, comment="Key of the thing that the event is about."),
    instant("time", required=True, comment="When it happened (UTC)."),
    Column("dataschema", Text, nullable=False, comment="Name of the JSON schema that the data keeps."),
    Column("dataversion", Integer, nullable=False, comment="Version of that schema, from 1."),
    Column("correlationid", Text, comment="The request or job that led to it; NULL when there was none."),
    Column("causationid", Text, comment="The event that led to it; NULL when none did."),
    Column("actor", Text, comment="Who caused it; NULL for the program itself."),
    document("data", comment="What happened, as its schema has it."),
    created_at(),
    instant("published_at", comment="When it was handed on (UTC); NULL while it waits."),
    CheckConstraint("dataversion >= 1", name="dataversion_positive"),
    Index("ix_outbox_events_client_id_time", "client_id", "time"),
    Index("ix_outbox_events_unpublished", "id", postgresql_where=text("published_at IS NULL")),
    schema="core",
    comment="CloudEvents 1.0 envelopes, written in the transaction of their cause.",
)

observability_logs = Table(
    "observability_logs",
    metadata,
    Column(
        "id",
        UUID(as_uuid=True),
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="Key of the row.",
    ),
    tenant(),
    created_at(),
    Column("level", Text, nullable=False, comment="DEBUG, INFO, WARN, ERROR or CRITICAL."),
    Column("logger", Text, nullable=False, comment="The part of the program that spoke."),
    Column("message", Text, nullable=False, comment="What happened, with secrets and addresses masked."),
    document("context", comment="Named values of the line, masked."),
    Column("correlation_id", Text, comment="The request or job the line belongs to."),
    Column("process", Text, comment="The process that wrote it."),
    PrimaryKeyConstraint("id", "created_at"),
    CheckConstraint(one_of("level", LOG_LEVELS), name="level_known"),
    Index("ix_observability_logs_created_at", "created_at"),
    Index("ix_observability_logs_level_created_at", "level", "created_at"),
    schema="core",
    comment="System logs with secrets and addresses masked; people read INFO and WARN, the service role all.",
    postgresql_partition_by="RANGE (created_at)",
)

partition_plans = Table(
    "partition_plans",
    metadata,
    Column("table_name", Text, primary_key=True, comment="The partitioned table, as schema.table."),
    Column(
        "key_kind", Text, nullable=False, comment="time: a timestamp; uuid7: the time inside a UUIDv7 key."
    ),
    Column("key_column", Text, nullable=False, comment="The column whose months part the table."),
    Column(
        "months_ahead",
        Integer,
        nullable=False,
        server_default=text("4"),
        comment="Months made before they come.",
    ),
    Column("retention_months", Integer, comment="Whole months kept; NULL keeps them for ever."),
    Column(
        "before_drop",
        Text,
        comment="Function (regclass) that keeps what must outlive a month, called before its part is dropped.",
    ),
    created_at(),
    updated_at(),
    CheckConstraint(one_of("key_kind", ("time", "uuid7")), name="key_kind_known"),
    CheckConstraint("months_ahead BETWEEN 1 AND 24", name="months_ahead_range"),
    CheckConstraint("retention_months >= 1", name="retention_months_positive"),
    schema="core",
    comment="Which tables are parted by month, how far ahead parts are made, and how long they are kept.",
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal", Text, nullable=False, comment="Who sent the request: a person or a token."),
    tenant(),
    Column("key", Text, nullable=False, comment="The Idempotency-Key header as it was sent."),
    Column("method", Text, nullable=False, comment="HTTP method of the first request."),
    Column("path", Text, nullable=False, comment="Path of the first request."),
    Column(
        "body_hash",
        LargeBinary,
        nullable=False,
        comment="SHA-256 of its body; the same key with another body is refused.",
    ),
    Column(
        "status_code", Integer, comment="HTTP status of the first answer; NULL while it is still being made."
    ),
    Column("headers", JSONB, comment="Headers of the first answer; NULL while it is still being made."),
    Column("body", LargeBinary, comment="Body of the first answer; NULL while it is still being made."),
    created_at(),
    instant("expires_at", required=True, comment="When the key may be used anew (UTC)."),
    PrimaryKeyConstraint("client_id", "principal", "key"),
    Index("ix_idempotency_keys_expires_at", "expires_at"),
    schema="core",
    comment="First answer to each request that named an Idempotency-Key; a NULL status is still running.",
)

rate_budgets = Table(
    "rate_budgets",
    metadata,
    Column("provider", Text, nullable=False, comment="Platform whose limit this is."),
    Column("account", Text, nullable=False, comment="Account at the platform that the limit counts for."),
    Column("capacity", Numeric(12, 3), nullable=False, comment="Most requests at once."),
    Column(
        "refill_per_second", Numeric(12, 6), nullable=False, comment="Requests that come back each second."
    ),
    Column("tokens", Numeric(12, 3), nullable=False, comment="Requests left at refilled_at."),
    instant("refilled_at", required=True, comment="When tokens was last counted (UTC)."),
    instant("blocked_until", comment="Until when the platform asked us to wait (UTC); NULL when it did not."),
    PrimaryKeyConstraint("provider", "account"),
    CheckConstraint("capacity > 0 AND refill_per_second > 0", name="positive"),
    schema="core",
    comment="Token buckets shared by all workers, one per provider and account.",
)

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, server_default=text("1"), comment="Always 1: there is one row."),
    Column(
        "install_id",
        UUID(as_uuid=True),
        nullable=False,
        server_default=text("gen_random_uuid()"),
        comment="Key of this installation; a copy keeps it.",
    ),
    Column(
        "install_epoch",
        Integer,
        nullable=False,
        server_default=text("1"),
        comment="Counted up by each restore, so that a copy can be told from its original.",
    ),
    Column(
        "outbound_held",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="1 while nothing is sent out, else 0.",
    ),
    instant("held_since", comment="Since when sending is held (UTC); NULL when it is not."),
    Column("held_reason", Text, comment="Why sending is held; NULL when it is not."),
    created_at(),
    UniqueConstraint("install_id"),
    CheckConstraint("id = 1", name="single_row"),
    CheckConstraint("outbound_held IN (0, 1)", name="held_is_flag"),
    schema="core",
    comment="One row: which installation this is; a restore raises the epoch and holds outbound sending.",
)
