"""Questions and answers; every number in an answer is computed from the client's own weeks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from belvedere.seeding.reports_queries import QUERIES
from belvedere.seeding.reports_shown import board_key, owner
from belvedere.seeding.reports_sums import WeekFigures, add_up, find_period
from belvedere.seeding.reports_weeks import dump
from belvedere.seeding.world import Batch, ClientPlan, World


@dataclass(frozen=True, slots=True)
class Answer:
    kind: str
    question: str
    text: str
    context: dict[str, Any]
    metrics: tuple[str, ...]
    support: Decimal


def fill_insights(world: World, client: ClientPlan, weeks: list[WeekFigures]) -> Iterator[Batch]:
    columns = ("id", "client_id", "insight_id", "user_id", "dashboard_id", "query_text", "response_text", "data_context",
               "confidence_score", "confidence_parts", "insight_type", "related_metrics", "created_at")  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    answers = (find_trend(weeks), find_outlier(weeks), find_shift(weeks))
    for number, answer in enumerate(answers):
        key = world.key("reports.ai_insights", client.id, number)
        parts = {"coverage": Decimal(1), "freshness": Decimal("0.95"), "support": answer.support,
                 "verified": Decimal(1)}  # fmt: skip
        rows.append((key, client.id, f"ins_{key.hex[:8]}", owner(world, client, number),
                     board_key(world, client, 0) if number < 2 else None, answer.question, answer.text,
                     dump(answer.context), min(parts.values()), dump(parts), answer.kind,
                     dump({"metrics": list(answer.metrics)}), world.now - timedelta(hours=20 - number)))  # fmt: skip
    yield Batch("reports.ai_insights", columns, rows)


def total(weeks: list[WeekFigures], metric: str) -> Decimal:
    return sum((Decimal(row[metric]) for week in weeks for row in week.rows.values()), start=Decimal(0))


def percent(now: Decimal, before: Decimal) -> Decimal:
    return round((now - before) / before * 100, 1)


def find_trend(weeks: list[WeekFigures]) -> Answer:
    now, before = total(weeks[-4:], "sales"), total(weeks[-8:-4], "sales")
    change = percent(now, before)
    word = "rose" if change >= 0 else "fell"
    return Answer(
        "trend_analysis", "How did sales develop over the last month?",
        f"Sales {word} by {abs(change)} percent: {now} in the last four weeks, {before} in the four before.",
        {"sales_last_4_weeks": now, "sales_4_weeks_before": before, "change_percent": change}, ("sales",),
        Decimal(1),
    )  # fmt: skip


def find_outlier(weeks: list[WeekFigures]) -> Answer:
    sales = {find_period("weekly", week.start)[0]: total([week], "sales") for week in weeks}
    mean = sum(sales.values(), start=Decimal(0)) / len(sales)
    spread = (sum(((value - mean) ** 2 for value in sales.values()), start=Decimal(0)) / len(sales)).sqrt()
    name, value = max(sales.items(), key=lambda item: abs(item[1] - mean))
    distance = round((value - mean) / spread, 1)
    return Answer(
        "anomaly_detection", "Was any week out of the ordinary?",
        f"{name} stands out: sales of {value} against {round(mean, 2)} in a usual week, {distance} deviations away.",
        {"week": name, "sales": value, "mean": round(mean, 2), "deviations": distance, "weeks": len(sales)},
        ("sales",), Decimal(1),
    )  # fmt: skip


def find_shift(weeks: list[WeekFigures]) -> Answer:
    """The campaigns that bring most and least for what they cost."""
    last, query = weeks[-8:], QUERIES[0]
    roas = {value: add_up(query, [week.rows[value] for week in last], weeks=len(last))["roas"]
            for value in query.values}  # fmt: skip
    best, worst = max(roas, key=lambda name: roas[name]), min(roas, key=lambda name: roas[name])
    high, low = round(roas[best], 2), round(roas[worst], 2)
    return Answer(
        "optimization", "Where should the next part of the budget go?",
        f"To {best}: each unit spent brought {high} in eight weeks, in {worst} only {low}.",
        {"best": best, "best_roas": high, "worst": worst, "worst_roas": low, "weeks": len(last)}, ("roas", "spend"),
        Decimal("0.6"),
    )  # fmt: skip
