"""The module in a real browser, over HTTP, under the policy that forbids inline code."""

import json
import re
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.web import samples

from belvedere.web.assets import CONTENT_SECURITY_POLICY, asset_named, make_templates

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = samples.pages()
AT = {
    "/": "overview",
    "/search": "search",
    "/rules/draft": "rule_form",
    "/alerts/a8219": "alerts_acknowledged",
}


class SamplePages(BaseHTTPRequestHandler):
    """Serves `/p/<sample>` and a few of the addresses that the samples link to."""

    protocol_version = "HTTP/1.1"
    templates = make_templates()

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/events":
            body = b'retry: 60000\nevent: counts\ndata: {"alerts": 9}\n\n'
            self.answer(body, "text/event-stream")
        elif path.startswith("/assets/") and (asset := asset_named(path.removeprefix("/assets/"))):
            self.answer(asset.body, asset.media_type)
        elif (name := AT.get(path, path.removeprefix("/p/"))) in PAGES:
            template, context = PAGES[name]
            self.answer(
                self.templates.get_template(template).render(context).encode(), "text/html; charset=utf-8"
            )
        else:
            self.answer(b"nothing", "text/plain", 404)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def answer(self, body, media_type, status=200):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet: the test's own report is enough."""


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), SamplePages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: the pages were not tried in a browser")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def page(browser, address):
    context = browser.new_context(
        base_url=address, viewport={"width": 1440, "height": 900}, color_scheme="light"
    )
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda message: message.type == "error" and opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    assert opened.complaints == []
    context.close()


@pytest.mark.parametrize("width", [320, 1100])
def test_no_page_scrolls_sideways_or_breaks_the_policy(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    wide = []
    for name in PAGES:
        page.goto(f"/p/{name}")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
    assert wide == []


def test_every_target_is_large_enough_for_a_finger(page):
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("overview", "alerts", "rule_form", "sources"):
        page.goto(f"/p/{name}")
        small = page.evaluate(
            """[...document.querySelectorAll("button, summary.btn, .tabbar a, select, .input")]
                 .filter(node => node.checkVisibility() && node.getBoundingClientRect().height)
                 .map(node => [node.outerHTML.slice(0, 90), node.getBoundingClientRect().height])
                 .filter(([, height]) => height < 24)"""
        )
        assert small == [], name


def test_keys_move_through_the_rows_and_open_one(page):
    page.goto("/p/alerts")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/alerts/a8219"
    page.keyboard.press("k")
    assert "a8214" in page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/a8219")
    page.wait_for_selector("#detail >> text=took this on")
    assert page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_keys_are_off_inside_fields_and_when_switched_off(page):
    page.goto("/p/rules")
    page.locator("#f-q").press("t")
    assert page.locator("#f-q").input_value() == "t"
    assert page.evaluate("document.documentElement.dataset.theme") == "auto"
    page.locator("#f-q").blur()
    page.evaluate("document.documentElement.dataset.nokeys = ''")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "auto"


def test_the_palette_opens_narrows_follows_and_closes(page):
    page.goto("/p/sources")
    page.keyboard.press("Control+k")
    page.keyboard.type("advent")
    page.wait_for_selector("#palette-found >> text=Advent preview")
    page.keyboard.press("Escape")
    assert not page.locator("#palette").is_visible()
    page.locator(".seek").click()
    page.locator("#palette-find").fill("audit")
    assert page.locator("#palette [data-own] li:visible").all_inner_texts() == ["Audit log"]


def test_the_theme_turns_and_is_remembered_in_a_cookie(page):
    page.goto("/p/overview")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert cookies["belvedere_theme"] == "dark"


def test_a_changed_form_says_so(page):
    page.goto("/p/rule_form")
    assert not page.locator("[data-when-dirty]").is_visible()
    page.locator("#threshold-0").fill("12")
    assert page.locator("[data-when-dirty]").is_visible()
    page.locator("text=Try it").click()
    page.wait_for_selector("#preview:not([aria-busy])")
    assert page.locator("#threshold-0").input_value() == "12"


def test_a_menu_takes_the_focus_and_gives_it_back(page):
    page.goto("/p/alerts")
    page.keyboard.press("r")
    expect(page.locator("#close-note")).to_be_focused()
    page.keyboard.type("rolled back")
    page.keyboard.press("Escape")
    assert not page.locator("#close-note").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_menu_stays_inside_a_narrow_window(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/p/alerts")
    for menu in page.locator("details.menu summary:visible").all():
        menu.click()
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.keyboard.press("Escape")


def test_chosen_rows_are_counted(page):
    page.goto("/p/rejects")
    assert not page.locator("[data-bulk]").is_visible()
    page.locator("[data-all]").check()
    assert page.locator("[data-picked]").inner_text() == "2"


def test_the_live_feed_changes_counts_and_title_in_place(page):
    page.goto("/p/overview")
    expect(page).to_have_title(re.compile(r"^Overview \(9\)"))
    assert page.locator(".rail [data-count=alerts]").inner_text() == "9"


def test_the_page_reads_and_posts_without_the_module(browser, address):
    context = browser.new_context(base_url=address, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/p/alerts")
    plain.locator("#alert-list a.al").nth(1).click()
    assert plain.url.endswith("/alerts/a8219")
    plain.goto("/p/rules")
    assert plain.locator("form.filters noscript button").count() >= 1
    context.close()


def test_motion_stops_when_the_reader_wishes(page):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/p/overview")
    length = page.evaluate("getComputedStyle(document.querySelector('.nav a')).transitionDuration")
    assert json.loads(length.removesuffix("s")) < 0.001
