"""POST /analytics/statistics and /analytics/reports of Omnisend 2026-03-15.

Statistics group by the day of the event and need a timestamp; reports group by the day of sending and may be
split by channel and by activity. The public description leaves the names of the columns of an activity open:
here a row carries `activity` (the id), `activityName` and `activityType`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.sandbox.faults import Mode
from belvedere.sandbox.omnisend import stamp
from belvedere.sandbox.omnisend_2026 import FieldErrors, field_error, invalid, versioned
from belvedere.sandbox.paging import page_mode
from belvedere.sandbox.state import Sandbox, sandbox_of
from belvedere.sandbox.world import Campaign, Shop

MARKETING = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed")
REVENUE = ("attributedRevenue", "attributedOrders")
WHOLE_STORE = ("totalRevenue", "totalOrders")
GRANULARITIES = ("hour", "day", "week", "month")
# What happens on the day of sending, the day after, and the day after that.
_EVENT_SHARES = (0.7, 0.2, 0.1)
_NOW_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fact:
    """Figures of one activity at one moment, before grouping."""

    at: datetime
    activity: str
    name: str
    values: dict[str, float]


def facts_of_campaign(campaign: Campaign) -> dict[str, float]:
    values: dict[str, float] = {name: getattr(campaign, name) for name in MARKETING if name != "delivered"}
    values["delivered"] = campaign.sent - campaign.bounced
    values["attributedRevenue"] = campaign.revenue_cents / 100
    values["attributedOrders"] = campaign.orders
    return values


def report_facts(shop: Shop) -> Iterator[Fact]:
    """One fact per campaign that went out, at the moment it was sent."""
    for campaign in shop.campaigns:
        if campaign.sent and campaign.started_at:
            yield Fact(campaign.started_at, campaign.id, campaign.name, facts_of_campaign(campaign))


def statistics_facts(shop: Shop) -> Iterator[Fact]:
    """The same sums spread over the days on which the events fell, and the whole store's orders per week."""
    for fact in report_facts(shop):
        left = dict(fact.values)
        for day, share in enumerate(_EVENT_SHARES):
            last = day == len(_EVENT_SHARES) - 1
            part = {name: left[name] if last else _part(name, fact.values[name], share) for name in left}
            left = {name: left[name] - part[name] for name in left}
            yield Fact(fact.at + timedelta(days=day), fact.activity, fact.name, part)
    for period in shop.periods:
        at = datetime(period.starts_on.year, period.starts_on.month, period.starts_on.day, 12, tzinfo=UTC)
        revenue = period.orders * shop.client.average_order_cents / 100
        yield Fact(at, "", "", {"totalOrders": period.orders, "totalRevenue": revenue})


def _part(name: str, value: float, share: float) -> float:
    if name in {"sent", "delivered", "bounced"}:
        return value if share == _EVENT_SHARES[0] else 0
    return round(value * share, 2 if name == "attributedRevenue" else None)


def floor_to(moment: datetime, granularity: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if granularity == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    if granularity == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if granularity == "month" else day


def check_query(query: Any, at: str, *, statistics: bool) -> FieldErrors:
    if not isinstance(query, dict):
        return [field_error(at, "invalid_type", "Must be an object")]
    known = {*MARKETING, *REVENUE, *(WHOLE_STORE if statistics else ())}
    metrics = _names(query.get("metrics"))
    dimensions = query.get("dimensions") or []
    errors = []
    if not metrics:
        errors.append(field_error(f"{at}.metrics", "required", "At least one metric is required"))
    errors += [
        field_error(f"{at}.metrics", "invalid_value", f"Unknown metric {name}")
        for name in metrics
        if name not in known
    ]
    for side in ("from", "to"):
        if _moment(query, side) is None:
            errors.append(field_error(f"{at}.dateRange.{side}", "invalid_format", "Must be an RFC 3339 time"))
    allowed = {"timestamp"} if statistics else {"timestamp", "channel", "activity"}
    for dimension in dimensions:
        name = dimension.get("name") if isinstance(dimension, dict) else None
        if name not in allowed:
            errors.append(field_error(f"{at}.dimensions", "invalid_value", f"Unknown dimension {name}"))
        elif name == "timestamp" and dimension.get("granularity") not in GRANULARITIES:
            errors.append(field_error(f"{at}.dimensions", "invalid_value", "hour, day, week or month"))
    if statistics and "timestamp" not in _names(dimensions):
        errors.append(field_error(f"{at}.dimensions", "required", "The dimension timestamp is required"))
    return errors


def _names(things: Any) -> list[str]:
    return [str(one.get("name")) for one in things or [] if isinstance(one, dict)]


def _moment(query: dict[str, Any], side: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(query["dateRange"][side])
    except (KeyError, TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def until_now(last: datetime, clock: datetime, world: datetime) -> datetime:
    """A caller that asks up to its own now means the world's now, which may have been moved ahead of it."""
    return max(last, world) if last >= clock - _NOW_TOLERANCE else last


def run_query(query: dict[str, Any], facts: Iterator[Fact], sandbox: Sandbox) -> dict[str, Any]:
    """Groups the facts of the range by the dimensions asked for and sums the metrics asked for."""
    metrics, dimensions = _names(query["metrics"]), query.get("dimensions") or []
    first, last = _moment(query, "from"), _moment(query, "to")
    if last:
        last = until_now(last, sandbox.clock(), sandbox.world.now)
    sums: dict[tuple[tuple[str, Any], ...], dict[str, float]] = defaultdict(lambda: dict.fromkeys(metrics, 0))
    for fact in facts:
        if first and last and first <= fact.at <= last and _passes(fact, query.get("filters") or []):
            row = sums[tuple(_keys(fact, dimensions))]
            for name in metrics:
                row[name] = round(row[name] + fact.values.get(name, 0), 2)
    ordered = sorted(sums.items(), key=lambda item: str(item[0]))
    return {
        "alias": query.get("alias", ""),
        "dimensions": dimensions,
        "metrics": query["metrics"],
        "rows": [{**dict(keys), **values} for keys, values in ordered],
    }


def _keys(fact: Fact, dimensions: list[dict[str, str]]) -> Iterator[tuple[str, Any]]:
    for dimension in dimensions:
        if dimension["name"] == "timestamp":
            yield "timestamp", stamp(floor_to(fact.at, dimension["granularity"]))
        elif dimension["name"] == "channel":
            yield "channel", "email"
        else:
            yield "activity", fact.activity
            yield "activityName", fact.name
            yield "activityType", "campaign"


def _passes(fact: Fact, filters: list[dict[str, Any]]) -> bool:
    values = {"activity": fact.activity, "channel": "email", "activityType": "campaign"}
    for one in filters:
        inside = values.get(str(one.get("name"))) in (one.get("values") or [])
        if inside is (one.get("operator") in {"neq", "notIn"}):
            return False
    return True


def endpoint(name: str, facts: Callable[[Shop], Iterator[Fact]]) -> Callable[[Request, Shop], Any]:
    """`name` is both the last part of the address and the key of the answer."""

    async def answer(request: Request, shop: Shop) -> Response:
        try:
            queries = (await request.json())["queries"]
            assert_list(queries)
        except (KeyError, TypeError, ValueError):
            return invalid([field_error("queries", "invalid_type", "Must be a list of 1 to 4 queries")])
        errors = [
            error
            for number, query in enumerate(queries)
            for error in check_query(query, f"queries.{number}", statistics=name == "statistics")
        ]
        if errors:
            return invalid(errors)
        if page_mode(request) is Mode.EMPTY:
            return JSONResponse({name: []})
        return JSONResponse({name: [run_query(query, facts(shop), sandbox_of(request)) for query in queries]})

    return answer


def assert_list(queries: Any) -> None:
    """Raises ValueError unless there are 1 to 4 queries."""
    if not isinstance(queries, list) or not 1 <= len(queries) <= 4:
        raise ValueError("1 to 4 queries")


ROUTES = [
    Route(
        "/omnisend/api/analytics/statistics",
        versioned(endpoint("statistics", statistics_facts), analytics=True),
        methods=["POST"],
    ),
    Route(
        "/omnisend/api/analytics/reports",
        versioned(endpoint("reports", report_facts), analytics=True),
        methods=["POST"],
    ),
]
