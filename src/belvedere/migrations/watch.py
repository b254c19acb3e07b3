"""What revision 0013 does beside tables and columns: words that checks know, policies, what alerts kept in documents."""

from collections.abc import Iterator

from belvedere.migrations.policies import TenantTable, tenant_policies

TENANTS = (
    TenantTable("core.delivery_members", person_verbs="SELECT, INSERT", worker_verbs="SELECT, INSERT"),
    TenantTable("watch.rule_states"),
    TenantTable("watch.silences", person_verbs="SELECT, INSERT, UPDATE", worker_verbs="SELECT",
                shared_agency_rows=True),
    TenantTable("watch.storms", worker_verbs="SELECT", shared_agency_rows=True),
    TenantTable("watch.digests", worker_verbs="SELECT"),
    TenantTable("watch.evaluation_runs", worker_verbs="SELECT, INSERT"),
)  # fmt: skip

CHANNELS = "'discord_bot', 'discord_webhook', 'email', 'webhook'"
OLD_CHANNELS = "'discord_bot', 'discord_webhook', 'email'"

CHECKS: tuple[tuple[str, str, str, str], ...] = (
    ("core.channels", "ck_channels_kind_known", f"kind IN ({CHANNELS})", f"kind IN ({OLD_CHANNELS})"),
    ("core.deliveries", "ck_deliveries_channel_known", f"channel IN ({CHANNELS})", f"channel IN ({OLD_CHANNELS})"),
    (
        "core.deliveries", "ck_deliveries_kind_known",
        "kind IN ('opened', 'resolved', 'test', 'raised', 'again', 'storm', 'digest', 'notice')",
        "kind IN ('opened', 'resolved', 'test')",
    ),
    (
        "watch.watchtower_alerts", "ck_watchtower_alerts_resolved_reason_known",
        "resolved_reason IN ('recovered', 'missing', 'rule_changed', 'by_person', 'expired', 'no_data')",
        "resolved_reason IN ('recovered', 'missing', 'rule_changed', 'by_person', 'expired')",
    ),
    (
        "watch.alert_events", "ck_alert_events_kind_known",
        ("kind IN ('opened', 'seen_again', 'severity_raised', 'acknowledged', 'unacknowledged', 'resolved', 'note',"
        " 'worsened', 'told_again', 'reminded', 'ack_expired', 'snoozed', 'unsnoozed', 'silenced', 'stormed')"),
        "kind IN ('opened', 'seen_again', 'severity_raised', 'acknowledged', 'unacknowledged', 'resolved', 'note')",
    ),
    (
        "watch.watchtower_rules", "ck_watchtower_rules_condition_known",
        ("condition IN ('equals', 'greater_than', 'less_than', 'changed', 'contains', 'not_equals', 'greater_or_equal',"
        " 'less_or_equal', 'between', 'in', 'is_null', 'is_not_null', 'changed_from_to', 'added', 'removed',"
        " 'percent_change', 'no_data', 'stale')"),
        "condition IN ('equals', 'greater_than', 'less_than', 'changed', 'contains')",
    ),
    (
        "watch.watchtower_rules", "ck_watchtower_rules_threshold_given",
        ("condition IN ('added', 'changed', 'is_not_null', 'is_null', 'no_data', 'removed')"
        " OR threshold_value IS NOT NULL"),
        "condition = 'changed' OR threshold_value IS NOT NULL",
    ),
)  # fmt: skip
"""Table, check, what it says from here on, what it said before."""

ADDED_CHECKS: tuple[tuple[str, str, str], ...] = (
    ("core.channels", "ck_channels_not_own_fallback", "fallback_channel_id <> id"),
    ("watch.watchtower_alerts", "ck_watchtower_alerts_readings_not_negative",
     "missing_readings >= 0 AND good_readings >= 0"),
    ("watch.watchtower_alerts", "ck_watchtower_alerts_held_reason_known", "held_reason IN ('silenced', 'storm')"),
    ("watch.watchtower_rules", "ck_watchtower_rules_target_table_spelling", "target_table ~ '^[a-z][a-z0-9_]*$'"),
    ("watch.watchtower_rules", "ck_watchtower_rules_aggregate_known",
     "aggregate IN ('any', 'all', 'count', 'share', 'sum', 'avg', 'min', 'max')"),
    ("watch.watchtower_rules", "ck_watchtower_rules_no_data_policy_known",
     "no_data_policy IN ('ignore', 'alert', 'keep', 'resolve')"),
    ("watch.watchtower_rules", "ck_watchtower_rules_for_readings_range", "for_readings BETWEEN 1 AND 1000"),
    ("watch.watchtower_rules", "ck_watchtower_rules_for_minutes_positive", "for_minutes > 0"),
    ("watch.watchtower_rules", "ck_watchtower_rules_recover_after_range", "recover_after BETWEEN 1 AND 1000"),
    ("watch.watchtower_rules", "ck_watchtower_rules_min_volume_is_whole",
     "(min_volume_field IS NULL) = (min_volume IS NULL)"),
    ("watch.watchtower_rules", "ck_watchtower_rules_data_lag_positive", "data_lag_minutes > 0"),
    ("watch.watchtower_rules", "ck_watchtower_rules_repeat_minutes_not_negative", "repeat_minutes >= 0"),
    ("watch.watchtower_rules", "ck_watchtower_rules_remind_minutes_positive", "remind_minutes > 0"),
    ("watch.watchtower_rules", "ck_watchtower_rules_override_has_client",
     "(overrides_rule_id IS NULL) = (overrides_client_id IS NULL)"),
    ("watch.watchtower_rules", "ck_watchtower_rules_overrides_only_agency",
     "overrides_rule_id IS NULL OR (overrides_client_id = 0 AND client_id <> 0)"),
    ("watch.watchtower_rules", "ck_watchtower_rules_slug_spelling", "slug ~ '^[a-z0-9][a-z0-9_-]*$'"),
)  # fmt: skip

TARGET_CHECK = (
    "watch.watchtower_rules", "ck_watchtower_rules_target_table_known",
    "target_table IN ('api_records', 'communication_reports', 'clients')",
)  # fmt: skip
"""Falls: what may be watched stands in a registry, to which domains add."""

ADDED_COLUMNS = {
    "core.channels": "fallback_channel_id",
    "watch.watchtower_alerts": "account_id missing_readings good_readings missing_as_of good_as_of snoozed_until snoozed_by"
    " told_at last_told_at held_reason",
    "watch.watchtower_rules": "slug aggregate for_readings for_minutes recovery_threshold recover_after"
    " min_volume_field min_volume data_lag_minutes no_data_policy fires_from_zero overrides_rule_id"
    " overrides_client_id title_template message_template repeat_minutes remind_minutes notify_zone digest_all_clear"
    " notify_webhook webhook_channel_id builtin",
}
ADDED_TABLES = (
    "watch.evaluation_runs", "watch.digests", "watch.storms", "watch.silences", "watch.rule_states",
    "core.delivery_members",
)  # fmt: skip

COMMENTS = (
    ("core.channels.kind", "discord_bot, discord_webhook or email."),
    ("core.deliveries.kind", "opened, resolved or test: what the message tells."),
    ("watch.alert_events.kind",
     "opened, seen_again, severity_raised, acknowledged, unacknowledged, resolved or note."),
    ("watch.watchtower_alerts.resolved_reason",
     "recovered, missing, rule_changed, by_person or expired; NULL while it is open."),
    ("watch.watchtower_rules.target_table",
     "api_records, communication_reports or clients; NULL is api_records."),
    ("watch.watchtower_rules.condition", "equals, greater_than, less_than, changed or contains."),
    ("watch.watchtower_rules.threshold_value", "What is compared with, as text; NULL only for changed."),
)  # fmt: skip
"""What these columns said before."""

KEPT_IN_DOCUMENTS = (
    "UPDATE watch.watchtower_alerts SET told_at = first_seen_at, last_told_at = first_seen_at,"
    " missing_readings = coalesce(CAST(reason ->> 'missing_readings' AS integer), 0),"
    " reason = reason - 'missing_readings'"
)
PUT_BACK = (
    "UPDATE watch.watchtower_alerts"
    " SET reason = jsonb_set(reason, '{missing_readings}', to_jsonb(missing_readings)) WHERE missing_readings > 0"
)


def statements() -> Iterator[str]:
    for table, name, now, _ in CHECKS:
        yield f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({now})"
    for table, name, check in ADDED_CHECKS:
        yield f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check})"
    yield f"ALTER TABLE {TARGET_CHECK[0]} DROP CONSTRAINT {TARGET_CHECK[1]}"
    yield from past_policies("watch.watchtower_alerts", KEPT_IN_DOCUMENTS)
    for tenant in TENANTS:
        yield from tenant_policies(tenant)


def past_policies(table: str, statement: str) -> Iterator[str]:
    """Row policies bind the owner too, so they are put off for one statement."""
    yield f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"
    yield statement
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"


def undo() -> Iterator[str]:
    yield from past_policies("watch.watchtower_alerts", PUT_BACK)
    yield f"ALTER TABLE {TARGET_CHECK[0]} ADD CONSTRAINT {TARGET_CHECK[1]} CHECK ({TARGET_CHECK[2]})"
    yield "ALTER TABLE watch.watchtower_rules DROP CONSTRAINT ck_watchtower_rules_target_table_spelling"
    for table, name, _, before in CHECKS:
        yield f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK ({before})"
    for table, columns in ADDED_COLUMNS.items():
        for column in columns.split():
            yield f"ALTER TABLE {table} DROP COLUMN {column}"
    yield "DROP INDEX core.ix_deliveries_channel_id"
    yield "DROP INDEX watch.ix_watchtower_alerts_taken_until"
    for table in ADDED_TABLES:
        yield f"DROP TABLE {table}"
    for column, words in COMMENTS:
        yield f"COMMENT ON COLUMN {column} IS {quoted(words)}"


def quoted(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
