"""What was handed to us: refused rows, addresses that accept pushes, and bodies that wait for a worker."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from belvedere.core.schema import (
    NEWEST,
    created_at,
    document,
    instant,
    metadata,
    one_of,
    tenant,
    uuid_key,
)

record_rejects = Table(
    "record_rejects",
    metadata,
    uuid_key(),
    tenant(),
    Column("snapshot_id", UUID(as_uuid=True), nullable=False, comment="The reading that held the row."),
    Column("row_number", BigInteger, nullable=False, comment="Place of the row in its document, from 1."),
    Column("code", Text, nullable=False, comment="Why it was refused, as a word for programs."),
    Column("field", Text, comment="Field that was wrong; NULL when the whole row was."),
    Column("detail", Text, nullable=False, comment="Why it was refused, in words."),
    Column("payload", Text, nullable=False, comment="The row as it came, cut where it is long."),
    created_at(),
    instant("replayed_at", comment="When it was tried again (UTC); NULL until then."),
    Column(
        "replay_snapshot_id", UUID(as_uuid=True), comment="The snapshot of that second try; NULL until then."
    ),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_record_rejects_snapshot",
        ondelete="CASCADE",
    ),
    Index("ix_record_rejects_client_id_snapshot_id", "client_id", "snapshot_id", "row_number"),
    Index("ix_record_rejects_client_id_created_at", "client_id", *NEWEST),
    Index("ix_record_rejects_open", "client_id", *NEWEST, postgresql_where=text("replayed_at IS NULL")),
    schema="watch",
    comment="Dead letters of ingest: rows that were refused, with the reason; they can be replayed.",
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    uuid_key(),
    tenant(),
    Column(
        "account_id", UUID(as_uuid=True), nullable=False, comment="The account whose data is pushed here."
    ),
    Column("name", Text, nullable=False, comment="Name to tell it by."),
    Column(
        "credential_id", UUID(as_uuid=True), nullable=False, comment="Sealed secret that proves the sender."
    ),
    Column(
        "is_active", Boolean, nullable=False, server_default=text("true"), comment="False refuses every push."
    ),
    created_at(),
    UniqueConstraint("client_id", "id"),
    ForeignKeyConstraint(
        ["client_id", "account_id"],
        ["watch.source_accounts.client_id", "watch.source_accounts.id"],
        name="fk_webhook_endpoints_account",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["client_id", "credential_id"],
        ["core.creds_meta.client_id", "core.creds_meta.id"],
        name="fk_webhook_endpoints_credential",
    ),
    schema="watch",
    comment="Addresses that accept signed pushes for one account.",
)

webhook_receipts = Table(
    "webhook_receipts",
    metadata,
    tenant(),
    Column("endpoint_id", UUID(as_uuid=True), nullable=False, comment="The address that was pushed to."),
    Column("webhook_id", Text, nullable=False, comment="Key of the push, chosen by its sender."),
    Column("snapshot_id", UUID(as_uuid=True), comment="The snapshot it became; NULL until then."),
    instant("received_at", now=True, comment="When it arrived (UTC)."),
    PrimaryKeyConstraint("client_id", "endpoint_id", "webhook_id"),
    ForeignKeyConstraint(
        ["client_id", "endpoint_id"],
        ["watch.webhook_endpoints.client_id", "watch.webhook_endpoints.id"],
        name="fk_webhook_receipts_endpoint",
        ondelete="CASCADE",
    ),
    schema="watch",
    comment="Pushes already taken, by their id, so that a repeated one adds nothing.",
)

intakes = Table(
    "intakes",
    metadata,
    uuid_key(),
    tenant(),
    Column("account_id", UUID(as_uuid=True), comment="The account it is for; NULL when none was named."),
    Column(
        "source_id",
        UUID(as_uuid=True),
        ForeignKey("watch.api_sources.id", ondelete="CASCADE"),
        nullable=False,
        comment="The source it is for.",
    ),
    Column("snapshot_id", UUID(as_uuid=True), comment="The snapshot it becomes; NULL until a worker begins."),
    Column(
        "kind",
        Text,
        nullable=False,
        server_default=text("'file'"),
        comment="file, webhook or replay: how it reached us.",
    ),
    Column("file_name", Text, comment="Name of the uploaded file; NULL for a push."),
    Column("format", Text, nullable=False, server_default=text("'json'"), comment="json, ndjson or csv."),
    document("mapping", comment="How its columns become records and metrics."),
    Column("content", LargeBinary, comment="The body as it came; NULL once its rows are stored."),
    instant("data_as_of", comment="Moment that the data describes (UTC); NULL is when it arrived."),
    Column("received_by", Text, comment="Who handed it over; NULL for a push."),
    created_at(),
    instant("stored_at", comment="When its rows were stored (UTC); NULL while it waits."),
    UniqueConstraint("client_id", "id"),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_intakes_snapshot",
        ondelete="CASCADE",
    ),
    CheckConstraint(one_of("kind", ("file", "webhook", "replay")), name="kind_known"),
    CheckConstraint(one_of("format", ("json", "ndjson", "csv")), name="format_known"),
    Index("ix_intakes_client_id_created_at", "client_id", "created_at"),
    schema="watch",
    comment="Bodies that were handed to us (uploads, webhook pushes), kept until a worker has stored their rows.",
)
