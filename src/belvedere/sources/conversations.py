"""How long nobody wrote, for every conversation of a client, as a target the rules watch: internal/communication_reports."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.sources.contracts import Unit
from belvedere.sources.discord_talk import TalkSettings, refresh_talk
from belvedere.sources.targets import FieldKind, Target, TargetField, number_fields, text_fields

COMMUNICATION_REPORTS = "communication_reports"

# Days go by the reading's moment, not by the report's: silence grows although no message comes and no report is written.
_ROWS = text(
    "SELECT DISTINCT ON (channel, channel_ref)"
    " CASE channel_ref WHEN '' THEN channel ELSE channel || ':' || channel_ref END AS id,"
    " coalesce(channel_name, nullif(channel_ref, ''), channel) AS name, channel AS category, channel_ref,"
    " sentiment AS status, message_count, team_message_count, client_message_count, participant_count, unanswered_count,"
    " first_response_seconds, median_response_seconds, p90_response_seconds, sentiment_score,"
    " last_team_message_at, last_client_message_at, last_contact_at, period_start, period_end,"
    " round(extract(epoch FROM (CAST(:now AS timestamptz) - last_team_message_at))::numeric / 86400, 2)"
    "   AS days_since_team_message,"
    " round(extract(epoch FROM (CAST(:now AS timestamptz) - last_client_message_at))::numeric / 86400, 2)"
    "   AS days_since_client_message,"
    " round(extract(epoch FROM (CAST(:now AS timestamptz) - last_contact_at))::numeric / 86400, 2) AS days_since_contact"
    " FROM watch.communication_reports WHERE client_id = :client_id AND period_start <= :now"
    " ORDER BY channel, channel_ref, period_start DESC"
)


async def read_conversations(session: ReadSession, client_id: int, now: datetime) -> list[dict[str, Any]]:
    """The newest report of each conversation, with the days since each side wrote as they are at `now`."""
    rows = (await session.execute(_ROWS, {"client_id": client_id, "now": now})).mappings()
    return [dict(row) for row in rows]


CONVERSATION_FIELDS = (
    *number_fields(
        Unit.DAYS,
        [
            ("days_since_team_message", "Days since the team wrote"),
            ("days_since_client_message", "Days since the client wrote"),
            ("days_since_contact", "Days since either side wrote"),
        ],
    ),
    *number_fields(
        Unit.COUNT,
        [
            ("message_count", "Messages"),
            ("team_message_count", "Messages of the team"),
            ("client_message_count", "Messages of the client"),
            ("participant_count", "People who wrote"),
            ("unanswered_count", "Messages without an answer"),
            ("first_response_seconds", "Seconds to the first answer"),
            ("median_response_seconds", "Median seconds to an answer"),
            ("p90_response_seconds", "Seconds in which nine of ten answers came"),
        ],
    ),
    TargetField("sentiment_score", "Mood from -1 to 1", FieldKind.NUMBER, Unit.RATIO),
    *text_fields([("status", "Mood"), ("category", "Channel"), ("channel_ref", "Channel at the platform")]),
    TargetField("last_team_message_at", "Last message of the team", FieldKind.INSTANT),
    TargetField("last_client_message_at", "Last message of the client", FieldKind.INSTANT),
    TargetField("last_contact_at", "Last message", FieldKind.INSTANT),
    TargetField("period_start", "Start of the period", FieldKind.INSTANT),
    TargetField("period_end", "End of the period", FieldKind.INSTANT),
)

CONVERSATIONS_TARGET = Target(
    name=COMMUNICATION_REPORTS,
    display_name="Communications Audit",
    description="Discord communication tracking",
    fields=CONVERSATION_FIELDS,
    read_rows=read_conversations,
    refresh=refresh_talk,
    settings_model=TalkSettings,
)
