"""The watch tower: rules that wait, recover and stand in for others; silences, storms, digests, evaluation runs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import watch

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    change_core()
    change_alerts()
    change_rules()
    for statement in watch.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    op.create_table('delivery_members',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('subject_type', sa.Text(), nullable=False, comment='Kind of the thing, such as alert.'),
    sa.Column('subject_id', sa.UUID(), nullable=False, comment='Key of that thing.'),
    sa.Column('kind', sa.Text(), nullable=False, comment='What the message tells of it, as in the delivery.'),
    sa.Column('channel', sa.Text(), nullable=False, comment='Kind of channel it goes by.'),
    sa.Column('destination', sa.Text(), nullable=False, comment='Whom it goes to.'),
    sa.Column('delivery_id', sa.UUID(), nullable=False, comment='The message that tells of it.'),
    sa.Column('line', sa.Text(), server_default=sa.text("''"), nullable=False, comment='How that message lists it.'),
    sa.CheckConstraint("channel IN ('discord_bot', 'discord_webhook', 'email', 'webhook')", name=op.f('ck_delivery_members_channel_known')),
    sa.CheckConstraint("kind IN ('opened', 'resolved', 'test', 'raised', 'again', 'storm', 'digest', 'notice')", name=op.f('ck_delivery_members_kind_known')),
    sa.ForeignKeyConstraint(['client_id', 'delivery_id'], ['core.deliveries.client_id', 'core.deliveries.id'], name='fk_delivery_members_delivery', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_delivery_members_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'subject_type', 'subject_id', 'kind', 'channel', 'destination', name=op.f('pk_delivery_members')),
    schema='core',
    comment='What a message for several things tells of; each thing once for each destination.'
    )
    op.create_table('rule_states',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('fingerprint', sa.Text(), nullable=False, comment='The finding that is on its way: rule, client, thing.'),
    sa.Column('rule_id', sa.UUID(), nullable=False, comment='The rule that waits.'),
    sa.Column('rule_client_id', sa.Integer(), nullable=False, comment='Client of that rule, its own or every client (0).'),
    sa.Column('rule_version', sa.Integer(), nullable=False, comment='Its version when the breach began.'),
    sa.Column('source_id', sa.UUID(), nullable=True, comment='The source it was seen at; NULL for several.'),
    sa.Column('external_id', sa.Text(), nullable=True, comment='Key of the thing at its platform; NULL for a whole reading.'),
    sa.Column('readings', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Readings in a row that breached.'),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False, comment='Data time of the first of them (UTC).'),
    sa.Column('last_snapshot_id', sa.UUID(), nullable=True, comment='The reading that breached last; NULL when not known.'),
    sa.CheckConstraint('readings >= 1', name=op.f('ck_rule_states_readings_positive')),
    sa.CheckConstraint('rule_client_id IN (0, client_id)', name=op.f('ck_rule_states_rule_of_same_client_or_agency')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_rule_states_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['rule_client_id', 'rule_id'], ['watch.watchtower_rules.client_id', 'watch.watchtower_rules.id'], name='fk_rule_states_rule', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'fingerprint', name=op.f('pk_rule_states')),
    schema='watch',
    comment='Breaches that have not lasted long enough to fire.'
    )
    op.create_table('silences',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('rule_id', sa.UUID(), nullable=True, comment='Only this rule; NULL for every rule.'),
    sa.Column('source_id', sa.UUID(), nullable=True, comment='Only this source; NULL for every source.'),
    sa.Column('severity', sa.String(length=20), nullable=True, comment='Only this severity; NULL for every one.'),
    sa.Column('external_id', sa.Text(), nullable=True, comment='Only this thing; NULL for everything.'),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False, comment='When it begins (UTC).'),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False, comment='When it ends (UTC).'),
    sa.Column('reason', sa.Text(), server_default=sa.text("''"), nullable=False, comment="Why, in a person's words."),
    sa.Column('created_by', sa.Text(), nullable=True, comment='Who asked for it; NULL when not known.'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='When its end was dealt with, or somebody ended it early (UTC); NULL until then.'),
    sa.Column('ended_by', sa.Text(), nullable=True, comment='Who ended it early; NULL when it ran out or runs.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("severity IN ('info', 'warning', 'critical')", name=op.f('ck_silences_severity_known')),
    sa.CheckConstraint('ends_at > starts_at', name=op.f('ck_silences_runs_forward')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_silences_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_silences')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_silences_client_id_id')),
    schema='watch',
    comment='Times in which alerts open but nobody is told; client 0 silences every client.'
    )
    op.create_table('storms',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('rule_id', sa.UUID(), nullable=False, comment='The rule for every client that fires everywhere.'),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False, comment='First opening of it (UTC).'),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False, comment='Newest opening of it (UTC).'),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True, comment='When no more came (UTC); NULL while it goes on.'),
    sa.Column('clients', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Clients at which it opened.'),
    sa.Column('alerts', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts that it opened.'),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True, comment='When the one message was handed to be told (UTC); NULL until then.'),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Clients by name, the first of them.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint('clients >= 0 AND alerts >= 0', name=op.f('ck_storms_counts_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'rule_id'], ['watch.watchtower_rules.client_id', 'watch.watchtower_rules.id'], name='fk_storms_rule', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_storms_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_storms')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_storms_client_id_id')),
    schema='watch',
    comment='One rule at very many clients at once: told as one message.'
    )
    op.create_table('digests',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('schedule', sa.String(length=20), nullable=False, comment='daily or weekly.'),
    sa.Column('channel', sa.Text(), nullable=False, comment='Kind of channel it goes by.'),
    sa.Column('destination', sa.Text(), nullable=False, comment='Whom it is for: channel or mail address.'),
    sa.Column('zone', sa.String(length=64), nullable=False, comment='IANA zone in which its time of day counts.'),
    sa.Column('boundary_at', sa.DateTime(timezone=True), nullable=False, comment='The moment it sums up to (UTC), itself in it.'),
    sa.Column('window_start', sa.DateTime(timezone=True), nullable=False, comment='The boundary before (UTC), itself not in it.'),
    sa.Column('state', sa.Text(), nullable=False, comment='sent, empty (nothing to tell), all_clear, or late for one that caught up.'),
    sa.Column('new_count', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts that opened in its time.'),
    sa.Column('open_count', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts that were open before and still are.'),
    sa.Column('resolved_count', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts that closed in its time.'),
    sa.Column('stale_count', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Sources without fresh data at its boundary.'),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What it says, as titles and lines.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("schedule IN ('daily', 'weekly')", name=op.f('ck_digests_schedule_known')),
    sa.CheckConstraint("state IN ('sent', 'late', 'all_clear', 'empty')", name=op.f('ck_digests_state_known')),
    sa.CheckConstraint('boundary_at > window_start', name=op.f('ck_digests_runs_forward')),
    sa.CheckConstraint('new_count >= 0 AND open_count >= 0 AND resolved_count >= 0 AND stale_count >= 0', name=op.f('ck_digests_counts_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_digests_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digests')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_digests_client_id_id')),
    sa.UniqueConstraint('client_id', 'schedule', 'channel', 'destination', 'boundary_at', name=op.f('uq_digests_client_id_schedule_channel_destination_boundary_at')),
    schema='watch',
    comment='Daily and weekly sums for one destination; each boundary once.'
    )
    op.create_table('evaluation_runs',
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('snapshot_id', sa.UUID(), nullable=False, comment='The reading that was judged.'),
    sa.Column('source_id', sa.UUID(), nullable=False, comment='Its source.'),
    sa.Column('evaluated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it was judged (UTC).'),
    sa.Column('rules', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Rules that were judged on it.'),
    sa.Column('records', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Records it holds.'),
    sa.Column('matched', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Matches of all rules.'),
    sa.Column('opened', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts it opened.'),
    sa.Column('seen_again', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts it kept open.'),
    sa.Column('closed', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Alerts it closed.'),
    sa.Column('held_back', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Matches that wait for a parent rule.'),
    sa.Column('errors', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Values that could not be compared.'),
    sa.Column('duration_ms', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Milliseconds that judging and writing took.'),
    sa.Column('lag_ms', sa.Integer(), server_default=sa.text('0'), nullable=False, comment="Milliseconds from the reading's end to its judgement."),
    sa.Column('quiet_rules', sa.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False, comment='Rules that were judged and had nothing to say; the others have a row of rule_evaluations.'),
    sa.ForeignKeyConstraint(['client_id', 'snapshot_id'], ['watch.api_snapshots.client_id', 'watch.api_snapshots.id'], name='fk_evaluation_runs_snapshot', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_evaluation_runs_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('client_id', 'snapshot_id', name=op.f('pk_evaluation_runs')),
    schema='watch',
    comment='Each judged reading: how many rules, what came of it, how long it took.'
    )
    op.create_index('ix_digests_client_id_created_at', 'digests', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='watch')
    op.create_index('ix_silences_running', 'silences', ['client_id', 'ends_at'], unique=False, schema='watch', postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_rule_states_rule_id', 'rule_states', ['rule_id'], unique=False, schema='watch')
    op.create_index('uq_storms_running', 'storms', ['client_id', 'rule_id'], unique=True, schema='watch', postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('ix_delivery_members_delivery_id', 'delivery_members', ['client_id', 'delivery_id'], unique=False, schema='core')
    op.create_index('ix_evaluation_runs_evaluated_at', 'evaluation_runs', ['client_id', sa.literal_column('evaluated_at DESC')], unique=False, schema='watch')


def change_core() -> None:
    op.add_column('channels', sa.Column('fallback_channel_id', sa.UUID(), nullable=True, comment='Stored channel of the same client that is used while this one is broken; NULL for none.'), schema='core')
    op.alter_column('channels', 'kind',
               existing_type=sa.TEXT(),
               comment='discord_bot, discord_webhook, email or webhook.',
               existing_comment='discord_bot, discord_webhook or email.',
               existing_nullable=False,
               schema='core')
    op.create_foreign_key('fk_channels_fallback', 'channels', 'channels', ['client_id', 'fallback_channel_id'], ['client_id', 'id'], source_schema='core', referent_schema='core')
    op.alter_column('deliveries', 'kind',
               existing_type=sa.TEXT(),
               comment='What the message tells: opened, resolved, raised, again, storm, digest, notice or test.',
               existing_comment='opened, resolved or test: what the message tells.',
               existing_nullable=False,
               schema='core')
    op.create_index('ix_deliveries_channel_id', 'deliveries', ['channel_id'], unique=False, schema='core', postgresql_where=sa.text('channel_id IS NOT NULL'))


def change_alerts() -> None:
    op.alter_column('alert_events', 'kind',
               existing_type=sa.TEXT(),
               comment='What happened, such as opened, severity_raised, acknowledged, snoozed, told_again, resolved or note.',
               existing_comment='opened, seen_again, severity_raised, acknowledged, unacknowledged, resolved or note.',
               existing_nullable=False,
               schema='watch')
    op.add_column('watchtower_alerts', sa.Column('account_id', sa.UUID(), nullable=True, comment='Account whose reading last showed it; NULL when not known.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('missing_readings', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Full readings in a row that lacked the thing.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('good_readings', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Good readings in a row since the last breach.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('missing_as_of', sa.DateTime(timezone=True), nullable=True, comment='Data time of the last of the readings that lacked it (UTC); NULL before the first.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('good_as_of', sa.DateTime(timezone=True), nullable=True, comment='Data time of the last of its good readings (UTC); NULL before the first.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('snoozed_until', sa.DateTime(timezone=True), nullable=True, comment='Until when it is out of sight and quiet (UTC); NULL while it is not.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('snoozed_by', sa.String(length=255), nullable=True, comment='Who put it out of sight; NULL while nobody did.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('told_at', sa.DateTime(timezone=True), nullable=True, comment='When its opening was handed to be told (UTC); NULL while it is held or nobody is told.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('last_told_at', sa.DateTime(timezone=True), nullable=True, comment='When it was last told (UTC); NULL when never.'), schema='watch')
    op.add_column('watchtower_alerts', sa.Column('held_reason', sa.Text(), nullable=True, comment='Why its messages are held: silenced or storm; NULL when they are not.'), schema='watch')
    op.alter_column('watchtower_alerts', 'resolved_reason',
               existing_type=sa.TEXT(),
               comment='recovered, missing, rule_changed, by_person, expired or no_data; NULL while it is open.',
               existing_comment='recovered, missing, rule_changed, by_person or expired; NULL while it is open.',
               existing_nullable=True,
               schema='watch')
    op.create_index('ix_watchtower_alerts_held', 'watchtower_alerts', ['client_id'], unique=False, schema='watch', postgresql_where=sa.text("state = 'open' AND held_reason IS NOT NULL"))
    op.create_index('ix_watchtower_alerts_snoozed', 'watchtower_alerts', ['snoozed_until'], unique=False, schema='watch', postgresql_where=sa.text("state = 'open' AND snoozed_until IS NOT NULL"))
    op.create_index('ix_watchtower_alerts_taken_until', 'watchtower_alerts', ['ack_until'], unique=False, schema='watch', postgresql_where=sa.text("state = 'open' AND ack_until IS NOT NULL"))


def change_rules() -> None:
    op.add_column('watchtower_rules', sa.Column('slug', sa.String(length=100), nullable=True, comment='Short name by which files of rules know it, unique for its client; NULL without one.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('aggregate', sa.String(length=10), nullable=True, comment='any, all, count, share, sum, avg, min or max over the whole reading; NULL judges each record.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('for_readings', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Readings in a row that must breach before it fires, from 1.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('for_minutes', sa.Integer(), nullable=True, comment='Minutes the breach must last before it fires; NULL for none.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('recovery_threshold', sa.String(length=255), nullable=True, comment='Limit a value must pass to count as recovered; NULL is the limit itself.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('recover_after', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Good readings in a row before it resolves, from 1.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('min_volume_field', sa.String(length=100), nullable=True, comment='Field that must reach min_volume; NULL for no guard.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('min_volume', sa.Numeric(precision=20, scale=6), nullable=True, comment='Least volume at which a record is judged; NULL for no guard.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('data_lag_minutes', sa.Integer(), nullable=True, comment='Records younger than this, by record_date, are not judged yet; NULL judges all.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('no_data_policy', sa.String(length=20), server_default=sa.text("'ignore'"), nullable=False, comment='ignore, alert, keep or resolve: what a missing value means.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('fires_from_zero', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='True lets a percent change from zero fire.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('overrides_rule_id', sa.UUID(), nullable=True, comment='Rule for every client that this one replaces at its own client; NULL for none.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('overrides_client_id', sa.Integer(), nullable=True, comment='Always 0, the client of the replaced rule; NULL without one.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('title_template', sa.Text(), nullable=True, comment='Jinja template of the title; NULL uses the built-in words.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('message_template', sa.Text(), nullable=True, comment='Jinja template of the text; NULL uses the built-in words.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('repeat_minutes', sa.Integer(), nullable=True, comment='Minutes until an open alert nobody took is told again, 0 never; NULL goes by severity.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('remind_minutes', sa.Integer(), nullable=True, comment='Minutes until an alert somebody took is told again; NULL never.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('notify_zone', sa.String(length=64), nullable=True, comment="IANA zone of notify_time; NULL is the client's own."), schema='watch')
    op.add_column('watchtower_rules', sa.Column('digest_all_clear', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='True sends a digest that has nothing to tell.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('notify_webhook', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='True tells it to a signed webhook.'), schema='watch')
    op.add_column('watchtower_rules', sa.Column('webhook_channel_id', sa.UUID(), nullable=True, comment="Stored webhook it tells; NULL uses the client's own."), schema='watch')
    op.add_column('watchtower_rules', sa.Column('builtin', sa.String(length=40), nullable=True, comment="Name of a rule that comes with the program; NULL for anybody's own."), schema='watch')
    op.alter_column('watchtower_rules', 'target_table',
               existing_type=sa.VARCHAR(length=100),
               comment='api_records, communication_reports, clients or another registered target; NULL is api_records.',
               existing_comment='api_records, communication_reports or clients; NULL is api_records.',
               existing_nullable=True,
               schema='watch')
    op.alter_column('watchtower_rules', 'condition',
               existing_type=sa.VARCHAR(length=20),
               comment='How it is compared: equals, greater_than, less_than, changed, contains or another of the known words.',
               existing_comment='equals, greater_than, less_than, changed or contains.',
               existing_nullable=False,
               schema='watch')
    op.alter_column('watchtower_rules', 'threshold_value',
               existing_type=sa.VARCHAR(length=255),
               comment='What is compared with, as text; NULL only where the condition needs none.',
               existing_comment='What is compared with, as text; NULL only for changed.',
               existing_nullable=True,
               schema='watch')
    op.create_index('ix_watchtower_rules_overrides_rule_id', 'watchtower_rules', ['overrides_rule_id', 'client_id'], unique=False, schema='watch')
    op.create_index("uq_watchtower_rules_builtin", "watchtower_rules", ["client_id", "builtin"], unique=True, schema="watch")
    op.create_index('uq_watchtower_rules_slug', 'watchtower_rules', ['client_id', 'slug'], unique=True, schema='watch')
    op.create_foreign_key('fk_watchtower_rules_overrides', 'watchtower_rules', 'watchtower_rules', ['overrides_client_id', 'overrides_rule_id'], ['client_id', 'id'], source_schema='watch', referent_schema='watch')


def downgrade() -> None:
    for statement in watch.undo():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
