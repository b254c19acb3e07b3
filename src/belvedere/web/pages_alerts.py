"""The inbox: list and detail, and what people do with alerts."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.ads import service as ads
from belvedere.ads.contracts import AlertOrigin, InboxState
from belvedere.core.zones import at_local, business_day, find_zone
from belvedere.sources import service as sources
from belvedere.watchtower import service
from belvedere.watchtower.contracts import Severity
from belvedere.web.alert_views import SEVERITIES, alert_detail, inbox_row
from belvedere.web.alert_views_ads import ads_alert_detail
from belvedere.web.answers import came_from, see, with_query
from belvedere.web.forms import (
    Fields,
    Posted,
    as_uuid,
    choice_filter,
    empty_done,
    empty_filtered,
    empty_first,
    pager,
    text_filter,
)
from belvedere.web.view import View, look, worst_of

router = door_router()

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]

PAGE = 50
VIEWS = {
    "": InboxState.OPEN,
    "acknowledged": InboxState.ACKNOWLEDGED,
    "resolved": InboxState.RESOLVED,
    "all": None,
}
ORIGINS = {AlertOrigin.WATCH: "watch tower", AlertOrigin.ADS: "ads"}
MORNING = time(9)


class Wanted:
    """The filters of the inbox, read from its address."""

    def __init__(
        self,
        view: Annotated[str, Query(max_length=20)] = "",
        severity: Annotated[str, Query(max_length=20)] = "",
        rule: Annotated[str, Query(max_length=40)] = "",
        origin: Annotated[str, Query(max_length=20)] = "",
        q: Annotated[str, Query(max_length=200)] = "",
        cursor: Annotated[str, Query(max_length=1000)] = "",
    ) -> None:
        self.view = view if view in VIEWS else ""
        self.severity = severity if severity in SEVERITIES else ""
        self.origin = AlertOrigin(origin) if origin in set(AlertOrigin) else None
        self.rule, self.q, self.cursor = as_uuid(rule), q.strip(), cursor

    def filter(self, client_id: int | None, severity: str = "") -> ads.InboxFilter:
        chosen = severity or self.severity
        return ads.InboxFilter(
            origin=self.origin,
            state=VIEWS[self.view],
            severity=(Severity(chosen),) if chosen else None,
            client_id=client_id,
            rule_id=self.rule,
            search=self.q or None,
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.severity or self.rule or self.origin or self.q)


@router.get("/alerts")
async def list_alerts(access: Reads, wanted: Annotated[Wanted, Depends()]) -> Response:
    view = await look(access)
    listed = await list_groups(view, wanted)
    alert = None
    if listed["groups"]:
        first = listed["groups"][0]["rows"][0]
        alert = await show_detail(view, AlertOrigin(first["origin"]), UUID(first["id"]))
    return show_inbox(view, wanted, listed, alert, chosen=False)


@router.get("/alerts/{alert_id}")
async def show_alert(alert_id: UUID, access: Reads, wanted: Annotated[Wanted, Depends()]) -> Response:
    view = await look(access)
    alert = await show_detail(view, AlertOrigin.WATCH, alert_id)
    return show_inbox(view, wanted, await list_groups(view, wanted), alert, chosen=True)


@router.post("/alerts/acknowledge")
async def acknowledge_many(fields: Posted, access: Acts) -> Response:
    return await _many(fields, access, "acknowledged", lambda origin, ids: ads.acknowledge(
        access.session, origin, ids, actor=access.actor, now=access.now))  # fmt: skip


@router.post("/alerts/resolve")
async def resolve_many(fields: Posted, access: Acts) -> Response:
    return await _many(fields, access, "resolved", lambda origin, ids: ads.resolve(
        access.session, origin, ids, actor=access.actor, now=access.now,
        base_url=access.runtime.settings.address))  # fmt: skip


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    until = snooze_until(fields.text("until"), access.now, access.principal.timezone)
    moved = await service.acknowledge(
        access.session, [alert_id], actor=access.actor, now=access.now, note=_note(fields), until=until
    )
    words = f"Alert #{number} acknowledged" if moved else f"Alert #{number} was taken already"
    return see(
        access.request,
        _back(access, alert_id),
        words,
        undo=f"/alerts/{alert_id}/unacknowledge" if moved else "",
    )


@router.post("/alerts/{alert_id}/unacknowledge")
async def unacknowledge(alert_id: UUID, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    await service.unacknowledge(access.session, [alert_id], actor=access.actor, now=access.now)
    return see(access.request, _back(access, alert_id), f"Alert #{number} is open again")


@router.post("/alerts/{alert_id}/resolve")
async def resolve(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    moved = await service.resolve(
        access.session,
        [alert_id],
        actor=access.actor,
        now=access.now,
        note=fields.text("resolve-note") or None,
        base_url=access.runtime.settings.address,
    )
    words = f"Alert #{number} resolved" if moved else f"Alert #{number} was resolved already"
    return see(access.request, _back(access, alert_id), words)


@router.post("/alerts/{alert_id}/notes")
async def add_note(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    await _must_reach(access, alert_id)
    note = fields.text("note")
    if not note:
        return see(access.request, _back(access, alert_id), "Nothing was written, so no note was added.")
    await service.add_note(access.session, alert_id, note, actor=access.actor, now=access.now)
    return see(access.request, _back(access, alert_id), "Note added")


def snooze_until(word: str, now: datetime, zone_name: str) -> datetime | None:
    """The end of a snooze: hours from now, or nine o'clock in the reader's own zone."""
    if word in ("1h", "4h"):
        return now + timedelta(hours=int(word[0]))
    if word in ("tomorrow", "monday"):
        zone = find_zone(zone_name)
        today = business_day(now, zone)
        days = 1 if word == "tomorrow" else 7 - today.weekday()
        return at_local(today + timedelta(days=days), MORNING, zone)
    return None


def _note(fields: Fields) -> str | None:
    return fields.text("note") or None


async def _must_reach(access: WriteAccess, alert_id: UUID) -> int:
    """The alert's number, once the permission holds at its own client."""
    alert = await service.get_alert(access.session, alert_id)
    access.require(alert["client_id"] or 0)
    return int(alert["number"])


def _back(access: WriteAccess, alert_id: UUID) -> str:
    """Back to where the form stood, with its filters, when that was the inbox."""
    path = came_from(access.request, f"/alerts/{alert_id}")
    return path if path.startswith(f"/alerts/{alert_id}") else f"/alerts/{alert_id}"


async def _many(
    fields: Fields,
    access: WriteAccess,
    word: str,
    act: Callable[[AlertOrigin, list[UUID]], Awaitable[list[UUID]]],
) -> Response:
    moved = 0
    for origin, name in ((AlertOrigin.WATCH, "id"), (AlertOrigin.ADS, "ads")):
        ids = [found for found in map(as_uuid, fields.all(name)) if found is not None]
        for alert_id in ids:
            access.require((await ads.get_inbox_alert(access.session, origin, alert_id))["client_id"] or 0)
        moved += len(await act(origin, ids)) if ids else 0
    words = f"{moved} {'alert' if moved == 1 else 'alerts'} {word}" if moved else "No alert was chosen."
    path = came_from(access.request, "/alerts")
    return see(access.request, path if path.startswith("/alerts") else "/alerts", words)


async def list_groups(view: View, wanted: Wanted) -> dict[str, Any]:
    """Groups by severity. The open inbox reads each severity by itself, so that no wave of notes hides an outage."""
    session = view.access.session
    groups, following, has_more = [], None, False
    if wanted.severity or wanted.view in ("resolved", "all"):
        page = await ads.list_inbox(
            session, wanted.filter(view.client_id), limit=PAGE, cursor=wanted.cursor or None
        )
        following = page.next_cursor
        rows = [inbox_row(view, row) for row in page.rows()]
        groups = [(name, [row for row in rows if row["severity"] == name], False) for name in SEVERITIES]
    else:
        for name in SEVERITIES:
            page = await ads.list_inbox(session, wanted.filter(view.client_id, name), limit=PAGE)
            has_more = has_more or page.next_cursor is not None
            groups.append((name, [inbox_row(view, row) for row in page.rows()], page.next_cursor is not None))
    shown = sum(len(rows) for _, rows, _ in groups)
    return {
        "groups": [
            {
                "severity": name,
                "count": f"{len(rows)}, choose this severity to see all" if more else len(rows),
                "rows": rows,
            }
            for name, rows, more in groups
            if rows
        ],
        "page": pager(
            shown,
            following,
            wanted.cursor,
            str(shown) if not (following or has_more or wanted.cursor) else None,
        ),
    }


async def show_detail(view: View, origin: AlertOrigin, alert_id: UUID) -> dict[str, Any]:
    if origin is AlertOrigin.ADS:
        return ads_alert_detail(view, await ads.get_inbox_alert(view.access.session, origin, alert_id))
    alert = await service.get_alert(view.access.session, alert_id)
    return alert_detail(view, alert, await _freshness(view, alert))


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


def show_inbox(
    view: View, wanted: Wanted, listed: dict[str, Any], alert: dict[str, Any] | None, *, chosen: bool
) -> Response:
    rows = [row for group in listed["groups"] for row in group["rows"]]
    can_move = wanted.view in ("", "acknowledged")
    context = {
        **listed,
        "tabs": tabs(view, wanted.view),
        "filters": _filters(wanted),
        "view": wanted.view,
        "empty": None if listed["groups"] else _empty(wanted),
        "chosen": chosen,
        "alert": alert,
        "shown_ids": [row["id"] for row in rows if can_move and row["origin"] == AlertOrigin.WATCH],
        "shown_ads": [row["id"] for row in rows if can_move and row["origin"] == AlertOrigin.ADS],
    }
    at = alert["client"]["id"] if alert else None
    return view.page("alerts.html", context, at=at)


def tabs(view: View, current: str | None) -> list[dict[str, Any]]:
    """The tabs over alerts, digests and deliveries; `current` None stands for deliveries."""
    client = view.client_id
    items = [("Open", "", view.counts["alerts"] or None), ("Acknowledged", "acknowledged", None),
             ("Resolved", "resolved", None), ("All", "all", None)]  # fmt: skip
    found = [
        {
            "label": label,
            "url": with_query("/alerts", view=name, client=client),
            "current": current == name,
            "count": count,
        }
        for label, name, count in items
    ]
    return [
        *found,
        {
            "label": "Digests",
            "url": with_query("/digests", client=client),
            "current": current == "digests",
            "count": None,
        },
        {
            "label": "Deliveries",
            "url": with_query("/deliveries", client=client),
            "current": current is None,
            "count": None,
        },
    ]


def _filters(wanted: Wanted) -> list[dict[str, Any]]:
    filters = [
        text_filter(wanted.q, "Find by title or record"),
        choice_filter("severity", "Severity", [(name, name) for name in SEVERITIES], wanted.severity),
        choice_filter(
            "origin", "Origin", [(name.value, label) for name, label in ORIGINS.items()], wanted.origin
        ),
    ]
    if wanted.rule:
        filters.append(
            choice_filter("rule", "Rule", [(str(wanted.rule), "the chosen one")], str(wanted.rule))
        )
    return filters


def _empty(wanted: Wanted) -> dict[str, Any]:
    if wanted.is_narrowed:
        names = [(name, label) for name, label, value in (
            ("severity", f"Severity is {wanted.severity}", wanted.severity), ("rule", "Rule is the chosen one", wanted.rule),
            ("origin", f"Origin is {ORIGINS.get(wanted.origin, '')}" if wanted.origin else "", wanted.origin),
            ("q", f"Find {wanted.q}", wanted.q)) if value]  # fmt: skip
        return empty_filtered("No alert matches", "Take a filter away to see more.", names)
    if wanted.view == "":
        return empty_done(
            "No open alerts", "Rules judge every new reading; what they find stands here at once."
        )
    if wanted.view == "acknowledged":
        return empty_first(
            "Nothing acknowledged", "An alert that somebody took on stands here until it closes."
        )
    return empty_first(
        "No alerts yet", "Alerts open when a rule finds something in a reading.", ("See rules", "/rules")
    )
