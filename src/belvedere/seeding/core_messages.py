"""Messages about alerts that went out, with every try and event; nothing here waits to be sent."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from belvedere.notify.contracts import ChannelKind, Destination, MessageKind
from belvedere.notify.keys import subject_key
from belvedere.seeding.watch_alerts import Alert, finding, judge
from belvedere.seeding.watch_readings import read_days
from belvedere.seeding.world import Batch, ClientPlan, World
from belvedere.watchtower import wording

PLACES = (("email", "Team mailbox", "team@{slug}.example"), ("email", "Weekend duty", "duty@{slug}.example"))
DAYS_PER_MESSAGE = 3
LEAST = 4
AWAKE = timedelta(seconds=3)
"""From an alert to the first try to tell about it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on an alert; `tries` ends with one that the mail server took, unless it is given up."""

    number: int
    key: UUID
    subject_type: str
    subject: UUID
    kind: MessageKind
    title: str
    text: str
    severity: str
    address: str
    at: datetime
    tries: int
    is_dead: bool

    @property
    def ended(self) -> datetime:
        return self.at + timedelta(seconds=90 * (self.tries - 1) + 2)


def plan_messages(world: World, client: ClientPlan) -> list[Sent]:
    """About alerts that watching found, one each third day, oldest first.

    One of nine needs a second try, one of twenty-five is given up.
    """
    found = judge(world, client, read_days(world, client)).alerts
    wanted = max(LEAST, world.days // DAYS_PER_MESSAGE)
    chosen = found[:: max(1, len(found) // wanted)][:wanted]
    told = [plan_message(world, client, number, alert) for number, alert in enumerate(chosen, start=1)]
    return [plan_test(world, client), *told]


def plan_test(world: World, client: ClientPlan) -> Sent:
    """The first message of a channel says that it works."""
    at = world.now - timedelta(days=world.days) + timedelta(minutes=1)
    subject = world.key("core.deliveries", client.id, "test")
    text = "Messages about alerts will come here."
    return Sent(
        0, world.key("core.deliveries", client.id, 0), "channel_test", subject, MessageKind.TEST, "Test message", text,
        "info", PLACES[0][2].format(slug=client.slug), at, 1, is_dead=False,
    )  # fmt: skip


def plan_message(world: World, client: ClientPlan, number: int, alert: Alert) -> Sent:
    is_dead, seen = number % 25 == 17, finding(world, alert)
    return Sent(
        number,
        world.key("core.deliveries", client.id, number),
        "alert",
        alert.id(),
        MessageKind.OPENED,
        wording.title(seen, client.currency),
        wording.message(seen.conditions, alert.rule.name, client.name, client.currency),
        alert.rule.severity,
        PLACES[0][2].format(slug=client.slug),
        alert.first.done_at + AWAKE,
        5 if is_dead else 2 if number % 9 == 4 else 1,
        is_dead,
    )


def channels(world: World, client: ClientPlan, messages: list[Sent]) -> Batch:
    columns = (
        "id",
        "client_id",
        "kind",
        "name",
        "settings",
        "is_active",
        "last_sent_at",
        "created_at",
        "updated_at",
    )
    start = world.now - timedelta(days=world.days)
    last = max((sent.ended for sent in messages if not sent.is_dead), default=None)
    rows = [
        (
            world.key("core.channels", client.id, number), client.id, kind, name,
            to_json({"address": address.format(slug=client.slug)}), number == 0,
            last if number == 0 else None, start, start,
        )
        for number, (kind, name, address) in enumerate(PLACES)
    ]  # fmt: skip
    return Batch("core.channels", columns, rows)


def deliveries(world: World, client: ClientPlan, messages: list[Sent]) -> Batch:
    columns = (
        "id", "client_id", "subject_type", "subject_id", "kind", "channel", "channel_id", "channel_client_id",
        "destination", "idem_key", "severity", "message", "state", "attempts", "next_at", "sent_at",
        "provider_message_id", "last_error", "created_at",
    )  # fmt: skip
    channel = world.key("core.channels", client.id, 0)
    rows = [
        (
            sent.key, client.id, sent.subject_type, sent.subject, str(sent.kind), "email", channel, client.id, sent.address,
            key_of(client, sent), sent.severity, message_of(client, sent),
            "dead" if sent.is_dead else "sent", sent.tries, sent.ended, None if sent.is_dead else sent.ended,
            None if sent.is_dead else f"<{key_of(client, sent)}@mail.example>",
            "The mail server did not answer in time." if sent.is_dead else None, sent.at,
        )
        for sent in messages
    ]  # fmt: skip
    return Batch("core.deliveries", columns, rows)


def key_of(client: ClientPlan, sent: Sent) -> str:
    destination = Destination(ChannelKind.EMAIL, sent.address)
    return subject_key(client.id, sent.subject_type, sent.subject, sent.kind, destination)


def message_of(client: ClientPlan, sent: Sent) -> str:
    return to_json(
        {
            "title": sent.title, "text": sent.text, "severity": sent.severity, "client_name": client.name, "url": None, "fields": [],
            "detail": {}, "policy": "at_least_once", "via": None,
        }
    )  # fmt: skip


def members(client: ClientPlan, messages: list[Sent]) -> Batch:
    """What each message tells of."""
    columns = (
        "client_id",
        "subject_type",
        "subject_id",
        "kind",
        "channel",
        "destination",
        "delivery_id",
        "line",
    )
    rows = [
        (
            client.id,
            sent.subject_type,
            sent.subject,
            str(sent.kind),
            "email",
            sent.address,
            sent.key,
            sent.title,
        )
        for sent in messages
    ]
    return Batch("core.delivery_members", columns, rows)


def attempts(world: World, client: ClientPlan, messages: list[Sent]) -> Batch:
    columns = (
        "client_id", "delivery_id", "n", "lease_token", "started_at", "finished_at", "outcome", "status_code", "error",
        "worker",
    )  # fmt: skip
    rows = []
    for sent in messages:
        for n in range(1, sent.tries + 1):
            took = n == sent.tries and not sent.is_dead
            started = sent.at + timedelta(seconds=90 * (n - 1))
            outcome = "sent" if took else "permanent" if n == sent.tries else "retry"
            rows.append(
                (
                    client.id, sent.key, n, world.key("core.delivery_attempts", client.id, sent.number, n), started,
                    started + timedelta(seconds=2), outcome, 250 if took else 421,
                    None if took else "The mail server did not answer in time.", "worker-1",
                )
            )  # fmt: skip
    return Batch("core.delivery_attempts", columns, rows)


def events(world: World, client: ClientPlan, messages: list[Sent]) -> Batch:
    """What happened to each message, published long ago."""
    columns = (
        "id", "client_id", "type", "source", "subject", "time", "dataschema", "dataversion", "actor", "data",
        "created_at", "published_at",
    )  # fmt: skip
    rows = []
    for sent in messages:
        name = "delivery.dead" if sent.is_dead else "delivery.sent"
        data: dict[str, Any] = {"delivery_id": str(sent.key), "channel": "email"}
        data |= {"code": "timeout"} if sent.is_dead else {"attempts": sent.tries}
        rows.append(
            (
                world.key("core.outbox_events", client.id, sent.number), client.id, name, "/belvedere/delivery",
                str(sent.key), sent.ended, f"events/{name}/v1.json", 1, "sender", to_json(data), sent.ended,
                sent.ended + timedelta(seconds=1),
            )
        )  # fmt: skip
    return Batch("core.outbox_events", columns, rows)


def answers(world: World, client: ClientPlan) -> Batch:
    """First answers of the last hours to requests that named a key; they are kept for a day."""
    columns = (
        "principal", "client_id", "key", "method", "path", "body_hash", "status_code", "headers", "body", "created_at",
        "expires_at",
    )  # fmt: skip
    return Batch("core.idempotency_keys", columns, list(answers_of(world, client)))


def answers_of(world: World, client: ClientPlan) -> Iterator[tuple[Any, ...]]:
    for number in range(3):
        person = world.people[number % len(world.people)]
        at = world.now - timedelta(hours=2 + 3 * number)
        key = world.key("core.idempotency_keys", client.id, number)
        yield (
            str(person), client.id, str(key), "POST", "/api/v1/snapshots",
            hashlib.sha256(key.bytes).digest(), 202, to_json({"content-type": "application/json"}),
            to_json({"status": "queued"}).encode(), at, at + timedelta(hours=24),
        )  # fmt: skip


def budgets(world: World, client: ClientPlan) -> Batch:
    """One bucket for each account at a platform, full again by now."""
    columns = ("provider", "account", "capacity", "refill_per_second", "tokens", "refilled_at")
    account = f"{client.slug}.myshopify.example"
    rows = [("shopify", account, 40, 2, 40, world.now), ("omnisend", client.slug, 100, 5, 100, world.now)]
    return Batch("core.rate_budgets", columns, rows)


def to_json(value: object) -> str:
    return orjson.dumps(value).decode()
