"""Unit tests of rules: readings spelled out, step by step, and which alerts must open and resolve.

```yaml
tests:
  - name: A low rate opens once and resolves
    source: omnisend/campaigns
    steps:
      - records: [{external_id: advent, metrics: {open_rate: 12}}]
        expect: {opened: {low-open-rate: [advent]}}
      - records: [{external_id: advent, metrics: {open_rate: 21}}]
        expect: {resolved: {low-open-rate: [advent]}}
```

A step is a reading (`records`), or an `acknowledge` of open alerts. `expect` is exact: what it does not name must not
happen. The judge is the one that judges live readings; there is no database and no clock.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from belvedere.core.errors import Invalid
from belvedere.watchtower.code_format import Book, RuleText
from belvedere.watchtower.code_plan import Names
from belvedere.watchtower.code_readings import made_up_id, make_frames, read_instant
from belvedere.watchtower.code_replay import Entity, Moves, PlayedReading, Watch
from belvedere.watchtower.code_shelf import EVERY, Shelf
from belvedere.watchtower.code_yaml import Lined, LinedList, wrong
from belvedere.watchtower.contracts import Place, Rule

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
TEST_KEYS = ("name", "source", "client", "start", "every", "steps")
STEP_KEYS = (
    "records", "source", "client", "at", "after", "as_of", "completeness", "acknowledge", "expect",
)  # fmt: skip
EXPECT_KEYS = ("opened", "resolved", "held", "open")
SPANS = {"min": "minutes", "h": "hours", "day": "days", "week": "weeks"}
WHOLE = "*"
"""How an expectation names the whole reading, which rules with an aggregate judge as one."""

Expected = dict[str, dict[str, str | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test as it went: `failures` are lines, none when it passed."""

    file: str
    line: int
    name: str
    steps: int
    failures: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures


def run_tests(book: Book) -> list[Outcome]:
    """Play every test of the files. Raises Invalid where a test cannot be read, with its line."""
    return [FilePlay(book, file, test).play() for file, test in book.tests]


def describe_outcomes(outcomes: Iterable[Outcome]) -> list[str]:
    lines: list[str] = []
    failed = passed = 0
    for outcome in outcomes:
        word = "ok  " if outcome.passed else "FAIL"
        place = f"{outcome.file}:{outcome.line}" if outcome.file else f"line {outcome.line}"
        lines.append(f"{word} {outcome.name}  ({place}, {outcome.steps} steps)")
        lines += [f"     {line}" for line in outcome.failures]
        passed, failed = passed + outcome.passed, failed + (not outcome.passed)
    lines.append(
        f"{passed} passed, {failed} failed." if passed + failed else "There are no tests in these files."
    )
    return lines


@dataclass
class FilePlay:
    """One test of a file: its rules with made-up ids, and the watch that they are played on."""

    book: Book
    file: str
    test: Lined
    now: datetime = START
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._check(self.test, TEST_KEYS, "a test")
        self.every = self._span(self.test.get("every"), self.test, "every", timedelta(days=1))
        if self.test.get("start") is not None:
            self.now = self._instant(self.test, "start")
        self.clients = self._number_clients()
        self.rules, self.words = rules_of(self.book, self.clients)
        self.watch = Watch(self.rules, self._units())

    def play(self) -> Outcome:
        steps = self.test.get("steps")
        if not isinstance(steps, LinedList) or not steps:
            raise self._refuse(self.test.line, "a test needs its steps.")
        for number, step in enumerate(steps, 1):
            if not isinstance(step, Lined):
                raise self._refuse(steps.lines[number - 1], "a step is a set of keys.")
            self._check(step, STEP_KEYS, "a step")
            self._move_clock(step, number)
            moves = self._take(step)
            self.failures += [
                f"step {number} (line {step.line}): {line}" for line in self._compare(step, moves)
            ]
        name = str(self.test.get("name") or "a test")
        return Outcome(self.file, self.test.line, name, len(steps), tuple(self.failures))

    def _take(self, step: Lined) -> Moves:
        if "acknowledge" in step:
            wanted = self._expected(step["acknowledge"], step.lines["acknowledge"])
            return self.watch.acknowledge(self._entities(wanted, step.lines["acknowledge"]))
        if "records" not in step:
            raise self._refuse(step.line, "a step has records, or acknowledge.")
        records = step["records"] or []
        if not all(isinstance(record, Lined) for record in records):
            raise self._refuse(step.lines["records"], "records is a list of records.")
        completeness = str(step.get("completeness") or "full")
        if completeness not in ("full", "partial", "incremental"):
            raise self._refuse(step.lines["completeness"], "completeness is full, partial or incremental.")
        reading = PlayedReading(
            self._place(step),
            make_frames(records, self._refuse),
            self.now,
            is_full=completeness == "full",
            data_as_of=self._instant(step, "as_of") if step.get("as_of") is not None else None,
        )
        return self.watch.read(reading)

    def _place(self, step: Lined) -> Place:
        word = str(step.get("source") or self.test.get("source") or "made-up/readings")
        provider, slash, endpoint = word.partition("/")
        if not slash:
            raise self._refuse(step.line, f"a source is written provider/endpoint, not {word}.")
        client = str(step.get("client") or self.test.get("client") or "client")
        return Place(self.clients[client], made_up_id("source", word), provider, endpoint)

    def _move_clock(self, step: Lined, number: int) -> None:
        if step.get("at") is not None:
            self.now = self._instant(step, "at")
        elif number > 1 or step.get("after") is not None:
            self.now += self._span(step.get("after"), step, "after", self.every)

    def _instant(self, found: Lined, key: str) -> datetime:
        try:
            return read_instant(str(found[key]))
        except ValueError as error:
            raise self._refuse(found.lines[key], f"{key}: {found[key]!r} is no ISO time.") from error

    def _span(self, value: Any, found: Lined, key: str, usual: timedelta) -> timedelta:
        if value is None:
            return usual
        match = re.fullmatch(r"(\d+)\s*(min|h|day|week)s?", str(value).strip())
        if match is None:
            raise self._refuse(
                found.lines[key], f"{key}: write a time such as 30 min, 6 h, 1 day or 2 weeks."
            )
        return timedelta(**{SPANS[match[2]]: int(match[1])})

    def _compare(self, step: Lined, moves: Moves) -> Iterator[str]:
        if "expect" not in step:
            return
        expect = step["expect"]
        if not isinstance(expect, Lined):
            if expect is not None:
                raise self._refuse(step.lines["expect"], "expect says what opened and what resolved.")
            expect = Lined(step.lines["expect"])
        self._check(expect, EXPECT_KEYS, "expect")
        opened = {key: self._severity(key) for key, _ in moves.opened}
        found: dict[str, dict[Entity, str]] = {
            "opened": opened,
            "resolved": dict(moves.resolved),
            "held": dict(moves.held),
            "open": {key: self._severity(key) for key in self._standing()},
        }
        for kind in EXPECT_KEYS:
            if kind in expect or kind in ("opened", "resolved"):
                wanted = self._expected(expect.get(kind), expect.lines.get(kind, expect.line))
                yield from self._difference(kind, wanted, found[kind], moves)

    def _standing(self) -> list[Entity]:
        return [(alert.rule_id, alert.external_id or "") for alert in self.watch.alerts.values()]

    def _severity(self, entity: Entity) -> str:
        return next(rule.severity.value for rule in self.rules if rule.id == entity[0])

    def _difference(
        self, kind: str, wanted: Expected, found: Mapping[Entity, str], moves: Moves
    ) -> Iterator[str]:
        got = {
            (self.words[rule_id], external_id or WHOLE): why for (rule_id, external_id), why in found.items()
        }
        for rule, entities in wanted.items():
            for entity, why in entities.items():
                if (rule, entity) not in got:
                    yield f"- {kind}: {rule} on {entity} was expected and did not come.{self._hint(rule, moves)}"
                elif why is not None and why not in got[rule, entity]:
                    yield f"~ {kind}: {rule} on {entity}: {why} was expected, it is {got[rule, entity]}."
        for rule, entity in got:
            if entity not in wanted.get(rule, {}):
                yield f"+ {kind}: {rule} on {entity} came and was not expected{self._values(rule, entity, moves)}."

    def _hint(self, rule: str, moves: Moves) -> str:
        held = [why for (rule_id, _), why in moves.held if self.words[rule_id] == rule]
        notes = [note for note in moves.notes if note.startswith(rule)]
        return f" Held: {held[0]}" if held else (f" {notes[0]}" if notes else "")

    def _values(self, rule: str, entity: str, moves: Moves) -> str:
        for (rule_id, external_id), finding in moves.opened:
            if self.words[rule_id] == rule and (external_id or WHOLE) == entity:
                parts = [f"{item.field} is {item.value}" for item in finding.conditions]
                return f" ({', '.join(parts)})"
        return ""

    def _expected(self, value: Any, line: int) -> Expected:
        """`{rule: [entity]}` or `{rule: {entity: word}}`."""
        if value is None:
            return {}
        if not isinstance(value, Lined):
            raise self._refuse(line, "write rules with their entities: {low-open-rate: [advent]}.")
        found: Expected = {}
        for rule, entities in value.items():
            self._known_rule(rule, value.lines[rule])
            if isinstance(entities, Mapping):
                found[rule] = {name: None if why is None else str(why) for name, why in entities.items()}
            else:
                listed = entities if isinstance(entities, list) else [entities]
                found[rule] = {str(getattr(name, "text", name)): None for name in listed}
        return found

    def _known_rule(self, word: str, line: int) -> None:
        known = set(self.words.values())
        if word not in known:
            near = get_close_matches(word, known, 1, 0.6)
            hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(sorted(known))}."
            raise self._refuse(line, f"there is no rule {word} in these files.{hint}")

    def _entities(self, wanted: Expected, line: int) -> list[Entity]:
        by_word = {word: key for key, word in self.words.items()}
        found = [
            (by_word[rule], "" if name == WHOLE else name) for rule, names in wanted.items() for name in names
        ]
        missing = [entity for entity in found if entity not in self._standing()]
        if missing:
            raise self._refuse(
                line, f"{self.words[missing[0][0]]} has no open alert on {missing[0][1] or WHOLE}."
            )
        return found

    def _number_clients(self) -> dict[str, int]:
        steps = [step for step in self.test.get("steps") or [] if isinstance(step, Lined)]
        names = [scope for scope in self.book.scopes if scope is not None]
        names += [str(place["client"]) for place in (self.test, *steps) if place.get("client")]
        return {name: number for number, name in enumerate(dict.fromkeys(["client", *sorted(names)]), 1)}

    def _units(self) -> dict[str, str]:
        """Every metric that a reading of the test carries is known, as in an installation that has read it."""
        units: dict[str, str] = {}
        for step in self.test.get("steps") or []:
            for record in (step.get("records") or []) if isinstance(step, Lined) else []:
                for name, value in (record.get("metrics") or {}).items() if isinstance(record, Lined) else ():
                    unit = value.get("unit") if isinstance(value, Mapping) else None
                    units[name] = str(unit or units.get(name, "count"))
        return units

    def _check(self, found: Lined, known: tuple[str, ...], what: str) -> None:
        for key in found:
            if key not in known:
                near = get_close_matches(key, known, 1, 0.6)
                hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(known)}."
                raise self._refuse(found.lines[key], f"{what} has no key {key}.{hint}")

    def _refuse(self, line: int, detail: str) -> Invalid:
        return wrong(self.file, line, detail, pointer="/tests")


def rules_of(book: Book, clients: Mapping[str, int]) -> tuple[list[Rule], dict[UUID, str]]:
    """The rules of files with made-up ids, and the word of each head. Sources need not stand anywhere."""
    sources = {
        word: made_up_id("source", word)
        for rule in book.rules
        for row in rule.rows
        if (word := row["source_id"])
    }
    shelf = Shelf(clients, sources)
    names = Names(book, shelf)
    spelled = [names.in_full(_without_channels(rule)) for rule in book.rules]
    names.raise_problems()
    find = _rule_ids(spelled, clients)
    rules: list[Rule] = []
    words: dict[UUID, str] = {}
    for rule in spelled:
        made = list(_rows_of(rule, names.client_id(rule.client), sources, find))
        words[made[0].id] = rule.shown
        rules += made
    return rules, words


def _without_channels(rule: RuleText) -> RuleText:
    """Whom a rule tells says nothing about when it fires, and its channels stand in an installation."""
    bare = {"discord_channel_id": None, "webhook_channel_id": None}
    return RuleText(rule.slug, rule.client, tuple({**row, **bare} for row in rule.rows), rule.file, rule.line)


def _rule_ids(
    rules: Iterable[RuleText], clients: Mapping[str, int]
) -> Callable[[str | None, int], UUID | None]:
    ids = {
        (clients.get(rule.client or "", 0), rule.slug): made_up_id("rule", rule.client, rule.slug, 0)
        for rule in rules
    }

    def find(word: str | None, client_id: int) -> UUID | None:
        if word is None:
            return None
        bare = word.removeprefix(EVERY)
        own = ids.get((client_id, bare)) if bare == word else None
        return own or ids.get((0, bare))

    return find


def _rows_of(
    rule: RuleText,
    client_id: int,
    sources: Mapping[str, UUID],
    find: Callable[[str | None, int], UUID | None],
) -> Iterator[Rule]:
    group_id = made_up_id("group", rule.client, rule.slug) if len(rule.rows) > 1 else None
    for number, row in enumerate(rule.rows):
        parent = find(row["parent_rule_id"], client_id)
        own = {
            **row,
            "id": made_up_id("rule", rule.client, rule.slug, number),
            "client_id": client_id,
            "source_id": sources.get(row["source_id"] or ""),
            "group_id": group_id,
            "position": number,
            "parent_rule_id": parent,
            "overrides_rule_id": find(row["overrides_rule_id"], 0),
            "email_recipients": tuple(row["email_recipients"] or ()),
            "slug": rule.slug if number == 0 else None,
        }
        yield Rule(**own)
