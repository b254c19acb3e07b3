"""The health of the evaluation: is every reading judged, in time, with an answer; and what to do where it is not."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.sources import service as sources
from belvedere.sources.contracts import Freshness
from belvedere.web.answers import with_query
from belvedere.web.charts import Drawn, LineChart, Point, line_chart
from belvedere.web.health_figures import health_of
from belvedere.web.presentation import Reader
from belvedere.web.view import View, look

router = door_router()
COMPARES = frozenset({"changed", "changed_from_to", "percent_change", "added", "removed"})
"""Conditions that a first reading cannot answer."""

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]

MOST_ACCOUNTS = 500
SLOW_MS = 5000
COMPARES = frozenset({"changed", "changed_from_to", "percent_change", "added", "removed"})
STALE = (Freshness.FAILED, Freshness.LATE, Freshness.NEVER)


@router.get("/rules/health")
async def show_health(access: Reads) -> Response:
    view = await look(access)
    found = await health_of(access.session, view.client_id, access.now)
    stale = await _stale(view)
    reader = Reader(access.now, access.principal.timezone)
    rules = [{**row, "advice": _rule_advice(row)} for row in found["rules"]]
    context = {
        **found,
        "tabs": rule_tabs(view, "health"),
        "said": _said(found, len(stale)),
        "state": "late" if stale or found["sums"]["errors"] else "fresh",
        "chart": _chart(found["hours"], reader),
        "rules": rules,
        "silent": [{**row, "client": view.name_of(row["client_id"])} for row in found["silent"]],
        "slow": [
            {**row, "is_slow": (row["lag_p95"] or 0) + (row["duration_p95"] or 0) > SLOW_MS}
            for row in found["slow"]
        ],
        "stale": stale,
    }
    return view.page("health.html", context)


def rule_tabs(view: View, current: str) -> list[dict[str, Any]]:
    """The tabs over the rules: the list, rule packs, and how well judging works."""
    items = [
        ("Rules", "/rules", "rules"),
        ("Rule packs", "/rules/packs", "packs"),
        ("Evaluation health", "/rules/health", "health"),
    ]
    return [
        {
            "label": label,
            "url": with_query(path, client=view.client_id),
            "current": name == current,
            "count": None,
        }
        for label, path, name in items
    ]


async def _stale(view: View) -> list[dict[str, Any]]:
    accounts = await sources.list_accounts(
        view.access.session,
        view.access.now,
        limit=MOST_ACCOUNTS,
        client_id=view.client_id,
        grace_percent=view.access.runtime.settings.snapshot_grace_percent,
    )
    return [
        {
            "source_id": str(account.row["source_id"]),
            "name": account.row["source_name"],
            "client": view.name_of(account.row["client_id"]),
            "state": account.freshness.state.value,
            "at": account.row["last_good_at"],
        }
        for account in accounts
        if account.freshness.state in STALE
    ]


def _rule_advice(row: dict[str, Any]) -> str:
    if row["errors"]:
        return f"{row['field_name']} holds text that is no number. Compare it as text, or mend the mapping."
    if row["held_back"]:
        return "Its parent rule holds it back. See who waits for whom on its page."
    if row["condition"] in COMPARES:
        return "It compares a reading with the one before. The next reading brings the first answer."
    return (
        f"No reading carries {row['field_name']}. Check its spelling, or pause the rule until data brings it."
    )


def _said(found: dict[str, Any], stale: int) -> list[tuple[str, str | None]]:
    """The page in one sentence, as parts of words and where they lead."""
    sums = found["sums"]
    parts: list[tuple[str, str | None]] = []
    if not sums["runs"]:
        return [("No reading was judged in the last 24 hours.", None), (" Look at the sources.", "/sources")]
    parts.append(
        (
            f"{sums['runs']:,} readings judged in 24 hours, half of them {_ms(sums['lag_p50'])} after they ended.",
            None,
        )
    )
    going_on = len([row for row in found["storms"] if row["ended_at"] is None])
    for count, one, many, path in (
        (stale, "source has no fresh data", "sources have no fresh data", "#stale"),
        (len(found["rules"]), "rule lacks answers", "rules lack answers", "#rules"),
        (going_on, "storm goes on", "storms go on", "#storms"),
        (len(found["silent"]), "digest is silent", "digests are silent", "#silent"),
    ):
        if count:
            parts += [(" ", None), (f"{count} {one if count == 1 else many}", path), (".", None)]
    return parts


def _ms(value: int | None) -> str:
    if value is None:
        return "–"
    return f"{value}\u00a0ms" if value < 1000 else f"{value / 1000:.1f}\u00a0s"


def _chart(hours: list[dict[str, Any]], reader: Reader) -> Drawn:
    points = [
        Point(row["hour"] + timedelta(minutes=30), Decimal(row["runs"]))
        for row in hours
        if row["hour"] <= reader.now
    ]
    return line_chart(
        LineChart("Readings judged, by the hour", points, "count", from_zero=True, height=120), reader
    )
