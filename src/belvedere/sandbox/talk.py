"""Conversations of the team with each client: seeded for six weeks, and continued by whoever uses the controls."""

from bisect import insort
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from belvedere.core.errors import Invalid
from belvedere.sandbox.chat import Channel, Chat
from belvedere.sandbox.clients import (
    BOT_USER_ID,
    GUILD_ID,
    SANDBOX_CLIENTS,
    TEAM_ROLE_ID,
    TEAM_USER_IDS,
    SandboxClient,
)

DAYS = 42
QUIET = {"brandt": timedelta(days=9), "marlow": timedelta(days=1, hours=4), "tidewater": timedelta(hours=30)}
"""How long nobody of the team has written at the start."""
UNANSWERED = {"tidewater": 2}
"""Messages of the client that came after the team's last one."""
NAMES = dict(zip(TEAM_USER_IDS, ("Mira (agency)", "Jon (agency)"), strict=True))
WHO = ("team", "client", "bot", "system")
_LINES = (
    "Morning! The new subject lines are in the folder.",
    "Looks good, one question about the second mail.",
    "We move the send to Thursday then.",
    "Numbers of the weekend are in, better than last year.",
    "Could you look at the banner again?",
    "Done, please refresh.",
)
_SYSTEM = 7  # somebody joined
_MESSAGE = 0


def fill_talk(chat: Chat, seed: int, now: datetime) -> None:
    """A channel for each client, with six weeks of messages; the same seed and moment give the same ones."""
    for client in SANDBOX_CLIENTS:
        channel = Channel(client.talk_channel_id, client.slug, f"Talk with {client.name}")
        chat.channels[channel.id] = channel
        rng = Random(f"{seed}/{client.slug}/talk")  # noqa: S311 - reproducible sample data, not a secret
        add_system(chat, channel, client.people_ids[0], now - timedelta(days=DAYS))
        last = now - QUIET[client.slug]
        day = now - timedelta(days=DAYS - 1)
        while day < last - timedelta(hours=20):
            _talk_of_a_day(chat, channel, client, rng, day)
            day += timedelta(days=rng.choice((1, 1, 2)))
        add_message(chat, channel, client.people_ids[0], _LINES[1], last - timedelta(hours=2))
        add_message(chat, channel, TEAM_USER_IDS[0], _LINES[0], last)
        for number in range(UNANSWERED.get(client.slug, 0)):
            add_message(chat, channel, client.people_ids[0], _LINES[4], last + timedelta(hours=3 + number))


def _talk_of_a_day(chat: Chat, channel: Channel, client: SandboxClient, rng: Random, day: datetime) -> None:
    at = day
    for _ in range(rng.randint(1, 4)):
        add_message(chat, channel, rng.choice(client.people_ids), rng.choice(_LINES), at)
        at += timedelta(minutes=rng.randint(4, 200))
        add_message(chat, channel, rng.choice(TEAM_USER_IDS), rng.choice(_LINES), at)
        at += timedelta(minutes=rng.randint(1, 60))


def add_message(
    chat: Chat, channel: Channel, author_id: str, text: str, at: datetime, *, kind: int = _MESSAGE
) -> dict[str, Any]:
    """Put a person's message where its time belongs; it is no effect of the program, so the ledger does not hold it."""
    author = {
        "id": author_id,
        "username": NAMES.get(author_id, f"person {author_id[-3:]}"),
        "bot": author_id == BOT_USER_ID,
    }
    message = {
        "id": chat.next_id(at),
        "type": kind,
        "channel_id": channel.id,
        "guild_id": GUILD_ID,
        "content": text,
        "embeds": [],
        "attachments": [],
        "mentions": [],
        "timestamp": at.astimezone(UTC).isoformat(),
        "edited_timestamp": None,
        "author": author,
    }
    insort(channel.messages, message, key=lambda one: int(one["id"]))
    return message


def add_system(chat: Chat, channel: Channel, author_id: str, at: datetime) -> dict[str, Any]:
    return add_message(chat, channel, author_id, "", at, kind=_SYSTEM)


def say(chat: Chat, channel: Channel, wishes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Somebody writes: {"as": team | client | bot | system, "text", "at" or "hours_ago"}; raises Invalid."""
    who = wishes.get("as", "client")
    if who not in WHO:
        raise Invalid(f"'as' is one of {', '.join(WHO)}.")
    client = next(
        (one for one in SANDBOX_CLIENTS if channel.id in (one.talk_channel_id, one.discord_channel_id)), None
    )
    people = client.people_ids if client else ("1180000000000000499",)
    author = {"team": TEAM_USER_IDS[0], "bot": BOT_USER_ID}.get(str(who), people[0])
    at = _moment(wishes, now)
    if who == "system":
        return add_system(chat, channel, author, at)
    return add_message(chat, channel, author, str(wishes.get("text") or _LINES[0]), at)


def _moment(wishes: dict[str, Any], now: datetime) -> datetime:
    try:
        if wishes.get("at"):
            at = datetime.fromisoformat(str(wishes["at"]))
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        return now - timedelta(hours=float(wishes.get("hours_ago", 0)))
    except (TypeError, ValueError) as error:
        raise Invalid("'at' is a time such as 2026-11-20T12:00:00+00:00, 'hours_ago' a number.") from error


def roles_of(user_id: str) -> list[str] | None:
    """Roles of a member of the server; None for somebody who is not there."""
    if user_id in TEAM_USER_IDS:
        return [TEAM_ROLE_ID]
    known = {person for client in SANDBOX_CLIENTS for person in client.people_ids}
    return [] if user_id in known else None
