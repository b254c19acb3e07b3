"""What the fake platforms remember: campaigns, automations, themes and conversion figures of each client."""

from dataclasses import dataclass, field
from datetime import date, datetime

from belvedere.sandbox.clients import SandboxClient

COUNTS = ("sent", "opened", "clicked", "bounced", "complained", "unsubscribed")
CAMPAIGN_STATUSES = ("draft", "scheduled", "inProgress", "sent", "paused")


@dataclass(slots=True)
class Campaign:
    """An e-mail campaign; `status` in the words of v3, which the newer generations translate."""

    id: str
    name: str
    subject: str
    status: str
    kind: str
    segments: tuple[str, ...]
    audience: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    sent: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    complained: int = 0
    unsubscribed: int = 0
    orders: int = 0
    revenue_cents: int = 0


@dataclass(slots=True)
class Automation:
    """A flow. `sent` and `opened` are None where the platform gives no figures for it."""

    id: str
    name: str
    is_enabled: bool
    trigger: str
    messages: int
    created_at: datetime
    updated_at: datetime
    sent: int | None = None
    opened: int | None = None


@dataclass(slots=True)
class Theme:
    id: int
    name: str
    role: str
    theme_store_id: int | None
    created_at: datetime
    updated_at: datetime
    processing: bool = False
    previewable: bool = True


@dataclass(slots=True)
class CvrPeriod:
    """One week of a shop: orders over visits is its conversion rate."""

    starts_on: date
    visits: int
    orders: int

    @property
    def percent(self) -> float:
        return 100 * self.orders / self.visits if self.visits else 0.0


@dataclass(slots=True)
class Shop:
    """Everything one client has on all platforms."""

    client: SandboxClient
    campaigns: list[Campaign]
    automations: list[Automation]
    themes: list[Theme]
    periods: list[CvrPeriod]

    def campaign(self, campaign_id: str) -> Campaign | None:
        return next((one for one in self.campaigns if one.id == campaign_id), None)

    @property
    def main_theme(self) -> Theme:
        return next(theme for theme in self.themes if theme.role == "main")


@dataclass(slots=True)
class World:
    """All shops, by slug. `steps` counts how often time was moved, so that each move is deterministic."""

    seed: int
    now: datetime
    shops: dict[str, Shop]
    steps: int = 0
    history: list[dict[str, str]] = field(default_factory=list)

    def by_omnisend_key(self, key: str) -> Shop | None:
        return next((shop for shop in self.shops.values() if shop.client.omnisend_key == key), None)

    def by_shopify_shop(self, name: str) -> Shop | None:
        wanted = name.removesuffix(".myshopify.com")
        return next((shop for shop in self.shops.values() if shop.client.shopify_shop == wanted), None)

    def by_slug(self, name: str) -> Shop | None:
        return self.shops.get(name) or self.by_shopify_shop(name)
