"""A real database, a fake Discord and mail server over real sockets, and a runtime between them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from tests.people import BRANDT

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.notify import service
from belvedere.notify.contracts import DeliveryRequest, Destination, Message, MessageKind, RepeatPolicy
from belvedere.sandbox.clients import DISCORD_BOT_TOKEN, SANDBOX_CLIENTS
from belvedere.sandbox.faults import Fault, Mode, Target
from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox

SHOP = SANDBOX_CLIENTS[0]
BOT = Destination.discord(SHOP.discord_channel_id)
MAILBOX = Destination.email("team@brandt.example")


@dataclass
class Clock:
    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(discord_limit=1000))
    yield running
    await running.close()


def settings_for(sandbox: RunningSandbox, folder, **more: Any) -> Settings:
    values: dict[str, Any] = {
        "data_dir": folder,
        "allow_private_networks": "127.0.0.0/8",
        "discord_base_url": sandbox.urls["discord_base_url"],
        "discord_bot_token": DISCORD_BOT_TOKEN,
        "smtp_host": sandbox.smtp_host,
        "smtp_port": sandbox.smtp_port,
        "smtp_security": "none",
        "smtp_from": "Belvedere <alerts@agency.example>",
        "public_url": "https://belvedere.example",
        "delivery_lease_seconds": 10,
        "http_timeout_seconds": 5,
        **more,
    }
    return Settings(**values)


@pytest.fixture
def settings(sandbox: RunningSandbox, tmp_path) -> Settings:
    return settings_for(sandbox, tmp_path)


@pytest.fixture
async def runtime(settings: Settings, db: Database, people) -> AsyncIterator[Runtime]:
    use_keyring(load_keyring(settings))
    async with HttpClient(settings) as http:
        yield Runtime(settings, db, http, Clock())


@dataclass
class Outbox:
    """Arranges and looks at deliveries as a superuser would."""

    db: Database
    admin: psycopg.Connection

    async def ask(self, *requests: DeliveryRequest, scope: Scope | None = None) -> list[UUID]:
        async with self.db.write(scope or Scope.client(BRANDT)) as session:
            return await service.request_deliveries(session, requests, datetime.now(UTC))

    def rows(self, **wanted: Any) -> list[dict[str, Any]]:
        where = " AND ".join([f"{name} = %({name})s" for name in wanted] or ["true"])
        with self.admin.cursor(row_factory=dict_row) as cursor:
            query = f"SELECT * FROM core.deliveries WHERE {where} ORDER BY created_at, id"
            return cursor.execute(query, wanted).fetchall()

    def row(self, delivery_id: UUID) -> dict[str, Any]:
        (found,) = self.rows(id=delivery_id)
        return found

    def attempts(self, delivery_id: UUID) -> list[dict[str, Any]]:
        with self.admin.cursor(row_factory=dict_row) as cursor:
            query = "SELECT * FROM core.delivery_attempts WHERE delivery_id = %s ORDER BY n"
            return cursor.execute(query, [delivery_id]).fetchall()

    def outcomes(self, delivery_id: UUID) -> list[str]:
        return [attempt["outcome"] for attempt in self.attempts(delivery_id)]

    def let_leases_end(self) -> None:
        self.admin.execute(
            "UPDATE core.deliveries SET lease_until = now() - interval '1 s' WHERE state = 'sending'"
        )

    def make_due(self) -> None:
        self.admin.execute("UPDATE core.deliveries SET next_at = now() WHERE state = 'ready'")

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return self.admin.execute("SELECT type, data FROM core.outbox_events ORDER BY id").fetchall()

    def jobs(self) -> list[tuple[str, str, Any]]:
        return self.admin.execute(
            "SELECT task_name, queueing_lock, scheduled_at FROM jobs.procrastinate_jobs WHERE status = 'todo'"
        ).fetchall()


@pytest.fixture
def outbox(db: Database, admin: psycopg.Connection, people) -> Outbox:
    return Outbox(db, admin)


def message(**more: Any) -> Message:
    values: dict[str, Any] = {
        "title": "Open rate 11.8% on Advent preview",
        "text": "Open rate is 11.8%, limit < 15%.",
        "severity": "warning",
        "client_name": "Kaffeehaus Brandt",
        "url": "/alerts/17",
        "fields": (("Value", "11.8%"), ("Limit", "< 15%")),
        **more,
    }
    return Message(**values)


def arm_lost_mail(sandbox: RunningSandbox) -> None:
    """The next mail is taken and its answer lost."""
    sandbox.sandbox.faults.arm(Fault(Target.SMTP, Mode.ACCEPT_THEN_TIMEOUT, times=1, seconds=0.1))


def request(destination: Destination = BOT, **more: Any) -> DeliveryRequest:
    said = more.pop("message", None) or message(**more.pop("words", {}))
    values: dict[str, Any] = {
        "client_id": BRANDT,
        "subject_type": "alert",
        "subject_id": uuid4(),
        "kind": MessageKind.OPENED,
        "destination": destination,
        "message": said,
        "policy": RepeatPolicy.AT_LEAST_ONCE,
        **more,
    }
    return DeliveryRequest(**values)
