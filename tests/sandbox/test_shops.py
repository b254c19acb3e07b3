"""Shopify's themes by both ways, and the conversion pages of the shops."""

import json
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from belvedere.sandbox.clients import SANDBOX_CLIENTS

BRANDT = SANDBOX_CLIENTS[0]
TOKEN = {"X-Shopify-Access-Token": BRANDT.shopify_token}
ADMIN = f"/shopify/{BRANDT.shopify_shop}/admin/api"
QUERY = """query T($first: Int!, $after: String) { themes(first: $first, after: $after) {
  edges { node { id name role processing createdAt updatedAt } } pageInfo { hasNextPage endCursor } } }"""


async def test_rest_themes_have_the_shape_of_a_recorded_answer(web):
    recorded = json.loads((Path(__file__).parents[1] / "data" / "shopify" / "themes.json").read_text())
    answer = await web.get(f"{ADMIN}/2026-10/themes.json", headers=TOKEN)
    themes = answer.json()["themes"]
    assert themes[0].keys() == recorded["themes"][0].keys()
    assert sorted({theme["role"] for theme in themes}) == ["demo", "main", "unpublished"]
    assert answer.headers["X-Shopify-API-Version"] == "2026-10"
    assert answer.headers["X-Shopify-Shop-Api-Call-Limit"] == "1/40"


@pytest.mark.parametrize(
    ("version", "served"), [("2024-04", "2026-01"), ("unstable", "unstable"), ("2031-01", None), ("1", None)]
)
async def test_old_versions_fall_forward_and_wrong_ones_are_not_found(web, version, served):
    answer = await web.get(f"{ADMIN}/{version}/themes.json", headers=TOKEN)
    assert answer.headers.get("X-Shopify-API-Version") == served
    assert answer.status_code == (200 if served else 404)


async def test_a_wrong_token_and_an_unknown_shop_are_refused(web):
    other = {"X-Shopify-Access-Token": SANDBOX_CLIENTS[1].shopify_token}
    assert (await web.get(f"{ADMIN}/2026-10/themes.json", headers=other)).status_code == 401
    assert (await web.get("/shopify/nobody/admin/api/2026-10/themes.json", headers=TOKEN)).status_code == 404


async def test_graphql_pages_cover_every_theme_once_with_global_ids(web, sandbox):
    ids, after = [], None
    while True:
        body = {"query": QUERY, "variables": {"first": 3, "after": after}}
        answer = (await web.post(f"{ADMIN}/2026-10/graphql.json", headers=TOKEN, json=body)).json()
        themes = answer["data"]["themes"]
        ids += [edge["node"]["id"] for edge in themes["edges"]]
        if not themes["pageInfo"]["hasNextPage"]:
            break
        after = themes["pageInfo"]["endCursor"]
    known = sandbox.sandbox.world.shops["brandt"].themes
    assert ids == [f"gid://shopify/OnlineStoreTheme/{theme.id}" for theme in known]
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 5


async def test_graphql_filters_by_role_and_returns_only_what_was_asked_for(web):
    body = {"query": "{ themes(first: 5, roles: [MAIN]) { nodes { name role } } }"}
    answer = (await web.post(f"{ADMIN}/2026-10/graphql.json", headers=TOKEN, json=body)).json()
    assert answer["data"]["themes"]["nodes"] == [{"name": "Brandt Herbst 2026", "role": "MAIN"}]


async def test_an_empty_cost_bucket_throttles_with_http_200(web, sandbox):
    bucket = sandbox.sandbox.limits_of_shop("brandt").graphql
    bucket.size, bucket.restored = 30, 0.001
    body = {"query": QUERY, "variables": {"first": 20}}
    answers = [await web.post(f"{ADMIN}/2026-10/graphql.json", headers=TOKEN, json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answers[1].json()["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 8
    dear = await web.post(
        f"{ADMIN}/2026-10/graphql.json", headers=TOKEN, json={"query": QUERY, "variables": {"first": 1000}}
    )
    assert dear.json()["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


async def test_the_rest_bucket_holds_forty_calls(web, sandbox):
    bucket = sandbox.sandbox.limits_of_shop("brandt").rest
    bucket.size, bucket.restored = 2, 0.001
    answers = [await web.get(f"{ADMIN}/2026-10/themes.json", headers=TOKEN) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "2.0"


def read_report(html: str, language: str) -> dict[str, float]:
    """Period to percent, read from the text alone as a person would."""
    rates = {}
    for row in LexborHTMLParser(html).css("#conversion-report tbody tr"):
        start = row.css_first("time").attributes["datetime"]
        text = row.css("td")[3].text(strip=True)
        pattern = r"\d+,\d\d\u00a0%" if language == "de" else r"\d+\.\d\d%"
        assert re.fullmatch(pattern, text), text
        rates[start] = float(text.rstrip("%\u00a0").replace(",", "."))
    return rates


@pytest.mark.parametrize("client", SANDBOX_CLIENTS, ids=lambda client: client.slug)
async def test_a_report_shows_twelve_weeks_in_the_notation_of_its_shop(web, sandbox, client):
    html = (await web.get(f"/shop/{client.slug}/reports/conversion")).text
    periods = sandbox.sandbox.world.shops[client.slug].periods
    rates = read_report(html, client.language)
    assert rates == {one.starts_on.isoformat(): round(one.percent, 2) for one in periods}
    assert len(rates) == 12
    assert f'lang="{client.language}"' in html


async def test_each_shop_also_has_its_own_kind_of_data(web):
    brandt = (await web.get("/shop/brandt/reports/conversion")).text
    assert "data-cvr" not in brandt
    assert "09.11.2026" in brandt
    marlow = LexborHTMLParser((await web.get("/shop/marlow-and-finch/reports/conversion")).text)
    linked = json.loads(marlow.css_first('script[type="application/ld+json"]').text())
    assert len(linked["variableMeasured"]) == 12
    tidewater = LexborHTMLParser((await web.get("/shop/tidewater/reports/conversion")).text)
    assert float(tidewater.css_first("tr[data-period-start='2026-11-09']").attributes["data-cvr"]) > 2
    english = (await web.get("/shop/brandt/reports/conversion?lang=en")).text
    assert read_report(english, "en")


async def test_an_unknown_shop_and_an_unknown_address_are_pages_that_lead_back(web):
    for path in ("/shop/nobody/", "/shop/nobody/reports/conversion", "/nothing"):
        answer = await web.get(path)
        assert answer.status_code == 404
        assert 'href="/"' in answer.text
