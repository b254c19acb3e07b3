"""Every page answers for everybody who may see it, on an empty installation and on one with data."""

import re
from html.parser import HTMLParser

import pytest

LISTS = (
    "/", "/alerts", "/alerts?view=acknowledged", "/alerts?view=resolved", "/alerts?view=all", "/deliveries", "/digests",
    "/digests?state=late", "/rules",
    "/rules/new", "/sources", "/rejects", "/rejects?show=all", "/search", "/search?q=advent", "/settings", "/settings/clients",
    "/settings/clients/new", "/settings/people", "/settings/people/invite", "/settings/credentials",
    "/settings/credentials/new", "/settings/channels", "/settings/tokens", "/settings/audit", "/settings/jobs", "/docs",
)  # fmt: skip
DETAILS = (
    "/alerts/{alert}", "/rules/{rule}", "/sources/{source}", "/sources/{source}/accounts/new", "/snapshots/{snapshot}",
    "/snapshots/{snapshot}?tab=rejects", "/snapshots/{snapshot}?tab=changes", "/snapshots/{snapshot}?sort=-metric.open_rate&status=sent",
    "/records/{record}", "/records/{record}?metric=spend", "/deliveries/{delivery}", "/settings/people/{person}",
    "/settings/clients/1",
)  # fmt: skip
HEADERS = ("content-security-policy", "x-content-type-options", "referrer-policy", "x-correlation-id")


class Links(HTMLParser):
    """Every address that a page loads or leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found += [
            value or ""
            for name, value in attrs
            if name in ("href", "src", "action", "formaction", "srcset", "data")
        ]


def check(answer, *, path: str) -> str:
    page = answer.text
    assert page.count("<h1") == 1, path
    assert "<script>" not in page, path
    assert " style=" not in page, path
    assert not re.search(r"\son[a-z]+=", page), path
    for link in Links(page).found:
        assert not link.startswith(("http://", "https://", "//")), f"{path} leads to {link}"
    for header in HEADERS:
        assert header in answer.headers, f"{path} lacks {header}"
    return page


@pytest.mark.parametrize("path", LISTS)
async def test_a_page_answers_on_an_installation_without_data(house, olga, path):
    answer = await olga.get(path)
    assert answer.status_code == 200, answer.text[-400:]
    check(answer, path=path)


async def test_every_page_answers_on_an_installation_with_data(filled, olga, ids):
    for path in (*LISTS, *(detail.format(**ids) for detail in DETAILS)):
        answer = await olga.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text[-600:]}"
        check(answer, path=path)
        scoped = await olga.get(path + ("&" if "?" in path else "?") + "client=1")
        assert scoped.status_code == 200, f"{path} for one client"


async def test_the_overview_says_what_needs_a_person(filled, olga):
    page = (await olga.get("/")).text
    assert "1 critical alert" in page
    assert "Advent preview" in page
    assert "Kaffeehaus Brandt" in page


async def test_a_client_in_the_address_scopes_the_page(filled, olga):
    mine = (await olga.get("/alerts?client=1")).text
    other = (await olga.get("/alerts?client=2")).text
    assert "Advent preview" in mine
    assert "Advent preview" not in other
    assert (await olga.get("/alerts?client=99")).status_code == 404
    assert (await olga.get("/alerts?client=abc")).status_code == 404


async def test_errors_are_pages_with_a_way_on_and_the_same_headers(house, olga):
    for path in (
        "/nothing/here",
        "/alerts/not-an-id",
        "/alerts/00000000-0000-0000-0000-000000000000",
        "/docs/none",
    ):
        answer = await olga.get(path)
        assert answer.status_code == 404, path
        assert "Overview" in check(answer, path=path)
    async with house.browser() as stranger:
        answer = await stranger.get("/nothing/here")
        assert answer.status_code == 404
        check(answer, path="/nothing/here")


async def test_assets_are_cached_for_a_year_under_names_that_carry_their_content(house):
    async with house.browser() as stranger:
        page = (await stranger.get("/login")).text
        for link in (link for link in Links(page).found if link.startswith("/assets/")):
            answer = await stranger.get(link)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        assert (await stranger.get("/assets/belvedere-000000000000.css")).status_code == 404
        assert (await stranger.get("/favicon.ico")).headers["content-type"].startswith("image/svg+xml")


async def test_short_addresses_lead_to_the_settings(olga):
    for short, full in (
        ("users", "people"),
        ("credentials", "credentials"),
        ("audit", "audit"),
        ("jobs", "jobs"),
    ):
        assert (await olga.get(f"/{short}?client=1")).headers["location"] == f"/settings/{full}?client=1"


async def test_search_finds_clients_rules_records_and_alerts_by_number(filled, olga):
    number = filled.one("SELECT number FROM watch.watchtower_alerts")
    assert "Alert #" in (await olga.get(f"/search?q=%23{number}")).text
    for word, found in (
        ("brandt", "Kaffeehaus Brandt"),
        ("low open", "Low open rate"),
        ("roast", "Roast of the month"),
    ):
        assert found in (await olga.get("/search", params={"q": word})).text
    assert "Nothing is called" in (await olga.get("/search?q=zzzz")).text
