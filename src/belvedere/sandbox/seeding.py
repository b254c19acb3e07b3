"""Builds the world from a seed and a moment; the same two give the same world, byte for byte."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from belvedere.sandbox.clients import SANDBOX_CLIENTS, SandboxClient
from belvedere.sandbox.wording import AUTOMATIONS, CAMPAIGN_ANGLES, CAMPAIGN_TOPICS, THEMES
from belvedere.sandbox.world import Automation, Campaign, CvrPeriod, Shop, Theme, World

WEEKS_OF_CVR = 12
LOW_OPEN_EVERY = 7  # every seventh sent campaign opens below 15 %
_SPECIAL = ("scheduled", "draft", "paused", "inProgress", "empty")


def build_world(seed: int, now: datetime) -> World:
    """`now` is cut to its minute, so that a restart within it changes nothing."""
    moment = now.replace(second=0, microsecond=0)
    return World(seed, moment, {client.slug: build_shop(client, seed, moment) for client in SANDBOX_CLIENTS})


def build_shop(client: SandboxClient, seed: int, now: datetime) -> Shop:
    rng = Random(f"{seed}/{client.slug}")  # noqa: S311 - reproducible sample data, not a secret
    return Shop(
        client=client,
        campaigns=_campaigns(client, rng, now),
        automations=_automations(client, rng, now),
        themes=_themes(client, rng, now),
        periods=_periods(client, rng, now),
    )


def object_id(rng: Random) -> str:
    """24 hexadecimal digits, the shape of Omnisend's ids."""
    return f"{rng.getrandbits(96):024x}"


def deliver(campaign: Campaign, rng: Random, *, open_percent: float, order_cents: int) -> None:
    """Fills the counts as if the campaign had gone out to its whole audience."""
    campaign.sent = campaign.audience
    campaign.bounced = round(campaign.sent * rng.uniform(0.003, 0.014))
    reached = campaign.sent - campaign.bounced
    campaign.opened = round(reached * open_percent / 100)
    campaign.clicked = round(campaign.opened * rng.uniform(0.04, 0.13))
    campaign.unsubscribed = round(reached * rng.uniform(0.0008, 0.0045))
    campaign.complained = round(reached * rng.uniform(0, 0.0003))
    campaign.orders = round(campaign.clicked * rng.uniform(0.02, 0.07))
    campaign.revenue_cents = campaign.orders * round(order_cents * rng.uniform(0.8, 1.25))


def _names(client: SandboxClient, rng: Random) -> list[str]:
    topics, angles = CAMPAIGN_TOPICS[client.slug], CAMPAIGN_ANGLES[client.language]
    names = [f"{topic} {angle}" for topic in topics for angle in angles]
    rng.shuffle(names)
    return names[: client.campaign_count]


def _campaigns(client: SandboxClient, rng: Random, now: datetime) -> list[Campaign]:
    segments = tuple(object_id(rng) for _ in range(4))
    campaigns = []
    for index, name in enumerate(_names(client, rng)):
        campaign = _blank(
            client, rng, name, segments, now - timedelta(days=3 * index, hours=rng.randint(1, 30))
        )
        state = _SPECIAL[index] if index < len(_SPECIAL) else "sent"
        _bring_to(campaign, state, client, rng, now, low=index % LOW_OPEN_EVERY == 0)
        campaigns.append(campaign)
    return campaigns


def _blank(
    client: SandboxClient, rng: Random, name: str, segments: tuple[str, ...], created_at: datetime
) -> Campaign:
    whole_list = rng.random() < 0.4
    share = rng.uniform(0.93, 1.0) if whole_list else rng.uniform(0.08, 0.6)
    return Campaign(
        id=object_id(rng),
        name=name,
        subject=f"{name.split(' – ', maxsplit=1)[0]} · {client.name}",
        status="draft",
        kind="abTest" if rng.random() < 0.1 else "standart",  # the spelling is the platform's own
        segments=() if whole_list else (rng.choice(segments),),
        audience=round(client.list_size * share),
        created_at=created_at,
        updated_at=created_at + timedelta(minutes=rng.randint(5, 600)),
    )


def _bring_to(
    campaign: Campaign, state: str, client: SandboxClient, rng: Random, now: datetime, *, low: bool
) -> None:
    open_percent = rng.uniform(8.0, 14.4) if low else rng.uniform(21.0, 43.0)
    if state == "draft":
        return
    if state == "scheduled":
        campaign.status, campaign.started_at = "scheduled", now + timedelta(hours=rng.randint(8, 20))
        return
    campaign.started_at = min(
        campaign.created_at + timedelta(hours=rng.randint(2, 20)), now - timedelta(hours=1)
    )
    campaign.status = "sent" if state == "empty" else state
    if state != "empty":
        deliver(campaign, rng, open_percent=open_percent, order_cents=client.average_order_cents)
    if state in {"paused", "inProgress"}:
        scale_counts(campaign, 0.45)
    else:
        campaign.ended_at = campaign.started_at + timedelta(minutes=rng.randint(12, 95))
    campaign.updated_at = campaign.ended_at or campaign.started_at


def scale_counts(campaign: Campaign, share: float) -> None:
    """A campaign that has reached only `share` of its audience."""
    for name in (
        "sent",
        "opened",
        "clicked",
        "bounced",
        "complained",
        "unsubscribed",
        "orders",
        "revenue_cents",
    ):
        setattr(campaign, name, round(getattr(campaign, name) * share))


def _automations(client: SandboxClient, rng: Random, now: datetime) -> list[Automation]:
    automations = []
    for index, (name, trigger) in enumerate(AUTOMATIONS[client.language]):
        created_at = now - timedelta(days=200 + 31 * index)
        sent = round(client.list_size * rng.uniform(0.1, 1.8))
        automations.append(
            Automation(
                id=object_id(rng),
                name=name,
                is_enabled=index != 4,
                trigger=trigger,
                messages=rng.randint(1, 4),
                created_at=created_at,
                updated_at=created_at + timedelta(days=rng.randint(1, 90)),
                # The newest flow has no figures yet: absent is not zero.
                sent=None if index == 5 else sent,
                opened=None if index == 5 else round(sent * rng.uniform(0.3, 0.55)),
            )
        )
    return automations


def _themes(client: SandboxClient, rng: Random, now: datetime) -> list[Theme]:
    roles = ("main", "unpublished", "demo", "unpublished")
    themes = []
    for index, (name, role) in enumerate(zip(THEMES[client.slug], roles, strict=True)):
        created_at = now - timedelta(days=30 + 45 * index, minutes=rng.randint(0, 900))
        themes.append(
            Theme(
                id=rng.randint(120_000_000_000, 160_000_000_000),
                name=name,
                role=role,
                theme_store_id=887 if role == "demo" else None,
                created_at=created_at,
                updated_at=created_at + timedelta(days=rng.randint(1, 20)),
            )
        )
    return themes


def _periods(client: SandboxClient, rng: Random, now: datetime) -> list[CvrPeriod]:
    newest = last_full_week(client, now)
    periods = []
    for back in range(WEEKS_OF_CVR):
        visits = round(client.weekly_visits * rng.uniform(0.88, 1.14))
        percent = client.usual_cvr * rng.uniform(0.93, 1.07)
        periods.append(CvrPeriod(newest - timedelta(weeks=back), visits, round(visits * percent / 100)))
    return periods


def last_full_week(client: SandboxClient, now: datetime) -> date:
    """Monday of the last week that has ended in the shop's own zone."""
    today = now.astimezone(ZoneInfo(client.timezone)).date()
    return today - timedelta(days=today.weekday() + 7)


def local_midnight(client: SandboxClient, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(client.timezone))
