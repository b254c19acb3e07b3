"""The guide: Markdown files of docs/, rendered once for each change of a file. No HTML in them is believed."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

import belvedere

FIRST = ("index", "README", "architecture")
LAST = frozenset({"decisions", "reference"})
PICTURES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".webp": "image/webp"}
REMARK = re.compile(r"\A(?:<!--.*?-->\s*)+", re.DOTALL)
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class GuidePage:
    title: str
    html: Markup
    path: str


def guide_folder() -> Path | None:
    """docs/ of the checkout, or the copy inside an installed package."""
    package = Path(belvedere.__file__).parent
    for folder in (package / "_docs", package.parents[1] / "docs"):
        if folder.is_dir():
            return folder
    return None


def find_file(folder: Path, path: str, ending: str = "") -> Path | None:
    """The file of an address; None for anything that is not a plain path below the folder."""
    parts = PurePosixPath(path).parts
    if not parts or any(_PART.fullmatch(part) is None for part in parts):
        return None
    found = folder.joinpath(*parts[:-1], parts[-1] + ending)
    return found if found.is_file() and found.resolve().is_relative_to(folder.resolve()) else None


def list_pages(folder: Path) -> list[tuple[str, str]]:
    """(path, title) of every page: the first ones, then the rest by folder and name."""
    paths = [file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.md")]

    def order(path: str) -> tuple[Any, ...]:
        inner = PurePosixPath(path)
        rank = FIRST.index(path) if path in FIRST else len(FIRST) + (inner.parts[0] in LAST)
        return (rank, inner.parent.as_posix(), inner.name != "README", inner.name)

    return [(path, read_page(folder, path).title) for path in sorted(paths, key=order)]


def read_page(folder: Path, path: str) -> GuidePage:
    file = folder / f"{path}.md"
    return _render(path, file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _render(path: str, file: Path, _changed: int) -> GuidePage:
    return render(path, file.read_text("utf-8"))


def render(path: str, text: str) -> GuidePage:
    """A page without its first heading; links between files become links between pages."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(REMARK.sub("", text))
    title = PurePosixPath(path).name.replace("-", " ").capitalize()
    if len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        title = tokens[1].content
        tokens = tokens[3:]
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[number + 1].content))
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", page_link(path, str(child.attrGet("href") or "")))
            elif child.type == "image":
                child.attrSet("src", page_link(path, str(child.attrGet("src") or "")))
    html = markdown.renderer.render(tokens, markdown.options, {})
    return GuidePage(plain(title), Markup(html), path)  # noqa: S704 - made by markdown-it with HTML switched off


def plain(title: str) -> str:
    return title.replace("`", "").replace("*", "")


def anchor(heading: str) -> str:
    """`External: an outside service` → `external-an-outside-service`; codes keep their underscores."""
    return re.sub(r"[^a-z0-9_]+", "-", heading.lower()).strip("-")


def page_link(path: str, target: str) -> str:
    """A link as it stands in a file, as an address of the guide."""
    if not target or target.startswith(("#", "/", "http://", "https://", "mailto:")):
        return target
    bare, hash_, fragment = target.partition("#")
    joined = normpath((PurePosixPath(path).parent / bare).as_posix())
    if joined.startswith(".."):
        return target
    return f"/docs/{joined.removesuffix('.md')}{hash_}{fragment}"
