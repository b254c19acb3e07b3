"""Everything the running sandbox holds, handed to each platform's routes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from belvedere.sandbox.chat import Chat
from belvedere.sandbox.clients import SMTP_PASSWORD, SMTP_USERNAME
from belvedere.sandbox.faults import FaultPlan
from belvedere.sandbox.ledger import Ledger
from belvedere.sandbox.limits import CostBucket, RouteBucket, SlidingWindow
from belvedere.sandbox.mailbox import Mailbox
from belvedere.sandbox.seeding import build_world
from belvedere.sandbox.talk import fill_talk
from belvedere.sandbox.world import World


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Port 0 picks a free one. With `state_dir` messages, mails and the ledger survive a restart.

    `started_at` anchors the seeded dates (default: now). The Discord limit holds per channel and per webhook.
    """

    host: str = "127.0.0.1"
    http_port: int = 0
    smtp_port: int = 0
    seed: int = 7
    state_dir: Path | None = None
    started_at: datetime | None = None
    smtp_auth_required: bool = False
    smtp_username: str = SMTP_USERNAME
    smtp_password: str = SMTP_PASSWORD
    discord_limit: int = 5
    discord_window_seconds: float = 5.0
    omnisend_per_minute: int = 400
    analytics_per_minute: int = 10
    analytics_per_day: int = 55


@dataclass(slots=True)
class OmnisendLimits:
    calls: SlidingWindow
    analytics: SlidingWindow
    analytics_day: SlidingWindow


@dataclass(slots=True)
class ShopifyLimits:
    rest: CostBucket = field(default_factory=lambda: CostBucket(size=40, restored=2))
    graphql: CostBucket = field(default_factory=lambda: CostBucket(size=2000, restored=100))


@dataclass(slots=True)
class Sandbox:
    options: SandboxOptions
    world: World
    ledger: Ledger
    mailbox: Mailbox
    chat: Chat
    faults: FaultPlan = field(default_factory=FaultPlan)
    clock: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    base_url: str = ""
    smtp_port: int = 0
    omnisend_limits: dict[str, OmnisendLimits] = field(default_factory=dict)
    shopify_limits: dict[str, ShopifyLimits] = field(default_factory=dict)
    discord_buckets: dict[str, RouteBucket] = field(default_factory=dict)
    discord_global: SlidingWindow = field(default_factory=lambda: SlidingWindow(limit=50, seconds=1.0))

    def limits_of_brand(self, brand_id: str) -> OmnisendLimits:
        options = self.options
        return self.omnisend_limits.setdefault(
            brand_id,
            OmnisendLimits(
                SlidingWindow(options.omnisend_per_minute, 60),
                SlidingWindow(options.analytics_per_minute, 60),
                SlidingWindow(options.analytics_per_day, 86_400),
            ),
        )

    def limits_of_shop(self, shop: str) -> ShopifyLimits:
        return self.shopify_limits.setdefault(shop, ShopifyLimits())

    def discord_bucket(self, route: str) -> RouteBucket:
        options = self.options
        return self.discord_buckets.setdefault(
            route, RouteBucket(options.discord_limit, options.discord_window_seconds)
        )

    def now(self) -> datetime:
        """The moment people of the sandbox write at: the world's own once it was set or moved."""
        return self.world.now if self.options.started_at or self.world.steps else self.clock()

    def reset(self, seed: int | None = None) -> None:
        """Back to the seeded world: no messages, no mails, no faults, full rate budgets."""
        self.world = build_world(
            self.world.seed if seed is None else seed, self.options.started_at or self.clock()
        )
        self.ledger.clear()
        self.mailbox.clear()
        self.chat.clear()
        fill_talk(self.chat, self.world.seed, self.world.now)
        self.faults.clear()
        self.omnisend_limits.clear()
        self.shopify_limits.clear()
        self.discord_buckets.clear()
        self.discord_global.calls.clear()


def build_sandbox(options: SandboxOptions) -> Sandbox:
    ledger = Ledger(options.state_dir)
    world = build_world(options.seed, options.started_at or utc_now())
    chat = Chat(ledger, time.monotonic())
    fill_talk(chat, world.seed, world.now)
    return Sandbox(options, world, ledger, Mailbox(ledger), chat)


def sandbox_of(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox
