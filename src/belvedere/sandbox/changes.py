"""What can happen to the world: time passes, a theme goes live, a campaign is paused, the CVR falls."""

from datetime import date, timedelta
from random import Random

from belvedere.core.errors import Invalid, NotFound
from belvedere.sandbox.seeding import deliver, last_full_week
from belvedere.sandbox.world import CAMPAIGN_STATUSES, COUNTS, Campaign, CvrPeriod, Shop, World

CVR_FALL = 0.62
GROWING_DAYS = 10
Change = dict[str, str]


def advance(world: World, days: int, slugs: tuple[str, ...] | None = None) -> list[Change]:
    """Moves time by whole days and returns what happened, one line per change."""
    if not 1 <= days <= 365:
        raise Invalid("Time moves by 1 to 365 days at once.")
    world.steps += 1
    world.now += timedelta(days=days)
    changes: list[Change] = []
    for shop in world.shops.values():
        if slugs is None or shop.client.slug in slugs:
            rng = Random(f"{world.seed}/{world.steps}/{shop.client.slug}")  # noqa: S311 - sample data
            changes += _advance_shop(world, shop, rng, days)
    world.history += changes
    return changes


def _advance_shop(world: World, shop: Shop, rng: Random, days: int) -> list[Change]:
    grown = _grow_counts(world, shop, rng, days)
    changes = [_change(shop, "counts_grew", f"{grown} campaigns and the running automations")]
    changes += _pause_one(world, shop)
    changes += _send_scheduled(world, shop, rng)
    changes.append(_publish_next_theme(world, shop))
    changes.append(_lower_cvr(world, shop, rng))
    return changes


def _change(shop: Shop, what: str, detail: str) -> Change:
    return {"client": shop.client.slug, "what": what, "detail": detail}


def _grow_counts(world: World, shop: Shop, rng: Random, days: int) -> int:
    """Opens and clicks trickle in for young campaigns; a count never falls and never passes its ceiling."""
    grown = 0
    for campaign in shop.campaigns:
        young = campaign.started_at and world.now - campaign.started_at < timedelta(days=GROWING_DAYS + days)
        if campaign.sent and young:
            reached = campaign.sent - campaign.bounced
            campaign.opened += round((reached - campaign.opened) * rng.uniform(0.01, 0.03))
            campaign.clicked += round((campaign.opened - campaign.clicked) * rng.uniform(0.004, 0.012))
            campaign.updated_at = world.now
            grown += 1
    for automation in shop.automations:
        if automation.is_enabled and automation.sent is not None and automation.opened is not None:
            more = max(1, round(shop.client.list_size * 0.004 * days))
            automation.sent += more
            automation.opened += round(more * rng.uniform(0.3, 0.5))
    return grown


def _send_scheduled(world: World, shop: Shop, rng: Random) -> list[Change]:
    changes = []
    for campaign in shop.campaigns:
        if campaign.status == "scheduled" and campaign.started_at and campaign.started_at <= world.now:
            deliver(
                campaign, rng, open_percent=rng.uniform(9, 14), order_cents=shop.client.average_order_cents
            )
            campaign.status, campaign.updated_at = "sent", world.now
            campaign.ended_at = campaign.started_at + timedelta(minutes=40)
            changes.append(_change(shop, "campaign_sent", campaign.name))
    return changes


def _pause_one(world: World, shop: Shop) -> list[Change]:
    running = next((one for one in shop.campaigns if one.status == "inProgress"), None)
    if running is None:
        return []
    running.status, running.updated_at = "paused", world.now
    return [_change(shop, "campaign_paused", running.name)]


def _publish_next_theme(world: World, shop: Shop) -> Change:
    nxt = next(theme for theme in shop.themes if theme.role == "unpublished")
    publish_theme(world, shop, nxt.id)
    return _change(shop, "theme_published", nxt.name)


def _lower_cvr(world: World, shop: Shop, rng: Random) -> Change:
    """Adds the weeks that have ended since; the newest of them, or the current newest, falls."""
    newest = last_full_week(shop.client, world.now)
    while shop.periods[0].starts_on < newest:
        visits = round(shop.client.weekly_visits * rng.uniform(0.9, 1.1))
        orders = round(visits * shop.client.usual_cvr / 100)
        shop.periods.insert(0, CvrPeriod(shop.periods[0].starts_on + timedelta(weeks=1), visits, orders))
    period = shop.periods[0]
    period.orders = round(period.orders * CVR_FALL)
    return _change(shop, "cvr_fell", f"{period.percent:.2f} % in the week of {period.starts_on}")


def publish_theme(world: World, shop: Shop, theme_id: int) -> None:
    """Makes one theme the live one; what was live becomes unpublished, as in a real shop."""
    theme = next((one for one in shop.themes if one.id == theme_id), None)
    if theme is None:
        raise NotFound(f"{shop.client.name} has no theme {theme_id}.")
    if theme.role == "demo":
        raise Invalid("A demo theme cannot go live before it is bought.")
    for one in shop.themes:
        if one.role == "main" and one is not theme:
            one.role, one.updated_at = "unpublished", world.now
    theme.role, theme.updated_at = "main", world.now


def set_cvr(shop: Shop, percent: float, starts_on: date | None = None) -> CvrPeriod:
    """Sets the rate of one week (the newest unless named) by changing its orders."""
    if not 0 <= percent <= 100:
        raise Invalid("A conversion rate lies between 0 and 100 percent.")
    period = next((one for one in shop.periods if starts_on in (None, one.starts_on)), None)
    if period is None:
        raise NotFound(f"{shop.client.name} has no week that starts on {starts_on}.")
    period.orders = round(period.visits * percent / 100)
    return period


def change_campaign(world: World, shop: Shop, campaign_id: str, wanted: dict[str, object]) -> Campaign:
    """Sets counts, status, name or subject of one campaign; anything else is refused by name."""
    campaign = shop.campaign(campaign_id)
    if campaign is None:
        raise NotFound(f"{shop.client.name} has no campaign {campaign_id}.")
    for name, value in wanted.items():
        if name in COUNTS and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            continue
        if name == "status" and value in CAMPAIGN_STATUSES:
            continue
        if name in {"name", "subject"} and isinstance(value, str):
            continue
        raise Invalid(f"'{name}' cannot be set to {value!r}.")
    for name, value in wanted.items():
        setattr(campaign, name, value)
    campaign.updated_at = world.now
    return campaign
