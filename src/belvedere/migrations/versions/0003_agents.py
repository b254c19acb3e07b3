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
    create_agent_approval()


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
    sa.Column('cost_usd', sa.Numeric(precision=20, scale=6), sa.Computed('cost_micros::numeric / 1000000', persisted=True), nullable=True, comment='The same price in US dollars.'),
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
    op.alter_column('api_tokens', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('api_tokens', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('audit_log', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('channels', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('channels', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('channels', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('channels', 'updated_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row last changed (UTC); kept by a trigger.',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('clients', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('clients', 'updated_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row last changed (UTC); kept by a trigger.',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('creds_meta', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('creds_meta', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('creds_meta', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('creds_meta', 'updated_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row last changed (UTC); kept by a trigger.',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('deliveries', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('deliveries', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('deliveries', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('delivery_attempts', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('idempotency_keys', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('idempotency_keys', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('installation', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('outbox_events', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('outbox_events', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('outbox_events', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('user_clients', 'client_id',
               existing_type=sa.INTEGER(),
               comment='Client the row belongs to; 0 is the agency itself.',
               existing_nullable=False,
               existing_server_default=sa.text('0'),
               schema='core')
    op.alter_column('user_clients', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('user_sessions', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('user_sessions', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('users', 'id',
               existing_type=sa.UUID(),
               comment='Key of the row.',
               existing_nullable=False,
               existing_server_default=sa.text('gen_random_uuid()'),
               schema='core')
    op.alter_column('users', 'created_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row was written (UTC).',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')
    op.alter_column('users', 'updated_at',
               existing_type=postgresql.TIMESTAMP(timezone=True),
               comment='When the row last changed (UTC); kept by a trigger.',
               existing_nullable=False,
               existing_server_default=sa.text('now()'),
               schema='core')


def downgrade() -> None:
    for statement in agents.undo():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
