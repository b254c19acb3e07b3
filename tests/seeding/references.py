"""References that are kept as plain values, without a foreign key: where each must point when nothing was erased."""

PLAIN = {
    "agents.ai_gym_comparisons.lead_id": "outreach.leads",
    "agents.ai_gym_comparisons.performance_a": "agents.ai_gym_performance",
    "agents.ai_gym_comparisons.performance_b": "agents.ai_gym_performance",
    "agents.ai_gym_performance.lead_id": "outreach.leads",
    "core.decision_log.approval_id": "agents.agent_approval",
    "core.decision_log.run_id": "agents.agent_run",
    "ads.metric_observations.snapshot_id": "watch.api_snapshots",
    "inventory.inventory_snapshots.source_snapshot_id": "watch.api_snapshots",
    "outreach.ab_assignments.lead_id": "outreach.leads",
    "outreach.email_send_months.campaign_id": "outreach.campaigns",
    "outreach.email_sends.ab_test_id": "outreach.ab_tests",
    "outreach.email_sends.enrollment_id": "outreach.campaign_enrollments",
    "outreach.email_sends.step_id": "outreach.campaign_steps",
    "outreach.erasure_requests.lead_id": "outreach.leads",
    "reports.report_week_versions.workflow_execution_id": "reports.workflow_executions",
    "watch.api_snapshots.same_as_snapshot_id": "watch.api_snapshots",
    "watch.intakes.account_id": "watch.source_accounts",
    "watch.record_rejects.replay_snapshot_id": "watch.api_snapshots",
    "watch.rule_states.last_snapshot_id": "watch.api_snapshots",
    "watch.watchtower_alerts.account_id": "watch.source_accounts",
    "watch.watchtower_alerts.last_snapshot_id": "watch.api_snapshots",
    "watch.watchtower_alerts.record_id": "watch.api_records",
    "watch.webhook_receipts.snapshot_id": "watch.api_snapshots",
}
"""Column -> table whose `id`, of the same client, it names."""

OTHERS = {
    "agents.ai_gym_comparisons.pair_id": "shared by two rows of its own table",
    "core.deliveries.lease_token": "a claim",
    "core.deliveries.subject_id": "checked by its subject_type",
    "core.delivery_attempts.lease_token": "a claim",
    "core.delivery_members.subject_id": "checked by its subject_type",
    "core.installation.install_id": "names the installation",
    "outreach.conversation_messages.email_send_id": "a mail, with its month",
    "outreach.email_sends.lease_token": "a claim",
    "outreach.email_sends.tracking_token": "checked by its token",
    "outreach.enrollment_steps.email_send_id": "a mail, with its month",
    "outreach.tracking_events.email_send_id": "a mail, with its month",
    "outreach.tracking_events.token": "checked by its token",
    "outreach.tracking_tokens.email_send_id": "a mail, with its month",
    "outreach.tracking_tokens.token": "the key of its table",
    "watch.api_snapshots.lease_token": "a claim",
    "watch.evaluation_runs.source_id": "sources belong to everybody",
    "watch.silences.rule_id": "a rule of the client or of the agency",
    "watch.silences.source_id": "sources belong to everybody",
    "watch.rule_states.source_id": "sources belong to everybody",
    "watch.watchtower_rules.webhook_channel_id": "a channel of the client or of the agency",
    "watch.rule_evaluations.rule_id": "a rule of the client or of the agency",
    "watch.watchtower_alerts.source_id": "sources belong to everybody",
    "watch.watchtower_rules.group_id": "a group has no row of its own",
}
"""Keys without a foreign key that are something else, or are checked by a test of their own."""

MAILS = ("conversation_messages", "enrollment_steps", "tracking_events", "tracking_tokens")
"""Tables of outreach that name a mail by its key and its month."""

NAMED = (
    ("agents.agent_approval", "target"),
    ("core.decision_log", "subject"),
)
"""Texts of the form `schema.table/key`."""

KEYS_WITHOUT_A_FOREIGN_KEY = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.atttypid = 'uuid'::regtype
   AND a.attname <> 'id' AND NOT a.attisdropped
   AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY(f.conkey))
"""

OWN_CURRENCY = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'currency')
   AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'client_id') ORDER BY 1
"""

CHOICES = """
SELECT n.nspname || '.' || c.relname, a.attname, pg_get_constraintdef(k.oid) FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
 WHERE k.contype = 'c' AND n.nspname = ANY(%s) AND NOT c.relispartition AND cardinality(k.conkey) = 1
   AND pg_get_constraintdef(k.oid) LIKE '%%ANY%%ARRAY%%' ORDER BY 1, 2
"""
