"""Rows of the tables of inventory, in the order of their foreign keys."""

STATEMENTS: dict[str, str] = {
    "inventory.suppliers": "INSERT INTO inventory.suppliers (id, client_id, code, name, currency)"
    " VALUES (%(id)s, %(c)s, %(text)s, 'Rösterei Nord', 'EUR')",
    "inventory.inventory_snapshots": "INSERT INTO inventory.inventory_snapshots (id, client_id, snapshot_date, timezone,"
    " sku, on_hand, available) VALUES (%(id)s, %(c)s, '2026-03-01', 'Europe/Vienna', %(text)s, 10, 8)",
    "inventory.reorder_points": "INSERT INTO inventory.reorder_points (id, client_id, sku, supplier_id, as_of, method,"
    " demand_mean, demand_sd, lead_time_mean, lead_time_sd, safety_stock, reorder_point, order_up_to, available,"
    " inventory_position) VALUES (%(id)s, %(c)s, %(text)s, %(inventory_suppliers)s, '2026-03-01 06:00+00',"
    " 'closed_form', 4, 2, 14, 3, 20, 76, 160, 30, 30)",
    "inventory.supplier_lead_times": "INSERT INTO inventory.supplier_lead_times (id, client_id, supplier_id, sku,"
    " po_number, placed_at, quantity_ordered)"
    " VALUES (%(id)s, %(c)s, %(inventory_suppliers)s, 'KB-250', %(text)s, '2026-02-01 09:00+00', 40)",
}
CHANGEABLE: dict[str, str] = {}
"""A column that people may change, of tables whose `client_id` they may not name in an UPDATE."""
BREAKS: dict[str, str] = {
    "ck_suppliers_named": "name = ''",
    "ck_suppliers_currency_is_code": "currency = 'eur'",
    "ck_suppliers_country_is_code": "country = 'at'",
    "ck_suppliers_planned_lead_days_not_negative": "planned_lead_days = -1",
    "ck_inventory_snapshots_named": "location = ''",
    "ck_inventory_snapshots_flows_not_negative": "committed = -1",
    "ck_inventory_snapshots_units_sold_not_negative": "units_sold = -1",
    "ck_inventory_snapshots_unit_cost_not_negative": "unit_cost_cents = -1, currency = 'EUR'",
    "ck_inventory_snapshots_cost_has_currency": "unit_cost_cents = 100",
    "ck_inventory_snapshots_currency_is_code": "unit_cost_cents = 100, currency = 'eur'",
    "ck_reorder_points_method_known": "method = 'nope'",
    "ck_reorder_points_status_known": "status = 'nope'",
    "ck_reorder_points_named": "location_group = ''",
    "ck_reorder_points_service_level_is_fraction": "service_level = 1",
    "ck_reorder_points_demand_not_negative": "demand_sd = -1",
    "ck_reorder_points_lead_time_not_negative": "lead_time_sd = -1",
    "ck_reorder_points_review_days_not_negative": "review_days = -1",
    "ck_reorder_points_safety_stock_not_negative": "safety_stock = -1",
    "ck_reorder_points_order_up_to_above_reorder_point": "order_up_to = 10",
    "ck_reorder_points_order_sizes_positive": "moq = 0",
    "ck_reorder_points_decided_has_time": "status = 'ordered'",
    "ck_supplier_lead_times_named": "sku = ''",
    "ck_supplier_lead_times_receipt_positive": "receipt = 0",
    "ck_supplier_lead_times_received_after_placed": "received_at = '2026-01-01', quantity_received = 1",
    "ck_supplier_lead_times_quantities_sane": "quantity_ordered = 0",
    "ck_supplier_lead_times_received_has_quantity": "quantity_received = 5",
}
"""CHECK constraint -> the SET clause of an UPDATE that breaks it and no other."""
