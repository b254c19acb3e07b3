"""Curated replies."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
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
    ratio,
    tenant,
    updated_at,
    uuid_key,
)
from belvedere.support.contracts import ReplyStatus


def count(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"), comment=comment)


support_curated_replies = Table(
    "support_curated_replies",
    metadata,
    uuid_key(),
    tenant(),
    Column("key", Text, nullable=False, comment="Name that stays over versions and languages: order_status, returns_window."),
    Column("locale", Text, nullable=False, server_default=text("'en'"), comment="BCP 47 tag of the text."),
    Column("version", Integer, nullable=False, server_default=text("1"), comment="Counts up with every change of the text, from 1."),
    Column("title", Text, nullable=False, comment="What it answers, for people who look for it."),
    Column("body", Text, nullable=False, comment="The reply, with {{names}} where variables go."),
    document("variables", comment="Variables of the text: name to an object with type (text, number, date, money, url), required and example."),
    Column("category", Text, nullable=False, server_default=text("'general'"), comment="Shelf it stands on: shipping, returns, product and so on."),
    Column("status", Text, nullable=False, server_default=text("'draft'"), comment="draft, approved or retired; only approved replies may go out."),
    Column("author_id", UUID(as_uuid=True), ForeignKey("core.users.id"), comment="Who wrote it; NULL when it came with an import."),
    Column("approver_id", UUID(as_uuid=True), ForeignKey("core.users.id"), comment="Who approved it, never its author; NULL until then."),
    instant("approved_at", comment="When it was approved (UTC); NULL until then."),
    instant("retired_at", comment="When it was taken out of use (UTC); NULL while it is not."),
    Column("short_code", Text, comment="Short code of the canned response in Chatwoot; NULL when it is not there."),
    Column("chatwoot_id", BigInteger, comment="Key of the canned response in Chatwoot; NULL when it is not there."),
    count("use_count", "How often it was sent."),
    count("edited_count", "How often it was changed before it was sent."),
    count("resolved_count", "Conversations that it resolved."),
    count("reopened_count", "Conversations that came back after it."),
    count("rated_count", "Answers to the question how satisfied the customer was."),
    count("rating_sum", "Sum of these answers, 1 to 5 each."),
    derived("resolution_rate", ratio("resolved_count", "use_count"), comment="Resolved conversations for each time it was sent, a fraction; NULL until it was."),
    derived("mean_rating", ratio("rating_sum", "rated_count", 4), comment="Mean satisfaction, 1 to 5; NULL without answers."),
    instant("last_used_at", comment="When it was last sent (UTC); NULL until it was."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "key", "locale", "version"),
    CheckConstraint(one_of("status", ReplyStatus), name="status_known"),
    CheckConstraint("key ~ '^[a-z0-9][a-z0-9_.-]*$'", name="key_is_name"),
    CheckConstraint("btrim(title) <> '' AND btrim(body) <> ''", name="text_not_blank"),
    CheckConstraint("version >= 1", name="version_positive"),
    CheckConstraint("jsonb_typeof(variables) = 'object'", name="variables_are_named"),
    CheckConstraint("author_id <> approver_id", name="author_is_not_approver"),
    CheckConstraint("(approver_id IS NULL) = (approved_at IS NULL)", name="approval_is_whole"),
    CheckConstraint("status <> 'approved' OR approved_at IS NOT NULL", name="approved_by_somebody"),
    CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name="retired_has_time"),
    CheckConstraint(
        "use_count >= 0 AND edited_count BETWEEN 0 AND use_count AND resolved_count BETWEEN 0 AND use_count"
        " AND reopened_count BETWEEN 0 AND use_count",
        name="counts_agree",
    ),
    CheckConstraint("rated_count >= 0 AND rating_sum BETWEEN rated_count AND rated_count * 5", name="ratings_agree"),
    Index(
        "uq_support_curated_replies_one_approved", "client_id", "key", "locale", unique=True,
        postgresql_where=text("status = 'approved'"),
    ),
    Index(
        "uq_support_curated_replies_short_code", "client_id", "short_code", "locale", unique=True,
        postgresql_where=text("status = 'approved' AND short_code IS NOT NULL"),
    ),
    Index("ix_support_curated_replies_client_id_status_category", "client_id", "status", "category"),
    Index("ix_support_curated_replies_client_id_created_at", "client_id", text("created_at DESC"), text("id DESC")),
    Index("ix_support_curated_replies_author_id", "author_id"),
    Index("ix_support_curated_replies_approver_id", "approver_id"),
    schema="support",
    comment="Replies that people wrote and others approved, by version and language, with how they did.",
)  # fmt: skip
