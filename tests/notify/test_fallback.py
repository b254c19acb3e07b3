"""A channel that breaks: its fallback, its owner, its health."""

from uuid import uuid4

import orjson
import pytest
from tests.notify.conftest import BOT, request
from tests.notify.receiver import open_receiver
from tests.people import BRANDT, MARLOW

from belvedere.core.errors import Conflict, Invalid
from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind, Destination, MessageKind
from belvedere.notify.sending import send_due

GONE = "HTTP/1.1 410 Gone\r\n"
FINE = "HTTP/1.1 204 No Content\r\n"


async def make(runtime, people, draft):
    async with runtime.db.write(people.olga.scope) as session:
        return await service.create_channel(
            session, draft, actor="olga", now=runtime.clock(), allowed=runtime.settings.allow_private_networks
        )


async def change(runtime, people, channel, **changes):
    async with runtime.db.write(people.olga.scope) as session:
        return await service.change_channel(session, channel.id, changes, actor="olga", now=runtime.clock())


@pytest.fixture
async def receiver():
    async with open_receiver() as running:
        yield running


@pytest.fixture
async def main(runtime, people, receiver):
    return await make(
        runtime, people, service.ChannelDraft(ChannelKind.WEBHOOK, "Main", BRANDT, receiver.url)
    )


@pytest.fixture
async def spare(runtime, people, main):
    made = await make(
        runtime, people, service.ChannelDraft(ChannelKind.EMAIL, "Spare", BRANDT, "spare@brandt.example")
    )
    await change(runtime, people, main, fallback_channel_id=made.id)
    return made


async def health(runtime, people, channel):
    async with runtime.db.read(people.olga.scope) as session:
        (row,) = await service.list_channels(session, channel_id=channel.id)
    return orjson.loads(row)


async def test_a_broken_channel_sends_by_its_fallback_and_tells_the_owner_item_24(
    runtime, outbox, sandbox, people, receiver, main, spare
):
    receiver.answers = [GONE]
    asked = await outbox.ask(*(request(Destination.webhook(main.id)) for _ in range(6)))
    await send_due(runtime)
    mails = sandbox.sandbox.mailbox.mails
    assert sum(mail.envelope_to[0] == "spare@brandt.example" for mail in mails) == 6
    assert sum(mail.envelope_to[0] == people.olga.email for mail in mails) == 1
    (notice,) = [mail for mail in mails if mail.envelope_to[0] == people.olga.email]
    assert notice.subject == "A channel is broken: “Main” · Agency"
    old = [outbox.row(delivery_id) for delivery_id in asked]
    assert {row["state"] for row in old} == {"dead"}
    assert all("Spare" in row["last_error"] for row in old)
    new = [outbox.row(row["message"]["rerouted_to"]) for row in old]
    assert {row["message"]["rerouted_from"] for row in new} == {str(row["id"]) for row in old}
    assert {row["state"] for row in new} == {"sent"}
    assert [kind for kind, _ in outbox.events()].count("channel.broken") == 1


async def test_what_is_asked_for_while_it_is_broken_goes_by_the_fallback_at_once(
    runtime, outbox, sandbox, people, receiver, main, spare
):
    receiver.answers = [GONE]
    await outbox.ask(request(Destination.webhook(main.id)))
    await send_due(runtime)
    alert = uuid4()
    await outbox.ask(request(Destination.webhook(main.id), subject_id=alert))
    await outbox.ask(request(Destination.webhook(main.id), subject_id=alert, kind=MessageKind.RESOLVED))
    await send_due(runtime)
    assert len(receiver.got) == 1
    subjects = [mail.subject for mail in sandbox.sandbox.mailbox.mails if "spare" in mail.envelope_to[0]]
    assert sum(subject.startswith("Resolved: ") for subject in subjects) == 1
    assert (await health(runtime, people, main))["broken_since"]


async def test_a_test_that_gets_through_mends_the_channel(runtime, outbox, people, receiver, main, spare):
    receiver.answers = [GONE, FINE]
    await outbox.ask(request(Destination.webhook(main.id)))
    await send_due(runtime)
    async with runtime.db.write(people.olga.scope) as session:
        await service.send_test(session, main.id, "Kaffeehaus Brandt", actor="olga", now=runtime.clock())
    await send_due(runtime)
    found = await health(runtime, people, main)
    assert found["broken_since"] is None
    assert (found["tries_today"], found["success_percent"]) == (2, 50.0)


async def test_two_channels_that_fall_back_to_each_other_end(runtime, outbox, people, receiver):
    one = await make(runtime, people, service.ChannelDraft(ChannelKind.WEBHOOK, "One", BRANDT, receiver.url))
    two = await make(runtime, people, service.ChannelDraft(ChannelKind.WEBHOOK, "Two", BRANDT, receiver.url))
    await change(runtime, people, one, fallback_channel_id=two.id)
    # As an older version let it be set up.
    outbox.admin.execute("UPDATE core.channels SET fallback_channel_id = %s WHERE id = %s", [one.id, two.id])
    receiver.answers = [GONE]
    await outbox.ask(request(Destination.webhook(one.id)))
    await send_due(runtime)
    rows = outbox.rows(subject_type="alert")
    assert [row["state"] for row in rows] == ["dead", "dead"]
    assert len(receiver.got) == 2


async def test_without_a_fallback_messages_are_given_up_and_the_owner_is_told_once(
    runtime, outbox, sandbox, people, receiver, main
):
    receiver.answers = [GONE]
    await outbox.ask(*(request(Destination.webhook(main.id)) for _ in range(3)))
    await send_due(runtime)
    assert {row["state"] for row in outbox.rows(subject_type="alert")} == {"dead"}
    (mail,) = sandbox.sandbox.mailbox.mails
    assert "no fallback" in mail.parsed.get_body(("plain",)).get_content().replace("\n", " ")


async def test_a_channel_of_the_settings_that_breaks_is_told_once_a_day(runtime, outbox, sandbox):
    runtime.settings = type(runtime.settings)(
        **{**runtime.settings.model_dump(), "discord_bot_token": "wrong"}
    )
    for _ in range(2):
        await outbox.ask(request(BOT))
        await send_due(runtime)
    assert len(sandbox.sandbox.mailbox.mails) == 1


async def test_a_fallback_that_leads_back_is_refused_with_the_way_item_24(runtime, people, main, spare):
    last = await make(
        runtime, people, service.ChannelDraft(ChannelKind.EMAIL, "Last", BRANDT, "last@brandt.example")
    )
    await change(runtime, people, spare, fallback_channel_id=last.id)
    for channel, wanted in ((spare, main), (last, main), (last, spare)):
        with pytest.raises(Invalid, match="lead back") as caught:
            await change(runtime, people, channel, fallback_channel_id=wanted.id)
        (problem,) = caught.value.errors
        assert (problem.pointer, problem.code) == ("/fallback_channel_id", "fallback_circle")
    assert "“Main” to “Spare” to “Last”" in problem.detail or "“Spare” to “Last”" in problem.detail


async def test_a_test_of_a_channel_never_goes_by_its_fallback_item_24(
    runtime, outbox, people, receiver, sandbox, main, spare
):
    receiver.answers = [GONE]
    for _ in range(2):
        async with runtime.db.write(people.olga.scope) as session:
            await service.send_test(session, main.id, "Kaffeehaus Brandt", actor="olga", now=runtime.clock())
        await send_due(runtime)
    assert len(receiver.got) == 2
    assert {row["state"] for row in outbox.rows(kind="test")} == {"dead"}
    assert not [mail for mail in sandbox.sandbox.mailbox.mails if "spare@brandt.example" in mail.envelope_to]


async def test_a_repeat_of_a_round_is_one_message_and_the_next_round_another(runtime, outbox, sandbox):
    alert = uuid4()
    again = [request(BOT, subject_id=alert, kind=MessageKind.AGAIN, round=turn) for turn in (1, 1, 2)]
    asked = [await outbox.ask(one) for one in again]
    assert [len(ids) for ids in asked] == [1, 0, 1]
    keys = {row["idem_key"] for row in outbox.rows(subject_id=alert)}
    assert len(keys) == 2


async def test_a_fallback_is_another_channel_of_the_same_client(runtime, people, main, spare):
    other = await make(
        runtime, people, service.ChannelDraft(ChannelKind.EMAIL, "Other", MARLOW, "a@marlow.example")
    )
    for wrong in (other.id, main.id, uuid4()):
        with pytest.raises(Invalid):
            await change(runtime, people, main, fallback_channel_id=wrong)
    with pytest.raises(Conflict, match="falls back"):
        async with runtime.db.write(people.olga.scope) as session:
            await service.remove_channel(session, spare.id, actor="olga", now=runtime.clock())
    assert (await change(runtime, people, main, fallback_channel_id=None)).fallback_channel_id is None
