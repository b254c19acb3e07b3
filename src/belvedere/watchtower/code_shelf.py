"""What files of rules are held against: the rules, clients, sources and channels that stand now."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.watchtower.code_format import COLUMNS, RuleText, canonical
from belvedere.watchtower.compose import WEBHOOK_PREFIX
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.repository import rule_from_row
from belvedere.watchtower.rule_rows import COLUMNS as STORED

EVERY = "*/"
"""Before a short name: the rule for every client, where the client has one of the same name."""

_RULES = text(f"SELECT {STORED} FROM watch.watchtower_rules ORDER BY client_id, position, created_at, id")
_CLIENTS = text("SELECT id, slug FROM core.clients WHERE id <> 0 ORDER BY id")
_SOURCES = text("SELECT id, provider || '/' || endpoint AS word FROM watch.api_sources ORDER BY 2")
_CHANNELS = text("SELECT id, client_id, kind, name FROM core.channels ORDER BY id")


@dataclass(frozen=True, slots=True)
class ChannelWord:
    id: UUID
    client_id: int
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A rule that stands, as its file would say it, with its rows as stored."""

    said: RuleText
    client_id: int
    rows: tuple[Rule, ...]

    @property
    def head(self) -> Rule:
        return self.rows[0]


@dataclass
class Shelf:
    """Words and ids of everything that rules name. Short names are unique for a client."""

    clients: Mapping[str, int]
    sources: Mapping[str, UUID]
    channels: Sequence[ChannelWord] = ()
    rules: dict[tuple[int, str], Stored] = field(default_factory=dict)
    slugs: dict[UUID, tuple[int, str]] = field(default_factory=dict)

    @cached_property
    def client_words(self) -> Mapping[int, str]:
        return {number: word for word, number in self.clients.items()}

    @cached_property
    def source_words(self) -> Mapping[UUID, str]:
        return {key: word for word, key in self.sources.items()}

    def source_word(self, source_id: UUID | None) -> str | None:
        return None if source_id is None else self.source_words.get(source_id, str(source_id))

    def rule_word(self, rule_id: UUID | None, client_id: int) -> str | None:
        """How a rule of this client names another: its short name, with */ where the client's own hides it."""
        if rule_id is None or rule_id not in self.slugs:
            return None if rule_id is None else str(rule_id)
        owner, slug = self.slugs[rule_id]
        hidden = owner == 0 and client_id != 0 and (client_id, slug) in self.rules
        return EVERY + slug if hidden else slug

    def channel_word(self, channel_id: UUID, client_id: int, kinds: str) -> str:
        known = next((one for one in self.channels if one.id == channel_id), None)
        if known is not None and self.find_channel(known.name, client_id, kinds) == channel_id:
            return known.name
        return str(channel_id)

    def find_channel(self, word: str, client_id: int, kinds: str) -> UUID | None:
        """A channel of the client or of the agency by its name or id."""
        fitting = [
            one
            for one in self.channels
            if one.client_id in (client_id, 0)
            and one.kind.startswith(kinds)
            and word in (one.name, str(one.id))
        ]
        fitting.sort(key=lambda one: one.client_id == 0)
        return fitting[0].id if fitting else None


async def load_shelf(session: ReadSession) -> Shelf:
    """Everything in view of this person."""
    channels = [
        ChannelWord(row.id, row.client_id, row.kind, row.name) for row in await session.execute(_CHANNELS)
    ]
    shelf = Shelf(
        {row.slug: row.id for row in await session.execute(_CLIENTS)},
        {row.word: row.id for row in await session.execute(_SOURCES)},
        channels,
    )
    place_rules(shelf, [rule_from_row(row) for row in (await session.execute(_RULES)).mappings()])
    return shelf


def place_rules(shelf: Shelf, rules: Iterable[Rule]) -> None:
    """Give every rule its short name, then say each in words; a rule without a name of its own takes one from its
    title, the same each time.
    """
    units = form_units(rules)
    taken = {(unit.head.client_id, unit.head.slug) for unit in units if unit.head.slug}
    for unit in units:
        slug = unit.head.slug or _free_slug(unit.head, taken)
        taken.add((unit.head.client_id, slug))
        shelf.rules[unit.head.client_id, slug] = Stored(
            RuleText(slug, None, ()), unit.head.client_id, unit.rows
        )
        for row in unit.rows:
            shelf.slugs[row.id] = (unit.head.client_id, slug)
    for key, stored in shelf.rules.items():
        rows = tuple(say_row(row, shelf) for row in stored.rows)
        said = RuleText(key[1], shelf.client_words.get(key[0]), rows)
        shelf.rules[key] = Stored(said, key[0], stored.rows)


def _free_slug(rule: Rule, taken: set[tuple[int, Any]]) -> str:
    base = slug_of(rule.name)
    number, slug = 1, base
    while (rule.client_id, slug) in taken:
        number += 1
        slug = f"{base[:90]}-{number}"
    return slug


def slug_of(name: str) -> str:
    """A short name made of a title: “ROAS < 2” is roas-2."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:90] or "rule"


def say_row(rule: Rule, shelf: Shelf) -> dict[str, Any]:
    """A stored row in the words of a file."""
    values = {name: value for name, value in asdict(rule).items() if name in COLUMNS}
    values["email_recipients"] = list(rule.email_recipients) or None
    values["source_id"] = shelf.source_word(rule.source_id)
    values["parent_rule_id"] = shelf.rule_word(rule.parent_rule_id, rule.client_id)
    overridden = shelf.slugs.get(rule.overrides_rule_id) if rule.overrides_rule_id else None
    values["overrides_rule_id"] = overridden[1] if overridden else _text(rule.overrides_rule_id)
    values["webhook_channel_id"] = _webhook_word(rule, shelf)
    values["discord_channel_id"] = _discord_word(rule, shelf)
    return canonical(values)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _webhook_word(rule: Rule, shelf: Shelf) -> str | None:
    if rule.webhook_channel_id is None:
        return None
    return shelf.channel_word(rule.webhook_channel_id, rule.client_id, "webhook")


def _discord_word(rule: Rule, shelf: Shelf) -> str | None:
    address = rule.discord_channel_id
    if address is None or not address.startswith(WEBHOOK_PREFIX):
        return address
    try:
        channel_id = UUID(address.removeprefix(WEBHOOK_PREFIX))
    except ValueError:
        return address
    return shelf.channel_word(channel_id, rule.client_id, "discord")
