"""What outlives the mails, and the records of erasure and retention."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

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
from belvedere.outreach.contracts import ErasureStatus, RetentionClass


def count(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), comment=comment)


email_send_months = Table(
    "email_send_months",
    metadata,
    uuid_key(),
    tenant(),
    Column("part_month", Date, nullable=False, comment="First day of the dropped month of email_sends."),
    Column("month", Date, nullable=False, comment="First day of the month (UTC) in which the mails were sent."),
    Column("campaign_id", UUID(as_uuid=True), comment="Campaign; NULL for single mails. No foreign key: the counts outlive it."),
    count("sent", "Mails that a provider took."),
    count("first_touches", "Mails of these that were a lead's first of its campaign."),
    count("bounced", "Mails of these that came back."),
    count("complained", "Mails of these that were reported as spam."),
    count("opened", "Mails of these that a person opened."),
    count("clicked", "Mails of these in which a person clicked."),
    count("replied", "Mails of these that a person answered."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "part_month", "month", "campaign_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("extract(day FROM part_month) = 1", name="part_month_is_a_first"),
    CheckConstraint("extract(day FROM month) = 1", name="month_is_a_first"),
    CheckConstraint(
        "least(sent, first_touches, bounced, complained, opened, clicked, replied) >= 0", name="counts_not_negative"
    ),
    CheckConstraint(
        "greatest(first_touches, bounced, complained, opened, clicked, replied) <= sent", name="counts_within_sent"
    ),
    schema="outreach",
    comment="Counts of mails whose month was dropped, so that figures stay the same.",
)  # fmt: skip

erasure_requests = Table(
    "erasure_requests",
    metadata,
    uuid_key(),
    tenant(),
    Column("email_token", Text, comment="Keyed hash of the address to erase; NULL when only the lead was named."),
    Column("lead_id", UUID(as_uuid=True), comment="Lead to erase; a plain value, because the row outlives it."),
    Column("status", String(20), nullable=False, server_default=text("'received'"), comment="State of the request."),
    Column("requested_via", String(30), nullable=False, server_default=text("'person'"), comment="How it came in: person, reply, letter, api."),
    Column("requested_by", UUID(as_uuid=True), ForeignKey("core.users.id"), comment="Who entered it; NULL when it came in by itself."),
    instant("received_at", now=True, comment="When it came in."),
    instant("due_at", comment="Until when it must be done: 30 days after it came in."),
    instant("started_at", comment="When work began; NULL before."),
    instant("completed_at", comment="When it ended; NULL before."),
    document("report", None, required=False, comment="Rows removed and cleared by table, and what the last look found; no personal data."),
    Column("residual_rows", Integer, comment="Rows the last look still found; NULL before it, 0 when all is gone."),
    Column("signature", Text, comment="Keyed hash of the report; NULL before."),
    Column("refusal", Text, comment="Why it was refused; NULL otherwise."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    CheckConstraint(one_of("status", ErasureStatus), name="status_known"),
    CheckConstraint("email_token ~ '^[0-9a-f]{64}$'", name="email_token_shape"),
    CheckConstraint("num_nonnulls(email_token, lead_id) >= 1", name="names_somebody"),
    CheckConstraint("residual_rows >= 0", name="residual_rows_not_negative"),
    CheckConstraint("status <> 'completed' OR (completed_at IS NOT NULL AND residual_rows = 0)", name="completed_left_nothing"),
    CheckConstraint("status <> 'refused' OR refusal IS NOT NULL", name="refused_says_why"),
    Index("ix_erasure_requests_client_id_received_at", "client_id", "received_at"),
    Index("ix_erasure_requests_open", "due_at", postgresql_where=text("status IN ('received', 'running')")),
    schema="outreach",
    comment="Requests to erase a person, and the proof that it was done.",
)  # fmt: skip

retention_runs = Table(
    "retention_runs",
    metadata,
    uuid_key(),
    tenant(),
    Column("kind", String(20), nullable=False, comment="What was looked at."),
    Column("dry_run", Boolean, nullable=False, server_default=text("false"), comment="Whether it only counted."),
    Column("status", String(20), nullable=False, server_default=text("'running'"), comment="State of the run."),
    instant("cutoff", required=True, comment="What is older goes."),
    count("rows_due", "Rows past their time."),
    count("rows_removed", "Rows deleted."),
    count("rows_cleared", "Rows whose personal parts were cleared."),
    count("rows_held", "Rows past their time that a hold kept."),
    Column("months_dropped", Integer, nullable=False, server_default=text("0"), comment="Whole months dropped."),
    document("detail", comment="Counts by table."),
    Column("error_message", Text, comment="The failure in words; NULL without one."),
    instant("started_at", now=True, comment="When it began."),
    instant("completed_at", comment="When it ended; NULL while it runs."),
    UniqueConstraint("client_id", "id"),
    CheckConstraint(one_of("kind", RetentionClass), name="kind_known"),
    CheckConstraint(one_of("status", ("running", "completed", "failed")), name="status_known"),
    CheckConstraint(
        "least(rows_due, rows_removed, rows_cleared, rows_held, months_dropped) >= 0", name="counts_not_negative"
    ),
    CheckConstraint("NOT dry_run OR rows_removed + rows_cleared + months_dropped = 0", name="dry_run_changes_nothing"),
    CheckConstraint("completed_at >= started_at", name="completed_after_start"),
    Index("ix_retention_runs_client_id_started_at", "client_id", "started_at"),
    schema="outreach",
    comment="Runs of retention and what each removed.",
)  # fmt: skip
