"""Counts of campaigns from `POST /analytics/statistics` (generation 2026-03-15). No input or output.

Statistics are grouped by the day of the event, so the counts of a campaign are the sum of its days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

COUNTS = ("sent", "opened", "clicked", "bounced", "complained", "unsubscribed")
CAMPAIGN_DIMENSION = "campaignID"
ALIAS = "campaigns"

OLDEST = timedelta(days=365)
"""How far back events are asked for; counts of older campaigns stop moving long before."""


def statistics_body(rows: Sequence[dict[str, Any]], now: datetime) -> dict[str, Any] | None:
    """The request for the counts of these campaigns by day; None when there is nothing to ask for."""
    identities = [str(row[CAMPAIGN_DIMENSION]) for row in rows if row.get(CAMPAIGN_DIMENSION) is not None]
    if not identities:
        return None
    return {
        "queries": [
            {
                "alias": ALIAS,
                "metrics": [{"name": name} for name in COUNTS],
                "dateRange": {"from": _instant(_first_day(rows, now)), "to": _instant(now)},
                "dimensions": [{"name": "timestamp", "granularity": "day"}, {"name": CAMPAIGN_DIMENSION}],
                "filters": [{"name": CAMPAIGN_DIMENSION, "operator": "in", "values": identities}],
            }
        ]
    }


def with_counts(rows: Sequence[dict[str, Any]], answer: Any) -> list[dict[str, Any]]:
    """The campaigns with the sums of their days; what no row of the answer says stays absent, never 0."""
    sums = _sum_days(_result_rows(answer))
    return [{**row, **sums.get(str(row.get(CAMPAIGN_DIMENSION)), {})} for row in rows]


def _sum_days(days: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = defaultdict(dict)
    for day in days:
        identity = day.get(CAMPAIGN_DIMENSION)
        if identity is None:
            continue
        counts = sums[str(identity)]
        for name in COUNTS:
            value = day.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                counts[name] = counts.get(name, 0) + value
    return sums


def _result_rows(answer: Any) -> Iterable[dict[str, Any]]:
    results = answer.get("statistics") if isinstance(answer, dict) else None
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
