"""Files of rules into the database, through the same use cases as pages and API: checks, versions, audit and events
hold. One transaction, that of the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict
from belvedere.core.ids import new_id
from belvedere.watchtower import rule_book, rule_rows
from belvedere.watchtower.code_check import check_plan, said_at
from belvedere.watchtower.code_format import Book, Columns, RuleText, rule_document
from belvedere.watchtower.code_plan import CHANGE, CREATE, DELETE, Plan, Step, id_of_rule, make_plan
from belvedere.watchtower.code_shelf import Shelf, Stored, load_shelf
from belvedere.watchtower.compose import WEBHOOK_PREFIX
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.rule_check import Note

PARENT = ("parent_rule_id", "dependency_condition")


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and what the authors of the rules should know."""

    plan: Plan
    notes: tuple[tuple[str, Note], ...] = ()


async def export_rules(session: ReadSession, *, client_id: int | None = None) -> dict[str, Any]:
    """Every rule in view as a document of a file; `client_id` takes one client's own, 0 those for every client.
    Built-in rules are the program's and stay out.
    """
    shelf = await load_shelf(session)
    return document_of(shelf, client_id=client_id)


def document_of(shelf: Shelf, *, client_id: int | None = None) -> dict[str, Any]:
    document: dict[str, Any] = {"version": 1}
    for key in sorted(shelf.rules, key=lambda key: (key[0], key[1])):
        stored = shelf.rules[key]
        if stored.head.builtin is not None or client_id not in (None, key[0]):
            continue
        said = rule_document(stored.said.rows, key[1])
        if key[0] == 0:
            document.setdefault("rules", {})[key[1]] = said
        else:
            word = stored.said.client or str(key[0])
            document.setdefault("clients", {}).setdefault(word, {})[key[1]] = said
    return document


async def plan_rules(session: ReadSession, book: Book, *, prune: bool = False) -> Plan:
    """What applying would do. Raises Invalid where a rule names what is not there or says what cannot hold."""
    shelf = await load_shelf(session)
    plan = make_plan(book, shelf, prune=prune)
    await check_plan(session, plan, shelf)
    return plan


async def apply_rules(
    session: WriteSession,
    book: Book,
    *,
    actor: str,
    now: datetime,
    prune: bool = False,
    force: bool = False,
    only_new: bool = False,
    shown: Plan | None = None,
    discord_base_url: str = rule_book.DISCORD_API,
) -> Applied:
    """Make the rules say what the files say. Twice the same files change nothing the second time.

    `only_new` creates what is missing and leaves what stands as it is. `shown` is the plan that somebody agreed to:
    raises Conflict where the rules have moved since, so that nobody's change is taken back unseen.
    """
    await rule_rows.lock_rules(session)
    shelf = await load_shelf(session)
    plan = make_plan(book, shelf, prune=prune)
    if only_new:
        plan = plan.only_new()
    if shown is not None and not plan.is_same(shown):
        raise Conflict(
            "Somebody changed these rules since this plan was made. Nothing was done. Look at a new plan.",
            code="rules_moved",
        )
    work = _Work(session, shelf, actor, now, force, discord_base_url)
    await work.take(plan)
    return Applied(plan, tuple(work.notes))


async def rehearse_rules(
    session: WriteSession,
    book: Book,
    *,
    actor: str,
    now: datetime,
    prune: bool = False,
    discord_base_url: str = rule_book.DISCORD_API,
) -> Applied:
    """The plan and its notes, after everything was done and taken back: what applying refuses is refused here, in the same
    words. A field that no data carries yet is a note: applying takes it by force.
    """
    step = await session.begin_nested()
    try:
        done = await apply_rules(
            session, book, actor=actor, now=now, prune=prune, force=True, discord_base_url=discord_base_url
        )
    finally:
        await step.rollback()
    return done


@dataclass
class _Work:
    session: WriteSession
    shelf: Shelf
    actor: str
    now: datetime
    force: bool
    discord_base_url: str
    notes: list[tuple[str, Note]] = field(default_factory=list)

    async def take(self, plan: Plan) -> None:
        await self._free_moving_parents(plan)
        for step in plan.steps:
            with said_at(step.rule):
                if step.action == CREATE:
                    await self._create(step)
                elif step.action == DELETE:
                    await self._delete(step)
                else:
                    await self._change(step)
        for rule in plan.unchanged:
            await self._adopt(rule)

    async def _free_moving_parents(self, plan: Plan) -> None:
        """Two rules that change places in a chain would close a circle between one step and the next."""
        moving = [
            step
            for step in plan.steps
            if step.action == CHANGE
            and step.stored is not None
            and step.stored.head.parent_rule_id is not None
            and any(item.field == "parent_rule_id" for item in step.differences)
        ]
        for step in moving if len(moving) > 1 else []:
            await self._update(step.rule, _stored(step).head.id, dict.fromkeys(PARENT))

    async def _create(self, step: Step) -> None:
        group_id = new_id(self.now) if len(step.rule.rows) > 1 else None
        for number, row in enumerate(step.rule.rows):
            saved = await self._insert(step, row, group_id, number, step.rule.slug if number == 0 else None)
            if number == 0:
                self._place(step, saved)

    async def _insert(
        self, step: Step, row: Columns, group_id: UUID | None, number: int, slug: str | None
    ) -> Rule:
        values = self._resolved(row, step.client_id)
        draft = RuleDraft(
            **values,
            client_id=step.client_id or None,
            group_id=group_id,
            position=number if group_id else None,
            slug=slug,
        )
        saved = await rule_book.create_rule(
            self.session,
            draft,
            actor=self.actor,
            now=self.now,
            force=self.force,
            discord_base_url=self.discord_base_url,
        )
        self.notes += [(step.rule.shown, note) for note in saved.notes]
        return saved.rule

    def _place(self, step: Step, head: Rule) -> None:
        """Rules made later in this plan may name this one."""
        self.shelf.rules[step.client_id, step.rule.slug] = Stored(step.rule, step.client_id, (head,))
        self.shelf.slugs[head.id] = (step.client_id, step.rule.slug)

    async def _change(self, step: Step) -> None:
        stored = _stored(step)
        rows = step.rule.rows
        group_id = stored.head.group_id
        if group_id is None and len(rows) > 1:
            group_id = new_id(self.now)
        for number, (before, after) in enumerate(zip(stored.rows, rows, strict=False)):
            said = stored.said.rows[number]
            moved = {name: after[name] for name in after if said[name] != after[name]}
            changes = {
                name: value for name, value in self._resolved(after, step.client_id).items() if name in moved
            }
            if number == 0 and before.slug is None:
                changes["slug"] = step.rule.slug
            if before.group_id != group_id:
                changes["group_id"] = group_id
            if changes:
                await self._update(step.rule, before.id, self._whole(changes, after, step.client_id))
        for gone in stored.rows[len(rows) :]:
            await rule_book.delete_rule(self.session, gone.id, actor=self.actor, now=self.now)
        for row in rows[len(stored.rows) :]:
            await self._insert_last(step, row, group_id)

    async def _insert_last(self, step: Step, row: Columns, group_id: UUID | None) -> None:
        stored = _stored(step)
        last = await rule_rows.find_group(self.session, step.client_id, group_id or stored.head.id)
        await self._insert(step, row, group_id, last[-1].position + 1 if last else 1, None)

    def _whole(self, changes: dict[str, Any], after: Columns, client_id: int) -> dict[str, Any]:
        """Parent and word go together, as the use case wants them; a parent may have been set free before."""
        if set(PARENT) & set(changes):
            resolved = self._resolved(after, client_id)
            return {**changes, **{name: resolved[name] for name in PARENT}}
        return changes

    async def _update(self, rule: RuleText, rule_id: UUID, changes: Mapping[str, Any]) -> None:
        saved = await rule_book.update_rule(
            self.session,
            rule_id,
            changes,
            actor=self.actor,
            now=self.now,
            force=self.force,
            discord_base_url=self.discord_base_url,
        )
        self.notes += [(rule.shown, note) for note in saved.notes]

    async def _delete(self, step: Step) -> None:
        for row in reversed(_stored(step).rows):
            await rule_book.delete_rule(self.session, row.id, actor=self.actor, now=self.now)

    async def _adopt(self, rule: RuleText) -> None:
        """A rule made by hand is known by its short name from now on, whatever its title becomes."""
        client_id = 0 if rule.client is None else self.shelf.clients[rule.client]
        head = self.shelf.rules[client_id, rule.slug].head
        if head.slug is None:
            await self._update(rule, head.id, {"slug": rule.slug})

    def _resolved(self, row: Columns, client_id: int) -> dict[str, Any]:
        """Words into ids. The plan has checked that each leads somewhere."""
        shelf = self.shelf
        parent, overridden = row["parent_rule_id"], row["overrides_rule_id"]
        return {
            **row,
            "source_id": shelf.sources.get(row["source_id"]) if row["source_id"] else None,
            "parent_rule_id": id_of_rule(shelf, client_id, parent) if parent else None,
            "overrides_rule_id": id_of_rule(shelf, 0, overridden) if overridden else None,
            "webhook_channel_id": self._channel(row["webhook_channel_id"], client_id, "webhook"),
            "discord_channel_id": self._discord(row["discord_channel_id"], client_id),
            "email_recipients": tuple(row["email_recipients"]) if row["email_recipients"] else None,
        }

    def _channel(self, word: str | None, client_id: int, kinds: str) -> UUID | None:
        return None if word is None else self.shelf.find_channel(word, client_id, kinds)

    def _discord(self, word: str | None, client_id: int) -> str | None:
        if word is None or (word.isascii() and word.isdigit()):
            return word
        return f"{WEBHOOK_PREFIX}{self.shelf.find_channel(word, client_id, 'discord')}"


def _stored(step: Step) -> Stored:
    if step.stored is None:
        raise RuntimeError("a step that changes or deletes carries the rule that stands")
    return step.stored
