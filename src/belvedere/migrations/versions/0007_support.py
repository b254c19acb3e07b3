"""Support: curated replies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import support

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    for statement in support.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    op.create_table('support_curated_replies',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('key', sa.Text(), nullable=False, comment='Name that stays over versions and languages: order_status, returns_window.'),
    sa.Column('locale', sa.Text(), server_default=sa.text("'en'"), nullable=False, comment='BCP 47 tag of the text.'),
    sa.Column('version', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Counts up with every change of the text, from 1.'),
    sa.Column('title', sa.Text(), nullable=False, comment='What it answers, for people who look for it.'),
    sa.Column('body', sa.Text(), nullable=False, comment='The reply, with {{names}} where variables go.'),
    sa.Column('variables', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Variables of the text: name to an object with type (text, number, date, money, url), required and example.'),
    sa.Column('category', sa.Text(), server_default=sa.text("'general'"), nullable=False, comment='Shelf it stands on: shipping, returns, product and so on.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'draft'"), nullable=False, comment='draft, approved or retired; only approved replies may go out.'),
    sa.Column('author_id', sa.UUID(), nullable=True, comment='Who wrote it; NULL when it came with an import.'),
    sa.Column('approver_id', sa.UUID(), nullable=True, comment='Who approved it, never its author; NULL until then.'),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True, comment='When it was approved (UTC); NULL until then.'),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True, comment='When it was taken out of use (UTC); NULL while it is not.'),
    sa.Column('short_code', sa.Text(), nullable=True, comment='Short code of the canned response in Chatwoot; NULL when it is not there.'),
    sa.Column('chatwoot_id', sa.BigInteger(), nullable=True, comment='Key of the canned response in Chatwoot; NULL when it is not there.'),
    sa.Column('use_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='How often it was sent.'),
    sa.Column('edited_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='How often it was changed before it was sent.'),
    sa.Column('resolved_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Conversations that it resolved.'),
    sa.Column('reopened_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Conversations that came back after it.'),
    sa.Column('rated_count', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Answers to the question how satisfied the customer was.'),
    sa.Column('rating_sum', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Sum of these answers, 1 to 5 each.'),
    sa.Column('resolution_rate', sa.Numeric(), sa.Computed('round((resolved_count)::numeric(90, 40) / NULLIF((use_count)::numeric, 0), 6)', persisted=True), nullable=True, comment='Resolved conversations for each time it was sent, a fraction; NULL until it was.'),
    sa.Column('mean_rating', sa.Numeric(), sa.Computed('round((rating_sum)::numeric(90, 40) / NULLIF((rated_count)::numeric, 0), 4)', persisted=True), nullable=True, comment='Mean satisfaction, 1 to 5; NULL without answers.'),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True, comment='When it was last sent (UTC); NULL until it was.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(status = 'retired') = (retired_at IS NOT NULL)", name=op.f('ck_support_curated_replies_retired_has_time')),
    sa.CheckConstraint("btrim(title) <> '' AND btrim(body) <> ''", name=op.f('ck_support_curated_replies_text_not_blank')),
    sa.CheckConstraint("jsonb_typeof(variables) = 'object'", name=op.f('ck_support_curated_replies_variables_are_named')),
    sa.CheckConstraint("key ~ '^[a-z0-9][a-z0-9_.-]*$'", name=op.f('ck_support_curated_replies_key_is_name')),
    sa.CheckConstraint("status <> 'approved' OR approved_at IS NOT NULL", name=op.f('ck_support_curated_replies_approved_by_somebody')),
    sa.CheckConstraint("status IN ('draft', 'approved', 'retired')", name=op.f('ck_support_curated_replies_status_known')),
    sa.CheckConstraint('(approver_id IS NULL) = (approved_at IS NULL)', name=op.f('ck_support_curated_replies_approval_is_whole')),
    sa.CheckConstraint('author_id <> approver_id', name=op.f('ck_support_curated_replies_author_is_not_approver')),
    sa.CheckConstraint('rated_count >= 0 AND rating_sum BETWEEN rated_count AND rated_count * 5', name=op.f('ck_support_curated_replies_ratings_agree')),
    sa.CheckConstraint('use_count >= 0 AND edited_count BETWEEN 0 AND use_count AND resolved_count BETWEEN 0 AND use_count AND reopened_count BETWEEN 0 AND use_count', name=op.f('ck_support_curated_replies_counts_agree')),
    sa.CheckConstraint('version >= 1', name=op.f('ck_support_curated_replies_version_positive')),
    sa.ForeignKeyConstraint(['approver_id'], ['core.users.id'], name=op.f('fk_support_curated_replies_approver_id_users')),
    sa.ForeignKeyConstraint(['author_id'], ['core.users.id'], name=op.f('fk_support_curated_replies_author_id_users')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_support_curated_replies_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_support_curated_replies')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_support_curated_replies_client_id_id')),
    sa.UniqueConstraint('client_id', 'key', 'locale', 'version', name=op.f('uq_support_curated_replies_client_id_key_locale_version')),
    schema='support',
    comment='Replies that people wrote and others approved, by version and language, with how they did.'
    )
    op.create_index('ix_support_curated_replies_approver_id', 'support_curated_replies', ['approver_id'], unique=False, schema='support')
    op.create_index('ix_support_curated_replies_author_id', 'support_curated_replies', ['author_id'], unique=False, schema='support')
    op.create_index('ix_support_curated_replies_client_id_created_at', 'support_curated_replies', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='support')
    op.create_index('ix_support_curated_replies_client_id_status_category', 'support_curated_replies', ['client_id', 'status', 'category'], unique=False, schema='support')
    op.create_index('uq_support_curated_replies_one_approved', 'support_curated_replies', ['client_id', 'key', 'locale'], unique=True, schema='support', postgresql_where=sa.text("status = 'approved'"))
    op.create_index('uq_support_curated_replies_short_code', 'support_curated_replies', ['client_id', 'short_code', 'locale'], unique=True, schema='support', postgresql_where=sa.text("status = 'approved' AND short_code IS NOT NULL"))


def downgrade() -> None:
    op.execute("DROP TRIGGER guard_approval ON support.support_curated_replies")
    op.execute("DROP FUNCTION support.guard_approval()")
    op.drop_table("support_curated_replies", schema="support")
