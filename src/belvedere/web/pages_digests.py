"""Digests: those to come, what was sent, and what the next would say."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.core.errors import NotFound
from belvedere.core.text import format_when
from belvedere.notify.contracts import ChannelKind
from belvedere.watchtower import service
from belvedere.watchtower.contracts import DigestState, NotifySchedule
from belvedere.web.alert_views import instant
from belvedere.web.answers import with_query
from belvedere.web.forms import choice_filter, empty_filtered, empty_first, pager
from belvedere.web.inbox_filters import tabs
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Short = Annotated[str, Query(max_length=300)]

PAGE = 50
MOST_UPCOMING = 100
STATES = [("sent", "sent"), ("late", "sent late"), ("all_clear", "all clear"), ("empty", "nothing to tell")]

MARKS = {
    "sent": ("sent", "Sent"),
    "late": ("retry", "Sent late"),
    "all_clear": ("sent", "All clear"),
    "empty": ("off", "Nothing to tell"),
}


@router.get("/digests")
async def list_digests(
    access: Reads,
    state: Short = "",
    schedule: Short = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    view = await look(access)
    wanted = service.DigestFilter(
        client_id=view.client_id,
        state=DigestState(state) if state in set(DigestState) else None,
        schedule=NotifySchedule(schedule) if schedule in set(NotifySchedule) else None,
    )
    page = await service.list_digests(access.session, wanted, limit=PAGE, cursor=cursor or None)
    rows = [digest_row(row, view) for row in page.rows()]
    coming = await service.list_upcoming(
        access.session, access.now, client_id=view.client_id, limit=MOST_UPCOMING
    )
    narrowed = bool(wanted.state or wanted.schedule)
    return view.page(
        "digests.html",
        {
            "tabs": tabs(view, "digests"),
            "filters": [
                choice_filter("state", "State", STATES, state),
                choice_filter("schedule", "Comes", [("daily", "daily"), ("weekly", "weekly")], schedule),
            ],
            "coming": [coming_row(row, view) for row in coming],
            "rows": rows,
            "page": pager(len(rows), page.next_cursor, cursor),
            "empty": None if rows else _empty(narrowed=narrowed, is_set=bool(coming)),
        },
    )


@router.get("/digests/preview")
async def preview(
    access: Reads, of: int, schedule: Short = "", channel: Short = "", destination: Short = ""
) -> Response:
    """What the next digest to one destination would say if it came now."""
    view = await look(access)
    if schedule not in set(NotifySchedule) or channel not in set(ChannelKind):
        raise NotFound("There is no such digest.")
    asked = service.AskedDigests(
        client_id=of, schedule=NotifySchedule(schedule), channel=ChannelKind(channel), destination=destination
    )
    found = await service.preview_digests(
        access.session, asked, access.now, grace_percent=access.runtime.settings.snapshot_grace_percent
    )
    row = found[0]
    digest = {
        **coming_row(row, view),
        "title": row["title"],
        "state": row["state"],
        "is_sent": row["is_sent"],
        "body": row["body"],
    }
    return view.page("digest.html", {"digest": digest, "is_preview": True, "deliveries": []})


@router.get("/digests/{digest_id}")
async def show_digest(digest_id: UUID, access: Reads) -> Response:
    view = await look(access)
    row = await service.get_digest(access.session, digest_id)
    digest = {**digest_row(row, view), "body": row["body"]}
    deliveries = row["deliveries"] if access.may("deliveries.read", row["client_id"] or 0) else []
    return view.page("digest.html", {"digest": digest, "is_preview": False, "deliveries": deliveries})


def digest_row(row: dict[str, Any], view: View) -> dict[str, Any]:
    """A digest that was made. `zone_time` is its boundary on its own wall clock, where that is another."""
    boundary = instant(row["boundary_at"])
    return {
        **row,
        "client": row["client"] or "All clients",
        "mark": MARKS[row["state"]],
        "created_at": instant(row["created_at"]),
        "boundary_at": boundary,
        "window_start": instant(row["window_start"]),
        "zone_time": _elsewhere(boundary, row["zone"], view),
    }


def coming_row(row: dict[str, Any], view: View) -> dict[str, Any]:
    following = row["next_boundary_at"]
    preview_url = with_query(
        "/digests/preview", of=row["client_id"] or 0, schedule=row["schedule"], channel=row["channel"],
        destination=row["destination"], client=view.client_id,
    )  # fmt: skip
    return {**row, "zone_time": _elsewhere(following, row["zone"], view), "preview_url": preview_url}


def _elsewhere(moment: datetime | None, zone: str, view: View) -> str | None:
    """The moment in the digest's zone, unless the reader's clock shows the same."""
    if moment is None:
        return None
    now, own = view.access.now, ZoneInfo(view.access.principal.timezone or "UTC")
    theirs = ZoneInfo(zone)
    if moment.astimezone(own).utcoffset() == moment.astimezone(theirs).utcoffset():
        return None
    return f"{format_when(moment, now, theirs)} in {zone.rpartition('/')[2].replace('_', ' ')}"


def _empty(*, narrowed: bool, is_set: bool) -> dict[str, Any]:
    if narrowed:
        return empty_filtered("No digest matches", "Take a filter away to see more.")
    if is_set:
        return empty_first(
            "None made yet", "The first comes at the time above and is kept here with what it says."
        )
    return empty_first(
        "No digest is set",
        "A digest sums up a day or a week in one message. Open a rule, choose daily or weekly under “Whom to tell”,"
        " with a time and a channel.",
        ("Open the rules", "/rules"),
    )
