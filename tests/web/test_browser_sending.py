"""The buttons of deliveries and channels in a real browser: each is pressed once, and what it did stands in the database."""

import asyncio

import psycopg
import pytest
from playwright.async_api import Page, expect
from tests.web.test_browser_story import page, running, sandbox, sign_in  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser


@pytest.fixture
async def channels(page: Page, people) -> Page:  # noqa: F811 - a fixture
    await sign_in(page)
    await page.goto("/settings/channels")
    return page


async def add(page: Page, name: str, kind: str, **fields: str) -> None:  # noqa: F811
    await page.goto("/settings/channels")
    await page.select_option("#kind", kind)
    await page.fill("#name", name)
    for field, value in fields.items():
        await page.fill(f"#{field}", value)
    await page.select_option("#client_id", "1")
    await page.click("button:has-text('Add channel')")
    await page.wait_for_load_state()


def one(admin: psycopg.Connection, query: str) -> object:
    row = admin.execute(query).fetchone()
    return None if row is None else row[0]


async def test_the_form_of_a_channel_asks_what_its_kind_needs(channels):
    for kind, address, secret in (
        ("discord_webhook", False, True), ("discord_bot", True, True), ("email", True, False), ("webhook", True, False),
    ):  # fmt: skip
        await channels.select_option("#kind", kind)
        await expect(channels.locator("#address")).to_be_visible(visible=address)
        await expect(channels.locator("#secret")).to_be_visible(visible=secret)
        assert await channels.locator("#secret").is_disabled() is not secret


async def test_a_channel_is_tested_paused_and_switched_on_again(channels, admin):
    await add(channels, "Team", "email", address="team@x.example")
    row = channels.locator("#channel-list tbody tr", has_text="Team")
    await row.get_by_role("button", name="Switch off").click()
    await expect(row.get_by_role("button", name="Switch on")).to_be_visible()
    assert one(admin, "SELECT is_active FROM core.channels") is False
    await expect(row.get_by_role("button", name="Send test")).to_have_count(0)
    await row.get_by_role("button", name="Switch on").click()
    await row.get_by_role("button", name="Send test").click()
    await channels.wait_for_url("**/deliveries/*")
    await expect(channels.get_by_text("Test of Team").first).to_be_visible()
    assert one(admin, "SELECT kind FROM core.deliveries") == "test"


async def test_a_channel_is_removed_after_a_question(channels, admin):
    await add(channels, "Spare", "email", address="spare@x.example")
    row = channels.locator("#channel-list tbody tr", has_text="Spare")
    await expect(row.get_by_role("button", name="Remove channel")).to_be_hidden()
    await row.get_by_text("Remove…").click()
    await expect(row.get_by_text("go for good")).to_be_visible()
    await row.get_by_role("button", name="Remove channel").click()
    await expect(channels.get_by_text("“Spare” removed")).to_be_visible()
    assert one(admin, "SELECT count(*) FROM core.channels") == 0


async def test_a_signed_webhook_shows_each_secret_once_and_a_fallback_is_set(channels, admin):
    await add(channels, "Desk", "email", address="desk@x.example")
    await add(channels, "Ops", "webhook", address="https://hooks.example.org/in")
    first = await channels.locator("p > code").first.inner_text()
    row = channels.locator("#channel-list tbody tr", has=channels.get_by_label("Fallback of Ops"))
    await row.get_by_role("button", name="New secret").click()
    await expect(channels.locator("p > code").first).not_to_have_text(first)
    await channels.goto("/settings/channels")
    await expect(channels.locator("p > code")).to_have_count(0)
    await row.get_by_label("Fallback of Ops").select_option(label="Desk")
    await row.get_by_role("button", name="Set").click()
    await expect(channels.get_by_text("Fallback of “Ops” set")).to_be_visible()
    assert (
        one(admin, "SELECT f.name FROM core.channels c JOIN core.channels f ON f.id = c.fallback_channel_id")
        == "Desk"
    )


async def dead(admin: psycopg.Connection, count: int) -> None:
    """There is no mail server here, so a worker gives each message up at its first try."""
    for _ in range(200):
        if one(admin, "SELECT count(*) FROM core.deliveries WHERE state = 'dead'") == count:
            return
        await asyncio.sleep(0.1)
    pytest.fail("the messages were not given up")


async def test_given_up_and_uncertain_messages_are_sent_again_or_settled(channels, admin):
    await add(channels, "Team", "email", address="team@x.example")
    for _ in range(2):
        await channels.goto("/settings/channels")
        await channels.get_by_role("button", name="Send test").click()
        await channels.wait_for_url("**/deliveries/*")
    await dead(admin, 2)
    await channels.goto("/deliveries")
    await channels.get_by_role("button", name="Send again", exact=True).first.click()
    await expect(channels.get_by_text("Will be sent again at once")).to_be_visible()
    await dead(admin, 2)
    await channels.goto("/deliveries")
    await channels.get_by_role("checkbox", name="Select all").check()
    await channels.get_by_role("button", name="Send chosen again").click()
    await expect(channels.get_by_text("2 messages will be sent again at once")).to_be_visible()
    assert one(admin, "SELECT count(*) FROM core.audit_log WHERE action = 'delivery.resend'") == 2
    await dead(admin, 2)
    channel = one(admin, "SELECT id::text FROM core.channels")
    await channels.goto(f"/deliveries?state=dead&channel={channel}")
    await channels.get_by_role("button", name="Send all of this channel again").click()
    await expect(channels.get_by_text("2 messages will be sent again at once")).to_be_visible()
    await dead(admin, 2)
    admin.execute("UPDATE core.deliveries SET state = 'unknown'")
    uncertain = one(admin, "SELECT id::text FROM core.deliveries LIMIT 1")
    await channels.goto(f"/deliveries/{uncertain}")
    await channels.get_by_role("button", name="It arrived").click()
    await expect(channels.get_by_text("Settled: it arrived")).to_be_visible()
    await expect(channels.locator("#delivery-state")).to_contain_text("Sent")
