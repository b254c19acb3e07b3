"""Many messages of several kinds while senders die at fault points and at any moment, the database is killed, and the
receivers answer 429, 500, too late or not at all. The sandbox's ledger says what arrived.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from typing import Any
from uuid import uuid4

import psycopg
from tests.faults.house import House
from tests.faults.nursery import Child

from belvedere.core.context import Scope
from belvedere.main import describe_sandbox
from belvedere.notify import service
from belvedere.notify.contracts import (
    ChannelKind,
    DeliveryRequest,
    Destination,
    Member,
    Message,
    MessageKind,
)
from belvedere.notify.keys import idem_key
from belvedere.sandbox.chat import Channel
from belvedere.sandbox.faults import Fault, Mode, Target

POINTS = ("delivery.claimed", "delivery.sending", "delivery.sent", "delivery.acknowledged")
TARGETS = (Target.DISCORD, Target.HOOKS, Target.SMTP)
MODES = (Mode.RATE_LIMITED, Mode.SERVER_ERROR, Mode.TIMEOUT, Mode.ACCEPT_THEN_TIMEOUT)
MOST_FAULTS, FAULTS_OFTEN = 4, 0.4
GROUP_EVERY, GROUP_SIZE = 10, 5
ROOMS, HOOKS, MAILBOXES = 120, 8, 5
SENDER = "Belvedere <alerts@agency.example>"
LEFT = "SELECT count(*) FROM core.deliveries WHERE state IN ('ready', 'sending')"
HURRY = (
    "UPDATE core.deliveries SET next_at = now() WHERE state = 'ready' AND next_at > now() + interval '2 s'"
)
"""A backoff of an hour proves nothing more than one of two seconds."""

ENVIRONMENT = {
    "BELVEDERE_DELIVERY_LEASE_SECONDS": "5",
    "BELVEDERE_HTTP_TIMEOUT_SECONDS": "2",
    "SMTP_FROM": SENDER,
}


@dataclass
class Misfortunes:
    """What happened to the processes and the receivers."""

    sender_kills: Counter[str] = field(default_factory=Counter)
    database_kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)


@dataclass
class RoughDay:
    """One such run in one house."""

    house: House
    chance: random.Random
    senders: int = 2
    database_kills: int = 4
    longest_life: float = 12.0
    most_hits: int = 20
    asked: dict[str, DeliveryRequest] = field(default_factory=dict)
    alive: list[tuple[Child, str, float]] = field(default_factory=list)
    admin: psycopg.Connection[Any] | None = None
    suffered: Misfortunes = field(default_factory=Misfortunes)

    async def run(self, messages: int, show: Callable[[int, Misfortunes], None] | None = None) -> float:
        """Ask for all, then send until nothing is left; returns the seconds that sending took."""
        self.house.environment.update(ENVIRONMENT)
        # More than a hundred kills for ten thousand messages; a short run has more of them for each.
        self.most_hits = max(self.most_hits, messages // 50)
        await self._ask(messages)
        began = time.monotonic()
        kills = [round(messages * (n + 1) / (self.database_kills + 1)) for n in range(self.database_kills)]
        try:
            while left := await self._left():
                if show:
                    show(left, self.suffered)
                is_near_end = left < max(8, messages // 50)
                await self._keep_alive(is_near_end=is_near_end)
                self._disturb(is_near_end=is_near_end)
                if kills and messages - left >= kills[0]:
                    kills.pop(0)
                    await self._kill_database()
                await asyncio.sleep(self.chance.uniform(0.1, 0.5))
                self._strike()
        finally:
            for child, _, _ in self.alive:
                child.kill()
                await child.wait()
            if self.admin is not None:
                self.admin.close()
        return time.monotonic() - began

    async def _left(self) -> int:
        """How many are not settled; the database may be away."""
        while True:
            try:
                return await asyncio.to_thread(self._look)
            except psycopg.OperationalError:
                self.admin = None
                await asyncio.sleep(0.2)

    def _look(self) -> int:
        if self.admin is None:
            self.admin = psycopg.connect(self.house.installation.admin_url, autocommit=True)
        self.admin.execute(HURRY)
        row = self.admin.execute(LEFT).fetchone()
        return row[0] if row else 0

    async def _keep_alive(self, *, is_near_end: bool) -> None:
        """As many senders as there should be; most of them with their end in them."""
        for child, plan, _ in [one for one in self.alive if one[0].returncode is not None]:
            if child.returncode == -signal.SIGKILL:
                self.suffered.sender_kills[plan] += 1
        self.alive = [one for one in self.alive if one[0].returncode is None]
        while len(self.alive) < self.senders:
            plan = "" if is_near_end else self.chance.choice((*POINTS, "any moment"))
            hits = self.chance.randint(1, self.most_hits // (5 if plan == "delivery.claimed" else 1))
            child = await self.house.run_worker(f"{plan}=kill@{hits}" if plan in POINTS else "")
            end = self.chance.uniform(2.0, self.longest_life) if plan == "any moment" else float("inf")
            self.alive.append((child, plan, time.monotonic() + end))

    def _strike(self) -> None:
        for child, _, end in self.alive:
            if time.monotonic() > end:
                child.kill()

    def _disturb(self, *, is_near_end: bool) -> None:
        """A receiver in a bad mood; the last few would meet all that is left of it, so near the end all are well."""
        plan = self.house.sandbox.sandbox.faults
        if is_near_end:
            plan.clear()
        elif len(plan.faults) < MOST_FAULTS and self.chance.random() < FAULTS_OFTEN:
            target, mode, times = (
                self.chance.choice(TARGETS),
                self.chance.choice(MODES),
                self.chance.randint(1, 4),
            )
            plan.arm(Fault(target, mode, times=times, seconds=3.0, retry_after=0.5))
            self.suffered.faults[f"{target} {mode}"] += times

    async def _kill_database(self) -> None:
        server = self.house.installation.server
        assert server is not None
        os.kill(int((server.root / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        self.suffered.database_kills += 1
        await asyncio.to_thread(server.revive)

    async def _ask(self, messages: int) -> None:
        """In transactions of 50, as evaluations do it."""
        with psycopg.connect(self.house.installation.admin_url, autocommit=True) as admin:
            # Only what is asked for here is sent.
            admin.execute("UPDATE watch.source_accounts SET is_active = false")
        client_id = int(self.house.query("SELECT min(id) FROM core.clients WHERE id > 0"))
        ways = cycle(await self._ways(client_id))
        made = [request_of(number, next(ways), client_id) for number in range(messages)]
        for start in range(0, messages, 50):
            async with self.house.runtime.db.write(Scope.client(client_id)) as session:
                await service.request_deliveries(session, made[start : start + 50], datetime.now(UTC))
        self.asked = {idem_key(one): one for one in made}

    async def _ways(self, client_id: int) -> list[Destination]:
        """Half by the bot, a quarter each by signed webhooks and mail, and a few by a Discord webhook."""
        rooms = cycle(open_rooms(self.house))
        hooks = cycle([await self._webhook(client_id, number) for number in range(HOOKS)])
        mails = cycle(f"team-{number}@brandt.example" for number in range(MAILBOXES))
        ways = []
        for _ in range(ROOMS // 2):
            ways += [Destination.discord(next(rooms)), next(hooks)]
            ways += [Destination.discord(next(rooms)), Destination.email(next(mails))]
        return [await self._discord_webhook(client_id), *ways]

    async def _webhook(self, client_id: int, number: int) -> Destination:
        url = f"{self.house.sandbox.base_url}/hooks/run-{number}"
        draft = service.ChannelDraft(ChannelKind.WEBHOOK, f"Automation {number}", client_id, url)
        runtime = self.house.runtime
        async with runtime.db.write(self.house.owner) as session:
            made = await service.create_channel(
                session,
                draft,
                actor="run",
                now=runtime.clock(),
                allowed=runtime.settings.allow_private_networks,
            )
        return Destination.webhook(made.id)

    async def _discord_webhook(self, client_id: int) -> Destination:
        runtime, shop = self.house.runtime, describe_sandbox()["clients"][0]
        base = runtime.settings.discord_base_url
        url = f"{base}/webhooks/{shop.discord_webhook_id}/{shop.discord_webhook_token}"
        async with runtime.db.write(self.house.owner) as session:
            made = await service.store_webhook_channel(
                session, client_id, url, "run", runtime.clock(), discord_base_url=base
            )
        return Destination.discord(f"webhook:{made}")

    def report(self) -> dict[str, dict[str, int]]:
        """By kind of channel: asked, lost, second copies, and those of them that did not say so."""
        return {kind.value: self._report_of(kind) for kind in ChannelKind}

    def _report_of(self, kind: ChannelKind) -> dict[str, int]:
        wanted = {
            witness_of(key, request)
            for key, request in self.asked.items()
            if request.destination.channel is kind
        }
        arrived = arrivals(self.house, kind)
        copies = {witness: marks for witness, marks in arrived.items() if len(marks) > 1}
        return {
            "messages": len(wanted),
            "lost": len(wanted - set(arrived)),
            "doubled": sum(len(marks) - 1 for marks in copies.values()),
            "unmarked": sum(not any(marks) for marks in copies.values()),
            "strangers": len({w for w in arrived if w.startswith(STRANGERS[kind])} - wanted),
        }


STRANGERS = {
    ChannelKind.DISCORD_BOT: "",
    ChannelKind.WEBHOOK: "",
    ChannelKind.EMAIL: "",
    ChannelKind.DISCORD_WEBHOOK: "Notification",
}


def witness_of(key: str, request: DeliveryRequest) -> str:
    """By what the receiver of a message tells it from others."""
    if request.destination.channel is ChannelKind.EMAIL:
        return key
    return request.message.title if request.destination.channel is ChannelKind.DISCORD_WEBHOOK else key


def arrivals(house: House, kind: ChannelKind) -> dict[str, list[bool]]:
    """What a kind of receiver took: for each message its copies, true where one says that it may be a repeat."""
    memory = house.sandbox.sandbox
    found: dict[str, list[bool]] = {}
    if kind is ChannelKind.EMAIL:
        pairs = [
            (str(mail.message_id).strip("<>").partition("@")[0], mail.subject.startswith("Possible repeat"))
            for mail in memory.mailbox.mails
        ]
    elif kind is ChannelKind.DISCORD_WEBHOOK:
        room = memory.chat.channels[describe_sandbox()["clients"][0].discord_channel_id]
        posts = [post for post in room.messages if post["embeds"]]
        pairs = [
            (post["embeds"][0]["title"], post["content"].startswith("Possible repeat")) for post in posts
        ]
    else:
        name = "discord.message" if kind is ChannelKind.DISCORD_BOT else "webhook"
        marked = marked_posts(house) if kind is ChannelKind.DISCORD_BOT else set()
        pairs = [(str(entry.key), str(entry.key) in marked) for entry in memory.ledger.of_kind(name)]
    for witness, is_marked in pairs:
        found.setdefault(witness, []).append(is_marked)
    return found


def marked_posts(house: House) -> set[str]:
    """Keys of what the bot posted as a possible repeat."""
    rooms = house.sandbox.sandbox.chat.channels.values()
    posts = [post for room in rooms for post in room.messages]
    return {str(post.get("nonce")) for post in posts if post["content"].startswith("Possible repeat")}


def open_rooms(house: House) -> list[str]:
    """More rooms at the receiver: one takes about one message a second for long."""
    chat = house.sandbox.sandbox.chat
    model = next(iter(chat.channels.values()))
    shared: dict[str, Any] = {name: getattr(model, name) for name in Channel.__dataclass_fields__}
    made = []
    for number in range(ROOMS):
        identity = str(1_180_000_000_000_100_000 + number)
        chat.channels[identity] = Channel(
            **{**shared, "id": identity, "name": f"room-{number}", "messages": []}
        )
        made.append(identity)
    return made


def request_of(number: int, way: Destination, client_id: int) -> DeliveryRequest:
    """Every tenth tells of several things at once."""
    members: tuple[Member, ...] = ()
    if number % GROUP_EVERY == 0:
        members = tuple(Member(uuid4(), f"Thing {number}-{part}") for part in range(GROUP_SIZE))
    message = Message(f"Notification {number}", "Said once, heard once.", "warning", "Run")
    kind = "alert_group" if members else "alert"
    return DeliveryRequest(client_id, kind, uuid4(), MessageKind.OPENED, way, message, members=members)
