"""Facts of dashboards: what a shop took in, day by day, in its own currency; and what the agency did."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from belvedere.core.money import from_minor, round_money
from belvedere.seeding.ads import plan_client
from belvedere.seeding.ads_figures import sum_days
from belvedere.seeding.world import Batch, ClientPlan, World

OTHERS = (("mail", Decimal("0.42")), ("search", Decimal("0.36")), ("direct", Decimal("0.22")))
"""How the revenue that no ad brought is divided."""
BASKETS = {"JPY": 150, "AUD": 2}
"""About how many units of a currency buy what a euro buys, where it is not one."""

Figure = tuple[str, Decimal, str, dict[str, str]]


def facts(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "metric", "grain", "period_start", "value", "unit", "currency", "dimensions", "as_of",
        "source", "created_at", "updated_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    ads = sum_days(world, plan_client(world, client))
    for day in world.dates():
        start = world.instant(day, time(0), client)
        if start > world.now:
            continue
        as_of = min(start + timedelta(hours=27), world.now)
        spend, brought = (from_minor(amount, client.currency) for amount in ads.get(day, (0, 0)))
        for metric, value, unit, split in figures_of(world, client, day, (spend, brought)):
            dimensions = orjson.dumps(split).decode()
            rows.append(
                (
                    world.key("core.dashboard_fact", client.id, metric, day, dimensions), client.id, metric, "day", start,
                    value, unit, client.currency if unit == "currency" else None, dimensions, as_of, "shop and platforms",
                    as_of, as_of,
                )
            )  # fmt: skip
    return Batch("core.dashboard_fact", columns, rows)


def figures_of(world: World, client: ClientPlan, day: date, ads: tuple[Decimal, Decimal]) -> Iterator[Figure]:
    """Totals of a day: what ads brought, by the ads' own figures, is about two fifths of what the shop took in."""
    spend, brought = ads
    yield "ad_spend", spend, "currency", {}
    yield "ad_revenue", brought, "currency", {}
    if client.id == 0:
        yield from agency_figures(world, day)
        return
    chance = world.random("core.dashboard_fact", client.id, day)
    others = round_money(brought * Decimal(str(round(chance.gauss(1.4, 0.09), 4))), client.currency)
    basket = Decimal(str(round(chance.gauss(58, 3), 4))) * BASKETS.get(client.currency, 1)
    orders = int((brought + others) / basket)
    sessions = int(orders / max(0.012, chance.gauss(0.024, 0.002)))
    yield "sessions", Decimal(sessions), "count", {}
    yield "orders", Decimal(orders), "count", {}
    yield "revenue", brought + others, "currency", {}
    yield "conversion_rate", (Decimal(orders) / max(sessions, 1)).quantize(Decimal("0.000001")), "ratio", {}
    yield "revenue", brought, "currency", {"channel": "paid"}
    yield from split_others(others, client.currency)


def split_others(revenue: Decimal, currency: str) -> Iterator[Figure]:
    left = revenue
    for channel, share in OTHERS[:-1]:
        part = round_money(revenue * share, currency)
        left -= part
        yield "revenue", part, "currency", {"channel": channel}
    yield "revenue", left, "currency", {"channel": OTHERS[-1][0]}


def agency_figures(world: World, day: date) -> Iterator[Figure]:
    chance = world.random("core.dashboard_fact", 0, day)
    worked = 0.2 if day.weekday() > 4 else 1.0
    yield "messages_sent", Decimal(int(chance.randint(20, 60) * worked)), "count", {}
    yield "suggestions_made", Decimal(int(chance.randint(8, 24) * worked)), "count", {}
    yield "model_cost", Decimal(chance.randint(150, 900)) / 100, "currency", {}
