"""The three shops the sandbox knows and the keys they accept. No key is a secret: it opens nothing else."""

from dataclasses import dataclass
from typing import Literal

OmnisendGeneration = Literal["v3", "v5", "2026-03-15"]

DISCORD_BOT_TOKEN = "sandbox-discord-bot-token"  # noqa: S105 - opens the sandbox only
SMTP_USERNAME = "belvedere"
SMTP_PASSWORD = "sandbox-mail-password"  # noqa: S105 - opens the sandbox only


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """One agency client on every platform; `omnisend_version` is the generation to read its account with."""

    slug: str
    name: str
    city: str
    country: str
    currency: str
    timezone: str
    language: Literal["de", "en"]
    omnisend_version: OmnisendGeneration
    omnisend_key: str
    omnisend_brand_id: str
    shopify_shop: str
    shopify_token: str
    discord_channel_id: str
    discord_webhook_id: str
    discord_webhook_token: str
    list_size: int
    campaign_count: int
    weekly_visits: int
    usual_cvr: float
    average_order_cents: int

    @property
    def talk_channel_id(self) -> str:
        """Where people of the team and the client write; alerts go to the channel before."""
        return str(int(self.discord_channel_id) + 200)

    @property
    def people_ids(self) -> tuple[str, str]:
        """Two people of the client."""
        first = int(self.discord_channel_id) + 300
        return str(first), str(first + 10)


SANDBOX_CLIENTS: tuple[SandboxClient, ...] = (
    SandboxClient(
        slug="brandt",
        name="Kaffeehaus Brandt",
        city="Vienna",
        country="AT",
        currency="EUR",
        timezone="Europe/Vienna",
        language="de",
        omnisend_version="v3",
        omnisend_key="sandbox-brandt-key",
        omnisend_brand_id="65f000000000000000000001",
        shopify_shop="kaffeehaus-brandt",
        shopify_token="sandbox-brandt-shopify-token",  # noqa: S106 - opens the sandbox only
        discord_channel_id="1180000000000000101",
        discord_webhook_id="1180000000000000201",
        discord_webhook_token="sandbox-brandt-webhook-token",  # noqa: S106 - opens the sandbox only
        list_size=8_420,
        campaign_count=34,
        weekly_visits=9_300,
        usual_cvr=2.38,
        average_order_cents=3_480,
    ),
    SandboxClient(
        slug="marlow",
        name="Marlow & Finch",
        city="London",
        country="GB",
        currency="GBP",
        timezone="Europe/London",
        language="en",
        omnisend_version="v5",
        omnisend_key="sandbox-marlow-key",
        omnisend_brand_id="65f000000000000000000002",
        shopify_shop="marlow-and-finch",
        shopify_token="sandbox-marlow-shopify-token",  # noqa: S106 - opens the sandbox only
        discord_channel_id="1180000000000000102",
        discord_webhook_id="1180000000000000202",
        discord_webhook_token="sandbox-marlow-webhook-token",  # noqa: S106 - opens the sandbox only
        list_size=14_150,
        campaign_count=58,
        weekly_visits=15_800,
        usual_cvr=1.72,
        average_order_cents=8_920,
    ),
    SandboxClient(
        slug="tidewater",
        name="Tidewater Outdoor",
        city="New York",
        country="US",
        currency="USD",
        timezone="America/New_York",
        language="en",
        omnisend_version="2026-03-15",
        omnisend_key="sandbox-tidewater-key",
        omnisend_brand_id="65f000000000000000000003",
        shopify_shop="tidewater-outdoor",
        shopify_token="sandbox-tidewater-shopify-token",  # noqa: S106 - opens the sandbox only
        discord_channel_id="1180000000000000103",
        discord_webhook_id="1180000000000000203",
        discord_webhook_token="sandbox-tidewater-webhook-token",  # noqa: S106 - opens the sandbox only
        list_size=41_600,
        campaign_count=118,
        weekly_visits=38_400,
        usual_cvr=2.94,
        average_order_cents=11_640,
    ),
)

CLIENTS_BY_SLUG = {client.slug: client for client in SANDBOX_CLIENTS}

# Channels of no client; the second answers 403, as one the bot was never invited to.
AGENCY_CHANNEL_ID = "1180000000000000100"
FORBIDDEN_CHANNEL_ID = "1180000000000000199"
GUILD_ID = "1180000000000000001"
BOT_USER_ID = "1180000000000000002"

TEAM_USER_IDS = ("1180000000000000011", "1180000000000000012")
TEAM_ROLE_ID = "1180000000000000021"
