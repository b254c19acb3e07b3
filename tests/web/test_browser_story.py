"""A person's first hour in a real browser: sign in, write a rule, read a source, find the alert, take it on.

Everything is real but the platforms, which are the sandbox: the server, the worker, the database, the browser.
"""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright, expect
from pydantic import SecretStr
from tests.people import BRANDT
from tests.web.conftest import PASSWORD

from belvedere.accounts import service as accounts
from belvedere.asgi import create_app
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.worker import run_worker
from belvedere.sandbox.service import (
    DISCORD_BOT_TOKEN,
    SANDBOX_CLIENTS,
    RunningSandbox,
    SandboxOptions,
    run_sandbox,
)
from belvedere.sources.service import create_account, create_source
from belvedere.wiring.modules import connect_modules

CHROMIUM = (
    os.environ.get("BELVEDERE_TEST_BROWSER") or shutil.which("chromium") or shutil.which("chromium-browser")
)
SHOP = next(client for client in SANDBOX_CLIENTS if client.slug == "brandt")
SOON = 20_000
pytestmark = pytest.mark.browser


@dataclass
class Running:
    """Where the pages are, and the source that the story reads."""

    address: str
    source_id: str


class Server(uvicorn.Server):
    """Leaves signals to the test run that it is a guest in."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions())
    yield running
    await running.close()


@pytest.fixture
async def running(settings, db, admin, people, password_hash, sandbox) -> AsyncIterator[Running]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the story was not told in a browser")
    admin.execute("UPDATE core.users SET password_hash = %s", [password_hash])
    admin.execute(
        "UPDATE core.clients SET discord_channel_id = %s WHERE id = %s", [SHOP.discord_channel_id, BRANDT]
    )
    connect_modules()
    listener = socket.create_server(("127.0.0.1", 0))
    settings = settings.model_copy(
        update={
            "port": listener.getsockname()[1],
            "omnisend_base_url": sandbox.urls["omnisend_base_url"],
            "discord_base_url": sandbox.urls["discord_base_url"],
            "discord_bot_token": SecretStr(DISCORD_BOT_TOKEN),
        }
    )
    accounts.use_keyring(accounts.load_keyring(settings))
    runtime = Runtime(settings, db, HttpClient(settings, db=db))
    source_id = await add_source(runtime, people)
    admin.execute("UPDATE watch.source_accounts SET next_due_at = now() + interval '1 day'")
    server = Server(
        uvicorn.Config(create_app(runtime), log_config=None, access_log=False, timeout_graceful_shutdown=2)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    working = asyncio.create_task(run_worker(runtime, concurrency=2))
    while not server.started:
        await asyncio.sleep(0.01)
    yield Running(settings.address, source_id)
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    server.should_exit = True
    await serving
    await runtime.http.aclose()


async def add_source(runtime: Runtime, people) -> str:
    """A source with one account of the sandbox's first shop; it is read when somebody asks."""
    now = runtime.clock()
    async with runtime.db.write(people.olga.scope) as session:
        source_id = await create_source(
            session,
            {
                "provider": "omnisend",
                "endpoint": "campaigns",
                "display_name": "Omnisend campaigns",
                "refresh_interval_minutes": 1440,
            },
            now,
        )
        credential_id = await accounts.store_credential(
            session, BRANDT, "omnisend", "Sandbox key", {"api_key": SHOP.omnisend_key}, "tests", now
        )
        await create_account(
            session,
            {
                "source_id": source_id,
                "client_id": BRANDT,
                "settings": {"api_version": SHOP.omnisend_version},
                "credential_id": credential_id,
            },
            now,
        )
    return str(source_id)


@pytest.fixture
async def page(running) -> AsyncIterator[Page]:
    """A browser that fails the test on any request to another host and on any error of the console."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        context = await browser.new_context(base_url=running.address, viewport={"width": 1440, "height": 900})
        opened = await context.new_page()
        complaints: list[str] = []
        host = urlsplit(running.address).netloc
        opened.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on(
            "request", lambda request: urlsplit(request.url).netloc != host and complaints.append(request.url)
        )
        opened.set_default_timeout(SOON)
        opened.complaints = complaints  # a story that provokes an answer with an error takes its line away
        yield opened
        await browser.close()
    assert complaints == []


async def sign_in(page: Page) -> None:
    await page.goto("/alerts")
    await page.get_by_label("E-mail").fill("olga@agency.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/alerts")


async def write_rule(page: Page) -> None:
    await page.get_by_role("link", name="New rule").first.click()
    await page.get_by_label("Name", exact=True).fill("Opens to look at")
    await page.get_by_label("Client", exact=True).last.select_option(label="Kaffeehaus Brandt")
    await page.get_by_label("Field of condition 1").fill("open_rate")
    await page.get_by_label("Limit of condition 1").fill("99")
    await page.get_by_label("Severity").select_option("critical")
    await page.get_by_role("button", name="Create rule").click()


async def test_a_first_hour(running, page):
    await sign_in(page)
    await expect(page.get_by_text("No open alerts").first).to_be_visible()

    await write_rule(page)
    await page.wait_for_url("**/rules/*-*")
    await expect(page.get_by_text("open_rate < 99").first).to_be_visible()

    await page.goto(f"/sources/{running.source_id}")
    await page.get_by_role("button", name="Read now").first.click()
    await page.wait_for_url("**/snapshots/*")
    await expect(page.get_by_text("Completed").first).to_be_visible(timeout=SOON)
    await expect(page.locator("table").first).to_be_visible()

    await page.goto("/alerts")
    line = page.locator("#alert-list a.al").first
    await expect(line).to_be_visible(timeout=SOON)
    await line.click()
    await expect(page.get_by_role("heading", name="Why it fired")).to_be_visible()
    await expect(page.locator("#detail").get_by_text("Met").first).to_be_visible()
    number = (await page.locator("#detail").get_by_text("Alert #").inner_text()).strip()
    await page.locator("#detail").get_by_role("button", name="Acknowledge").first.click()
    await expect(page.get_by_text(f"{number} acknowledged")).to_be_visible()
    await expect(page.get_by_text("Olga took this on")).to_be_visible()

    await page.goto("/deliveries")
    await expect(page.get_by_text("Sent", exact=True).first).to_be_visible(timeout=SOON)


async def test_an_open_page_hears_of_a_new_alert_by_itself(running, page):
    await sign_in(page)
    await write_rule(page)
    await page.wait_for_url("**/rules/*-*")
    await page.goto("/alerts")
    await expect(page.get_by_text("No open alerts").first).to_be_visible()
    other = await page.context.new_page()
    await other.goto(f"/sources/{running.source_id}")
    await other.get_by_role("button", name="Read now").first.click()
    await expect(page.locator("#alert-list a.al").first).to_be_visible(timeout=SOON)
    await expect(page.locator('[data-count="alerts"]').first).to_be_visible()
