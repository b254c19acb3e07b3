"""Rows of the tables of reports, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "watch.communication_reports": "INSERT INTO watch.communication_reports (id, client_id, channel_ref, period_start,"
    " period_end) VALUES (%(id)s, %(c)s, %(text)s, '2026-01-05', '2026-01-12')",
    "reports.amc_instances": "INSERT INTO reports.amc_instances (id, client_id, instance_id, instance_name)"
    " VALUES (%(id)s, %(c)s, %(text)s, 'Main')",
    "reports.workflows": "INSERT INTO reports.workflows (id, client_id, workflow_id, instance_id, name, sql_query)"
    " VALUES (%(id)s, %(c)s, %(text)s, %(reports_amc_instances)s, 'Spend', 'SELECT 1')",
    "reports.report_data_collections": "INSERT INTO reports.report_data_collections (id, client_id, collection_id,"
    " workflow_id, instance_id, collection_type, target_weeks, start_date, end_date)"
    " VALUES (%(id)s, %(c)s, %(text)s, %(reports_workflows)s, %(reports_amc_instances)s, 'backfill', 4, '2026-01-05',"
    " '2026-02-01')",
    "reports.workflow_executions": "INSERT INTO reports.workflow_executions (id, client_id, workflow_id, instance_id,"
    " collection_id, dedupe_key) VALUES (%(id)s, %(c)s, %(reports_workflows)s, %(reports_amc_instances)s,"
    " %(reports_report_data_collections)s, %(text)s)",
    "reports.report_data_weeks": "INSERT INTO reports.report_data_weeks (id, client_id, collection_id,"
    " workflow_execution_id, week_start_date, week_end_date) SELECT %(id)s, %(c)s, %(reports_report_data_collections)s,"
    " %(reports_workflow_executions)s, day, day + 6 FROM (SELECT date '1800-01-06' + %(n)s AS day) AS given",
    "reports.report_week_versions": "INSERT INTO reports.report_week_versions (id, client_id, week_id, version,"
    " data_checksum) VALUES (%(id)s, %(c)s, %(reports_report_data_weeks)s, %(n)s, 'v1:sha256:0')",
    "reports.report_rows": "INSERT INTO reports.report_rows (client_id, week_version_id, row_number)"
    " VALUES (%(c)s, %(reports_report_week_versions)s, %(n)s)",
    "reports.report_data_aggregates": "INSERT INTO reports.report_data_aggregates (id, client_id, workflow_id,"
    " instance_id, aggregation_type, aggregation_key, metrics, data_date) VALUES (%(id)s, %(c)s, %(reports_workflows)s,"
    " %(reports_amc_instances)s, 'weekly', %(text)s, '{}', '2026-01-05')",
    "reports.dashboards": "INSERT INTO reports.dashboards (id, client_id, dashboard_id, name)"
    " VALUES (%(id)s, %(c)s, %(text)s, 'Weekly look')",
    "reports.dashboard_widgets": "INSERT INTO reports.dashboard_widgets (id, client_id, widget_id, dashboard_id,"
    " widget_type, title, data_source, position_config)"
    " VALUES (%(id)s, %(c)s, %(text)s, %(reports_dashboards)s, 'table', 'Spend', '{}', '{}')",
    "reports.ai_insights": "INSERT INTO reports.ai_insights (id, client_id, insight_id, dashboard_id, query_text,"
    " response_text) VALUES (%(id)s, %(c)s, %(text)s, %(reports_dashboards)s, 'Why?', 'Because.')",
    "reports.dashboard_shares": "INSERT INTO reports.dashboard_shares (id, client_id, dashboard_id)"
    " VALUES (%(id)s, %(c)s, %(reports_dashboards)s)",
    "reports.dashboard_links": "INSERT INTO reports.dashboard_links (id, client_id, dashboard_id, token_hash)"
    " VALUES (%(id)s, %(c)s, %(reports_dashboards)s, sha256(convert_to(%(text)s, 'UTF8')))",
    "reports.dashboard_schedules": "INSERT INTO reports.dashboard_schedules (id, client_id, dashboard_id, name, cron)"
    " VALUES (%(id)s, %(c)s, %(reports_dashboards)s, 'Monday figures', '0 8 * * 1')",
}

CHANGEABLE: dict[str, str] = {"reports.ai_insights": "dashboard_id"}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

BREAKS: dict[str, str] = {
    "ck_communication_reports_channel_known": "channel = 'pigeon'",
    "ck_communication_reports_sentiment_known": "sentiment = 'grumpy'",
    "ck_communication_reports_sentiment_score_range": "sentiment_score = 1.5",
    "ck_communication_reports_period_runs_forward": "period_end = period_start",
    "ck_communication_reports_counts_not_negative": "unanswered_count = -1",
    "ck_communication_reports_counts_add_up": "team_message_count = message_count + 1",
    "ck_communication_reports_responses_not_negative": "median_response_seconds = -1",
    "ck_amc_instances_instance_type_known": "instance_type = 'standard'",
    "ck_amc_instances_max_concurrency_positive": "max_concurrency = 0",
    "ck_workflows_workflow_id_spelling": "workflow_id = 'with space'",
    "ck_workflows_time_basis_known": "time_basis = 'click'",
    "ck_workflows_status_known": "status = 'deleted'",
    "ck_workflows_sql_hash_is_sha256": "sql_hash = 'abc'",
    "ck_workflows_version_positive": "version = 0",
    "ck_workflows_restatement_days_range": "restatement_days = -1",
    "ck_workflow_executions_trigger_type_known": "trigger_type = 'moon'",
    "ck_workflow_executions_status_known": "status = 'done'",
    "ck_workflow_executions_time_window_type_known": "time_window_type = 'LAST_YEAR'",
    "ck_workflow_executions_window_runs_forward": "time_window_start = '2026-01-12', time_window_end = '2026-01-05'",
    "ck_workflow_executions_counted_from_one": "attempt = 0",
    "ck_workflow_executions_counts_not_negative": "row_count = -1",
    "ck_workflow_executions_failed_says_why": "status = 'failed'",
    "ck_report_data_collections_collection_type_known": "collection_type = 'daily'",
    "ck_report_data_collections_status_known": "status = 'cancelled'",
    "ck_report_data_collections_target_weeks_range": "target_weeks = 57",
    "ck_report_data_collections_dates_run_forward": "end_date = start_date - 1",
    "ck_report_data_collections_progress_range": "progress_percentage = 101",
    "ck_report_data_collections_weeks_completed_range": "weeks_completed = target_weeks + 1",
    "ck_report_data_weeks_status_known": "status = 'paused'",
    "ck_report_data_weeks_skip_reason_known": "skip_reason = 'rain'",
    "ck_report_data_weeks_week_has_seven_days": "week_end_date = week_start_date + 7",
    "ck_report_data_weeks_counts_not_negative": "row_count = -1",
    "ck_report_week_versions_status_known": "status = 'maybe'",
    "ck_report_week_versions_version_positive": "version = 0",
    "ck_report_week_versions_counts_not_negative": "row_count = -1",
    "ck_report_week_versions_decided_is_whole": "decided_at = now()",
    "ck_report_rows_row_number_positive": "row_number = 0",
    "ck_report_rows_row_hash_is_sha256": "row_hash = 'x'",
    "ck_report_data_aggregates_aggregation_type_known": "aggregation_type = 'yearly'",
    "ck_report_data_aggregates_row_count_not_negative": "row_count = -1",
    "ck_dashboards_template_type_known": "template_type = 'finance'",
    "ck_dashboard_widgets_widget_type_known": "widget_type = 'map'",
    "ck_dashboard_widgets_chart_type_known": "widget_type = 'chart', chart_type = 'radar'",
    "ck_dashboard_widgets_only_charts_have_chart_type": "chart_type = 'line'",
    "ck_ai_insights_confidence_score_range": "confidence_score = 1.01",
    "ck_ai_insights_insight_type_known": "insight_type = 'guess'",
    "ck_dashboard_shares_permission_level_known": "permission_level = 'own'",
    "ck_dashboard_links_token_hash_is_sha256": "token_hash = 'x'",
    "ck_dashboard_links_views_not_negative": "views = -1",
    "ck_dashboard_schedules_format_known": "format = 'fax'",
    "ck_dashboard_schedules_last_outcome_known": "last_outcome = 'lost'",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
