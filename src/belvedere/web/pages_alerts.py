"""The inbox: the list with its filters and groups, and the alert that is open beside it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import name_people
from belvedere.ads import service as ads
from belvedere.ads.contracts import AlertOrigin
from belvedere.core.errors import NotFound
from belvedere.sources import service as sources
from belvedere.watchtower import service
from belvedere.watchtower.contracts import Severity
from belvedere.web import figures, inbox_figures
from belvedere.web.alert_details import alert_detail
from belvedere.web.alert_people import actors_of, with_names
from belvedere.web.alert_views import SEVERITIES, inbox_row
from belvedere.web.alert_views_ads import ads_alert_detail
from belvedere.web.answers import with_query
from belvedere.web.forms import Errors, pager
from belvedere.web.inbox_filters import GROUPS, PRESETS, Wanted, filters_of, nothing, tabs
from belvedere.web.pages_deliveries import named
from belvedere.web.view import View, look, worst_of

router = door_router()

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]

PAGE = 50


@router.get("/alerts")
async def list_alerts(access: Reads, wanted: Annotated[Wanted, Depends()]) -> Response:
    view = await look(access)
    listed = await list_groups(view, wanted)
    alert = None
    if listed["groups"]:
        first = listed["groups"][0]["rows"][0]
        alert = await show_detail(view, AlertOrigin(first["origin"]), UUID(first["id"]))
    return await show_inbox(view, wanted, listed, alert, chosen=False)


@router.get("/alerts/{alert_id}")
async def show_alert(alert_id: UUID, access: Reads, wanted: Annotated[Wanted, Depends()]) -> Response:
    view = await look(access)
    alert = await show_detail(view, AlertOrigin.WATCH, alert_id)
    return await show_inbox(view, wanted, await list_groups(view, wanted), alert, chosen=True)


async def list_groups(view: View, wanted: Wanted) -> dict[str, Any]:
    """The rows in their groups. The open inbox reads each severity for itself, so that no wave of notes hides an outage."""
    session, following, cut = view.access.session, None, set[str]()
    chosen = wanted.filter(view.client_id, view.access.now)
    if wanted.severity or wanted.group or wanted.q or wanted.view in ("resolved", "all"):
        page = await ads.list_inbox(session, chosen, limit=PAGE, cursor=wanted.cursor or None)
        following, found = page.next_cursor, page.rows()
    else:
        by_severity = await ads.list_by_severity(session, chosen, limit=PAGE)
        cut = {name for name, rows in by_severity.items() if len(rows) == PAGE}
        found = [row for severity in SEVERITIES for row in by_severity[Severity(severity)]]
    groups = group_rows(view, wanted.group, found)
    whole = not (following or cut or wanted.cursor)
    return {
        "groups": [
            {
                **group,
                "count": f"{PAGE}, choose this severity to see all"
                if group["key"] in cut
                else len(group["rows"]),
            }
            for group in groups
        ],
        "page": pager(len(found), following, wanted.cursor, str(len(found)) if whole else None),
    }


def group_rows(view: View, by: str, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows under headings: severities in their order, else rules or clients in the order of their newest alert."""
    groups: dict[str, dict[str, Any]] = {}
    if not by:
        groups = {name: {"key": name, "title": None, "rows": []} for name in SEVERITIES}
    for row in found:
        shown = inbox_row(view, row)
        if by == "rule":
            key, title = str(row["rule_id"] or row["alert_type"] or ""), row["rule_name"] or shown["source"]
        elif by == "client":
            key, title = str(row["client_id"] or 0), shown["client"]
        else:
            key, title = row["severity"], None
        groups.setdefault(key, {"key": key, "title": title, "rows": []})["rows"].append(shown)
    return [
        {**group, "severity": group["key"] if not by else None} for group in groups.values() if group["rows"]
    ]


async def show_detail(view: View, origin: AlertOrigin, alert_id: UUID) -> dict[str, Any]:
    session = view.access.session
    if origin is AlertOrigin.ADS:
        found = await ads.get_inbox_alert(session, origin, alert_id)
        return ads_alert_detail(view, with_names(found, await name_people(session, actors_of(found))))
    alert = await service.get_alert(session, alert_id)
    alert["history"] = await inbox_figures.month_of(session, alert, view.access.now)
    alert["deliveries"] = await named(session, alert["deliveries"])
    alert["episodes"] = await inbox_figures.episodes_before(session, alert)
    named_alert = with_names(alert, await name_people(session, actors_of(alert)))
    shown = alert_detail(view, named_alert, await _freshness(view, alert))
    shown["rule"]["is_open"] = await _may_open_rule(view, UUID(str(alert["rule_id"])))
    return shown


async def _may_open_rule(view: View, rule_id: UUID) -> bool:
    """Whether the page of the rule answers this person: a rule for every client is the agency's."""
    try:
        rows = await service.stored_rows(view.access.session, rule_id)
    except NotFound:
        return False
    return view.access.may("rules.read", rows[0].client_id)


async def _freshness(view: View, alert: dict[str, Any]) -> tuple[str, datetime | None]:
    """How fresh the data behind an alert is; data that was handed in keeps the time it was handed in."""
    if not alert["source_id"]:
        return "fresh", None
    accounts = await sources.list_accounts(
        view.access.session,
        view.access.now,
        limit=100,
        source_id=UUID(alert["source_id"]),
        client_id=alert["client_id"] or 0,
        grace_percent=view.access.runtime.settings.snapshot_grace_percent,
    )
    read = [account for account in accounts if account.row["last_good_at"] is not None]
    if not read:
        return "fresh", None
    return (
        worst_of(account.freshness.state for account in read).value,
        max(account.row["last_good_at"] for account in read),
    )


async def show_inbox(
    view: View, wanted: Wanted, listed: dict[str, Any], alert: dict[str, Any] | None, *, chosen: bool,
    typed: Mapping[str, str] | None = None, errors: Errors | None = None, picked: Collection[str] = (),
) -> Response:  # fmt: skip
    """The page; after a form that could not be taken with what was `typed` and `picked`, and the errors beside it."""
    choices = await figures.inbox_choices(view.access.session)
    context = {
        **listed,
        "tabs": tabs(view, wanted.view),
        "filters": filters_of(wanted, choices["sources"], choices["rules"]),
        "view": wanted.view,
        "kept": wanted.kept,
        "group": wanted.group,
        "group_choices": list(GROUPS.items()),
        "presets": PRESETS,
        "empty": None if listed["groups"] else nothing(wanted),
        "chosen": chosen,
        "alert": alert,
        "can_move": wanted.view != "resolved",
        "typed": typed or {},
        "errors": errors or {},
        "picked": picked,
    }
    at = alert["client"]["id"] if alert else None
    if errors:
        query = with_query("", client=view.client_id, **wanted.kept).lstrip("?")
        return view.page("alerts.html", context, at=at, status=422, path="/alerts", query=query)
    return view.page("alerts.html", context, at=at)
