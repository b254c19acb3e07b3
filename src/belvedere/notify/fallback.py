"""When a channel breaks: what waits goes by its fallback, and the agency's owners are told, once each time."""

from datetime import datetime
from importlib import resources
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import text

from belvedere.core.database import WriteSession
from belvedere.core.errors import NotFound
from belvedere.core.schema import AGENCY
from belvedere.notify import outbox
from belvedere.notify.channel_rows import COLUMNS, Channel, channel_of, get_channel
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    Destination,
    Message,
    MessageKind,
    distinct_mails,
)
from belvedere.notify.requests import request_deliveries

SUBJECT = "channel"
KIND_WORDS = {
    ChannelKind.DISCORD_BOT: "the Discord bot",
    ChannelKind.DISCORD_WEBHOOK: "a Discord webhook",
    ChannelKind.EMAIL: "mail",
    ChannelKind.WEBHOOK: "a signed webhook",
}
_REROUTE = text((resources.files("belvedere.notify") / "sql" / "reroute.sql").read_text(encoding="utf-8"))
_AGENCY_MAILS = text("SELECT email_recipients FROM core.clients WHERE id = 0")
_AGENCY_CHANNELS = text(
    f"""
    SELECT {COLUMNS} FROM core.channels
     WHERE client_id = 0 AND kind <> 'email' AND is_active AND broken_since IS NULL ORDER BY created_at, id
    """
)
_OWNERS = text(
    "SELECT email FROM core.users WHERE is_staff AND role = 'owner' AND is_active AND deleted_at IS NULL ORDER BY email"
)


async def reroute(session: WriteSession, channel_id: UUID, also: tuple[UUID, ...] = ()) -> int:
    """Send what a broken channel could not by its fallback; `also` names messages that it gave up just now.

    Returns how many go another way: 0 where there is no fallback that works.
    """
    try:
        channel = await get_channel(session, channel_id)
    except NotFound:
        return 0
    fallback = await working_fallback(session, channel)
    if fallback is None:
        return 0
    await outbox.join_requesters(session)
    values = {
        "channel_id": channel_id,
        "channel_client_id": channel.client_id,
        "fallback_id": fallback.id,
        "kind": fallback.kind.value,
        "destination": fallback.address,
        "also": list(also),
        "reason": f"“{channel.name}” is broken, so this goes by “{fallback.name}”. {channel.broken_reason or ''}".strip(),
    }
    return int((await session.execute(_REROUTE, values)).scalar_one())


async def working_fallback(session: WriteSession, channel: Channel) -> Channel | None:
    """The first channel down the line that is on and not broken."""
    seen = {channel.id}
    while channel.fallback_channel_id is not None and channel.fallback_channel_id not in seen:
        seen.add(channel.fallback_channel_id)
        channel = await get_channel(session, channel.fallback_channel_id)
        if channel.is_active and channel.broken_since is None:
            return channel
    return None


async def tell_owner(
    session: WriteSession,
    channel: ChannelKind,
    channel_id: UUID | None,
    destination: str,
    reason: str,
    rerouted: int,
    now: datetime,
) -> None:
    """A notice to the agency: by mail to its own recipients, else to its owners; by its stored channels where mail
    itself is broken. Once a day for the same way out.
    """
    stored = None if channel_id is None else await get_channel(session, channel_id)
    said = f"“{stored.name}”" if stored else f"{KIND_WORDS[channel]} ({destination})"
    message = Message(
        title=f"A channel is broken: {said}",
        text=f"Messages by {said} fail for good until somebody mends it. {reason}{_way(rerouted)}",
        severity="critical",
        client_name="Agency",
        url="/settings/channels",
        fields=(("Channel", said), ("Kind", KIND_WORDS[channel])),
    )
    subject = channel_id or uuid5(NAMESPACE_URL, f"{channel.value}:{destination}")
    day = now.toordinal()
    requests = [
        DeliveryRequest(AGENCY, SUBJECT, subject, MessageKind.NOTICE, way, message, round=day)
        for way in await _ways_to_agency(session, channel)
    ]
    await request_deliveries(session, requests, now)


def _way(rerouted: int) -> str:
    if rerouted == 0:
        return " It has no fallback that works; what fails stands under Deliveries as given up."
    return f" {rerouted} {'message goes' if rerouted == 1 else 'messages go'} by its fallback."


async def _ways_to_agency(session: WriteSession, broken: ChannelKind) -> list[Destination]:
    if broken is ChannelKind.EMAIL:
        rows = (await session.execute(_AGENCY_CHANNELS)).mappings().all()
        return [channel_of(row).destination for row in rows]
    own = (await session.execute(_AGENCY_MAILS)).scalar_one_or_none()
    addresses = own or (await session.execute(_OWNERS)).scalars().all()
    return [Destination.email(address) for address in distinct_mails(addresses)]
