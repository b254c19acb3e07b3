"""The newest day of each campaign, offered to the watch as internal/ad_campaigns."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.sources.contracts import Unit
from belvedere.sources.service import FieldKind, Target, TargetField, number_fields, text_fields

# Today is not over: a day is shown once it has ended in its own zone.
_FIGURES = text(
    "SELECT c.id::text AS id, coalesce(c.name, c.platform_campaign_id) AS name, coalesce(c.status, 'unknown') AS status,"
    " c.platform AS category, d.metric_date::text AS metric_date,"
    " d.spend_cents / 10::numeric ^ core.minor_digits(coalesce(d.currency, c.currency)) AS spend,"
    " d.revenue_cents / 10::numeric ^ core.minor_digits(coalesce(d.currency, c.currency)) AS revenue,"
    " d.impressions, d.clicks, d.conversions, round(d.roas, 6) AS roas, round(d.ctr * 100, 6) AS ctr,"
    " round(d.conversion_rate * 100, 6) AS conversion_rate, c.budget_amount AS budget,"
    " coalesce(d.currency, c.currency) AS currency"
    " FROM ads.campaigns c LEFT JOIN LATERAL (SELECT m.* FROM ads.ads_daily_metrics m WHERE m.client_id = c.client_id"
    "   AND m.campaign_id = c.id AND m.metric_date < (CAST(:now AS timestamptz) AT TIME ZONE m.report_tz)::date"
    "   ORDER BY m.metric_date DESC LIMIT 1) d ON true"
    " WHERE c.client_id = :client_id AND coalesce(c.status, 'unknown') NOT IN ('archived', 'removed') ORDER BY c.id"
)


async def read_campaign_figures(session: ReadSession, client_id: int, now: datetime) -> list[dict[str, Any]]:
    """Each campaign that is not archived, with the figures of its last full day."""
    rows = (await session.execute(_FIGURES, {"client_id": client_id, "now": now})).mappings()
    return [dict(row) for row in rows]


CAMPAIGN_FIGURES_TARGET = Target(
    name="ad_campaigns",
    display_name="Ad Campaigns",
    description="Last full day of each campaign",
    read_rows=read_campaign_figures,
    fields=(
        *text_fields(
            [("name", "Name"), ("status", "Status"), ("category", "Platform"), ("currency", "Currency")]
        ),
        TargetField("metric_date", "Day", FieldKind.TEXT),
        *number_fields(Unit.CURRENCY, [("spend", "Spend"), ("revenue", "Revenue"), ("budget", "Budget")]),
        *number_fields(
            Unit.COUNT, [("impressions", "Impressions"), ("clicks", "Clicks"), ("conversions", "Conversions")]
        ),
        *number_fields(Unit.RATIO, [("roas", "Return on ad spend")]),
        *number_fields(Unit.PERCENT, [("ctr", "Click rate"), ("conversion_rate", "Conversion rate")]),
    ),
)
