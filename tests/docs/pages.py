"""The pages of the guide as tests read them: text, fences, links, commands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from belvedere.web.guide import anchor

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=.*")
ENDS = {">", ">>", "|", "||", "&&", "&", ";"}


@dataclass(frozen=True, slots=True)
class Fence:
    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True, slots=True)
class Link:
    page: Path
    target: str


@cache
def pages() -> tuple[Path, ...]:
    """Every page of docs/ and the README."""
    return (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))


@cache
def all_text() -> str:
    """Everything that stands in docs/, generated pages too."""
    return "\n".join(path.read_text("utf-8") for path in pages() if path.is_relative_to(DOCS))


def names(word: str) -> bool:
    """Whether a page names this word as a whole."""
    return re.search(rf"(?<![\w.]){re.escape(word)}(?![\w])", all_text()) is not None


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    return tuple(MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")))


def fences(*languages: str) -> Iterator[Fence]:
    for page in pages():
        for token in tokens(page):
            if token.type == "fence" and (token.info.strip() in languages or not languages):
                yield Fence(page, (token.map or [0])[0] + 1, token.info.strip(), token.content)


def _inline(page: Path) -> Iterator[Token]:
    for token in tokens(page):
        yield from token.children or ()


def links() -> Iterator[Link]:
    """Links and images that stay inside the repository."""
    for page in pages():
        for token in _inline(page):
            target = token.attrGet("href") if token.type == "link_open" else token.attrGet("src")
            if target and not re.match(r"[a-z]+:", str(target)):
                yield Link(page, str(target))


def code_spans() -> Iterator[tuple[Path, str]]:
    for page in pages():
        yield from ((page, token.content) for token in _inline(page) if token.type == "code_inline")


def anchors(page: Path) -> set[str]:
    """Names under which headings of a page are reached."""
    found = tokens(page)
    headings = [found[at + 1].content for at, token in enumerate(found) if token.type == "heading_open"]
    return {anchor(heading) for heading in headings}


def shell_lines(fence: Fence) -> Iterator[list[str]]:
    """The commands of a fence as words; variables stay as they are written."""
    for command in _commands(fence.text):
        words = shlex.split(command, comments=True)
        while words and ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        if words:
            yield words


def _commands(text: str) -> Iterator[str]:
    """Logical lines: continued ones joined, and those whose quotes close later."""
    pending = ""
    for line in text.splitlines():
        pending = f"{pending}\n{line}" if pending else line
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        try:
            shlex.split(pending, comments=True)
        except ValueError:
            continue
        yield pending
        pending = ""
    assert not pending, f"a quote is not closed in: {pending}"


def program_words(words: list[str]) -> list[str] | None:
    """The words after `belvedere`, up to a redirection or pipe; None for another program."""
    if words[:2] == ["./dev", "run"]:
        words = words[2:]
    if not words or words[0] != "belvedere":
        return None
    end = next((at for at, word in enumerate(words) if word in ENDS), len(words))
    return words[1:end]
