"""Digests in a real browser: set none, see those to come, look at the next one, read one that was made."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Page, expect
from tests.watchtower.digest_world import DigestWorld
from tests.watchtower.world import World
from tests.web.test_browser_story import CHROMIUM, Running, Server, page, sign_in

from belvedere.accounts import service as accounts
from belvedere.asgi import create_app
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.wiring.modules import connect_modules

__all__ = ["page"]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHOTS = os.environ.get("BELVEDERE_TEST_SHOTS")
pytestmark = pytest.mark.browser


@pytest.fixture
async def running(settings, db, admin, people, password_hash) -> AsyncIterator[Running]:
    """The pages alone: no worker makes digests while the browser looks."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: digests were not looked at in a browser")
    admin.execute("UPDATE core.users SET password_hash = %s", [password_hash])
    connect_modules()
    listener = socket.create_server(("127.0.0.1", 0))
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    accounts.use_keyring(accounts.load_keyring(settings))
    runtime = Runtime(settings, db, HttpClient(settings, db=db))
    server = Server(
        uvicorn.Config(create_app(runtime), log_config=None, access_log=False, timeout_graceful_shutdown=2)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield Running(settings.address, "")
    server.should_exit = True
    await serving
    await runtime.http.aclose()


@pytest.fixture
def house(db, admin, settings, people) -> DigestWorld:
    return DigestWorld(World(db, admin, now=datetime.now(UTC)), Runtime(settings, db, http=None))


async def fill(house: DigestWorld) -> datetime:
    """Three days of digests of one client and of the agency; gives the last boundary."""
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    nine = today if today < datetime.now(UTC) - HOUR else today - DAY
    rule = house.rule(notify_immediately=True, made=nine - 30 * DAY)
    house.rule(name="Weekly", notify_schedule="weekly", notify_zone="Asia/Tokyo", email_recipients=["board@brandt.example"],
               made=nine - HOUR)  # fmt: skip
    shared = house.rule(
        client_id=0, email_recipients=["all@agency.example"], notify_zone="Mars/Olympus", made=nine - 30 * DAY
    )
    await house.at(nine - 2 * DAY + timedelta(minutes=1))
    taken = {"is_acknowledged": True, "acknowledged_at": nine, "acknowledged_by": "alice@brandt.example"}
    for number, more in enumerate(
        ({"severity": "critical", "told_at": nine}, taken, {"resolved_at": nine - HOUR}, {})
    ):
        house.alert(
            rule,
            nine - (3 + number * 11) * HOUR,
            title=f"Open rate {number + 8}.4% on Advent preview",
            **more,
        )
    for client, title in ((2, "Spend £0.00 on Winter search"), (3, "CPA $61.20 on Trail shoes")):
        house.alert(
            shared,
            nine - 2 * HOUR,
            client=client,
            title=title,
            severity="critical" if client == 2 else "info",
        )
    house.world.admin.execute(
        "INSERT INTO source_accounts (id, client_id, source_id, account_key, last_good_at) VALUES (gen_random_uuid(), 1, %s, 'default', %s)",
        [house.world.source(), nine - 7 * HOUR],
    )  # fmt: skip
    await house.at(nine - DAY + timedelta(minutes=1))
    await house.at(nine + 20 * timedelta(minutes=1))
    return nine


async def shoot(page: Page, name: str) -> None:
    """Pictures for eyes, where a folder is named for them."""
    if SHOTS is None:
        return
    for theme in ("light", "dark"):
        await page.context.add_cookies(
            [{"name": "belvedere_theme", "value": theme, "domain": "127.0.0.1", "path": "/"}]
        )
        for width in (1440, 380):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.reload()
            await page.screenshot(path=Path(SHOTS) / f"{name}-{theme}-{width}.png", full_page=True)
    await page.set_viewport_size({"width": 1440, "height": 900})


async def test_a_person_finds_reads_and_previews_digests_item_21(running, page, house):
    await sign_in(page)
    await page.get_by_role("link", name="Digests").click()
    await expect(page.get_by_text("No digest is set")).to_be_visible()
    await shoot(page, "empty")
    await page.get_by_role("link", name="Open the rules").click()
    await page.wait_for_url("**/rules")

    await fill(house)
    await page.goto("/digests")
    coming = page.locator("section", has=page.get_by_role("heading", name="To come"))
    await expect(coming.get_by_text("team@brandt.example")).to_be_visible()
    await expect(coming.get_by_role("cell", name="Mondays at 09:00, Asia/Tokyo")).to_be_visible()
    await expect(coming.get_by_text("“Mars/Olympus” is not a time zone")).to_be_visible()
    await shoot(page, "list")

    row = coming.locator("tr", has=page.get_by_text("team@brandt.example"))
    await row.get_by_role("link", name="Preview").click()
    await expect(page.get_by_text("Nothing was sent.").first).to_be_visible()
    await expect(page.locator("#digest-said")).to_contain_text("still open")
    await shoot(page, "preview")

    await page.goto("/digests?schedule=daily&state=late")
    await page.locator("#digest-list a.name").first.click()
    said = page.locator("#digest-said")
    await expect(said).to_contain_text("covers everything since the digest before")
    await shoot(page, "digest")

    await page.goto("/digests")
    await page.locator("#digest-list a.name", has_text="1 resolved, 1 stale source").click()
    await expect(page.locator("#digest-said").get_by_text("already sent")).to_be_visible()
    await expect(page.locator("#digest-said").get_by_text("taken on by Alice")).to_be_visible()
    await shoot(page, "full")
    await page.locator("#digest-said").get_by_role("link", name="Open rate 8.4% on Advent preview").click()
    await page.wait_for_url("**/alerts/*")
