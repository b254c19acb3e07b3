"""Campaigns and automations of an Omnisend brand, over three generations of its API.

Limits and paths: https://api-docs.omnisend.com/v3/reference/campaigns,
https://api-docs.omnisend.com/reference/rate-limit-timeouts-errors,
https://api-docs.omnisend.com/v2026-preview/reference/overview.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from belvedere.connectors.contracts import (
    Budget,
    CredentialField,
    ErrorClass,
    HttpClient,
    Page,
    RowProblem,
    classify_external,
    rate_budget,
)
from belvedere.connectors.omnisend.paging import (
    PROVIDER,
    expected_total,
    is_other_page,
    next_cursor,
    rows_of,
    unseen,
)
from belvedere.connectors.omnisend.rows import normalise
from belvedere.connectors.omnisend.settings import ApiVersion, OmnisendSettings
from belvedere.connectors.omnisend.statistics import report_body, with_counts
from belvedere.core.errors import ExternalError
from belvedere.core.settings import load_settings

REQUESTS_PER_MINUTE = 400
"""Of one brand, all its keys together."""

ANALYTICS_PER_MINUTE = 10
"""`/analytics/*` of one brand; 55 a day besides."""

_FETCHES_OF_A_REPEATED_PAGE = 2
_ROOTS = {ApiVersion.V3: "/v3", ApiVersion.V5: "/v5", ApiVersion.V2026_03_15: "/api"}


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class OmnisendConnector:
    """One list of an Omnisend brand."""

    endpoint: str
    display_name: str
    mapping_name: str
    id_field: str
    list_keys: tuple[str, ...]
    has_statistics: bool
    clock: Callable[[], datetime] = utc_now
    provider: str = PROVIDER
    settings_model: type[OmnisendSettings] = OmnisendSettings
    credential_fields: tuple[CredentialField, ...] = field(
        default=(
            CredentialField(
                name="api_key",
                label="API key",
                help="Omnisend: Store settings, Integrations & API, API keys. Reading campaigns is enough.",
            ),
        )
    )

    def budget(self, settings: OmnisendSettings) -> Budget:
        """400 requests a minute for one brand; the version does not matter."""
        return rate_budget(PROVIDER, _root(settings), requests=REQUESTS_PER_MINUTE, seconds=60)

    def classify(self, error: ExternalError) -> ErrorClass:
        return classify_external(error)

    async def pages(
        self,
        http: HttpClient,
        settings: OmnisendSettings,
        credential: Mapping[str, str],
        cursor: str | None = None,
    ) -> AsyncIterator[Page]:
        """Each page with its rows in one shape; a row that came twice in this reading is kept once."""
        reading = _Reading(self, http, settings, credential)
        seen: set[str] = set()
        visited = {cursor}
        for _ in range(settings.max_pages):
            document, following = await reading.page(cursor, visited)
            rows, problems = self._rows(document, settings, seen)
            if self.has_statistics and settings.statistics and settings.api_version is ApiVersion.V2026_03_15:
                rows = await reading.counted(rows, self.clock())
            yield Page(rows, None, following, expected_total(document), problems)
            if following is None:
                return
            visited.add(following)
            cursor = following
        raise _broken(
            f"Omnisend lists more than {settings.max_pages} pages. Raise “Most pages” if that is right.",
            permanent=True,
        )

    def _rows(
        self, document: dict[str, Any], settings: OmnisendSettings, seen: set[str]
    ) -> tuple[list[dict[str, Any]], tuple[RowProblem, ...]]:
        listed = rows_of(document, self.list_keys)
        problems = tuple(
            RowProblem(
                number, "not_an_object", None, "The row is not an object with fields.", str(row)[:1000]
            )
            for number, row in enumerate(listed, start=1)
            if not isinstance(row, dict)
        )
        shaped = [
            normalise(row, self.id_field, settings.rate_scale) for row in listed if isinstance(row, dict)
        ]
        return unseen(shaped, self.id_field, seen), problems


@dataclass(frozen=True)
class _Reading:
    """The requests of one reading."""

    connector: OmnisendConnector
    http: HttpClient
    settings: OmnisendSettings
    credential: Mapping[str, str]

    async def page(self, cursor: str | None, visited: set[str | None]) -> tuple[dict[str, Any], str | None]:
        """One page and what asks for the next.

        A page that repeats is asked for once more; then the reading fails, for going on would lose rows.
        """
        for _ in range(_FETCHES_OF_A_REPEATED_PAGE):
            document = await self._fetch(cursor)
            received = len(rows_of(document, self.connector.list_keys))
            following = next_cursor(
                document, asked=cursor, received=received, page_size=self.settings.page_size
            )
            if not is_other_page(document, cursor) and (following is None or following not in visited):
                return document, following
        raise _broken("Omnisend sent the same page again and again. The reading is tried again later.")

    async def counted(self, rows: list[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
        """The campaigns with their counts from the analytics endpoint."""
        body = report_body(rows, now)
        if body is None:
            return rows
        answer = await self.http.request(
            "POST",
            f"{_root(self.settings)}/analytics/reports",
            provider=PROVIDER,
            headers=self._headers(),
            json=body,
            # It only asks, so asking twice is harmless.
            retry=True,
            budget=self._budget("analytics", ANALYTICS_PER_MINUTE),
        )
        return with_counts(rows, answer.json())

    async def _fetch(self, cursor: str | None) -> dict[str, Any]:
        asked = dict(parse_qsl(cursor or ""))
        answer = await self.http.request(
            "GET",
            f"{_root(self.settings)}/{self.connector.endpoint}",
            provider=PROVIDER,
            headers=self._headers(),
            params={"limit": str(self.settings.page_size), **asked},
            budget=self._budget("all", REQUESTS_PER_MINUTE),
        )
        document = answer.json()
        if not isinstance(document, dict):
            raise _broken("Omnisend's answer is not an object.")
        return document

    def _budget(self, name: str, limit: int) -> Budget:
        # A brand has its own limit; its key stands for it, hashed, for budgets are stored.
        brand = sha256(self._key().encode()).hexdigest()[:16]
        return rate_budget(PROVIDER, f"{name}:{brand}", requests=limit, seconds=60)

    def _headers(self) -> dict[str, str]:
        if self.settings.api_version is ApiVersion.V2026_03_15:
            return {"Authorization": f"Omnisend-API-Key {self._key()}", "Omnisend-Version": "2026-03-15"}
        return {"X-API-KEY": self._key()}

    def _key(self) -> str:
        key = self.credential.get("api_key", "").strip()
        if not key:
            raise ExternalError(
                "There is no Omnisend API key. Enter one under the account's credentials.",
                provider=PROVIDER,
                permanent=True,
                code="credential_missing",
                status_code=401,
            )
        return key


def _root(settings: OmnisendSettings) -> str:
    base = settings.base_url or load_settings().omnisend_base_url
    return base.rstrip("/") + _ROOTS[settings.api_version]


def _broken(detail: str, *, permanent: bool = False) -> ExternalError:
    return ExternalError(detail, provider=PROVIDER, permanent=permanent, code="unexpected_answer")


CAMPAIGNS = OmnisendConnector(
    endpoint="campaigns",
    display_name="Omnisend campaigns",
    mapping_name="omnisend_campaigns",
    id_field="campaignID",
    list_keys=("campaign", "campaigns"),
    has_statistics=True,
)
AUTOMATIONS = OmnisendConnector(
    endpoint="automations",
    display_name="Omnisend automations",
    mapping_name="omnisend_automations",
    id_field="automationID",
    list_keys=("automation", "automations"),
    has_statistics=False,
)
