"""Channels: ways out for messages, their health, and a test."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind
from belvedere.web.alert_views import instant
from belvedere.web.answers import see
from belvedere.web.forms import Errors, Posted, attempt, empty_first
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("channels.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("channels.write"), scope="function")]

FORM = {"kind": "discord_webhook", "name": "", "client_id": "0", "address": ""}


@router.get("/settings/channels")
async def list_channels(access: Reads) -> Response:
    view = await look(access)
    return await _page(view, {**FORM, "client_id": str(view.client_id or 0)}, {})


@router.post("/settings/channels")
async def create_channel(posted: Posted, access: Writes) -> Response:
    view = await look(access)
    form = {name: posted.text(name) for name in FORM}

    async def save() -> service.Channel:
        client_id = posted.number("client_id") or 0
        access.require(client_id)
        if form["kind"] not in set(ChannelKind):
            raise _wrong("kind", "Choose one of the list.")
        kind = ChannelKind(form["kind"])
        draft = service.ChannelDraft(kind, form["name"], client_id, form["address"], posted.text("secret"))
        return await service.create_channel(
            access.session, draft, actor=access.actor, now=access.now,
            discord_base_url=access.runtime.settings.discord_base_url,
            allowed=access.runtime.settings.allow_private_networks,
        )  # fmt: skip

    made, errors = await attempt(
        access.session, save, {"webhook_url": "secret", "token": "secret", "signing_secret": "secret"}
    )
    if made is None:
        return await _page(view, form, errors)
    if made.issued_secret:
        return await _page(view, FORM, {}, issued=made)
    return see(
        access.request, "/settings/channels", f"“{made.name}” added. Send a test to see that it works."
    )


@router.post("/settings/channels/{channel_id}/rotate")
async def rotate_secret(channel_id: UUID, access: Writes) -> Response:
    view = await look(access)
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    changed = await service.rotate_secret(access.session, channel_id, actor=access.actor, now=access.now)
    return await _page(view, FORM, {}, issued=changed)


@router.post("/settings/channels/{channel_id}/fallback")
async def choose_fallback(channel_id: UUID, posted: Posted, access: Writes) -> Response:
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    await service.change_channel(
        access.session,
        channel_id,
        {"fallback_channel_id": posted.uuid("fallback")},
        actor=access.actor,
        now=access.now,
    )
    return see(access.request, "/settings/channels", f"Fallback of “{channel.name}” set")


@router.post("/settings/channels/{channel_id}/test")
async def send_test(channel_id: UUID, access: Writes) -> Response:
    view = await look(access)
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    name = view.name_of(channel.client_id)
    delivery_id = await service.send_test(
        access.session, channel_id, name, actor=access.actor, now=access.now
    )
    return see(access.request, f"/deliveries/{delivery_id}", "Test is on its way")


@router.post("/settings/channels/{channel_id}/switch")
async def switch_channel(channel_id: UUID, posted: Posted, access: Writes) -> Response:
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    changes = {"is_active": posted.ticked("is_active")}
    await service.change_channel(
        access.session, channel_id, changes, actor=access.actor, now=access.now,
        discord_base_url=access.runtime.settings.discord_base_url,
    )  # fmt: skip
    words = "switched on" if changes["is_active"] else "switched off; its messages wait"
    return see(access.request, "/settings/channels", f"“{channel.name}” {words}")


@router.post("/settings/channels/{channel_id}/delete")
async def remove_channel(channel_id: UUID, access: Writes) -> Response:
    channel = await service.get_channel(access.session, channel_id)
    access.require(channel.client_id)
    await service.remove_channel(access.session, channel_id, actor=access.actor, now=access.now)
    return see(access.request, "/settings/channels", f"“{channel.name}” removed")


def _wrong(name: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{name}", "choice", detail)])


async def _page(
    view: View, form: dict[str, Any], errors: Errors, *, issued: service.Channel | None = None
) -> Response:
    access = view.access
    found = [orjson.loads(row) for row in await service.list_channels(access.session)]
    rows = [
        _row(row, found)
        for row in found
        if view.client_id in (None, row["client_id"]) or row["client_id"] == 0
    ]
    context = {
        "rows": rows,
        "empty": None if rows else empty_first(
            "No channels yet",
            "A rule can write to a client's own Discord channel and addresses without one. A stored channel keeps a webhook's"
            " secret address, or a way that every client shares.",
        ),
        "issued": {"name": issued.name, "secret": issued.issued_secret} if issued else None,
        "form": form,
        "errors": errors,
        "clients": view.choices("channels.write", agency="Every client"),
    }  # fmt: skip
    return view.page(
        "channels.html", context, status=422 if errors else 200, operate="channels.write", configure="channels.write",
        path="/settings/channels",
    )  # fmt: skip


def _row(row: dict[str, Any], every: list[dict[str, Any]]) -> dict[str, Any]:
    health = "fresh" if row["last_sent_at"] else "never"
    if row["broken_since"]:
        health = "failed"
    if not row["is_active"]:
        health = "off"
    kept = ("id", "name", "kind", "client", "is_active", "sent_today", "waiting", "dead", "success_percent")
    return {
        **{name: row[name] for name in kept},
        "address": row["url"]
        or (f"webhook {row['webhook_id']}" if row["webhook_id"] else row["address"] or ""),
        "broken_at": instant(row["broken_since"]),
        "fallback": row["fallback_channel_id"] or "",
        "fallbacks": [
            ("", "No fallback"),
            *(
                (one["id"], one["name"])
                for one in every
                if one["client_id"] == row["client_id"] and one["id"] != row["id"]
            ),
        ],
        "health": health,
        "at": instant(row["last_sent_at"]),
        "error": row["broken_reason"],
        "used": bool(row["last_sent_at"] or row["waiting"] or row["dead"] or row["unknown"]),
    }
