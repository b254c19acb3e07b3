"""Where a channel may lead: checked when it is entered, so that no message goes to a stranger. Pure."""

import re
from urllib.parse import urlsplit

from belvedere.connectors.smtp.message import parse_address
from belvedere.core.errors import FieldProblem, Invalid
from belvedere.notify.contracts import ChannelKind

DISCORD_API = "https://discord.com/api/v10"
_DISCORD_HOSTS = frozenset({"discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"})
_WEBHOOK_PATH = re.compile(r"(?P<root>/.*)?/webhooks/(?P<id>\d{5,25})/(?P<token>[\w-]{8,200})/?", re.ASCII)
_API_ROOT = re.compile(r"/api(/v\d{1,2})?", re.ASCII)
_SNOWFLAKE = re.compile(r"\d{5,25}", re.ASCII)


def checked_webhook(url: str, discord_base_url: str = DISCORD_API) -> str:
    """The id of a Discord webhook; Invalid for every other address, so that no message goes to a stranger."""
    wrong = invalid(
        "webhook_url",
        "not_a_webhook",
        "A webhook address looks like https://discord.com/api/webhooks/123456789012345678/token."
        " Copy it from the channel's settings in Discord, page Integrations.",
    )
    try:
        parts, base = urlsplit(url.strip()), urlsplit(discord_base_url)
        is_discord = (
            parts.scheme == "https" and parts.hostname in _DISCORD_HOSTS and parts.port in {None, 443}
        )
        is_base = (parts.scheme, parts.hostname, parts.port) == (base.scheme, base.hostname, base.port)
    except ValueError:
        raise wrong from None
    path = _WEBHOOK_PATH.fullmatch(parts.path)
    if path is None or parts.query or parts.fragment or parts.username or not url.isprintable():
        raise wrong
    root = path["root"] or ""
    if is_discord and _API_ROOT.fullmatch(root):
        return path["id"]
    if is_base and (root == base.path.rstrip("/") or _API_ROOT.fullmatch(root)):
        return path["id"]
    raise wrong


def checked_address(kind: ChannelKind, address: str) -> str:
    """The address as it is kept; Invalid with what it should look like."""
    if kind is ChannelKind.EMAIL:
        return parse_address(address.strip(), pointer="/address").addr_spec
    if not _SNOWFLAKE.fullmatch(address.strip()):
        raise invalid(
            "address",
            "not_a_channel_id",
            "A Discord channel id is a number such as 123456789012345678. Switch on developer mode in Discord, then"
            " copy it from the channel's menu.",
        )
    return address.strip()


def invalid(field: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldProblem(f"/{field}", code, detail)])
