"""Jobs of outreach."""

from sqlalchemy import text

from belvedere.core.context import Scope
from belvedere.core.jobs import JobCall, job
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime

log = get_logger("outreach.figures")

FIGURES = ("reply_rates", "meeting_booking_rates", "campaign_revenue")


@job("outreach.refresh_kpis", cron="41 * * * *", max_attempts=2)
async def refresh_kpis(runtime: Runtime, call: JobCall) -> None:
    """Brings the key figures of outreach up to date while people go on reading the old ones."""
    for name in FIGURES:
        # One transaction for each, so that nobody who changes a table waits for all three.
        async with runtime.db.write(Scope.service(call.name)) as session:
            await session.execute(text("SELECT outreach.refresh_kpi(CAST(:name AS name))"), {"name": name})
    log.info("figures refreshed", figures=len(FIGURES))
