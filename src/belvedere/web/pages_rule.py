"""One rule: what it asks, how it stands, what it said of each reading, and what a person does with it."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.sources import service as sources
from belvedere.watchtower import service
from belvedere.watchtower.contracts import AlertState, Rule
from belvedere.web import rule_figures
from belvedere.web.alert_views import alert_row
from belvedere.web.answers import see
from belvedere.web.forms import Posted
from belvedere.web.pages_rule_form import rows_of
from belvedere.web.rule_views import deletion_words, facts_of, family_tree, held_lines, sentence_parts
from belvedere.web.rule_why import why_answer, why_form
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]

Short = Annotated[str, Query(max_length=300)]

SHOWN_ALERTS = 8
MOST_COUNTED = 200


@router.get("/rules/{rule_id}")
async def show_rule(
    rule_id: UUID, access: Reads, thing: Short = "", reading: Short = "", at: Short = ""
) -> Response:
    view = await look(access)
    rows = await rows_of(access.session, rule_id)
    asked = why_form(view, rows[0], thing.strip(), reading.strip(), at)
    context = {**await _context(view, rows), "asked": asked, "why": await why_answer(view, rows[0], asked)}
    return view.page("rule.html", context, at=rows[0].client_id)


@router.post("/rules/{rule_id}/switch")
async def switch_rule(rule_id: UUID, posted: Posted, access: Writes) -> Response:
    rows = await rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    on = posted.ticked("is_active")
    for row in rows:
        await service.update_rule(
            access.session, row.id, {"is_active": on}, actor=access.actor, now=access.now, force=True
        )
    words = "is on" if on else "is paused; its open alerts were closed"
    return see(access.request, f"/rules/{rows[0].id}", f"Rule “{rows[0].name}” {words}")


@router.post("/rules/{rule_id}/delete")
async def delete_rule(rule_id: UUID, posted: Posted, access: Writes) -> Response:
    rows = await rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    detach = posted.ticked("detach")
    for row in reversed(rows):
        await service.delete_rule(access.session, row.id, actor=access.actor, now=access.now, detach=detach)
    return see(access.request, "/rules", f"Rule “{rows[0].name}” deleted")


async def _context(view: View, rows: Sequence[Rule]) -> dict[str, Any]:
    session, head = view.access.session, rows[0]
    saved = await service.get_rule(session, head.id)
    wanted = service.AlertFilter(state=AlertState.OPEN, rule_id=head.id, client_id=view.client_id)
    alerts = (await service.list_alerts(session, wanted, limit=MOST_COUNTED)).rows()
    family = await rule_figures.family_of(session, head.id)
    stand_ins = await rule_figures.stand_ins_of(session, head.id)
    children = [row["name"] for row in family if row["parent_rule_id"] == head.id]
    blocking = await service.rule_blocking(session, head.id, view.access.now) if len(family) > 1 else None
    judged = await rule_figures.judgements_of(session, head.id, view.client_id, view.access.now)
    return {
        "rule": _rule(view, rows),
        "parts": sentence_parts(rows, *await _places(view, head)),
        "expression": saved.expression,
        "facts": facts_of(head),
        "notes": [note.detail for note in saved.notes],
        "alerts": [alert_row(view, row) for row in alerts[:SHOWN_ALERTS]],
        "open_alerts": len(alerts),
        "judged": [{**row, "client": view.name_of(row["client_id"]), "why": _why(row)} for row in judged],
        "versions": await rule_figures.versions_of(session, head.id),
        "tree": family_tree(family, head.id) if len(family) > 1 else [],
        "held": held_lines(blocking) if blocking else [],
        "stand_ins": [{**row, "client": view.name_of(row["client_id"])} for row in stand_ins],
        "deletion": deletion_words(len(alerts), children, len(stand_ins)),
        "detach": bool(children),
    }


def _rule(view: View, rows: Sequence[Rule]) -> dict[str, Any]:
    head = rows[0]
    return {
        "id": str(head.id),
        "name": head.name,
        "severity": head.severity.value,
        "is_active": all(row.is_active for row in rows),
        "version": head.version,
        "builtin": head.builtin,
        "slug": head.slug,
        "description": head.description,
        "created_at": head.created_at,
        "client": view.named(head.client_id) if head.client_id else None,
        "title_template": head.title_template,
        "message_template": head.message_template,
    }


async def _places(view: View, head: Rule) -> tuple[str, str, dict[str, str]]:
    found = await sources.list_sources(view.access.session, view.access.now, limit=500)
    names = {str(item.row["id"]): item.row["display_name"] for item in found}
    client = view.name_of(head.client_id) if head.client_id else "every client"
    return client, names.get(str(head.source_id), "every source"), names


def _why(row: dict[str, Any]) -> str:
    """What came of one judgement, in words."""
    if row["quiet"]:
        return "Nothing matched"
    said = [
        f"{row[name]} {words}"
        for name, words in (
            ("held_back", "held back"),
            ("no_data", "without a value"),
            ("errors", "not comparable"),
        )
        if row[name]
    ]
    held = (row["reason"] or {}).get("held") if isinstance(row["reason"], dict) else None
    return "; ".join([*said, *([str(held)] if held else [])]) or (
        "Matched" if row["matched"] else "Nothing matched"
    )
