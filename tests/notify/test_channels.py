"""Channels: what may be entered, what is sealed, how health comes and goes."""

from datetime import UTC, datetime

import orjson
import pytest
from tests.notify.conftest import SHOP, request
from tests.people import BRANDT, MARLOW

from belvedere.core.errors import Conflict, Invalid, NotFound
from belvedere.notify import service
from belvedere.notify.addresses import checked_address, checked_webhook
from belvedere.notify.contracts import ChannelKind, Destination
from belvedere.notify.sending import send_due
from belvedere.sandbox.clients import FORBIDDEN_CHANNEL_ID
from belvedere.sandbox.faults import Fault, Mode, Target

TOKEN = SHOP.discord_webhook_token


def now() -> datetime:
    return datetime.now(UTC)


def webhook_url(runtime) -> str:
    base = runtime.settings.discord_base_url
    return f"{base}/webhooks/{SHOP.discord_webhook_id}/{TOKEN}"


async def store(runtime, people, client_id=BRANDT, **more):
    async with runtime.db.write(people.olga.scope) as session:
        return await service.store_webhook_channel(
            session,
            client_id,
            webhook_url(runtime),
            people.olga.email,
            now(),
            discord_base_url=runtime.settings.discord_base_url,
            **more,
        )


async def make(runtime, people, draft: service.ChannelDraft) -> service.Channel:
    async with runtime.db.write(people.olga.scope) as session:
        return await service.create_channel(session, draft, actor=people.olga.email, now=now())


async def channels(runtime, person) -> list[dict]:
    async with runtime.db.read(person.scope) as session:
        return [orjson.loads(row) for row in await service.list_channels(session)]


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com/api/webhooks/1180000000000000201/abcdefgh-token",
        "https://canary.discord.com/api/v10/webhooks/1180000000000000201/abcdefgh-token/",
        "https://discordapp.com/api/webhooks/1180000000000000201/abcdefgh-token",
    ],
)
def test_webhooks_of_discord_are_taken(url):
    assert checked_webhook(url) == "1180000000000000201"


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com.evil.example/api/webhooks/1180000000000000201/abcdefgh-token",
        "http://discord.com/api/webhooks/1180000000000000201/abcdefgh-token",
        "https://discord.com:8443/api/webhooks/1180000000000000201/abcdefgh-token",
        "https://user@discord.com/api/webhooks/1180000000000000201/abcdefgh-token",
        "https://discord.com/api/webhooks/1180000000000000201/abcdefgh-token?wait=false",
        "https://discord.com/api/../x/webhooks/1180000000000000201/abcdefgh-token",
        "https://hooks.example/api/webhooks/1180000000000000201/abcdefgh-token",
        "http://127.0.0.1:5432/api/webhooks/1180000000000000201/abcdefgh-token",
        "https://discord.com/api/webhooks/x/abcdefgh-token",
        "https://[::1/api/webhooks/1180000000000000201/abcdefgh-token",
        "",
    ],
)
def test_other_addresses_are_refused_with_what_is_wanted(url):
    with pytest.raises(Invalid) as refused:
        checked_webhook(url)
    assert "https://discord.com/api/webhooks/" in refused.value.detail


def test_addresses_are_checked_by_kind():
    assert checked_address(ChannelKind.EMAIL, " Team <team@brandt.example> ") == "team@brandt.example"
    assert checked_address(ChannelKind.DISCORD_BOT, " 123456789012345678 ") == "123456789012345678"
    for kind, wrong in ((ChannelKind.EMAIL, "team"), (ChannelKind.DISCORD_BOT, "#alerts")):
        with pytest.raises(Invalid):
            checked_address(kind, wrong)


async def test_a_webhooks_address_is_sealed_and_messages_go_by_it(runtime, people, outbox, sandbox, admin):
    channel_id = await store(runtime, people, name="Alerts of Brandt")
    everything = admin.execute("SELECT row_to_json(c)::text FROM core.channels c").fetchall()
    assert TOKEN not in str(everything)
    (delivery_id,) = await outbox.ask(request(Destination.discord(f"webhook:{channel_id}")))
    assert (await send_due(runtime)).sent == 1
    row = outbox.row(delivery_id)
    assert (row["channel_id"], row["channel_client_id"]) == (channel_id, BRANDT)
    assert len(sandbox.sandbox.ledger.of_kind("discord.webhook")) == 1
    (shown,) = await channels(runtime, people.alice)
    assert shown["last_sent_at"]
    assert shown["sent_today"] == 1
    assert TOKEN not in str(shown)
    reads = admin.execute("SELECT actor FROM core.audit_log WHERE action = 'credential.read'").fetchall()
    assert reads == [("sender",)]


async def test_a_job_of_one_client_may_name_a_webhook_of_the_agency(runtime, people, outbox, sandbox):
    channel_id = await store(runtime, people, client_id=0)
    (delivery_id,) = await outbox.ask(request(Destination.discord(f"webhook:{channel_id}")))
    assert outbox.row(delivery_id)["channel_id"] is None
    assert (await send_due(runtime)).sent == 1


async def test_a_webhook_of_another_client_is_not_used(runtime, people, outbox, sandbox):
    channel_id = await store(runtime, people, client_id=MARLOW)
    (delivery_id,) = await outbox.ask(request(Destination.discord(f"webhook:{channel_id}")))
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert row["state"] == "dead"
    assert "was removed" in row["last_error"]
    assert sandbox.sandbox.ledger.of_kind("discord.webhook") == []


async def test_the_same_webhook_again_renews_its_address(runtime, people, admin):
    first = await store(runtime, people)
    assert await store(runtime, people) == first
    assert admin.execute("SELECT count(*) FROM core.creds_meta").fetchone() == (1,)


async def test_a_refused_webhook_breaks_its_channel_once_and_a_success_mends_it(
    runtime, people, outbox, sandbox
):
    channel_id = await store(runtime, people)
    sandbox.sandbox.faults.arm(Fault(Target.DISCORD, Mode.AUTH, times=2))
    destination = Destination.discord(f"webhook:{channel_id}")
    await outbox.ask(request(destination), request(destination))
    await send_due(runtime)
    (shown,) = await channels(runtime, people.alice)
    assert shown["broken_since"]
    assert "settings" in shown["broken_reason"]
    assert shown["dead"] == 2
    assert [kind for kind, _ in outbox.events()].count("channel.broken") == 1
    await outbox.ask(request(destination))
    await send_due(runtime)
    (shown,) = await channels(runtime, people.alice)
    assert shown["broken_since"] is None


async def test_a_channel_that_is_off_sends_nothing_and_says_so(runtime, people, outbox, sandbox):
    channel_id = await store(runtime, people)
    async with runtime.db.write(people.olga.scope) as session:
        await service.change_channel(session, channel_id, {"is_active": False}, actor="olga", now=now())
    (delivery_id,) = await outbox.ask(request(Destination.discord(f"webhook:{channel_id}")))
    await send_due(runtime)
    assert "switched off" in outbox.row(delivery_id)["last_error"]
    with pytest.raises(Conflict):
        async with runtime.db.write(people.olga.scope) as session:
            await service.send_test(session, channel_id, "Agency", actor="olga", now=now())


async def test_a_bots_own_token_is_used_before_that_of_the_settings(runtime, people, outbox):
    draft = service.ChannelDraft(
        ChannelKind.DISCORD_BOT, "Own bot", BRANDT, SHOP.discord_channel_id, "a-token-nobody-knows"
    )
    channel = await make(runtime, people, draft)
    (delivery_id,) = await outbox.ask(request(channel.destination))
    await send_due(runtime)
    assert "does not accept the bot token" in outbox.row(delivery_id)["last_error"]


async def test_a_test_message_names_the_channel_and_goes_each_time_it_is_asked_for(
    runtime, people, outbox, sandbox
):
    channel = await make(
        runtime, people, service.ChannelDraft(ChannelKind.EMAIL, "Team", BRANDT, "team@brandt.example")
    )
    for _ in range(2):
        async with runtime.db.write(people.olga.scope) as session:
            await service.send_test(
                session, channel.id, "Kaffeehaus Brandt", actor=people.olga.email, now=now()
            )
    await send_due(runtime)
    assert [mail.subject for mail in sandbox.sandbox.mailbox.mails] == [
        "Test of Team · Kaffeehaus Brandt"
    ] * 2


async def test_a_used_channel_is_not_removed_and_an_unused_one_takes_its_secret_along(
    runtime, people, outbox, admin
):
    unused = await store(runtime, people)
    async with runtime.db.write(people.olga.scope) as session:
        await service.remove_channel(session, unused, actor="olga", now=now())
    assert admin.execute("SELECT count(*) FROM core.creds_meta").fetchone() == (0,)
    used = await store(runtime, people)
    await outbox.ask(request(Destination.discord(f"webhook:{used}")))
    with pytest.raises(Conflict):
        async with runtime.db.write(people.olga.scope) as session:
            await service.remove_channel(session, used, actor="olga", now=now())


async def test_a_name_is_taken_once_for_each_client_and_kind(runtime, people):
    draft = service.ChannelDraft(ChannelKind.EMAIL, "Team", BRANDT, "team@brandt.example")
    await make(runtime, people, draft)
    with pytest.raises(Conflict):
        await make(runtime, people, draft)


async def test_a_new_address_takes_the_mark_of_a_fault_away(runtime, people, outbox):
    draft = service.ChannelDraft(ChannelKind.DISCORD_BOT, "Moved", BRANDT, FORBIDDEN_CHANNEL_ID)
    channel = await make(runtime, people, draft)
    await outbox.ask(request(channel.destination))
    await send_due(runtime)
    async with runtime.db.write(people.olga.scope) as session:
        assert (await service.get_channel(session, channel.id)).broken_since is not None
        changes = {"address": SHOP.discord_channel_id, "name": "Moved on"}
        changed = await service.change_channel(session, channel.id, changes, actor="olga", now=now())
    assert (changed.broken_since, changed.name) == (None, "Moved on")
    assert changed.destination.address == SHOP.discord_channel_id


async def test_strangers_do_not_see_a_channel(runtime, people):
    channel_id = await store(runtime, people)
    with pytest.raises(NotFound):
        async with runtime.db.read(people.charlie.scope) as session:
            await service.get_channel(session, channel_id)
    assert await channels(runtime, people.charlie) == []
