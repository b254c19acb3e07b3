"""Rows of the tables of outreach, in the order of their foreign keys."""

TOKEN = "encode(sha256(convert_to(%(text)s, 'UTF8')), 'hex')"

SPARE = "md5('spare' || %(id)s::text)::uuid"
"""Key of a second row that stands beside the first, for children that are unique for their parent."""


def parent_of_probe(name: str) -> str:
    """The first row of a parent for the first child, the one beside it for another."""
    return (
        f"CASE WHEN %(text)s LIKE '%%probe' THEN md5('spare' || %({name})s::text)::uuid ELSE %({name})s END"
    )


STATEMENTS: dict[str, str] = {
    "outreach.lia_records": "INSERT INTO outreach.lia_records (id, client_id, name, purpose, necessity, balancing)"
    " VALUES (%(id)s, %(c)s, %(text)s, 'p', 'n', 'b')",
    "outreach.scraping_jobs": "INSERT INTO outreach.scraping_jobs (id, client_id, name, source_platform, started_at)"
    " VALUES (%(id)s, %(c)s, %(text)s, 'web', now())",
    "outreach.leads": "INSERT INTO outreach.leads (id, client_id, company_name, lia_id, scraping_job_id, source_platform,"
    " source_external_id) VALUES (%(id)s, %(c)s, 'Shop', %(outreach_lia_records)s, %(outreach_scraping_jobs)s, 'web',"
    f" %(text)s), ({SPARE}, %(c)s, 'Shop beside', NULL, NULL, 'web', 'spare ' || %(text)s)",
    "outreach.website_analyses": "INSERT INTO outreach.website_analyses (id, client_id, lead_id, url, started_at)"
    " VALUES (%(id)s, %(c)s, %(outreach_leads)s, 'https://shop.example', now())",
    "outreach.demo_sites": "INSERT INTO outreach.demo_sites (id, client_id, lead_id, analysis_id)"
    " VALUES (%(id)s, %(c)s, %(outreach_leads)s, %(outreach_website_analyses)s)",
    "outreach.videos": "INSERT INTO outreach.videos (id, client_id, lead_id, demo_site_id)"
    " VALUES (%(id)s, %(c)s, %(outreach_leads)s, %(outreach_demo_sites)s)",
    "outreach.mailboxes": "INSERT INTO outreach.mailboxes (id, client_id, address, provider, sending_domain)"
    " VALUES (%(id)s, %(c)s, %(text)s || '@shop.example', 'smtp', 'shop.example'),"
    f" ({SPARE}, %(c)s, 'spare-' || %(text)s || '@shop.example', 'smtp', 'shop.example')",
    "outreach.campaigns": "INSERT INTO outreach.campaigns (id, client_id, name) VALUES (%(id)s, %(c)s, %(text)s)",
    "outreach.campaign_steps": "INSERT INTO outreach.campaign_steps (id, client_id, campaign_id, position, subject, body)"
    " VALUES (%(id)s, %(c)s, %(outreach_campaigns)s, %(n)s %% 25 + 1, 's', 'b'),"
    f" ({SPARE}, %(c)s, %(outreach_campaigns)s, %(n)s %% 25 + 26, 's', 'b')",
    "outreach.campaign_mailboxes": "INSERT INTO outreach.campaign_mailboxes (client_id, campaign_id, mailbox_id)"
    f" VALUES (%(c)s, %(outreach_campaigns)s, {parent_of_probe('outreach_mailboxes')})",
    "outreach.campaign_enrollments": "INSERT INTO outreach.campaign_enrollments (id, client_id, campaign_id, lead_id)"
    f" VALUES (%(id)s, %(c)s, %(outreach_campaigns)s, {parent_of_probe('outreach_leads')})",
    "outreach.email_sends": "INSERT INTO outreach.email_sends (id, client_id, campaign_id, lead_id, sent_at)"
    " VALUES (%(id)s, %(c)s, %(outreach_campaigns)s, %(outreach_leads)s, now())",
    "outreach.enrollment_steps": "INSERT INTO outreach.enrollment_steps (client_id, enrollment_id, step_id, email_send_id,"
    " email_send_created_at) VALUES (%(c)s, %(outreach_campaign_enrollments)s,"
    f" {parent_of_probe('outreach_campaign_steps')}, %(outreach_email_sends)s, now())",
    "outreach.tracking_tokens": "INSERT INTO outreach.tracking_tokens (token, client_id, kind, email_send_id,"
    " email_send_created_at, email_token)"
    f" VALUES (%(fresh)s, %(c)s, 'open', %(outreach_email_sends)s, now(), {TOKEN})",
    "outreach.tracking_events": "INSERT INTO outreach.tracking_events (id, client_id, token, email_send_id,"
    " email_send_created_at, kind) VALUES (%(id)s, %(c)s, %(fresh)s, %(outreach_email_sends)s, now(), 'open')",
    "outreach.suppressions": "INSERT INTO outreach.suppressions (id, client_id, email_token, reason)"
    f" VALUES (%(id)s, %(c)s, {TOKEN}, 'unsubscribe')",
    "outreach.conversations": "INSERT INTO outreach.conversations (id, client_id, lead_id, campaign_id)"
    " VALUES (%(id)s, %(c)s, %(outreach_leads)s, %(outreach_campaigns)s)",
    "outreach.conversation_messages": "INSERT INTO outreach.conversation_messages (id, client_id, conversation_id, state)"
    " VALUES (%(id)s, %(c)s, %(outreach_conversations)s, 'draft')",
    "outreach.ab_tests": "INSERT INTO outreach.ab_tests (id, client_id, name, variants, split_ratio) VALUES (%(id)s, %(c)s,"
    """ %(text)s, '[{"key": "A"}, {"key": "B"}]', '{"A": 0.5, "B": 0.5}')""",
    "outreach.ab_assignments": "INSERT INTO outreach.ab_assignments (client_id, test_id, lead_id, variant, bucket)"
    " VALUES (%(c)s, %(outreach_ab_tests)s, %(fresh)s, 'A', 7)",
    "outreach.lead_outcomes": "INSERT INTO outreach.lead_outcomes (id, client_id, lead_id, campaign_id, kind, amount,"
    " currency, occurred_at) VALUES (%(id)s, %(c)s, %(outreach_leads)s, %(outreach_campaigns)s, 'deal_lost', 9, 'EUR',"
    " now())",
    "outreach.email_send_months": "INSERT INTO outreach.email_send_months (id, client_id, part_month, month, campaign_id)"
    " VALUES (%(id)s, %(c)s, '2024-01-01', '2024-01-01', %(fresh)s)",
    "outreach.erasure_requests": "INSERT INTO outreach.erasure_requests (id, client_id, email_token)"
    f" VALUES (%(id)s, %(c)s, {TOKEN})",
    "outreach.retention_runs": "INSERT INTO outreach.retention_runs (id, client_id, kind, cutoff)"
    " VALUES (%(id)s, %(c)s, 'leads', now())",
}

CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

BEFORE = "timestamptz '2020-01-01'"

BREAKS: dict[str, str] = {
    "ck_lia_records_review_is_whole": "reviewed_at = now()",
    "ck_lia_records_expires_later": f"expires_at = {BEFORE}",
    "ck_scraping_jobs_status_known": "status = 'nope'",
    "ck_scraping_jobs_per_host_delay_ms_range": "per_host_delay_ms = -1",
    "ck_scraping_jobs_max_pages_positive": "max_pages = 0",
    "ck_scraping_jobs_max_leads_positive": "max_leads = 0",
    "ck_scraping_jobs_counts_not_negative": "leads_found = -1",
    "ck_scraping_jobs_completed_after_start": f"completed_at = {BEFORE}",
    "ck_leads_email_status_known": "email_status = 'nope'",
    "ck_leads_lawful_basis_known": "lawful_basis = 'nope'",
    "ck_leads_status_known": "status = 'nope'",
    "ck_leads_email_shape": "email = 'nobody'",
    "ck_leads_email_token_shape": "email_token = 'a@shop.example'",
    "ck_leads_domain_lower_case": "domain = 'Shop.example'",
    "ck_leads_country_shape": "country = 'de'",
    "ck_leads_score_range": "score = 100.01",
    "ck_leads_interest_is_assessed": "lawful_basis = 'legitimate_interest', lia_id = NULL",
    "ck_leads_consent_is_documented": "lawful_basis = 'consent'",
    "ck_website_analyses_status_known": "status = 'nope'",
    "ck_website_analyses_http_status_range": "http_status = 99",
    "ck_website_analyses_scores_shape": """scores = '{"seo": 101}'""",
    "ck_website_analyses_tech_stack_is_array": "tech_stack = '{}'",
    "ck_website_analyses_findings_is_array": "findings = '{}'",
    "ck_website_analyses_screenshots_is_array": "screenshots = '{}'",
    "ck_website_analyses_runs_range": "runs = 0",
    "ck_website_analyses_completed_after_start": f"completed_at = {BEFORE}",
    "ck_demo_sites_status_known": "status = 'nope'",
    "ck_demo_sites_deployed_is_whole": "status = 'deployed'",
    "ck_demo_sites_builds_failed_not_negative": "builds_failed = -1",
    "ck_demo_sites_deployed_after_creation": f"deployed_at = {BEFORE}",
    "ck_demo_sites_archived_after_creation": f"archived_at = {BEFORE}",
    "ck_videos_status_known": "status = 'nope'",
    "ck_videos_duration_seconds_positive": "duration_seconds = 0",
    "ck_videos_ready_has_address": "status = 'ready'",
    "ck_videos_size_positive": "width = 0, height = 1",
    "ck_mailboxes_provider_known": "provider = 'nope'",
    "ck_mailboxes_status_known": "status = 'nope'",
    "ck_mailboxes_pause_reason_known": "pause_reason = 'nope'",
    "ck_mailboxes_address_shape": "address = 'nobody'",
    "ck_mailboxes_daily_limit_range": "daily_limit = 0",
    "ck_mailboxes_ramp_positive": "ramp_step = 0",
    "ck_campaigns_status_known": "status = 'nope'",
    "ck_campaigns_pause_reason_known": "status = 'paused', pause_reason = 'nope'",
    "ck_campaigns_active_does_not_pause": "pause_reason = 'bounce'",
    "ck_campaigns_daily_limit_range": "daily_limit = -1",
    "ck_campaigns_send_window_shape": """send_window = '{"days": [8]}'""",
    "ck_campaign_steps_position_range": "position = 51",
    "ck_campaign_steps_wait_days_range": "wait_days = -1",
    "ck_campaign_enrollments_status_known": "status = 'nope'",
    "ck_campaign_enrollments_step_position_range": "step_position = -1",
    "ck_campaign_enrollments_waiting_has_an_end": "status = 'waiting'",
    "ck_email_sends_status_known": "status = 'nope'",
    "ck_email_sends_hold_reason_known": "hold_reason = 'nope'",
    "ck_email_sends_held_says_why": "status = 'held'",
    "ck_email_sends_bounce_class_known": "bounce_class = 'nope'",
    "ck_email_sends_sent_has_a_time": "status = 'sent', sent_at = NULL",
    "ck_email_sends_sending_is_leased": "status = 'sending'",
    "ck_email_sends_nothing_before_sending": "sent_at = NULL, replied_at = now()",
    "ck_email_sends_opened_after_sending": f"opened_at = {BEFORE}",
    "ck_email_sends_clicked_after_sending": f"clicked_at = {BEFORE}",
    "ck_email_sends_replied_after_sending": f"replied_at = {BEFORE}",
    "ck_email_sends_attempt_not_negative": "attempt = -1",
    "ck_email_sends_step_position_range": "step_position = 0",
    "ck_email_sends_test_and_variant_together": "ab_variant = 'A'",
    "ck_tracking_tokens_kind_known": "kind = 'nope'",
    "ck_tracking_tokens_email_token_shape": "email_token = 'a@shop.example'",
    "ck_tracking_tokens_click_has_a_target": "kind = 'click'",
    "ck_tracking_events_kind_known": "kind = 'nope'",
    "ck_tracking_events_verdict_known": "verdict = 'nope'",
    "ck_suppressions_reason_known": "reason = 'nope'",
    "ck_suppressions_email_token_shape": "email_token = 'a@shop.example'",
    "ck_suppressions_domain_lower_case": "email_token = NULL, domain = 'Shop.example'",
    "ck_suppressions_address_or_domain": "domain = 'shop.example'",
    "ck_suppressions_expires_later": f"expires_at = {BEFORE}",
    "ck_conversations_status_known": "status = 'nope'",
    "ck_conversations_matched_by_known": "matched_by = 'nope'",
    "ck_conversations_snoozed_has_an_end": "status = 'snoozed'",
    "ck_conversation_messages_direction_known": "direction = 'sideways'",
    "ck_conversation_messages_sentiment_known": "sentiment = 'nope'",
    "ck_conversation_messages_state_known": "state = 'nope'",
    "ck_conversation_messages_inbound_is_received": "direction = 'inbound'",
    "ck_conversation_messages_approval_is_whole": "approved_at = now()",
    "ck_conversation_messages_approved_by_somebody": "state = 'approved'",
    "ck_conversation_messages_edit_distance_not_negative": "edit_distance = -1",
    "ck_conversation_messages_send_is_whole": "email_send_created_at = now()",
    "ck_ab_tests_status_known": "status = 'nope'",
    "ck_ab_tests_metric_known": "metric = 'open'",
    "ck_ab_tests_allocation_known": "allocation = 'nope'",
    "ck_ab_tests_outcome_known": "outcome = 'nope', decided_at = now()",
    "ck_ab_tests_variants_shape": """variants = '[{"key": "A"}, {"key": "B b"}]',"""
    """ split_ratio = '{"A": 0.5, "B b": 0.5}'""",
    "ck_ab_tests_split_ratio_fits": """split_ratio = '{"A": 0.5, "B": 0.6}'""",
    "ck_ab_tests_variants_and_shares_together": "split_ratio = NULL",
    "ck_ab_tests_decision_is_whole": "decided_at = now()",
    "ck_ab_tests_winner_only_when_won": "winner = 'A'",
    "ck_ab_tests_phase_positive": "phase = 0",
    "ck_ab_tests_looks_range": "looks_done = 5",
    "ck_ab_tests_maturity_days_range": "maturity_days = -1",
    "ck_ab_tests_alpha_range": "alpha = 0",
    "ck_ab_tests_max_leads_positive": "max_leads = 0",
    "ck_ab_assignments_bucket_range": "bucket = 10000",
    "ck_ab_assignments_phase_positive": "phase = 0",
    "ck_ab_assignments_converted_after_exposure": "converted_at = now()",
    "ck_ab_assignments_variant_shape": "variant = 'A B'",
    "ck_lead_outcomes_kind_known": "kind = 'nope'",
    "ck_lead_outcomes_amount_not_negative": "amount = -1",
    "ck_lead_outcomes_currency_shape": "currency = 'eur'",
    "ck_lead_outcomes_amount_has_a_currency": "currency = NULL",
    "ck_lead_outcomes_won_has_an_amount": "kind = 'deal_won', amount = NULL, currency = NULL",
    "ck_email_send_months_part_month_is_a_first": "part_month = '2024-01-02'",
    "ck_email_send_months_month_is_a_first": "month = '2024-01-02'",
    "ck_email_send_months_counts_not_negative": "bounced = -1",
    "ck_email_send_months_counts_within_sent": "replied = 1",
    "ck_erasure_requests_status_known": "status = 'nope'",
    "ck_erasure_requests_email_token_shape": "email_token = 'a@shop.example'",
    "ck_erasure_requests_names_somebody": "email_token = NULL",
    "ck_erasure_requests_residual_rows_not_negative": "residual_rows = -1",
    "ck_erasure_requests_completed_left_nothing": "status = 'completed'",
    "ck_erasure_requests_refused_says_why": "status = 'refused'",
    "ck_retention_runs_kind_known": "kind = 'nope'",
    "ck_retention_runs_status_known": "status = 'nope'",
    "ck_retention_runs_counts_not_negative": "rows_held = -1",
    "ck_retention_runs_dry_run_changes_nothing": "dry_run = true, rows_removed = 1",
    "ck_retention_runs_completed_after_start": f"completed_at = {BEFORE}",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
