"""Signed webhooks: what a receiver gets, how it checks it, secrets that are replaced, and answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.notify.conftest import request
from tests.notify.receiver import Receiver, open_receiver
from tests.people import BRANDT

from belvedere.core.errors import Conflict, Invalid
from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind, Destination, Member, MessageKind
from belvedere.notify.sending import send_due
from belvedere.notify.webhooks import checked_endpoint, checked_secret, new_secret

OPEN = ("HTTP/1.1 204 No Content\r\n",)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as running:
        yield running


@pytest.fixture
async def channel(runtime, people, receiver) -> service.Channel:
    draft = service.ChannelDraft(ChannelKind.WEBHOOK, "Automation", BRANDT, receiver.url)
    async with runtime.db.write(people.olga.scope) as session:
        return await service.create_channel(
            session, draft, actor="olga", now=runtime.clock(), allowed=runtime.settings.allow_private_networks
        )


def push_to(channel, **more):
    return request(Destination.webhook(channel.id), **more)


async def test_a_push_is_signed_and_says_what_happened(runtime, outbox, receiver, channel):
    (delivery_id,) = await outbox.ask(push_to(channel, words={"detail": {"alert_id": "17"}}))
    await send_due(runtime)
    ((headers, body),) = receiver.got
    key = outbox.row(delivery_id)["idem_key"]
    assert headers["webhook-id"] == headers["idempotency-key"] == key
    said = Webhook(channel.issued_secret).verify(body, headers)
    assert said["type"] == "alert.opened"
    assert said["data"]["alert"] == {"alert_id": "17"}
    assert said["data"]["client"] == {"id": BRANDT, "name": "Kaffeehaus Brandt"}
    assert said["data"]["url"] == "https://belvedere.example/alerts/17"
    assert said["data"]["possible_repeat"] is False
    assert outbox.row(delivery_id)["state"] == "sent"


async def test_a_push_for_several_names_each(runtime, outbox, receiver, channel):
    alerts = [uuid4(), uuid4()]
    members = tuple(Member(alert, f"Line {number}") for number, alert in enumerate(alerts))
    await outbox.ask(push_to(channel, subject_type="alert_group", members=members))
    await send_due(runtime)
    said = orjson.loads(receiver.got[0][1])["data"]["members"]
    assert [member["line"] for member in said] == ["Line 0", "Line 1"]
    assert {member["subject_id"] for member in said} == set(map(str, alerts))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_receiver_that_is_gone_is_dead_at_once_and_marks_the_channel_item_24(
    status, runtime, outbox, receiver, channel, people
):
    receiver.answers = [f"HTTP/1.1 {status} No\r\n"]
    (delivery_id,) = await outbox.ask(push_to(channel))
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "dead"
    async with runtime.db.read(people.olga.scope) as session:
        found = await service.get_channel(session, channel.id)
    assert found.broken_since is not None
    assert str(status) in (found.broken_reason or "")


async def test_a_receiver_that_asks_to_wait_is_obeyed_and_gets_the_same_key(
    runtime, outbox, receiver, channel
):
    receiver.answers = ["HTTP/1.1 429 Later\r\nRetry-After: 20\r\n", *OPEN]
    (delivery_id,) = await outbox.ask(push_to(channel))
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert 19 < (row["next_at"] - datetime.now(UTC)).total_seconds() < 25
    outbox.make_due()
    await send_due(runtime)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert receiver.got[0][1] == receiver.got[1][1]


async def test_a_lost_answer_is_sent_again_and_says_that_it_may_be_a_repeat(
    runtime, outbox, receiver, channel
):
    receiver.answers = ["", *OPEN]
    (delivery_id,) = await outbox.ask(push_to(channel))
    await send_due(runtime)
    outbox.make_due()
    await send_due(runtime)
    assert outbox.outcomes(delivery_id) == ["unknown", "sent"]
    assert orjson.loads(receiver.got[1][1])["data"]["possible_repeat"] is True


async def test_a_redirect_is_not_followed(runtime, outbox, receiver, channel):
    receiver.answers = ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\n"]
    (delivery_id,) = await outbox.ask(push_to(channel))
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "dead"
    assert len(receiver.got) == 1


async def rotate(runtime, people, channel):
    async with runtime.db.write(people.olga.scope) as session:
        return await service.rotate_secret(session, channel.id, actor="olga", now=runtime.clock())


async def test_a_replaced_secret_signs_beside_the_new_one_for_a_day(
    runtime, outbox, receiver, channel, people
):
    changed = await rotate(runtime, people, channel)
    assert changed.issued_secret != channel.issued_secret
    await outbox.ask(push_to(channel))
    await send_due(runtime)
    for secret in (channel.issued_secret, changed.issued_secret):
        assert Webhook(secret).verify(receiver.got[0][1], receiver.got[0][0])
    runtime.clock.ahead = timedelta(hours=25)
    await outbox.ask(push_to(channel))
    await send_due(runtime)
    headers, _ = receiver.got[1]
    real = runtime.clock.ahead
    stamp = headers["webhook-timestamp"]
    assert int(stamp) > datetime.now(UTC).timestamp() + real.total_seconds() - 100
    assert len(headers["webhook-signature"].split()) == 1


async def test_replacing_twice_forgets_the_oldest_secret(runtime, outbox, receiver, channel, people):
    second = await rotate(runtime, people, channel)
    third = await rotate(runtime, people, channel)
    await outbox.ask(push_to(channel))
    await send_due(runtime)
    headers, body = receiver.got[0]
    assert Webhook(second.issued_secret).verify(body, headers)
    assert Webhook(third.issued_secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(channel.issued_secret).verify(body, headers)
    count = outbox.admin.execute("SELECT count(*) FROM core.creds_meta WHERE provider = 'webhook'").fetchone()
    assert count == (2,)


async def test_a_clients_webhook_is_found(runtime, channel, people):
    async with runtime.db.read(people.olga.scope) as session:
        assert await service.client_webhook(session, BRANDT) == channel.id
        assert await service.client_webhook(session, BRANDT + 1) is None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a", "http://example.com/a", "https://user:pw@example.com/", "https://127.0.0.1/a",
        "https://169.254.169.254/latest", "https://example.com/a#b", "https:///a", "https://example.com:22/a", "hello",
        "https://[::1]/a", "http://10.0.0.1/a",
    ],
)  # fmt: skip
def test_pushes_go_to_public_https_addresses_only(url):
    with pytest.raises(Invalid):
        checked_endpoint(url)


def test_a_private_address_needs_its_range_opened(settings):
    opened = settings.allow_private_networks
    assert checked_endpoint("http://127.0.0.1:8080/a", opened) == "http://127.0.0.1:8080/a"
    assert checked_endpoint(" https://hooks.example.com/a?b=1 ") == "https://hooks.example.com/a?b=1"


def test_a_secret_of_ones_own_must_be_one():
    assert checked_secret(new_secret())
    with pytest.raises(Invalid):
        checked_secret("secret")


async def test_only_a_signed_webhook_has_a_secret_to_replace(runtime, people):
    draft = service.ChannelDraft(ChannelKind.EMAIL, "Team", BRANDT, "team@brandt.example")
    async with runtime.db.write(people.olga.scope) as session:
        made = await service.create_channel(session, draft, actor="olga", now=runtime.clock())
        with pytest.raises(Conflict):
            await service.rotate_secret(session, made.id, actor="olga", now=runtime.clock())


async def test_kinds_have_their_types(runtime, outbox, receiver, channel):
    for kind in (MessageKind.DIGEST, MessageKind.NOTICE, MessageKind.STORM):
        await outbox.ask(push_to(channel, kind=kind))
    await send_due(runtime)
    assert {orjson.loads(body)["type"] for _, body in receiver.got} == {"digest", "notice", "alert.storm"}
