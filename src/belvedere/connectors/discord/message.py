"""A message within Discord's limits; what is cut says where the rest stands. No input or output."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from belvedere.core.text import cut

# https://discord.com/developers/docs/resources/message#create-message and
# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_TITLE = 256
MAX_DESCRIPTION = 4096
MAX_FIELDS = 25
MAX_FIELD_NAME = 256
MAX_FIELD_VALUE = 1024
MAX_FOOTER = 2048
MAX_TOTAL = 6000
"""Of title, description, field names and values and footer over all embeds of one message."""

MAX_NONCE = 25


@dataclass(frozen=True, slots=True)
class Embed:
    """A card in a message; `fields` are label and value pairs, `timestamp` is ISO 8601."""

    title: str = ""
    description: str = ""
    url: str | None = None
    color: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    timestamp: str | None = None

    def size(self) -> int:
        """Characters that count towards the total."""
        pairs = sum(len(name) + len(value) for name, value in self.fields)
        return len(self.title) + len(self.description) + len(self.footer) + pairs


@dataclass(frozen=True, slots=True)
class DiscordMessage:
    """What to say: text, cards or both; `link` is where the whole of it can be read."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    link: str | None = None


def nonce_of(key: str) -> str:
    """The same 25 characters for the same key, so that Discord knows a message that is sent again."""
    return sha256(key.encode()).hexdigest()[:MAX_NONCE]


def fit(message: DiscordMessage) -> DiscordMessage:
    """The message within all limits; a cut text or a left-out part is followed by the link."""
    content = _with_link(message.content, MAX_CONTENT, message.link)
    kept: list[Embed] = []
    room = MAX_TOTAL
    for embed in message.embeds[:MAX_EMBEDS]:
        fitted = _fit_embed(embed, message.link, room)
        if fitted is None:
            break
        kept.append(fitted)
        room -= fitted.size()
    left_out = len(message.embeds) - len(kept)
    if left_out > 0:
        note = f"… and {left_out} more" + (f": {message.link}" if message.link else "")
        content = f"{cut(content, MAX_CONTENT - len(note) - 1)}\n{note}".strip()
    return replace(message, content=content, embeds=tuple(kept))


def payload(message: DiscordMessage) -> dict[str, Any]:
    """The JSON body; mentions inside the data ring nobody."""
    fitted = fit(message)
    body: dict[str, Any] = {"allowed_mentions": {"parse": []}}
    if fitted.content:
        body["content"] = fitted.content
    if fitted.embeds:
        body["embeds"] = [_embed_json(embed) for embed in fitted.embeds]
    return body


def _fit_embed(embed: Embed, link: str | None, room: int) -> Embed | None:
    """The embed within its own limits and `room` characters; None when not even its title has room."""
    link = embed.url or link
    title = cut(embed.title, MAX_TITLE)
    footer = cut(embed.footer, MAX_FOOTER)
    left = room - len(title) - len(footer)
    if left < 0:
        return None
    description = _with_link(embed.description, min(MAX_DESCRIPTION, left), link)
    fields = _fit_fields(embed.fields, link, left - len(description))
    fitted = replace(embed, title=title, footer=footer, description=description, fields=fields)
    return fitted if fitted.size() or embed.size() == 0 else None


def _fit_fields(pairs: Iterable[tuple[str, str]], link: str | None, room: int) -> tuple[tuple[str, str], ...]:
    all_pairs = list(pairs)
    whole = [
        (cut(name, MAX_FIELD_NAME) or "\u200b", _with_link(value, MAX_FIELD_VALUE, link) or "\u200b")
        for name, value in all_pairs
    ]
    if len(whole) <= MAX_FIELDS and _size(whole) <= room:
        return tuple(whole)
    kept: list[tuple[str, str]] = []
    for pair in whole[: MAX_FIELDS - 1]:
        rest = ("…", _more(len(whole) - len(kept) - 1, link))
        if _size([*kept, pair, rest]) > room:
            break
        kept.append(pair)
    rest = ("…", _more(len(whole) - len(kept), link))
    return (*kept, rest) if _size([*kept, rest]) <= room else tuple(kept)


def _size(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) for name, value in pairs)


def _more(count: int, link: str | None) -> str:
    text = f"and {count} more"
    return f"{text}: {link}" if link and len(text) + 2 + len(link) <= MAX_FIELD_VALUE else text


def _with_link(text: str, limit: int, link: str | None) -> str:
    if len(text) <= limit:
        return text
    tail = f"\n{link}" if link and len(link) + 20 <= limit else ""
    return cut(text, limit - len(tail)) + tail if limit > 0 else ""


def _embed_json(embed: Embed) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "title": embed.title,
        "description": embed.description,
        "url": embed.url,
        "color": embed.color,
        "timestamp": embed.timestamp,
        "fields": [
            {"name": name, "value": value, "inline": len(value) <= 24} for name, value in embed.fields
        ],
        "footer": {"text": embed.footer} if embed.footer else None,
    }
    return {name: value for name, value in parts.items() if value not in (None, "", [])}
