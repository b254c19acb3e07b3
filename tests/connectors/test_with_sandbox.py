"""The connectors against the sandbox's platforms, over real HTTP and SMTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from belvedere.connectors.contracts import ErrorClass, SendError
from belvedere.connectors.discord.client import DiscordClient
from belvedere.connectors.discord.message import DiscordMessage, Embed, nonce_of
from belvedere.connectors.omnisend.connector import AUTOMATIONS, CAMPAIGNS
from belvedere.connectors.omnisend.settings import OmnisendSettings
from belvedere.connectors.scraper.cvr import CVR
from belvedere.connectors.scraper.cvr_page import CvrSettings
from belvedere.connectors.scraper.shopify_themes import SHOPIFY_THEMES, ShopifyThemesSettings
from belvedere.connectors.smtp.client import SmtpServer, send_mail
from belvedere.connectors.smtp.message import build_message
from belvedere.core.errors import ExternalError
from belvedere.sandbox.clients import FORBIDDEN_CHANNEL_ID
from belvedere.sandbox.faults import Fault, Mode, Target
from belvedere.sandbox.service import (
    DISCORD_BOT_TOKEN,
    SANDBOX_CLIENTS,
    RunningSandbox,
    SandboxOptions,
    run_sandbox,
)

from .conftest import LOOPBACK

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
READ_LATER = CAMPAIGNS.__class__(**{**CAMPAIGNS.__dict__, "clock": lambda: NOW})


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(started_at=NOW))
    yield running
    await running.close()


async def rows_of(connector, http, settings, credential):
    return [row async for page in connector.pages(http, settings, credential, None) for row in page.rows]


def account(sandbox, client, **fields):
    root = sandbox.urls["omnisend_base_url"]
    return OmnisendSettings(base_url=root, api_version=client.omnisend_version, page_size=25, **fields)


@pytest.mark.parametrize("client", SANDBOX_CLIENTS, ids=lambda client: client.omnisend_version)
@pytest.mark.parametrize("mode", [None, Mode.DUPLICATE_PAGES, Mode.REORDERED_PAGES])
async def test_each_generation_gives_every_campaign_once(sandbox, http, client, mode):
    if mode:
        sandbox.sandbox.faults.arm(Fault(Target.OMNISEND, mode))
    credential = {"api_key": client.omnisend_key}
    rows = await rows_of(READ_LATER, http, account(sandbox, client), credential)
    truth = {one.id: one for one in sandbox.sandbox.world.shops[client.slug].campaigns}
    assert sorted(row["campaignID"] for row in rows) == sorted(truth)
    for row in rows:
        if client.omnisend_version == "v5":
            assert "sent" not in row
        elif "sent" in row:
            assert (row["sent"], row["opened"]) == (
                truth[row["campaignID"]].sent,
                truth[row["campaignID"]].opened,
            )
    counted = sum("sent" in row for row in rows)
    assert counted > 0 or client.omnisend_version == "v5"
    automations = await rows_of(AUTOMATIONS, http, account(sandbox, client), credential)
    assert all(row["automationID"] and row["status"] for row in automations)


@pytest.mark.parametrize("mode", [Mode.RATE_LIMITED, Mode.SERVER_ERROR, Mode.TRUNCATED])
async def test_a_hiccup_of_the_platform_is_not_noticed(sandbox, http, mode):
    client = SANDBOX_CLIENTS[0]
    sandbox.sandbox.faults.arm(Fault(Target.OMNISEND, mode, times=1, retry_after=0.01))
    rows = await rows_of(CAMPAIGNS, http, account(sandbox, client), {"api_key": client.omnisend_key})
    assert len(rows) == len(sandbox.sandbox.world.shops[client.slug].campaigns)


@pytest.mark.parametrize("mode", [Mode.GARBAGE, Mode.AUTH])
async def test_what_cannot_be_mended_here_is_told_apart(sandbox, http, mode):
    client = SANDBOX_CLIENTS[0]
    sandbox.sandbox.faults.arm(Fault(Target.OMNISEND, mode))
    with pytest.raises(ExternalError) as failure:
        await rows_of(CAMPAIGNS, http, account(sandbox, client), {"api_key": client.omnisend_key})
    expected = ErrorClass.RETRY if mode is Mode.GARBAGE else ErrorClass.AUTH
    assert CAMPAIGNS.classify(failure.value) is expected


@pytest.mark.parametrize("api", ["rest", "graphql"])
async def test_both_apis_tell_the_same_themes(sandbox, http, api):
    client = SANDBOX_CLIENTS[1]
    settings = ShopifyThemesSettings(
        shop=client.shopify_shop, api=api, version="2025-10", base_url=sandbox.urls["shopify_base_url"]
    )
    rows = await rows_of(SHOPIFY_THEMES, http, settings, {"access_token": client.shopify_token})
    truth = sandbox.sandbox.world.shops[client.slug].themes
    assert {(row["id"], row["name"], row["role"]) for row in rows} == {(t.id, t.name, t.role) for t in truth}


@pytest.mark.parametrize("client", SANDBOX_CLIENTS, ids=lambda client: client.slug)
async def test_the_conversion_report_of_every_shop_is_read_as_declared(sandbox, http, client):
    german = {"number_locale": "de", "period_heading": "Zeitraum ab", "cvr_heading": "Conversion-Rate"}
    settings = CvrSettings(
        url=sandbox.shop_report_url(client.slug), **(german if client.language == "de" else {})
    )
    rows = await rows_of(CVR, http, settings, {})
    truth = sandbox.sandbox.world.shops[client.slug].periods
    assert {row["period_start"]: row["cvr"] for row in rows} == {
        period.starts_on.isoformat(): f"{period.percent:.2f}" for period in truth
    }


async def test_a_message_sent_twice_with_one_nonce_arrives_once(sandbox, http):
    client = DiscordClient(http, sandbox.urls["discord_base_url"])
    channel = SANDBOX_CLIENTS[0].discord_channel_id
    message = DiscordMessage("Open rate is low", (Embed(title="Low open rate", fields=(("Now", "12 %"),)),))
    first = await client.send_to_channel(DISCORD_BOT_TOKEN, channel, message, nonce=nonce_of("d1"))
    again = await client.send_to_channel(DISCORD_BOT_TOKEN, channel, message, nonce=nonce_of("d1"))
    assert first == again
    await client.edit_in_channel(DISCORD_BOT_TOKEN, channel, first.message_id, DiscordMessage("Resolved"))
    (kept,) = sandbox.sandbox.chat.channels[channel].messages
    assert kept["content"] == "Resolved"


async def test_a_webhook_of_the_sandbox_takes_a_message(sandbox, http):
    one = SANDBOX_CLIENTS[1]
    client = DiscordClient(http, sandbox.urls["discord_base_url"])
    url = f"{sandbox.urls['discord_base_url']}/webhooks/{one.discord_webhook_id}/{one.discord_webhook_token}"
    sent = await client.send_to_webhook(url, DiscordMessage("hello"))
    assert sent.channel_id == one.discord_channel_id


async def test_a_channel_without_the_bot_says_so(sandbox, http):
    client = DiscordClient(http, sandbox.urls["discord_base_url"])
    with pytest.raises(SendError, match="may not write there") as failure:
        await client.send_to_channel(DISCORD_BOT_TOKEN, FORBIDDEN_CHANNEL_ID, DiscordMessage("hi"), nonce="n")
    assert failure.value.permanent


async def test_a_mail_reaches_the_mailbox(sandbox):
    options = sandbox.sandbox.options
    server = SmtpServer(
        sandbox.smtp_host, sandbox.smtp_port, options.smtp_username, options.smtp_password, "none"
    )
    message = build_message(
        sender="Belvedere <alerts@belvedere.example>", recipient="ada@example.com", subject="Low open rate",
        text="12 %", message_id="<d1@belvedere.example>", sent_at=NOW,
    )  # fmt: skip
    await send_mail(server, message, allowed=LOOPBACK)
    wrong = SmtpServer(sandbox.smtp_host, sandbox.smtp_port, options.smtp_username, "wrong", "none")
    with pytest.raises(SendError, match="user name or password"):
        await send_mail(wrong, message, allowed=LOOPBACK)
