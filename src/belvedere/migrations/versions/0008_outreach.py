"""Outreach: leads to conversations"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import outreach

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(outreach.checks().replace("%", "%%"))
    create_tables()
    for statement in outreach.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    create_campaigns()
    create_email_send_months()
    create_erasure_requests()
    create_lia_records()
    create_retention_runs()
    create_scraping_jobs()
    create_suppressions()
    create_tracking_events()
    create_tracking_tokens()
    create_ab_tests()
    create_campaign_steps()
    create_leads()
    create_mailboxes()
    create_ab_assignments()
    create_campaign_enrollments()
    create_campaign_mailboxes()
    create_conversations()
    create_email_sends()
    create_lead_outcomes()
    create_website_analyses()
    create_conversation_messages()
    create_demo_sites()
    create_enrollment_steps()
    create_videos()


def create_campaigns() -> None:
    op.create_table('campaigns',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('name', sa.String(length=255), nullable=True, comment='What the campaign is called.'),
    sa.Column('source_types', sa.ARRAY(sa.String()), nullable=True, comment='Sources whose leads it takes; NULL takes every source.'),
    sa.Column('filters', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Which leads it takes: country, industry, score and the like.'),
    sa.Column('daily_limit', sa.Integer(), server_default=sa.text('100'), nullable=False, comment="Most mails on a calendar day of the campaign's zone, first touches and follow-ups together."),
    sa.Column('send_window', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='When mails may go: timezone, fallback_timezone, days (1 is Monday), start, end (exclusive), min_gap_seconds, jitter_seconds, holidays; NULL is any time.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'active'"), nullable=False, comment='State of the campaign.'),
    sa.Column('pause_reason', sa.String(length=20), nullable=True, comment='Why it rests; NULL while it does not.'),
    sa.Column('pause_note', sa.Text(), nullable=True, comment='What exactly led to the pause, in words.'),
    sa.Column('timezone', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment='IANA zone in which its days begin.'),
    sa.Column('tracks_opens', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether mails carry an open pixel.'),
    sa.Column('tracks_clicks', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether links lead through a redirect.'),
    sa.Column('stop_on_reply', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether a human reply ends the sequence.'),
    sa.Column('auto_reply', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether allowed kinds of reply are answered without approval.'),
    sa.Column('created_by', sa.UUID(), nullable=True, comment='Who made it; NULL when the system did.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When it first became active; NULL before.'),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True, comment='When it was paused; NULL while it is not.'),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='When its last mail was done; NULL before.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("pause_reason IN ('by_person', 'bounce', 'complaint', 'auth', 'mailbox_down', 'srm')", name=op.f('ck_campaigns_pause_reason_known')),
    sa.CheckConstraint("pause_reason IS NULL OR status <> 'active'", name=op.f('ck_campaigns_active_does_not_pause')),
    sa.CheckConstraint("status IN ('draft', 'active', 'paused', 'completed', 'archived')", name=op.f('ck_campaigns_status_known')),
    sa.CheckConstraint('daily_limit BETWEEN 0 AND 100000', name=op.f('ck_campaigns_daily_limit_range')),
    sa.CheckConstraint('outreach.is_send_window(send_window)', name=op.f('ck_campaigns_send_window_shape')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_campaigns_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['core.users.id'], name=op.f('fk_campaigns_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_campaigns_client_id_id')),
    schema='outreach',
    comment='Series of mails to leads, with the window and the limit they keep.'
    )
    op.create_index('ix_campaigns_active', 'campaigns', ['client_id'], unique=False, schema='outreach', postgresql_where=sa.text("status = 'active'"))
    op.create_index('ix_campaigns_client_id_created_at', 'campaigns', ['client_id', 'created_at'], unique=False, schema='outreach')


def create_email_send_months() -> None:
    op.create_table('email_send_months',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('part_month', sa.Date(), nullable=False, comment='First day of the dropped month of email_sends.'),
    sa.Column('month', sa.Date(), nullable=False, comment='First day of the month (UTC) in which the mails were sent.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign; NULL for single mails. No foreign key: the counts outlive it.'),
    sa.Column('sent', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails that a provider took.'),
    sa.Column('first_touches', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment="Mails of these that were a lead's first of its campaign."),
    sa.Column('bounced', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails of these that came back.'),
    sa.Column('complained', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails of these that were reported as spam.'),
    sa.Column('opened', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails of these that a person opened.'),
    sa.Column('clicked', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails of these in which a person clicked.'),
    sa.Column('replied', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Mails of these that a person answered.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint('extract(day FROM month) = 1', name=op.f('ck_email_send_months_month_is_a_first')),
    sa.CheckConstraint('extract(day FROM part_month) = 1', name=op.f('ck_email_send_months_part_month_is_a_first')),
    sa.CheckConstraint('greatest(first_touches, bounced, complained, opened, clicked, replied) <= sent', name=op.f('ck_email_send_months_counts_within_sent')),
    sa.CheckConstraint('least(sent, first_touches, bounced, complained, opened, clicked, replied) >= 0', name=op.f('ck_email_send_months_counts_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_email_send_months_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_email_send_months')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_email_send_months_client_id_id')),
    sa.UniqueConstraint('client_id', 'part_month', 'month', 'campaign_id', name=op.f('uq_email_send_months_client_id_part_month_month_campaign_id'), postgresql_nulls_not_distinct=True),
    schema='outreach',
    comment='Counts of mails whose month was dropped, so that figures stay the same.'
    )


def create_erasure_requests() -> None:
    op.create_table('erasure_requests',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('email_token', sa.Text(), nullable=True, comment='Keyed hash of the address to erase; NULL when only the lead was named.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Lead to erase; a plain value, because the row outlives it.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'received'"), nullable=False, comment='State of the request.'),
    sa.Column('requested_via', sa.String(length=30), server_default=sa.text("'person'"), nullable=False, comment='How it came in: person, reply, letter, api.'),
    sa.Column('requested_by', sa.UUID(), nullable=True, comment='Who entered it; NULL when it came in by itself.'),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it came in.'),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True, comment='Until when it must be done: 30 days after it came in.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When work began; NULL before.'),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='When it ended; NULL before.'),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Rows removed and cleared by table, and what the last look found; no personal data.'),
    sa.Column('residual_rows', sa.Integer(), nullable=True, comment='Rows the last look still found; NULL before it, 0 when all is gone.'),
    sa.Column('signature', sa.Text(), nullable=True, comment='Keyed hash of the report; NULL before.'),
    sa.Column('refusal', sa.Text(), nullable=True, comment='Why it was refused; NULL otherwise.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("email_token ~ '^[0-9a-f]{64}$'", name=op.f('ck_erasure_requests_email_token_shape')),
    sa.CheckConstraint("status <> 'completed' OR (completed_at IS NOT NULL AND residual_rows = 0)", name=op.f('ck_erasure_requests_completed_left_nothing')),
    sa.CheckConstraint("status <> 'refused' OR refusal IS NOT NULL", name=op.f('ck_erasure_requests_refused_says_why')),
    sa.CheckConstraint("status IN ('received', 'running', 'completed', 'refused', 'failed')", name=op.f('ck_erasure_requests_status_known')),
    sa.CheckConstraint('num_nonnulls(email_token, lead_id) >= 1', name=op.f('ck_erasure_requests_names_somebody')),
    sa.CheckConstraint('residual_rows >= 0', name=op.f('ck_erasure_requests_residual_rows_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_erasure_requests_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['core.users.id'], name=op.f('fk_erasure_requests_requested_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure_requests')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_erasure_requests_client_id_id')),
    schema='outreach',
    comment='Requests to erase a person, and the proof that it was done.'
    )
    op.create_index('ix_erasure_requests_client_id_received_at', 'erasure_requests', ['client_id', 'received_at'], unique=False, schema='outreach')
    op.create_index('ix_erasure_requests_open', 'erasure_requests', ['due_at'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('received', 'running')"))


def create_lia_records() -> None:
    op.create_table('lia_records',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('name', sa.Text(), nullable=False, comment='What the assessment is called in lists.'),
    sa.Column('purpose', sa.Text(), nullable=False, comment='The interest that is pursued.'),
    sa.Column('necessity', sa.Text(), nullable=False, comment='Why it needs this data and nothing less would do.'),
    sa.Column('balancing', sa.Text(), nullable=False, comment="How the interest weighs against the person's own."),
    sa.Column('reviewed_by', sa.UUID(), nullable=True, comment='Who reviewed it last.'),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True, comment='When it was reviewed last; NULL until the first review.'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='From when it no longer carries a contact; NULL without an end.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint('(reviewed_by IS NULL) = (reviewed_at IS NULL)', name=op.f('ck_lia_records_review_is_whole')),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_lia_records_expires_later')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_lia_records_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['reviewed_by'], ['core.users.id'], name=op.f('fk_lia_records_reviewed_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lia_records')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_lia_records_client_id_id')),
    schema='outreach',
    comment='Assessments of legitimate interest that leads without consent rest on.'
    )


def create_retention_runs() -> None:
    op.create_table('retention_runs',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='What was looked at.'),
    sa.Column('dry_run', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether it only counted.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'running'"), nullable=False, comment='State of the run.'),
    sa.Column('cutoff', sa.DateTime(timezone=True), nullable=False, comment='What is older goes.'),
    sa.Column('rows_due', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Rows past their time.'),
    sa.Column('rows_removed', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Rows deleted.'),
    sa.Column('rows_cleared', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Rows whose personal parts were cleared.'),
    sa.Column('rows_held', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Rows past their time that a hold kept.'),
    sa.Column('months_dropped', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Whole months dropped.'),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Counts by table.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The failure in words; NULL without one.'),
    sa.Column('started_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it began.'),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='When it ended; NULL while it runs.'),
    sa.CheckConstraint("kind IN ('leads', 'sends', 'conversations', 'model_hashes', 'assets', 'tracking')", name=op.f('ck_retention_runs_kind_known')),
    sa.CheckConstraint("status IN ('running', 'completed', 'failed')", name=op.f('ck_retention_runs_status_known')),
    sa.CheckConstraint('NOT dry_run OR rows_removed + rows_cleared + months_dropped = 0', name=op.f('ck_retention_runs_dry_run_changes_nothing')),
    sa.CheckConstraint('completed_at >= started_at', name=op.f('ck_retention_runs_completed_after_start')),
    sa.CheckConstraint('least(rows_due, rows_removed, rows_cleared, rows_held, months_dropped) >= 0', name=op.f('ck_retention_runs_counts_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_retention_runs_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_retention_runs')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_retention_runs_client_id_id')),
    schema='outreach',
    comment='Runs of retention and what each removed.'
    )
    op.create_index('ix_retention_runs_client_id_started_at', 'retention_runs', ['client_id', 'started_at'], unique=False, schema='outreach')


def create_scraping_jobs() -> None:
    op.create_table('scraping_jobs',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('name', sa.String(length=255), nullable=False, comment='What the job is called in lists.'),
    sa.Column('source_platform', sa.String(length=50), nullable=False, comment='Where leads are looked for: web, directory, maps.'),
    sa.Column('query', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What to look for: terms, region, categories, start addresses.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'queued'"), nullable=False, comment='State of the job.'),
    sa.Column('respects_robots', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether robots.txt binds it.'),
    sa.Column('per_host_delay_ms', sa.Integer(), server_default=sa.text('1000'), nullable=False, comment='Least pause between two requests to one host, in milliseconds.'),
    sa.Column('max_pages', sa.Integer(), server_default=sa.text('1000'), nullable=False, comment='Pages after which it stops.'),
    sa.Column('max_leads', sa.Integer(), nullable=True, comment='Leads after which it stops; NULL without a limit.'),
    sa.Column('pages_fetched', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Pages read so far.'),
    sa.Column('leads_found', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Leads that were new.'),
    sa.Column('leads_merged', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Finds that were known leads.'),
    sa.Column('cursor', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Where to go on after a stop.'),
    sa.Column('error_code', sa.Text(), nullable=True, comment='Stable code of the failure; NULL without one.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The failure in words; NULL without one.'),
    sa.Column('requested_by', sa.UUID(), nullable=True, comment='Who asked for it; NULL for a schedule.'),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True, comment='Until when a worker holds it; NULL when nobody does.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When work began; NULL while queued.'),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='When it ended, well or not; NULL before.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("status IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name=op.f('ck_scraping_jobs_status_known')),
    sa.CheckConstraint('completed_at >= started_at', name=op.f('ck_scraping_jobs_completed_after_start')),
    sa.CheckConstraint('max_leads > 0', name=op.f('ck_scraping_jobs_max_leads_positive')),
    sa.CheckConstraint('max_pages > 0', name=op.f('ck_scraping_jobs_max_pages_positive')),
    sa.CheckConstraint('pages_fetched >= 0 AND leads_found >= 0 AND leads_merged >= 0', name=op.f('ck_scraping_jobs_counts_not_negative')),
    sa.CheckConstraint('per_host_delay_ms BETWEEN 0 AND 3600000', name=op.f('ck_scraping_jobs_per_host_delay_ms_range')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_scraping_jobs_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['core.users.id'], name=op.f('fk_scraping_jobs_requested_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scraping_jobs')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_scraping_jobs_client_id_id')),
    schema='outreach',
    comment='Searches for leads, whatever the source, with their limits and their progress.'
    )
    op.create_index('ix_scraping_jobs_client_id_created_at', 'scraping_jobs', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_scraping_jobs_queue', 'scraping_jobs', ['created_at'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('queued', 'running')"))


def create_suppressions() -> None:
    op.create_table('suppressions',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('email_token', sa.Text(), nullable=True, comment='Keyed hash of the address, so that it survives erasure; NULL for a whole domain.'),
    sa.Column('domain', sa.Text(), nullable=True, comment='Domain that is suppressed as a whole; NULL for one address.'),
    sa.Column('reason', sa.String(length=20), nullable=False, comment='Why nobody writes there.'),
    sa.Column('source', sa.Text(), server_default=sa.text("'system'"), nullable=False, comment='What told it: link, reply, provider, import, person.'),
    sa.Column('note', sa.Text(), nullable=True, comment='Remark of a person; NULL without one.'),
    sa.Column('created_by', sa.UUID(), nullable=True, comment='Who entered it; NULL when the system did.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='Until when; NULL for ever.'),
    sa.CheckConstraint("email_token ~ '^[0-9a-f]{64}$'", name=op.f('ck_suppressions_email_token_shape')),
    sa.CheckConstraint("reason IN ('unsubscribe', 'hard_bounce', 'soft_bounces', 'complaint', 'manual', 'erasure', 'role', 'reply_optout')", name=op.f('ck_suppressions_reason_known')),
    sa.CheckConstraint('domain = lower(domain)', name=op.f('ck_suppressions_domain_lower_case')),
    sa.CheckConstraint('expires_at > created_at', name=op.f('ck_suppressions_expires_later')),
    sa.CheckConstraint('num_nonnulls(email_token, domain) = 1', name=op.f('ck_suppressions_address_or_domain')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_suppressions_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['created_by'], ['core.users.id'], name=op.f('fk_suppressions_created_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppressions')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_suppressions_client_id_id')),
    schema='outreach',
    comment='Addresses and domains that are not written to; rows of client 0 hold for every client.'
    )
    op.create_index('ix_suppressions_client_id_created_at', 'suppressions', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('uq_suppressions_client_id_domain_reason', 'suppressions', ['client_id', 'domain', 'reason'], unique=True, schema='outreach', postgresql_where=sa.text('domain IS NOT NULL'))
    op.create_index('uq_suppressions_client_id_email_token_reason', 'suppressions', ['client_id', 'email_token', 'reason'], unique=True, schema='outreach', postgresql_where=sa.text('email_token IS NOT NULL'))


def create_tracking_events() -> None:
    op.create_table('tracking_events',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row, together with the time.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('token', sa.UUID(), nullable=False, comment='Token that was called; no foreign key, so that tokens may go first.'),
    sa.Column('email_send_id', sa.UUID(), nullable=False, comment='Mail it belongs to; no foreign key, so that a month can be dropped.'),
    sa.Column('email_send_created_at', sa.DateTime(timezone=True), nullable=False, comment='When that mail was written: its month.'),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='What was called.'),
    sa.Column('verdict', sa.String(length=20), server_default=sa.text("'unknown'"), nullable=False, comment='Whether a person or a machine called.'),
    sa.Column('reason', sa.Text(), nullable=True, comment='Rule that judged so; address and agent of the caller are not kept.'),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was called.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("kind IN ('open', 'click', 'unsubscribe')", name=op.f('ck_tracking_events_kind_known')),
    sa.CheckConstraint("verdict IN ('human', 'machine', 'unknown')", name=op.f('ck_tracking_events_verdict_known')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_tracking_events_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', 'created_at', name=op.f('pk_tracking_events')),
    schema='outreach',
    comment='Calls of pixels and links with a verdict, parted by month and kept for three.',
    postgresql_partition_by='RANGE (created_at)'
    )
    op.create_index('ix_tracking_events_client_id_at', 'tracking_events', ['client_id', 'at'], unique=False, schema='outreach')
    op.create_index('ix_tracking_events_email_send_id', 'tracking_events', ['email_send_id', 'at'], unique=False, schema='outreach')


def create_tracking_tokens() -> None:
    op.create_table('tracking_tokens',
    sa.Column('token', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Random; says nothing about the address.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='What the token is for.'),
    sa.Column('email_send_id', sa.UUID(), nullable=False, comment='Mail it belongs to; no foreign key, so that a month can be dropped.'),
    sa.Column('email_send_created_at', sa.DateTime(timezone=True), nullable=False, comment='When that mail was written: its month.'),
    sa.Column('email_token', sa.Text(), nullable=False, comment='Keyed hash of the address, so that unsubscribing works after erasure.'),
    sa.Column('target_url', sa.Text(), nullable=True, comment='Where a click leads, stored when the mail was sent; NULL for other kinds.'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='From when it is no longer answered; NULL for unsubscribe links.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("(kind = 'click') = (target_url IS NOT NULL)", name=op.f('ck_tracking_tokens_click_has_a_target')),
    sa.CheckConstraint("email_token ~ '^[0-9a-f]{64}$'", name=op.f('ck_tracking_tokens_email_token_shape')),
    sa.CheckConstraint("kind IN ('open', 'click', 'unsubscribe')", name=op.f('ck_tracking_tokens_kind_known')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_tracking_tokens_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_tracking_tokens')),
    schema='outreach',
    comment='Tokens of the links and pixels of mails; unique across all months.'
    )
    op.create_index('ix_tracking_tokens_client_id_email_token', 'tracking_tokens', ['client_id', 'email_token'], unique=False, schema='outreach')
    op.create_index('ix_tracking_tokens_email_send_id', 'tracking_tokens', ['email_send_id'], unique=False, schema='outreach')
    op.create_index('ix_tracking_tokens_expires_at', 'tracking_tokens', ['expires_at'], unique=False, schema='outreach', postgresql_where=sa.text('expires_at IS NOT NULL'))


def create_ab_tests() -> None:
    op.create_table('ab_tests',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('name', sa.String(length=255), nullable=True, comment='What the test is called.'),
    sa.Column('element_type', sa.String(length=50), nullable=True, comment='What differs: subject, opening, call to action, demo, video.'),
    sa.Column('variants', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='2 to 8 variants as {key, name, content}; the first is the control.'),
    sa.Column('split_ratio', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Share of each variant by key; the shares add up to 1.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'active'"), nullable=False, comment='State of the test.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign it runs in; NULL across campaigns.'),
    sa.Column('metric', sa.String(length=20), server_default=sa.text("'reply'"), nullable=False, comment='What counts as success.'),
    sa.Column('allocation', sa.String(length=20), server_default=sa.text("'fixed'"), nullable=False, comment='Fixed shares, or shares that follow success.'),
    sa.Column('phase', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Counts up when shares change; nobody is assigned anew.'),
    sa.Column('max_leads', sa.Integer(), nullable=True, comment='Leads the looks are planned for; NULL for an open stream.'),
    sa.Column('looks_planned', sa.Integer(), server_default=sa.text('4'), nullable=False, comment='Looks at the figures that were planned.'),
    sa.Column('looks_done', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Looks taken.'),
    sa.Column('maturity_days', sa.Integer(), server_default=sa.text('7'), nullable=False, comment='Days after which a mail counts.'),
    sa.Column('alpha', sa.Numeric(precision=6, scale=5), server_default=sa.text('0.05'), nullable=False, comment='Chance of a false winner that is accepted.'),
    sa.Column('outcome', sa.String(length=20), nullable=True, comment='How it ended; NULL until decided.'),
    sa.Column('winner', sa.String(length=32), nullable=True, comment='Key of the winning variant; NULL without one.'),
    sa.Column('decision', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Everything the decision was computed from; NULL until decided.'),
    sa.Column('decided_by', sa.UUID(), nullable=True, comment='Who decided; NULL when the rule did.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When it began; NULL before.'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When it was decided; NULL before.'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("allocation IN ('fixed', 'thompson')", name=op.f('ck_ab_tests_allocation_known')),
    sa.CheckConstraint("coalesce(outcome = 'winner', false) = (winner IS NOT NULL)", name=op.f('ck_ab_tests_winner_only_when_won')),
    sa.CheckConstraint("metric IN ('reply', 'meeting', 'won')", name=op.f('ck_ab_tests_metric_known')),
    sa.CheckConstraint("outcome IN ('winner', 'no_difference', 'guardrail_loser', 'invalid_srm', 'stopped_manually')", name=op.f('ck_ab_tests_outcome_known')),
    sa.CheckConstraint("status IN ('draft', 'active', 'paused', 'decided', 'archived')", name=op.f('ck_ab_tests_status_known')),
    sa.CheckConstraint('(outcome IS NULL) = (decided_at IS NULL)', name=op.f('ck_ab_tests_decision_is_whole')),
    sa.CheckConstraint('(variants IS NULL) = (split_ratio IS NULL)', name=op.f('ck_ab_tests_variants_and_shares_together')),
    sa.CheckConstraint('alpha > 0 AND alpha < 1', name=op.f('ck_ab_tests_alpha_range')),
    sa.CheckConstraint('looks_planned BETWEEN 1 AND 100 AND looks_done BETWEEN 0 AND looks_planned', name=op.f('ck_ab_tests_looks_range')),
    sa.CheckConstraint('maturity_days BETWEEN 0 AND 365', name=op.f('ck_ab_tests_maturity_days_range')),
    sa.CheckConstraint('max_leads > 0', name=op.f('ck_ab_tests_max_leads_positive')),
    sa.CheckConstraint('outreach.is_split_of(variants, split_ratio)', name=op.f('ck_ab_tests_split_ratio_fits')),
    sa.CheckConstraint('outreach.is_variants(variants)', name=op.f('ck_ab_tests_variants_shape')),
    sa.CheckConstraint('phase >= 1', name=op.f('ck_ab_tests_phase_positive')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_ab_tests_campaign'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ab_tests_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['decided_by'], ['core.users.id'], name=op.f('fk_ab_tests_decided_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_tests')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ab_tests_client_id_id')),
    schema='outreach',
    comment='Tests of variants of a mail, with the rule by which they are decided.'
    )
    op.create_index('ix_ab_tests_campaign_id', 'ab_tests', ['campaign_id'], unique=False, schema='outreach')
    op.create_index('ix_ab_tests_client_id_created_at', 'ab_tests', ['client_id', 'created_at'], unique=False, schema='outreach')


def create_campaign_steps() -> None:
    op.create_table('campaign_steps',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='Campaign the step belongs to.'),
    sa.Column('position', sa.Integer(), nullable=False, comment='Place in the sequence; 1 is the first touch.'),
    sa.Column('name', sa.Text(), nullable=True, comment='What the step is called in lists.'),
    sa.Column('wait_days', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Days after the step before; 0 for the first.'),
    sa.Column('subject', sa.Text(), nullable=False, comment='Template of the subject.'),
    sa.Column('body', sa.Text(), nullable=False, comment='Template of the text.'),
    sa.Column('with_demo', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment="Whether it shows the lead's demo site."),
    sa.Column('with_video', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment="Whether it shows the lead's video."),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether it is sent.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint('position BETWEEN 1 AND 50', name=op.f('ck_campaign_steps_position_range')),
    sa.CheckConstraint('wait_days BETWEEN 0 AND 365', name=op.f('ck_campaign_steps_wait_days_range')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_campaign_steps_campaign', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_campaign_steps_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_steps')),
    sa.UniqueConstraint('client_id', 'campaign_id', 'position', name=op.f('uq_campaign_steps_client_id_campaign_id_position')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_campaign_steps_client_id_id')),
    schema='outreach',
    comment='The mails of a campaign in their order.'
    )


def create_leads() -> None:
    op.create_table('leads',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('company_name', sa.Text(), nullable=True, comment='Name of the shop or company.'),
    sa.Column('domain', sa.Text(), nullable=True, comment='Registrable domain in lower case; NULL when it has no site.'),
    sa.Column('website_url', sa.Text(), nullable=True, comment='Address of the site as found.'),
    sa.Column('contact_name', sa.Text(), nullable=True, comment='Person to write to; NULL when unknown.'),
    sa.Column('contact_title', sa.Text(), nullable=True, comment="The person's role there."),
    sa.Column('email', sa.Text(), nullable=True, comment='Address to write to; unique for a client without regard to case.'),
    sa.Column('email_token', sa.Text(), nullable=True, comment='Keyed hash of the address (HMAC-SHA256, hex): the only form that logs and analytics use.'),
    sa.Column('email_status', sa.String(length=20), server_default=sa.text("'unknown'"), nullable=False, comment='What is known about the address.'),
    sa.Column('phone', sa.Text(), nullable=True, comment='Telephone number in international form.'),
    sa.Column('country', sa.String(length=2), nullable=True, comment='ISO 3166-1 alpha-2 code.'),
    sa.Column('region', sa.Text(), nullable=True, comment='State, canton or county.'),
    sa.Column('city', sa.Text(), nullable=True, comment='Town.'),
    sa.Column('timezone', sa.Text(), nullable=True, comment='IANA zone of the lead; NULL when not known.'),
    sa.Column('language', sa.String(length=35), nullable=True, comment='BCP 47 tag of the language to write in.'),
    sa.Column('industry', sa.Text(), nullable=True, comment='Line of business.'),
    sa.Column('source_platform', sa.String(length=50), nullable=True, comment='Where the lead was found.'),
    sa.Column('consent_source', sa.String(length=255), nullable=True, comment='Where and how consent was given; NULL without consent.'),
    sa.Column('consent_timestamp', sa.DateTime(timezone=True), nullable=True, comment='When consent was given; NULL without consent.'),
    sa.Column('consent_proof_url', sa.Text(), nullable=True, comment='Where the proof of consent stands.'),
    sa.Column('lawful_basis', sa.String(length=20), server_default=sa.text("'none'"), nullable=False, comment='On what the contact rests; none holds every mail.'),
    sa.Column('lia_id', sa.UUID(), nullable=True, comment='Assessment that a legitimate interest rests on; NULL otherwise.'),
    sa.Column('source_external_id', sa.Text(), nullable=True, comment='Key at the source; NULL when it has none.'),
    sa.Column('source_url', sa.Text(), nullable=True, comment='Page on which the lead was found.'),
    sa.Column('scraping_job_id', sa.UUID(), nullable=True, comment='Job that found it; NULL for imports and entries by hand.'),
    sa.Column('discovered_at', sa.DateTime(timezone=True), nullable=True, comment='When it was found.'),
    sa.Column('score', sa.Numeric(precision=5, scale=2), nullable=True, comment='How promising it is, 0 to 100; NULL until scored.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'new'"), nullable=False, comment='How far it has come.'),
    sa.Column('do_not_contact', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether nobody may write to it.'),
    sa.Column('owner_user_id', sa.UUID(), nullable=True, comment='Who looks after it; NULL for nobody.'),
    sa.Column('enrichment', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further facts by name, each as {value, source, fetched_at}.'),
    sa.Column('last_activity_at', sa.DateTime(timezone=True), nullable=True, comment='Last touch by either side; retention counts from here.'),
    sa.Column('retention_hold_until', sa.DateTime(timezone=True), nullable=True, comment='Until when retention leaves it alone; NULL without a hold.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f('ck_leads_country_shape')),
    sa.CheckConstraint("email_status IN ('unknown', 'valid', 'risky', 'invalid', 'role')", name=op.f('ck_leads_email_status_known')),
    sa.CheckConstraint("email_token ~ '^[0-9a-f]{64}$'", name=op.f('ck_leads_email_token_shape')),
    sa.CheckConstraint("lawful_basis <> 'consent' OR (consent_source IS NOT NULL AND consent_timestamp IS NOT NULL)", name=op.f('ck_leads_consent_is_documented')),
    sa.CheckConstraint("lawful_basis <> 'legitimate_interest' OR lia_id IS NOT NULL", name=op.f('ck_leads_interest_is_assessed')),
    sa.CheckConstraint("lawful_basis IN ('consent', 'legitimate_interest', 'contract', 'none')", name=op.f('ck_leads_lawful_basis_known')),
    sa.CheckConstraint("position('@' in email) > 1", name=op.f('ck_leads_email_shape')),
    sa.CheckConstraint("status IN ('new', 'analysed', 'contacted', 'replied', 'meeting', 'won', 'lost', 'archived', 'erased')", name=op.f('ck_leads_status_known')),
    sa.CheckConstraint('domain = lower(domain)', name=op.f('ck_leads_domain_lower_case')),
    sa.CheckConstraint('score BETWEEN 0 AND 100', name=op.f('ck_leads_score_range')),
    sa.ForeignKeyConstraint(['client_id', 'lia_id'], ['outreach.lia_records.client_id', 'outreach.lia_records.id'], name='fk_leads_lia'),
    sa.ForeignKeyConstraint(['client_id', 'scraping_job_id'], ['outreach.scraping_jobs.client_id', 'outreach.scraping_jobs.id'], name='fk_leads_scraping_job'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_leads_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['owner_user_id'], ['core.users.id'], name=op.f('fk_leads_owner_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leads')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_leads_client_id_id')),
    sa.UniqueConstraint('client_id', 'source_platform', 'source_external_id', name=op.f('uq_leads_client_id_source_platform_source_external_id')),
    schema='outreach',
    comment='Shops and companies that may be written to, with the proof that they may be.'
    )
    op.create_index('ix_leads_client_id_created_at', 'leads', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_leads_client_id_email_token', 'leads', ['client_id', 'email_token'], unique=False, schema='outreach')
    op.create_index('ix_leads_client_id_score', 'leads', ['client_id', 'score'], unique=False, schema='outreach')
    op.create_index('ix_leads_client_id_status_created_at', 'leads', ['client_id', 'status', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_leads_last_activity_at', 'leads', ['last_activity_at'], unique=False, schema='outreach')
    op.create_index('ix_leads_lia_id', 'leads', ['lia_id'], unique=False, schema='outreach')
    op.create_index('ix_leads_scraping_job_id', 'leads', ['scraping_job_id'], unique=False, schema='outreach')
    op.create_index('uq_leads_client_id_domain', 'leads', ['client_id', 'domain'], unique=True, schema='outreach', postgresql_where=sa.text('email IS NULL AND domain IS NOT NULL'))
    op.create_index('uq_leads_client_id_email', 'leads', ['client_id', sa.literal_column('lower(email)')], unique=True, schema='outreach')


def create_mailboxes() -> None:
    op.create_table('mailboxes',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('address', sa.Text(), nullable=False, comment='Address mails are sent from.'),
    sa.Column('display_name', sa.Text(), server_default=sa.text("''"), nullable=False, comment='Name shown as sender.'),
    sa.Column('provider', sa.String(length=20), nullable=False, comment='What carries the mail.'),
    sa.Column('sending_domain', sa.Text(), nullable=False, comment='Domain whose SPF, DKIM and DMARC are checked.'),
    sa.Column('credential_id', sa.UUID(), nullable=True, comment='Sealed credential; NULL until connected.'),
    sa.Column('settings', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Host, port and the like; nothing secret.'),
    sa.Column('timezone', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment='IANA zone of the mailbox.'),
    sa.Column('daily_limit', sa.Integer(), server_default=sa.text('40'), nullable=False, comment='Most mails in any 24 hours once the ramp is over.'),
    sa.Column('ramp_started_on', sa.Date(), nullable=True, comment='First day of the ramp; NULL when it needs none.'),
    sa.Column('ramp_start', sa.Integer(), server_default=sa.text('5'), nullable=False, comment='Mails on the first day of the ramp.'),
    sa.Column('ramp_step', sa.Integer(), server_default=sa.text('2'), nullable=False, comment='Further mails on each day of the ramp.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'ramping'"), nullable=False, comment='State of the mailbox.'),
    sa.Column('pause_reason', sa.String(length=20), nullable=True, comment='Why it rests; NULL while it works.'),
    sa.Column('preflight', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Last answers for SPF, DKIM, DMARC, alignment, MX, footer and unsubscribe host.'),
    sa.Column('preflight_at', sa.DateTime(timezone=True), nullable=True, comment='When these were last asked for; NULL before the first time.'),
    sa.Column('sync_cursor', sa.Text(), nullable=True, comment='Where reading of replies goes on.'),
    sa.Column('synced_at', sa.DateTime(timezone=True), nullable=True, comment='When replies were last read; NULL before the first time.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("pause_reason IN ('by_person', 'bounce', 'complaint', 'auth', 'mailbox_down', 'srm')", name=op.f('ck_mailboxes_pause_reason_known')),
    sa.CheckConstraint("position('@' in address) > 1", name=op.f('ck_mailboxes_address_shape')),
    sa.CheckConstraint("provider IN ('gmail', 'smtp', 'sandbox')", name=op.f('ck_mailboxes_provider_known')),
    sa.CheckConstraint("status IN ('ramping', 'active', 'paused', 'disconnected')", name=op.f('ck_mailboxes_status_known')),
    sa.CheckConstraint('daily_limit BETWEEN 1 AND 10000', name=op.f('ck_mailboxes_daily_limit_range')),
    sa.CheckConstraint('ramp_start > 0 AND ramp_step > 0', name=op.f('ck_mailboxes_ramp_positive')),
    sa.ForeignKeyConstraint(['client_id', 'credential_id'], ['core.creds_meta.client_id', 'core.creds_meta.id'], name='fk_mailboxes_credential'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_mailboxes_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailboxes')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_mailboxes_client_id_id')),
    schema='outreach',
    comment='Mailboxes that campaigns write from, with their limits and their health.'
    )
    op.create_index('ix_mailboxes_credential_id', 'mailboxes', ['credential_id'], unique=False, schema='outreach')
    op.create_index('uq_mailboxes_client_id_address', 'mailboxes', ['client_id', sa.literal_column('lower(address)')], unique=True, schema='outreach')


def create_ab_assignments() -> None:
    op.create_table('ab_assignments',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('test_id', sa.UUID(), nullable=False, comment='The test.'),
    sa.Column('lead_id', sa.UUID(), nullable=False, comment='The lead, or a random stand-in once it is erased; therefore no foreign key.'),
    sa.Column('variant', sa.String(length=32), nullable=False, comment='Key of the variant; it stays for good.'),
    sa.Column('phase', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Phase of the test in which it was assigned.'),
    sa.Column('bucket', sa.Integer(), nullable=False, comment='0 to 9999, from a hash of test and lead.'),
    sa.Column('exposed_at', sa.DateTime(timezone=True), nullable=True, comment='When the first mail with the variant was sent; NULL before.'),
    sa.Column('converted_at', sa.DateTime(timezone=True), nullable=True, comment='When success was seen; NULL without it.'),
    sa.Column('assigned_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was assigned.'),
    sa.CheckConstraint("variant ~ '^[A-Za-z0-9_-]{1,32}$'", name=op.f('ck_ab_assignments_variant_shape')),
    sa.CheckConstraint('bucket BETWEEN 0 AND 9999', name=op.f('ck_ab_assignments_bucket_range')),
    sa.CheckConstraint('converted_at IS NULL OR exposed_at IS NOT NULL', name=op.f('ck_ab_assignments_converted_after_exposure')),
    sa.CheckConstraint('phase >= 1', name=op.f('ck_ab_assignments_phase_positive')),
    sa.ForeignKeyConstraint(['client_id', 'test_id'], ['outreach.ab_tests.client_id', 'outreach.ab_tests.id'], name='fk_ab_assignments_test', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ab_assignments_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'test_id', 'lead_id', name=op.f('pk_ab_assignments')),
    schema='outreach',
    comment='Which lead sees which variant; what is stored always wins.'
    )
    op.create_index('ix_ab_assignments_lead_id', 'ab_assignments', ['lead_id'], unique=False, schema='outreach')
    op.create_index('ix_ab_assignments_test_id_variant', 'ab_assignments', ['test_id', 'variant'], unique=False, schema='outreach')


def create_campaign_enrollments() -> None:
    op.create_table('campaign_enrollments',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='Campaign the lead is in.'),
    sa.Column('lead_id', sa.UUID(), nullable=False, comment='The lead.'),
    sa.Column('mailbox_id', sa.UUID(), nullable=True, comment='Mailbox that writes to this lead throughout; NULL before the first mail.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'active'"), nullable=False, comment='State in the sequence.'),
    sa.Column('stop_reason', sa.String(length=30), nullable=True, comment='Why the sequence ended early; NULL otherwise.'),
    sa.Column('step_position', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Last step that was sent; 0 before the first.'),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True, comment='When the next step is due; NULL when none is.'),
    sa.Column('waiting_until', sa.DateTime(timezone=True), nullable=True, comment='Day of return named by an auto reply; NULL otherwise.'),
    sa.Column('enrolled_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the lead entered.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='When the sequence ended for it; NULL while it runs.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("status <> 'waiting' OR waiting_until IS NOT NULL", name=op.f('ck_campaign_enrollments_waiting_has_an_end')),
    sa.CheckConstraint("status IN ('active', 'waiting', 'paused', 'replied', 'completed', 'stopped')", name=op.f('ck_campaign_enrollments_status_known')),
    sa.CheckConstraint('step_position BETWEEN 0 AND 50', name=op.f('ck_campaign_enrollments_step_position_range')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_campaign_enrollments_campaign', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_campaign_enrollments_lead', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'mailbox_id'], ['outreach.mailboxes.client_id', 'outreach.mailboxes.id'], name='fk_campaign_enrollments_mailbox'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_campaign_enrollments_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaign_enrollments')),
    sa.UniqueConstraint('client_id', 'campaign_id', 'lead_id', name=op.f('uq_campaign_enrollments_client_id_campaign_id_lead_id')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_campaign_enrollments_client_id_id')),
    schema='outreach',
    comment='Leads in campaigns, each at most once in each, and how far they have come.'
    )
    op.create_index('ix_campaign_enrollments_due', 'campaign_enrollments', ['next_due_at'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('active', 'waiting')"))
    op.create_index('ix_campaign_enrollments_lead_id', 'campaign_enrollments', ['lead_id'], unique=False, schema='outreach')
    op.create_index('ix_campaign_enrollments_mailbox_id', 'campaign_enrollments', ['mailbox_id'], unique=False, schema='outreach')


def create_campaign_mailboxes() -> None:
    op.create_table('campaign_mailboxes',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='The campaign.'),
    sa.Column('mailbox_id', sa.UUID(), nullable=False, comment='A mailbox it may use.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_campaign_mailboxes_campaign', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'mailbox_id'], ['outreach.mailboxes.client_id', 'outreach.mailboxes.id'], name='fk_campaign_mailboxes_mailbox', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_campaign_mailboxes_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'campaign_id', 'mailbox_id', name=op.f('pk_campaign_mailboxes')),
    schema='outreach',
    comment='Which mailboxes a campaign may write from.'
    )
    op.create_index('ix_campaign_mailboxes_mailbox_id', 'campaign_mailboxes', ['mailbox_id'], unique=False, schema='outreach')


def create_conversations() -> None:
    op.create_table('conversations',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Lead it is with; NULL in the inbox of what matched nobody.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign it came from; NULL when it came from none.'),
    sa.Column('thread_metadata', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='What the provider knows the thread by: thread id, references, labels.'),
    sa.Column('last_message_at', sa.DateTime(timezone=True), nullable=True, comment='Time of the newest message; NULL without one.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'active'"), nullable=False, comment='State of the thread.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('mailbox_id', sa.UUID(), nullable=True, comment='Mailbox it lives in; NULL when not known.'),
    sa.Column('subject', sa.Text(), nullable=True, comment='Subject of the first message.'),
    sa.Column('matched_by', sa.String(length=20), nullable=True, comment='How the first reply found it; NULL before a reply.'),
    sa.Column('assigned_to', sa.UUID(), nullable=True, comment='Who answers; NULL for nobody.'),
    sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True, comment='When it comes back; NULL when not snoozed.'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("matched_by IN ('thread', 'header', 'sender', 'unmatched')", name=op.f('ck_conversations_matched_by_known')),
    sa.CheckConstraint("status <> 'snoozed' OR snoozed_until IS NOT NULL", name=op.f('ck_conversations_snoozed_has_an_end')),
    sa.CheckConstraint("status IN ('active', 'waiting', 'snoozed', 'closed', 'opted_out')", name=op.f('ck_conversations_status_known')),
    sa.ForeignKeyConstraint(['assigned_to'], ['core.users.id'], name=op.f('fk_conversations_assigned_to_users')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_conversations_campaign'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_conversations_lead', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'mailbox_id'], ['outreach.mailboxes.client_id', 'outreach.mailboxes.id'], name='fk_conversations_mailbox'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_conversations_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversations')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_conversations_client_id_id')),
    schema='outreach',
    comment='Threads with leads.'
    )
    op.create_index('ix_conversations_campaign_id', 'conversations', ['campaign_id'], unique=False, schema='outreach')
    op.create_index('ix_conversations_client_id_last_message_at', 'conversations', ['client_id', 'last_message_at'], unique=False, schema='outreach')
    op.create_index('ix_conversations_lead_id', 'conversations', ['lead_id'], unique=False, schema='outreach')
    op.create_index('ix_conversations_mailbox_id', 'conversations', ['mailbox_id'], unique=False, schema='outreach')
    op.create_index('ix_conversations_snoozed_until', 'conversations', ['snoozed_until'], unique=False, schema='outreach', postgresql_where=sa.text("status = 'snoozed'"))


def create_email_sends() -> None:
    op.create_table('email_sends',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row, together with the time.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign it belongs to; NULL for a single mail.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Lead it goes to; NULL once the lead is erased.'),
    sa.Column('subject_variant', sa.Text(), nullable=True, comment='Subject as sent; NULL once the lead is erased.'),
    sa.Column('body', sa.Text(), nullable=True, comment='Text as sent; NULL once the lead is erased.'),
    sa.Column('demo_url', sa.Text(), nullable=True, comment='Demo it shows; NULL without one.'),
    sa.Column('video_url', sa.Text(), nullable=True, comment='Video it shows; NULL without one.'),
    sa.Column('model_used', sa.String(length=50), nullable=True, comment='Model that wrote it; NULL for a template.'),
    sa.Column('tracking_token', sa.UUID(), nullable=True, comment='Token of its links; unique in tracking_tokens.'),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True, comment='When the provider took it; NULL before.'),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True, comment='First opening by a person; NULL without one.'),
    sa.Column('clicked_at', sa.DateTime(timezone=True), nullable=True, comment='First click by a person; NULL without one.'),
    sa.Column('replied_at', sa.DateTime(timezone=True), nullable=True, comment='First reply by a person; auto replies leave it NULL.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'queued'"), nullable=False, comment='State of the mail.'),
    sa.Column('hold_reason', sa.String(length=30), nullable=True, comment='Which check held or cancelled it; NULL otherwise.'),
    sa.Column('enrollment_id', sa.UUID(), nullable=True, comment='Place in its campaign; NULL for a single mail.'),
    sa.Column('step_id', sa.UUID(), nullable=True, comment='Step of the campaign; NULL for a single mail.'),
    sa.Column('step_position', sa.Integer(), nullable=True, comment="The step's place as sent; 1 is the first touch, NULL counts as one."),
    sa.Column('mailbox_id', sa.UUID(), nullable=True, comment='Mailbox it leaves from; NULL until chosen.'),
    sa.Column('ab_test_id', sa.UUID(), nullable=True, comment='Test it takes part in; NULL without one.'),
    sa.Column('ab_variant', sa.String(length=32), nullable=True, comment='Variant of that test; NULL without one.'),
    sa.Column('scheduled_at', sa.DateTime(timezone=True), nullable=True, comment='Slot it is planned for; NULL goes as soon as it may.'),
    sa.Column('attempt', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Tries so far.'),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True, comment='When a soft failure is tried again; NULL otherwise.'),
    sa.Column('lease_token', sa.UUID(), nullable=True, comment='Who holds it while it is sent; NULL otherwise.'),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True, comment='Until when it is held; NULL when nobody holds it.'),
    sa.Column('provider_message_id', sa.Text(), nullable=True, comment='Key at the provider; NULL before it was taken.'),
    sa.Column('thread_id', sa.Text(), nullable=True, comment='Thread at the provider; NULL before it was taken.'),
    sa.Column('bounced_at', sa.DateTime(timezone=True), nullable=True, comment='When it came back; NULL otherwise.'),
    sa.Column('bounce_class', sa.String(length=10), nullable=True, comment='hard or soft; NULL when it did not come back.'),
    sa.Column('bounce_code', sa.String(length=20), nullable=True, comment='Enhanced status code of the bounce, such as 5.1.1.'),
    sa.Column('complained_at', sa.DateTime(timezone=True), nullable=True, comment='When it was reported as spam; NULL otherwise.'),
    sa.Column('last_error', sa.Text(), nullable=True, comment='What went wrong last, in words and without addresses.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("bounce_class IN ('hard', 'soft')", name=op.f('ck_email_sends_bounce_class_known')),
    sa.CheckConstraint("hold_reason IN ('suppressed', 'do_not_contact', 'no_lawful_basis', 'campaign_not_active', 'preflight', 'outside_window', 'campaign_limit', 'mailbox_limit', 'stale_slot', 'replied', 'lead_erased', 'by_person')", name=op.f('ck_email_sends_hold_reason_known')),
    sa.CheckConstraint("status <> 'held' OR hold_reason IS NOT NULL", name=op.f('ck_email_sends_held_says_why')),
    sa.CheckConstraint("status <> 'sending' OR lease_until IS NOT NULL", name=op.f('ck_email_sends_sending_is_leased')),
    sa.CheckConstraint("status IN ('queued', 'held', 'sending', 'sent', 'bounced', 'complained', 'cancelled', 'failed')", name=op.f('ck_email_sends_status_known')),
    sa.CheckConstraint("status NOT IN ('sent', 'bounced', 'complained') OR sent_at IS NOT NULL", name=op.f('ck_email_sends_sent_has_a_time')),
    sa.CheckConstraint('(ab_test_id IS NULL) = (ab_variant IS NULL)', name=op.f('ck_email_sends_test_and_variant_together')),
    sa.CheckConstraint('attempt >= 0', name=op.f('ck_email_sends_attempt_not_negative')),
    sa.CheckConstraint('clicked_at >= sent_at', name=op.f('ck_email_sends_clicked_after_sending')),
    sa.CheckConstraint('opened_at >= sent_at', name=op.f('ck_email_sends_opened_after_sending')),
    sa.CheckConstraint('replied_at >= sent_at', name=op.f('ck_email_sends_replied_after_sending')),
    sa.CheckConstraint('sent_at IS NOT NULL OR (opened_at IS NULL AND clicked_at IS NULL AND replied_at IS NULL)', name=op.f('ck_email_sends_nothing_before_sending')),
    sa.CheckConstraint('step_position BETWEEN 1 AND 50', name=op.f('ck_email_sends_step_position_range')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_email_sends_campaign'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_email_sends_lead'),
    sa.ForeignKeyConstraint(['client_id', 'mailbox_id'], ['outreach.mailboxes.client_id', 'outreach.mailboxes.id'], name='fk_email_sends_mailbox'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_email_sends_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', 'created_at', name=op.f('pk_email_sends')),
    schema='outreach',
    comment='Every mail of outreach, parted by the month it was written in and kept for 24 months.',
    postgresql_partition_by='RANGE (created_at)'
    )
    op.create_index('ix_email_sends_campaign_id_sent_at', 'email_sends', ['campaign_id', 'sent_at'], unique=False, schema='outreach')
    op.create_index('ix_email_sends_client_id_created_at', 'email_sends', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_email_sends_client_id_queued', 'email_sends', ['client_id', 'campaign_id'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('queued', 'held')"))
    op.create_index('ix_email_sends_lead_id', 'email_sends', ['lead_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_email_sends_mailbox_id_sent_at', 'email_sends', ['mailbox_id', 'sent_at'], unique=False, schema='outreach')
    op.create_index('ix_email_sends_queued', 'email_sends', ['scheduled_at'], unique=False, schema='outreach', postgresql_where=sa.text("status = 'queued'"))
    op.create_index('ix_email_sends_sending', 'email_sends', ['lease_until'], unique=False, schema='outreach', postgresql_where=sa.text("status = 'sending'"))
    op.create_index('ix_email_sends_thread_id', 'email_sends', ['thread_id'], unique=False, schema='outreach', postgresql_where=sa.text('thread_id IS NOT NULL'))


def create_lead_outcomes() -> None:
    op.create_table('lead_outcomes',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='The lead; NULL once it is erased.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign it is credited to; NULL for none.'),
    sa.Column('kind', sa.String(length=20), nullable=False, comment='What came of it.'),
    sa.Column('amount', sa.Numeric(precision=15, scale=2), nullable=True, comment='Worth of the deal in its currency; NULL for meetings.'),
    sa.Column('currency', sa.String(length=3), nullable=True, comment='ISO 4217 code of the amount.'),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False, comment='When it happened.'),
    sa.Column('source', sa.String(length=50), server_default=sa.text("'manual'"), nullable=False, comment='What told it: manual, calendar, crm.'),
    sa.Column('external_id', sa.Text(), nullable=True, comment='Key at that source; NULL by hand.'),
    sa.Column('recorded_by', sa.UUID(), nullable=True, comment='Who entered it; NULL when a source did.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_lead_outcomes_currency_shape')),
    sa.CheckConstraint("kind <> 'deal_won' OR amount IS NOT NULL", name=op.f('ck_lead_outcomes_won_has_an_amount')),
    sa.CheckConstraint("kind IN ('meeting_booked', 'deal_won', 'deal_lost')", name=op.f('ck_lead_outcomes_kind_known')),
    sa.CheckConstraint('(amount IS NULL) = (currency IS NULL)', name=op.f('ck_lead_outcomes_amount_has_a_currency')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_lead_outcomes_amount_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['outreach.campaigns.client_id', 'outreach.campaigns.id'], name='fk_lead_outcomes_campaign'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_lead_outcomes_lead'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_lead_outcomes_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['recorded_by'], ['core.users.id'], name=op.f('fk_lead_outcomes_recorded_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lead_outcomes')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_lead_outcomes_client_id_id')),
    sa.UniqueConstraint('client_id', 'source', 'external_id', name=op.f('uq_lead_outcomes_client_id_source_external_id')),
    schema='outreach',
    comment='Meetings and deals that outreach led to.'
    )
    op.create_index('ix_lead_outcomes_campaign_id', 'lead_outcomes', ['campaign_id'], unique=False, schema='outreach')
    op.create_index('ix_lead_outcomes_client_id_occurred_at', 'lead_outcomes', ['client_id', 'occurred_at'], unique=False, schema='outreach')
    op.create_index('ix_lead_outcomes_lead_id', 'lead_outcomes', ['lead_id'], unique=False, schema='outreach')


def create_website_analyses() -> None:
    op.create_table('website_analyses',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('lead_id', sa.UUID(), nullable=False, comment='Lead whose site was analysed.'),
    sa.Column('url', sa.Text(), nullable=False, comment='Address that was asked for.'),
    sa.Column('final_url', sa.Text(), nullable=True, comment='Address after redirects.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'queued'"), nullable=False, comment='State of the analysis.'),
    sa.Column('http_status', sa.Integer(), nullable=True, comment='Status of the first page; NULL when no answer came.'),
    sa.Column('scores', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='performance, accessibility, best_practices and seo, each 0 to 100 or null; the median of the runs.'),
    sa.Column('tech_stack', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False, comment='Technologies found: name, version, category, evidence, confidence.'),
    sa.Column('findings', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False, comment='Findings: id, severity, title, evidence, impact.'),
    sa.Column('screenshots', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False, comment='Pictures of the pages: viewport and address in the object store.'),
    sa.Column('model_breakdown', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Models that took part, each with cost and judgement.'),
    sa.Column('lighthouse_report', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Trimmed report of the median run; the whole one stands in the object store.'),
    sa.Column('lighthouse_version', sa.Text(), nullable=True, comment='Version that measured; NULL for the audit without a browser.'),
    sa.Column('runs', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Runs whose median the scores are.'),
    sa.Column('content_hash', sa.Text(), nullable=True, comment="SHA-256 of the page's text; the same hash needs no second analysis."),
    sa.Column('error_code', sa.Text(), nullable=True, comment='Stable code of the failure; NULL without one.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The failure in words; NULL without one.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True, comment='When work began; NULL while queued.'),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True, comment='When it ended, well or not; NULL before.'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='From when it counts as stale.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("jsonb_typeof(findings) = 'array'", name=op.f('ck_website_analyses_findings_is_array')),
    sa.CheckConstraint("jsonb_typeof(screenshots) = 'array'", name=op.f('ck_website_analyses_screenshots_is_array')),
    sa.CheckConstraint("jsonb_typeof(tech_stack) = 'array'", name=op.f('ck_website_analyses_tech_stack_is_array')),
    sa.CheckConstraint("status IN ('queued', 'running', 'completed', 'failed', 'cancelled')", name=op.f('ck_website_analyses_status_known')),
    sa.CheckConstraint('completed_at >= started_at', name=op.f('ck_website_analyses_completed_after_start')),
    sa.CheckConstraint('http_status BETWEEN 100 AND 599', name=op.f('ck_website_analyses_http_status_range')),
    sa.CheckConstraint('outreach.is_scores(scores)', name=op.f('ck_website_analyses_scores_shape')),
    sa.CheckConstraint('runs BETWEEN 1 AND 50', name=op.f('ck_website_analyses_runs_range')),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_website_analyses_lead', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_website_analyses_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_website_analyses')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_website_analyses_client_id_id')),
    schema='outreach',
    comment="What an audit of a lead's website found."
    )
    op.create_index('ix_website_analyses_client_id_created_at', 'website_analyses', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_website_analyses_lead_id_created_at', 'website_analyses', ['lead_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_website_analyses_queue', 'website_analyses', ['created_at'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('queued', 'running')"))


def create_conversation_messages() -> None:
    op.create_table('conversation_messages',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('conversation_id', sa.UUID(), nullable=True, comment='Thread the message belongs to.'),
    sa.Column('direction', sa.String(length=10), nullable=True, comment='inbound or outbound.'),
    sa.Column('from_email', sa.String(length=255), nullable=True, comment='Sender.'),
    sa.Column('to_email', sa.String(length=255), nullable=True, comment='Receiver.'),
    sa.Column('subject', sa.Text(), nullable=True, comment='Subject.'),
    sa.Column('body', sa.Text(), nullable=True, comment='Text without quoted parts; what comes in is never trusted.'),
    sa.Column('model_used', sa.String(length=50), nullable=True, comment='Model that drafted it; NULL when a person wrote it.'),
    sa.Column('sentiment', sa.String(length=20), nullable=True, comment='Mood of an inbound message; NULL until judged.'),
    sa.Column('gmail_message_id', sa.String(length=255), nullable=True, comment='Key at the provider; unique in its mailbox.'),
    sa.Column('sent_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was sent or came in; for a draft, when it was written.'),
    sa.Column('mailbox_id', sa.UUID(), nullable=True, comment='Mailbox it went through; NULL for a draft.'),
    sa.Column('email_send_id', sa.UUID(), nullable=True, comment='Mail it belongs to; no foreign key, so that a month can be dropped.'),
    sa.Column('email_send_created_at', sa.DateTime(timezone=True), nullable=True, comment='When that mail was written: its month.'),
    sa.Column('state', sa.String(length=20), server_default=sa.text("'received'"), nullable=False, comment='State of the message; inbound ones are received.'),
    sa.Column('message_id_header', sa.Text(), nullable=True, comment='Its own Message-ID; NULL for a draft.'),
    sa.Column('in_reply_to', sa.Text(), nullable=True, comment='Message-ID it answers; NULL when it answers none.'),
    sa.Column('draft_of', sa.UUID(), nullable=True, comment='Inbound message that it is a draft to; NULL otherwise.'),
    sa.Column('drafted_body', sa.Text(), nullable=True, comment='Text as the model wrote it, to compare with what was sent.'),
    sa.Column('edit_distance', sa.Integer(), nullable=True, comment='Characters changed between draft and approval; NULL without both.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='Approval it waits for or got; NULL without one.'),
    sa.Column('approved_by', sa.UUID(), nullable=True, comment='Who approved it; NULL before.'),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True, comment='When it was approved; NULL before.'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='When a waiting draft lapses; NULL otherwise.'),
    sa.Column('intent', sa.String(length=30), nullable=True, comment='What an inbound message wants; NULL until judged.'),
    sa.Column('is_auto_reply', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether a machine wrote it; then nobody answers.'),
    sa.Column('language', sa.String(length=35), nullable=True, comment='BCP 47 tag; NULL when not known.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("direction <> 'inbound' OR state = 'received'", name=op.f('ck_conversation_messages_inbound_is_received')),
    sa.CheckConstraint("direction IN ('inbound', 'outbound')", name=op.f('ck_conversation_messages_direction_known')),
    sa.CheckConstraint("sentiment IN ('positive', 'neutral', 'negative', 'unknown')", name=op.f('ck_conversation_messages_sentiment_known')),
    sa.CheckConstraint("state <> 'approved' OR approved_at IS NOT NULL", name=op.f('ck_conversation_messages_approved_by_somebody')),
    sa.CheckConstraint("state IN ('received', 'draft', 'pending_approval', 'approved', 'queued', 'sent', 'rejected', 'expired')", name=op.f('ck_conversation_messages_state_known')),
    sa.CheckConstraint('(approved_by IS NULL) = (approved_at IS NULL)', name=op.f('ck_conversation_messages_approval_is_whole')),
    sa.CheckConstraint('(email_send_id IS NULL) = (email_send_created_at IS NULL)', name=op.f('ck_conversation_messages_send_is_whole')),
    sa.CheckConstraint('edit_distance >= 0', name=op.f('ck_conversation_messages_edit_distance_not_negative')),
    sa.ForeignKeyConstraint(['approved_by'], ['core.users.id'], name=op.f('fk_conversation_messages_approved_by_users')),
    sa.ForeignKeyConstraint(['client_id', 'approval_id'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_conversation_messages_approval'),
    sa.ForeignKeyConstraint(['client_id', 'conversation_id'], ['outreach.conversations.client_id', 'outreach.conversations.id'], name='fk_conversation_messages_conversation', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'draft_of'], ['outreach.conversation_messages.client_id', 'outreach.conversation_messages.id'], name='fk_conversation_messages_draft_of', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'mailbox_id'], ['outreach.mailboxes.client_id', 'outreach.mailboxes.id'], name='fk_conversation_messages_mailbox'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_conversation_messages_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_conversation_messages')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_conversation_messages_client_id_id')),
    sa.UniqueConstraint('client_id', 'mailbox_id', 'gmail_message_id', name=op.f('uq_conversation_messages_client_id_mailbox_id_gmail_message_id')),
    schema='outreach',
    comment='Messages of threads, theirs and ours; ours go out only with approval.'
    )
    op.create_index('ix_conversation_messages_approval_id', 'conversation_messages', ['approval_id'], unique=False, schema='outreach')
    op.create_index('ix_conversation_messages_client_id_sent_at', 'conversation_messages', ['client_id', 'sent_at'], unique=False, schema='outreach')
    op.create_index('ix_conversation_messages_conversation_id_sent_at', 'conversation_messages', ['conversation_id', 'sent_at'], unique=False, schema='outreach')
    op.create_index('ix_conversation_messages_draft_of', 'conversation_messages', ['draft_of'], unique=False, schema='outreach')
    op.create_index('ix_conversation_messages_message_id_header', 'conversation_messages', ['client_id', 'message_id_header'], unique=False, schema='outreach')
    op.create_index('ix_conversation_messages_waiting', 'conversation_messages', ['client_id', 'expires_at'], unique=False, schema='outreach', postgresql_where=sa.text("state = 'pending_approval'"))


def create_demo_sites() -> None:
    op.create_table('demo_sites',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Lead the demo was made for.'),
    sa.Column('analysis_id', sa.UUID(), nullable=True, comment='Analysis it answers; NULL when made without one.'),
    sa.Column('model_used', sa.String(length=50), nullable=True, comment='Model that wrote its contents.'),
    sa.Column('framework', sa.String(length=20), server_default=sa.text("'react'"), nullable=False, comment='What it is built with.'),
    sa.Column('preferences', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What was asked for: framework, fallback, colours.'),
    sa.Column('deployment_url', sa.Text(), nullable=True, comment='Unguessable address; NULL until deployed.'),
    sa.Column('qa_report', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Checks before deployment with their evidence, Lighthouse before and after, and whether the fallback was used.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'building'"), nullable=False, comment='State of the demo.'),
    sa.Column('builds_failed', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Builds that failed; after two the mockup is used.'),
    sa.Column('case_study', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether it is kept past the six months of assets.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The last failure in words; NULL without one.'),
    sa.Column('requested_by', sa.UUID(), nullable=True, comment='Who asked for it; NULL for a campaign.'),
    sa.Column('expected_ready_at', sa.DateTime(timezone=True), nullable=True, comment='When it is likely to be ready.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('deployed_at', sa.DateTime(timezone=True), nullable=True, comment='When it went up; NULL before.'),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True, comment='When it was moved to cold storage and its address answered 410; NULL before.'),
    sa.CheckConstraint("status <> 'deployed' OR (deployment_url IS NOT NULL AND deployed_at IS NOT NULL)", name=op.f('ck_demo_sites_deployed_is_whole')),
    sa.CheckConstraint("status IN ('queued', 'building', 'qa', 'deployed', 'archived', 'failed')", name=op.f('ck_demo_sites_status_known')),
    sa.CheckConstraint('archived_at >= created_at', name=op.f('ck_demo_sites_archived_after_creation')),
    sa.CheckConstraint('builds_failed >= 0', name=op.f('ck_demo_sites_builds_failed_not_negative')),
    sa.CheckConstraint('deployed_at >= created_at', name=op.f('ck_demo_sites_deployed_after_creation')),
    sa.ForeignKeyConstraint(['client_id', 'analysis_id'], ['outreach.website_analyses.client_id', 'outreach.website_analyses.id'], name='fk_demo_sites_analysis'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_demo_sites_lead', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_demo_sites_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['requested_by'], ['core.users.id'], name=op.f('fk_demo_sites_requested_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_demo_sites')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_demo_sites_client_id_id')),
    schema='outreach',
    comment='Demonstration sites built for leads.'
    )
    op.create_index('ix_demo_sites_analysis_id', 'demo_sites', ['analysis_id'], unique=False, schema='outreach')
    op.create_index('ix_demo_sites_client_id_created_at', 'demo_sites', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_demo_sites_in_progress', 'demo_sites', ['client_id', 'lead_id'], unique=False, schema='outreach', postgresql_where=sa.text("status IN ('queued', 'building', 'qa')"))
    op.create_index('ix_demo_sites_lead_id_created_at', 'demo_sites', ['lead_id', 'created_at'], unique=False, schema='outreach')


def create_enrollment_steps() -> None:
    op.create_table('enrollment_steps',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('enrollment_id', sa.UUID(), nullable=False, comment='Place of a lead in a campaign.'),
    sa.Column('step_id', sa.UUID(), nullable=False, comment='Step of that campaign.'),
    sa.Column('email_send_id', sa.UUID(), nullable=False, comment='Mail it belongs to; no foreign key, so that a month can be dropped.'),
    sa.Column('email_send_created_at', sa.DateTime(timezone=True), nullable=False, comment='When that mail was written: its month.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.ForeignKeyConstraint(['client_id', 'enrollment_id'], ['outreach.campaign_enrollments.client_id', 'outreach.campaign_enrollments.id'], name='fk_enrollment_steps_enrollment', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'step_id'], ['outreach.campaign_steps.client_id', 'outreach.campaign_steps.id'], name='fk_enrollment_steps_step', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_enrollment_steps_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'enrollment_id', 'step_id', name=op.f('pk_enrollment_steps')),
    schema='outreach',
    comment='Which mail took which step for which lead: a step is taken at most once, across all months.'
    )
    op.create_index('ix_enrollment_steps_step_id', 'enrollment_steps', ['step_id'], unique=False, schema='outreach')


def create_videos() -> None:
    op.create_table('videos',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('lead_id', sa.UUID(), nullable=True, comment='Lead the video was made for.'),
    sa.Column('demo_site_id', sa.UUID(), nullable=True, comment='Demo it shows; NULL when it shows none.'),
    sa.Column('script', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Scenes in order: picture, words, seconds.'),
    sa.Column('video_url', sa.Text(), nullable=True, comment='Where it plays; NULL until ready.'),
    sa.Column('duration_seconds', sa.Integer(), nullable=True, comment='Length in seconds; NULL until ready.'),
    sa.Column('watch_stats', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Plays and how far they went: plays, finished, average_percent.'),
    sa.Column('status', sa.String(length=20), server_default=sa.text("'generating'"), nullable=False, comment='State of the video.'),
    sa.Column('model_used', sa.String(length=50), nullable=True, comment='Model that wrote the script.'),
    sa.Column('width', sa.Integer(), nullable=True, comment='Width in pixels.'),
    sa.Column('height', sa.Integer(), nullable=True, comment='Height in pixels.'),
    sa.Column('case_study', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether it is kept past the six months of assets.'),
    sa.Column('error_message', sa.Text(), nullable=True, comment='The last failure in words; NULL without one.'),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=True, comment='When it could be played; NULL before.'),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True, comment='When it was moved to cold storage; NULL before.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("status <> 'ready' OR video_url IS NOT NULL", name=op.f('ck_videos_ready_has_address')),
    sa.CheckConstraint("status IN ('queued', 'generating', 'ready', 'archived', 'failed')", name=op.f('ck_videos_status_known')),
    sa.CheckConstraint('duration_seconds > 0', name=op.f('ck_videos_duration_seconds_positive')),
    sa.CheckConstraint('width > 0 AND height > 0', name=op.f('ck_videos_size_positive')),
    sa.ForeignKeyConstraint(['client_id', 'demo_site_id'], ['outreach.demo_sites.client_id', 'outreach.demo_sites.id'], name='fk_videos_demo_site'),
    sa.ForeignKeyConstraint(['client_id', 'lead_id'], ['outreach.leads.client_id', 'outreach.leads.id'], name='fk_videos_lead', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_videos_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_videos')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_videos_client_id_id')),
    schema='outreach',
    comment='Short personal videos made for leads.'
    )
    op.create_index('ix_videos_client_id_created_at', 'videos', ['client_id', 'created_at'], unique=False, schema='outreach')
    op.create_index('ix_videos_demo_site_id', 'videos', ['demo_site_id'], unique=False, schema='outreach')
    op.create_index('ix_videos_lead_id_created_at', 'videos', ['lead_id', 'created_at'], unique=False, schema='outreach')


def downgrade() -> None:
    for statement in outreach.downgrade_statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
