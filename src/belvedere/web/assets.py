"""Stylesheet and module: joined, compressed, named after their content; and the template environment."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from belvedere.web import presentation
from belvedere.web.icons import icon

ASSET_PREFIX = "/assets/"
CACHE_FOR_A_YEAR = "public, max-age=31536000, immutable"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the pages. `name` carries a hash of the content, so it may be cached for ever."""

    name: str
    media_type: str
    body: bytes
    gzipped: bytes

    @property
    def url(self) -> str:
        return f"{ASSET_PREFIX}{self.name}"


def _asset(stem: str, ending: str, media_type: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"{stem}-{digest}.{ending}", media_type, body, gzip.compress(body, 9, mtime=0))


def stylesheet_source() -> str:
    """The parts of the stylesheet joined in the order of their names."""
    folder = resources.files("belvedere.web").joinpath("static", "css")
    parts = sorted(
        (part for part in folder.iterdir() if part.name.endswith(".css")), key=lambda part: part.name
    )
    return "\n".join(part.read_text("utf-8") for part in parts)


@cache
def assets() -> Mapping[str, Asset]:
    """By short name: `style`, `module`, `mark`; `watch`, `builder` and `inbox` only where the page needs them."""
    static = resources.files("belvedere.web").joinpath("static")
    return {
        "watch": _asset("watch", "css", "text/css; charset=utf-8", static.joinpath("watch.css").read_bytes()),
        **{
            name: _asset(
                name, "js", "text/javascript; charset=utf-8", static.joinpath(f"{name}.js").read_bytes()
            )
            for name in ("builder", "inbox")
        },
        "style": _asset("belvedere", "css", "text/css; charset=utf-8", stylesheet_source().encode()),
        "module": _asset(
            "belvedere", "js", "text/javascript; charset=utf-8", static.joinpath("app.js").read_bytes()
        ),
        "mark": _asset("mark", "svg", "image/svg+xml", static.joinpath("mark.svg").read_bytes()),
    }


def asset_named(name: str) -> Asset | None:
    """The asset behind a requested file name, hash included; None for any other name."""
    return next((found for found in assets().values() if found.name == name), None)


def asset_url(short: str) -> str:
    return assets()[short].url


def _reader(context: Context) -> presentation.Reader:
    ui = context.get("ui", {})
    get: Callable[[str], Any] = ui.get if isinstance(ui, Mapping) else lambda name: getattr(ui, name, None)
    return presentation.Reader(get("now"), get("zone") or "UTC")


@pass_context
def _stamp(context: Context, at: Any) -> Markup:
    return presentation.time_tag(at, _reader(context))


@pass_context
def _age(context: Context, at: Any) -> Markup:
    return presentation.time_tag(at, _reader(context), as_age=True)


@pass_context
def _exact(context: Context, at: Any) -> Markup:
    return presentation.time_tag(at, _reader(context), exactly=True)


@pass_context
def _point(context: Context, at: Any) -> Markup:
    return presentation.time_tag(at, _reader(context), to_the_hour=True)


@pass_context
def _freshness(context: Context, state: str, at: Any = None, short: bool = False) -> Markup:  # noqa: FBT001, FBT002
    return presentation.freshness_mark(state, at, _reader(context), short=short)


@pass_context
def link(context: Context, path: str | None = None, **changes: Any) -> str:
    """This page's address with some fields changed; None takes one away. Any change drops the cursor."""
    ui = context["ui"]
    pairs = dict(parse_qsl(ui["query"] or ""))
    if changes and "cursor" not in changes:
        pairs.pop("cursor", None)
    for name, value in changes.items():
        if value is None or value == "":
            pairs.pop(name, None)
        else:
            pairs[name] = str(value)
    return (path or ui["path"]) + (f"?{urlencode(pairs)}" if pairs else "")


@pass_context
def scoped(context: Context, path: str) -> str:
    """A path of this program that keeps the chosen client in the address."""
    client = context["ui"]["client"]
    if client is None or "client=" in path:
        return path
    return f"{path}{'&' if '?' in path else '?'}client={client['id']}"


FILTERS: dict[str, Callable[..., Any]] = {
    "money": presentation.money,
    "number": presentation.number,
    "compact": presentation.compact,
    "counted": presentation.counted,
    "percent": presentation.percent,
    "ratio": presentation.ratio,
    "metric": presentation.metric,
    "plural": presentation.plural,
    "size": presentation.size,
    "span": presentation.span,
    "initials": presentation.initials,
    "word": presentation.word,
    "sign": presentation.sign,
    "condition": presentation.condition_word,
    "severity_shape": presentation.severity_shape,
    "severity_mark": presentation.severity_mark,
    "severity_chip": presentation.severity_chip,
    "status_mark": presentation.status_mark,
    "delta": presentation.delta,
    "lines": presentation.lines,
    "stamp": _stamp,
    "age": _age,
    "exact": _exact,
    "point": _point,
    "freshness": _freshness,
}


def make_templates() -> Environment:
    """The environment of every page: escaping on, an undefined name is an error."""
    environment = Environment(
        loader=PackageLoader("belvedere.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(
        icon=icon, asset_url=asset_url, link=link, scoped=scoped, missing=presentation.missing
    )
    return environment
