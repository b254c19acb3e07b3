"""Themes of a Shopify shop, over REST or GraphQL.

https://shopify.dev/docs/api/admin-rest/2024-04/resources/theme and
https://shopify.dev/docs/api/admin-rest/usage/rate-limits. REST is legacy since 2024-10-01;
a shop has at most 20 themes.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field

from belvedere.connectors.contracts import (
    Budget,
    ConnectorSettings,
    CredentialField,
    ErrorClass,
    HttpAnswer,
    HttpClient,
    Page,
    classify_external,
)
from belvedere.connectors.scraper.themes import PROVIDER, QUERY, graphql_themes, rest_themes
from belvedere.core.errors import ExternalError
from belvedere.core.settings import load_settings

REST_REQUESTS_PER_SECOND = 2
"""The standard plan; the bucket holds 40, of which other apps of the shop want some."""

BURST = 20

PAGE_SIZE = 50
MAX_PAGES = 20


class ShopifyApi(StrEnum):
    REST = "rest"
    GRAPHQL = "graphql"


class ShopifyThemesSettings(ConnectorSettings):
    """Which shop, and how it is asked."""

    shop: str = Field(
        title="Shop",
        description="The name before .myshopify.com.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
    )
    api: ShopifyApi = Field(
        default=ShopifyApi.REST,
        title="API",
        description="rest works with older private apps; graphql is what new public apps may use.",
    )
    version: str = Field(
        default="2025-10",
        title="API version",
        description="A quarterly version such as 2025-10. "
        "Shopify answers an old one with the oldest it still serves.",
        pattern=r"^(20\d\d-(01|04|07|10)|unstable)$",
    )
    base_url: str | None = Field(
        default=None,
        title="Address of the shop's API",
        description="Leave empty for the address in the installation's settings; {shop} is replaced.",
        pattern=r"^https?://[^\s?#]+$",
    )


@dataclass(frozen=True)
class ShopifyThemesConnector:
    """All themes of one shop."""

    provider: str = PROVIDER
    endpoint: str = "shopify_themes"
    display_name: str = "Shopify themes"
    settings_model: type[ShopifyThemesSettings] = ShopifyThemesSettings
    credential_fields: tuple[CredentialField, ...] = (
        CredentialField(
            name="access_token",
            label="Admin API access token",
            help="Shopify admin: Settings, Apps, Develop apps. The scope read_themes is enough.",
        ),
    )
    mapping_name: str = "shopify_themes"

    def budget(self, settings: ShopifyThemesSettings) -> Budget:
        return Budget("shopify", settings.shop, capacity=BURST, refill_per_second=REST_REQUESTS_PER_SECOND)

    def classify(self, error: ExternalError) -> ErrorClass:
        return classify_external(error)

    async def pages(
        self,
        http: HttpClient,
        settings: ShopifyThemesSettings,
        credential: Mapping[str, str],
        cursor: str | None = None,
    ) -> AsyncIterator[Page]:
        """REST answers with one page; GraphQL with as many as its cursor asks for."""
        if settings.api is ShopifyApi.REST:
            answer = await self._ask(http, settings, credential, "GET", "themes.json")
            themes = rest_themes(answer.json())
            yield Page(themes, None, None, len(themes))
            return
        seen: set[Any] = set()
        visited = {cursor}
        for _ in range(MAX_PAGES):
            body = {"query": QUERY, "variables": {"first": PAGE_SIZE, "after": cursor}}
            answer = await self._ask(http, settings, credential, "POST", "graphql.json", body)
            themes, cursor = graphql_themes(answer.json())
            if cursor is not None and cursor in visited:
                break
            fresh = [theme for theme in themes if theme.get("id") not in seen]
            seen.update(theme.get("id") for theme in themes)
            yield Page(fresh, None, cursor, None)
            if cursor is None:
                return
            visited.add(cursor)
        raise ExternalError(
            "Shopify sent the same page of themes again and again. The reading is tried again later.",
            provider=PROVIDER,
            permanent=False,
            code="unexpected_answer",
        )

    async def _ask(
        self,
        http: HttpClient,
        settings: ShopifyThemesSettings,
        credential: Mapping[str, str],
        method: str,
        name: str,
        body: dict[str, Any] | None = None,
    ) -> HttpAnswer:
        root = (
            (settings.base_url or load_settings().shopify_base_url)
            .replace("{shop}", settings.shop)
            .rstrip("/")
        )
        return await http.request(
            method,
            f"{root}/admin/api/{settings.version}/{name}",
            provider=PROVIDER,
            headers={"X-Shopify-Access-Token": _token(credential), "Accept": "application/json"},
            json=body,
            # Both only ask, so asking twice is harmless.
            retry=True,
            budget=self.budget(settings),
        )


def _token(credential: Mapping[str, str]) -> str:
    token = credential.get("access_token", "").strip()
    if not token:
        raise ExternalError(
            "There is no Shopify access token. Enter one under the account's credentials.",
            provider=PROVIDER,
            permanent=True,
            code="credential_missing",
            status_code=401,
        )
    return token


SHOPIFY_THEMES = ShopifyThemesConnector()
