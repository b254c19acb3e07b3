"""Data for the schema `ads`: accounts, budgets and campaigns; figures and decisions stand beside."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from belvedere.core.money import from_minor, minor_digits
from belvedere.seeding import ads_alerts, ads_decisions, ads_figures
from belvedere.seeding.ads_plan import AccountPlan, AdsPlan, CampaignPlan
from belvedere.seeding.world import Batch, ClientPlan, World


@dataclass(frozen=True, slots=True)
class Idea:
    """A campaign as planners name it; `daily` is its usual spend in whole units of a middling currency."""

    platform: str
    name: str
    objective: str
    daily: int
    roas: str
    season: str = ""


IDEAS = (
    Idea("google", "Search | Brand", "sales", 40, "7.5"),
    Idea("meta", "Prospecting | Broad", "sales", 120, "2.6"),
    Idea("organic", "Organic social", "awareness", 0, "0"),
    Idea("google", "Performance Max | Bestsellers", "sales", 150, "4.1"),
    Idea("tiktok", "Spark Ads | Customer videos", "sales", 60, "1.9"),
    Idea("pinterest", "Ideas | Seasonal boards", "traffic", 25, "1.6"),
    Idea("meta", "Retargeting | 14 days", "sales", 45, "5.2"),
    Idea("google", "Shopping | Core range", "sales", 90, "3.8"),
    Idea("meta", "Catalogue | Viewed products", "sales", 35, "4.4"),
    Idea("google", "Search | Category words", "leads", 55, "2.9"),
    Idea("meta", "Lookalike | Best customers 2 %", "sales", 70, "2.8"),
    Idea("pinterest", "Shopping | Gift guides", "sales", 30, "2.2", "gifts"),
    Idea("tiktok", "Prospecting | Interest groups", "sales", 50, "1.4"),
    Idea("meta", "Launch | New arrivals", "sales", 80, "2.1"),
)
STATUSES = {5: "paused", 9: "archived", 11: "draft", 12: "removed", 13: "unknown"}
RAW = {
    "meta": {"active": "ACTIVE", "paused": "PAUSED", "archived": "ARCHIVED", "removed": "DELETED", "draft": "IN_PROCESS", "unknown": "WITH_ISSUES"},
    "google": {"active": "ENABLED", "paused": "PAUSED", "archived": "REMOVED", "removed": "REMOVED"},
    "tiktok": {"active": "CAMPAIGN_STATUS_ENABLE", "paused": "CAMPAIGN_STATUS_DISABLE", "removed": "CAMPAIGN_STATUS_DELETE"},
    "pinterest": {"active": "ACTIVE", "paused": "PAUSED", "archived": "ARCHIVED", "draft": "DRAFT"},
}  # fmt: skip
NAMES = {
    "meta": "Meta",
    "google": "Google Ads",
    "tiktok": "TikTok",
    "pinterest": "Pinterest",
    "organic": "Organic",
}
PLATFORMS = {
    "meta": ("7d_click_1d_view", 7, 1, 28, "act_"),
    "google": ("data_driven", 30, 1, 30, ""),
    "tiktok": ("7d_click_1d_view", 7, 1, 14, "7"),
    "pinterest": ("30d_click_30d_view", 30, 30, 32, "5497"),
    "organic": ("default", None, None, 14, "page-"),
}
RATES = {"JPY": 150, "KRW": 1300, "SEK": 10, "NOK": 10, "DKK": 7, "INR": 80, "HUF": 350, "CZK": 23}
"""Roughly what a euro buys; only so that amounts look right in their currency."""


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    plan = plan_client(world, client)
    yield list_accounts(world, plan)
    yield list_budgets(world, plan)
    yield list_campaigns(world, plan)
    yield from ads_figures.fill(world, plan)
    yield from ads_decisions.fill(world, plan)
    yield ads_alerts.list_alerts(world, plan)


def plan_client(world: World, client: ClientPlan) -> AdsPlan:
    chance = world.random("ads", client.id)
    digits = minor_digits(client.currency)
    euro = 10**digits * RATES.get(client.currency, 1)
    size = min(4.0, max(0.4, chance.lognormvariate(0, 0.6)))
    accounts = tuple(
        AccountPlan(world.key("ads.ad_accounts", client.id, number), platform, setting[0], setting[3])
        for number, (platform, setting) in enumerate(PLATFORMS.items())
    )
    by_platform = {account.platform: account for account in accounts}
    campaigns = tuple(
        CampaignPlan(
            number=number,
            id=world.key("ads.campaigns", client.id, number),
            account=by_platform[idea.platform],
            name=idea.name,
            objective=idea.objective,
            status=STATUSES.get(number, "active"),
            stops=stops_on(world, STATUSES.get(number, "active")),
            daily=int(idea.daily * euro * size),
            roas=Decimal(idea.roas),
            season=idea.season,
            shared=idea.platform == "google" and idea.name.startswith("Search"),
        )
        for number, idea in enumerate(IDEAS[: chance.randint(6, len(IDEAS))])
    )
    plan = AdsPlan(client=client, digits=digits, euro=euro, accounts=accounts, campaigns=campaigns)
    return replace(plan, silences=ads_alerts.find_silences(world, plan))


def stops_on(world: World, status: str) -> date | None:
    """The first day without delivery; None while it runs."""
    back = {"paused": 6, "archived": world.days // 3, "removed": world.days // 4}.get(status)
    return None if back is None else world.now.date() - timedelta(days=back)


def list_accounts(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "platform", "external_id", "name", "currency", "timezone", "status", "platform_status",
        "attribution_model", "click_window_days", "view_window_days", "reread_days", "synced_at", "data_as_of",
        "created_at", "updated_at",
    )  # fmt: skip
    client, began = plan.client, start_of(world)
    rows = []
    for account in plan.accounts:
        setting, click, view, reread, prefix = PLATFORMS[account.platform]
        outside = (
            f"{prefix}{world.random('ads.account', client.id, account.platform).randrange(10**9, 10**10)}"
        )
        synced = world.now - timedelta(minutes=7)
        rows.append((
            account.id, client.id, account.platform, outside, f"{client.name} {NAMES[account.platform]}",
            client.currency, client.timezone, "active", "ACTIVE", setting, click, view, reread, synced,
            synced - timedelta(minutes=12), began, synced,
        ))  # fmt: skip
    return Batch("ads.ad_accounts", columns, rows)


def list_budgets(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "ad_account_id", "external_id", "name", "amount", "amount_micros", "currency", "period",
        "is_shared", "created_at", "updated_at",
    )  # fmt: skip
    client, began = plan.client, start_of(world)
    rows = []
    for campaign in plan.paid:
        if campaign.number != plan.first_of(campaign).number:
            continue
        amount = from_minor(plan.budget_of(campaign), client.currency)
        name = "Search, shared" if campaign.shared else campaign.name
        rows.append((
            budget_key(world, plan, campaign), client.id, campaign.account.id, f"b-{campaign.number + 1:03}", name,
            amount, int(amount * 1_000_000), client.currency, "daily", campaign.shared, began, began,
        ))  # fmt: skip
    return Batch("ads.ad_budgets", columns, rows)


def list_campaigns(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "ad_account_id", "budget_id", "platform", "platform_campaign_id", "name", "status",
        "platform_status", "objective", "budget_amount", "budget_type", "currency", "target_roas", "start_date",
        "end_date", "utm_source", "utm_medium", "utm_campaign", "metadata", "created_at", "updated_at",
    )  # fmt: skip
    rows = [campaign_row(world, plan, campaign) for campaign in plan.campaigns]
    return Batch("ads.campaigns", columns, rows)


def campaign_row(world: World, plan: AdsPlan, campaign: CampaignPlan) -> tuple[object, ...]:
    client, began, platform = plan.client, start_of(world), campaign.platform
    paid = campaign.daily > 0
    outside = 23_840_000_000_000_000 + world.random("ads.campaign", client.id, campaign.number).randrange(
        10**12
    )
    slug = "-".join("".join(c if c.isalnum() else " " for c in campaign.name.lower()).split())
    ended = campaign.stops and campaign.status != "paused"
    return (
        campaign.id, client.id, campaign.account.id, budget_key(world, plan, campaign) if paid else None, platform,
        str(outside), campaign.name, campaign.status, RAW.get(platform, {}).get(campaign.status), campaign.objective,
        from_minor(plan.budget_of(campaign), client.currency) if paid else None, "daily" if paid else None,
        client.currency, campaign.roas.quantize(Decimal("0.1")) if paid else None, began,
        datetime.combine(campaign.stops, time(0), world.now.tzinfo) if ended and campaign.stops else None, platform,
        {"google": "cpc", "organic": "social"}.get(platform, "paid_social"), slug,
        json.dumps({"buying_type": "AUCTION"} if platform == "meta" else {}), began, world.now - timedelta(hours=3),
    )  # fmt: skip


def budget_key(world: World, plan: AdsPlan, campaign: CampaignPlan) -> UUID:
    return world.key("ads.ad_budgets", plan.client.id, plan.first_of(campaign).number)


def start_of(world: World) -> datetime:
    """When the accounts were opened: a month before the first figures."""
    first = next(world.dates()) - timedelta(days=30)
    return datetime.combine(first, time(9), world.now.tzinfo)
