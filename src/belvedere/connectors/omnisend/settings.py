"""What a person declares about an Omnisend account."""

from enum import StrEnum

from pydantic import Field

from belvedere.connectors.contracts import ConnectorSettings
from belvedere.core.percents import Scale


class ApiVersion(StrEnum):
    """The generations of the API that are alive at once."""

    V3 = "v3"
    V5 = "v5"
    V2026_03_15 = "2026-03-15"


class OmnisendSettings(ConnectorSettings):
    """Settings of one Omnisend brand."""

    api_version: ApiVersion = Field(
        default=ApiVersion.V3,
        title="API version",
        description="v3 carries the counts of a campaign. v5 lists campaigns without counts. "
        "2026-03-15 reads counts from the analytics endpoint.",
    )
    rate_scale: Scale = Field(
        default=Scale.PERCENT,
        title="Scale of rates",
        description="How openRate and clickRate are written where Omnisend sends them: "
        "percent (15) or fraction (0.15).",
    )
    statistics: bool = Field(
        default=True,
        title="Read statistics",
        description="With 2026-03-15: ask the analytics endpoint for counts. "
        "It allows 10 requests a minute and 55 a day for one brand; one page of campaigns needs one.",
    )
    page_size: int = Field(
        default=100, ge=1, le=250, title="Page size", description="How many campaigns one request asks for."
    )
    max_pages: int = Field(
        default=2000,
        ge=1,
        le=100_000,
        title="Most pages",
        description="A reading that needs more pages than this fails.",
    )
    base_url: str | None = Field(
        default=None,
        title="Address of the API",
        description="Leave empty for the address in the installation's settings.",
        pattern=r"^https?://[^\s?#]+$",
    )
