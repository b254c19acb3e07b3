"""The newest stock of each article and place, offered to the watch as internal/stock."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.sources.contracts import Unit
from belvedere.sources.service import FieldKind, Target, TargetField, number_fields, text_fields

_STOCK = text(
    "SELECT DISTINCT ON (sku, location) sku || '@' || location AS id, coalesce(product_title, sku) AS name,"
    " location AS category, sku, on_hand, available, committed, incoming, inventory_position, units_sold, in_stock,"
    " snapshot_date::text AS snapshot_date, currency,"
    " unit_cost_cents / 10::numeric ^ core.minor_digits(currency) AS unit_cost"
    " FROM inventory.inventory_snapshots WHERE client_id = :client_id ORDER BY sku, location, snapshot_date DESC"
)


async def read_stock(session: ReadSession, client_id: int, _now: datetime) -> list[dict[str, Any]]:
    """Each article at each place as it was last counted."""
    rows = (await session.execute(_STOCK, {"client_id": client_id})).mappings()
    return [dict(row) for row in rows]


STOCK_TARGET = Target(
    name="stock",
    display_name="Stock",
    description="Newest stock of each article",
    read_rows=read_stock,
    fields=(
        *text_fields([("name", "Name"), ("category", "Place"), ("sku", "Stock keeping unit")]),
        *number_fields(
            Unit.COUNT,
            [
                ("on_hand", "On hand"),
                ("available", "Available"),
                ("committed", "Committed"),
                ("incoming", "Incoming"),
                ("inventory_position", "On hand, less committed, plus incoming"),
                ("units_sold", "Sold on the day"),
            ],
        ),
        *number_fields(Unit.CURRENCY, [("unit_cost", "Cost of one")]),
        TargetField("in_stock", "In stock", FieldKind.BOOLEAN),
        *text_fields([("snapshot_date", "Day"), ("currency", "Currency")]),
    ),
)
