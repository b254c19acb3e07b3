"""Silences: times in which nobody is told. The list, a new one, and its end."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.core.schema import AGENCY
from belvedere.watchtower import service
from belvedere.watchtower.contracts import Severity
from belvedere.web import figures
from belvedere.web.alert_views import SEVERITIES, instant
from belvedere.web.answers import see
from belvedere.web.forms import Errors, Fields, Posted, attempt, empty_done, empty_first, pager
from belvedere.web.inbox_filters import LENGTHS, PRESETS, own_time, tabs, until_of
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("alerts.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("alerts.write"), scope="function")]

PAGE = 50
TEXTS = (
    "client_id",
    "rule_id",
    "source_id",
    "severity",
    "external_id",
    "starts_at",
    "until",
    "until-own",
    "reason",
    "everything",
)
NARROWS = ("rule_id", "source_id", "severity", "external_id")


@router.get("/silences")
async def list_silences(
    access: Reads,
    show: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
    rule: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    view = await look(access)
    form = {
        **dict.fromkeys(TEXTS, ""),
        "client_id": str(view.client_id or ""),
        "rule_id": rule,
        "until": "4h",
    }
    return await _page(view, form, {}, show=show, cursor=cursor)


@router.post("/silences")
async def create_silence(posted: Posted, access: Acts) -> Response:
    view = await look(access)
    form = {name: posted.text(name) for name in TEXTS}

    async def save() -> dict[str, Any]:
        draft = _draft(posted, access)
        access.require_reach(draft.client_id, service.SILENCE_FOR_ALL)
        return await service.create_silence(access.session, draft, actor=access.actor, now=access.now)

    end = "until-own" if form["until-own"] else "until"
    saved, errors = await attempt(access.session, save, {"ends_at": end})
    if saved is None:
        return await _page(view, form, errors)
    words = (
        "Silence planned"
        if saved["state"] == "planned"
        else "Silence begun. Alerts open as always, nobody is told"
    )
    return see(access.request, "/silences", words, undo=f"/silences/{saved['id']}/end")


@router.post("/silences/{silence_id}/end")
async def end_silence(silence_id: UUID, access: Acts) -> Response:
    found = await service.get_silence(access.session, silence_id, access.now)
    access.require_reach(found["client_id"] or AGENCY, service.SILENCE_FOR_ALL)
    await service.end_silence(access.session, silence_id, actor=access.actor, now=access.now)
    return see(
        access.request, "/silences", "Silence ended. What it held and still stands is told within a minute"
    )


def _draft(posted: Fields, access: WriteAccess) -> service.SilenceDraft:
    zone = access.principal.timezone
    starts_at = own_time(posted.text("starts_at"), zone)
    ends_at = _end(posted, access, starts_at)
    severity = posted.text("severity")
    _must_mean_everything(posted)
    return service.SilenceDraft(
        client_id=posted.number("client_id") or AGENCY,
        ends_at=ends_at,
        starts_at=starts_at,
        rule_id=posted.uuid("rule_id"),
        source_id=posted.uuid("source_id"),
        severity=Severity(severity) if severity in set(Severity) else None,
        external_id=posted.text("external_id") or None,
        reason=posted.text("reason"),
    )


def _end(posted: Fields, access: WriteAccess, starts_at: datetime | None) -> datetime:
    """An end that was typed counts before the chosen length, so that nothing typed is passed over."""
    zone, chosen = access.principal.timezone, posted.text("until")
    if typed := posted.text("until-own"):
        ends_at = own_time(typed, zone)
    elif starts_at is not None and chosen in LENGTHS:
        ends_at = starts_at + LENGTHS[chosen]
    else:
        ends_at = until_of(posted, access.now, zone)
    if ends_at is None:
        name = "until-own" if typed or chosen == "own" else "until"
        detail = "Write a day and a time." if name == "until-own" else "Choose how long it lasts."
        raise Invalid("The silence has no end.", errors=[FieldProblem(f"/{name}", "required", detail)])
    return ends_at


def _must_mean_everything(posted: Fields) -> None:
    """Nobody hears of anything at any client: that is said twice."""
    if (
        posted.number("client_id")
        or any(posted.text(name) for name in NARROWS)
        or posted.ticked("everything")
    ):
        return
    detail = (
        "This keeps every alert of every client quiet. Confirm it, or choose a client, a rule or a source."
    )
    raise Invalid(detail, errors=[FieldProblem("/everything", "confirm", detail)])


async def _page(
    view: View, form: dict[str, str], errors: Errors, *, show: str = "", cursor: str = ""
) -> Response:
    session, access = view.access.session, view.access
    page = await service.list_silences(
        session,
        access.now,
        client_id=view.client_id,
        running=None if show == "all" else True,
        limit=PAGE,
        cursor=cursor or None,
    )
    rows = [_row(view, row) for row in page.rows()]
    choices = await figures.inbox_choices(session)
    every = [("", "every client")] if access.may("alerts.write", AGENCY) else []
    context = {
        "tabs": tabs(view, "silences"),
        "rows": rows,
        "show": show,
        "page": pager(len(rows), page.next_cursor, cursor),
        "empty": None if rows else _empty(show),
        "form": form,
        "errors": errors,
        "clients": every + view.choices("alerts.write"),
        "rules": [("", "every rule"), *choices["rules"]],
        "sources": [("", "every source"), *choices["sources"]],
        "severities": [("", "every severity"), *((name, name) for name in SEVERITIES)],
        "presets": [*PRESETS, ("own", "my own end, below")],
    }
    return view.page("silences.html", context, status=422 if errors else 200, path="/silences")


def _row(view: View, row: dict[str, Any]) -> dict[str, Any]:
    covers = [
        words
        for words in (
            f"rule {row['rule_name']}" if row["rule_id"] else "",
            f"source {row['source_name']}" if row["source_id"] else "",
            f"{row['severity']} only" if row["severity"] else "",
            row["external_id"] or "",
        )
        if words
    ]
    return {
        **row,
        "client": view.name_of(row["client_id"]) if row["client_id"] else "Every client",
        "covers": ", ".join(covers) or "everything",
        "starts_at": instant(row["starts_at"]),
        "ends_at": instant(row["ended_at"] or row["ends_at"]),
        "can_end": row["state"] != "ended" and view.access.may("alerts.write", row["client_id"] or AGENCY),
    }


def _empty(show: str) -> dict[str, Any]:
    if show == "all":
        return empty_first(
            "No silence yet",
            "During maintenance or a sale, keep a client, a rule or a source quiet for a while.",
        )
    return empty_done("Nobody is kept quiet", "Every alert is told as its rule says.")
