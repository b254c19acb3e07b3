"""Digests on their way: a mail that a mail server (aiosmtpd) took, a card in Discord, a signed webhook."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from tests.notify.conftest import settings_for
from tests.watchtower.digest_world import DigestWorld

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.egress import HttpClient
from belvedere.core.runtime import Runtime
from belvedere.notify.sending import send_due as send_messages
from belvedere.sandbox.clients import SANDBOX_CLIENTS
from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox

HOUR = timedelta(hours=1)


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await run_sandbox(SandboxOptions(discord_limit=1000))
    yield running
    await running.close()


@pytest.fixture
async def sending(sandbox, db, world, tmp_path) -> AsyncIterator[Runtime]:
    settings = settings_for(sandbox, tmp_path)
    use_keyring(load_keyring(settings))
    async with HttpClient(settings) as http:
        yield Runtime(settings, db, http, lambda: world.now)


@pytest.fixture
def house(world, sending) -> DigestWorld:
    return DigestWorld(world, sending)


def nine_today() -> datetime:
    """The last nine o'clock in UTC: messages are sent by the database's own clock."""
    now = datetime.now(UTC)
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    return nine if nine < now - HOUR else nine - timedelta(days=1)


def text_of(mail) -> str:
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


async def test_a_mail_server_takes_the_digest_as_both_text_and_html_item_21(house, sandbox, sending):
    nine = nine_today()
    rule = house.rule(notify_immediately=True)
    house.alert(
        rule,
        nine - HOUR,
        title="Open rate 11.8% on Advent <preview>",
        severity="critical",
        told_at=nine - HOUR,
    )
    await house.at(nine + timedelta(minutes=1))
    await send_messages(sending)
    (taken,) = sandbox.sandbox.mailbox.mails
    mail = message_from_bytes(taken.raw, policy=policy.default)
    assert taken.envelope_to == ("team@brandt.example",)
    assert mail["Subject"] == "Daily digest: 1 new · Kaffeehaus Brandt"
    assert mail.get_content_type() == "multipart/alternative"
    assert "• Critical: Open rate 11.8% on Advent <preview> (already sent)" in text_of(mail)
    html = mail.get_body(("html",)).get_content()
    assert "Advent &lt;preview&gt; (already sent)" in html
    (digest,) = house.digests()
    assert f"https://belvedere.example/digests/{digest['id']}" in html
    assert house.messages()[0]["state"] == "sent"
    # Once more changes nothing: the same boundary, the same message.
    await house.at(nine + timedelta(minutes=2))
    await send_messages(sending)
    assert len(sandbox.sandbox.mailbox.mails) == 1


async def test_a_digest_of_every_client_is_one_mail_with_a_part_for_each_item_21(house, sandbox, sending):
    nine = nine_today()
    rule = house.rule(client_id=0, email_recipients=["all@agency.example"])
    for client in (1, 2, 3):
        for number in range(40):
            house.alert(rule, nine - HOUR, client=client, title=f"Campaign {number} of {client}")
    await house.at(nine + timedelta(minutes=1))
    await send_messages(sending)
    (taken,) = sandbox.sandbox.mailbox.mails
    mail = message_from_bytes(taken.raw, policy=policy.default)
    assert mail["Subject"] == "Daily digest: 120 new · All clients"
    said = text_of(mail)
    for name in ("Kaffeehaus Brandt", "Marlow & Finch", "Tidewater Outdoor"):
        assert f"{name}\nNew (40)" in said
    assert len(taken.raw) < 80_000


async def test_discord_takes_the_digest_once_item_21(house, sandbox, sending):
    nine = nine_today()
    shop = SANDBOX_CLIENTS[0]
    rule = house.rule(notify_email=False, notify_discord=True, discord_channel_id=shop.discord_channel_id)
    for number in range(300):
        house.alert(rule, nine - HOUR, title=f"{number} " + "a very long name of a campaign " * 8)
    await house.at(nine + timedelta(minutes=1))
    await send_messages(sending)
    assert [row["state"] for row in house.messages()] == ["sent"]
    ledger = sandbox.sandbox.ledger.totals()["discord.message"]
    assert (ledger["keys"], ledger["doubled"]) == (1, 0)


async def test_a_webhook_is_asked_to_carry_it_item_21(house, admin):
    from uuid import uuid4

    nine = nine_today()
    channel = uuid4()
    admin.execute(
        "INSERT INTO core.channels (id, client_id, kind, name, is_active) VALUES (%s, 1, 'webhook', 'Ours', true)",
        [channel],
    )
    rule = house.rule(notify_email=False, notify_webhook=True)
    house.alert(rule, nine - HOUR)
    await house.at(nine + timedelta(minutes=1))
    (message,) = house.messages()
    assert (message["channel"], message["channel_id"], message["kind"]) == ("webhook", channel, "digest")
    assert house.digests()[0]["destination"] == f"webhook:{channel}"
