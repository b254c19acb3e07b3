"""The form of rules in files: which keys there are, and one reading of a file into rules by their short names.

```yaml
rules:                        # for every client
  low-open-rate:
    name: Low open rate
    source_id: omnisend/campaigns
    field_name: open_rate
    condition: less_than
    threshold_value: 15
clients:
  brandt:                     # of one client
    low-roas:
      name: Low ROAS, high spend
      severity: critical
      rows:                   # conditions that are judged together
        - {field_name: roas, condition: less_than, threshold_value: 2}
        - {field_name: spend, condition: greater_than, threshold_value: 1000}
```
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from belvedere.core.errors import FieldProblem, Invalid
from belvedere.watchtower.code_yaml import Lined, LinedList, Number, place_problem, read_yaml
from belvedere.watchtower.schemas import RuleCreate

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}", re.ASCII)
TOP_KEYS = ("version", "title", "description", "rules", "clients", "tests")
NOT_IN_FILES = frozenset({"client_id", "group_id", "position", "force", "slug"})
REFERENCES = {
    "source_id": "Source as provider/endpoint, or its id.",
    "parent_rule_id": "Rule this one depends on, by its short name: of the same client, else of every client.",
    "overrides_rule_id": "Rule for every client that this one replaces at its client, by its short name.",
    "webhook_channel_id": "Channel for signed webhooks, by its name or id.",
    "discord_channel_id": "Discord channel by its number, or a channel of Belvedere by its name.",
}
SHARED = ("name", "source_id", "target_table", "is_active")
"""What the rows of a group take from the group unless they say otherwise."""

QUESTION = (
    "field_name", "condition", "threshold_value", "aggregate", "recovery_threshold", "min_volume_field",
    "min_volume", "fires_from_zero", "logic_operator",
)  # fmt: skip
"""What stands in the rows of a group; the rest is the group's."""

TEXTS = frozenset({"threshold_value", "recovery_threshold", "discord_channel_id", "min_volume_field"})


def _build_columns() -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, field in RuleCreate.model_fields.items():
        if name in REFERENCES:
            fields[name] = (str | None, Field(default=None, max_length=255, description=REFERENCES[name]))
        elif name not in NOT_IN_FILES:
            fields[name] = (field.annotation, field)
    return create_model("RuleInFile", __config__=ConfigDict(extra="forbid"), **fields)


RuleInFile = _build_columns()
"""One row of a rule as files write it: the columns of `watchtower_rules`, references as words."""

COLUMNS = tuple(RuleInFile.model_fields)
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule of a file. `client` is a short name, None for every client; `rows` hold every column, head first."""

    slug: str
    client: str | None
    rows: tuple[Columns, ...]
    file: str = ""
    line: int = 0

    @property
    def key(self) -> tuple[str | None, str]:
        return self.client, self.slug

    @property
    def shown(self) -> str:
        return f"{self.client}/{self.slug}" if self.client else self.slug


@dataclass(frozen=True, slots=True)
class Book:
    """All that a set of files says. `scopes` are the clients it speaks for, None among them for every client."""

    rules: tuple[RuleText, ...]
    scopes: frozenset[str | None]
    tests: tuple[tuple[str, Lined], ...] = ()


def parse_book(texts: Mapping[str, str], *, client: str | None = None) -> Book:
    """Read files together; `client` takes the rules for every client as that client's own. Raises Invalid with the
    line of everything that is wrong.
    """
    problems: list[FieldProblem] = []
    rules: list[RuleText] = []
    scopes: set[str | None] = set()
    tests: list[tuple[str, Lined]] = []
    for file, text in texts.items():
        document = read_yaml(text, file)
        reader = _FileReader(file, problems)
        reader.check_keys(document, TOP_KEYS, "a file of rules")
        for scope, found in reader.scopes(document, client):
            scopes.add(scope)
            rules += reader.rules(found, scope)
        tests += [(file, test) for test in reader.tests(document)]
    problems += _doubles(rules)
    if problems:
        raise Invalid(_summary(problems), errors=problems, code="rules_file")
    return Book(tuple(rules), frozenset(scopes), tuple(tests))


def _summary(problems: list[FieldProblem]) -> str:
    if len(problems) == 1:
        return problems[0].detail
    return f"The rules cannot be read: {len(problems)} things are wrong. The first: {problems[0].detail}"


def _doubles(rules: Iterable[RuleText]) -> Iterator[FieldProblem]:
    seen: dict[tuple[str | None, str], RuleText] = {}
    for rule in rules:
        first = seen.setdefault(rule.key, rule)
        if first is not rule:
            detail = (
                f"{rule.shown} stands also in {first.file or 'this document'}, line {first.line}. Keep one."
            )
            yield place_problem(rule.file, rule.line, detail, f"/rules/{rule.slug}", "double")


class _FileReader:
    def __init__(self, file: str, problems: list[FieldProblem]) -> None:
        self._file = file
        self._problems = problems

    def add(self, line: int, detail: str, pointer: str, code: str = "invalid") -> None:
        self._problems.append(place_problem(self._file, line, detail, pointer, code))

    def check_keys(self, found: Lined, known: Iterable[str], what: str, pointer: str = "") -> None:
        names = tuple(known)
        for key in found:
            if key in names or (not pointer and key.startswith("x-")):
                continue
            near = get_close_matches(key, names, 1, 0.6)
            hint = f" Did you mean {near[0]}?" if near else ""
            self.add(found.lines[key], f"{what} has no key {key}.{hint}", f"{pointer}/{key}", "unknown_key")

    def scopes(self, document: Lined, client: str | None) -> Iterator[tuple[str | None, Lined]]:
        if "rules" in document:
            yield client, self._mapping(document, "rules", "rules by their short names")
        clients = self._mapping(document, "clients", "clients by their short names")
        for name in clients:
            yield name, self._mapping(clients, name, "rules by their short names")

    def tests(self, document: Lined) -> list[Lined]:
        found = document.get("tests") or LinedList(0)
        if not isinstance(found, LinedList):
            self.add(document.lines["tests"], "tests is a list.", "/tests")
            return []
        return [test for test in found if self._is_mapping(test, document.lines["tests"], "/tests")]

    def _is_mapping(self, value: Any, line: int, pointer: str) -> bool:
        if not isinstance(value, Lined):
            self.add(line, "a set of keys is wanted here.", pointer)
        return isinstance(value, Lined)

    def _mapping(self, found: Lined, key: str, what: str) -> Lined:
        value = found.get(key)
        if value is None:
            return Lined(found.lines.get(key, found.line))
        if isinstance(value, Lined):
            return value
        self.add(found.lines[key], f"{key} holds {what}.", f"/{key}")
        return Lined(found.lines[key])

    def rules(self, found: Lined, client: str | None) -> Iterator[RuleText]:
        for slug in found:
            line, value = found.lines[slug], found[slug]
            pointer = f"/clients/{client}/{slug}" if client else f"/rules/{slug}"
            if not SLUG.fullmatch(slug):
                self.add(line, f"“{slug}” is no short name: small letters, digits, - and _.", pointer, "slug")
            elif self._is_mapping(value, line, pointer):
                rows = tuple(self._rows(value, slug, pointer))
                if rows:
                    yield RuleText(slug, client, rows, self._file, line)

    def _rows(self, rule: Lined, slug: str, pointer: str) -> Iterator[Columns]:
        listed = rule.get("rows")
        if "rows" not in rule:
            yield from self._row(rule, {"name": slug}, pointer, COLUMNS)
            return
        if not isinstance(listed, LinedList) or not listed:
            self.add(rule.lines["rows"], "rows is a list of conditions.", f"{pointer}/rows")
            return
        self.check_keys(rule, (*COLUMNS, "rows"), "a rule", pointer)
        whole = {key: value for key, value in rule.items() if key in COLUMNS}
        shared = {"name": slug, **{key: whole[key] for key in SHARED if key in whole}}
        for number, row in enumerate(listed):
            place = f"{pointer}/rows/{number}"
            if self._is_mapping(row, listed.lines[number], place):
                inherited = {"name": slug, **whole} if number == 0 else shared
                yield from self._row(row, inherited, place, COLUMNS, rule)

    def _row(
        self, row: Lined, inherited: Columns, pointer: str, known: Iterable[str], group: Lined | None = None
    ) -> Iterator[Columns]:
        self.check_keys(row, known, "a rule", pointer)
        values = {**inherited, **{key: value for key, value in row.items() if key in COLUMNS}}
        try:
            yield canonical(values)
        except ValidationError as error:
            for item in error.errors():
                key = str(item["loc"][0]) if item["loc"] else ""
                line = row.lines.get(key) or (group.lines.get(key) if group else None) or row.line
                self.add(line, f"{key}: {_wording(item)}", f"{pointer}/{key}", str(item["type"]))


def _wording(item: Any) -> str:
    words = {
        "missing": "every rule needs it.",
        "enum": f"{item['input']!r} is not one of {item.get('ctx', {}).get('expected', '')}.",
    }
    return words.get(item["type"], f"{item['msg']}.")


def canonical(values: Columns) -> dict[str, Any]:
    """Every column with its value, defaults filled in, as the API would read them."""
    found = RuleInFile.model_validate({key: _text(key, value) for key, value in values.items()}).model_dump()
    # An empty list of recipients is stored as none.
    return {**found, "email_recipients": found["email_recipients"] or None}


def _text(column: str, value: Any) -> Any:
    if isinstance(value, Number):
        return value.text if column in TEXTS else (int(value) if value == int(value) else value)
    return value


def defaults() -> dict[str, Any]:
    """What a column says when a file leaves it out."""
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in RuleInFile.model_fields.items()
        if not field.is_required()
    }


def rule_document(rows: Iterable[Columns], slug: str) -> dict[str, Any]:
    """A rule as its file says it: only what differs from the defaults."""
    head, *more = rows
    if not more:
        return _short(head, {**defaults(), "name": slug})
    whole = {key: value for key, value in head.items() if key not in QUESTION}
    document = _short(whole, {**defaults(), "name": slug})
    shared = {key: head[key] for key in SHARED}
    first = _short({key: head[key] for key in QUESTION}, defaults())
    rest = [_short(row, {**defaults(), **shared}) for row in more]
    return {**document, "rows": [first, *rest]}


def _short(row: Columns, unsaid: Columns) -> dict[str, Any]:
    return {key: _plain(value) for key, value in row.items() if key not in unsaid or value != unsaid[key]}


def _plain(value: Any) -> Any:
    """Values as YAML shows them: numbers as numbers, words as words, times as hours and minutes."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return text.removesuffix(":00") if text.count(":") == 2 else text
    if isinstance(value, str):
        return str(value)
    if value == int(value):
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


TOP_SCHEMA: dict[str, Any] = {
    "version": {"const": 1},
    "title": {"type": "string"},
    "description": {"type": "string"},
    "rules": {"$ref": "#/$defs/Rules", "description": "Rules for every client, by short name."},
    "clients": {
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/Rules"},
        "description": "Rules of single clients, under each client's short name.",
    },
    "tests": {"type": "array", "items": {"type": "object"}, "description": "What rules test plays."},
}


def schema_document() -> dict[str, Any]:
    """The JSON Schema of a file of rules, for editors."""
    row = RuleInFile.model_json_schema(ref_template="#/$defs/{model}")
    parts = row.pop("$defs", {})
    properties = dict(row["properties"])
    for name in TEXTS & set(properties):
        properties[name] = {**properties[name], "anyOf": [{"type": ["string", "number", "boolean", "null"]}]}
    single = {"type": "object", "additionalProperties": False, "properties": properties}
    group = {
        "type": "object",
        "additionalProperties": False,
        "required": ["rows"],
        "properties": {
            **properties,
            "rows": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Row"}},
        },
    }
    parts["Row"] = {**single, "required": ["field_name", "condition"]}
    parts["Group"] = group
    parts["Rules"] = {
        "type": "object",
        "propertyNames": {"pattern": f"^{SLUG.pattern}$"},
        "additionalProperties": {
            "if": {"required": ["rows"]}, "then": {"$ref": "#/$defs/Group"}, "else": {"$ref": "#/$defs/Row"}
        },
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of the watch tower",
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {"^x-": {}},
        "properties": TOP_SCHEMA,
        "$defs": parts,
    }


SCHEMA_FILE = "rules.schema.json"


def write_schema() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema_document(), indent=2, ensure_ascii=False) + "\n"


def schema_text() -> str:
    """The shipped schema of files of rules."""
    return (files("belvedere.watchtower") / SCHEMA_FILE).read_text(encoding="utf-8")
