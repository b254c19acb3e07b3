"""Ads: accounts, campaigns, figures, recommendations, budgets, actions, alerts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import ads

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_all(ads.preparations())
    create_tables()
    run_all(ads.statements())


def run_all(statements) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    create_ad_accounts()
    create_ad_budgets()
    create_campaigns()
    create_metric_observations()
    create_campaign_metrics()
    create_ads_daily_metrics()
    create_ai_recommendations()
    create_budget_allocations()
    create_budget_allocation_lines()
    create_ai_actions_log()
    create_ai_action_events()
    create_alerts()


def create_ad_accounts() -> None:
    op.create_table('ad_accounts',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the account.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('platform', sa.String(length=50), nullable=False, comment='meta, google, tiktok, pinterest, organic or another in lower case.'),
    sa.Column('external_id', sa.Text(), nullable=False, comment="The account's id at the platform."),
    sa.Column('name', sa.Text(), nullable=True, comment='What the platform calls the account.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=False, comment='ISO 4217 code of the money that the account bills in.'),
    sa.Column('timezone', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment="IANA zone of the account's days."),
    sa.Column('credential_id', sa.UUID(), nullable=True, comment='Key of the credential in core.creds_meta; NULL while nothing is connected.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'active'"), nullable=False, comment='active, paused, closed or unknown.'),
    sa.Column('platform_status', sa.Text(), nullable=True, comment="The status in the platform's own word."),
    sa.Column('attribution_model', sa.Text(), nullable=True, comment='How the platform gives a sale to an ad: last_click, data_driven and the like; NULL: its default.'),
    sa.Column('click_window_days', sa.SmallInteger(), nullable=True, comment='Days after a click in which a sale counts; NULL: not known.'),
    sa.Column('view_window_days', sa.SmallInteger(), nullable=True, comment='Days after a view in which a sale counts; NULL: not known.'),
    sa.Column('attribution_settings', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further settings of attribution as the platform names them.'),
    sa.Column('reread_days', sa.SmallInteger(), server_default=sa.text('30'), nullable=False, comment='Days back that each sync reads again, because late conversions change them.'),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether it is synced.'),
    sa.Column('synced_at', sa.DateTime(timezone=True), nullable=True, comment='When the last good sync ended (UTC); NULL before the first.'),
    sa.Column('data_as_of', sa.DateTime(timezone=True), nullable=True, comment="Up to when the platform's figures are complete (UTC); NULL before the first sync."),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_ad_accounts_currency_iso')),
    sa.CheckConstraint("platform ~ '^[a-z][a-z0-9_]*$'", name=op.f('ck_ad_accounts_platform_lower_case')),
    sa.CheckConstraint("status IN ('active', 'paused', 'closed', 'unknown')", name=op.f('ck_ad_accounts_status_known')),
    sa.CheckConstraint('click_window_days BETWEEN 0 AND 365', name=op.f('ck_ad_accounts_click_window_range')),
    sa.CheckConstraint('reread_days BETWEEN 1 AND 365', name=op.f('ck_ad_accounts_reread_days_range')),
    sa.CheckConstraint('view_window_days BETWEEN 0 AND 365', name=op.f('ck_ad_accounts_view_window_range')),
    sa.ForeignKeyConstraint(['client_id', 'credential_id'], ['core.creds_meta.client_id', 'core.creds_meta.id'], name='fk_ad_accounts_credential'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ad_accounts_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ad_accounts')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ad_accounts_client_id_id')),
    sa.UniqueConstraint('client_id', 'platform', 'external_id', name=op.f('uq_ad_accounts_client_id_platform_external_id')),
    schema='ads',
    comment='Accounts at ad platforms, with the currency and the time zone that their figures are in.'
    )
    op.create_index('ix_ad_accounts_credential_id', 'ad_accounts', ['credential_id'], unique=False, schema='ads')


def create_ad_budgets() -> None:
    op.create_table('ad_budgets',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the budget.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('ad_account_id', sa.UUID(), nullable=False, comment='Account that the budget belongs to.'),
    sa.Column('external_id', sa.Text(), nullable=True, comment="The budget's id at the platform; NULL for a budget that lives only here or on its campaign."),
    sa.Column('name', sa.Text(), nullable=True, comment='What the platform calls the budget.'),
    sa.Column('amount', sa.Numeric(precision=26, scale=6), nullable=False, comment='Money for one period, in whole units of the currency.'),
    sa.Column('amount_micros', sa.BigInteger(), nullable=False, comment='The same money in millionths, as platforms count it.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=False, comment='ISO 4217 code of the amount.'),
    sa.Column('period', sa.Text(), server_default=sa.text("'daily'"), nullable=False, comment='daily, or lifetime for the whole run.'),
    sa.Column('is_shared', sa.Boolean(), server_default=sa.text('false'), nullable=False, comment='Whether several campaigns spend from it.'),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether campaigns may spend from it.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("amount >= 0 AND amount <> 'NaN'", name=op.f('ck_ad_budgets_amount_not_negative')),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_ad_budgets_currency_iso')),
    sa.CheckConstraint("period IN ('daily', 'lifetime')", name=op.f('ck_ad_budgets_period_known')),
    sa.CheckConstraint('amount_micros = amount * 1000000', name=op.f('ck_ad_budgets_micros_agree')),
    sa.ForeignKeyConstraint(['client_id', 'ad_account_id'], ['ads.ad_accounts.client_id', 'ads.ad_accounts.id'], name='fk_ad_budgets_account'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ad_budgets_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ad_budgets')),
    sa.UniqueConstraint('client_id', 'ad_account_id', 'external_id', name=op.f('uq_ad_budgets_client_id_ad_account_id_external_id')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ad_budgets_client_id_id')),
    schema='ads',
    comment='Budgets; one may feed several campaigns, so a change is shown with all that it touches.'
    )


def create_campaigns() -> None:
    op.create_table('campaigns',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the campaign.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('ad_account_id', sa.UUID(), nullable=True, comment='Account that the campaign runs in; NULL when none is known.'),
    sa.Column('budget_id', sa.UUID(), nullable=True, comment='Budget that the campaign spends from; NULL when it has none of its own row.'),
    sa.Column('platform', sa.String(length=50), nullable=False, comment='meta, google, tiktok, pinterest, organic or another in lower case.'),
    sa.Column('platform_campaign_id', sa.Text(), nullable=False, comment="The campaign's id at the platform."),
    sa.Column('name', sa.Text(), nullable=True, comment='What the platform calls the campaign.'),
    sa.Column('status', sa.String(length=50), nullable=True, comment='active, paused, draft, archived, removed or unknown; NULL counts as unknown.'),
    sa.Column('platform_status', sa.Text(), nullable=True, comment="The status in the platform's own word."),
    sa.Column('objective', sa.String(length=100), nullable=True, comment='What the campaign is to bring: sales, leads, traffic, awareness.'),
    sa.Column('budget_amount', sa.Numeric(precision=26, scale=6), nullable=True, comment='Money for one period in whole units of the currency; NULL when there is none.'),
    sa.Column('budget_type', sa.String(length=50), nullable=True, comment='daily or lifetime; NULL without a budget.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=True, comment='ISO 4217 code of the budget; filled from the account, else from the client, when left out.'),
    sa.Column('target_roas', sa.Numeric(precision=10, scale=2), nullable=True, comment='Revenue wanted for each unit spent, 3 for threefold; NULL without a target.'),
    sa.Column('start_date', sa.DateTime(timezone=True), nullable=True, comment='First moment of the run (UTC); NULL when not known.'),
    sa.Column('end_date', sa.DateTime(timezone=True), nullable=True, comment='Last day of the run (UTC); NULL while it has no end.'),
    sa.Column('utm_source', sa.Text(), nullable=True, comment='utm_source of its links.'),
    sa.Column('utm_medium', sa.Text(), nullable=True, comment='utm_medium of its links.'),
    sa.Column('utm_campaign', sa.Text(), nullable=True, comment='utm_campaign of its links.'),
    sa.Column('metadata', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=True, comment='What only this platform says about the campaign.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("budget_amount >= 0 AND budget_amount <> 'NaN'", name=op.f('ck_campaigns_budget_not_negative')),
    sa.CheckConstraint("budget_amount = 'NaN' OR round(budget_amount * 10::numeric ^ core.minor_digits(currency)) <= 9223372036854775807", name=op.f('ck_campaigns_budget_fits_cents')),
    sa.CheckConstraint("budget_type IN ('daily', 'lifetime')", name=op.f('ck_campaigns_budget_type_known')),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_campaigns_currency_iso')),
    sa.CheckConstraint("platform ~ '^[a-z][a-z0-9_]*$'", name=op.f('ck_campaigns_platform_lower_case')),
    sa.CheckConstraint("status IN ('active', 'paused', 'draft', 'archived', 'removed', 'unknown')", name=op.f('ck_campaigns_status_known')),
    sa.CheckConstraint("target_roas >= 0 AND target_roas <> 'NaN'", name=op.f('ck_campaigns_target_not_negative')),
    sa.CheckConstraint('end_date >= start_date', name=op.f('ck_campaigns_ends_after_start')),
    sa.ForeignKeyConstraint(['client_id', 'ad_account_id'], ['ads.ad_accounts.client_id', 'ads.ad_accounts.id'], name='fk_campaigns_account'),
    sa.ForeignKeyConstraint(['client_id', 'budget_id'], ['ads.ad_budgets.client_id', 'ads.ad_budgets.id'], name='fk_campaigns_budget'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_campaigns_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_campaigns')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_campaigns_client_id_id')),
    sa.UniqueConstraint('client_id', 'platform', 'platform_campaign_id', name=op.f('uq_campaigns_client_id_platform_platform_campaign_id')),
    schema='ads',
    comment='Ad campaigns of every platform; ads.ads_campaigns shows the same rows in whole cents and dates.'
    )
    op.create_index('idx_ads_campaigns_dates', 'campaigns', ['start_date', 'end_date'], unique=False, schema='ads')
    op.create_index('idx_ads_campaigns_utm', 'campaigns', ['utm_source', 'utm_medium', 'utm_campaign'], unique=False, schema='ads')
    op.create_index('idx_campaigns_platform', 'campaigns', ['platform'], unique=False, schema='ads')
    op.create_index('ix_campaigns_client_id_updated_at', 'campaigns', ['client_id', 'updated_at'], unique=False, schema='ads')
    op.create_index('idx_campaigns_status', 'campaigns', ['status'], unique=False, schema='ads')
    op.create_index('ix_campaigns_ad_account_id', 'campaigns', ['ad_account_id'], unique=False, schema='ads')
    op.create_index('ix_campaigns_budget_id', 'campaigns', ['budget_id'], unique=False, schema='ads')
    op.create_index('ix_campaigns_client_id_created_at', 'campaigns', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='ads')


def create_metric_observations() -> None:
    op.create_table('metric_observations',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the observation, with the time of observing.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='Campaign that was asked about.'),
    sa.Column('report_date', sa.Date(), nullable=False, comment='Day that the figures are of, in report_tz.'),
    sa.Column('report_hour', sa.SmallInteger(), nullable=True, comment='Hour of that day, 0 to 23; NULL for the day as a whole so far.'),
    sa.Column('report_tz', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment='IANA zone of the day.'),
    sa.Column('attribution', sa.Text(), server_default=sa.text("'default'"), nullable=False, comment='Attribution setting in force, as in 7d_click_1d_view; series of different settings are never added.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=True, comment='ISO 4217 code of spend and revenue; NULL when the platform names none.'),
    sa.Column('impressions', sa.BigInteger(), nullable=True, comment='Times shown; NULL when not said.'),
    sa.Column('clicks', sa.BigInteger(), nullable=True, comment='Clicks; NULL when not said.'),
    sa.Column('spend', sa.Numeric(precision=26, scale=6), nullable=True, comment='Money spent in whole units of the currency; NULL when not said.'),
    sa.Column('conversions', sa.Numeric(precision=18, scale=6), nullable=True, comment='Conversions, in fractions where a model shares them; NULL when not said.'),
    sa.Column('revenue', sa.Numeric(precision=26, scale=6), nullable=True, comment='Revenue that the platform claims, in whole units; NULL when not said.'),
    sa.Column('other_values', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Further figures of the platform by its own names.'),
    sa.Column('observed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the platform said so (UTC); months of it part the table.'),
    sa.Column('snapshot_id', sa.UUID(), nullable=True, comment='Snapshot that brought it; its value only, for snapshots go before figures do.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_metric_observations_currency_iso')),
    sa.CheckConstraint("spend <> 'NaN' AND revenue <> 'NaN' AND conversions <> 'NaN'", name=op.f('ck_metric_observations_values_are_numbers')),
    sa.CheckConstraint('report_hour BETWEEN 0 AND 23', name=op.f('ck_metric_observations_report_hour_range')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_metric_observations_campaign'),
    sa.PrimaryKeyConstraint('client_id', 'campaign_id', 'observed_at', 'id', name=op.f('pk_metric_observations')),
    schema='ads',
    comment="Append-only: what a platform said about a campaign's day, and when. Later rows restate earlier ones.",
    postgresql_partition_by='RANGE (observed_at)'
    )
    op.create_index('ix_metric_observations_day', 'metric_observations', ['client_id', 'campaign_id', 'report_date', sa.literal_column('observed_at DESC')], unique=False, schema='ads')


def create_campaign_metrics() -> None:
    op.create_table('campaign_metrics',
    sa.Column('time', sa.DateTime(timezone=True), nullable=False, comment='Start of the span that the figures are of (UTC): a quarter of an hour, an hour or a day.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='Campaign that the figures are of.'),
    sa.Column('impressions', sa.BigInteger(), nullable=True, comment='Times shown in the span; NULL when not known.'),
    sa.Column('clicks', sa.BigInteger(), nullable=True, comment='Clicks in the span; NULL when not known.'),
    sa.Column('spend', sa.Numeric(precision=26, scale=6), nullable=True, comment="Money spent in the span, in whole units of the account's currency."),
    sa.Column('conversions', sa.Numeric(precision=18, scale=6), nullable=True, comment='Conversions in the span, in fractions where a model shares them.'),
    sa.Column('revenue', sa.Numeric(precision=26, scale=6), nullable=True, comment='Revenue that the platform claims for the span; below zero when it takes back more than it adds.'),
    sa.Column('cpc', sa.Numeric(), sa.Computed('round((spend)::numeric(90, 40) / NULLIF((clicks)::numeric, 0), 6)', persisted=True), nullable=True, comment='Cost of a click: spend / clicks; NULL without clicks.'),
    sa.Column('cpm', sa.Numeric(), sa.Computed('round((spend * 1000)::numeric(90, 40) / NULLIF((impressions)::numeric, 0), 6)', persisted=True), nullable=True, comment='Cost of a thousand impressions; NULL without impressions.'),
    sa.Column('ctr', sa.Numeric(), sa.Computed('round((clicks)::numeric(90, 40) / NULLIF((impressions)::numeric, 0), 6)', persisted=True), nullable=True, comment='Clicks of each impression as a fraction; NULL without impressions.'),
    sa.Column('roas', sa.Numeric(), sa.Computed('round((revenue)::numeric(90, 40) / NULLIF((spend)::numeric, 0), 6)', persisted=True), nullable=True, comment='Revenue of each unit spent; NULL without spend.'),
    sa.Column('roi', sa.Numeric(), sa.Computed('round((revenue - spend)::numeric(90, 40) / NULLIF((spend)::numeric, 0), 6)', persisted=True), nullable=True, comment='(revenue - spend) / spend on revenue, not profit; NULL without spend.'),
    sa.CheckConstraint("spend <> 'NaN' AND revenue <> 'NaN' AND conversions <> 'NaN'", name=op.f('ck_campaign_metrics_values_are_numbers')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_campaign_metrics_campaign'),
    sa.PrimaryKeyConstraint('client_id', 'campaign_id', 'time', name=op.f('pk_campaign_metrics')),
    schema='ads',
    comment="Increments that add up to each day's truth; a restatement changes the increments of its own day.",
    postgresql_partition_by='RANGE (time)'
    )
    op.create_index('idx_campaign_metrics_campaign_id', 'campaign_metrics', ['campaign_id'], unique=False, schema='ads')
    op.create_index('idx_campaign_metrics_time', 'campaign_metrics', [sa.literal_column('time DESC')], unique=False, schema='ads')


def create_ads_daily_metrics() -> None:
    op.create_table('ads_daily_metrics',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment="Key of the day's row."),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=False, comment='Campaign that the figures are of.'),
    sa.Column('metric_date', sa.Date(), nullable=False, comment='The day, in report_tz.'),
    sa.Column('spend_cents', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Money spent in the smallest unit of the currency.'),
    sa.Column('impressions', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Times shown.'),
    sa.Column('clicks', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Clicks.'),
    sa.Column('conversions', sa.Numeric(precision=18, scale=6), server_default=sa.text('0'), nullable=False, comment='Conversions, in fractions where a model shares them.'),
    sa.Column('revenue_cents', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Revenue that the platform claims, in the smallest unit of the currency.'),
    sa.Column('cpc_cents', sa.BigInteger(), sa.Computed('CASE WHEN abs(round((spend_cents)::numeric(90, 40) / NULLIF((clicks)::numeric, 0), 0)) <= 9223372036854775807 THEN (round((spend_cents)::numeric(90, 40) / NULLIF((clicks)::numeric, 0), 0))::bigint END', persisted=True), nullable=True, comment='Cost of a click in whole cents, halves up; NULL without clicks.'),
    sa.Column('cpa_cents', sa.BigInteger(), sa.Computed('CASE WHEN abs(round((spend_cents)::numeric(90, 40) / NULLIF((conversions)::numeric, 0), 0)) <= 9223372036854775807 THEN (round((spend_cents)::numeric(90, 40) / NULLIF((conversions)::numeric, 0), 0))::bigint END', persisted=True), nullable=True, comment='Cost of a conversion in whole cents, halves up; NULL without conversions or past BIGINT.'),
    sa.Column('cpc_exact_cents', sa.Numeric(), sa.Computed('round((spend_cents)::numeric(90, 40) / NULLIF((clicks)::numeric, 0), 6)', persisted=True), nullable=True, comment='Cost of a click in cents to six places; NULL without clicks.'),
    sa.Column('cpa_exact_cents', sa.Numeric(), sa.Computed('round((spend_cents)::numeric(90, 40) / NULLIF((conversions)::numeric, 0), 6)', persisted=True), nullable=True, comment='Cost of a conversion in cents to six places; NULL without conversions.'),
    sa.Column('roas', sa.Numeric(), sa.Computed('round((revenue_cents)::numeric(90, 40) / NULLIF((spend_cents)::numeric, 0), 6)', persisted=True), nullable=True, comment='Revenue of each unit spent; NULL without spend.'),
    sa.Column('ctr', sa.Numeric(), sa.Computed('round((clicks)::numeric(90, 40) / NULLIF((impressions)::numeric, 0), 6)', persisted=True), nullable=True, comment='Clicks of each impression as a fraction; NULL without impressions.'),
    sa.Column('conversion_rate', sa.Numeric(), sa.Computed('round((conversions)::numeric(90, 40) / NULLIF((clicks)::numeric, 0), 6)', persisted=True), nullable=True, comment='Conversions of each click as a fraction; NULL without clicks.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=True, comment='ISO 4217 code of the cents; NULL: that of the campaign.'),
    sa.Column('report_tz', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment='IANA zone of the day.'),
    sa.Column('attribution', sa.Text(), nullable=True, comment="Attribution setting in force; NULL: the account's own."),
    sa.Column('final_after', sa.Date(), nullable=True, comment='Day after which the platform no longer changes the row; NULL when not known.'),
    sa.Column('data_as_of', sa.DateTime(timezone=True), nullable=True, comment='When the platform last spoke about this day (UTC); NULL when not known.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("conversions <> 'NaN'", name=op.f('ck_ads_daily_metrics_conversions_are_a_number')),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_ads_daily_metrics_currency_iso')),
    sa.CheckConstraint('impressions >= 0 AND clicks >= 0', name=op.f('ck_ads_daily_metrics_counts_not_negative')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_ads_daily_metrics_campaign'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ads_daily_metrics')),
    sa.UniqueConstraint('client_id', 'campaign_id', 'metric_date', name=op.f('uq_ads_daily_metrics_client_id_campaign_id_metric_date')),
    schema='ads',
    comment='One row per campaign and day: the newest word of the platform, in whole cents.'
    )
    op.create_index('idx_ads_daily_metrics_campaign_date', 'ads_daily_metrics', ['campaign_id', 'metric_date'], unique=False, schema='ads')
    op.create_index('ix_ads_daily_metrics_client_id_created_at', 'ads_daily_metrics', ['client_id', 'created_at'], unique=False, schema='ads')
    op.create_index('ix_ads_daily_metrics_client_id_updated_at', 'ads_daily_metrics', ['client_id', 'updated_at'], unique=False, schema='ads')
    op.create_index('idx_ads_daily_metrics_date', 'ads_daily_metrics', ['metric_date'], unique=False, schema='ads')
    op.create_index('ix_ads_daily_metrics_client_id_metric_date', 'ads_daily_metrics', ['client_id', 'metric_date'], unique=False, schema='ads')


def create_ai_recommendations() -> None:
    op.create_table('ai_recommendations',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the recommendation.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign that it is about; NULL when it is about a whole account.'),
    sa.Column('recommendation_type', sa.String(length=100), nullable=True, comment='What is advised, in one word: budget_increase, pause, creative_refresh.'),
    sa.Column('recommendation_text', sa.Text(), nullable=True, comment='The advice in words.'),
    sa.Column('confidence_score', sa.Numeric(precision=7, scale=6), nullable=True, comment="Probability from 0 to 1 that the effect is above zero, from the figures, not from a model's own word."),
    sa.Column('status', sa.String(length=50), server_default=sa.text("'pending'"), nullable=True, comment='Where it stands; outside, pending, accepted, rejected and executed are shown.'),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='The change as data: target, before, after.'),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False, comment='Figures and links that it rests on.'),
    sa.Column('effect_expected', sa.Numeric(precision=26, scale=6), nullable=True, comment='Expected gain per week in whole units of the currency; NULL when not computed.'),
    sa.Column('effect_low', sa.Numeric(precision=26, scale=6), nullable=True, comment='Lower end of the 80 % interval of the gain.'),
    sa.Column('effect_high', sa.Numeric(precision=26, scale=6), nullable=True, comment='Upper end of the 80 % interval of the gain.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=True, comment='ISO 4217 code of the effects.'),
    sa.Column('revenue_basis', sa.Text(), server_default=sa.text("'attributed'"), nullable=False, comment='Whose revenue it rests on: attributed (platform), store or analytics.'),
    sa.Column('data_as_of', sa.DateTime(timezone=True), nullable=True, comment='Up to when the figures behind it are complete (UTC).'),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True, comment='When it stops being worth following (UTC); NULL for never.'),
    sa.Column('superseded_by', sa.UUID(), nullable=True, comment='The recommendation that took its place.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='Approval in agents.agent_approval; NULL when none was asked.'),
    sa.Column('decided_by', sa.String(length=255), nullable=True, comment='Who accepted or rejected it.'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When it was accepted or rejected (UTC).'),
    sa.Column('decision_note', sa.Text(), nullable=True, comment='Why, in the words of who decided.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.Column('executed_at', sa.DateTime(timezone=True), nullable=True, comment='When the advice was carried out (UTC); NULL until then.'),
    sa.Column('result_metrics', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='What came of it: metric, window, control, verdict; NULL until measured.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_ai_recommendations_currency_iso')),
    sa.CheckConstraint("revenue_basis IN ('attributed', 'store', 'analytics')", name=op.f('ck_ai_recommendations_revenue_basis_known')),
    sa.CheckConstraint("status IN ('draft', 'pending', 'accepted', 'rejected', 'executing', 'executed', 'measured', 'expired', 'superseded', 'failed', 'rolled_back')", name=op.f('ck_ai_recommendations_status_known')),
    sa.CheckConstraint('confidence_score BETWEEN 0 AND 1', name=op.f('ck_ai_recommendations_confidence_is_a_share')),
    sa.CheckConstraint('effect_low <= effect_high', name=op.f('ck_ai_recommendations_effect_interval_ordered')),
    sa.CheckConstraint('superseded_by <> id', name=op.f('ck_ai_recommendations_not_its_own_successor')),
    sa.ForeignKeyConstraint(['client_id', 'approval_id'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_ai_recommendations_approval'),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_ai_recommendations_campaign'),
    sa.ForeignKeyConstraint(['client_id', 'superseded_by'], ['ads.ai_recommendations.client_id', 'ads.ai_recommendations.id'], name='fk_ai_recommendations_superseded_by'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ai_recommendations_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ai_recommendations')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ai_recommendations_client_id_id')),
    schema='ads',
    comment='Advice on campaigns with its evidence, its expected effect and what came of it.'
    )
    op.create_index('idx_ai_recommendations_campaign', 'ai_recommendations', ['campaign_id'], unique=False, schema='ads')
    op.create_index('idx_ai_recommendations_status', 'ai_recommendations', ['status'], unique=False, schema='ads')
    op.create_index('ix_ai_recommendations_approval_id', 'ai_recommendations', ['approval_id'], unique=False, schema='ads')
    op.create_index('ix_ai_recommendations_client_id_created_at', 'ai_recommendations', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='ads')


def create_budget_allocations() -> None:
    op.create_table('budget_allocations',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the plan.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('scope', sa.Text(), server_default=sa.text("'all'"), nullable=False, comment="What the plan shares out: all, or the name of a part of the client's advertising."),
    sa.Column('status', sa.Text(), server_default=sa.text("'draft'"), nullable=False, comment='draft, active, superseded or archived; active plans of one scope never overlap.'),
    sa.Column('period_start', sa.Date(), nullable=True, comment='First day of the period.'),
    sa.Column('period_end', sa.Date(), nullable=True, comment='Last day of the period, counted in.'),
    sa.Column('total_budget', sa.Numeric(precision=26, scale=6), nullable=True, comment='Money to share out, in whole units of the currency.'),
    sa.Column('currency', sa.CHAR(length=3), nullable=True, comment='ISO 4217 code of the money; NULL: that of the client.'),
    sa.Column('allocations', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='Money by platform as an object of numbers, the shape that the API speaks.'),
    sa.Column('ai_suggested', sa.Boolean(), server_default=sa.text('false'), nullable=True, comment='Whether the program proposed it.'),
    sa.Column('created_by', sa.String(length=255), nullable=True, comment='Who made it.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='Approval in agents.agent_approval; NULL when none was asked.'),
    sa.Column('reasoning', sa.Text(), nullable=True, comment='Why the money is shared out so.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_budget_allocations_currency_iso')),
    sa.CheckConstraint("status IN ('draft', 'active', 'superseded', 'archived')", name=op.f('ck_budget_allocations_status_known')),
    sa.CheckConstraint("total_budget >= 0 AND total_budget <> 'NaN'", name=op.f('ck_budget_allocations_total_not_negative')),
    sa.CheckConstraint('jsonb_typeof(allocations) = \'object\' AND NOT jsonb_path_exists(allocations, \'strict $.* ? (@.type() != "number" || @ < 0)\')', name=op.f('ck_budget_allocations_allocations_are_amounts')),
    sa.CheckConstraint('period_end >= period_start', name=op.f('ck_budget_allocations_period_ordered')),
    sa.ForeignKeyConstraint(['client_id', 'approval_id'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_budget_allocations_approval'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_budget_allocations_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_allocations')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_budget_allocations_client_id_id')),
    schema='ads',
    comment='How money is shared out over a period; its lines, when there are any, add up to the total exactly.'
    )
    op.create_index('ix_budget_allocations_approval_id', 'budget_allocations', ['approval_id'], unique=False, schema='ads')
    op.create_index('ix_budget_allocations_client_id_period', 'budget_allocations', ['client_id', sa.literal_column('period_start DESC'), sa.literal_column('id DESC')], unique=False, schema='ads')


def create_budget_allocation_lines() -> None:
    op.create_table('budget_allocation_lines',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the line.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('allocation_id', sa.UUID(), nullable=False, comment='Plan that the line is part of.'),
    sa.Column('target', sa.Text(), nullable=False, comment='What gets the money: a platform in lower case, or reserve for what is held back.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign that gets the money; NULL for the platform as a whole.'),
    sa.Column('amount', sa.Numeric(precision=26, scale=6), nullable=False, comment="Money of the line, in whole units of the plan's currency."),
    sa.Column('lowest', sa.Numeric(precision=26, scale=6), nullable=True, comment='Least that the line may get; NULL without a bound.'),
    sa.Column('highest', sa.Numeric(precision=26, scale=6), nullable=True, comment='Most that the line may get; NULL without a bound.'),
    sa.Column('note', sa.Text(), nullable=True, comment='Why this much.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.CheckConstraint("amount >= 0 AND amount <> 'NaN'", name=op.f('ck_budget_allocation_lines_amount_not_negative')),
    sa.CheckConstraint("target ~ '^[a-z][a-z0-9_]*$'", name=op.f('ck_budget_allocation_lines_target_lower_case')),
    sa.CheckConstraint('lowest <= highest', name=op.f('ck_budget_allocation_lines_bounds_ordered')),
    sa.ForeignKeyConstraint(['client_id', 'allocation_id'], ['ads.budget_allocations.client_id', 'ads.budget_allocations.id'], name='fk_budget_allocation_lines_allocation', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_budget_allocation_lines_campaign'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_budget_allocation_lines_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budget_allocation_lines')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_budget_allocation_lines_client_id_id')),
    schema='ads',
    comment='The lines of a budget plan.'
    )
    op.create_index('ix_budget_allocation_lines_campaign_id', 'budget_allocation_lines', ['campaign_id'], unique=False, schema='ads')
    op.create_index('uq_budget_allocation_lines_target', 'budget_allocation_lines', ['client_id', 'allocation_id', 'target', sa.literal_column("coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'::uuid)")], unique=True, schema='ads')


def create_ai_actions_log() -> None:
    op.create_table('ai_actions_log',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the action.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('action_type', sa.String(length=100), nullable=True, comment='PAUSE, RESUME, BUDGET_CHANGE, REALLOCATE or another upper-case word.'),
    sa.Column('platform', sa.String(length=50), nullable=True, comment='Platform that is acted on.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign that is acted on; NULL for a whole account.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'executed'"), nullable=False, comment='Where the action stands; unknown: the platform did not answer, and only a read may settle it.'),
    sa.Column('previous_state', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='What the platform said right before the change.'),
    sa.Column('new_state', postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment='What the change sets, in absolute values.'),
    sa.Column('reasoning', sa.Text(), nullable=True, comment='Why, in words.'),
    sa.Column('confidence', sa.Numeric(precision=7, scale=6), nullable=True, comment='Probability from 0 to 1 that the change helps.'),
    sa.Column('executed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=True, comment='When the platform confirmed the change (UTC). A row written without a word on it counts as done now; a planned action says NULL.'),
    sa.Column('executed_by', sa.String(length=100), nullable=True, comment='ai_autonomous, or the id of the person who carried it out.'),
    sa.Column('requested_by', sa.String(length=255), nullable=True, comment='Who asked for it: an agent or a person; never the one who approves.'),
    sa.Column('approval_required', sa.Boolean(), server_default=sa.text('false'), nullable=True, comment='Whether somebody must approve it first.'),
    sa.Column('approval_id', sa.UUID(), nullable=True, comment='Approval in agents.agent_approval; NULL when none was asked.'),
    sa.Column('approved_by', sa.String(length=255), nullable=True, comment='Who approved it.'),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True, comment='When it was approved (UTC).'),
    sa.Column('recommendation_id', sa.UUID(), nullable=True, comment='Recommendation that it carries out; NULL when there was none.'),
    sa.Column('reverts_action_id', sa.UUID(), nullable=True, comment='Action that it takes back; NULL for an action of its own.'),
    sa.Column('idempotency_key', sa.Text(), nullable=True, comment='Word that keeps one change from being made twice; NULL for actions noted afterwards.'),
    sa.Column('error', sa.Text(), nullable=True, comment='What went wrong, in words; NULL when nothing did.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("(status IN ('executed', 'rolled_back')) = (executed_at IS NOT NULL)", name=op.f('ck_ai_actions_log_executed_has_time')),
    sa.CheckConstraint("action_type ~ '^[A-Z][A-Z0-9_]*$'", name=op.f('ck_ai_actions_log_action_type_upper_case')),
    sa.CheckConstraint("status IN ('planned', 'awaiting_approval', 'approved', 'executing', 'executed', 'unknown', 'failed', 'rejected', 'cancelled', 'rolled_back')", name=op.f('ck_ai_actions_log_status_known')),
    sa.CheckConstraint('approved_by <> requested_by', name=op.f('ck_ai_actions_log_approver_is_another')),
    sa.CheckConstraint('confidence BETWEEN 0 AND 1', name=op.f('ck_ai_actions_log_confidence_is_a_share')),
    sa.CheckConstraint('reverts_action_id <> id', name=op.f('ck_ai_actions_log_not_its_own_reverse')),
    sa.ForeignKeyConstraint(['client_id', 'approval_id'], ['agents.agent_approval.client_id', 'agents.agent_approval.id'], name='fk_ai_actions_log_approval'),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_ai_actions_log_campaign'),
    sa.ForeignKeyConstraint(['client_id', 'recommendation_id'], ['ads.ai_recommendations.client_id', 'ads.ai_recommendations.id'], name='fk_ai_actions_log_recommendation'),
    sa.ForeignKeyConstraint(['client_id', 'reverts_action_id'], ['ads.ai_actions_log.client_id', 'ads.ai_actions_log.id'], name='fk_ai_actions_log_reverts'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ai_actions_log_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ai_actions_log')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_ai_actions_log_client_id_id')),
    sa.UniqueConstraint('client_id', 'idempotency_key', name=op.f('uq_ai_actions_log_client_id_idempotency_key')),
    schema='ads',
    comment='Actions on platforms, planned and done, with the state before and after.'
    )
    op.create_index('idx_ai_actions_log_executed_at', 'ai_actions_log', [sa.literal_column('executed_at DESC')], unique=False, schema='ads')
    op.create_index('idx_ai_actions_log_platform', 'ai_actions_log', ['platform'], unique=False, schema='ads')
    op.create_index('ix_ai_actions_log_approval_id', 'ai_actions_log', ['approval_id'], unique=False, schema='ads')
    op.create_index('ix_ai_actions_log_campaign_id', 'ai_actions_log', ['campaign_id'], unique=False, schema='ads')
    op.create_index('ix_ai_actions_log_client_id_created_at', 'ai_actions_log', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='ads')
    op.create_index('ix_ai_actions_log_recommendation_id', 'ai_actions_log', ['recommendation_id'], unique=False, schema='ads')


def create_ai_action_events() -> None:
    op.create_table('ai_action_events',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the step.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('action_id', sa.UUID(), nullable=False, comment='Action that the step belongs to.'),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When it happened (UTC).'),
    sa.Column('kind', sa.Text(), nullable=False, comment='What happened: planned, approved, sent, timed_out, executed and so on.'),
    sa.Column('actor', sa.Text(), nullable=True, comment='Who did it: a person, an agent or a job.'),
    sa.Column('note', sa.Text(), nullable=True, comment='A word on it.'),
    sa.Column('detail', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='Values of the step: request, answer, state read back.'),
    sa.CheckConstraint("kind IN ('planned', 'validated', 'approval_asked', 'approved', 'rejected', 'started', 'precondition_failed', 'sent', 'timed_out', 'read_back', 'executed', 'failed', 'cancelled', 'rolled_back', 'note')", name=op.f('ck_ai_action_events_kind_known')),
    sa.ForeignKeyConstraint(['client_id', 'action_id'], ['ads.ai_actions_log.client_id', 'ads.ai_actions_log.id'], name='fk_ai_action_events_action'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_ai_action_events_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ai_action_events')),
    schema='ads',
    comment='Append-only: the life of an action, step by step.'
    )
    op.create_index('ix_ai_action_events_action', 'ai_action_events', ['client_id', 'action_id', 'at'], unique=False, schema='ads')


def create_alerts() -> None:
    op.create_table('alerts',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the alert.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('alert_type', sa.String(length=100), nullable=True, comment='ROAS_DROP, CPA_SPIKE, ZERO_CONVERSIONS or another upper-case word.'),
    sa.Column('severity', sa.String(length=20), nullable=True, comment='LOW, MEDIUM, HIGH or CRITICAL.'),
    sa.Column('campaign_id', sa.UUID(), nullable=True, comment='Campaign that it is about; NULL when it is about an account.'),
    sa.Column('platform', sa.String(length=50), nullable=True, comment='Platform that it is about.'),
    sa.Column('message', sa.Text(), nullable=True, comment='What is wrong, in words.'),
    sa.Column('metric_name', sa.String(length=100), nullable=True, comment='Figure that raised it.'),
    sa.Column('metric_value', sa.Numeric(precision=26, scale=6), nullable=True, comment='The figure as it was.'),
    sa.Column('threshold_value', sa.Numeric(precision=26, scale=6), nullable=True, comment='The value that it passed.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True, comment='When somebody took it (UTC); NULL until then.'),
    sa.Column('acknowledged_by', sa.String(length=255), nullable=True, comment='Who took it.'),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True, comment='When it ended (UTC); NULL while it lasts.'),
    sa.Column('resolved_by', sa.String(length=255), nullable=True, comment='Who closed it; NULL when the figures did.'),
    sa.Column('resolved_reason', sa.Text(), nullable=True, comment='Why it ended: recovered, retracted, by_person; NULL while it lasts.'),
    sa.Column('dedup_key', sa.Text(), nullable=True, comment='Type, campaign and basis in one word: at most one alert of a key lasts at a time.'),
    sa.Column('occurrences', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='How often it was seen while it lasted.'),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=True, comment='When it was last seen (UTC); NULL: only when it was raised.'),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='What was expected, what was seen, over which days.'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("alert_type ~ '^[A-Z][A-Z0-9_]*$'", name=op.f('ck_alerts_alert_type_upper_case')),
    sa.CheckConstraint("metric_value <> 'NaN' AND threshold_value <> 'NaN'", name=op.f('ck_alerts_values_are_numbers')),
    sa.CheckConstraint("severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')", name=op.f('ck_alerts_severity_known')),
    sa.CheckConstraint('occurrences >= 1', name=op.f('ck_alerts_occurrences_positive')),
    sa.ForeignKeyConstraint(['client_id', 'campaign_id'], ['ads.campaigns.client_id', 'ads.campaigns.id'], name='fk_alerts_campaign'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_alerts_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_alerts_client_id_id')),
    schema='ads',
    comment='What went wrong in advertising; ads.alert_inbox shows it together with the alerts of the watch.'
    )
    op.create_index('idx_alerts_created_at', 'alerts', [sa.literal_column('created_at DESC')], unique=False, schema='ads')
    op.create_index('idx_alerts_severity', 'alerts', ['severity'], unique=False, schema='ads')
    op.create_index('idx_alerts_unresolved', 'alerts', ['resolved_at'], unique=False, schema='ads', postgresql_where=sa.text('resolved_at IS NULL'))
    op.create_index('ix_alerts_campaign_id', 'alerts', ['campaign_id'], unique=False, schema='ads')
    op.create_index('ix_alerts_client_id_created_at', 'alerts', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='ads')
    op.create_index('uq_alerts_one_open', 'alerts', ['client_id', 'dedup_key'], unique=True, schema='ads', postgresql_where=sa.text('resolved_at IS NULL'))


def downgrade() -> None:
    run_all(ads.undo())
