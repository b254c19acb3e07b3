"""Senders, workers and the database itself are killed in the middle; a ledger at the receivers is the witness."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import login_url
from tests.faults.nursery import Child, Nursery, open_nursery
from tests.notify.conftest import BOT, Outbox, request, settings_for

from belvedere.core.context import Scope
from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind, DeliveryRequest, Destination, RepeatPolicy
from belvedere.sandbox.clients import SANDBOX_CLIENTS
from belvedere.sandbox.service import RunningSandbox

pytestmark = pytest.mark.kills

ROOT = Path(__file__).parents[2]
POINTS = ("delivery.claimed", "delivery.sending", "delivery.sent", "delivery.acknowledged")
MARLOW_SHOP = SANDBOX_CLIENTS[1]
OVER = {"sent", "unknown", "dead"}
KILLS = int(os.environ.get("BELVEDERE_TEST_KILLS", "2"))
"""Kills at each point; raise it for a long run."""


@dataclass
class Senders:
    """Starts senders on one database and one pair of receivers."""

    outbox: Outbox
    api_url: str
    worker_url: str
    settings: dict[str, Any]
    nursery: Nursery
    alive: list[Child] = field(default_factory=list)

    async def start(self, faults: str = "", mode: str = "loop") -> Child:
        given = {
            "api_url": self.api_url, "worker_url": self.worker_url, "settings": self.settings, "mode": mode
        }  # fmt: skip
        environment = {**os.environ, "SENDER": json.dumps(given), "BELVEDERE_FAULTS": faults}
        process = await self.nursery.start("tests.notify.sender_process", [], environment)
        self.alive.append(process)
        return process

    async def run_until_over(self, mode: str = "loop") -> None:
        """An unharmed sender until every delivery has come to an end."""
        await self.start(mode=mode)
        await until(lambda: all(row["state"] in OVER for row in self.outbox.rows()))
        await self.stop()

    async def stop(self) -> None:
        for process in self.alive:
            if process.returncode is None:
                process.kill()
            await process.wait()
        self.alive.clear()


async def until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def senders_on(
    outbox: Outbox, sandbox: RunningSandbox, folder: Path, urls: tuple[str, str], lease: int = 2
) -> AsyncIterator[Senders]:
    settings = settings_for(sandbox, folder, delivery_lease_seconds=lease).model_dump(mode="json")
    settings["discord_bot_token"] = settings_for(sandbox, folder).discord_bot_token.get_secret_value()
    settings["allow_private_networks"] = "127.0.0.0/8"
    async with open_nursery("tests.notify.sender_process") as nursery:
        running = Senders(outbox, *urls, settings, nursery)
        try:
            yield running
        finally:
            await running.stop()


@pytest.fixture
async def senders(outbox, sandbox, database_url, template, tmp_path) -> AsyncIterator[Senders]:
    urls = (login_url(database_url, template, "api"), login_url(database_url, template, "worker"))
    async with senders_on(outbox, sandbox, tmp_path, urls) as running:
        yield running


@pytest.fixture
async def webhook(runtime, people) -> Destination:
    base = runtime.settings.discord_base_url
    url = f"{base}/webhooks/{MARLOW_SHOP.discord_webhook_id}/{MARLOW_SHOP.discord_webhook_token}"
    async with runtime.db.write(people.olga.scope) as session:
        channel_id = await service.store_webhook_channel(
            session, 1, url, people.olga.email, runtime.clock(), discord_base_url=base
        )
    return Destination.discord(f"webhook:{channel_id}")


def numbered(destination: Destination, count: int, **more: Any) -> list[DeliveryRequest]:
    return [request(destination, words={"title": f"Number {n:03}"}, **more) for n in range(count)]


def mailbox_of(name: str) -> Destination:
    return Destination.email(f"{name}@brandt.example")


@dataclass
class Witness:
    """What the receivers took, by the key or number that tells one message from another."""

    bot: Counter[str]
    webhook: Counter[str]
    mail: Counter[tuple[str, str]]
    repeats: int

    @classmethod
    def of(cls, sandbox: RunningSandbox) -> "Witness":
        memory = sandbox.sandbox
        room = memory.chat.channels[MARLOW_SHOP.discord_channel_id]
        posts = [post for post in room.messages if post["embeds"]]
        mails = memory.mailbox.mails
        marked = [post for post in posts if post["content"].startswith("Possible repeat")]
        marked += [mail for mail in mails if mail.subject.startswith("Possible repeat")]
        return cls(
            bot=Counter(str(entry.key) for entry in memory.ledger.of_kind("discord.message")),
            webhook=Counter(post["embeds"][0]["title"] for post in posts),
            mail=Counter((mail.envelope_to[0], str(mail.message_id)) for mail in mails),
            repeats=len(marked),
        )


def doubled(counts: Counter[Any]) -> int:
    return sum(count - 1 for count in counts.values())


@pytest.mark.parametrize("point", POINTS)
async def test_senders_killed_at_a_point_lose_nothing_and_double_nothing_where_keys_count(
    point, senders, outbox, sandbox, webhook, record_property
):
    count, kills = max(10, 4 * KILLS), KILLS
    asked = await outbox.ask(*numbered(BOT, count), *numbered(webhook, count))
    asked += await outbox.ask(*numbered(mailbox_of("often"), count))
    careful = await outbox.ask(*numbered(mailbox_of("once"), count, policy=RepeatPolicy.AT_MOST_ONCE))
    killed = 0
    for number in range(kills):
        process = await senders.start(f"{point}=kill@{1 + number % 3}")
        await asyncio.wait_for(process.wait(), 60)
        killed += process.returncode == -signal.SIGKILL
    await senders.run_until_over()
    seen = Witness.of(sandbox)
    assert killed == kills
    assert set(seen.bot) == {outbox.row(delivery_id)["idem_key"] for delivery_id in asked[:count]}
    assert doubled(seen.bot) == 0
    assert len(seen.webhook) == count
    assert {outbox.row(delivery_id)["state"] for delivery_id in asked} == {"sent"}
    check_mail(seen, outbox, asked[2 * count :], careful)
    # Every second copy at a receiver that knows no keys said so.
    second_copies = doubled(seen.webhook) + doubled(seen.mail)
    assert second_copies <= seen.repeats
    parked = sum(outbox.row(delivery_id)["state"] == "unknown" for delivery_id in careful)
    record_property("figures", f"{point}: {killed} kills, {second_copies} marked repeats, {parked} parked")
    sys.stdout.write(
        f"\n{point}: {killed} kills, 4 x {count} messages; bot 0 lost 0 doubled; key-blind at least once: 0 lost,"
        f" {second_copies} second copies, all marked; at most once: {parked} parked, 0 doubled\n"
    )


def check_mail(seen: Witness, outbox: Outbox, often: list[UUID], careful: list[UUID]) -> None:
    for delivery_id in often:
        key = outbox.row(delivery_id)["idem_key"]
        copies = seen.mail["often@brandt.example", f"<{key}@agency.example>"]
        assert copies >= 1
        assert copies == 1 or outbox.row(delivery_id)["possible_repeat"]
    for delivery_id in careful:
        row = outbox.row(delivery_id)
        copies = seen.mail["once@brandt.example", f"<{row['idem_key']}@agency.example>"]
        assert copies <= 1
        assert row["state"] in {"sent", "unknown"}
        assert copies == 1 or row["state"] == "unknown"


def is_stopped(process: Child) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


@pytest.mark.parametrize(
    ("point", "destination", "copies"),
    [
        ("delivery.sent", BOT, 1),
        ("delivery.sending", BOT, 1),
        ("delivery.claimed", mailbox_of("late"), 1),
        ("delivery.sending", mailbox_of("late"), 1),
        ("delivery.sent", mailbox_of("late"), 2),
    ],
)
async def test_a_sender_stopped_past_its_lease_is_fenced(
    point, destination, copies, senders, outbox, sandbox
):
    (delivery_id,) = await outbox.ask(request(destination))
    sleeper = await senders.start(f"{point}=stop")
    await until(lambda: is_stopped(sleeper))
    await asyncio.sleep(2.1)
    await senders.start()
    await until(lambda: outbox.row(delivery_id)["state"] == "sent")
    taken_by_other = outbox.row(delivery_id)
    sleeper.send_signal(signal.SIGCONT)
    await until(lambda: "fenced" in outbox.outcomes(delivery_id))
    await senders.stop()
    assert outbox.outcomes(delivery_id) == ["unknown", "sent", "fenced"]
    kept = ("state", "sent_at", "provider_message_id", "possible_repeat")
    assert {name: outbox.row(delivery_id)[name] for name in kept} == {
        name: taken_by_other[name] for name in kept
    }
    seen = Witness.of(sandbox)
    assert sum((seen.bot if destination.channel is ChannelKind.DISCORD_BOT else seen.mail).values()) == copies


async def test_two_senders_at_once_share_the_work_and_double_nothing(senders, outbox, sandbox, webhook):
    # Where nobody dies no lease ends, however slow the machine: a receiver without keys would get a second copy.
    senders.settings["delivery_lease_seconds"] = 600
    await outbox.ask(*numbered(BOT, 30), *numbered(webhook, 20), *numbered(mailbox_of("a"), 20))
    first = await senders.start("delivery.sending=stop")
    await until(lambda: is_stopped(first))
    await senders.start()
    # The first has work in hand; with the second at work too it goes on.
    await until(lambda: outbox.rows(state="sent"))
    first.send_signal(signal.SIGCONT)
    await until(lambda: all(row["state"] == "sent" for row in outbox.rows()), 180)
    await senders.stop()
    seen = Witness.of(sandbox)
    for counts, wanted in ((seen.bot, 30), (seen.webhook, 20), (seen.mail, 20)):
        assert len(counts) == wanted
        assert doubled(counts) == 0
    workers = outbox.admin.execute("SELECT count(DISTINCT worker) FROM core.delivery_attempts").fetchone()
    assert workers == (2,)


async def test_workers_killed_while_sending_and_a_queue_emptied_by_hand_lose_nothing(
    senders, outbox, sandbox
):
    await outbox.ask(*numbered(BOT, 6))
    process = await senders.start("delivery.sending=kill@2", mode="worker")
    await asyncio.wait_for(process.wait(), 60)
    outbox.admin.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")
    await senders.run_until_over(mode="worker")
    seen = Witness.of(sandbox)
    assert len(seen.bot) == 6
    assert doubled(seen.bot) == 0


async def test_a_worker_sends_what_is_committed_while_it_runs(senders, outbox, sandbox, db):
    await senders.start(mode="worker")
    waits = []
    for _ in range(10):
        (delivery_id,) = await outbox.ask(request(), scope=Scope.client(1))
        began = asyncio.get_running_loop().time()
        await until(lambda wanted=delivery_id: outbox.row(wanted)["state"] == "sent")
        waits.append(asyncio.get_running_loop().time() - began)
    await senders.stop()
    assert len(Witness.of(sandbox).bot) == 10
    sys.stdout.write(f"\ncommit to accepted: median {sorted(waits)[5] * 1000:.0f} ms\n")
