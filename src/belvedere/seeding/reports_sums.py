"""Weeks added up to weeks, months and quarters; a whole week goes to the month that holds its fourth day."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from belvedere.seeding.reports_queries import Figures, Query

FOURTH_DAY = timedelta(days=3)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """The rows of one week by the value of the query's dimension."""

    start: date
    rows: Mapping[str, Figures]
    filtered: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """One aggregate: a period, the part it is of (None for the total), and its figures."""

    kind: str
    key: str
    start: date
    part: str | None
    metrics: dict[str, Any]
    row_count: int


def find_period(kind: str, week: date) -> tuple[str, date]:
    """The name and the first day of the week, month or quarter that a week belongs to."""
    middle = week + FOURTH_DAY
    if kind == "weekly":
        year, number, _ = middle.isocalendar()
        return f"{year}-W{number:02d}", week
    if kind == "monthly":
        return f"{middle:%Y-%m}", middle.replace(day=1)
    quarter = (middle.month - 1) // 3
    return f"{middle.year}-Q{quarter + 1}", middle.replace(month=quarter * 3 + 1, day=1)


def count_weeks(kind: str, first: date) -> int:
    """Weeks that a period takes: its Thursdays."""
    if kind == "weekly":
        return 1
    months = 1 if kind == "monthly" else 3
    last = (first.replace(day=1) + timedelta(days=31 * months + 1)).replace(day=1)
    thursday = first + timedelta(days=(3 - first.weekday()) % 7)
    return (last - thursday + timedelta(days=6)) // WEEK


def add_up(query: Query, rows: Iterable[Figures], *, weeks: int) -> dict[str, Any]:
    """Additive figures summed, ratios made anew; people who are counted once cannot be added over weeks or parts."""
    given = list(rows)
    sums: dict[str, Any] = {}
    for name, rule in query.catalog.items():
        if rule["kind"] == "additive":
            sums[name] = sum((row[name] for row in given), start=Decimal(0))
        elif rule["kind"] == "distinct":
            sums[name] = given[0][name] if weeks == 1 and len(given) == 1 else None
    for name, rule in query.catalog.items():
        if rule["kind"] == "ratio":
            top, bottom = sums[rule["num"]], sums[rule["den"]]
            sums[name] = round(Decimal(top) / Decimal(bottom), 6) if top is not None and bottom else None
    return sums


def add_periods(query: Query, weeks: Iterable[WeekFigures], computed_at: str) -> Iterator[Sum]:
    """Every aggregate of the weeks: totals and each part, by week, month and quarter."""
    given = list(weeks)
    for kind in ("weekly", "monthly", "quarterly"):
        periods: dict[tuple[str, date], list[WeekFigures]] = {}
        for week in given:
            periods.setdefault(find_period(kind, week.start), []).append(week)
        for (key, start), members in periods.items():
            expected = count_weeks(kind, start)
            meta = {
                "weeks": len(members), "weeks_expected": expected, "complete": len(members) == expected,
                "basis": "iso_week", "filtered_rows": sum(week.filtered for week in members),
                "computed_at": computed_at,
            }  # fmt: skip
            for part in (None, *query.values):
                rows = [row for week in members for value, row in week.rows.items() if part in (None, value)]
                named = key if part is None else f"{key}#{query.dimension}={quote(part, safe='')}"
                metrics = add_up(query, rows, weeks=len(members)) | {"_meta": meta}
                yield Sum(kind, named, start, part, metrics, len(rows))
