"""Rows of the tables of ads, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "ads.ad_accounts": "INSERT INTO ads.ad_accounts (id, client_id, platform, external_id, currency, credential_id,"
    " click_window_days, view_window_days) VALUES (%(id)s, %(c)s, 'meta', %(text)s, 'EUR', %(credential)s, 7, 1)",
    "ads.ad_budgets": "INSERT INTO ads.ad_budgets (id, client_id, ad_account_id, external_id, amount, amount_micros,"
    " currency) VALUES (%(id)s, %(c)s, %(ads_ad_accounts)s, %(text)s, 50, 50000000, 'EUR')",
    "ads.campaigns": "INSERT INTO ads.campaigns (id, client_id, ad_account_id, budget_id, platform,"
    " platform_campaign_id, status, budget_amount, budget_type, target_roas, start_date, end_date)"
    " VALUES (%(id)s, %(c)s, %(ads_ad_accounts)s, %(ads_ad_budgets)s, 'meta', %(text)s, 'active', 50, 'daily', 3,"
    " now() - interval '1 day', now())",
    "ads.metric_observations": "INSERT INTO ads.metric_observations (id, client_id, campaign_id, report_date,"
    " report_hour, currency, spend, revenue, conversions)"
    " VALUES (%(id)s, %(c)s, %(ads_campaigns)s, current_date, 1, 'EUR', 1, 2, 3)",
    "ads.campaign_metrics": "INSERT INTO ads.campaign_metrics (client_id, campaign_id, time, spend, revenue,"
    " conversions, clicks, impressions)"
    " VALUES (%(c)s, %(ads_campaigns)s, now() - make_interval(secs => %(n)s), 1, 2, 3, 4, 5)",
    "ads.ads_daily_metrics": "INSERT INTO ads.ads_daily_metrics (id, client_id, campaign_id, metric_date, spend_cents,"
    " currency) VALUES (%(id)s, %(c)s, %(ads_campaigns)s, date '2020-01-01' + %(n)s::integer, 100, 'EUR')",
    "ads.ai_recommendations": "INSERT INTO ads.ai_recommendations (id, client_id, campaign_id,"
    " confidence_score, effect_low, effect_high, currency)"
    " VALUES (%(id)s, %(c)s, %(ads_campaigns)s, 0.8, 1, 2, 'EUR')",
    "ads.budget_allocations": "INSERT INTO ads.budget_allocations (id, client_id, period_start,"
    " period_end, total_budget, currency, allocations) VALUES (%(id)s, %(c)s, '2026-01-01',"
    """ '2026-01-31', 10, 'EUR', '{"meta": 10}')""",
    "ads.budget_allocation_lines": "INSERT INTO ads.budget_allocation_lines (id, client_id, allocation_id, target,"
    " campaign_id, amount, lowest, highest) VALUES (%(id)s, %(c)s, %(ads_budget_allocations)s, 'line_' || %(n)s,"
    " %(ads_campaigns)s, 10, 0, 20)",
    "ads.ai_actions_log": "INSERT INTO ads.ai_actions_log (id, client_id, action_type, campaign_id,"
    " recommendation_id, requested_by, approved_by, confidence, idempotency_key) VALUES (%(id)s, %(c)s, 'PAUSE',"
    " %(ads_campaigns)s, %(ads_ai_recommendations)s, 'agent', 'person', 0.7, %(text)s)",
    "ads.ai_action_events": "INSERT INTO ads.ai_action_events (id, client_id, action_id, kind)"
    " VALUES (%(id)s, %(c)s, %(ads_ai_actions_log)s, 'note')",
    "ads.alerts": "INSERT INTO ads.alerts (id, client_id, alert_type, severity, campaign_id, metric_value,"
    " threshold_value, dedup_key)"
    " VALUES (%(id)s, %(c)s, 'ROAS_DROP', 'HIGH', %(ads_campaigns)s, 1, 2, %(text)s)",
}

CHANGEABLE: dict[str, str] = {
    "ads.ai_recommendations": "decision_note", "ads.alerts": "acknowledged_by",
    "ads.budget_allocations": "reasoning", "ads.budget_allocation_lines": "note",
}  # fmt: skip
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

BREAKS: dict[str, str] = {
    "ck_ad_accounts_platform_lower_case": "platform = 'Meta'",
    "ck_ad_accounts_currency_iso": "currency = 'eur'",
    "ck_ad_accounts_status_known": "status = 'asleep'",
    "ck_ad_accounts_click_window_range": "click_window_days = 366",
    "ck_ad_accounts_view_window_range": "view_window_days = -1",
    "ck_ad_accounts_reread_days_range": "reread_days = 0",
    "ck_ad_budgets_amount_not_negative": "amount = -1, amount_micros = -1000000",
    "ck_ad_budgets_micros_agree": "amount_micros = amount_micros + 1",
    "ck_ad_budgets_currency_iso": "currency = 'E1R'",
    "ck_ad_budgets_period_known": "period = 'weekly'",
    "ck_campaigns_platform_lower_case": "platform = 'Google Ads'",
    "ck_campaigns_status_known": "status = 'ENABLED'",
    "ck_campaigns_budget_type_known": "budget_type = 'weekly'",
    "ck_campaigns_budget_not_negative": "budget_amount = -0.01",
    "ck_campaigns_budget_fits_cents": "budget_amount = 92233720368547758.09, currency = 'USD'",
    "ck_campaigns_target_not_negative": "target_roas = -1",
    "ck_campaigns_ends_after_start": "end_date = start_date - interval '1 second'",
    "ck_campaigns_currency_iso": "currency = 'us'",
    "ck_metric_observations_report_hour_range": "report_hour = 24",
    "ck_metric_observations_currency_iso": "currency = 'eur'",
    "ck_metric_observations_values_are_numbers": "spend = 'NaN'",
    "ck_campaign_metrics_values_are_numbers": "revenue = 'NaN'",
    "ck_ads_daily_metrics_counts_not_negative": "clicks = -1",
    "ck_ads_daily_metrics_conversions_are_a_number": "conversions = 'NaN'",
    "ck_ads_daily_metrics_currency_iso": "currency = 'eur'",
    "ck_ai_recommendations_confidence_is_a_share": "confidence_score = 1.000001",
    "ck_ai_recommendations_status_known": "status = 'liked'",
    "ck_ai_recommendations_revenue_basis_known": "revenue_basis = 'guessed'",
    "ck_ai_recommendations_effect_interval_ordered": "effect_low = 3",
    "ck_ai_recommendations_not_its_own_successor": "superseded_by = id",
    "ck_ai_recommendations_currency_iso": "currency = 'eur'",
    "ck_budget_allocations_period_ordered": "period_end = '2025-12-31'",
    "ck_budget_allocations_total_not_negative": "total_budget = -1",
    "ck_budget_allocations_status_known": "status = 'open'",
    "ck_budget_allocations_currency_iso": "currency = 'eur'",
    "ck_budget_allocations_allocations_are_amounts": """allocations = '{"meta": -1}'""",
    "ck_budget_allocation_lines_target_lower_case": "target = 'Meta'",
    "ck_budget_allocation_lines_amount_not_negative": "amount = -10",
    "ck_budget_allocation_lines_bounds_ordered": "lowest = 21",
    "ck_ai_actions_log_action_type_upper_case": "action_type = 'pause'",
    "ck_ai_actions_log_status_known": "status = 'done', executed_at = NULL",
    "ck_ai_actions_log_confidence_is_a_share": "confidence = -0.1",
    "ck_ai_actions_log_executed_has_time": "executed_at = NULL",
    "ck_ai_actions_log_approver_is_another": "approved_by = requested_by",
    "ck_ai_actions_log_not_its_own_reverse": "reverts_action_id = id",
    "ck_ai_action_events_kind_known": "kind = 'thought'",
    "ck_alerts_alert_type_upper_case": "alert_type = 'roas drop'",
    "ck_alerts_severity_known": "severity = 'warning'",
    "ck_alerts_occurrences_positive": "occurrences = 0",
    "ck_alerts_values_are_numbers": "metric_value = 'NaN'",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
