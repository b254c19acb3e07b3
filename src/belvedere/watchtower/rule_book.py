"""Use cases of rules: create, change, delete. None of them commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from belvedere.accounts.contracts import Client
from belvedere.accounts.service import get_client
from belvedere.core import audit
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound
from belvedere.core.events import emit
from belvedere.core.ids import new_id
from belvedere.core.jobs import enqueue
from belvedere.watchtower import repository, rule_rows
from belvedere.watchtower.backtest_drafts import check_naming_near
from belvedere.watchtower.channel_choice import with_own_channel
from belvedere.watchtower.closing import announce_closed, closing_row
from belvedere.watchtower.contracts import ResolvedReason, Rule
from belvedere.watchtower.drafts import (
    CHANGEABLE,
    RuleDraft,
    changed_rule,
    is_same_limit,
    is_semantic,
    rule_of,
)
from belvedere.watchtower.fields import FieldPlace, parse_field
from belvedere.watchtower.groups import Unit, expression
from belvedere.watchtower.judging import wake_children
from belvedere.watchtower.rule_check import Note, RuleFacts, check_rule, invalid
from belvedere.watchtower.rule_families import (
    MOVES,
    check_place,
    check_sole_stand_in,
    taken_override,
    with_parent,
)

DISCORD_API = "https://discord.com/api/v10"
CLOSE_JOB = "watchtower.close_rule_alerts"
FIND_PLACES = "watchtower.rejudge_everywhere"


@dataclass(frozen=True, slots=True)
class SavedRule:
    """A rule as it stands now, its condition in one line, and what its author should know."""

    rule: Rule
    expression: str
    notes: tuple[Note, ...] = ()


async def create_rule(
    session: WriteSession,
    draft: RuleDraft,
    *,
    actor: str,
    now: datetime,
    force: bool = False,
    discord_base_url: str = DISCORD_API,
) -> SavedRule:
    """Save a new rule. Raises Invalid naming the field; `force` takes a field that no data carries yet."""
    rule = rule_of(draft, new_id(now), created_at=now)
    rule = await with_own_channel(session, rule, None, actor, now, discord_base_url)
    siblings = await _siblings(session, rule)
    if draft.position is None and siblings:
        rule = replace(rule, position=siblings[-1].position + 1)
    rule = await with_parent(session, rule, siblings)
    await check_place(session, None, rule, siblings)
    await check_sole_stand_in(session, rule)
    notes = await check_naming_near(session, rule, await _facts(session, rule, siblings), force=force)
    await _refusing_politely(session, rule_rows.insert_rule(session, rule, actor, now))
    if siblings:
        await _question_changed(session, siblings[:1], rule.client_id, actor, now)
    if rule.overrides_rule_id is not None:
        await _stand_in_moved(session, None, rule, actor, now)
        await _judge_at_once(session, [rule.id], actor)
    await _tell(session, rule, "created", actor, now)
    return _saved([*siblings, rule], rule, notes)


async def update_rule(
    session: WriteSession,
    rule_id: UUID,
    changes: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    force: bool = False,
    discord_base_url: str = DISCORD_API,
) -> SavedRule:
    """Change the named fields. Another question is a new version: open alerts of the old one close."""
    unknown = set(changes) - CHANGEABLE
    if unknown:
        name = min(unknown)
        raise invalid(name, "unchangeable", f"A rule has no field {name} to change.")
    if MOVES & set(changes):
        await rule_rows.lock_rules(session)
    before = await must_find_rule(session, rule_id, lock=True)
    rule = changed_rule(before, changes)
    rule = await with_own_channel(session, rule, before, actor, now, discord_base_url)
    siblings = [row for row in await _siblings(session, rule) if row.id != rule.id]
    if {"parent_rule_id", "dependency_condition"} & set(changes) or rule.parent_rule_id is not None:
        rule = await with_parent(session, rule, siblings)
    await check_place(session, before, rule, siblings)
    await check_sole_stand_in(session, rule)
    facts = replace(await _facts(session, rule, siblings), is_same_limit=is_same_limit(before, rule))
    notes = await check_naming_near(session, rule, facts, force=force)
    is_new_question = is_semantic(before, rule)
    if is_new_question:
        rule = replace(rule, version=before.version + 1)
    if not await _refusing_politely(session, rule_rows.update_rule(session, rule)):
        raise Forbidden("You may read this rule, but not change it.")
    if is_new_question:
        await _old_question_ends(session, before, rule, siblings, actor, now)
    await _stand_in_moved(session, before, rule, actor, now)
    word = "updated" if before.is_active == rule.is_active else ("enabled" if rule.is_active else "disabled")
    await _tell(session, rule, word, actor, now)
    return _saved([*siblings, rule], rule, notes)


async def delete_rule(
    session: WriteSession, rule_id: UUID, *, actor: str, now: datetime, detach: bool = False
) -> None:
    """Delete a rule with its alerts. A rule with children is kept, unless `detach` sets them free."""
    await rule_rows.lock_rules(session)
    rule = await must_find_rule(session, rule_id, lock=True)
    if rule.builtin:
        raise Conflict("This rule comes with the program. Switch it off instead.", code="rule_builtin")
    children = await rule_rows.find_children(session, rule_id)
    if children and not detach:
        names = ", ".join(f"“{name}”" for _, _, name in children[:5])
        raise Conflict(
            f"{len(children)} rules depend on this one: {names}. Delete with detach=true to set them free.",
            code="rule_has_children",
        )
    if children:
        await rule_rows.detach_children(session, rule_id)
    siblings = [row for row in await _siblings(session, rule) if row.id != rule.id]
    await close_rule_alerts(session, [rule_id], now, actor=actor)
    deleted = await _refusing_politely(session, rule_rows.delete_rule(session, rule_id))
    if not deleted:
        raise Forbidden("You may read this rule, but not delete it.")
    if siblings:
        await _question_changed(session, siblings[:1], rule.client_id, actor, now)
    await _stand_in_moved(session, rule, None, actor, now)
    await _tell(session, rule, "deleted", actor, now)


async def get_rule(session: ReadSession, rule_id: UUID) -> SavedRule:
    """One rule with its condition in one line and its notes as they stand today."""
    rule = await must_find_rule(session, rule_id)
    siblings = [row for row in await _siblings(session, rule) if row.id != rule.id]
    try:
        notes = check_rule(rule, await _facts(session, rule, siblings), force=True)
    except Invalid as error:
        # Rules may come by SQL: one that could not be saved here is shown with what is wrong with it.
        notes = [Note(problem.pointer.lstrip("/"), problem.code, problem.detail) for problem in error.errors]
    return _saved([*siblings, rule], rule, notes)


async def close_rule_alerts(
    session: WriteSession,
    rule_ids: Sequence[UUID],
    now: datetime,
    *,
    actor: str,
    client_id: int | None = None,
) -> int:
    """Close the open alerts of rules as `rule_changed`, those that this transaction can see."""
    ids = await rule_rows.find_open_alerts(session, rule_ids, client_id)
    rows = [closing_row(alert_id, ResolvedReason.RULE_CHANGED, now) for alert_id in ids]
    closed = await repository.close_alerts(session, rows, now=now, actor=actor)
    for place in {alert.client_id for alert in closed}:
        name = (await get_client(session, place)).name
        own = [alert for alert in closed if alert.client_id == place]
        await announce_closed(session, own, name, now, actor=actor)
        await wake_children(session, place, list({alert.rule_id for alert in own}), None)
    return len(closed)


async def _old_question_ends(
    session: WriteSession, before: Rule, rule: Rule, siblings: list[Rule], actor: str, now: datetime
) -> None:
    """A changed row changes its whole group; one that leaves a group changes the group it left."""
    await _question_changed(session, [rule], rule.client_id, actor, now, bump=False)
    await _question_changed(session, siblings[:1], rule.client_id, actor, now)
    if before.group_id is not None and before.group_id != rule.group_id:
        left = await rule_rows.find_group(session, before.client_id, before.group_id)
        await _question_changed(session, left[:1], before.client_id, actor, now)


async def _question_changed(
    session: WriteSession,
    rules: Sequence[Rule],
    client_id: int,
    actor: str,
    now: datetime,
    *,
    bump: bool = True,
) -> None:
    ids = [rule.id for rule in rules]
    if not ids:
        return
    if bump:
        await rule_rows.bump_versions(session, ids)
    await close_rule_alerts(session, ids, now, actor=actor)
    await _judge_at_once(session, ids, actor)
    if client_id == 0:
        # Alerts of a rule for every client stand at clients that its editor may not write.
        await enqueue(session, CLOSE_JOB, {"rule_ids": [str(rule_id) for rule_id in ids]}, actor=actor)


async def _judge_at_once(
    session: WriteSession, rule_ids: Sequence[UUID], actor: str, *, client_id: int | None = None
) -> None:
    """Have rules judged on the newest readings, not only on the next ones."""
    if rule_ids:
        args = {"rule_ids": [str(rule_id) for rule_id in rule_ids], "client_id": client_id}
        await enqueue(session, FIND_PLACES, args, actor=actor)


async def _stand_in_moved(
    session: WriteSession, before: Rule | None, after: Rule | None, actor: str, now: datetime
) -> None:
    """A rule that stands in for one of every client ends that one's alerts at its client; when it goes, that one
    is asked again there.
    """
    was, now_is = _replaced(before), _replaced(after)
    if was == now_is:
        return
    if now_is is not None:
        rule_id, client_id = now_is
        await close_rule_alerts(session, [rule_id], now, actor=actor, client_id=client_id)
    if was is not None:
        rule_id, client_id = was
        await _judge_at_once(session, [rule_id], actor, client_id=client_id)


def _replaced(rule: Rule | None) -> tuple[UUID, int] | None:
    """The rule for every client that a rule stands in for, and where."""
    if rule is None or rule.overrides_rule_id is None or not rule.is_active:
        return None
    return rule.overrides_rule_id, rule.client_id


async def must_find_rule(session: ReadSession, rule_id: UUID, *, lock: bool = False) -> Rule:
    rule = await rule_rows.find_rule(session, rule_id, lock=lock)
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


async def _siblings(session: ReadSession, rule: Rule) -> list[Rule]:
    return [] if rule.group_id is None else await rule_rows.find_group(session, rule.client_id, rule.group_id)


async def _facts(session: ReadSession, rule: Rule, siblings: Sequence[Rule]) -> RuleFacts:
    source = None
    if rule.source_id is not None:
        source = await rule_rows.find_place(session, rule.source_id, rule.client_id)
        if source is None:
            raise invalid("source_id", "unknown", "There is no such source.")
    ref = parse_field(rule.field_name)
    client = await _client_of(session, rule)
    name = ref.name if ref.place in (None, FieldPlace.METRIC) else ""
    known = await rule_rows.find_known_field(session, name, rule.source_id, rule.client_id)
    return RuleFacts(
        **await rule_rows.find_more_facts(session, rule, siblings),
        source=source,
        known=known,
        siblings=siblings,
        client_has_discord=bool(client.discord_channel_id),
        client_has_email=bool(client.email_recipients),
        is_every_client=rule.client_id == 0,
    )


async def _client_of(session: ReadSession, rule: Rule) -> Client:
    try:
        return await get_client(session, rule.client_id)
    except NotFound as error:
        problem = FieldProblem("/client_id", "unknown", error.detail)
        raise NotFound(error.detail, errors=[problem]) from error


async def _refusing_politely(session: WriteSession, work: Any) -> Any:
    """Database refusals as answers a person can act on."""
    try:
        async with session.begin_nested():
            return await work
    except IntegrityError as error:
        raise _explain(error) from error


def _explain(error: IntegrityError) -> Invalid | Conflict:
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    if name.endswith(("no_cycle", "depth", "not_own_parent")):
        detail = (
            "This parent would close a circle, or make the chain of parents too long. Choose another parent."
        )
        return invalid("parent_rule_id", "cycle", detail)
    if name.endswith("parent_leads_group"):
        return Conflict(
            "A rule that others wait for leads its group, and none waits for its own group. Some of these rules are at"
            " clients you cannot see: leave group_id and position as they are.",
            code="rule_parent_not_head",
        )
    if name.endswith("one_override"):
        return taken_override("")
    if "parent" in name:
        return Conflict(
            "Other rules depend on this one, some at clients you cannot see.", code="rule_has_children"
        )
    return Conflict("The rule does not fit what is stored.", code="rule_conflict")


async def _tell(session: WriteSession, rule: Rule, change: str, actor: str, now: datetime) -> None:
    await audit.record(
        session,
        action=f"rule.{change}",
        actor=actor,
        subject_type="rule",
        subject_id=str(rule.id),
        client_id=rule.client_id,
        detail={"name": rule.name, "version": rule.version},
        now=now,
    )
    await emit(
        session,
        "rule.changed",
        subject=str(rule.id),
        client_id=rule.client_id,
        data={"rule_id": str(rule.id), "version": rule.version, "change": change},
        actor=actor,
        now=now,
    )


def _saved(rows: Sequence[Rule], rule: Rule, notes: Sequence[Note]) -> SavedRule:
    ordered = sorted(rows, key=lambda row: (row.position, row.created_at, row.id))
    return SavedRule(rule, expression(Unit(tuple(ordered))), tuple(notes))
