"""Agents: runs, approvals, feedback, quality, queries, the gym; facts of dashboards and the log of decisions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import agents

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    for statement in agents.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    create_agent_run()
    create_ai_gym_comparisons()
    create_ai_gym_performance()
    create_dashboard_fact()
    create_decision_log()
    create_agent_approval()
    create_agent_qc()
    create_agent_query()
    create_agent_run_steps()
    create_agent_feedback()


def create_agent_run() -> None:
    op.create_table('agent_run',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('agent', sa.Text(), nullable=False, comment='Name of the agent that ran, such as ads.budget_advisor.'),
    sa.Column('agent_version', sa.Text(), nullable=True, comment='Version of its prompt and code; NULL when it has none.'),
    sa.Column('kind', sa.Text(), server_default=sa.text("'task'"), nullable=False, comment='What sort of run it is.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'queued'"), nullable=False, comment='How far the run has come.'),
    sa.Column('trigger', sa.Text(), server_default=sa.text("'schedule'"), nullable=False, comment='What started the run.'),
    sa.Column('parent_run_id', sa.UUID(), nullable=True, comment='The run that started this one; NULL for a first one.'),
    sa.Column('requested_for_user', sa.UUID(), nullable=True, comment='The person on whose behalf it runs; NULL when nobody asked.'),
    sa.Column('model_provider', sa.Text(), nullable=True, comment='Who runs the language model; NULL when none was used.'),
    sa.Column('model_name', sa.Text(), nullable=True, comment='The language model of most of the calls; NULL when none was used.'),
    sa.Column('input_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens sent to models, all steps together.'),
    sa.Column('output_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens received from models, all steps together.'),
    sa.Column('cost_micros', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Price of the calls in millionths of a US dollar, as billed; failed calls count.'),
    sa.Column('cost_usd', sa.Numeric(precision=20, scale=6), sa.Computed('cost_micros::numeric * 0.000001', persisted=True), nullable=True, comment='The same price in US dollars.'),
    sa.Column('latency_ms', sa.BigInteger(), nullable=True, comment='Milliseconds from start to finish; NULL while it runs.'),
    sa.Column('input_hash', sa.LargeBinary(), nullable=True, comment='SHA-256 of what the run was given.'),
    sa.Column('output_hash', sa.LargeBinary(), nullable=True, comment='SHA-256 of what the run gave back; NULL while it runs or when it failed.'),
    sa.Column('error_code', sa.Text(), nullable=True, comment='Short name of the failure; NULL unless it failed.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The failure in words, without personal data; NULL unless it failed.'),
    sa.Column('correlation_id', sa.Text(), nullable=True, comment='The request or job that the run belongs to.'),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further named values of the run.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When work began (UTC); NULL while queued.'),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True, comment='When the run ended (UTC); NULL until then.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f('ck_agent_run_ended_has_finished_at')),
    sa.CheckConstraint("kind IN ('chat', 'task', 'workflow', 'evaluation', 'replay')", name=op.f('ck_agent_run_kind_known')),
    sa.CheckConstraint("status IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')", name=op.f('ck_agent_run_status_known')),
    sa.CheckConstraint("trigger IN ('person', 'schedule', 'event', 'api', 'agent')", name=op.f('ck_agent_run_trigger_known')),
    sa.CheckConstraint('cost_micros >= 0', name=op.f('ck_agent_run_cost_not_negative')),
    sa.CheckConstraint('finished_at >= started_at', name=op.f('ck_agent_run_finished_after_started')),
    sa.CheckConstraint('input_tokens >= 0', name=op.f('ck_agent_run_input_tokens_not_negative')),
    sa.CheckConstraint('latency_ms >= 0', name=op.f('ck_agent_run_latency_not_negative')),
    sa.CheckConstraint('octet_length(input_hash) = 32', name=op.f('ck_agent_run_input_hash_is_sha256')),
    sa.CheckConstraint('octet_length(output_hash) = 32', name=op.f('ck_agent_run_output_hash_is_sha256')),
    sa.CheckConstraint('output_tokens >= 0', name=op.f('ck_agent_run_output_tokens_not_negative')),
    sa.CheckConstraint('parent_run_id <> id', name=op.f('ck_agent_run_not_its_own_parent')),
    sa.ForeignKeyConstraint(['client_id', 'parent_run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_run_parent'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_run_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_for_user'], ['core.users.id'], name=op.f('fk_agent_run_requested_for_user_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_run')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_run_client_id_id')),
    schema='agents',
    comment='Each run of an agent: what started it, how it ended, what it cost and how long it took.'
    )
    op.create_index('ix_agent_run_client_id_agent_created_at', 'agent_run', ['client_id', 'agent', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_run_client_id_created_at', 'agent_run', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_run_client_id_updated_at', 'agent_run', ['client_id', 'updated_at'], unique=False, schema='agents')
    op.create_index('ix_agent_run_parent', 'agent_run', ['client_id', 'parent_run_id'], unique=False, schema='agents', postgresql_where=sa.text('parent_run_id IS NOT NULL'))
    op.create_index('ix_agent_run_requested_for_user', 'agent_run', ['requested_for_user'], unique=False, schema='agents', postgresql_where=sa.text('requested_for_user IS NOT NULL'))
    op.create_index('ix_agent_run_unfinished', 'agent_run', ['started_at'], unique=False, schema='agents', postgresql_where=sa.text('finished_at IS NULL'))


def create_ai_gym_comparisons() -> None:
    op.create_table('ai_gym_comparisons',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('pair_id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Shared by the two judgements of one pair, each with the other model shown first.'),
    sa.Column('task_type', sa.String(length=50), nullable=False, comment='The task both models were asked to do.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Key in outreach.leads of the lead both worked on; NULL when there is none or it was erased.'),
    sa.Column('model_a', sa.String(length=50), nullable=False, comment='The first language model of the pair.'),
    sa.Column('model_b', sa.String(length=50), nullable=False, comment='The second language model of the pair.'),
    sa.Column('performance_a', sa.UUID(), nullable=True, comment='Key in agents.ai_gym_performance of the call of model_a; NULL when it was dropped.'),
    sa.Column('performance_b', sa.UUID(), nullable=True, comment='Key in agents.ai_gym_performance of the call of model_b; NULL when it was dropped.'),
    sa.Column('shown_first', sa.Text(), server_default=sa.text("'a'"), nullable=False, comment='Which answer the judge saw first, a or b.'),
    sa.Column('is_blind', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether the judge did not know which model had answered.'),
    sa.Column('winner', sa.Text(), nullable=False, comment='The better answer: a, b, or tie.'),
    sa.Column('judge', sa.Text(), nullable=False, comment='Name of the judging model, or human.'),
    sa.Column('judge_version', sa.Text(), nullable=False, comment='Version of the judge and its rubric; different ones are never ranked together.'),
    sa.Column('reason', sa.Text(), nullable=True, comment="Why, in the judge's words; NULL when none was given."),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("shown_first IN ('a', 'b')", name=op.f('ck_ai_gym_comparisons_shown_first_known')),
    sa.CheckConstraint("winner IN ('a', 'b', 'tie')", name=op.f('ck_ai_gym_comparisons_winner_known')),
    sa.CheckConstraint('model_a <> model_b', name=op.f('ck_ai_gym_comparisons_two_models')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ai_gym_comparisons_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ai_gym_comparisons')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ai_gym_comparisons_client_id_id')),
    sa.UniqueConstraint('client_id', 'pair_id', 'shown_first', name=op.f('uq_ai_gym_comparisons_client_id_pair_id_shown_first')),
    schema='agents',
    comment='Which of two models answered the same task better, judged blind and in both orders.'
    )
    op.create_index('ix_ai_gym_comparisons_client_id_created_at', 'ai_gym_comparisons', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_ai_gym_comparisons_lead_id', 'ai_gym_comparisons', ['lead_id'], unique=False, schema='agents', postgresql_where=sa.text('lead_id IS NOT NULL'))
    op.create_index('ix_ai_gym_comparisons_task_type', 'ai_gym_comparisons', ['client_id', 'task_type', 'judge', 'judge_version'], unique=False, schema='agents')


def create_ai_gym_performance() -> None:
    op.create_table('ai_gym_performance',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row, within its month.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('task_type', sa.String(length=50), nullable=True, comment='The task the model was asked to do, such as website_analysis.'),
    sa.Column('model_name', sa.String(length=50), nullable=True, comment='The language model that was asked.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Key of the lead in outreach.leads; NULL when there is none or it was erased.'),
    sa.Column('cost', sa.Numeric(precision=14, scale=6), nullable=True, comment='Price of the call in US dollars; failed calls count.'),
    sa.Column('duration_seconds', sa.Integer(), nullable=True, comment='Whole seconds until the answer stood.'),
    sa.Column('quality_score', sa.Integer(), nullable=True, comment='Worth of the answer from 0 to 100; NULL when it was not judged.'),
    sa.Column('conversion_metric', sa.Numeric(precision=10, scale=4), nullable=True, comment='Share of the wished outcome that came, from 0 to 1; NULL until it is ripe.'),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=True, comment='Further named values: the judge with its version, the key of the run, whether the call failed.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint('conversion_metric BETWEEN 0 AND 1', name=op.f('ck_ai_gym_performance_conversion_metric_range')),
    sa.CheckConstraint('cost >= 0', name=op.f('ck_ai_gym_performance_cost_not_negative')),
    sa.CheckConstraint('duration_seconds >= 0', name=op.f('ck_ai_gym_performance_duration_not_negative')),
    sa.CheckConstraint('quality_score BETWEEN 0 AND 100', name=op.f('ck_ai_gym_performance_quality_score_range')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ai_gym_performance_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', 'created_at', name=op.f('pk_ai_gym_performance')),
    schema='agents',
    comment='One row for each model call of a task: cost, time, judged quality and outcome; parted by month.',
    postgresql_partition_by='RANGE (created_at)'
    )
    op.create_index('ix_ai_gym_performance_client_id_created_at', 'ai_gym_performance', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_ai_gym_performance_lead_id', 'ai_gym_performance', ['lead_id'], unique=False, schema='agents', postgresql_where=sa.text('lead_id IS NOT NULL'))
    op.create_index('ix_ai_gym_performance_task_type_model_name', 'ai_gym_performance', ['task_type', 'model_name'], unique=False, schema='agents')


def create_dashboard_fact() -> None:
    op.create_table('dashboard_fact',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('metric', sa.Text(), nullable=False, comment='What was measured, such as revenue or orders.'),
    sa.Column('grain', sa.Text(), server_default=sa.text("'day'"), nullable=False, comment='Length of the period.'),
    sa.Column('period_start', sa.DateTime(timezone=True), nullable=False, comment="First moment of the period (UTC), cut in the client's time zone."),
    sa.Column('value', sa.Numeric(), nullable=False, comment='The figure, in its unit.'),
    sa.Column('unit', sa.Text(), server_default=sa.text("'count'"), nullable=False, comment='What the figure counts.'),
    sa.Column('currency', sa.Text(), nullable=True, comment='ISO 4217 code; NULL unless the unit is currency.'),
    sa.Column('dimensions', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What the figure is split by, such as a channel; empty for the total.'),
    sa.Column('dims_hash', sa.Text(), sa.Computed('md5(dimensions::text)', persisted=True), nullable=True, comment='MD5 of the dimensions, so that one split of one period stands once.'),
    sa.Column('as_of', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='How fresh the data behind the figure were (UTC).'),
    sa.Column('source', sa.Text(), server_default=sa.text("''"), nullable=False, comment='What the figure was computed from.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(unit = 'currency') = (currency IS NOT NULL)", name=op.f('ck_dashboard_fact_money_has_currency')),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_dashboard_fact_currency_is_code')),
    sa.CheckConstraint("grain IN ('hour', 'day', 'week', 'month', 'quarter', 'year')", name=op.f('ck_dashboard_fact_grain_known')),
    sa.CheckConstraint("jsonb_typeof(dimensions) = 'object'", name=op.f('ck_dashboard_fact_dimensions_are_named')),
    sa.CheckConstraint("metric <> ''", name=op.f('ck_dashboard_fact_metric_named')),
    sa.CheckConstraint("unit IN ('currency', 'count', 'ratio', 'percent', 'seconds', 'days')", name=op.f('ck_dashboard_fact_unit_known')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_dashboard_fact_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dashboard_fact')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_dashboard_fact_client_id_id')),
    sa.UniqueConstraint('client_id', 'metric', 'grain', 'period_start', 'dims_hash', name='uq_dashboard_fact_period'),
    schema='core',
    comment='Figures for dashboard tiles: one value for each metric, period and split, with its unit and its age.'
    )
    op.create_index('ix_dashboard_fact_client_id_created_at', 'dashboard_fact', ['client_id', 'created_at'], unique=False, schema='core')
    op.create_index('ix_dashboard_fact_client_id_metric_period_start', 'dashboard_fact', ['client_id', 'metric', 'period_start'], unique=False, schema='core')
    op.create_index('ix_dashboard_fact_client_id_updated_at', 'dashboard_fact', ['client_id', 'updated_at'], unique=False, schema='core')


def create_decision_log() -> None:
    op.create_table('decision_log',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('area', sa.Text(), nullable=False, comment='The part of the business that the decision is about.'),
    sa.Column('decision', sa.Text(), nullable=False, comment='What was decided, as a short name such as reorder.suggest.'),
    sa.Column('actor', sa.Text(), nullable=False, comment="Who decided: a person's address, an agent, a policy or a job."),
    sa.Column('actor_kind', sa.Text(), server_default=sa.text("'system'"), nullable=False, comment='Whether a person, an agent, a policy or the system decided.'),
    sa.Column('subject', sa.Text(), server_default=sa.text("''"), nullable=False, comment='What it was decided about, as table and key.'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Why, in words; NULL when the name says it all.'),
    sa.Column('inputs', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='The figures that the decision rested on.'),
    sa.Column('outcome', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What followed, as known when it was written.'),
    sa.Column('confidence', sa.Numeric(precision=5, scale=4), nullable=True, comment='Probability from 0 to 1 that it is right; NULL when none was computed.'),
    sa.Column('run_id', sa.UUID(), nullable=True, comment='Key of the run in agents.agent_run; NULL when no agent took part.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='Key of the request in agents.agent_approval; NULL when none was needed.'),
    sa.Column('correlation_id', sa.Text(), nullable=True, comment='The request or job it belongs to.'),
    sa.Column('audit_seq', sa.BigInteger(), nullable=False, comment='Number of the row in core.audit_log that seals this one; set by a trigger.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("actor <> ''", name=op.f('ck_decision_log_actor_named')),
    sa.CheckConstraint("actor_kind IN ('person', 'agent', 'policy', 'system')", name=op.f('ck_decision_log_actor_kind_known')),
    sa.CheckConstraint("area IN ('inventory', 'cx', 'growth', 'ads', 'outreach', 'security', 'system')", name=op.f('ck_decision_log_area_known')),
    sa.CheckConstraint("decision <> ''", name=op.f('ck_decision_log_decision_named')),
    sa.CheckConstraint('confidence BETWEEN 0 AND 1', name=op.f('ck_decision_log_confidence_range')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_decision_log_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision_log')),
    sa.UniqueConstraint('client_id', 'audit_seq', name=op.f('uq_decision_log_client_id_audit_seq')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_decision_log_client_id_id')),
    schema='core',
    comment='Append-only record of what was decided, by whom, on what grounds; each row is sealed in the audit log.'
    )
    op.create_index('ix_decision_log_client_id_area_created_at', 'decision_log', ['client_id', 'area', 'created_at'], unique=False, schema='core')
    op.create_index('ix_decision_log_client_id_created_at', 'decision_log', ['client_id', 'created_at'], unique=False, schema='core')
    op.create_index('ix_decision_log_subject', 'decision_log', ['client_id', 'subject'], unique=False, schema='core')


def create_agent_approval() -> None:
    op.create_table('agent_approval',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('run_id', sa.UUID(), nullable=True, comment='The run that asks; NULL when a person or a job asks.'),
    sa.Column('action_type', sa.Text(), nullable=False, comment='What is to be done, such as ads.budget.change.'),
    sa.Column('subject', sa.Text(), server_default=sa.text("''"), nullable=False, comment='One line that says what is asked, for the person who decides.'),
    sa.Column('target', sa.Text(), nullable=False, comment='The one thing acted on, as table and key.'),
    sa.Column('before_payload', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='The state that the requester saw, as it would be restored.'),
    sa.Column('after_payload', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='The state asked for, in absolute values.'),
    sa.Column('payload_hash', sa.LargeBinary(), nullable=False, comment='SHA-256 of action, target, both payloads, policy version and data time; made by a trigger.'),
    sa.Column('policy_version', sa.Text(), nullable=True, comment='Version of the limits it was checked against; NULL when none apply.'),
    sa.Column('data_as_of', sa.DateTime(timezone=True), nullable=True, comment='How fresh the figures behind the request were (UTC); NULL when none were used.'),
    sa.Column('requested_by', sa.Text(), nullable=False, comment='Key of the person, or name of the agent or job, that asks.'),
    sa.Column('requested_by_kind', sa.Text(), server_default=sa.text("'agent'"), nullable=False, comment='Whether a person, an agent or the system asks.'),
    sa.Column('requested_for_user', sa.UUID(), nullable=True, comment='The person who started the run that asks; counts as requester too.'),
    sa.Column('self_approval', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether a policy lets the requester decide; always visible as such.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'pending'"), nullable=False, comment='Where the request stands.'),
    sa.Column('decided_by', sa.UUID(), nullable=True, comment='The person who decided; NULL while open or when a policy decided.'),
    sa.Column('decided_by_kind', sa.Text(), server_default=sa.text("'person'"), nullable=False, comment='Whether a person must decide or a policy may.'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When it was decided (UTC); NULL while open.'),
    sa.Column('decision_reason', sa.Text(), nullable=True, comment='Why it was decided so, in the words of who decided.'),
    sa.Column('expires_at', sa.DateTime(timezone=True), server_default=sa.text("(now() + interval '24 hours')"), nullable=False, comment='After this time (UTC) it can be neither approved nor carried out.'),
    sa.Column('consumed_at', sa.DateTime(timezone=True), nullable=True, comment='When the action took its one approval (UTC); NULL until then.'),
    sa.Column('superseded_by', sa.UUID(), nullable=True, comment='The newer request in its place; NULL unless superseded.'),
    sa.Column('correlation_id', sa.Text(), nullable=True, comment='The request or job it belongs to.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(status = 'consumed') = (consumed_at IS NOT NULL)", name=op.f('ck_agent_approval_consumed_has_time')),
    sa.CheckConstraint("action_type <> ''", name=op.f('ck_agent_approval_action_type_named')),
    sa.CheckConstraint("decided_by_kind IN ('person', 'policy')", name=op.f('ck_agent_approval_decided_by_kind_known')),
    sa.CheckConstraint("requested_by <> '' AND (requested_by_kind <> 'person' OR requested_by ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')", name=op.f('ck_agent_approval_requester_named')),
    sa.CheckConstraint("requested_by_kind IN ('person', 'agent', 'system')", name=op.f('ck_agent_approval_requested_by_kind_known')),
    sa.CheckConstraint("status <> 'pending' OR (decided_at IS NULL AND decided_by IS NULL)", name=op.f('ck_agent_approval_pending_is_open')),
    sa.CheckConstraint("status IN ('pending', 'approved', 'consumed', 'rejected', 'expired', 'cancelled', 'superseded')", name=op.f('ck_agent_approval_status_known')),
    sa.CheckConstraint("status NOT IN ('approved', 'consumed', 'rejected') OR (decided_at IS NOT NULL AND (decided_by IS NOT NULL OR decided_by_kind = 'policy'))", name=op.f('ck_agent_approval_decision_has_decider')),
    sa.CheckConstraint("superseded_by IS NULL OR (status = 'superseded' AND superseded_by <> id)", name=op.f('ck_agent_approval_superseded_by_other')),
    sa.CheckConstraint("target <> ''", name=op.f('ck_agent_approval_target_named')),
    sa.CheckConstraint('decided_by IS NULL OR self_approval OR (decided_by::text <> requested_by AND decided_by IS DISTINCT FROM requested_for_user)', name=op.f('ck_agent_approval_approver_is_not_requester')),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_agent_approval_expires_after_created')),
    sa.CheckConstraint("status NOT IN ('approved', 'consumed') OR decided_at <= expires_at", name=op.f('ck_agent_approval_approved_in_time')),
    sa.CheckConstraint("consumed_at <= expires_at", name=op.f('ck_agent_approval_consumed_in_time')),
    sa.CheckConstraint('octet_length(payload_hash) = 32', name=op.f('ck_agent_approval_payload_hash_is_sha256')),
    sa.ForeignKeyConstraint(['client_id', 'run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_approval_run'),
    sa.ForeignKeyConstraint(['client_id', 'superseded_by'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_agent_approval_superseded_by', initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_approval_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['decided_by'], ['core.users.id'], name=op.f('fk_agent_approval_decided_by_users')),
    sa.ForeignKeyConstraint(['requested_for_user'], ['core.users.id'], name=op.f('fk_agent_approval_requested_for_user_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_approval')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_approval_client_id_id')),
    schema='agents',
    comment='One queue for every action that needs a yes: what is asked, by whom, who decided, and that it happened once.'
    )
    op.create_index('ix_agent_approval_client_id_created_at', 'agent_approval', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_approval_client_id_target', 'agent_approval', ['client_id', 'target'], unique=False, schema='agents')
    op.create_index('ix_agent_approval_client_id_updated_at', 'agent_approval', ['client_id', 'updated_at'], unique=False, schema='agents')
    op.create_index('ix_agent_approval_decided_by', 'agent_approval', ['decided_by'], unique=False, schema='agents', postgresql_where=sa.text('decided_by IS NOT NULL'))
    op.create_index('ix_agent_approval_open_expires_at', 'agent_approval', ['expires_at'], unique=False, schema='agents', postgresql_where=sa.text("status IN ('pending', 'approved')"))
    op.create_index('ix_agent_approval_pending', 'agent_approval', ['client_id', 'created_at'], unique=False, schema='agents', postgresql_where=sa.text("status = 'pending'"))
    op.create_index('ix_agent_approval_requested_for_user', 'agent_approval', ['requested_for_user'], unique=False, schema='agents', postgresql_where=sa.text('requested_for_user IS NOT NULL'))
    op.create_index('ix_agent_approval_run', 'agent_approval', ['client_id', 'run_id'], unique=False, schema='agents', postgresql_where=sa.text('run_id IS NOT NULL'))
    op.create_index('ix_agent_approval_superseded_by', 'agent_approval', ['client_id', 'superseded_by'], unique=False, schema='agents', postgresql_where=sa.text('superseded_by IS NOT NULL'))
    op.create_index('uq_agent_approval_one_pending', 'agent_approval', ['client_id', 'action_type', 'target'], unique=True, schema='agents', postgresql_where=sa.text("status = 'pending'"))


def create_agent_qc() -> None:
    op.create_table('agent_qc',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('run_id', sa.UUID(), nullable=False, comment='The run that was judged.'),
    sa.Column('kind', sa.Text(), nullable=False, comment='Whether a rule, a judging model or a person gave the verdict.'),
    sa.Column('reviewer', sa.Text(), nullable=False, comment='Name of the rule or the judging model, or key of the person.'),
    sa.Column('reviewer_id', sa.UUID(), nullable=True, comment='The person who judged; NULL for a rule or a model.'),
    sa.Column('rubric', sa.Text(), nullable=False, comment='The list of questions that was judged by.'),
    sa.Column('rubric_version', sa.Text(), nullable=False, comment='Version of the rubric; verdicts of different versions are never averaged.'),
    sa.Column('score', sa.Numeric(precision=5, scale=2), nullable=True, comment='From 0 to 100; NULL when the rubric only passes or fails.'),
    sa.Column('passed', sa.Boolean(), nullable=False, comment='Whether the output may be used.'),
    sa.Column('reasons', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False, comment='Why, as a list: one entry for each question not met.'),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further named values of the verdict.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("(kind = 'human') = (reviewer_id IS NOT NULL)", name=op.f('ck_agent_qc_human_is_a_person')),
    sa.CheckConstraint("jsonb_typeof(reasons) = 'array'", name=op.f('ck_agent_qc_reasons_are_a_list')),
    sa.CheckConstraint("kind IN ('rule', 'judge', 'human')", name=op.f('ck_agent_qc_kind_known')),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_agent_qc_score_range')),
    sa.ForeignKeyConstraint(['client_id', 'run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_qc_run', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_qc_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reviewer_id'], ['core.users.id'], name=op.f('fk_agent_qc_reviewer_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_qc')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_qc_client_id_id')),
    schema='agents',
    comment='Verdicts on the output of runs, by rules, judging models and people, with the version of the rubric.'
    )
    op.create_index('ix_agent_qc_client_id_created_at', 'agent_qc', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_qc_reviewer_id', 'agent_qc', ['reviewer_id'], unique=False, schema='agents', postgresql_where=sa.text('reviewer_id IS NOT NULL'))
    op.create_index('ix_agent_qc_run', 'agent_qc', ['client_id', 'run_id'], unique=False, schema='agents')


def create_agent_query() -> None:
    op.create_table('agent_query',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('run_id', sa.UUID(), nullable=True, comment='The run that made the call; NULL for a call outside of runs.'),
    sa.Column('agent', sa.Text(), nullable=False, comment='Name of the agent that asked.'),
    sa.Column('purpose', sa.Text(), server_default=sa.text("''"), nullable=False, comment='What the answer was for.'),
    sa.Column('requested_for_user', sa.UUID(), nullable=True, comment='The person on whose behalf it was asked; NULL when nobody asked.'),
    sa.Column('model_provider', sa.Text(), nullable=False, comment='Who runs the language model.'),
    sa.Column('model_name', sa.Text(), nullable=False, comment='The language model, with its version as the provider names it.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'completed'"), nullable=False, comment='How the call ended.'),
    sa.Column('prompt_hash', sa.LargeBinary(), nullable=False, comment='SHA-256 of the whole prompt.'),
    sa.Column('response_hash', sa.LargeBinary(), nullable=True, comment='SHA-256 of the answer; NULL when there was none.'),
    sa.Column('input_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens sent.'),
    sa.Column('cached_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Those of the sent tokens that the provider had kept from before.'),
    sa.Column('output_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens received.'),
    sa.Column('reserved_micros', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Set aside from the budget before the call, in millionths of a US dollar.'),
    sa.Column('cost_micros', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Price of the calls in millionths of a US dollar, as billed; failed calls count.'),
    sa.Column('cost_usd', sa.Numeric(precision=20, scale=6), sa.Computed('cost_micros::numeric * 0.000001', persisted=True), nullable=True, comment='The same price in US dollars.'),
    sa.Column('latency_ms', sa.BigInteger(), nullable=True, comment='Milliseconds until the last token; NULL when no answer came.'),
    sa.Column('error_code', sa.Text(), nullable=True, comment="The provider's name for the failure; NULL unless it failed."),
    sa.Column('prompt_text', sa.Text(), nullable=True, comment='The prompt itself; NULL unless kept, and never kept past raw_expires_at.'),
    sa.Column('response_text', sa.Text(), nullable=True, comment='The answer itself; NULL unless kept, and never kept past raw_expires_at.'),
    sa.Column('raw_expires_at', sa.DateTime(timezone=True), nullable=True, comment='When kept text is emptied (UTC), at most 30 days on; NULL when none is kept.'),
    sa.Column('correlation_id', sa.Text(), nullable=True, comment='The request or job that the call belongs to.'),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further named values of the call, such as its temperature.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("raw_expires_at <= created_at + interval '720 hours'", name=op.f('ck_agent_query_kept_text_at_most_30_days')),
    sa.CheckConstraint("status IN ('completed', 'failed', 'timeout', 'refused', 'blocked')", name=op.f('ck_agent_query_status_known')),
    sa.CheckConstraint('cached_tokens BETWEEN 0 AND greatest(input_tokens, 0)', name=op.f('ck_agent_query_cached_tokens_are_sent')),
    sa.CheckConstraint('cost_micros >= 0', name=op.f('ck_agent_query_cost_not_negative')),
    sa.CheckConstraint('input_tokens >= 0', name=op.f('ck_agent_query_input_tokens_not_negative')),
    sa.CheckConstraint('latency_ms >= 0', name=op.f('ck_agent_query_latency_not_negative')),
    sa.CheckConstraint('octet_length(prompt_hash) = 32', name=op.f('ck_agent_query_prompt_hash_is_sha256')),
    sa.CheckConstraint('octet_length(response_hash) = 32', name=op.f('ck_agent_query_response_hash_is_sha256')),
    sa.CheckConstraint('output_tokens >= 0', name=op.f('ck_agent_query_output_tokens_not_negative')),
    sa.CheckConstraint('raw_expires_at IS NOT NULL OR (prompt_text IS NULL AND response_text IS NULL)', name=op.f('ck_agent_query_kept_text_expires')),
    sa.CheckConstraint('reserved_micros >= 0', name=op.f('ck_agent_query_reserved_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_query_run'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_query_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_for_user'], ['core.users.id'], name=op.f('fk_agent_query_requested_for_user_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_query')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_query_client_id_id')),
    schema='agents',
    comment='Every call of a language model: which one, what it cost, how it ended; text only as a hash, or for 30 days.'
    )
    op.create_index('ix_agent_query_client_id_created_at', 'agent_query', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_query_client_id_model_name_created_at', 'agent_query', ['client_id', 'model_name', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_query_raw_expires_at', 'agent_query', ['raw_expires_at'], unique=False, schema='agents', postgresql_where=sa.text('raw_expires_at IS NOT NULL'))
    op.create_index('ix_agent_query_requested_for_user', 'agent_query', ['requested_for_user'], unique=False, schema='agents', postgresql_where=sa.text('requested_for_user IS NOT NULL'))
    op.create_index('ix_agent_query_run', 'agent_query', ['client_id', 'run_id'], unique=False, schema='agents', postgresql_where=sa.text('run_id IS NOT NULL'))


def create_agent_run_steps() -> None:
    op.create_table('agent_run_steps',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('run_id', sa.UUID(), nullable=False, comment='The run that the step is part of.'),
    sa.Column('position', sa.Integer(), nullable=False, comment='Place of the step in its run, counted from 1.'),
    sa.Column('parent_position', sa.Integer(), nullable=True, comment='Place of the step that this one is inside of; NULL for a top one.'),
    sa.Column('kind', sa.Text(), nullable=False, comment='Whether a model was asked, a tool called or texts looked up.'),
    sa.Column('name', sa.Text(), nullable=False, comment='The model, the tool or the collection that was used.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'completed'"), nullable=False, comment='How the step ended.'),
    sa.Column('model_provider', sa.Text(), nullable=True, comment='Who runs the language model; NULL when the step used none.'),
    sa.Column('model_name', sa.Text(), nullable=True, comment='The language model; NULL when the step used none.'),
    sa.Column('input_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens sent; 0 when the step used no model.'),
    sa.Column('output_tokens', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Tokens received; 0 when the step used no model.'),
    sa.Column('cost_micros', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Price of the calls in millionths of a US dollar, as billed; failed calls count.'),
    sa.Column('cost_usd', sa.Numeric(precision=20, scale=6), sa.Computed('cost_micros::numeric * 0.000001', persisted=True), nullable=True, comment='The same price in US dollars.'),
    sa.Column('latency_ms', sa.BigInteger(), nullable=True, comment='Milliseconds the step took; NULL while it runs.'),
    sa.Column('input_hash', sa.LargeBinary(), nullable=True, comment='SHA-256 of what the step was given.'),
    sa.Column('output_hash', sa.LargeBinary(), nullable=True, comment='SHA-256 of what it gave back; NULL while it runs or when it failed.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The failure in words, without personal data; NULL unless it failed.'),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What a replay needs: parameters, keys of the texts found, sizes.'),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the step began (UTC).'),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True, comment='When the step ended (UTC); NULL until then.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("kind IN ('model', 'tool', 'retrieval')", name=op.f('ck_agent_run_steps_kind_known')),
    sa.CheckConstraint("status IN ('running', 'completed', 'failed', 'skipped')", name=op.f('ck_agent_run_steps_status_known')),
    sa.CheckConstraint('cost_micros >= 0', name=op.f('ck_agent_run_steps_cost_not_negative')),
    sa.CheckConstraint('finished_at >= started_at', name=op.f('ck_agent_run_steps_finished_after_started')),
    sa.CheckConstraint('input_tokens >= 0', name=op.f('ck_agent_run_steps_input_tokens_not_negative')),
    sa.CheckConstraint('latency_ms >= 0', name=op.f('ck_agent_run_steps_latency_not_negative')),
    sa.CheckConstraint('octet_length(input_hash) = 32', name=op.f('ck_agent_run_steps_input_hash_is_sha256')),
    sa.CheckConstraint('octet_length(output_hash) = 32', name=op.f('ck_agent_run_steps_output_hash_is_sha256')),
    sa.CheckConstraint('output_tokens >= 0', name=op.f('ck_agent_run_steps_output_tokens_not_negative')),
    sa.CheckConstraint('parent_position >= 1 AND parent_position < position', name=op.f('ck_agent_run_steps_parent_before')),
    sa.CheckConstraint('position >= 1', name=op.f('ck_agent_run_steps_position_positive')),
    sa.ForeignKeyConstraint(['client_id', 'run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_run_steps_run', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_run_steps_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_run_steps')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_run_steps_client_id_id')),
    sa.UniqueConstraint('client_id', 'run_id', 'position', name=op.f('uq_agent_run_steps_client_id_run_id_position')),
    schema='agents',
    comment='The steps of a run, in order: each model asked, tool called and collection searched, with cost and time.'
    )
    op.create_index('ix_agent_run_steps_client_id_created_at', 'agent_run_steps', ['client_id', 'created_at'], unique=False, schema='agents')


def create_agent_feedback() -> None:
    op.create_table('agent_feedback',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('run_id', sa.UUID(), nullable=True, comment='The run that made the suggestion; NULL when it is not known.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='The request it was decided with; NULL when there was none.'),
    sa.Column('operator_id', sa.UUID(), server_default=sa.text('app.current_user_id()'), nullable=True, comment='The person who gave the feedback; people can name only themselves, NULL for a job.'),
    sa.Column('verdict', sa.Text(), nullable=False, comment='Whether the suggestion was taken, changed or refused.'),
    sa.Column('reason_codes', sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False, comment='Short names of the reasons, such as tone or wrong_fact; empty when none was given.'),
    sa.Column('comment', sa.Text(), nullable=True, comment="The reason in the operator's words."),
    sa.Column('original_text', sa.Text(), nullable=True, comment='What the agent suggested; NULL when it was not a text.'),
    sa.Column('edited_text', sa.Text(), nullable=True, comment='What the operator made of it; NULL unless it was changed.'),
    sa.Column('edit_distance', sa.Integer(), nullable=True, comment='Letters added, removed or replaced from original to edited; NULL when it was not a text.'),
    sa.Column('is_eval_case', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether the pair of texts is kept as a case that new prompts and models are tried on.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("verdict <> 'edited' OR edited_text IS NOT NULL", name=op.f('ck_agent_feedback_edited_has_text')),
    sa.CheckConstraint("verdict IN ('accepted', 'edited', 'rejected')", name=op.f('ck_agent_feedback_verdict_known')),
    sa.CheckConstraint('array_position(reason_codes, NULL) IS NULL', name=op.f('ck_agent_feedback_reason_codes_named')),
    sa.CheckConstraint('edit_distance >= 0', name=op.f('ck_agent_feedback_edit_distance_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'approval_id'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_agent_feedback_approval'),
    sa.ForeignKeyConstraint(['client_id', 'run_id'], ['agents.agent_run.client_id', 'agents.agent_run.id'], name='fk_agent_feedback_run'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_agent_feedback_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['operator_id'], ['core.users.id'], name=op.f('fk_agent_feedback_operator_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agent_feedback')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_agent_feedback_client_id_id')),
    schema='agents',
    comment='What operators made of the suggestions of agents: taken, changed or refused, why, and by how much.'
    )
    op.create_index('ix_agent_feedback_approval', 'agent_feedback', ['client_id', 'approval_id'], unique=False, schema='agents', postgresql_where=sa.text('approval_id IS NOT NULL'))
    op.create_index('ix_agent_feedback_client_id_created_at', 'agent_feedback', ['client_id', 'created_at'], unique=False, schema='agents')
    op.create_index('ix_agent_feedback_client_id_updated_at', 'agent_feedback', ['client_id', 'updated_at'], unique=False, schema='agents')
    op.create_index('ix_agent_feedback_eval_cases', 'agent_feedback', ['client_id', 'created_at'], unique=False, schema='agents', postgresql_where=sa.text('is_eval_case'))
    op.create_index('ix_agent_feedback_operator_id', 'agent_feedback', ['operator_id'], unique=False, schema='agents', postgresql_where=sa.text('operator_id IS NOT NULL'))
    op.create_index('ix_agent_feedback_run', 'agent_feedback', ['client_id', 'run_id'], unique=False, schema='agents', postgresql_where=sa.text('run_id IS NOT NULL'))


def downgrade() -> None:
    for statement in agents.undo():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
