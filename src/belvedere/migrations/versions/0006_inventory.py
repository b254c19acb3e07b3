"""Inventory: snapshots, reorder points, lead times"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from belvedere.migrations import inventory

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_tables()
    for statement in inventory.statements():
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))


def create_tables() -> None:
    op.create_table('inventory_snapshots',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('snapshot_date', sa.Date(), nullable=False, comment="Day of the reading in the shop's own zone."),
    sa.Column('timezone', sa.Text(), server_default=sa.text("'UTC'"), nullable=False, comment='IANA zone that the day belongs to.'),
    sa.Column('sku', sa.Text(), nullable=False, comment='Stock keeping unit.'),
    sa.Column('product_id', sa.Text(), nullable=True, comment='Key of the product at the shop; NULL when the source has none.'),
    sa.Column('variant_id', sa.Text(), nullable=True, comment='Key of the variant at the shop; NULL when the source has none.'),
    sa.Column('product_title', sa.Text(), nullable=True, comment='Title of product and variant as the shop shows it; NULL when it gave none.'),
    sa.Column('location', sa.Text(), server_default=sa.text("'default'"), nullable=False, comment='Place the stock stands at.'),
    sa.Column('on_hand', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Units at the place; below 0 when more was sold than counted.'),
    sa.Column('available', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Units that can be sold now.'),
    sa.Column('committed', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Units in orders that have not left.'),
    sa.Column('incoming', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Units ordered from suppliers and not yet here.'),
    sa.Column('inventory_position', sa.BigInteger(), sa.Computed('on_hand - committed + incoming', persisted=True), nullable=True, comment='On hand less committed plus incoming; what a reorder point is compared with.'),
    sa.Column('in_stock', sa.Boolean(), sa.Computed('available > 0', persisted=True), nullable=True, comment='Whether it could be sold; days without stock do not count as demand.'),
    sa.Column('units_sold', sa.BigInteger(), nullable=True, comment='Units sold on the day; NULL when sales were not read.'),
    sa.Column('unit_cost_cents', sa.BigInteger(), nullable=True, comment='Cost of one unit in minor units of the currency; NULL when it is not known.'),
    sa.Column('currency', sa.String(length=3), nullable=True, comment='ISO 4217 code of the cost; NULL without a cost.'),
    sa.Column('stock_value_cents', sa.Numeric(), sa.Computed('GREATEST(on_hand, 0)::numeric * unit_cost_cents', persisted=True), nullable=True, comment='Units on hand at cost, in minor units; NULL without a cost, 0 when oversold.'),
    sa.Column('source_snapshot_id', sa.UUID(), nullable=True, comment='The reading it was taken from (watch.api_snapshots, which may be gone); NULL when entered otherwise.'),
    sa.Column('data_as_of', sa.DateTime(timezone=True), nullable=True, comment='The moment the shop spoke of (UTC); NULL when it does not say.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_inventory_snapshots_currency_is_code')),
    sa.CheckConstraint("sku <> '' AND location <> ''", name=op.f('ck_inventory_snapshots_named')),
    sa.CheckConstraint('(unit_cost_cents IS NULL) = (currency IS NULL)', name=op.f('ck_inventory_snapshots_cost_has_currency')),
    sa.CheckConstraint('committed >= 0 AND incoming >= 0', name=op.f('ck_inventory_snapshots_flows_not_negative')),
    sa.CheckConstraint('unit_cost_cents >= 0', name=op.f('ck_inventory_snapshots_unit_cost_not_negative')),
    sa.CheckConstraint('units_sold >= 0', name=op.f('ck_inventory_snapshots_units_sold_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_inventory_snapshots_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inventory_snapshots')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_inventory_snapshots_client_id_id')),
    sa.UniqueConstraint('client_id', 'snapshot_date', 'sku', 'location', name=op.f('uq_inventory_snapshots_client_id_snapshot_date_sku_location')),
    schema='inventory',
    comment='Stock of each SKU and place at the end of each day of the shop.'
    )
    op.create_index('ix_inventory_snapshots_client_id_created_at', 'inventory_snapshots', ['client_id', sa.literal_column('created_at DESC'), sa.literal_column('id DESC')], unique=False, schema='inventory')
    op.create_index('ix_inventory_snapshots_client_id_sku_snapshot_date', 'inventory_snapshots', ['client_id', 'sku', sa.literal_column('snapshot_date DESC')], unique=False, schema='inventory')
    op.create_table('suppliers',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('code', sa.Text(), nullable=False, comment='Short name on purchase orders.'),
    sa.Column('name', sa.Text(), nullable=False, comment='Full name of the supplier.'),
    sa.Column('contact_email', sa.Text(), nullable=True, comment='Where orders go; NULL when it is not known.'),
    sa.Column('country', sa.String(length=2), nullable=True, comment='ISO 3166 code of the country goods leave from; NULL when it is not known.'),
    sa.Column('currency', sa.String(length=3), nullable=False, comment='ISO 4217 code that it bills in.'),
    sa.Column('planned_lead_days', sa.Numeric(precision=8, scale=2), nullable=True, comment='Days a planner set, before anything measured; NULL when none did.'),
    sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False, comment='Whether new orders may go to it.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("code <> '' AND name <> ''", name=op.f('ck_suppliers_named')),
    sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f('ck_suppliers_country_is_code')),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_suppliers_currency_is_code')),
    sa.CheckConstraint('planned_lead_days >= 0', name=op.f('ck_suppliers_planned_lead_days_not_negative')),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_suppliers_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppliers')),
    sa.UniqueConstraint('client_id', 'code', name=op.f('uq_suppliers_client_id_code')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_suppliers_client_id_id')),
    schema='inventory',
    comment='Who goods are ordered from.'
    )
    op.create_table('reorder_points',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('sku', sa.Text(), nullable=False, comment='Stock keeping unit.'),
    sa.Column('location_group', sa.Text(), server_default=sa.text("'all'"), nullable=False, comment='Places that share their stock; all when they all do.'),
    sa.Column('supplier_id', sa.UUID(), nullable=True, comment='Who it would be ordered from; NULL when none is known.'),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False, comment='The moment the figures are from (UTC).'),
    sa.Column('method', sa.Text(), nullable=False, comment='convolution of seen demand and lead times, closed_form when few are seen, newsvendor, or planner.'),
    sa.Column('service_level', sa.Numeric(precision=6, scale=5), server_default=sa.text('0.95'), nullable=False, comment='Wanted share of cycles without a stock-out, a fraction.'),
    sa.Column('demand_mean', sa.Numeric(precision=18, scale=6), nullable=False, comment='Units a day that are expected; days without stock are left out.'),
    sa.Column('demand_sd', sa.Numeric(precision=18, scale=6), nullable=False, comment="Standard deviation of a day's demand in units."),
    sa.Column('demand_days', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Days of history that count.'),
    sa.Column('lead_time_mean', sa.Numeric(precision=18, scale=6), nullable=False, comment='Days from order to receipt that are expected.'),
    sa.Column('lead_time_sd', sa.Numeric(precision=18, scale=6), nullable=False, comment='Standard deviation of the lead time in days.'),
    sa.Column('review_days', sa.Numeric(precision=8, scale=2), server_default=sa.text('1'), nullable=False, comment='Days between two looks at the stock.'),
    sa.Column('safety_stock', sa.Numeric(precision=18, scale=3), nullable=False, comment='Units held against chance.'),
    sa.Column('reorder_point', sa.Numeric(precision=18, scale=3), nullable=False, comment='Order when the inventory position is at or below it, in units.'),
    sa.Column('order_up_to', sa.Numeric(precision=18, scale=3), nullable=False, comment='Position to reach with an order, in units.'),
    sa.Column('moq', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Smallest order the supplier takes, in units.'),
    sa.Column('pack_size', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Units in a pack; orders are whole packs.'),
    sa.Column('available', sa.BigInteger(), nullable=False, comment='Units that could be sold at as_of, over the places of the group.'),
    sa.Column('inventory_position', sa.BigInteger(), nullable=False, comment='On hand less committed plus on order at as_of, over the places of the group.'),
    sa.Column('weeks_of_supply', sa.Numeric(), sa.Computed('round((GREATEST(available, 0))::numeric(90, 40) / NULLIF((demand_mean * 7)::numeric, 0), 4)', persisted=True), nullable=True, comment='Weeks that the available units last; NULL at no demand.'),
    sa.Column('suggested_quantity', sa.BigInteger(), sa.Computed('CASE WHEN inventory_position <= reorder_point THEN (ceil(GREATEST(moq::numeric, order_up_to - inventory_position) / pack_size) * pack_size)::bigint ELSE 0 END', persisted=True), nullable=True, comment='Units to order: at least the smallest order, in whole packs; 0 above the reorder point.'),
    sa.Column('need_by', sa.Date(), nullable=True, comment='Day by which the goods must be here; NULL when nothing is to be ordered.'),
    sa.Column('status', sa.Text(), server_default=sa.text("'not_needed'"), nullable=False, comment='What became of the suggestion: not_needed, open, ordered, dismissed or superseded.'),
    sa.Column('decided_by', sa.UUID(), nullable=True, comment='Who ordered or dismissed it; NULL until then, or when a job did.'),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True, comment='When it was ordered or dismissed (UTC); NULL until then.'),
    sa.Column('reason', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False, comment='How the figures came about: sample sizes, shrinkage, overrides.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("method IN ('convolution', 'closed_form', 'newsvendor', 'planner')", name=op.f('ck_reorder_points_method_known')),
    sa.CheckConstraint("sku <> '' AND location_group <> ''", name=op.f('ck_reorder_points_named')),
    sa.CheckConstraint("status IN ('not_needed', 'open', 'ordered', 'dismissed', 'superseded')", name=op.f('ck_reorder_points_status_known')),
    sa.CheckConstraint("status NOT IN ('ordered', 'dismissed') OR decided_at IS NOT NULL", name=op.f('ck_reorder_points_decided_has_time')),
    sa.CheckConstraint('demand_mean >= 0 AND demand_sd >= 0 AND demand_days >= 0', name=op.f('ck_reorder_points_demand_not_negative')),
    sa.CheckConstraint('lead_time_mean >= 0 AND lead_time_sd >= 0', name=op.f('ck_reorder_points_lead_time_not_negative')),
    sa.CheckConstraint('moq >= 1 AND pack_size >= 1', name=op.f('ck_reorder_points_order_sizes_positive')),
    sa.CheckConstraint('order_up_to >= reorder_point', name=op.f('ck_reorder_points_order_up_to_above_reorder_point')),
    sa.CheckConstraint('review_days >= 0', name=op.f('ck_reorder_points_review_days_not_negative')),
    sa.CheckConstraint('safety_stock >= 0', name=op.f('ck_reorder_points_safety_stock_not_negative')),
    sa.CheckConstraint('service_level > 0 AND service_level < 1', name=op.f('ck_reorder_points_service_level_is_fraction')),
    sa.ForeignKeyConstraint(['client_id', 'supplier_id'], ['inventory.suppliers.client_id', 'inventory.suppliers.id'], name='fk_reorder_points_supplier'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_reorder_points_client_id_clients'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['decided_by'], ['core.users.id'], name=op.f('fk_reorder_points_decided_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reorder_points')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_reorder_points_client_id_id')),
    sa.UniqueConstraint('client_id', 'sku', 'location_group', 'as_of', name=op.f('uq_reorder_points_client_id_sku_location_group_as_of')),
    schema='inventory',
    comment='When to order what, how much, and why; the newest row of a SKU holds.'
    )
    op.create_index('ix_reorder_points_client_id_as_of', 'reorder_points', ['client_id', sa.literal_column('as_of DESC'), sa.literal_column('id DESC')], unique=False, schema='inventory')
    op.create_index('ix_reorder_points_client_id_supplier_id', 'reorder_points', ['client_id', 'supplier_id'], unique=False, schema='inventory')
    op.create_index('ix_reorder_points_decided_by', 'reorder_points', ['decided_by'], unique=False, schema='inventory')
    op.create_index('uq_reorder_points_one_open', 'reorder_points', ['client_id', 'sku', 'location_group'], unique=True, schema='inventory', postgresql_where=sa.text("status = 'open'"))
    op.create_table('supplier_lead_times',
    sa.Column('id', sa.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False, comment='Key of the row.'),
    sa.Column('client_id', sa.Integer(), server_default=sa.text('0'), nullable=False, comment='Client the row belongs to; 0 is the agency itself.'),
    sa.Column('supplier_id', sa.UUID(), nullable=False, comment='Who was ordered from.'),
    sa.Column('sku', sa.Text(), nullable=True, comment='Stock keeping unit; NULL when the whole order is meant.'),
    sa.Column('po_number', sa.Text(), nullable=False, comment='Number of the purchase order.'),
    sa.Column('receipt', sa.Integer(), server_default=sa.text('1'), nullable=False, comment='Which part of the order, from 1; partial receipts are rows of their own.'),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False, comment='When the order went out (UTC).'),
    sa.Column('promised_at', sa.DateTime(timezone=True), nullable=True, comment='When the supplier promised it (UTC); NULL without a promise.'),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=True, comment='When this part arrived (UTC); NULL until then.'),
    sa.Column('quantity_ordered', sa.BigInteger(), nullable=False, comment='Units ordered.'),
    sa.Column('quantity_received', sa.BigInteger(), server_default=sa.text('0'), nullable=False, comment='Units of this receipt; 0 until it arrived.'),
    sa.Column('lead_days', sa.Numeric(), sa.Computed('round((extract(epoch FROM (received_at - placed_at)) / 86400)::numeric, 4)', persisted=True), nullable=True, comment='Days from order to receipt; NULL until received.'),
    sa.Column('days_late', sa.Numeric(), sa.Computed('round((extract(epoch FROM (received_at - promised_at)) / 86400)::numeric, 4)', persisted=True), nullable=True, comment='Days after the promise, below 0 when early; NULL until received or without a promise.'),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row was written (UTC).'),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False, comment='When the row last changed (UTC); kept by a trigger.'),
    sa.CheckConstraint("po_number <> '' AND sku <> ''", name=op.f('ck_supplier_lead_times_named')),
    sa.CheckConstraint('(received_at IS NULL) = (quantity_received = 0)', name=op.f('ck_supplier_lead_times_received_has_quantity')),
    sa.CheckConstraint('quantity_ordered >= 1 AND quantity_received >= 0', name=op.f('ck_supplier_lead_times_quantities_sane')),
    sa.CheckConstraint('receipt >= 1', name=op.f('ck_supplier_lead_times_receipt_positive')),
    sa.CheckConstraint('received_at >= placed_at', name=op.f('ck_supplier_lead_times_received_after_placed')),
    sa.ForeignKeyConstraint(['client_id', 'supplier_id'], ['inventory.suppliers.client_id', 'inventory.suppliers.id'], name='fk_supplier_lead_times_supplier'),
    sa.ForeignKeyConstraint(['client_id'], ['core.clients.id'], name=op.f('fk_supplier_lead_times_client_id_clients'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier_lead_times')),
    sa.UniqueConstraint('client_id', 'id', name=op.f('uq_supplier_lead_times_client_id_id')),
    sa.UniqueConstraint('client_id', 'supplier_id', 'po_number', 'sku', 'receipt', name=op.f('uq_supplier_lead_times_receipt'), postgresql_nulls_not_distinct=True),
    schema='inventory',
    comment='Purchase orders and when they arrived; lead times are measured from these.'
    )
    op.create_index('ix_supplier_lead_times_client_id_placed_at', 'supplier_lead_times', ['client_id', sa.literal_column('placed_at DESC'), sa.literal_column('id DESC')], unique=False, schema='inventory')
    op.create_index('ix_supplier_lead_times_client_id_sku_received_at', 'supplier_lead_times', ['client_id', 'sku', sa.literal_column('received_at DESC')], unique=False, schema='inventory')


def downgrade() -> None:
    op.drop_table("supplier_lead_times", schema="inventory")
    op.drop_table("reorder_points", schema="inventory")
    op.drop_table("inventory_snapshots", schema="inventory")
    op.drop_table("suppliers", schema="inventory")
