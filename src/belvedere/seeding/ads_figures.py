"""Daily figures with seasons and weekdays, split exactly into hours and quarters, and what was observed when."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate

from belvedere.seeding.ads_plan import AdsPlan, CampaignPlan
from belvedere.seeding.world import Batch, World

QUARTER = timedelta(minutes=15)
FINE_DAYS, HOURLY_DAYS = 2, 12
WEEKDAYS = (0.96, 0.94, 0.97, 1.0, 1.04, 1.1, 1.08)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 12, 11, 11, 12, 13, 14, 15, 16, 17, 15, 10, 5)
"""How busy each local hour is."""

PRICES = {"meta": (11.0, 0.013, 0.021), "google": (18.0, 0.034, 0.038), "tiktok": (6.5, 0.009, 0.012),
          "pinterest": (5.0, 0.008, 0.014), "organic": (0.0, 0.017, 0.011)}  # fmt: skip
"""Cost of a thousand impressions in euro, clicks of each impression, conversions of each click."""

DAILY = (
    "id", "client_id", "campaign_id", "metric_date", "spend_cents", "impressions", "clicks", "conversions",
    "revenue_cents", "currency", "report_tz", "attribution", "final_after", "data_as_of", "created_at", "updated_at",
)  # fmt: skip
INCREMENTS = ("time", "client_id", "campaign_id", "impressions", "clicks", "spend", "conversions", "revenue")
OBSERVED = (
    "id", "client_id", "campaign_id", "report_date", "report_tz", "attribution", "currency", "impressions", "clicks",
    "spend", "conversions", "revenue", "observed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """A day's figures in whole parts: cents, and hundredths of conversions."""

    impressions: int
    clicks: int
    spend: int
    conversions: int
    revenue: int


@dataclass(frozen=True, slots=True)
class Day:
    """A local day of the client: when it begins and ends (UTC), and the starts of its spans that have begun."""

    date: date
    begin: datetime
    end: datetime
    spans: tuple[datetime, ...]
    edges: tuple[float, ...]
    """What share of the day's activity has passed at the end of each span; 1 at the end of the last."""
    passed: float


def fill(world: World, plan: AdsPlan) -> Iterator[Batch]:
    daily: list[tuple[object, ...]] = []
    increments: list[tuple[object, ...]] = []
    observed: list[tuple[object, ...]] = []
    for campaign, day, figures in imagine_days(world, plan):
        seen = list(observe(world, plan, campaign, day, figures))
        observed.extend(seen)
        daily.append(daily_row(world, plan, campaign, day, figures, seen[-1][-1]))
        increments.extend(split(plan, campaign, day, figures))
    yield Batch("ads.metric_observations", OBSERVED, observed)
    yield Batch("ads.campaign_metrics", INCREMENTS, increments)
    yield Batch("ads.ads_daily_metrics", DAILY, daily)


def imagine_days(world: World, plan: AdsPlan) -> Iterator[tuple[CampaignPlan, Day, Figures]]:
    """Every campaign's figures of every day on which it could deliver."""
    days = [measure_day(world, plan, day, back) for day, back in count_back(world)]
    days = [day for day in days if day.spans]
    for campaign in plan.campaigns:
        chance = world.random("ads.figures", plan.client.id, campaign.number)
        if campaign.status == "draft":
            continue
        for day in days:
            if campaign.stops and campaign.status != "paused" and day.date >= campaign.stops:
                break
            figures = imagine(plan, campaign, day, chance)
            if (campaign.number, day.date) in plan.silences:
                figures = replace(figures, conversions=0, revenue=0)
            yield campaign, day, figures


def sum_days(world: World, plan: AdsPlan) -> dict[date, tuple[int, int]]:
    """Spend and revenue of all campaigns by day, in the smallest unit: what `ads.ads_daily_metrics` sums to."""
    sums: dict[date, tuple[int, int]] = {}
    for _, day, figures in imagine_days(world, plan):
        spend, revenue = sums.get(day.date, (0, 0))
        sums[day.date] = spend + figures.spend, revenue + figures.revenue
    return sums


def count_back(world: World) -> Iterator[tuple[date, int]]:
    for number, day in enumerate(world.dates()):
        yield day, world.days - 1 - number


def measure_day(world: World, plan: AdsPlan, day: date, back: int) -> Day:
    begin = world.instant(day, time(0), plan.client)
    end = world.instant(day + timedelta(days=1), time(0), plan.client)
    step = QUARTER if back < FINE_DAYS else 4 * QUARTER if back < FINE_DAYS + HOURLY_DAYS else end - begin
    count = -((begin - min(end, world.now)) // step)
    spans = tuple(begin + number * step for number in range(count))
    if step >= end - begin:
        return Day(day, begin, end, spans, (1.0,) * count, passed_at(min(end, world.now) - begin))
    busy = list(accumulate(HOURS[(at - begin) // timedelta(hours=1) % 24] for at in spans)) or [1]
    passed = min(1.0, busy[-1] * (step / timedelta(hours=1)) / sum(HOURS))
    return Day(day, begin, end, spans, tuple(value / busy[-1] for value in busy), passed)


def passed_at(gone: timedelta) -> float:
    hours = min(24, gone // timedelta(hours=1))
    return max(sum(HOURS[:hours]), 1) / sum(HOURS)


def imagine(plan: AdsPlan, campaign: CampaignPlan, day: Day, chance: random.Random) -> Figures:
    """What the day brought: weekday, season, a slow drift and noise; the same chance is drawn on every path."""
    noise, price, taste, luck = (chance.lognormvariate(0, sigma) for sigma in (0.09, 0.08, 0.07, 0.14))
    busy = WEEKDAYS[day.date.weekday()] * season(day.date, campaign.season) * noise * day.passed
    cost, ctr, rate = PRICES[campaign.platform]
    if campaign.stops and day.date >= campaign.stops:
        busy = 0.0
    spend = int(campaign.daily * busy)
    shown = spend / (cost * price * plan.euro) * 1000 if campaign.daily else 6_000 * busy
    impressions = int(shown)
    clicks = int(impressions * ctr * taste)
    conversions = int(clicks * rate * luck * 100)
    if campaign.platform != "google":
        conversions = conversions // 100 * 100
    basket = 62 * plan.euro * chance.lognormvariate(0, 0.12)
    wanted = spend * float(campaign.roas) * luck if campaign.daily else conversions / 100 * basket
    return Figures(impressions, clicks, spend, conversions, int(wanted) if conversions else 0)


def season(day: date, kind: str) -> float:
    """A quiet summer, a busy end of the year, and a peak around the last Friday of November."""
    of_year = day.timetuple().tm_yday
    wave = 1 + 0.12 * math.cos((of_year - 350) / 365 * 2 * math.pi)
    peak = 0.9 * math.exp(-(((of_year - 331) / 6) ** 2)) + 0.35 * math.exp(-(((of_year - 348) / 9) ** 2))
    return wave + peak * (1.8 if kind == "gifts" else 1.0)


def split(plan: AdsPlan, campaign: CampaignPlan, day: Day, figures: Figures) -> Iterator[tuple[object, ...]]:
    """The day in increments that sum to it exactly: each is a difference of two rounded running sums."""
    client, digits = plan.client.id, plan.digits
    columns = (
        share_out(figures.impressions, day.edges), share_out(figures.clicks, day.edges),
        share_out(figures.spend, day.edges), share_out(figures.conversions, day.edges),
        share_out(figures.revenue, day.edges),
    )  # fmt: skip
    for at, impressions, clicks, spend, conversions, revenue in zip(day.spans, *columns, strict=True):
        yield (
            at, client, campaign.id, impressions, clicks, Decimal(spend).scaleb(-digits),
            Decimal(conversions).scaleb(-2), Decimal(revenue).scaleb(-digits),
        )  # fmt: skip


def share_out(total: int, edges: Sequence[float]) -> list[int]:
    sums = [int(total * edge) for edge in edges[:-1]]
    sums.append(total)
    return [after - before for before, after in zip([0, *sums], sums, strict=False)]


def observe(
    world: World, plan: AdsPlan, campaign: CampaignPlan, day: Day, figures: Figures
) -> Iterator[tuple[object, ...]]:
    """What the platform said: fewer conversions at first, the figures of today at last."""
    times = [at for at in (day.end + timedelta(hours=6), day.end + timedelta(hours=78)) if at < world.now]
    if len(times) < 2:
        times.append(world.now - timedelta(minutes=7))
    for number, at in enumerate(times):
        known = 100 if at is times[-1] else 82
        conversions = figures.conversions * known // 100
        yield (
            world.key_at(at, "ads.metric_observations", plan.client.id, campaign.number, day.date, number),
            plan.client.id, campaign.id, day.date, plan.client.timezone, campaign.account.attribution,
            plan.client.currency, figures.impressions, figures.clicks, Decimal(figures.spend).scaleb(-plan.digits),
            Decimal(conversions).scaleb(-2), Decimal(figures.revenue * known // 100).scaleb(-plan.digits), at,
        )  # fmt: skip


def daily_row(
    world: World, plan: AdsPlan, campaign: CampaignPlan, day: Day, figures: Figures, seen: object
) -> tuple[object, ...]:
    return (
        world.key("ads.ads_daily_metrics", plan.client.id, campaign.number, day.date), plan.client.id, campaign.id,
        day.date, figures.spend, figures.impressions, figures.clicks, Decimal(figures.conversions).scaleb(-2),
        figures.revenue, plan.client.currency, plan.client.timezone, campaign.account.attribution,
        day.date + timedelta(days=campaign.account.reread_days), seen, min(day.end, world.now), seen,
    )  # fmt: skip
