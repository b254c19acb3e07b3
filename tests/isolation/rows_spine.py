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

BREAKS: dict[str, str] = {}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
