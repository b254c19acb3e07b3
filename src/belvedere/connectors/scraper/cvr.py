"""Conversion rates from a page of the shop."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from belvedere.connectors.contracts import (
    Budget,
    CredentialField,
    ErrorClass,
    HttpClient,
    Page,
    classify_external,
    rate_budget,
)
from belvedere.connectors.scraper.cvr_page import PROVIDER, CvrSettings, read_cvr
from belvedere.core.errors import ExternalError

REQUESTS_PER_MINUTE = 30
"""A shop is a guest's house; nobody states a limit, so this is manners."""


@dataclass(frozen=True)
class CvrConnector:
    """One page of one shop; which client it belongs to is a matter of the account."""

    provider: str = PROVIDER
    endpoint: str = "cvr"
    display_name: str = "CVR data"
    settings_model: type[CvrSettings] = CvrSettings
    credential_fields: tuple[CredentialField, ...] = ()
    mapping_name: str = "cvr"

    def budget(self, settings: CvrSettings) -> Budget:
        host = urlsplit(settings.url).netloc.rpartition("@")[2].casefold()
        return rate_budget(PROVIDER, host, requests=REQUESTS_PER_MINUTE, seconds=60)

    async def pages(
        self,
        http: HttpClient,
        settings: CvrSettings,
        credential: Mapping[str, str],  # noqa: ARG002  (every connector is called the same way)
        cursor: str | None = None,  # noqa: ARG002
    ) -> AsyncIterator[Page]:
        """The one page there is, with what could not be read on it."""
        answer = await http.request(
            "GET",
            settings.url,
            provider=PROVIDER,
            headers={"Accept": "text/html"},
            budget=self.budget(settings),
        )
        reading = read_cvr(answer.content, settings)
        yield Page(reading.rows, None, None, reading.total, reading.problems)

    def classify(self, error: ExternalError) -> ErrorClass:
        return classify_external(error)


CVR = CvrConnector()
