"""What people do with alerts, one or many: take, rest, close, say something; and take it back."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from starlette.responses import Response

from belvedere.accounts.door import WriteAccess
from belvedere.accounts.routing import door_router
from belvedere.ads import service as ads
from belvedere.ads.contracts import AlertOrigin
from belvedere.watchtower import service
from belvedere.web import inbox_figures
from belvedere.web.answers import came_from, see
from belvedere.web.forms import Errors, Fields, Posted, as_uuid
from belvedere.web.inbox_filters import posted_filters, until_of
from belvedere.web.pages_alerts import Acts, list_groups, show_detail, show_inbox
from belvedere.web.view import look

router = door_router()

MOST_AT_ONCE = 500
NOTES = ("take-note", "ack-note", "resolve-note", "close-note", "comment", "note")
TYPED = (*NOTES, "take-own", "snooze-own", "ack-own", "bulk-snooze-own", "matching")
UNREAD = "Write a day and a time, or choose one of the lengths."
TOO_LONG = f"Write at most {service.NOTE_LENGTH:,} characters."
PAST = "This time has passed. Name one that lies ahead."
NO_REST = "they end with the figures, so they know no snooze"
NO_COMMENTS = "they keep no comments"
Chosen = dict[AlertOrigin, list[UUID]]
Act = Callable[[AlertOrigin, list[UUID]], Awaitable[Sequence[UUID]]]


@router.post("/alerts/acknowledge")
async def acknowledge_many(fields: Posted, access: Acts) -> Response:
    until, note = _until(fields, access, "ack-own"), fields.text("ack-note") or None
    if wrong := _wrong(fields, access, "ack-own", until) | _too_long(fields, "ack-note"):
        return await _again(fields, access, wrong)

    async def act(origin: AlertOrigin, ids: list[UUID]) -> Sequence[UUID]:
        if origin is AlertOrigin.WATCH:
            return await service.acknowledge(
                access.session, ids, actor=access.actor, now=access.now, note=note, until=until
            )
        return await ads.acknowledge(
            access.session, origin, ids, actor=access.actor, now=access.now, note=note
        )

    return await _many(fields, access, "acknowledged", act, undo="acknowledge")


@router.post("/alerts/resolve")
async def resolve_many(fields: Posted, access: Acts) -> Response:
    note = fields.text("resolve-note") or None
    if wrong := _too_long(fields, "resolve-note"):
        return await _again(fields, access, wrong)

    async def act(origin: AlertOrigin, ids: list[UUID]) -> Sequence[UUID]:
        return await ads.resolve(
            access.session, origin, ids, actor=access.actor, now=access.now, note=note,
            base_url=access.runtime.settings.address,
        )  # fmt: skip

    return await _many(fields, access, "resolved", act)


@router.post("/alerts/comment")
async def comment_many(fields: Posted, access: Acts) -> Response:
    """One comment under each chosen alert; advertising keeps none."""
    note = fields.text("comment")

    async def act(origin: AlertOrigin, ids: list[UUID]) -> Sequence[UUID]:
        if origin is AlertOrigin.ADS:
            return []
        for alert_id in ids:
            await service.add_note(access.session, alert_id, note, actor=access.actor, now=access.now)
        return ids

    if not note:
        return see(access.request, _inbox(access), "Nothing was written, so no comment was added.")
    if wrong := _too_long(fields, "comment"):
        return await _again(fields, access, wrong)
    return await _many(fields, access, "commented", act, left_out=NO_COMMENTS)


@router.post("/alerts/snooze")
async def snooze_many(fields: Posted, access: Acts) -> Response:
    """Out of sight until a time; advertising knows no snooze, so its alerts stay where they are."""
    until = _until(fields, access, "bulk-snooze-own")
    wrong = _wrong(fields, access, "bulk-snooze-own", until)
    if until is None or wrong:
        return await _again(fields, access, wrong or {"bulk-snooze-own": UNREAD})

    async def act(origin: AlertOrigin, ids: list[UUID]) -> Sequence[UUID]:
        if origin is AlertOrigin.ADS:
            return []
        return await service.snooze(access.session, ids, until, actor=access.actor, now=access.now)

    return await _many(fields, access, "snoozed", act, undo="snooze", left_out=NO_REST)


@router.post("/alerts/undo")
async def undo_many(fields: Posted, access: Acts) -> Response:
    """Give back what one act of this person took or put to rest, as far as nobody moved it since."""
    try:
        at = datetime.fromisoformat(fields.text("at"))
    except ValueError:
        return see(access.request, _inbox(access), "There is nothing to take back.")
    undo = _wake if fields.text("act") == "snooze" else _give_back
    moved = await undo(access, at)
    words = f"{_counted(moved)} open again" if moved else "There is nothing to take back."
    return see(access.request, _inbox(access), words)


async def _give_back(access: WriteAccess, at: datetime) -> int:
    moved = 0
    found = await inbox_figures.taken_at(access.session, access.actor, at)
    for client_id in {client_id for _, _, client_id in found}:
        access.require(client_id)
    for origin in AlertOrigin:
        ids = [alert_id for name, alert_id, _ in found if name == origin]
        if ids:
            moved += len(
                await ads.unacknowledge(access.session, origin, ids, actor=access.actor, now=access.now)
            )
    return moved


async def _wake(access: WriteAccess, at: datetime) -> int:
    found = await inbox_figures.resting_since(access.session, access.actor, at)
    for client_id in {client_id for _, client_id in found}:
        access.require(client_id)
    ids = [alert_id for alert_id, _ in found]
    return len(await service.unsnooze(access.session, ids, actor=access.actor, now=access.now)) if ids else 0


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    until = _until(fields, access, "take-own")
    if wrong := _wrong(fields, access, "take-own", until) | _too_long(fields, "take-note"):
        return await _again(fields, access, wrong, alert_id)
    moved = await service.acknowledge(
        access.session, [alert_id], actor=access.actor, now=access.now,
        note=fields.text("take-note") or None, until=until,
    )  # fmt: skip
    words = f"Alert #{number} acknowledged" if moved else f"Alert #{number} was taken already"
    undo = f"/alerts/{alert_id}/unacknowledge" if moved else ""
    return see(access.request, _back(access, alert_id), words, undo=undo)


@router.post("/alerts/{alert_id}/snooze")
async def snooze(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    until = _until(fields, access, "snooze-own")
    wrong = _wrong(fields, access, "snooze-own", until)
    if until is None or wrong:
        return await _again(fields, access, wrong or {"snooze-own": UNREAD}, alert_id)
    moved = await service.snooze(access.session, [alert_id], until, actor=access.actor, now=access.now)
    words = f"Alert #{number} snoozed" if moved else f"Alert #{number} was resolved already"
    undo = f"/alerts/{alert_id}/unsnooze" if moved else ""
    return see(access.request, _back(access, alert_id), words, undo=undo)


@router.post("/alerts/{alert_id}/unsnooze")
async def unsnooze(alert_id: UUID, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    moved = await service.unsnooze(access.session, [alert_id], actor=access.actor, now=access.now)
    words = f"Alert #{number} is back" if moved else f"Alert #{number} was back or resolved already"
    return see(access.request, _back(access, alert_id), words)


@router.post("/alerts/{alert_id}/unacknowledge")
async def unacknowledge(alert_id: UUID, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    moved = await service.unacknowledge(access.session, [alert_id], actor=access.actor, now=access.now)
    words = (
        f"Alert #{number} is open again" if moved else f"Alert #{number} was given back or resolved already"
    )
    return see(access.request, _back(access, alert_id), words)


@router.post("/alerts/{alert_id}/resolve")
async def resolve(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    number = await _must_reach(access, alert_id)
    if wrong := _too_long(fields, "close-note"):
        return await _again(fields, access, wrong, alert_id)
    moved = await service.resolve(
        access.session,
        [alert_id],
        actor=access.actor,
        now=access.now,
        note=fields.text("close-note") or None,
        base_url=access.runtime.settings.address,
    )
    words = f"Alert #{number} resolved" if moved else f"Alert #{number} was resolved already"
    return see(access.request, _back(access, alert_id), words)


@router.post("/alerts/{alert_id}/notes")
async def add_note(alert_id: UUID, fields: Posted, access: Acts) -> Response:
    await _must_reach(access, alert_id)
    note = fields.text("note")
    if not note:
        return see(access.request, _back(access, alert_id), "Nothing was written, so no comment was added.")
    if wrong := _too_long(fields, "note"):
        return await _again(fields, access, wrong, alert_id)
    await service.add_note(access.session, alert_id, note, actor=access.actor, now=access.now)
    return see(access.request, _back(access, alert_id), "Comment added")


def _until(fields: Fields, access: WriteAccess, own: str) -> datetime | None:
    return until_of(fields, access.now, access.principal.timezone, own)


def _wrong(fields: Fields, access: WriteAccess, own: str, until: datetime | None) -> Errors:
    """What is wrong with a time of one's own, beside its field."""
    if until is None:
        return {own: UNREAD} if fields.text("until") == "own" else {}
    return {own: PAST} if until <= access.now else {}


def _too_long(fields: Fields, name: str) -> Errors:
    return {name: TOO_LONG} if len(fields.text(name)) > service.NOTE_LENGTH else {}


async def _again(
    fields: Fields, access: WriteAccess, errors: Errors, alert_id: UUID | None = None
) -> Response:
    """The inbox once more with its filters, its groups and everything that was typed and chosen; nothing was changed."""
    view = await look(access, client_word=fields.text("f-client"))
    wanted = posted_filters(fields)
    listed, alert = await list_groups(view, wanted), None
    if alert_id:
        alert = await show_detail(view, AlertOrigin.WATCH, alert_id)
    return await show_inbox(
        view, wanted, listed, alert, chosen=alert_id is not None, errors=errors,
        typed={name: fields.text(name) for name in TYPED},
        picked={*fields.all("id"), *fields.all("ads")},
    )  # fmt: skip


async def _must_reach(access: WriteAccess, alert_id: UUID) -> int:
    """The alert's number, once the permission holds at its own client."""
    alert = await service.get_alert(access.session, alert_id)
    access.require(alert["client_id"] or 0)
    return int(alert["number"])


def _back(access: WriteAccess, alert_id: UUID) -> str:
    """Back to where the form stood, with its filters, when that was the inbox."""
    path = came_from(access.request, f"/alerts/{alert_id}")
    return path if path.startswith(f"/alerts/{alert_id}") else f"/alerts/{alert_id}"


def _inbox(access: WriteAccess) -> str:
    path = came_from(access.request, "/alerts")
    return path if path.startswith("/alerts") else "/alerts"


async def _many(
    fields: Fields, access: WriteAccess, word: str, act: Act, *, undo: str = "", left_out: str = ""
) -> Response:
    chosen = await _matching(fields, access) if fields.ticked("matching") else await _picked(fields, access)
    moved = 0
    for origin, ids in chosen.items():
        moved += len(await act(origin, ids)) if ids else 0
    words = f"{_counted(moved)} {word}" if moved else "No alert was chosen."
    if left_out and (ads_chosen := len(chosen[AlertOrigin.ADS])):
        begin = words if moved else f"No alert {word}"
        words = f"{begin}. {_counted(ads_chosen)} of advertising left out: {left_out}."
    if not moved or not undo:
        return see(access.request, _inbox(access), words)
    taken = {"act": undo, "at": access.now.isoformat()}
    return see(access.request, _inbox(access), words, undo="/alerts/undo", fields=taken)


async def _picked(fields: Fields, access: WriteAccess) -> Chosen:
    """The alerts that were ticked; one that the person may not move refuses them all."""
    watch = _ids(fields, "id")
    ours = _ids(fields, "ads")
    clients = set((await inbox_figures.clients_of(access.session, watch)).values())
    clients |= set((await ads.must_find(access.session, ours)).values())
    for client_id in sorted(clients):
        access.require(client_id)
    return {AlertOrigin.WATCH: watch, AlertOrigin.ADS: ours}


def _ids(fields: Fields, name: str) -> list[UUID]:
    return list(dict.fromkeys(found for found in map(as_uuid, fields.all(name)) if found is not None))


async def _matching(fields: Fields, access: WriteAccess) -> Chosen:
    """The newest alerts behind the filters of the form, at most 500, as far as the person may move them."""
    view = await look(access)
    wanted = posted_filters(fields).filter(_client(fields, view.client_id), access.now)
    page = await ads.list_inbox(access.session, wanted, limit=MOST_AT_ONCE)
    chosen: Chosen = {AlertOrigin.WATCH: [], AlertOrigin.ADS: []}
    for row in page.rows():
        if row["state"] != "resolved" and access.may("alerts.write", row["client_id"] or 0):
            chosen[AlertOrigin(row["origin"])].append(UUID(row["id"]))
    return chosen


def _client(fields: Fields, client_id: int | None) -> int | None:
    return client_id if client_id is not None else fields.number("f-client")


def _counted(count: int) -> str:
    return f"{count} {'alert' if count == 1 else 'alerts'}"
