import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from belvedere.connectors.contracts import ErrorClass
from belvedere.connectors.scraper.shopify_themes import SHOPIFY_THEMES, ShopifyThemesSettings
from belvedere.connectors.scraper.themes import graphql_themes, normalise
from belvedere.core.errors import ExternalError

TOKEN = {"access_token": "shpat"}


def theme(number, role="MAIN"):
    gid = f"gid://shopify/OnlineStoreTheme/{number}"
    return {
        "id": gid,
        "name": f"T{number}",
        "role": role,
        "processing": False,
        "updatedAt": "2026-01-02T08:00:00Z",
    }


class Shop:
    def __init__(self, answers):
        self.answers, self.asked = answers, []
        self.app = Starlette(
            routes=[
                Route("/acme/admin/api/2025-10/themes.json", self.answer),
                Route("/acme/admin/api/2025-10/graphql.json", self.answer, methods=["POST"]),
            ]
        )

    async def answer(self, request):
        self.asked.append((request.headers.get("x-shopify-access-token"), await request.body()))
        return JSONResponse(self.answers[min(len(self.asked), len(self.answers)) - 1])


async def read(http, root, api):
    settings = ShopifyThemesSettings(shop="acme", api=api, base_url=root + "/{shop}")
    return [page async for page in SHOPIFY_THEMES.pages(http, settings, TOKEN, None)]


def graphql_page(themes, cursor=None):
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {"data": {"themes": {"edges": [{"node": one} for one in themes], "pageInfo": info}}}


async def test_rest_themes_get_a_category_and_a_lower_case_role(serve, http):
    shop = Shop(
        [{"themes": [{"id": 5, "name": "Dawn", "role": "Main", "updated_at": "2026-01-02T08:00:00-05:00"}]}]
    )
    (page,) = await read(http, await serve(shop.app), "rest")
    assert page.rows[0]["id"] == 5
    assert page.rows[0]["role"] == "main"
    assert page.rows[0]["category"] == "theme"
    assert shop.asked[0][0] == "shpat"


async def test_graphql_pages_are_followed_and_look_like_rest(serve, http):
    shop = Shop([graphql_page([theme(1), theme(2, "UNPUBLISHED")], "x"), graphql_page([theme(2), theme(3)])])
    pages = await read(http, await serve(shop.app), "graphql")
    rows = [row for page in pages for row in page.rows]
    assert [(row["id"], row["role"]) for row in rows] == [(1, "main"), (2, "unpublished"), (3, "main")]
    assert rows[0]["updated_at"] == "2026-01-02T08:00:00Z"
    assert rows[0]["processing"] is False


async def test_a_throttled_answer_with_status_200_is_temporary(serve, http):
    cost = {"requestedQueryCost": 100, "throttleStatus": {"currentlyAvailable": 20, "restoreRate": 10}}
    errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    shop = Shop([{"errors": errors, "extensions": {"cost": cost}}])
    with pytest.raises(ExternalError) as failure:
        await read(http, await serve(shop.app), "graphql")
    assert (failure.value.permanent, failure.value.retry_after) == (False, 8.0)
    assert SHOPIFY_THEMES.classify(failure.value) is ErrorClass.RETRY


async def test_a_repeating_cursor_ends(serve, http):
    shop = Shop([graphql_page([theme(1)], "x")])
    with pytest.raises(ExternalError, match="again and again"):
        await read(http, await serve(shop.app), "graphql")


def test_denied_access_asks_for_another_credential():
    with pytest.raises(ExternalError) as failure:
        graphql_themes({"errors": [{"message": "no", "extensions": {"code": "ACCESS_DENIED"}}]})
    assert SHOPIFY_THEMES.classify(failure.value) is ErrorClass.AUTH


def test_an_id_that_is_no_number_is_kept_as_it_came():
    assert normalise({"id": "gid://shopify/OnlineStoreTheme/abc"})["id"].endswith("abc")


def test_a_shop_is_a_name_and_no_address():
    for shop in ("acme.example/", "a b", "../x", ""):
        with pytest.raises(ValidationError):
            ShopifyThemesSettings(shop=shop)
