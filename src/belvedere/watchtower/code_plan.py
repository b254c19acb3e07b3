"""What applying files of rules would do: create, change, delete or nothing, field by field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.code_circles import refuse_circles
from belvedere.watchtower.code_format import (
    Book,
    Columns,
    RuleText,
    canonical,
    defaults,
    rule_document,
)
from belvedere.watchtower.code_shelf import EVERY, Shelf, Stored
from belvedere.watchtower.code_yaml import place_problem

CREATE, CHANGE, DELETE = "create", "change", "delete"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that moves; `row` is its place in a group, None for a rule of one row."""

    field: str
    before: Any
    after: Any
    row: int | None = None

    def document(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "before": _shown(self.before),
            "after": _shown(self.after),
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that is created, changed or deleted."""

    action: str
    rule: RuleText
    client_id: int
    stored: Stored | None = None
    differences: tuple[Difference, ...] = ()

    def document(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "rule": self.rule.slug,
            "client": self.rule.client,
            "name": self.rule.rows[0]["name"],
            "differences": [item.document() for item in self.differences],
            "says": rule_document(self.rule.rows, self.rule.slug) if self.action == CREATE else None,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order they are taken, and how many rules stay as they are."""

    steps: tuple[Step, ...]
    unchanged: tuple[RuleText, ...] = ()

    @property
    def client_ids(self) -> frozenset[int]:
        return frozenset(step.client_id for step in self.steps)

    def count(self, action: str) -> int:
        return sum(step.action == action for step in self.steps)

    def is_same(self, other: "Plan") -> bool:
        """Whether both do the same to the same versions of rules."""
        return self.document() == other.document() and self.versions == other.versions

    @property
    def versions(self) -> list[tuple[UUID, int]]:
        """Of every stored row that a step is about."""
        return [(row.id, row.version) for step in self.steps if step.stored for row in step.stored.rows]

    def only_new(self) -> "Plan":
        """Creations alone; what differs from its file counts as it stands."""
        kept = tuple(step.rule for step in self.steps if step.action == CHANGE)
        created = tuple(step for step in self.steps if step.action == CREATE)
        return Plan(created, self.unchanged + kept)

    @property
    def summary(self) -> str:
        return (
            f"{self.count(CREATE)} to create, {self.count(CHANGE)} to change, {self.count(DELETE)} to delete,"
            f" {len(self.unchanged)} unchanged."
        )

    def document(self) -> dict[str, Any]:
        return {
            "create": self.count(CREATE),
            "change": self.count(CHANGE),
            "delete": self.count(DELETE),
            "unchanged": len(self.unchanged),
            "steps": [step.document() for step in self.steps],
        }


def make_plan(book: Book, shelf: Shelf, *, prune: bool = False) -> Plan:
    """Hold files against what stands. Raises Invalid where a file names what is not there.

    `prune` deletes the rules of the clients a file speaks for that it does not hold; built-in rules stay.
    """
    names = Names(book, shelf)
    wanted = [names.in_full(rule) for rule in book.rules]
    names.raise_problems()
    refuse_circles(wanted, shelf)
    steps: list[Step] = []
    unchanged: list[RuleText] = []
    for rule in wanted:
        client_id = names.client_id(rule.client)
        stored = shelf.rules.get((client_id, rule.slug))
        if stored is None:
            steps.append(Step(CREATE, rule, client_id))
            continue
        moved = tuple(_differences(stored.said.rows, rule.rows))
        if moved:
            steps.append(Step(CHANGE, rule, client_id, stored, moved))
        else:
            unchanged.append(rule)
    if prune:
        steps += names.not_wanted(wanted)
    return Plan(tuple(_in_order(steps)), tuple(unchanged))


class Names:
    """Finds what files name, among themselves and on the shelf, and collects what is not there."""

    def __init__(self, book: Book, shelf: Shelf) -> None:
        self._book = book
        self._shelf = shelf
        self._own = {rule.key for rule in book.rules}
        self._problems: list[FieldProblem] = []
        for scope in book.scopes - {None, *shelf.clients}:
            first = next((rule for rule in book.rules if rule.client == scope), None)
            place = RuleText("", scope, (), first.file if first else "", first.line if first else 1)
            self._miss(place, "client", f"There is no client {scope}.", shelf.clients)

    def client_id(self, word: str | None) -> int:
        return 0 if word is None else self._shelf.clients.get(word, -1)

    def in_full(self, rule: RuleText) -> RuleText:
        """The rule with every reference in the one form in which the shelf says it."""
        rows = tuple(self._row(rule, row) for row in rule.rows)
        return replace(rule, rows=rows)

    def raise_problems(self) -> None:
        if self._problems:
            raise Invalid(
                self._problems[0].detail
                if len(self._problems) == 1
                else f"{len(self._problems)} names lead nowhere. The first: {self._problems[0].detail}",
                errors=self._problems,
                code="rules_file",
            )

    def not_wanted(self, wanted: list[RuleText]) -> Iterator[Step]:
        kept = {(self.client_id(rule.client), rule.slug) for rule in wanted}
        scopes = {self.client_id(scope) for scope in self._book.scopes}
        for key, stored in self._shelf.rules.items():
            if key[0] in scopes and key not in kept and stored.head.builtin is None:
                yield Step(DELETE, stored.said, key[0], stored)

    def _row(self, rule: RuleText, row: Columns) -> dict[str, Any]:
        found = dict(row)
        for column, find in self._finders().items():
            if row.get(column):
                found[column] = find(rule, str(row[column]))
        return found

    def _finders(self) -> Mapping[str, Callable[[RuleText, str], str]]:
        return {
            "source_id": self._source,
            "parent_rule_id": self._parent,
            "overrides_rule_id": self._overridden,
            "webhook_channel_id": self._webhook,
            "discord_channel_id": self._discord,
        }

    def _source(self, rule: RuleText, word: str) -> str:
        by_id = {str(key): name for name, key in self._shelf.sources.items()}
        if word in self._shelf.sources or word in by_id:
            return by_id.get(word, word)
        self._miss(rule, "source_id", f"There is no source {word}.", self._shelf.sources)
        return word

    def _parent(self, rule: RuleText, word: str) -> str:
        bare = word.removeprefix(EVERY)
        owners = (None,) if word != bare else (rule.client, None)
        for owner in owners:
            if self._is_there(owner, bare):
                hidden = owner is None and rule.client is not None and self._is_there(rule.client, bare)
                return EVERY + bare if hidden else bare
        return self._by_id(rule, "parent_rule_id", word)

    def _overridden(self, rule: RuleText, word: str) -> str:
        bare = word.removeprefix(EVERY)
        return bare if self._is_there(None, bare) else self._by_id(rule, "overrides_rule_id", word)

    def _is_there(self, client: str | None, slug: str) -> bool:
        return (client, slug) in self._own or (self.client_id(client), slug) in self._shelf.rules

    def _by_id(self, rule: RuleText, column: str, word: str) -> str:
        found = next((slug for key, (_, slug) in self._shelf.slugs.items() if str(key) == word), None)
        if found is not None:
            return found
        near = [slug for client, slug in self._own if client in (None, rule.client)]
        near += [slug for _, slug in self._shelf.rules]
        self._miss(rule, column, f"There is no rule {word}, of this client or of every client.", near)
        return word

    def _webhook(self, rule: RuleText, word: str) -> str:
        return self._channel(rule, "webhook_channel_id", word, "webhook")

    def _discord(self, rule: RuleText, word: str) -> str:
        if word.isascii() and word.isdigit():
            return word
        if word.lower().startswith(("http://", "https://")):
            self._miss(
                rule,
                "discord_channel_id",
                "A webhook's address is a secret and has no place in a file. Add it as a channel, and write the"
                " channel's name here.",
                (),
            )
            return word
        return self._channel(rule, "discord_channel_id", word.removeprefix("webhook:"), "discord")

    def _channel(self, rule: RuleText, column: str, word: str, kinds: str) -> str:
        client_id = self.client_id(rule.client)
        found = self._shelf.find_channel(word, client_id, kinds)
        if found is not None:
            return self._shelf.channel_word(found, client_id, kinds)
        names = [one.name for one in self._shelf.channels if one.client_id in (client_id, 0)]
        self._miss(rule, column, f"There is no channel “{word}” here.", names)
        return word

    def _miss(self, rule: RuleText, column: str, detail: str, known: Any) -> None:
        names = list(known)
        last = detail.rstrip(".").split(" ")[-1]
        near = get_close_matches(last.strip("“”"), names, 1, 0.6)
        if near:
            detail = f"{detail} Did you mean {near[0]}?"
        elif names and len(names) <= 12:
            detail = f"{detail} There are: {', '.join(sorted(names))}."
        where = f"/rules/{rule.slug}/{column}" if rule.slug else f"/clients/{rule.client}"
        self._problems.append(place_problem(rule.file, rule.line, detail, where, "unknown"))


def _differences(before: tuple[Columns, ...], after: tuple[Columns, ...]) -> Iterator[Difference]:
    is_group = max(len(before), len(after)) > 1
    for number in range(max(len(before), len(after))):
        row = number if is_group else None
        if number >= len(before):
            yield Difference("row", None, _line_of(after[number]), row)
        elif number >= len(after):
            yield Difference("row", _line_of(before[number]), None, row)
        else:
            for name in after[number]:
                if before[number][name] != after[number][name]:
                    yield Difference(name, before[number][name], after[number][name], row)


def _line_of(row: Columns) -> str:
    return " ".join(str(row[key]) for key in ("field_name", "condition", "threshold_value") if row[key])


def _in_order(steps: list[Step]) -> list[Step]:
    """Parents before their children, deletions last and children first."""
    known = {(step.rule.client, step.rule.slug): step for step in steps}
    order: list[Step] = []
    begun: set[int] = set()

    def take(step: Step) -> None:
        if id(step) in begun:
            return
        begun.add(id(step))
        for parent in _needs(step.rule):
            if parent in known:
                take(known[parent])
        order.append(step)

    for step in steps:
        take(step)
    standing = [step for step in order if step.action != DELETE]
    gone = [step for step in reversed(order) if step.action == DELETE]
    # A rule that stands in for another leaves before its successor comes.
    coming = {_stands_in(step) for step in standing} - {None}
    first = [step for step in gone if _stands_in(step) in coming]
    return first + standing + [step for step in gone if step not in first]


def _stands_in(step: Step) -> tuple[int, str] | None:
    overridden = step.rule.rows[0]["overrides_rule_id"]
    return (step.client_id, overridden) if overridden else None


def _needs(rule: RuleText) -> Iterator[tuple[str | None, str]]:
    head = rule.rows[0]
    parent = head["parent_rule_id"]
    if parent:
        bare = parent.removeprefix(EVERY)
        yield None, bare
        if bare == parent:
            yield rule.client, bare
    if head["overrides_rule_id"]:
        yield None, head["overrides_rule_id"]


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    return [str(item) for item in value] if isinstance(value, list | tuple) else str(value)


def describe_plan(plan: Plan) -> list[str]:
    """The plan as lines for people: + create, ~ change, - delete."""
    lines: list[str] = []
    for step in plan.steps:
        sign = {CREATE: "+", CHANGE: "~", DELETE: "-"}[step.action]
        lines.append(f"{sign} {step.rule.shown}  {step.rule.rows[0]['name']}")
        lines += [f"    {line}" for line in _details(step)]
    return [*lines, plan.summary]


def _details(step: Step) -> Iterator[str]:
    if step.action == CREATE:
        for number, row in enumerate(step.rule.rows):
            unsaid = {**canonical({"name": "x", "field_name": "x", "condition": "changed"}), **defaults()}
            said = {key: value for key, value in row.items() if value != unsaid.get(key) and key != "name"}
            place = f"row {number + 1}: " if len(step.rule.rows) > 1 else ""
            yield place + ", ".join(f"{key} {_word(value)}" for key, value in said.items())
    for item in step.differences:
        place = f"row {item.row + 1}: " if item.row is not None else ""
        yield f"{place}{item.field}: {_word(item.before)} → {_word(item.after)}"


def _word(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def id_of_rule(shelf: Shelf, client_id: int, word: str) -> UUID | None:
    """The head's id behind a reference in full form."""
    bare = word.removeprefix(EVERY)
    owners = (0,) if word != bare else (client_id, 0)
    for owner in owners:
        stored = shelf.rules.get((owner, bare))
        if stored is not None:
            return stored.head.id
    return None
