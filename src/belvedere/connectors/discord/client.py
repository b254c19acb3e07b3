"""Sending and editing messages; every failure says what a person can do, and whether it may have arrived."""

import re
from dataclasses import dataclass
from typing import Any

from belvedere.connectors.contracts import Budget, HttpAnswer, HttpClient, SendError, rate_budget
from belvedere.connectors.discord.message import MAX_NONCE, DiscordMessage, payload
from belvedere.core.egress import HttpStatusError
from belvedere.core.errors import ExternalError, Invalid

PROVIDER = "discord"

# https://discord.com/developers/docs/reference#user-agent
USER_AGENT = "DiscordBot (https://github.com/belvedere/belvedere, 0.1)"

# https://discord.com/developers/docs/topics/rate-limits: the real limits come in headers; a first brake.
MESSAGES_PER_CHANNEL = 5
CHANNEL_SECONDS = 5.0

NOT_SENT_CODES = frozenset({"address_refused", "host_unknown", "connect_failed", "budget_spent"})
"""Failures of the HTTP client before a byte of the request went out."""

_SNOWFLAKE = re.compile(r"\d{5,25}", re.ASCII)
_WEBHOOK_URL = re.compile(
    r"(?P<root>https?://[^\s?#]+?/webhooks)/(?P<id>\d{5,25})/(?P<token>[\w-]{8,200})/?(\?.*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """Discord's receipt."""

    message_id: str
    channel_id: str


# No more than 50 in any second over all channels; reading takes some of them.
EVERYTHING = Budget(PROVIDER, "all", capacity=8, refill_per_second=38)


def sending_budget(kind: str, identity: str) -> Budget:
    """What one channel (`bot`) or webhook takes; shared by all workers."""
    return rate_budget(PROVIDER, f"{kind}:{identity}", requests=MESSAGES_PER_CHANNEL, seconds=CHANNEL_SECONDS)


@dataclass(frozen=True)
class DiscordClient:
    """Discord's REST API at `base_url` (`https://discord.com/api/v10`).

    `is_paid`: whoever sends has taken the token of a message's budget before.
    """

    http: HttpClient
    base_url: str
    is_paid: bool = False

    async def send_to_channel(
        self, token: str, channel_id: str, message: DiscordMessage, *, nonce: str
    ) -> SentMessage:
        """Post as the bot. The same nonce within minutes gives the first message again, not a second."""
        if not 0 < len(nonce) <= MAX_NONCE:
            raise ValueError(f"a nonce has 1 to {MAX_NONCE} characters")
        url = f"{self._root()}/channels/{_channel(channel_id)}/messages"
        body = {**payload(message), "nonce": nonce, "enforce_nonce": True}
        target = _Target("bot", channel_id)
        return _receipt(await self._call("POST", url, body, target, _bot(token)), target)

    async def send_to_webhook(self, webhook_url: str, message: DiscordMessage) -> SentMessage:
        """Post through a webhook and wait for the receipt; a webhook knows no nonce."""
        match = _webhook(webhook_url)
        url = f"{match['root']}/{match['id']}/{match['token']}"
        target = _Target("webhook", match["id"])
        return _receipt(await self._call("POST", url, payload(message), target, {}, {"wait": "true"}), target)

    async def edit_in_channel(
        self, token: str, channel_id: str, message_id: str, message: DiscordMessage
    ) -> SentMessage:
        """Replace a message of the bot; editing twice is harmless."""
        url = f"{self._root()}/channels/{_channel(channel_id)}/messages/{_channel(message_id)}"
        target = _Target("bot", channel_id)
        return _receipt(await self._call("PATCH", url, payload(message), target, _bot(token)), target)

    async def edit_by_webhook(
        self, webhook_url: str, message_id: str, message: DiscordMessage
    ) -> SentMessage:
        """Replace a message that the same webhook posted."""
        match = _webhook(webhook_url)
        url = f"{match['root']}/{match['id']}/{match['token']}/messages/{_channel(message_id)}"
        target = _Target("webhook", match["id"])
        return _receipt(await self._call("PATCH", url, payload(message), target, {}), target)

    async def _call(
        self,
        method: str,
        url: str,
        body: dict[str, Any],
        target: "_Target",
        headers: dict[str, str],
        params: dict[str, str] | None = None,
    ) -> HttpAnswer:
        try:
            return await self.http.request(
                method,
                url,
                provider=PROVIDER,
                headers={"User-Agent": USER_AGENT, **headers},
                params=params,
                json=body,
                budget=sending_budget(target.kind, target.identity),
                is_paid=self.is_paid,
                # The outbox decides on another try; one inside the client could send twice.
                retry=False,
            )
        except ExternalError as error:
            raise explain(error, target.kind, target.identity) from error

    def _root(self) -> str:
        return self.base_url.rstrip("/")


@dataclass(frozen=True, slots=True)
class _Target:
    kind: str
    identity: str


def explain(error: ExternalError, kind: str, identity: str) -> SendError:
    """The failure in words for the person who set up the channel; `kind` is `bot` or `webhook`."""
    status = error.status_code
    known = (status is not None and status != 504) or error.permanent or error.code in NOT_SENT_CODES
    reason = _REASONS.get((kind, status)) or _REASONS.get(("any", status))
    if reason is None and status is not None and status >= 500:
        reason = "Discord has trouble ({status}). It is tried again."
    if reason is None and not known:
        reason = "The connection was lost while sending to {target}; the message may have arrived."
    detail = reason.format(target=f"{kind} {identity}", status=status) if reason else error.detail
    said = _said(error)
    if said and status != 429:
        detail = f"{detail} Discord says: {said}"
    return SendError(
        detail,
        provider=PROVIDER,
        permanent=error.permanent,
        code=error.code,
        status_code=status,
        retry_after=_retry_after(error),
        outcome_known=known,
    )


def _body(error: ExternalError) -> dict[str, Any]:
    if not isinstance(error, HttpStatusError):
        return {}
    try:
        body = error.answer.json()
    except ExternalError:
        return {}
    return body if isinstance(body, dict) else {}


def _said(error: ExternalError) -> str:
    return str(_body(error).get("message") or "")[:200]


def _retry_after(error: ExternalError) -> float | None:
    """Seconds; the body of a 429 is finer than the header, which is rounded."""
    told = _body(error).get("retry_after") if error.status_code == 429 else None
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else error.retry_after


_REASONS: dict[tuple[str, int | None], str] = {
    ("bot", 401): "Discord does not accept the bot token. Copy it again from the Developer Portal, page Bot.",
    ("bot", 403): "The bot may not write there ({target}). Invite it to the server and give it the rights "
    "View Channel, Send Messages and Embed Links.",
    ("bot", 404): "Discord has no such channel ({target}). It was deleted, or the id is wrong.",
    (
        "webhook",
        401,
    ): "Discord does not accept the address of {target}. Copy it again from the channel's settings.",
    ("webhook", 403): "Discord does not let {target} write. Make a new webhook in the channel's settings.",
    ("webhook", 404): "{target} was deleted in Discord. Make a new one in the channel's settings.",
    ("any", 400): "Discord refused the message for {target} as it is written.",
    ("any", 429): "Discord asks to wait before the next message to {target}.",
}


def _receipt(answer: HttpAnswer, target: _Target) -> SentMessage:
    try:
        sent = answer.json()
    except ExternalError as error:
        raise explain(error, target.kind, target.identity) from error
    if not isinstance(sent, dict) or not sent.get("id"):
        raise SendError(
            "Discord took the message but sent no receipt.",
            provider=PROVIDER,
            permanent=False,
            code="no_receipt",
            status_code=answer.status,
            outcome_known=False,
        )
    return SentMessage(str(sent["id"]), str(sent.get("channel_id") or ""))


def _bot(token: str) -> dict[str, str]:
    if not token.strip():
        raise SendError(
            "There is no Discord bot token. Enter one under the channel's credentials.",
            provider=PROVIDER,
            permanent=True,
            code="credential_missing",
        )
    return {"Authorization": f"Bot {token.strip()}"}


def _channel(identity: str) -> str:
    if not _SNOWFLAKE.fullmatch(identity):
        raise Invalid(f"“{identity[:40]}” is not a Discord id. It is a number such as 123456789012345678.")
    return identity


def _webhook(url: str) -> re.Match[str]:
    match = _WEBHOOK_URL.fullmatch(url.strip())
    if match is None:
        raise Invalid(
            "A webhook address looks like https://discord.com/api/webhooks/123456789012345678/token."
        )
    return match
