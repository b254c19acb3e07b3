"""Alerts, and what was judged when."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
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
from belvedere.core.words import words_of
from belvedere.watchtower.contracts import (
    AlertEventKind,
    AlertState,
    ResolvedReason,
    Severity,
)
from belvedere.watchtower.tables_life import digests, evaluation_runs, rule_states, silences, storms
from belvedere.watchtower.tables_rules import watchtower_rules

__all__ = [
    "alert_events",
    "digests",
    "evaluation_runs",
    "rule_evaluations",
    "rule_states",
    "silences",
    "storms",
    "watchtower_alerts",
    "watchtower_rules",
]

# Written as PostgreSQL prints it, which is how the check of the schema compares it.
_WORDS = text(words_of("(((title || ' ') || coalesce(entity_name, '')) || ' ') || coalesce(external_id, '')"))

watchtower_alerts = Table(
    "watchtower_alerts",
    metadata,
    uuid_key(),
    Column(
        "number",
        BigInteger,
        Identity(always=False),
        nullable=False,
        comment="Short number for people, counted up.",
    ),
    Column("rule_id", UUID(as_uuid=True), nullable=False, comment="The rule that found it."),
    Column(
        "rule_client_id", Integer, nullable=False, comment="Client of that rule, its own or every client (0)."
    ),
    Column(
        "snapshot_id", UUID(as_uuid=True), nullable=False, comment="The reading in which it was first found."
    ),
    Column(
        "record_id",
        UUID(as_uuid=True),
        comment="The record it is about; NULL for a whole reading or a record no longer kept.",
    ),
    tenant(checked=False),
    Column(
        "source_id",
        UUID(as_uuid=True),
        comment="The source it was found at; NULL for a rule about other tables.",
    ),
    Column(
        "external_id",
        Text,
        comment="Key of the thing at its platform; NULL when it is about no single thing.",
    ),
    Column("entity_name", Text, comment="Name of the thing; NULL when it has none."),
    Column(
        "fingerprint", Text, nullable=False, comment="What makes it the same finding: rule, client and thing."
    ),
    Column(
        "episode",
        Integer,
        nullable=False,
        server_default=text("1"),
        comment="How often this finding has opened, from 1.",
    ),
    Column("state", Text, nullable=False, server_default=text("'open'"), comment="open or resolved."),
    Column(
        "title",
        Text,
        nullable=False,
        server_default=text("''"),
        comment="One line as people read it, the same in list, mail and chat.",
    ),
    Column("message", Text, nullable=False, comment="What was found, with the values."),
    Column("severity", String(20), nullable=False, comment="info, warning or critical, as the rule had it."),
    Column("current_value", String(255), comment="Value that was found, as text; NULL when there is none."),
    Column(
        "previous_value",
        String(255),
        comment="Value in the reading before, as text; NULL when there was none.",
    ),
    document("reason", comment="Each condition with its value, limit and result."),
    Column(
        "occurrences",
        Integer,
        nullable=False,
        server_default=text("1"),
        comment="Readings in which it was seen while open, from 1.",
    ),
    instant("first_seen_at", now=True, comment="When it was first seen (UTC)."),
    instant("last_seen_at", now=True, comment="When it was last seen (UTC)."),
    Column(
        "last_snapshot_id",
        UUID(as_uuid=True),
        comment="The reading in which it was last seen; NULL before the second.",
    ),
    Column(
        "is_acknowledged",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="True once somebody took it on.",
    ),
    instant("acknowledged_at", comment="When somebody took it on (UTC); NULL until then."),
    Column("acknowledged_by", String(255), comment="Who took it on; NULL until then."),
    instant("ack_until", comment="Until when that keeps it quiet (UTC); NULL for as long as it is open."),
    instant("resolved_at", comment="When it closed (UTC); NULL while it is open."),
    Column(
        "resolved_reason",
        Text,
        comment="recovered, missing, rule_changed, by_person, expired or no_data; NULL while it is open.",
    ),
    Column("resolved_by", String(255), comment="Who closed it; NULL when the program did or it is open."),
    Column("account_id", UUID(as_uuid=True), comment="Account whose reading last showed it; NULL when not known."),
    Column("missing_readings", Integer, nullable=False, server_default=text("0"), comment="Full readings in a row that lacked the thing."),
    Column("good_readings", Integer, nullable=False, server_default=text("0"), comment="Good readings in a row since the last breach."),
    instant("missing_as_of", comment="Data time of the last of the readings that lacked it (UTC); NULL before the first."),
    instant("good_as_of", comment="Data time of the last of its good readings (UTC); NULL before the first."),
    instant("snoozed_until", comment="Until when it is out of sight and quiet (UTC); NULL while it is not."),
    Column("snoozed_by", String(255), comment="Who put it out of sight; NULL while nobody did."),
    instant("told_at", comment="When its opening was handed to be told (UTC); NULL while it is held or nobody is told."),
    instant("last_told_at", comment="When it was last told (UTC); NULL when never."),
    Column("held_reason", Text, comment="Why its messages are held: silenced or storm; NULL when they are not."),
    created_at(),
    UniqueConstraint("client_id", "id"),
    UniqueConstraint("client_id", "fingerprint", "episode"),
    ForeignKeyConstraint(
        ["rule_client_id", "rule_id"],
        ["watch.watchtower_rules.client_id", "watch.watchtower_rules.id"],
        name="fk_watchtower_alerts_rule",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_watchtower_alerts_snapshot",
    ),
    CheckConstraint("rule_client_id IN (0, client_id)", name="rule_of_same_client_or_agency"),
    CheckConstraint(one_of("severity", Severity), name="severity_known"),
    CheckConstraint(one_of("state", AlertState), name="state_known"),
    CheckConstraint(one_of("resolved_reason", ResolvedReason), name="resolved_reason_known"),
    CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_time"),
    CheckConstraint("is_acknowledged = (acknowledged_at IS NOT NULL)", name="acknowledged_has_time"),
    CheckConstraint("occurrences >= 1 AND episode >= 1", name="counts_positive"),
    CheckConstraint("missing_readings >= 0 AND good_readings >= 0", name="readings_not_negative"),
    CheckConstraint("held_reason IN ('silenced', 'storm')", name="held_reason_known"),
    Index("uq_watchtower_alerts_one_open", "client_id", "fingerprint", unique=True, postgresql_where=text("state = 'open'")),
    Index("ix_watchtower_alerts_rule_id", "rule_id"),
    Index("ix_watchtower_alerts_snapshot_id", "snapshot_id"),
    # What lists filter by stands in the index, so that a page of many clients is chosen without a look at the rows.
    Index("ix_watchtower_alerts_client_id_created_at", "client_id", *NEWEST, postgresql_include=["state", "severity", "is_acknowledged", "source_id"]),
    Index("ix_watchtower_alerts_client_id_rule_id_created_at", "client_id", "rule_id", *NEWEST),
    Index("ix_watchtower_alerts_open", "client_id", *NEWEST, postgresql_include=["severity", "is_acknowledged", "source_id", "rule_id", "snoozed_until"], postgresql_where=text("state = 'open'")),
    Index("ix_watchtower_alerts_resting", "client_id", *NEWEST, postgresql_where=text("state = 'open' AND snoozed_until IS NOT NULL")),
    Index("ix_watchtower_alerts_waiting", "client_id", "severity", *NEWEST, postgresql_where=text("state = 'open' AND NOT is_acknowledged AND snoozed_until IS NULL")),
    Index("ix_watchtower_alerts_open_words", _WORDS, postgresql_using="gin", postgresql_where=text("state = 'open'")),
    Index("ix_watchtower_alerts_resolved_words", _WORDS, postgresql_using="gin", postgresql_where=text("state = 'resolved'")),
    Index("ix_watchtower_alerts_snoozed", "snoozed_until", postgresql_where=text("state = 'open' AND snoozed_until IS NOT NULL")),
    Index("ix_watchtower_alerts_taken_until", "ack_until", postgresql_where=text("state = 'open' AND ack_until IS NOT NULL")),
    Index("ix_watchtower_alerts_held", "client_id", postgresql_where=text("state = 'open' AND held_reason IS NOT NULL")),
    Index("ix_watchtower_alerts_resolved_at", "client_id", "resolved_at", postgresql_where=text("state = 'resolved'")),
    Index("ix_watchtower_alerts_unacknowledged", "is_acknowledged", postgresql_where=text("NOT is_acknowledged")),
    Index("ix_watchtower_alerts_severity", "severity"),
    Index("ix_watchtower_alerts_created_at", *NEWEST),
    schema="watch",
    comment="What was found: at most one open alert per rule, client and entity.",
)  # fmt: skip

alert_events = Table(
    "alert_events",
    metadata,
    uuid_key(),
    tenant(checked=False),
    Column("alert_id", UUID(as_uuid=True), nullable=False, comment="The alert whose step this is."),
    instant("at", now=True, comment="When it happened (UTC)."),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="What happened, such as opened, severity_raised, acknowledged, snoozed, told_again, resolved or note.",
    ),
    Column("actor", Text, comment="Who did it; NULL for the program itself."),
    Column("note", Text, comment="A word by that person; NULL when they left none."),
    document("detail", comment="Named values of the step."),
    Column(
        "step",
        BigInteger,
        Identity(always=True),
        nullable=False,
        comment="Order of the steps, counted up; of the same instant too.",
    ),
    ForeignKeyConstraint(
        ["client_id", "alert_id"],
        ["watch.watchtower_alerts.client_id", "watch.watchtower_alerts.id"],
        name="fk_alert_events_alert",
        ondelete="CASCADE",
    ),
    CheckConstraint(one_of("kind", AlertEventKind), name="kind_known"),
    Index("ix_alert_events_client_id_alert_id_at", "client_id", "alert_id", "at"),
    schema="watch",
    comment="The life of an alert, step by step; an opening that tells nobody has no row.",
)

rule_evaluations = Table(
    "rule_evaluations",
    metadata,
    tenant(),
    Column("rule_id", UUID(as_uuid=True), nullable=False, comment="The rule that judged."),
    Column("rule_version", Integer, nullable=False, comment="Its version at that moment."),
    Column("snapshot_id", UUID(as_uuid=True), nullable=False, comment="The reading that was judged."),
    instant("evaluated_at", now=True, comment="When it was judged (UTC)."),
    Column(
        "entities", Integer, nullable=False, server_default=text("0"), comment="Things that were looked at."
    ),
    Column(
        "matched",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Things that met the conditions.",
    ),
    Column(
        "no_data",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Things that lack a value to compare.",
    ),
    Column(
        "errors",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Things whose value could not be compared.",
    ),
    Column(
        "held_back",
        Integer,
        nullable=False,
        server_default=text("0"),
        comment="Things that matched but waited for a parent rule.",
    ),
    document("reason", comment="Why it came out like this, with examples."),
    PrimaryKeyConstraint("client_id", "rule_id", "rule_version", "snapshot_id"),
    ForeignKeyConstraint(
        ["client_id", "snapshot_id"],
        ["watch.api_snapshots.client_id", "watch.api_snapshots.id"],
        name="fk_rule_evaluations_snapshot",
        ondelete="CASCADE",
    ),
    Index("ix_rule_evaluations_rule_id", "rule_id", "evaluated_at"),
    schema="watch",
    comment="Each rule judged once for each snapshot, with counts and the reason.",
)
