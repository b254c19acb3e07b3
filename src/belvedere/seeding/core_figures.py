"""Facts of dashboards: what a shop took in, day by day, in its own currency; and what the agency did."""

import math
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from belvedere.core.money import round_money
from belvedere.seeding.world import Batch, ClientPlan, World

WEEKDAYS = (0.96, 0.94, 0.97, 1.0, 1.06, 1.02, 1.05)
CHANNELS = (("paid", 0.42), ("mail", 0.24), ("search", 0.21), ("direct", 0.13))
DOLLARS = {"JPY": 150, "EUR": 1, "USD": 1, "GBP": 1, "CHF": 1, "AUD": 2}
"""About how many units of a currency buy what a dollar buys, so that shops of all countries are of one size."""

Figure = tuple[str, Decimal, str, dict[str, str]]


def facts(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "metric", "grain", "period_start", "value", "unit", "currency", "dimensions", "as_of",
        "source", "created_at", "updated_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for day in world.dates():
        start = world.instant(day, time(0), client)
        if start > world.now:
            continue
        as_of = min(start + timedelta(hours=27), world.now)
        for metric, value, unit, split in figures_of(world, client, day):
            dimensions = orjson.dumps(split).decode()
            rows.append(
                (
                    world.key("core.dashboard_fact", client.id, metric, day, dimensions), client.id, metric, "day", start,
                    value, unit, client.currency if unit == "currency" else None, dimensions, as_of, "shop and platforms",
                    as_of, as_of,
                )
            )  # fmt: skip
    return Batch("core.dashboard_fact", columns, rows)


def figures_of(world: World, client: ClientPlan, day: date) -> Iterator[Figure]:
    """Totals of a day, and revenue split by channel so that the parts sum to the total."""
    if client.id == 0:
        yield from agency_figures(world, day)
        return
    size = world.random("core.dashboard_fact", client.id).uniform(0.6, 2.4)
    chance = world.random("core.dashboard_fact", client.id, day)
    sessions = int(size * 2_400 * season(day) * chance.lognormvariate(0, 0.07))
    orders = int(sessions * chance.gauss(0.024, 0.002))
    basket = Decimal(str(round(chance.gauss(58, 3), 4))) * DOLLARS.get(client.currency, 1)
    revenue = round_money(orders * basket, client.currency)
    spend = round_money(revenue * Decimal(str(round(chance.gauss(0.19, 0.015), 4))), client.currency)
    yield "sessions", Decimal(sessions), "count", {}
    yield "orders", Decimal(orders), "count", {}
    yield "revenue", revenue, "currency", {}
    yield "ad_spend", spend, "currency", {}
    yield "conversion_rate", (Decimal(orders) / max(sessions, 1)).quantize(Decimal("0.000001")), "ratio", {}
    yield from split_revenue(revenue, client.currency)


def split_revenue(revenue: Decimal, currency: str) -> Iterator[Figure]:
    left = revenue
    for channel, share in CHANNELS[:-1]:
        part = round_money(revenue * Decimal(str(share)), currency)
        left -= part
        yield "revenue", part, "currency", {"channel": channel}
    yield "revenue", left, "currency", {"channel": CHANNELS[-1][0]}


def season(day: date) -> float:
    """Weekdays, a strong end of November and December, a quiet summer."""
    year = 1 + 0.12 * math.cos((day.timetuple().tm_yday - 350) / 365 * 2 * math.pi)
    rush = 1.5 if day.month == 11 and day.day >= 22 else 1.25 if day.month == 12 and day.day <= 18 else 1
    return WEEKDAYS[day.weekday()] * year * rush


def agency_figures(world: World, day: date) -> Iterator[Figure]:
    chance = world.random("core.dashboard_fact", 0, day)
    worked = 0.2 if day.weekday() > 4 else 1.0
    yield "messages_sent", Decimal(int(chance.randint(20, 60) * worked)), "count", {}
    yield "suggestions_made", Decimal(int(chance.randint(8, 24) * worked)), "count", {}
    yield "model_cost", Decimal(chance.randint(150, 900)) / 100, "currency", {}
