"""Reading what was written in Discord's channels: messages page by page, the channel's name, a member's roles.

https://discord.com/developers/docs/resources/message#get-channel-messages
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from belvedere.connectors.contracts import HttpAnswer, HttpClient, rate_budget
from belvedere.connectors.discord.client import PROVIDER, USER_AGENT
from belvedere.core.errors import ExternalError, Invalid

PAGE = 100
"""Messages that one answer holds at most."""
REQUESTS_PER_SECOND = 50
"""Of one bot over all channels; each channel's own limit comes in the headers of its answers."""
LONGEST_PAUSE = 60.0
WRITTEN_BY_PEOPLE = frozenset({0, 19, 20, 23})
"""Messages, replies and answers to commands; all other types are the platform's own remarks."""

_EPOCH_MS = 1_420_070_400_000
_ID = re.compile(r"\d{5,25}", re.ASCII)
_REASONS = {
    401: "Discord does not accept the bot token. Copy it again from the Developer Portal, page Bot.",
    403: "The bot may not read {what}. Invite it to the server and give it the rights View Channel and Read Message"
    " History there.",
    404: "Discord has no {what}. It was deleted, or the id is wrong.",
    429: "Discord asks to wait before {what} is read again.",
}


@dataclass(frozen=True, slots=True)
class HistoryMessage:
    """One message; what it says is not kept."""

    id: int
    at: datetime
    author_id: str
    is_bot: bool
    is_personal: bool


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    id: str
    name: str
    guild_id: str | None


def moment_of(snowflake: int) -> datetime:
    """When a message was written: its id begins with the milliseconds since Discord's first day."""
    return datetime.fromtimestamp(((snowflake >> 22) + _EPOCH_MS) / 1000, UTC)


def snowflake_at(moment: datetime) -> int:
    """The least id a message of that moment can have."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH_MS) << 22


@dataclass(frozen=True)
class DiscordHistory:
    """Discord's REST API at `base_url`, as the bot of `token`."""

    http: HttpClient
    base_url: str
    token: str
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    async def channel(self, channel_id: str) -> ChannelInfo:
        found = (await self._get(f"/channels/{_checked(channel_id)}", f"channel {channel_id}")).json()
        guild = found.get("guild_id")
        return ChannelInfo(channel_id, str(found.get("name") or channel_id), str(guild) if guild else None)

    async def member_roles(self, guild_id: str, user_id: str) -> frozenset[str]:
        """Roles of somebody at the server; none for somebody who left it."""
        try:
            found = await self._get(
                f"/guilds/{_checked(guild_id)}/members/{_checked(user_id)}", f"member {user_id}"
            )
        except ExternalError as error:
            if error.status_code == 404:
                return frozenset()
            raise
        return frozenset(str(role) for role in found.json().get("roles") or ())

    async def back(self, channel_id: str) -> AsyncIterator[list[HistoryMessage]]:
        """Pages from the newest message to the first, each newest first."""
        before: int | None = None
        while True:
            page = await self._page(channel_id, {} if before is None else {"before": before})
            yield page
            if len(page) < PAGE or (before is not None and page[-1].id >= before):
                return
            before = page[-1].id

    async def onward(self, channel_id: str, after: int) -> AsyncIterator[list[HistoryMessage]]:
        """Pages of what came after a message, the oldest page first. That message may be gone by now."""
        while True:
            page = await self._page(channel_id, {"after": after})
            yield page
            if len(page) < PAGE or page[0].id <= after:
                return
            after = page[0].id

    async def _page(self, channel_id: str, where: dict[str, int]) -> list[HistoryMessage]:
        params = {"limit": str(PAGE), **{name: str(value) for name, value in where.items()}}
        path = f"/channels/{_checked(channel_id)}/messages"
        answer = await self._get(path, f"channel {channel_id}", params)
        found = answer.json()
        if not isinstance(found, list):
            raise _broken(
                f"Discord answered for channel {channel_id} with something that is no list of messages."
            )
        return sorted((_message(one) for one in found), key=lambda message: message.id, reverse=True)

    async def _get(self, path: str, what: str, params: dict[str, str] | None = None) -> HttpAnswer:
        if not self.token.strip():
            raise ExternalError(
                "There is no Discord bot token. Set BELVEDERE_DISCORD_BOT_TOKEN, or store a credential for the account.",
                provider=PROVIDER, permanent=True, code="credential_missing",
            )  # fmt: skip
        headers = {"User-Agent": USER_AGENT, "Authorization": f"Bot {self.token.strip()}"}
        try:
            answer = await self.http.request(
                "GET", f"{self.base_url.rstrip('/')}{path}", provider=PROVIDER, headers=headers, params=params,
                budget=rate_budget(PROVIDER, "reading", requests=REQUESTS_PER_SECOND, seconds=1),
            )  # fmt: skip
        except ExternalError as error:
            raise _explained(error, what) from error
        await self._heed(answer)
        return answer

    async def _heed(self, answer: HttpAnswer) -> None:
        """Rest when the route says that nothing is left, instead of running into its refusal."""
        if answer.headers.get("X-RateLimit-Remaining") != "0":
            return
        try:
            wait = float(answer.headers.get("X-RateLimit-Reset-After") or 0)
        except ValueError:
            return
        if 0 < wait <= LONGEST_PAUSE:
            await self.sleep(wait)


def _message(found: Any) -> HistoryMessage:
    try:
        author = found["author"]
        is_bot = bool(author.get("bot")) or found.get("webhook_id") is not None
        identity = int(found["id"])
        personal = int(found.get("type") or 0) in WRITTEN_BY_PEOPLE
        return HistoryMessage(identity, moment_of(identity), str(author["id"]), is_bot, personal)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _broken("Discord sent a message without id or author.") from error


def _checked(identity: str) -> str:
    if not _ID.fullmatch(identity):
        raise Invalid(f"“{identity[:40]}” is not a Discord id. It is a number such as 123456789012345678.")
    return identity


def _broken(detail: str) -> ExternalError:
    return ExternalError(detail, provider=PROVIDER, permanent=False, code="wrong_answer")


def _explained(error: ExternalError, what: str) -> ExternalError:
    reason = _REASONS.get(error.status_code or 0)
    return ExternalError(
        reason.format(what=what) if reason else error.detail,
        provider=PROVIDER,
        permanent=error.permanent,
        code=error.code,
        status_code=error.status_code,
        retry_after=error.retry_after,
    )
