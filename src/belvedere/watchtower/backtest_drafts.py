"""Rules to try: a stored one, a draft, or a draft of a stored one; checked like a rule that is to be saved."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from belvedere.accounts.service import get_client
from belvedere.core.database import ReadSession
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.sources.contracts import RECORD_COLUMNS
from belvedere.watchtower import rule_rows
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.drafts import RuleDraft, rule_of
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.repository import load_metric_words
from belvedere.watchtower.rule_check import Note, RuleFacts, check_rule
from belvedere.watchtower.rule_facts import together

NEAR = 4


async def stored_rows(session: ReadSession, rule_id: UUID) -> list[Rule]:
    """All rows of a stored rule's group, its head first; NotFound where it is out of reach."""
    rule = await rule_rows.find_rule(session, rule_id)
    if rule is None:
        raise NotFound("There is no such rule.")
    if rule.group_id is None:
        return [rule]
    return list(form_units(await rule_rows.find_group(session, rule.client_id, rule.group_id))[0].rows)


async def draft_rows(
    session: ReadSession, drafts: Sequence[RuleDraft], stored: Sequence[Rule], fresh_id: UUID
) -> list[Rule]:
    """Drafts as the rows of one rule, under the id of the stored head if there is one."""
    head_id = stored[0].id if stored else fresh_id
    group_id = UUID(int=head_id.int ^ 1) if len(drafts) > 1 else None
    rows: list[Rule] = []
    wrong: list[Invalid] = []
    if drafts[0].client_id:
        await get_client(session, drafts[0].client_id)
    for position, draft in enumerate(drafts):
        whole = replace(draft, client_id=drafts[0].client_id, group_id=group_id, position=position)
        rule = rule_of(whole, head_id if position == 0 else UUID(int=head_id.int ^ (position << 8)))
        rows.append(rule)
        try:
            await check_draft(session, rule, position)
        except Invalid as error:
            wrong.append(error)
    if wrong:
        raise together(wrong)
    return rows


async def check_draft(session: ReadSession, rule: Rule, position: int) -> list[Note]:
    """What its author should know. Refuse what could not be saved; a field that no data carries comes with the names that look like it."""
    place = None
    if rule.source_id is not None:
        place = await rule_rows.find_place(session, rule.source_id, rule.client_id)
        if place is None:
            problem = FieldProblem(f"/rows/{position}/source_id", "unknown", "There is no such source.")
            raise Invalid(problem.detail, errors=[problem])
    name = rule.field_name.removeprefix("metric:").removeprefix("col:")
    known = await rule_rows.find_known_field(session, name, rule.source_id, rule.client_id)
    try:
        return check_rule(
            rule, RuleFacts(source=place, known=known, is_every_client=rule.client_id == 0), force=False
        )
    except Invalid as error:
        hint = await _hint(session, name) if error.code == "field_unknown" else ""
        raise Invalid(
            error.detail + hint,
            errors=[
                FieldProblem(f"/rows/{position}{problem.pointer}", problem.code, problem.detail + hint)
                for problem in error.errors
            ],
            code=error.code,
        ) from error


async def check_naming_near(session: ReadSession, rule: Rule, facts: RuleFacts, *, force: bool) -> list[Note]:
    """`check_rule`, and where no data carries the field the known names that look like it."""
    try:
        return check_rule(rule, facts, force=force)
    except Invalid as error:
        name = rule.field_name.removeprefix("metric:").removeprefix("col:")
        hint = await _hint(session, name) if error.code == "field_unknown" else ""
        if not hint:
            raise
        problems = [replace(problem, detail=problem.detail + hint) for problem in error.errors]
        raise Invalid(error.detail + hint, errors=problems, code=error.code) from error


async def _hint(session: ReadSession, name: str) -> str:
    _, labels = await load_metric_words(session)
    found = near_names(name, [*labels, *RECORD_COLUMNS])
    return f" Near to it: {', '.join(found)}." if found else ""


def near_names(name: str, names: Collection[str]) -> list[str]:
    """Known names that look like this one, the nearest first."""
    return difflib.get_close_matches(name, sorted(set(names)), n=NEAR, cutoff=0.5)
