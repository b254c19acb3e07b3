"""Rules: the list by severity, and one rule as a sentence to write."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.database import ReadSession
from belvedere.core.errors import Conflict, Forbidden, Invalid
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.sources import service as sources
from belvedere.sources.contracts import RECORD_COLUMNS
from belvedere.watchtower import service
from belvedere.watchtower.contracts import AlertState, Rule
from belvedere.watchtower.drafts import RuleDraft
from belvedere.web import figures
from belvedere.web.alert_views import SEVERITIES
from belvedere.web.answers import see, with_query
from belvedere.web.forms import (
    Errors,
    Posted,
    as_uuid,
    attempt,
    choice_filter,
    empty_filtered,
    empty_first,
    pager,
    text_filter,
)
from belvedere.web.rule_forms import (
    MOST_CONDITIONS,
    beside,
    empty_form,
    read_drafts,
    stored_form,
    typed_form,
    words_of,
)
from belvedere.web.rule_preview import preview_of
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]
Sees = Annotated[Access, Depends(reading("rules.write"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

PAGE = 200
HEAD_ONLY = frozenset({"client_id"})
TARGETS = [("", "record"), ("api_records", "record of a platform"), ("communication_reports", "communication report"),
           ("clients", "client")]  # fmt: skip
OWN_FIELDS = ("days_since_team_message", "days_since_client_message")


@router.get("/rules")
async def list_rules(
    access: Reads,
    q: Short = "",
    severity: Short = "",
    state: Short = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    view = await look(access)
    wanted = service.RuleFilter(search=q or None, is_active={"active": True, "paused": False}.get(state))
    page = await service.list_rules(access.session, wanted, limit=PAGE, cursor=cursor or None)
    rows = [
        row for row in page.rows() if view.client_id is None or row["client_id"] in (None, view.client_id)
    ]
    fired = await figures.last_fired(access.session, [row["id"] for row in rows])
    heads = [_row(view, own, fired) for own in _grouped(rows)]
    heads = [row for row in heads if severity in ("", row["severity"])]
    groups = [
        {"severity": name, "rows": [row for row in heads if row["severity"] == name]} for name in SEVERITIES
    ]
    narrowed = bool(q or severity or state)
    return view.page(
        "rules.html",
        {
            "filters": [
                text_filter(q, "Find by name or field"),
                choice_filter("severity", "Severity", [(name, name) for name in SEVERITIES], severity),
                choice_filter("state", "State", [("active", "active"), ("paused", "paused")], state),
            ],
            "page": pager(len(heads), page.next_cursor, cursor),
            "groups": [{**group, "count": len(group["rows"])} for group in groups if group["rows"]],
            "total": len(heads),
            "empty": None if heads else _empty(access, narrowed=narrowed),
        },
    )


@router.get("/rules/new")
async def new_rule(access: Sees, source: Short = "", field: Short = "") -> Response:
    view = await look(access)
    return await _page(view, [], empty_form(view.client_id, source, field), {})


@router.post("/rules")
async def create_rule(posted: Posted, access: Writes) -> Response:
    view = await look(access)
    form = typed_form(posted)

    async def save() -> list[Rule]:
        drafts = read_drafts(form, posted)
        access.require(drafts[0].client_id or AGENCY)
        return await _save(access, [], drafts, force=form["force"])

    saved, errors = await attempt(access.session, save, {})
    if saved is None:
        return await _page(view, [], form, errors)
    return see(access.request, with_query("/rules", client=view.client_id), f"Rule “{saved[0].name}” saved")


@router.post("/rules/draft")
async def draft_rule(posted: Posted, access: Sees) -> Response:
    """The same page again: a condition more or less, or what the rule would find now. Nothing is saved."""
    view = await look(access)
    form = typed_form(posted)
    rule_id = posted.uuid("rule_id")
    rows = await _rows_of(access.session, rule_id) if rule_id else []
    removed = posted.number("remove")
    if posted.text("add") and len(form["conditions"]) < MOST_CONDITIONS:
        form["conditions"].append({"field": "", "condition": "less_than", "threshold": ""})
    elif removed is not None and 0 <= removed < len(form["conditions"]) > 1:
        del form["conditions"][removed]
    errors: Errors = {}
    preview = None
    if posted.text("try"):
        try:
            preview = await preview_of(view, rows, read_drafts(form, posted))
        except Invalid as error:
            preview = {"blocked": " ".join(problem.detail for problem in error.errors) or error.detail}
    return await _page(view, rows, form, errors, preview=preview)


@router.get("/rules/{rule_id}")
async def show_rule(rule_id: UUID, access: Reads) -> Response:
    view = await look(access)
    rows = await _rows_of(access.session, rule_id)
    return await _page(view, rows, stored_form(rows), {})


@router.post("/rules/{rule_id}")
async def change_rule(rule_id: UUID, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    rows = await _rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    form = typed_form(posted)

    async def save() -> list[Rule]:
        if posted.number("version") != rows[0].version:
            raise Conflict("Somebody saved this rule while you wrote. Save again to replace their version.")
        return await _save(access, rows, read_drafts(form, posted), force=form["force"])

    saved, errors = await attempt(access.session, save, {})
    if saved is None:
        return await _page(view, rows, form, errors)
    return see(access.request, with_query("/rules", client=view.client_id), f"Rule “{saved[0].name}” saved")


@router.post("/rules/{rule_id}/switch")
async def switch_rule(rule_id: UUID, posted: Posted, access: Writes) -> Response:
    rows = await _rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    on = posted.ticked("is_active")
    for row in rows:
        await service.update_rule(
            access.session, row.id, {"is_active": on}, actor=access.actor, now=access.now, force=True
        )
    words = "is on" if on else "is paused; its open alerts were closed"
    return see(access.request, f"/rules/{rows[0].id}", f"Rule “{rows[0].name}” {words}")


@router.post("/rules/{rule_id}/delete")
async def delete_rule(rule_id: UUID, access: Writes) -> Response:
    rows = await _rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    for row in reversed(rows):
        await service.delete_rule(access.session, row.id, actor=access.actor, now=access.now)
    return see(access.request, "/rules", f"Rule “{rows[0].name}” deleted")


async def _rows_of(session: ReadSession, rule_id: UUID) -> list[Rule]:
    """A rule with the other rows of its group, the head first."""
    rule = (await service.get_rule(session, rule_id)).rule
    if rule.group_id is None:
        return [rule]
    page = await service.list_rules(session, service.RuleFilter(group_id=rule.group_id), limit=50)
    found = [(await service.get_rule(session, UUID(row["id"]))).rule for row in page.rows()]
    return sorted(found, key=lambda row: (row.position, row.created_at, row.id))


async def _save(
    access: WriteAccess, rows: Sequence[Rule], drafts: Sequence[RuleDraft], *, force: bool
) -> list[Rule]:
    """Bring the stored rows to the drafts: change, add, take away. An error names its condition's field."""
    group_id = rows[0].group_id if rows else None
    if len(drafts) > 1 and group_id is None:
        group_id = new_id(access.now)
    for row in rows[len(drafts) :]:
        await service.delete_rule(access.session, row.id, actor=access.actor, now=access.now)
    saved = []
    for position, question in enumerate(drafts):
        draft = replace(question, group_id=group_id, position=position)
        try:
            saved.append(
                await _save_row(access, rows[position] if position < len(rows) else None, draft, force=force)
            )
        except Invalid as error:
            raise Invalid(error.detail, errors=beside(error, position), code=error.code) from error
    return saved


async def _save_row(access: WriteAccess, row: Rule | None, draft: RuleDraft, *, force: bool) -> Rule:
    settings = access.runtime.settings
    if row is None:
        made = await service.create_rule(
            access.session, draft, actor=access.actor, now=access.now, force=force,
            discord_base_url=settings.discord_base_url,
        )  # fmt: skip
        return made.rule
    if (draft.client_id or AGENCY) != row.client_id:
        raise Forbidden("A rule stays with its client. Make a new one for another client.")
    names = RuleDraft.__dataclass_fields__.keys() - HEAD_ONLY
    wanted = {name: getattr(draft, name) for name in names}
    changes = {name: value for name, value in wanted.items() if value != _present(row, name)}
    changed = await service.update_rule(
        access.session, row.id, changes, actor=access.actor, now=access.now, force=force,
        discord_base_url=settings.discord_base_url,
    )  # fmt: skip
    return changed.rule


def _present(row: Rule, name: str) -> Any:
    value = getattr(row, name)
    return (value or None) if name == "email_recipients" else value


def _grouped(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["group_id"] or row["id"], []).append(row)
    return [sorted(own, key=lambda row: (row["position"], row["created_at"])) for own in groups.values()]


def _row(view: View, own: list[dict[str, Any]], fired: dict[str, Any]) -> dict[str, Any]:
    head = own[0]
    joined = own[1]["logic_operator"] if len(own) > 1 else "AND"
    conditions = [
        {"field": r["field_name"], "condition": r["condition"], "threshold": r["threshold_value"] or ""}
        for r in own
    ]
    told = [
        name for name, on in (("Discord", head["notify_discord"]), ("e-mail", head["notify_email"])) if on
    ]
    return {
        "id": head["id"],
        "name": head["name"],
        "severity": head["severity"],
        "sentence": words_of({"conditions": conditions, "match": joined}),
        "source": head["source_name"],
        "client": view.named(head["client_id"]) if head["client_id"] else None,
        "is_active": all(row["is_active"] for row in own),
        "open_alerts": head["open_alerts"],
        "last_fired_at": fired.get(head["id"]),
        "channels": ", ".join(told),
        "conditions": len(own),
    }


def _empty(access: Access, *, narrowed: bool) -> dict[str, Any]:
    if narrowed:
        return empty_filtered("No rule matches", "Take a filter away to see more.")
    acts = [("Write a rule", "/rules/new")] if access.may("rules.write") else []
    return empty_first(
        "No rules yet",
        "A rule watches what the sources deliver and tells you when a number leaves its range.",
        *acts,
    )


async def _page(
    view: View,
    rows: Sequence[Rule],
    form: dict[str, Any],
    errors: Errors,
    *,
    preview: dict[str, Any] | None = None,
) -> Response:
    rule = None
    if rows:
        head = rows[0]
        wanted = service.AlertFilter(state=AlertState.OPEN, rule_id=head.id)
        open_alerts = len((await service.list_alerts(view.access.session, wanted, limit=200)).rows())
        rule = {"id": str(head.id), "name": head.name, "version": head.version, "open_alerts": open_alerts}
    context = {
        "rule": rule,
        "form": form,
        "errors": errors,
        "options": await _options(view, rows, form),
        "expression": words_of(form),
        "preview": preview,
        "can_force": any("force" in words for words in errors.values()) or form["force"],
    }
    at = rows[0].client_id if rows else None
    path = f"/rules/{rows[0].id}" if rows else "/rules/new"
    return view.page("rule_form.html", context, status=422 if errors else 200, at=at, path=path)


async def _options(view: View, rows: Sequence[Rule], form: dict[str, Any]) -> dict[str, Any]:
    session = view.access.session
    found = await sources.list_sources(session, view.access.now, limit=500)
    seen = await figures.fields_seen(session, as_uuid(form["source_id"]))
    own = {str(row.id) for row in rows}
    page = await service.list_rules(session, service.RuleFilter(), limit=200)
    parents = [
        (row["id"], row["name"])
        for row in (group[0] for group in _grouped(page.rows()))
        if row["id"] not in own and (row["client_id"] or AGENCY) in (AGENCY, int(form["client_id"] or AGENCY))
    ]
    clients = view.choices("rules.write")
    if view.access.may("rules.write", AGENCY):
        clients = [("", "every client"), *clients]
    if rows:
        present = str(rows[0].client_id or "")
        clients = [(present, view.name_of(rows[0].client_id) if present else "every client")]
    return {
        "sources": [
            ("", "every source"),
            *[(str(item.row["id"]), item.row["display_name"]) for item in found],
        ],
        "clients": clients,
        "targets": TARGETS,
        "fields": [(name, name) for name in dict.fromkeys([*seen, *RECORD_COLUMNS, *OWN_FIELDS])],
        "parents": parents,
    }
