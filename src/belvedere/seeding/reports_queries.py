"""The queries that made-up clients keep at Amazon Marketing Cloud, and plausible figures for each."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

Figures = dict[str, int | Decimal]
CENT = Decimal("0.01")

ADDITIVE = {"kind": "additive"}
CAMPAIGNS = (
    "SP | Bestsellers | Exact", "SP | Category | Broad", "SB | Brand video", "SD | Retargeting 30 days",
    "SP | New arrivals | Auto", "DSP | In-market", "DSP | Lookalike buyers", "SB | Seasonal store",
)  # fmt: skip
PATHS = ("SP", "SB > SP", "DSP > SP", "DSP > SB > SP", "SD > SP")
SEGMENTS = ("New to brand", "Repeat buyers", "Cart without purchase", "Viewed detail page")


@dataclass(frozen=True, slots=True)
class Query:
    """A workflow: what it asks, how its metrics add up, and how big each part of a week is."""

    name: str
    workflow_id: str
    description: str
    sql: str
    time_basis: str
    restatement_days: int
    dimension: str
    values: tuple[str, ...]
    catalog: dict[str, dict[str, Any]]
    make: Callable[[random.Random, float], Figures]
    status: str = "active"

    @property
    def columns(self) -> list[dict[str, str]]:
        made = [key for key, rule in self.catalog.items() if rule["kind"] != "ratio"]
        return [{"name": self.dimension, "columnType": "DIMENSION"}] + [
            {"name": name, "columnType": "METRIC"} for name in made
        ]


def money(amount: float) -> Decimal:
    return Decimal(str(amount)).quantize(CENT)


def make_campaign(chance: random.Random, size: float) -> Figures:
    impressions = int(42_000 * size * chance.uniform(0.9, 1.1))
    clicks = int(impressions * chance.uniform(0.006, 0.012))
    orders = int(clicks * chance.uniform(0.06, 0.11))
    return {
        "impressions": impressions,
        "clicks": clicks,
        "spend": money(clicks * chance.uniform(0.55, 0.95)),
        "orders": orders,
        "sales": money(orders * chance.uniform(31, 44)),
        "reach": int(impressions * chance.uniform(0.38, 0.46)),
    }


def make_path(chance: random.Random, size: float) -> Figures:
    conversions = int(120 * size * chance.uniform(0.85, 1.15)) + 1
    return {
        "paths": conversions * chance.randint(9, 14),
        "conversions": conversions,
        "sales": money(conversions * chance.uniform(34, 41)),
    }


def make_segment(chance: random.Random, size: float) -> Figures:
    reach = int(9_500 * size * chance.uniform(0.9, 1.1))
    return {
        "reach": reach,
        "impressions": int(reach * chance.uniform(2.1, 2.9)),
        "buyers": int(reach * 0.012),
    }


QUERIES = (
    Query(
        name="Campaigns by week", workflow_id="campaign_performance_weekly",
        description="Spend, sales and reach of each campaign.",
        sql="SELECT campaign, SUM(impressions) AS impressions, SUM(clicks) AS clicks,"
        " SUM(spend) / 100000000 AS spend, SUM(purchases) AS orders, SUM(product_sales) AS sales,"
        " COUNT(DISTINCT user_id) AS reach\nFROM amazon_attributed_events_by_conversion_time\nGROUP BY campaign",
        time_basis="conversion", restatement_days=3, dimension="campaign", values=CAMPAIGNS,
        catalog={
            "impressions": ADDITIVE, "clicks": ADDITIVE, "spend": ADDITIVE, "orders": ADDITIVE, "sales": ADDITIVE,
            "reach": {"kind": "distinct"},
            "roas": {"kind": "ratio", "num": "sales", "den": "spend"},
            "ctr": {"kind": "ratio", "num": "clicks", "den": "impressions"},
        },
        make=make_campaign,
    ),
    Query(
        name="Paths to purchase", workflow_id="path_to_purchase",
        description="Which ads people saw, in order, before they bought.",
        sql="WITH touches AS (\n  SELECT user_id, ARRAY_SORT(COLLECT(DISTINCT NAMED_ROW('at', event_dt, 'kind',"
        " ad_product_type))) AS steps\n  FROM amazon_attributed_events_by_traffic_time\n  GROUP BY user_id\n)\n"
        "SELECT path, COUNT(DISTINCT user_id) AS paths, SUM(purchases) AS conversions, SUM(product_sales) AS sales\n"
        "FROM touches\nGROUP BY path",
        time_basis="traffic", restatement_days=30, dimension="path", values=PATHS,
        catalog={
            "paths": ADDITIVE, "conversions": ADDITIVE, "sales": ADDITIVE,
            "conversion_rate": {"kind": "ratio", "num": "conversions", "den": "paths"},
        },
        make=make_path,
    ),
    Query(
        name="Audience reach", workflow_id="audience_reach",
        description="How many people of each audience saw an ad, and how many bought.",
        sql="SELECT segment_name AS segment, COUNT(DISTINCT user_id) AS reach, SUM(impressions) AS impressions,\n"
        "  SUM(buyers) AS buyers\nFROM dsp_impressions_by_user_segments\nGROUP BY segment_name",
        time_basis="event", restatement_days=3, dimension="segment", values=SEGMENTS,
        catalog={
            "reach": {"kind": "distinct"}, "impressions": ADDITIVE, "buyers": ADDITIVE,
            "frequency": {"kind": "ratio", "num": "impressions", "den": "reach"},
        },
        make=make_segment,
    ),
    Query(
        name="New-to-brand by product", workflow_id="new_to_brand_products",
        description="Products that bring buyers who had never bought from the brand.",
        sql="SELECT tracked_item, SUM(new_to_brand_purchases) AS orders\n"
        "FROM amazon_attributed_events_by_conversion_time\nGROUP BY tracked_item",
        time_basis="conversion", restatement_days=3, dimension="tracked_item", values=(),
        catalog={"orders": ADDITIVE}, make=make_campaign, status="draft",
    ),
)  # fmt: skip


def season(week: date) -> float:
    """Weeks before the holidays are busy, January is quiet."""
    by_month = (0.82, 0.86, 0.94, 0.97, 1.0, 0.98, 1.04, 0.95, 1.0, 1.06, 1.38, 1.31)
    return by_month[week.month - 1]
