"""What platforms say of a client on a day: campaigns, conversion rates, themes, and the agency's own lists."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from belvedere.seeding.names import name_person
from belvedere.seeding.world import ClientPlan, World

SIX = Decimal("0.000001")
SUBJECTS = (
    "New arrivals this week", "Back in stock", "Our summer edit", "A note from the workshop", "Last pieces",
    "Members first", "How it is made", "Weekend letter", "Gifts under 50", "Care guide", "Early access", "Thank you",
)  # fmt: skip
THEMES = ("Dawn", "Prestige", "Impulse", "Studio")
ORIGIN = date(2020, 1, 6)
"""A Monday; campaigns and weeks are counted from it, so that they are the same whatever span is filled."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A record of a reading with its numbers: metric -> value and unit."""

    external_id: str
    name: str
    status: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    amount: Decimal | None = None
    quantity: int | None = None
    record_date: datetime | None = None
    extra: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, tuple[Decimal, str]] = field(default_factory=dict)
    email: str | None = None


Teller = Callable[[World, ClientPlan, date], tuple[Thing, ...]]


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def percent(part: int, whole: int) -> tuple[Decimal, str]:
    return (Decimal(part * 100) / Decimal(whole)).quantize(SIX), "percent"


def tell_campaigns(world: World, client: ClientPlan, day: date) -> tuple[Thing, ...]:
    """Campaigns of the last four weeks, two a week; their opens grow for three days."""
    newest = (day - ORIGIN).days // 7 * 2 + 1
    things = (tell_campaign(world, client, number, day) for number in range(newest - 8, newest + 1))
    return tuple(thing for thing in things if thing is not None)


def tell_campaign(world: World, client: ClientPlan, number: int, day: date) -> Thing | None:
    sent_on = ORIGIN + timedelta(days=number // 2 * 7 + (1 if number % 2 == 0 else 4))
    age = (day - sent_on).days
    if age < 0:
        return None
    chance = world.random("watch.campaigns", client.id, number)
    sent = chance.randint(2500, 9000)
    bounced = int(sent * chance.uniform(0.004, 0.02 if number % 7 else 0.045))
    delivered = sent - bounced
    seen = min(1.0, 0.55 + 0.15 * age)
    opened = int(delivered * chance.uniform(0.19, 0.38) * seen * (0.45 if number % 5 == 0 else 1))
    clicked = int(opened * chance.uniform(0.06, 0.14))
    left = int(delivered * chance.uniform(0.0005, 0.003))
    counts = {
        "sent_count": sent,
        "delivered_count": delivered,
        "opened_count": opened,
        "clicked_count": clicked,
    }
    subject = SUBJECTS[number % len(SUBJECTS)]
    return Thing(
        f"cmp-{client.id}-{number}", subject, "sent", "regular", ("newsletter", "vip") if number % 4 == 0 else ("newsletter",),
        Decimal(clicked * chance.randint(90, 260)) / 100, sent, datetime.combine(sent_on, time(8, 30), UTC),
        {"subject": f"{subject} | {client.name}"},
        {
            "open_rate": percent(opened, delivered), "click_rate": percent(clicked, delivered),
            "bounce_rate": percent(bounced, sent), "unsubscribe_rate": percent(left, delivered),
            **{name: (Decimal(count).quantize(SIX), "count") for name, count in counts.items()},
        },
    )  # fmt: skip


def tell_rates(world: World, client: ClientPlan, day: date) -> tuple[Thing, ...]:
    """Conversion rates of the last four weeks; the running week's moves until it is over."""
    week = (day - ORIGIN).days // 7
    return tuple(tell_rate(world, client, number, day) for number in range(week - 3, week + 1))


def tell_rate(world: World, client: ClientPlan, week: int, day: date) -> Thing:
    begins = ORIGIN + timedelta(days=week * 7)
    season = math.sin(begins.timetuple().tm_yday / 365 * 2 * math.pi)
    settled = world.random("watch.cvr", client.id, week).gauss(2.1 + 0.3 * season, 0.35)
    days = min(7, (day - begins).days + 1)
    moving = world.random("watch.cvr", client.id, week, days).gauss(0, 0.12) if days < 7 else 0.0
    rate = Decimal(max(0.2, settled + moving)).quantize(Decimal("0.01"))
    return Thing(
        begins.isoformat(), begins.isoformat(), category="cvr", record_date=datetime.combine(begins, time(), UTC),
        extra={"days": days}, metrics={"cvr": (rate.quantize(SIX), "percent")},
    )  # fmt: skip


def tell_themes(world: World, client: ClientPlan, day: date) -> tuple[Thing, ...]:
    """Four themes of a shop; about once in two months another one goes live."""
    period, place = divmod((day - ORIGIN).days, 61)
    turn = world.random("watch.themes", client.id, period).randint(5, 55)
    live = (period + (1 if place >= turn else 0)) % len(THEMES)
    since = ORIGIN + timedelta(days=period * 61 + (turn if place >= turn else 0))
    return tuple(
        Thing(
            f"{140_000_000 + client.id * 10 + number}", theme, "main" if number == live else "unpublished", "theme",
            record_date=datetime.combine(since, time(9), UTC), extra={"processing": False, "previewable": True},
        )
        for number, theme in enumerate(THEMES)
    )  # fmt: skip


def tell_clients(world: World, _client: ClientPlan, _day: date) -> tuple[Thing, ...]:
    """The agency's own list of its clients."""
    return tuple(
        Thing(str(client.id), client.name, "active", client.currency, extra={"timezone": client.timezone})
        for client in world.clients
    )


def tell_reports(world: World, _client: ClientPlan, day: date) -> tuple[Thing, ...]:
    """How many messages each client's channel saw on the day before; quiet at weekends."""
    before = day - timedelta(days=1)
    things = []
    for place, client in enumerate(world.clients):
        chance = world.random("watch.reports", client.id, before)
        messages = chance.randint(0, 3) if before.weekday() > 4 else chance.randint(2 if place % 3 else 0, 24)
        things.append(
            Thing(str(client.id), client.name, "quiet" if messages == 0 else "active", "discord", quantity=messages,
                  record_date=noon(before), extra={"manager": name_person(place), "day": before.isoformat()},
                  metrics={"sent_count": (Decimal(messages).quantize(SIX), "count")})
        )  # fmt: skip
    return tuple(things)


TELLERS: dict[str, Teller] = {
    "omnisend/campaigns": tell_campaigns,
    "scraper/cvr": tell_rates,
    "scraper/shopify_themes": tell_themes,
    "internal/clients": tell_clients,
    "internal/communication_reports": tell_reports,
}
AGENCY_PLACES = ("internal/clients", "internal/communication_reports")
CLIENT_PLACES = ("omnisend/campaigns", "scraper/cvr", "scraper/shopify_themes")
