"""Rows of the tables of core and watch, in the order of their foreign keys."""

SOURCE = "(SELECT id FROM watch.api_sources WHERE endpoint = 'cvr')"

STATEMENTS: dict[str, str] = {
    "core.creds_meta": "INSERT INTO core.creds_meta (id, client_id, provider, name, ciphertext, nonce, wrapped_key,"
    " wrap_nonce, key_version) VALUES (%(id)s, %(c)s, 'p', %(text)s, 'x', decode(repeat('00', 12), 'hex'), 'x',"
    " decode(repeat('00', 12), 'hex'), 1)",
    "core.channels": "INSERT INTO core.channels (id, client_id, kind, name) VALUES (%(id)s, %(c)s, 'email', %(text)s)",
    "core.outbox_events": "INSERT INTO core.outbox_events (id, client_id, type, source, subject, time, dataschema,"
    " dataversion) VALUES (%(id)s, %(c)s, 't', 's', 'x', now(), 'd', 1)",
    "watch.source_accounts": "INSERT INTO watch.source_accounts (id, client_id, source_id, account_key)"
    f" VALUES (%(id)s, %(c)s, {SOURCE}, %(text)s)",
    "watch.api_snapshots": "INSERT INTO watch.api_snapshots (id, client_id, source_id, status)"
    f" VALUES (%(id)s, %(c)s, {SOURCE}, 'completed')",
    "watch.snapshot_frames": "INSERT INTO watch.snapshot_frames (client_id, snapshot_id, records, metrics)"
    " VALUES (%(c)s, %(snapshot)s, 'x', 'x')",
    "watch.api_records": "INSERT INTO watch.api_records (id, client_id, snapshot_id, external_id)"
    " VALUES (%(id)s, %(c)s, %(snapshot)s, 'e')",
    "watch.api_record_metrics": "INSERT INTO watch.api_record_metrics (id, client_id, record_id, metric_name,"
    " metric_value) VALUES (%(id)s, %(c)s, %(record)s, %(text)s, 1)",
    "watch.record_rejects": "INSERT INTO watch.record_rejects (id, client_id, snapshot_id, row_number, code, detail,"
    " payload) VALUES (%(id)s, %(c)s, %(snapshot)s, 1, 'c', 'd', 'p')",
    "watch.webhook_endpoints": "INSERT INTO watch.webhook_endpoints (id, client_id, account_id, name, credential_id)"
    " VALUES (%(id)s, %(c)s, %(account)s, 'n', %(credential)s)",
    "watch.webhook_receipts": "INSERT INTO watch.webhook_receipts (client_id, endpoint_id, webhook_id)"
    " VALUES (%(c)s, %(endpoint)s, %(text)s)",
    "watch.intakes": "INSERT INTO watch.intakes (id, client_id, source_id, content)"
    f" VALUES (%(id)s, %(c)s, {SOURCE}, 'x')",
    "watch.watchtower_rules": "INSERT INTO watch.watchtower_rules (id, client_id, name, field_name, condition,"
    " threshold_value) VALUES (%(id)s, %(c)s, %(text)s, 'cvr', 'less_than', '2')",
    "watch.watchtower_alerts": "INSERT INTO watch.watchtower_alerts (id, client_id, rule_id, rule_client_id,"
    " snapshot_id, fingerprint, message, severity)"
    " VALUES (%(id)s, %(c)s, %(rule)s, %(c)s, %(snapshot)s, %(text)s, 'm', 'info')",
    "watch.alert_events": "INSERT INTO watch.alert_events (id, client_id, alert_id, kind)"
    " VALUES (%(id)s, %(c)s, %(alert)s, 'note')",
    "watch.rule_evaluations": "INSERT INTO watch.rule_evaluations (client_id, rule_id, rule_version, snapshot_id)"
    " VALUES (%(c)s, %(fresh)s, 1, %(snapshot)s)",
    "core.deliveries": "INSERT INTO core.deliveries (id, client_id, subject_type, subject_id, kind, channel,"
    " destination, idem_key) VALUES (%(id)s, %(c)s, 'alert', %(fresh)s, 'opened', 'email', 'a@b', %(text)s)",
    "core.delivery_attempts": "INSERT INTO core.delivery_attempts (client_id, delivery_id, n, lease_token, started_at)"
    " VALUES (%(c)s, %(delivery)s, abs(hashtext(%(text)s)), %(fresh)s, now())",
}

CHANGEABLE = {
    "watch.source_accounts": "display_name", "watch.watchtower_alerts": "resolved_by", "core.deliveries": "last_error",
    "watch.api_snapshots": "error_code",
}  # fmt: skip
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

BREAKS: dict[str, str] = {
    "ck_api_tokens_scopes_named": "scopes = '{}'",
    "ck_audit_log_hash_is_sha256": "hash = 'short'",
    "ck_channels_kind_known": "kind = 'nope'",
    "ck_clients_currency_iso": "currency = 'euro'",
    "ck_clients_name_not_blank": "name = ' '",
    "ck_clients_status_known": "status = 'nope'",
    "ck_creds_meta_key_version_positive": "key_version = 0",
    "ck_creds_meta_nonce_96_bits": "nonce = 'short'",
    "ck_deliveries_channel_has_client": "channel_id = NULL, channel_client_id = client_id",
    "ck_deliveries_channel_known": "channel = 'nope'",
    "ck_deliveries_channel_of_same_client_or_agency": "channel_id = id, channel_client_id = client_id + 1",
    "ck_deliveries_kind_known": "kind = 'nope'",
    "ck_deliveries_lease_while_sending": "lease_token = id",
    "ck_deliveries_sent_has_time": "sent_at = created_at",
    "ck_deliveries_state_known": "state = 'nope'",
    "ck_delivery_attempts_outcome_known": "outcome = 'nope'",
    "ck_installation_held_is_flag": "outbound_held = 2",
    "ck_installation_single_row": "id = 2",
    "ck_observability_logs_level_known": "level = 'nope'",
    "ck_outbox_events_dataversion_positive": "dataversion = 0",
    "ck_partition_plans_key_kind_known": "key_kind = 'nope'",
    "ck_partition_plans_months_ahead_range": "months_ahead = 25",
    "ck_partition_plans_retention_months_positive": "retention_months = 0",
    "ck_rate_budgets_positive": "capacity = 0",
    "ck_user_clients_role_known": "role = 'nope'",
    "ck_users_client_users_never_govern": "is_staff = false, role = 'owner'",
    "ck_users_email_shape": "email = 'nobody'",
    "ck_users_role_known": "role = 'nope'",
    "ck_alert_events_kind_known": "kind = 'nope'",
    "ck_api_records_external_id_not_blank": "external_id = ''",
    "ck_api_snapshots_completeness_known": "completeness = 'nope'",
    "ck_api_snapshots_counts_not_negative": "total_records = -1",
    "ck_api_snapshots_failed_says_why": "status = 'failed', error_message = NULL",
    "ck_api_snapshots_snapshot_type_known": "snapshot_type = 'nope'",
    "ck_api_snapshots_status_known": "status = 'nope'",
    "ck_api_sources_refresh_interval_sane": "refresh_interval_minutes = 0",
    "ck_intakes_format_known": "format = 'nope'",
    "ck_intakes_kind_known": "kind = 'nope'",
    "ck_metric_definitions_range_not_empty": "min_value = 1, max_value = 0",
    "ck_watchtower_alerts_acknowledged_has_time": "is_acknowledged = true, acknowledged_at = NULL",
    "ck_watchtower_alerts_counts_positive": "occurrences = 0",
    "ck_watchtower_alerts_resolved_has_time": "state = 'resolved', resolved_at = NULL",
    "ck_watchtower_alerts_resolved_reason_known": "resolved_reason = 'nope'",
    "ck_watchtower_alerts_rule_of_same_client_or_agency": "rule_client_id = client_id + 1",
    "ck_watchtower_alerts_severity_known": "severity = 'nope'",
    "ck_watchtower_alerts_state_known": "state = 'nope'",
    "ck_watchtower_rules_condition_known": "condition = 'nope'",
    "ck_watchtower_rules_dependency_condition_known":
        "dependency_condition = 'nope', parent_rule_id = gen_random_uuid(), parent_client_id = client_id",
    "ck_watchtower_rules_dependency_is_whole": "dependency_condition = 'triggered'",
    "ck_watchtower_rules_logic_operator_known": "logic_operator = 'nope'",
    "ck_watchtower_rules_not_own_parent":
        "parent_rule_id = id, parent_client_id = client_id, dependency_condition = 'triggered'",
    "ck_watchtower_rules_notify_day_of_week_range": "notify_day_of_week = 7",
    "ck_watchtower_rules_notify_schedule_known": "notify_schedule = 'nope'",
    "ck_watchtower_rules_parent_has_client": "parent_client_id = client_id",
    "ck_watchtower_rules_parent_of_same_client_or_agency":
        "parent_rule_id = gen_random_uuid(), parent_client_id = client_id + 1, dependency_condition = 'triggered'",
    "ck_watchtower_rules_severity_known": "severity = 'nope'",
    "ck_watchtower_rules_threshold_given": "threshold_value = NULL",
}  # fmt: skip
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
