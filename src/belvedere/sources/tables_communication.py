"""How the team and a client talked: the table behind the source internal/communication_reports."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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
from belvedere.sources.contracts import ConversationChannel, Sentiment


def count(name: str, comment: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"), comment=comment)


def days_since(moment: str) -> str:
    """SQL of the days, with two places, from a moment to the report."""
    return f"round(extract(epoch FROM (reported_at - {moment}))::numeric / 86400, 2)"


communication_reports = Table(
    "communication_reports",
    metadata,
    uuid_key(),
    tenant(),
    Column(
        "channel",
        Text,
        nullable=False,
        server_default=text("'discord'"),
        comment="Where they talked: discord, slack, email, chat, phone or meeting.",
    ),
    Column(
        "channel_ref",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="The platform's own name of the channel; empty when there is one only.",
    ),
    Column("channel_name", Text, comment="Name of the channel that people read."),
    instant("period_start", required=True, comment="First moment the report covers (UTC)."),
    instant("period_end", required=True, comment="End of the time covered, itself not in it (UTC)."),
    instant("reported_at", now=True, comment="The moment the report speaks for (UTC)."),
    count("message_count", "Messages of both sides in the period."),
    count("team_message_count", "Messages of the team in the period."),
    count("client_message_count", "Messages of the client in the period."),
    count("participant_count", "People who wrote in the period."),
    count("unanswered_count", "Messages of the client that had no answer when the report was made."),
    Column(
        "first_response_seconds",
        Integer,
        comment="Seconds to the first answer in the period; NULL without one.",
    ),
    Column("median_response_seconds", Integer, comment="Median seconds to an answer; NULL without answers."),
    Column("p90_response_seconds", Integer, comment="Nine of ten answers came within so many seconds."),
    instant(
        "last_team_message_at", comment="Newest message of the team ever seen (UTC); NULL when none was."
    ),
    instant(
        "last_client_message_at", comment="Newest message of the client ever seen (UTC); NULL when none was."
    ),
    derived(
        "last_contact_at",
        "GREATEST(last_team_message_at, last_client_message_at)",
        kind=DateTime(timezone=True),
        comment="Newest message of either side (UTC).",
    ),
    derived(
        "days_since_team_message",
        days_since("last_team_message_at"),
        comment="Days from the team's newest message to the report; NULL when none was seen.",
    ),
    derived(
        "days_since_client_message",
        days_since("last_client_message_at"),
        comment="Days from the client's newest message to the report; NULL when none was seen.",
    ),
    Column(
        "sentiment",
        Text,
        comment="How the client sounds: positive, neutral, negative or mixed; NULL not judged.",
    ),
    Column("sentiment_score", Numeric(4, 3), comment="The same from -1 to 1; NULL not judged."),
    Column("summary", Text, comment="What was talked about, in a few sentences; NULL when nobody wrote one."),
    document("topics", "'[]'::jsonb", comment="Words for what was talked about."),
    document("action_items", "'[]'::jsonb", comment="What was promised, by whom and until when."),
    created_at(),
    updated_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint(
        "client_id", "channel", "channel_ref", "period_start", name="uq_communication_reports_period"
    ),
    CheckConstraint(one_of("channel", ConversationChannel), name="channel_known"),
    CheckConstraint(one_of("sentiment", Sentiment), name="sentiment_known"),
    CheckConstraint("sentiment_score BETWEEN -1 AND 1", name="sentiment_score_range"),
    CheckConstraint("period_start < period_end", name="period_runs_forward"),
    CheckConstraint(
        "team_message_count >= 0 AND client_message_count >= 0 AND participant_count >= 0"
        " AND unanswered_count >= 0",
        name="counts_not_negative",
    ),
    CheckConstraint("message_count >= team_message_count + client_message_count", name="counts_add_up"),
    CheckConstraint(
        "first_response_seconds >= 0 AND median_response_seconds >= 0 AND p90_response_seconds >= 0",
        name="responses_not_negative",
    ),
    Index("ix_communication_reports_client_id_reported_at", "client_id", text("reported_at DESC")),
    schema="watch",
    comment="How the team and a client talked in a period: counts, pace of answers, last contact, mood.",
)
