"""The rule builder: one rule as a sentence to write, to try and to save."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.database import ReadSession
from belvedere.core.errors import Conflict, Forbidden, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.core.schema import AGENCY
from belvedere.watchtower import service
from belvedere.watchtower.contracts import AlertState, Rule
from belvedere.watchtower.drafts import RuleDraft
from belvedere.web.answers import see, with_query
from belvedere.web.forms import Errors, Fields, Posted, attempt
from belvedere.web.rule_drafts import OF_EACH_ROW, beside, read_drafts, refuse_form
from belvedere.web.rule_forms import (
    EMPTY_CONDITION,
    MOST_CONDITIONS,
    empty_form,
    opened_parts,
    stored_form,
    typed_form,
)
from belvedere.web.rule_history import history_of
from belvedere.web.rule_options import form_options
from belvedere.web.rule_preview import SHOWN_NOTES, preview_of
from belvedere.web.rule_words import expression_of, terms
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("rules.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("rules.write"), scope="function")]
Sees = Annotated[Access, Depends(reading("rules.write"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

Find = Callable[[View, Sequence[Rule], Sequence[RuleDraft]], Awaitable[dict[str, Any]]]
FORCED = "tick “Save although no data carries this field yet” below if"
NOT_ASKED = frozenset({"client_id", "slug"})
"""What the form does not ask: a rule stays with its client and keeps its short name."""


@router.get("/rules/new")
async def new_rule(access: Sees, source: Short = "", field: Short = "", copy: Short = "") -> Response:
    view = await look(access)
    form = empty_form(view.client_id, source, field)
    if copy:
        form = stored_form(await rows_of(access.session, UUID(copy) if len(copy) == 36 else UUID(int=0)))
        form |= {"name": f"{form['name']} (copy)"[:100], "is_active": False}
    return await _page(view, [], form, {})


@router.post("/rules")
async def create_rule(posted: Posted, access: Writes) -> Response:
    view = await look(access)
    form = typed_form(posted)

    async def save() -> list[service.SavedRule]:
        drafts, problems = read_drafts(form)
        access.require(drafts[0].client_id or AGENCY)
        return await _save(access, [], drafts, problems, force=form["force"])

    saved, errors = await attempt(access.session, save, {})
    if saved is None:
        return await _page(view, [], form, errors)
    return _saved(view, saved)


@router.post("/rules/draft")
async def draft_rule(posted: Posted, access: Sees) -> Response:
    """The same page again: a condition more or less, or what the rule would find now. Nothing is saved."""
    view = await look(access)
    form = typed_form(posted)
    rule_id = posted.uuid("rule_id")
    rows = await rows_of(access.session, rule_id) if rule_id else []
    _change_conditions(form["conditions"], posted)
    tried = {
        name: await _tried(view, rows, form, find)
        for name, word, find in (("preview", "on", preview_of), ("history", "history", history_of))
        if posted.text("try") == word
    }
    return await _page(view, rows, form, {}, **tried)


def _change_conditions(conditions: list[dict[str, str]], posted: Fields) -> None:
    removed = posted.number("remove")
    if posted.text("add") and len(conditions) < MOST_CONDITIONS:
        join = "OR" if posted.text("add") == "OR" else "AND"
        conditions.append({**EMPTY_CONDITION, "join": join, "source": "same"})
    elif removed is not None and 0 <= removed < len(conditions) > 1:
        del conditions[removed]


async def _tried(view: View, rows: Sequence[Rule], form: Mapping[str, Any], find: Find) -> dict[str, Any]:
    # A name says nothing about what a rule finds, so it may still be missing.
    drafts, problems = read_drafts({**form, "name": form["name"] or "Draft"})
    try:
        if not problems:
            return await find(view, rows, drafts)
        await service.draft_rows(view.access.session, drafts, rows, new_id(view.access.now))
    except Invalid as error:
        problems = {**beside(error, 0), **problems}
    return {"blocked": " ".join(dict.fromkeys(problems.values())), "wrong": " ".join(problems)}


@router.get("/rules/{rule_id}/edit")
async def edit_rule(rule_id: UUID, access: Sees) -> Response:
    view = await look(access)
    rows = await rows_of(access.session, rule_id)
    return await _page(view, rows, stored_form(rows), {})


@router.post("/rules/{rule_id}")
async def change_rule(rule_id: UUID, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    rows = await rows_of(access.session, rule_id)
    access.require(rows[0].client_id)
    form = typed_form(posted)

    async def save() -> list[service.SavedRule]:
        if posted.number("version") != rows[0].version:
            raise Conflict("Somebody saved this rule while you wrote. Save again to replace their version.")
        return await _save(access, rows, *read_drafts(form), force=form["force"])

    saved, errors = await attempt(access.session, save, {})
    if saved is None:
        return await _page(view, rows, form, errors)
    return _saved(view, saved)


def _saved(view: View, saved: Sequence[service.SavedRule]) -> Response:
    """On to the rule; a limit that may be meant otherwise is asked about once more."""
    rule = saved[0].rule
    doubts = [note.detail for one in saved for note in one.notes if note.code in SHOWN_NOTES]
    words = " ".join([f"Rule “{rule.name}” saved" + ("." if doubts else ""), *doubts[:1]])
    return see(view.access.request, with_query(f"/rules/{rule.id}", client=view.client_id), words)


async def rows_of(session: ReadSession, rule_id: UUID) -> list[Rule]:
    """A rule with the other rows of its group, the head first."""
    rule = (await service.get_rule(session, rule_id)).rule
    if rule.group_id is None:
        return [rule]
    page = await service.list_rules(session, service.RuleFilter(group_id=rule.group_id), limit=50)
    found = [(await service.get_rule(session, UUID(row["id"]))).rule for row in page.rows()]
    return sorted(found, key=lambda row: (row.position, row.created_at, row.id))


async def _save(
    access: WriteAccess, rows: Sequence[Rule], drafts: Sequence[RuleDraft], problems: Errors, *, force: bool
) -> list[service.SavedRule]:
    """Bring the stored rows to the drafts: change, add, take away. All wrong fields of all conditions are named at
    once, those that were read wrong (`problems`) first.
    """
    group_id = rows[0].group_id if rows else None
    if len(drafts) > 1 and group_id is None:
        group_id = new_id(access.now)
    for row in rows[len(drafts) :]:
        await service.delete_rule(access.session, row.id, actor=access.actor, now=access.now)
    saved: list[service.SavedRule] = []
    found = dict(problems)
    for position, question in enumerate(drafts):
        draft = replace(question, group_id=group_id, position=position)
        stored = rows[position] if position < len(rows) else None
        try:
            saved.append(await _save_row(access, stored, draft, force=force))
        except Invalid as error:
            wrong = beside(error, position)
            # Where the head is not there, what later rows miss of it says nothing of its own.
            own = {
                name: said for name, said in wrong.items() if not position or name.endswith(f"-{position}")
            }
            found = {**own, **found}
        except (Conflict, Forbidden, NotFound):
            if not found:
                raise
    refuse_form(found)
    return saved


async def _save_row(
    access: WriteAccess, row: Rule | None, draft: RuleDraft, *, force: bool
) -> service.SavedRule:
    settings = access.runtime.settings
    if row is None:
        return await service.create_rule(
            access.session, draft, actor=access.actor, now=access.now, force=force,
            discord_base_url=settings.discord_base_url,
        )  # fmt: skip
    if (draft.client_id or AGENCY) != row.client_id:
        raise Forbidden("A rule stays with its client. Make a new one for another client.")
    names = OF_EACH_ROW if draft.position else RuleDraft.__dataclass_fields__.keys() - NOT_ASKED
    wanted = {name: getattr(draft, name) for name in names}
    changes = {name: value for name, value in wanted.items() if value != _present(row, name)}
    return await service.update_rule(
        access.session, row.id, changes, actor=access.actor, now=access.now, force=force,
        discord_base_url=settings.discord_base_url,
    )  # fmt: skip


def _present(row: Rule, name: str) -> Any:
    value = getattr(row, name)
    return (value or None) if name == "email_recipients" else value


async def _page(
    view: View,
    rows: Sequence[Rule],
    form: dict[str, Any],
    errors: Errors,
    *,
    preview: dict[str, Any] | None = None,
    history: dict[str, Any] | None = None,
) -> Response:
    rule = None
    if rows:
        head = rows[0]
        wanted = service.AlertFilter(state=AlertState.OPEN, rule_id=head.id)
        open_alerts = len((await service.list_alerts(view.access.session, wanted, limit=200)).rows())
        rule = {"id": str(head.id), "name": head.name, "version": head.version, "open_alerts": open_alerts}
    can_force = any("force" in words for words in errors.values()) or form["force"]
    said = {name: words.replace("save with force if", FORCED) for name, words in errors.items()}
    context = {
        "rule": rule,
        "form": form,
        "errors": said,
        "options": await form_options(view, rows, form),
        "expression": expression_of(form["conditions"]),
        "terms": terms(form["conditions"]),
        "opened": opened_parts(form, errors),
        "preview": preview,
        "history": history,
        "notes": (preview or {}).get("notes", {}),
        "can_force": can_force,
    }
    at = rows[0].client_id if rows else None
    path = f"/rules/{rows[0].id}/edit" if rows else "/rules/new"
    return view.page("rule_form.html", context, status=422 if errors else 200, at=at, path=path)
