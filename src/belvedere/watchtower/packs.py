"""Rules to begin with, shipped with the program: each pack is a file of rules with its own tests."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files

from belvedere.core.database import WriteSession
from belvedere.core.errors import NotFound
from belvedere.watchtower import rule_book
from belvedere.watchtower.code_apply import Applied, apply_rules
from belvedere.watchtower.code_format import Book, RuleText, parse_book
from belvedere.watchtower.code_yaml import read_yaml


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack by its name, with its file as it is shipped."""

    name: str
    title: str
    description: str
    text: str
    rules: tuple[RuleText, ...]

    @property
    def book(self) -> Book:
        return parse_book({f"{self.name}.yaml": self.text})


@cache
def list_packs() -> tuple[Pack, ...]:
    """Every shipped pack, by name."""
    folder = files("belvedere.watchtower") / "packs"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(
        _read(name.removesuffix(".yaml"), (folder / name).read_text(encoding="utf-8")) for name in names
    )


def _read(name: str, text: str) -> Pack:
    head = read_yaml(text, f"{name}.yaml")
    return Pack(
        name, str(head["title"]), str(head["description"]), text, parse_book({f"{name}.yaml": text}).rules
    )


def get_pack(name: str) -> Pack:
    """A pack by name; raises NotFound with the names there are."""
    for pack in list_packs():
        if pack.name == name:
            return pack
    raise NotFound(f"There is no rule pack {name}. There are: {_words(pack.name for pack in list_packs())}.")


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)


async def install_pack(
    session: WriteSession,
    name: str,
    *,
    actor: str,
    now: datetime,
    client: str | None = None,
    discord_base_url: str = rule_book.DISCORD_API,
) -> Applied:
    """Create the rules of a pack that are not there yet, for every client or for the one with this short name.

    What stands under their names stays as it is: a second time, or after somebody set other limits, nothing changes. Rules
    may stand before their data, so fields that nothing carries yet are taken.
    """
    pack = get_pack(name)
    book = parse_book({f"{pack.name}.yaml": pack.text}, client=client)
    return await apply_rules(
        session,
        replace(book, tests=()),
        actor=actor,
        now=now,
        force=True,
        only_new=True,
        discord_base_url=discord_base_url,
    )
