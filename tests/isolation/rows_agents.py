"""Rows of the tables of agents, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "agents.agent_run": "INSERT INTO agents.agent_run (id, client_id, agent) VALUES (%(id)s, %(c)s, %(text)s)",
    "agents.agent_run_steps": "INSERT INTO agents.agent_run_steps (id, client_id, run_id, position, kind, name)"
    " VALUES (%(id)s, %(c)s, %(agents_agent_run)s, %(n)s, 'tool', %(text)s)",
    "agents.agent_qc": "INSERT INTO agents.agent_qc (id, client_id, run_id, kind, reviewer, rubric, rubric_version,"
    " passed) VALUES (%(id)s, %(c)s, %(agents_agent_run)s, 'rule', %(text)s, 'replies', '3', true)",
    "agents.agent_approval": "INSERT INTO agents.agent_approval (id, client_id, run_id, action_type, target,"
    " requested_by) VALUES (%(id)s, %(c)s, %(agents_agent_run)s, 'ads.budget.change', %(text)s, 'ads.advisor')",
    "agents.agent_feedback": "INSERT INTO agents.agent_feedback (id, client_id, verdict)"
    " VALUES (%(id)s, %(c)s, 'accepted')",
    "agents.agent_query": "INSERT INTO agents.agent_query (id, client_id, agent, model_provider, model_name,"
    " prompt_hash) VALUES (%(id)s, %(c)s, %(text)s, 'openai', 'gpt-5', sha256('x'))",
    "agents.ai_gym_performance": "INSERT INTO agents.ai_gym_performance (id, client_id, task_type, model_name)"
    " VALUES (%(id)s, %(c)s, 'website_analysis', 'claude-4.5-sonnet')",
    "agents.ai_gym_comparisons": "INSERT INTO agents.ai_gym_comparisons (id, client_id, pair_id, task_type, model_a,"
    " model_b, winner, judge, judge_version) VALUES (%(id)s, %(c)s, %(fresh)s, 'email', 'claude-4.5-sonnet', 'gpt-5',"
    " 'a', 'human', '1')",
    "core.dashboard_fact": "INSERT INTO core.dashboard_fact (id, client_id, metric, period_start, value)"
    " VALUES (%(id)s, %(c)s, %(text)s, '2026-03-01', 12)",
    "core.decision_log": "INSERT INTO core.decision_log (id, client_id, area, decision, actor)"
    " VALUES (%(id)s, %(c)s, 'inventory', 'reorder.suggest', 'reorder job')",
}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""

SHORT_HASH = "decode('00', 'hex')"
BREAKS: dict[str, str] = {
    "ck_agent_run_kind_known": "kind = 'nope'",
    "ck_agent_run_status_known": "status = 'nope'",
    "ck_agent_run_trigger_known": "trigger = 'nope'",
    "ck_agent_run_not_its_own_parent": "parent_run_id = id",
    "ck_agent_run_input_tokens_not_negative": "input_tokens = -1",
    "ck_agent_run_output_tokens_not_negative": "output_tokens = -1",
    "ck_agent_run_cost_not_negative": "cost_micros = -1",
    "ck_agent_run_latency_not_negative": "latency_ms = -1",
    "ck_agent_run_input_hash_is_sha256": f"input_hash = {SHORT_HASH}",
    "ck_agent_run_output_hash_is_sha256": f"output_hash = {SHORT_HASH}",
    "ck_agent_run_finished_after_started": "status = 'failed', started_at = now(), finished_at = now() - interval '1 h'",
    "ck_agent_run_ended_has_finished_at": "status = 'completed'",
    "ck_agent_run_steps_kind_known": "kind = 'nope'",
    "ck_agent_run_steps_status_known": "status = 'nope'",
    "ck_agent_run_steps_position_positive": "position = 0",
    "ck_agent_run_steps_parent_before": "parent_position = position",
    "ck_agent_run_steps_input_tokens_not_negative": "input_tokens = -1",
    "ck_agent_run_steps_output_tokens_not_negative": "output_tokens = -1",
    "ck_agent_run_steps_cost_not_negative": "cost_micros = -1",
    "ck_agent_run_steps_latency_not_negative": "latency_ms = -1",
    "ck_agent_run_steps_input_hash_is_sha256": f"input_hash = {SHORT_HASH}",
    "ck_agent_run_steps_output_hash_is_sha256": f"output_hash = {SHORT_HASH}",
    "ck_agent_run_steps_finished_after_started": "finished_at = started_at - interval '1 h'",
    "ck_agent_qc_kind_known": "kind = 'nope'",
    "ck_agent_qc_human_is_a_person": "kind = 'human'",
    "ck_agent_qc_score_range": "score = 101",
    "ck_agent_qc_reasons_are_a_list": "reasons = '{}'",
    "ck_agent_approval_status_known": "status = 'nope'",
    "ck_agent_approval_requested_by_kind_known": "requested_by_kind = 'nope'",
    "ck_agent_approval_decided_by_kind_known": "decided_by_kind = 'nope'",
    "ck_agent_approval_payload_hash_is_sha256": f"payload_hash = {SHORT_HASH}",
    "ck_agent_approval_action_type_named": "action_type = ''",
    "ck_agent_approval_target_named": "target = ''",
    "ck_agent_approval_requester_named": "requested_by_kind = 'person'",
    "ck_agent_approval_approver_is_not_requester": "status = 'rejected', decided_at = now(),"
    " decided_by = '11111111-1111-4111-8111-111111111111', requested_by = '11111111-1111-4111-8111-111111111111'",
    "ck_agent_approval_decision_has_decider": "status = 'approved', decided_at = now()",
    "ck_agent_approval_pending_is_open": "decided_at = now()",
    "ck_agent_approval_consumed_has_time": "consumed_at = now()",
    "ck_agent_approval_superseded_by_other": "status = 'superseded', superseded_by = id",
    "ck_agent_approval_expires_after_created": "expires_at = created_at",
    "ck_agent_approval_approved_in_time": "status = 'approved', decided_by_kind = 'policy',"
    " decided_at = expires_at + interval '1 s'",
    "ck_agent_approval_consumed_in_time": "status = 'consumed', decided_by_kind = 'policy', decided_at = expires_at,"
    " consumed_at = expires_at + interval '1 s'",
    "ck_agent_feedback_verdict_known": "verdict = 'nope'",
    "ck_agent_feedback_edited_has_text": "verdict = 'edited'",
    "ck_agent_feedback_edit_distance_not_negative": "edit_distance = -1",
    "ck_agent_feedback_reason_codes_named": "reason_codes = ARRAY['tone', NULL]",
    "ck_agent_query_status_known": "status = 'nope'",
    "ck_agent_query_prompt_hash_is_sha256": f"prompt_hash = {SHORT_HASH}",
    "ck_agent_query_response_hash_is_sha256": f"response_hash = {SHORT_HASH}",
    "ck_agent_query_input_tokens_not_negative": "input_tokens = -1",
    "ck_agent_query_cached_tokens_are_sent": "cached_tokens = input_tokens + 1",
    "ck_agent_query_output_tokens_not_negative": "output_tokens = -1",
    "ck_agent_query_reserved_not_negative": "reserved_micros = -1",
    "ck_agent_query_cost_not_negative": "cost_micros = -1",
    "ck_agent_query_latency_not_negative": "latency_ms = -1",
    "ck_agent_query_kept_text_expires": "prompt_text = 'Dear Ms Weber'",
    "ck_agent_query_kept_text_at_most_30_days": "raw_expires_at = created_at + interval '31 days'",
    "ck_ai_gym_performance_cost_not_negative": "cost = -1",
    "ck_ai_gym_performance_duration_not_negative": "duration_seconds = -1",
    "ck_ai_gym_performance_quality_score_range": "quality_score = 101",
    "ck_ai_gym_performance_conversion_metric_range": "conversion_metric = 1.1",
    "ck_ai_gym_comparisons_two_models": "model_b = model_a",
    "ck_ai_gym_comparisons_shown_first_known": "shown_first = 'c'",
    "ck_ai_gym_comparisons_winner_known": "winner = 'c'",
    "ck_dashboard_fact_metric_named": "metric = ''",
    "ck_dashboard_fact_grain_known": "grain = 'nope'",
    "ck_dashboard_fact_unit_known": "unit = 'nope'",
    "ck_dashboard_fact_currency_is_code": "unit = 'currency', currency = 'eur'",
    "ck_dashboard_fact_money_has_currency": "unit = 'currency'",
    "ck_dashboard_fact_dimensions_are_named": "dimensions = '[]'",
    "ck_decision_log_area_known": "area = 'nope'",
    "ck_decision_log_actor_kind_known": "actor_kind = 'nope'",
    "ck_decision_log_decision_named": "decision = ''",
    "ck_decision_log_actor_named": "actor = ''",
    "ck_decision_log_confidence_range": "confidence = 1.1",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other.

Approvals are sealed and decisions append-only by triggers, which stand before the CHECKs.
"""
