"""Counts of campaigns from `POST /analytics/reports` (generation 2026-03-15). No input or output.

https://api-docs.omnisend.com/reference/reports: of the two analytics endpoints only this one may be split by
activity. `/analytics/statistics` has the timestamp alone: each campaign would cost a query, a request takes
four, and a day has 55 requests. Reports go by the day of sending; a campaign has the sum of its days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

COUNTS = ("sent", "opened", "clicked", "bounced", "complained", "unsubscribed")
CAMPAIGN_ID = "campaignID"
ACTIVITY_FIELDS = ("activity", "activityID", "campaignID")
"""Under which names a row may carry the campaign; the public description leaves it open."""

ALIAS = "campaigns"

OLDEST = timedelta(days=365)
"""How far back sends are asked for; counts of older campaigns stop moving long before."""


def report_body(rows: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The request for the counts of these campaigns by day; None when there is nothing to ask for."""
    identities = [str(row[CAMPAIGN_ID]) for row in rows if row.get(CAMPAIGN_ID) is not None]
    if not identities:
        return None
    return {
        "queries": [
            {
                "alias": ALIAS,
                "metrics": [{"name": name} for name in COUNTS],
                "dateRange": {"from": _instant(_first_day(rows, now)), "to": _instant(now)},
                "dimensions": [{"name": "timestamp", "granularity": "day"}, {"name": "activity"}],
                "filters": [{"name": "activity", "operator": "in", "values": identities}],
            }
        ]
    }


def with_counts(rows: Sequence[dict[str, Any]], answer: Any) -> list[dict[str, Any]]:
    """The campaigns with the sums of their days; what no row of the answer says stays absent, never 0."""
    sums = _sum_days(_result_rows(answer))
    return [{**row, **sums.get(str(row.get(CAMPAIGN_ID)), {})} for row in rows]


def _sum_days(days: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for day in days:
        identity = next((day[name] for name in ACTIVITY_FIELDS if day.get(name) is not None), None)
        if identity is None:
            continue
        counts = sums[str(identity)]
        for name in COUNTS:
            value = day.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                counts[name] = counts.get(name, 0) + value
    return sums


def _result_rows(answer: Any) -> Iterable[dict[str, Any]]:
    results = answer.get("reports") if isinstance(answer, dict) else None
    for result in results if isinstance(results, list) else ():
        if isinstance(result, dict) and result.get("alias") == ALIAS and isinstance(result.get("rows"), list):
            yield from (row for row in result["rows"] if isinstance(row, dict))


def _first_day(rows: Sequence[dict[str, Any]], now: datetime) -> datetime:
    oldest = now - OLDEST
    starts = [
        start for row in rows for field in ("startDate", "createdAt") if (start := _parse(row.get(field)))
    ]
    return max(oldest, min([*starts, now]))


def _parse(value: Any) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if parsed is None:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
