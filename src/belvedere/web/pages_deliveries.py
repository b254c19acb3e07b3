"""Messages to channels: the list, one with its tries, and sending again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.cursor import CURSORS
from belvedere.core.database import ReadSession
from belvedere.core.errors import NotFound
from belvedere.core.text import format_count
from belvedere.notify import service
from belvedere.notify.contracts import WEBHOOK_PREFIX, ChannelKind, DeliveryState
from belvedere.watchtower.service import get_alert
from belvedere.web import figures
from belvedere.web.alert_views import instant
from belvedere.web.answers import see
from belvedere.web.forms import Posted, as_uuid, choice_filter, empty_filtered, empty_first, pager
from belvedere.web.inbox_filters import tabs
from belvedere.web.presentation import word
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("deliveries.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("deliveries.write"), scope="function")]
Governs = Annotated[WriteAccess, Depends(writing("users.write"), scope="function")]
Short = Annotated[str, Query(max_length=100)]

PAGE = 50
RESENDABLE = frozenset({"ready", "dead", "unknown"})
STATES = [
    ("ready", "waiting"),
    ("sending", "sending"),
    ("sent", "sent"),
    ("unknown", "not certain"),
    ("dead", "given up"),
]


def delivery_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "client": row["client"] if row["client_id"] else "Agency",
        "at": instant(row["created_at"]),
        "next_at": instant(row["next_at"]),
        "alert_id": row["subject_id"] if row["subject_type"] == "alert" else None,
    }


async def named(session: ReadSession, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the name of a stored channel in place of its id."""
    ids = {row["address"].removeprefix(WEBHOOK_PREFIX) for row in rows if _is_stored(row["address"])}
    names = await figures.channel_names(session, ids) if ids else {}
    return [
        {**row, "address": names.get(row["address"].removeprefix(WEBHOOK_PREFIX), "a stored channel")}
        if _is_stored(row["address"])
        else row
        for row in rows
    ]


def _is_stored(address: str | None) -> bool:
    return (address or "").startswith(WEBHOOK_PREFIX)


@router.get("/deliveries")
async def list_deliveries(
    access: Reads,
    state: Short = "",
    kind: Short = "",
    channel: Short = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    view = await look(access)
    wanted = service.DeliveryFilter(
        client_id=view.client_id,
        state=DeliveryState(state) if state in set(DeliveryState) else None,
        channel=ChannelKind(kind) if kind in set(ChannelKind) else None,
        channel_id=as_uuid(channel),
    )
    page = await service.list_deliveries(access.session, wanted, after=_position(cursor), limit=PAGE)
    rows = await named(access.session, [delivery_row(row) for row in page.dicts()])
    following = CURSORS.make("deliveries", list(page.after)) if page.after else None
    filters = [
        choice_filter("state", "State", STATES, state),
        choice_filter("kind", "Channel", _kinds(), kind),
    ]
    if wanted.channel_id:
        filters.append(choice_filter("channel", "By", [(channel, "one channel")], channel))
    return view.page(
        "deliveries.html",
        {
            "tabs": tabs(view, None),
            "filters": filters,
            "page": pager(len(rows), following, cursor),
            "rows": rows,
            "channel": str(wanted.channel_id) if wanted.channel_id else "",
            "hold": await service.outbound_hold(access.session),
            "empty": None if rows else _empty(narrowed=bool(state or kind or channel)),
        },
        operate="deliveries.write",
    )


@router.post("/deliveries/release")
async def release(access: Governs) -> Response:
    """Let messages go again after a hold, such as the one that follows a restore."""
    await service.release_outbound(access.session, actor=access.actor, now=access.now)
    return see(access.request, "/deliveries", "Messages go out again")


@router.post("/deliveries/send-again")
async def send_many_again(posted: Posted, access: Acts) -> Response:
    """What was chosen in the list, or all that a channel gave up."""
    chosen = [key for word in posted.all("id") if (key := as_uuid(word))]
    channel = posted.uuid("channel")
    if not chosen and channel is None:
        return see(access.request, "/deliveries?state=dead", "Choose messages first")
    count = await service.resend_many(
        access.session,
        delivery_ids=None if channel else chosen,
        channel_id=channel,
        actor=access.actor,
        now=access.now,
    )
    return see(access.request, "/deliveries", f"{plural_messages(count)} will be sent again at once")


@router.get("/deliveries/{delivery_id}")
async def show_delivery(delivery_id: UUID, access: Reads) -> Response:
    view = await look(access)
    row = orjson.loads(await service.get_delivery(access.session, delivery_id))
    attempts = [
        {**item, "number": item["n"], "started_at": instant(item["started_at"]), "detail": _answer(item)}
        for item in row["attempt_log"]
    ]
    (delivery,) = await named(access.session, [await _delivery(view, row)])
    context = {
        "delivery": delivery,
        "attempts": attempts,
        "can_resend": row["state"] in RESENDABLE and not row["rerouted_to"],
        "can_settle": row["state"] == DeliveryState.UNKNOWN,
    }
    return view.page("delivery.html", context, operate="deliveries.write", at=row["client_id"])


@router.post("/deliveries/{delivery_id}/send-again")
async def send_again(delivery_id: UUID, access: Acts) -> Response:
    found = orjson.loads(await service.get_delivery(access.session, delivery_id))
    access.require(found["client_id"])
    sent_as = await service.resend(access.session, delivery_id, actor=access.actor, now=access.now)
    return see(access.request, f"/deliveries/{sent_as}", "Will be sent again at once")


@router.post("/deliveries/{delivery_id}/arrived")
async def settle(delivery_id: UUID, access: Acts) -> Response:
    """Somebody found a message at its receiver whose answer was lost."""
    found = orjson.loads(await service.get_delivery(access.session, delivery_id))
    access.require(found["client_id"])
    await service.mark_arrived(access.session, delivery_id, actor=access.actor, now=access.now)
    return see(access.request, f"/deliveries/{delivery_id}", "Settled: it arrived")


def plural_messages(count: int) -> str:
    return format_count(count, "message", "messages")


async def _delivery(view: View, row: dict[str, Any]) -> dict[str, Any]:
    return {
        **delivery_row(row),
        "text": row["text"] or "",
        "members": service.lines_of(row["members"]) if row["is_group"] else (),
        "fields": [tuple(pair) for pair in row["fields"] or []],
        "created_at": instant(row["created_at"]),
        "sent_at": instant(row["sent_at"]),
        "error": row["error"] or "No reason was given.",
        "alert": await _alert(view, row),
    }


async def _alert(view: View, row: dict[str, Any]) -> dict[str, Any] | None:
    if row["subject_type"] != "alert" or not view.access.may("alerts.read", row["client_id"]):
        return None
    try:
        alert = await get_alert(view.access.session, UUID(row["subject_id"]))
    except NotFound:
        return None
    return {"id": alert["id"], "number": alert["number"]}


def _answer(attempt: dict[str, Any]) -> str | None:
    return attempt["error"] or (f"Receipt {attempt['provider_id']}" if attempt["provider_id"] else None)


def _position(cursor: str) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    at, identity = CURSORS.read("deliveries", cursor)
    return datetime.fromisoformat(at), UUID(identity)


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, word(kind.value)) for kind in ChannelKind]


def _empty(*, narrowed: bool) -> dict[str, Any]:
    if narrowed:
        return empty_filtered("No message matches", "Take a filter away to see more.")
    return empty_first(
        "Nothing sent yet",
        "When a rule with a channel fires, each message stands here with its tries and receipt.",
        ("Set up channels", "/settings/channels"),
    )
