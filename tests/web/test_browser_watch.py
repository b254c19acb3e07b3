"""The watch tower in a real browser: a rule of two conditions by keyboard alone, the inbox by its keys, one alert, health."""

import orjson
import pytest
from playwright.async_api import Page, expect
from tests.people import BRANDT
from tests.web.conftest import SIMPLE
from tests.web.test_browser_story import page, running, sandbox, sign_in  # noqa: F401 - fixtures

from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.sources.service import ingest_file
from belvedere.watchtower.contracts import Condition, Severity
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import create_rule

SOON = 20_000
pytestmark = pytest.mark.browser
CAMPAIGNS = [
    {
        "id": f"c{number}",
        "name": f"Campaign {number}",
        "open_rate": str(8 + number),
        "spend": str(10 * number),
    }
    for number in range(12)
]


async def read(settings, db, *rows) -> None:
    """A reading of one client, judged as it is stored."""
    runtime = Runtime(settings, db, HttpClient(settings))
    await ingest_file(
        runtime, client_id=BRANDT, provider="shop", endpoint="campaigns", data=orjson.dumps(list(rows)), mapping=SIMPLE,
        actor="tests", file_name="rows.json",
    )  # fmt: skip
    await runtime.http.aclose()


@pytest.fixture
async def story(page: Page, settings, db, people) -> Page:  # noqa: F811 - a fixture
    await read(settings, db, *CAMPAIGNS)
    await sign_in(page)
    return page


async def tab_to(page: Page, query: str, *, most: int = 60) -> None:  # noqa: F811
    """Go on by Tab alone until the focus stands on what the query names."""
    for _ in range(most):
        if await page.evaluate("query => document.activeElement?.matches(query) ?? false", query):
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"Tab never reached {query}")


async def write_by_keyboard(page: Page, limit: str) -> None:  # noqa: F811
    await page.goto("/rules/new")
    await tab_to(page, "#name")
    await page.keyboard.type("Few opens, real money")
    await tab_to(page, "#field-0")
    await page.keyboard.type("open_rate")
    await tab_to(page, "#threshold-0")
    await page.keyboard.type(limit)


async def add_second_condition(page: Page) -> None:  # noqa: F811
    await tab_to(page, "button[name=add][value=condition]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#field-1")
    await tab_to(page, "#field-1")
    await page.keyboard.type("spend")
    await tab_to(page, "#condition-1")
    await page.keyboard.type("is between")
    await tab_to(page, "#threshold-1")
    await page.keyboard.type("15")
    await tab_to(page, "#upper-1")
    await page.keyboard.type("65")


async def test_a_rule_of_two_conditions_is_written_by_keyboard_alone_with_live_matches(story):
    await write_by_keyboard(story, "14")
    matches = story.locator("#preview")
    await expect(matches).to_contain_text("6 of 12", timeout=SOON)
    await expect(matches).to_contain_text("Campaign 0")
    await expect(matches).to_contain_text("6 pp below")
    await expect(story.locator("#history h2")).to_contain_text("Would have fired 6 times", timeout=SOON)
    await add_second_condition(story)
    await expect(story.locator("#expression")).to_have_text(
        "open_rate < 14 and spend between 15 and 65", timeout=SOON
    )
    await expect(matches).to_contain_text("4 of 12", timeout=SOON)
    await tab_to(story, ".savebar .btn-main")
    await story.keyboard.press("Enter")
    await story.wait_for_url("**/rules/*-*")
    await expect(story.get_by_role("heading", level=1)).to_have_text("Few opens, real money")
    await expect(story.get_by_text("Rule “Few opens, real money” saved")).to_be_visible()


async def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(story):
    await write_by_keyboard(story, "many")
    await story.keyboard.press("Control+s")
    await expect(story.locator("#threshold-0-error")).to_be_visible()
    assert await story.evaluate("document.activeElement.hasAttribute('data-summary')")
    assert await story.locator("#name").input_value() == "Few opens, real money"
    assert await story.locator("#threshold-0").input_value() == "many"
    assert await story.locator("#threshold-0").get_attribute("aria-invalid") == "true"
    assert await story.locator("#threshold-0").get_attribute("aria-describedby") == "threshold-0-error"
    await story.locator("[data-summary] a").first.click()
    await story.locator("#threshold-0").fill("14")
    await story.keyboard.press("Control+s")
    await story.wait_for_url("**/rules/*-*")
    story.complaints[:] = [line for line in story.complaints if "422" not in line]


async def test_an_error_goes_once_its_field_is_mended(story):
    await write_by_keyboard(story, "many")
    await story.keyboard.press("Control+s")
    await expect(story.locator("#threshold-0-error")).to_be_visible()
    await story.locator("#threshold-0").fill("14")
    await expect(story.locator("#preview")).to_contain_text("6 of 12", timeout=SOON)
    await expect(story.locator("#threshold-0-error")).to_have_count(0)
    await expect(story.locator("[data-summary]")).to_have_count(0)
    assert await story.locator("#threshold-0").get_attribute("aria-invalid") is None
    story.complaints[:] = [line for line in story.complaints if "422" not in line]


async def test_the_boxes_of_a_condition_follow_its_word(story):
    await story.goto("/rules/new")
    shown = {
        "between": ["threshold-0", "upper-0"],
        "percent_change": ["direction-0", "threshold-0"],
        "stale": ["threshold-0", "unit-0"],
        "is_null": [],
        "changed_from_to": ["threshold-0", "upper-0"],
    }
    for word, boxes in shown.items():
        await story.locator("#condition-0").select_option(word)
        for name in ("threshold-0", "upper-0", "direction-0", "unit-0"):
            assert await story.locator(f"#{name}").is_visible() is (name in boxes), f"{name} of {word}"
    await story.locator("#condition-0").select_option("added")
    assert not await story.locator("#field-0").is_visible()


async def test_the_slider_moves_limit_and_count_at_once_and_settles_to_the_exact_answer(story):
    await write_by_keyboard(story, "12")
    slider = story.locator("#slider")
    await expect(slider).to_be_visible(timeout=SOON)
    before = int(await story.locator("[data-count-said]").inner_text())
    assert before == 4
    await slider.focus()
    for _ in range(12):
        await story.keyboard.press("ArrowRight")
    limit = await story.locator("[data-limit-said]").inner_text()
    counted = int(await story.locator("[data-count-said]").inner_text())
    assert counted > before
    assert await story.locator("#threshold-0").input_value() == limit
    await expect(story.locator("#history h2")).to_contain_text(f"fired {counted} times", timeout=SOON)
    assert await story.evaluate("document.activeElement.id") == "slider"


@pytest.fixture
async def inbox(story: Page, settings, db, people) -> Page:
    """Six open alerts of one rule."""
    async with db.write(people.olga.scope) as session:
        runtime = Runtime(settings, db, HttpClient(settings))
        draft = RuleDraft(
            "Few opens", "open_rate", Condition.LESS_THAN, "14", client_id=BRANDT, severity=Severity.WARNING
        )
        await create_rule(session, draft, actor="olga", now=runtime.clock())
        await runtime.http.aclose()
    await read(settings, db, *[{**row, "spend": "1"} for row in CAMPAIGNS])
    await story.goto("/alerts")
    await expect(story.locator("#alert-list .al")).to_have_count(6, timeout=SOON)
    return story


async def test_the_inbox_is_worked_by_its_keys(inbox):
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("x")
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("x")
    await expect(inbox.locator("[data-chosen]")).to_have_text("2 alerts chosen")
    await inbox.keyboard.press("a")
    await expect(inbox.get_by_text("2 alerts acknowledged")).to_be_visible()
    await expect(inbox.locator("#alert-list .al")).to_have_count(4)
    await inbox.get_by_role("button", name="Undo").click()
    await expect(inbox.get_by_text("2 alerts open again")).to_be_visible()
    await expect(inbox.locator("#alert-list .al")).to_have_count(6)


async def test_a_key_means_the_row_it_stands_on_and_not_the_alert_beside(inbox):
    shown = await inbox.locator("#detail h2").first.inner_text()
    await inbox.keyboard.press("j")
    await inbox.keyboard.press("j")
    meant = await inbox.evaluate("document.querySelector('.al.cur .ttl').textContent")
    assert meant != shown
    await inbox.keyboard.press("s")
    await inbox.locator("#bulk .menu[open]").get_by_role("button", name="4 hours").click()
    await expect(inbox.get_by_text("1 alert snoozed")).to_be_visible()
    await inbox.goto("/alerts?view=snoozed")
    await expect(inbox.locator("#alert-list .ttl")).to_have_text([meant])


async def test_all_on_the_page_are_chosen_commented_and_resolved(inbox):
    await inbox.locator("[data-choose-all]").check()
    await expect(inbox.locator("[data-chosen]")).to_have_text("6 alerts chosen")
    await inbox.keyboard.press("c")
    await inbox.locator("#comment").fill("The list is tired")
    await inbox.locator("#bulk .menu[open]").get_by_role("button", name="Add comment").click()
    await expect(inbox.get_by_text("6 alerts commented")).to_be_visible()
    await inbox.locator("[data-choose-all]").check()
    await inbox.keyboard.press("r")
    await inbox.locator("#resolve-note").fill("Seen")
    await inbox.locator("#bulk .menu[open]").get_by_role("button", name="Resolve").click()
    await expect(inbox.get_by_text("6 alerts resolved")).to_be_visible()
    await expect(inbox.get_by_text("No open alerts").first).to_be_visible()


async def test_help_names_the_keys_and_filters_stand_in_the_address(inbox):
    await inbox.keyboard.press("?")
    await expect(inbox.locator("#keys")).to_contain_text("Select the row")
    await inbox.keyboard.press("Escape")
    await inbox.keyboard.press("/")
    await inbox.keyboard.type("Campaign 3")
    await inbox.keyboard.press("Enter")
    await inbox.wait_for_url("**q=Campaign+3**")
    await expect(inbox.locator("#alert-list .al")).to_have_count(1)
    await inbox.get_by_role("link", name="rule", exact=True).click()
    await inbox.wait_for_url("**group=rule**")
    await expect(inbox.locator(".grp-line").first).to_contain_text("Few opens")


async def test_one_alert_tells_its_story(inbox):
    await inbox.locator("#alert-list .al").first.click()
    detail = inbox.locator("#detail")
    await expect(detail.get_by_role("heading", name="Why it fired")).to_be_visible()
    await expect(detail).to_contain_text("< 14%")
    await inbox.keyboard.press("c")
    await inbox.locator("#note").fill("Asked the shop")
    await detail.get_by_role("button", name="Add comment").click()
    await expect(detail).to_contain_text("Asked the shop")
    await expect(detail).to_contain_text("Comment by Olga")
    await detail.get_by_role("link", name="Why, step by step").click()
    await expect(inbox.locator("#why")).to_contain_text("Fired", timeout=SOON)
    await expect(inbox.locator("#why")).to_contain_text("< 14%")


async def test_why_is_asked_on_the_page_of_a_rule(inbox):
    await inbox.goto("/rules")
    await inbox.get_by_role("link", name="Few opens").first.click()
    await inbox.locator("#thing").fill("c2")
    await inbox.locator("#why").get_by_role("button", name="Ask").click()
    await expect(inbox.locator("#why")).to_contain_text("Fired", timeout=SOON)
    assert "thing=c2" in inbox.url


async def test_health_says_what_was_judged_and_no_page_scrolls_sideways(inbox):
    await inbox.goto("/rules/health")
    await expect(inbox.locator(".say")).to_contain_text("judged in 24 hours")
    await inbox.set_viewport_size({"width": 390, "height": 844})
    for path in ("/rules/health", "/rules", "/rules/new", "/rules/packs", "/alerts", "/silences"):
        await inbox.goto(path)
        assert not await inbox.evaluate("document.documentElement.scrollWidth > innerWidth"), path
