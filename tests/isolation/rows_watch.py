"""Rows of what the watch remembers between readings, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "core.delivery_members": "INSERT INTO core.delivery_members (client_id, subject_type, subject_id, kind, channel,"
    " destination, delivery_id) VALUES (%(c)s, 'alert', %(fresh)s, 'opened', 'email', 'a@b', %(delivery)s)",
    "watch.rule_states": "INSERT INTO watch.rule_states (client_id, fingerprint, rule_id, rule_client_id,"
    " rule_version, since) VALUES (%(c)s, %(text)s, %(rule)s, %(c)s, 1, now())",
    "watch.silences": "INSERT INTO watch.silences (id, client_id, starts_at, ends_at)"
    " VALUES (%(id)s, %(c)s, '2026-01-05', '2026-01-06')",
    "watch.storms": "INSERT INTO watch.storms (id, client_id, rule_id, started_at, last_at, ended_at)"
    " VALUES (%(id)s, %(c)s, %(rule)s, '2026-01-05', '2026-01-05', '2026-01-06')",
    "watch.digests": "INSERT INTO watch.digests (id, client_id, schedule, channel, destination, zone, boundary_at,"
    " window_start, state) VALUES (%(id)s, %(c)s, 'daily', 'email', %(text)s, 'UTC', '2026-01-06', '2026-01-05', 'sent')",
    "watch.evaluation_runs": "INSERT INTO watch.evaluation_runs (client_id, snapshot_id, source_id)"
    " VALUES (%(c)s, %(snapshot)s, (SELECT id FROM watch.api_sources WHERE endpoint = 'cvr'))",
}

CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

BREAKS: dict[str, str] = {
    "ck_channels_not_own_fallback": "fallback_channel_id = id",
    "ck_delivery_members_channel_known": "channel = 'nope'",
    "ck_delivery_members_kind_known": "kind = 'nope'",
    "ck_delivery_members_round_not_negative": "round = -1",
    "ck_deliveries_round_not_negative": "round = -1",
    "ck_rule_states_readings_positive": "readings = 0",
    "ck_rule_states_rule_of_same_client_or_agency": "rule_client_id = client_id + 1",
    "ck_silences_runs_forward": "ends_at = starts_at",
    "ck_silences_severity_known": "severity = 'nope'",
    "ck_storms_counts_not_negative": "clients = -1",
    "ck_digests_counts_not_negative": "new_count = -1",
    "ck_digests_runs_forward": "window_start = boundary_at",
    "ck_digests_schedule_known": "schedule = 'nope'",
    "ck_digests_state_known": "state = 'nope'",
    "ck_watchtower_alerts_held_reason_known": "held_reason = 'nope'",
    "ck_watchtower_alerts_readings_not_negative": "good_readings = -1",
    "ck_watchtower_rules_aggregate_known": "aggregate = 'nope'",
    "ck_watchtower_rules_data_lag_positive": "data_lag_minutes = 0",
    "ck_watchtower_rules_for_minutes_positive": "for_minutes = 0",
    "ck_watchtower_rules_for_readings_range": "for_readings = 0",
    "ck_watchtower_rules_min_volume_is_whole": "min_volume = 1",
    "ck_watchtower_rules_no_data_policy_known": "no_data_policy = 'nope'",
    "ck_watchtower_rules_override_has_client": "overrides_rule_id = gen_random_uuid()",
    "ck_watchtower_rules_overrides_only_agency":
        "overrides_rule_id = gen_random_uuid(), overrides_client_id = client_id",
    "ck_watchtower_rules_recover_after_range": "recover_after = 0",
    "ck_watchtower_rules_remind_minutes_positive": "remind_minutes = 0",
    "ck_watchtower_rules_repeat_minutes_not_negative": "repeat_minutes = -1",
    "ck_watchtower_rules_slug_spelling": "slug = 'With Space'",
    "ck_watchtower_rules_target_table_spelling": "target_table = 'No Table'",
}  # fmt: skip
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
