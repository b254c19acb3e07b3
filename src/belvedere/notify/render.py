"""One message in the words and shape of its channel. Pure: no clock, no input or output.

The title is the same in list, mail and Discord; severity is a word beside its colour;
every message names the client.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from belvedere.connectors.discord.message import DiscordMessage, Embed
from belvedere.core.text import cut
from belvedere.notify.contracts import Message, MessageKind
from belvedere.notify.grouping import Line, counted, listing, meanwhile

REPEAT_TITLE = "Possible repeat"
REPEAT_NOTE = (
    "Possible repeat: the link was lost while this message was handed over,"
    " so it may have reached you before."
)
TOGETHER_NOTE = "It opened and was resolved before a message could be delivered; there is no other about it."

SEVERITY_WORDS = {"critical": "Critical", "warning": "Warning", "info": "Info"}
COLOURS = {"critical": 0xC4281C, "warning": 0xC77700, "info": 0x5E7488, "good": 0x2A8A57}
"""The solid marks of the design tokens, light theme; `good` tells an end."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*|~\[\]<]|(?<![^\W_])_|_(?![^\W_])|^(?=#|>|-|\+|\d+\.\s)", re.MULTILINE)
_RESOLVED = "Resolved: "


@dataclass(frozen=True, slots=True)
class Telling:
    """What is said in one send. `opened` is the opening message that travels along with its end.

    `lines` are the things of a message for several.
    """

    kind: MessageKind
    message: Message
    opened: Message | None = None
    possible_repeat: bool = False
    link: str | None = None
    lines: tuple[Line, ...] = ()


def clean(text: str) -> str:
    """Text without characters that a database, a mail or a chat refuses; tabs and line ends stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Text for a title or a subject."""
    return " ".join(clean(text).split())


def absolute_link(url: str | None, address: str) -> str | None:
    """The address of the page; a path is taken from the installation's own `address`."""
    if not url:
        return None
    found = f"{address.rstrip('/')}{url}" if url.startswith("/") else url
    return found if is_web_address(found) else None


def is_web_address(url: str) -> bool:
    """Whether a chat or a mail can make a link of it."""
    if len(url) > 2000 or any(character.isspace() or character in "<>\"'`\\" for character in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable()


def title(telling: Telling) -> str:
    """The alert's own title; an end says so once."""
    said = one_line(_title(telling)) or "Message"
    if telling.kind is not MessageKind.RESOLVED or (len(telling.lines) > 1 and telling.opened is None):
        return said
    return f"{_RESOLVED}{said.removeprefix(_RESOLVED)}"


def _title(telling: Telling) -> str:
    if len(telling.lines) == 1:
        return telling.lines[0].text or telling.message.title
    return counted((telling.opened or telling.message).title, telling.lines)


def client(telling: Telling) -> str:
    return one_line(telling.message.client_name) or "Agency"


def severity_word(telling: Telling) -> str:
    """Critical, Warning, Info, or Resolved; a digest tells of many and has none."""
    if telling.kind is MessageKind.DIGEST:
        return ""
    if telling.kind is MessageKind.RESOLVED:
        return "Resolved"
    severity = telling.message.severity
    return SEVERITY_WORDS.get(severity) or cut(one_line(severity).capitalize(), 40) or "Info"


def tone(telling: Telling) -> str:
    """The token whose colour marks the message."""
    if telling.kind is MessageKind.RESOLVED:
        return "good"
    if telling.kind is MessageKind.DIGEST:
        return "info"
    return telling.message.severity if telling.message.severity in COLOURS else "info"


def paragraphs(telling: Telling) -> list[str]:
    """What the body says, in order: a warning of a repeat, what opened, what ended, the list."""
    said = [REPEAT_NOTE] if telling.possible_repeat else []
    if telling.opened is not None:
        said += [TOGETHER_NOTE, clean(telling.opened.text).strip()]
    said.append(counted(clean(telling.message.text).strip(), telling.lines))
    said += [meanwhile(telling.lines), clean(listing(telling.lines))]
    return [part for part in said if part]


def pairs(telling: Telling) -> list[tuple[str, str]]:
    """Label and value pairs, the client always among them and no pair twice."""
    found: dict[str, str] = {}
    for label, value in (*(telling.opened.fields if telling.opened else ()), *telling.message.fields):
        found[one_line(label)] = clean(value).strip()
    if "client" not in {label.casefold() for label in found}:
        found = {"Client": client(telling), **found}
    return list(found.items())


def discord_message(telling: Telling) -> DiscordMessage:
    """A card with a bar in the severity's colour; the first line repeats word and client for lock screens."""
    head = " · ".join(filter(None, (severity_word(telling), plain(client(telling)))))
    if telling.possible_repeat:
        head = f"{REPEAT_TITLE} · {head}"
    said = [plain(part) for part in paragraphs(telling)]
    link = telling.link
    if link is not None and not _is_card_link(link):
        said.append(link)
        link = None
    embed = Embed(
        title=plain(cut(title(telling), 200)),
        description="\n".join(said),
        url=link,
        color=COLOURS[tone(telling)],
        fields=tuple((plain(label), plain(value)) for label, value in pairs(telling)),
        footer=f"Belvedere · {client(telling)}",
    )
    return DiscordMessage(content=cut(head, 300), embeds=(embed,), link=telling.link)


def plain(text: str) -> str:
    """Text that Discord shows as it is: names of campaigns are not restyled and ring nobody."""
    return _MARKDOWN.sub(lambda found: f"\\{found.group()}", text)


def _is_card_link(link: str) -> bool:
    # Discord refuses the whole message when a card's link has a bare host name such as localhost.
    host = urlsplit(link).hostname or ""
    if "." in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
