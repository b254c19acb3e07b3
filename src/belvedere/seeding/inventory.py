"""Data for the schema `inventory`: stock of each day, orders and their arrivals, and what to order when."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from belvedere.seeding.inventory_stock import Played, StockDay, play
from belvedere.seeding.world import Batch, ClientPlan, World

SUPPLIERS = (
    ("NORD", "Nordhafen Trading", "DE", "EUR"), ("LUSO", "Luso Manufaktura", "PT", "EUR"),
    ("HUAN", "Huanan Home Goods", "CN", "USD"),
)  # fmt: skip
WAREHOUSE = "Warehouse"
SHOWN = 3
"""Articles that stand in the showroom too, a few of each."""


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    played = play(world, client)
    yield suppliers(world, client)
    yield snapshots(world, client, played)
    yield reorder_points(world, client, played)
    yield lead_times(world, client, played)


def supplier_id(world: World, client: ClientPlan, number: int) -> UUID:
    return world.key("inventory.suppliers", client.id, number)


def at(world: World, day: date, hour: int) -> datetime:
    """An hour of a day in UTC, never past the end of what is filled."""
    return min(datetime.combine(day, time(hour), UTC), world.now)


def suppliers(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "code", "name", "contact_email", "country", "currency", "planned_lead_days", "created_at",
        "updated_at",
    )  # fmt: skip
    began = world.now - timedelta(days=world.days)
    rows: list[tuple[object, ...]] = [
        (supplier_id(world, client, number), client.id, code, name, f"orders@{code.lower()}.example", country, currency,
         12 + number * 4, began, began)
        for number, (code, name, country, currency) in enumerate(SUPPLIERS)
    ]  # fmt: skip
    return Batch("inventory.suppliers", columns, rows)


def snapshots(world: World, client: ClientPlan, played: Played) -> Batch:
    columns = (
        "id", "client_id", "snapshot_date", "timezone", "sku", "product_id", "variant_id", "product_title", "location",
        "on_hand", "available", "committed", "incoming", "units_sold", "unit_cost_cents", "currency", "data_as_of",
        "created_at", "updated_at",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for stock in played.days:
        rows.append(snapshot(world, client, stock, WAREHOUSE))
        if stock.article.number < SHOWN:
            shown = StockDay(stock.day, stock.article, 4 + stock.day.day % 4, 0, 0, 0, 0, is_settled=True)
            rows.append(snapshot(world, client, shown, "Showroom"))
    return Batch("inventory.inventory_snapshots", columns, rows)


def snapshot(world: World, client: ClientPlan, stock: StockDay, location: str) -> tuple[object, ...]:
    article, read_at = stock.article, at(world, stock.day, 23)
    return (
        world.key("inventory.inventory_snapshots", client.id, article.number, stock.day, location), client.id, stock.day,
        client.timezone, article.sku, f"{7_000_000 + article.number}", f"{41_000_000 + article.number}", article.title,
        location, stock.on_hand, stock.on_hand - stock.committed, stock.committed, stock.incoming, stock.sold,
        article.cost, client.currency, read_at, read_at, read_at,
    )  # fmt: skip


def reorder_points(world: World, client: ClientPlan, played: Played) -> Batch:
    """One for each order that was made, one a week besides, and on the last day what waits for a person."""
    columns = (
        "id", "client_id", "sku", "location_group", "supplier_id", "as_of", "method", "service_level", "demand_mean",
        "demand_sd", "demand_days", "lead_time_mean", "lead_time_sd", "review_days", "safety_stock", "reorder_point",
        "order_up_to", "moq", "pack_size", "available", "inventory_position", "need_by", "status", "decided_by",
        "decided_at", "reason", "created_at", "updated_at",
    )  # fmt: skip
    last = played.days[-1].day if played.days else None
    rows = [
        reorder_point(world, client, stock)
        for stock in played.days
        if stock.ordered or stock.day == last or (stock.day.weekday() == 0 and stock.is_settled)
    ]
    return Batch("inventory.reorder_points", columns, rows)


def reorder_point(world: World, client: ClientPlan, stock: StockDay) -> tuple[object, ...]:
    article, as_of = stock.article, at(world, stock.day, 23)
    wanted = article.suggest(stock.position)
    status = "not_needed" if not wanted else "ordered" if stock.ordered else "open"
    decided = status == "ordered"
    need_by = stock.day + timedelta(days=round(article.lead)) if wanted else None
    reason = {"lead_times_seen": 6 + article.number % 5, "shrunk_to": "supplier", "z": 1.645}
    return (
        world.key("inventory.reorder_points", client.id, article.number, stock.day), client.id, article.sku,
        WAREHOUSE, supplier_id(world, client, article.supplier), as_of, "closed_form", "0.95", article.demand,
        article.spread, 90, article.lead, article.lead_spread, 1, article.safety, article.reorder_point,
        article.order_up_to, article.moq, article.pack, stock.on_hand - stock.committed, stock.position, need_by, status,
        world.people[article.number % len(world.people)] if decided else None, as_of if decided else None,
        json.dumps(reason), as_of, as_of,
    )  # fmt: skip


def lead_times(world: World, client: ClientPlan, played: Played) -> Batch:
    """A row for each part of an order; what has not come yet has no receipt."""
    columns = (
        "id", "client_id", "supplier_id", "sku", "po_number", "receipt", "placed_at", "promised_at", "received_at",
        "quantity_ordered", "quantity_received", "created_at", "updated_at",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for order in played.purchases:
        placed = at(world, order.placed, 15)
        for receipt, (day, quantity) in enumerate(order.parts, start=1):
            came = (
                datetime.combine(day, time(10), UTC)
                if datetime.combine(day, time(10), UTC) <= world.now
                else None
            )
            rows.append((
                world.key("inventory.supplier_lead_times", client.id, order.number, receipt), client.id,
                supplier_id(world, client, order.article.supplier), order.article.sku, f"PO-{client.id}-{1000 + order.number}",
                receipt, placed, datetime.combine(order.promised, time(12), UTC), came, order.quantity,
                quantity if came else 0, placed, came or placed,
            ))  # fmt: skip
    return Batch("inventory.supplier_lead_times", columns, rows)
