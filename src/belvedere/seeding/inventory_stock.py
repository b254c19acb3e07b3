"""A shop's stock played through day by day: sales, orders to suppliers and their arrivals."""

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from belvedere.seeding.world import ClientPlan, World

Z95 = 1.645
WARM_UP = 45
"""Days played before the first that is shown, so that orders are on their way when it begins."""
UNSETTLED = 3
"""Days at the end on which suggestions are left for a person."""
GOODS = (
    ("Stoneware mug", 900), ("Linen throw", 3400), ("Oak board", 1900), ("Candle, cedar", 700), ("Canvas tote", 850),
    ("Wool socks", 520), ("Glass carafe", 1600), ("Apron", 1450), ("Brass hook", 380), ("Tea tin", 610),
    ("Notebook", 430), ("Travel cup", 1250),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Article:
    """A thing in the range; demand is a day's mean, lead times are days."""

    number: int
    sku: str
    title: str
    demand: float
    spread: float
    lead: float
    lead_spread: float
    moq: int
    pack: int
    cost: int
    supplier: int

    @property
    def safety(self) -> Decimal:
        spread = math.sqrt(self.lead * self.spread**2 + self.demand**2 * self.lead_spread**2)
        return exact(Z95 * spread)

    @property
    def reorder_point(self) -> Decimal:
        return exact(self.demand * self.lead) + self.safety

    @property
    def order_up_to(self) -> Decimal:
        return self.reorder_point + exact(self.demand * 14)

    def suggest(self, position: int) -> int:
        """As the database computes it: at least the smallest order, whole packs."""
        if position > self.reorder_point:
            return 0
        return math.ceil(max(Decimal(self.moq), self.order_up_to - position) / self.pack) * self.pack


@dataclass(slots=True)
class Purchase:
    """An order and when its parts arrive."""

    number: int
    article: Article
    placed: date
    promised: date
    quantity: int
    parts: list[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class StockDay:
    day: date
    article: Article
    on_hand: int
    committed: int
    incoming: int
    sold: int
    ordered: int
    is_settled: bool

    @property
    def position(self) -> int:
        return self.on_hand - self.committed + self.incoming


@dataclass(slots=True)
class Played:
    days: list[StockDay] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)


def exact(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


def articles(world: World, client: ClientPlan) -> list[Article]:
    """The range of a client; costs are whole minor units of its currency."""
    made = []
    for number, (title, cost) in enumerate(GOODS):
        chance = world.random("inventory.articles", client.id, number)
        demand = round(chance.uniform(0.8, 9.0), 2)
        units = round(cost * chance.uniform(0.85, 1.2)) * (150 if client.currency == "JPY" else 100) // 100
        made.append(Article(
            number, f"{client.slug[:3].upper()}-{100 + number * 7}", title, demand, round(1.3 * math.sqrt(demand), 2),
            round(chance.uniform(6, 21), 1), round(chance.uniform(1, 3.5), 1), chance.choice((6, 12, 24)),
            chance.choice((1, 6, 12)), units, number % 3,
        ))  # fmt: skip
    return made


def sell(article: Article, day: date, chance: Random) -> int:
    """A day's demand: more at weekends and before Christmas."""
    busy = (1.25 if day.weekday() > 4 else 0.95) * (1.6 if (day.month, day.day) > (11, 20) else 1.0)
    return max(0, round(chance.gauss(article.demand * busy, article.spread)))


def play(world: World, client: ClientPlan) -> Played:
    """Every article through the days; orders are numbered in the order of articles and days."""
    played = Played()
    for article in articles(world, client):
        play_article(world, client, article, played)
    return played


def play_article(world: World, client: ClientPlan, article: Article, played: Played) -> None:
    chance = world.random("inventory.play", client.id, article.number)
    dates = list(world.dates())
    on_hand, open_orders = int(article.order_up_to), list[Purchase]()
    day = dates[0] - timedelta(days=WARM_UP)
    while day <= dates[-1]:
        on_hand += sum(count for order in open_orders for at, count in order.parts if at == day)
        sold = min(on_hand, sell(article, day, chance))
        on_hand -= sold
        incoming = sum(count for order in open_orders for at, count in order.parts if at > day)
        committed = min(on_hand, chance.randint(0, 3))
        settled = day <= dates[-1] - timedelta(days=UNSETTLED)
        wanted = article.suggest(on_hand - committed + incoming) if settled else 0
        if day >= dates[0]:
            played.days.append(StockDay(day, article, on_hand, committed, incoming, sold, wanted, settled))
        if wanted:
            order = place(article, day, wanted, len(played.purchases), chance)
            open_orders.append(order)
            played.purchases.append(order)
        day += timedelta(days=1)


def place(article: Article, day: date, quantity: int, number: int, chance: Random) -> Purchase:
    """One order in six comes in two parts."""
    arrives = day + timedelta(days=max(2, round(chance.gauss(article.lead, article.lead_spread))))
    parts = [(arrives, quantity)]
    if chance.random() < 1 / 6 and quantity > 1:
        first = quantity // 2
        parts = [(arrives, first), (arrives + timedelta(days=chance.randint(2, 6)), quantity - first)]
    return Purchase(number, article, day, day + timedelta(days=round(article.lead)), quantity, parts)
