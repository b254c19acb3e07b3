"""Which channels a rule may name: the agency any, a client's own people only that client's."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.service import get_client
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Invalid, NotFound
from belvedere.notify.contracts import ChannelKind
from belvedere.notify.service import get_channel, store_webhook_channel
from belvedere.watchtower.compose import WEBHOOK_PREFIX
from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.rule_check import invalid

# Commands and workers act for the agency; only people come in the role `authenticated`.
_FOR_AGENCY = text("SELECT current_setting('role') <> 'authenticated' OR (SELECT app.is_staff())")


async def with_own_channel(
    session: WriteSession, rule: Rule, before: Rule | None, actor: str, now: datetime, discord_base_url: str
) -> Rule:
    """The rule with a channel its author may name. A pasted webhook address is a secret: it is sealed as a
    channel, and the rule keeps its name. Raises Invalid on discord_channel_id and webhook_channel_id.
    """
    await _check_webhook(session, rule, before)
    address = (rule.discord_channel_id or "").strip()
    is_choice = bool(address) and (before is None or before.discord_channel_id != address)
    if is_choice and not await _may_choose(session, rule.client_id, address):
        raise invalid(
            "discord_channel_id",
            "channel_not_yours",
            "This channel does not belong to the client. Leave it empty for the client's own channel, or ask"
            " the agency.",
        )
    if not _is_link(address):
        return replace(rule, discord_channel_id=address or None)
    try:
        channel_id = await store_webhook_channel(
            session, rule.client_id, address, actor, now, discord_base_url=discord_base_url
        )
    except Invalid as error:
        raise invalid("discord_channel_id", "not_a_channel", error.detail) from error
    return replace(rule, discord_channel_id=f"{WEBHOOK_PREFIX}{channel_id}")


async def _check_webhook(session: ReadSession, rule: Rule, before: Rule | None) -> None:
    """A signed webhook belongs to the rule's client or to the agency; else one client would hear of another."""
    chosen = rule.webhook_channel_id
    if chosen is None or (
        before is not None and (before.webhook_channel_id, before.client_id) == (chosen, rule.client_id)
    ):
        return
    try:
        channel = await get_channel(session, chosen)
    except NotFound:
        channel = None
    if (
        channel is None
        or channel.kind is not ChannelKind.WEBHOOK
        or channel.client_id not in (0, rule.client_id)
    ):
        raise invalid(
            "webhook_channel_id",
            "channel_not_yours",
            "There is no such signed webhook of this client. Leave it empty for the client's own.",
        )


async def _may_choose(session: ReadSession, client_id: int, address: str) -> bool:
    """The agency's bot writes wherever it is let in, so a channel id alone proves nothing."""
    if (await session.execute(_FOR_AGENCY)).scalar_one():
        return True
    if address == (await get_client(session, client_id)).discord_channel_id:
        return True
    return address.startswith(WEBHOOK_PREFIX) and await _is_channel_of(session, client_id, address)


async def _is_channel_of(session: ReadSession, client_id: int, address: str) -> bool:
    try:
        channel = await get_channel(session, UUID(address.removeprefix(WEBHOOK_PREFIX)))
    except (ValueError, NotFound):
        return False
    return channel.client_id == client_id


def _is_link(address: str) -> bool:
    return address.lower().startswith(("https://", "http://"))
