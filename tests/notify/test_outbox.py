"""The life of a delivery, on a real database and real sockets."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.notify.conftest import BOT, MAILBOX, SHOP, message, request
from tests.people import BRANDT, MARLOW

from belvedere.core.context import Scope
from belvedere.core.errors import NotFound
from belvedere.notify import outbox as statements
from belvedere.notify import service, verdicts
from belvedere.notify.contracts import Destination, MessageKind, RepeatPolicy
from belvedere.notify.decide import Failure
from belvedere.notify.ports import Receipt
from belvedere.notify.sending import SCOPE, send_due, sweep
from belvedere.sandbox.clients import FORBIDDEN_CHANNEL_ID
from belvedere.sandbox.faults import Fault, Mode, Target


def arm(sandbox, target, mode, **more):
    sandbox.sandbox.faults.arm(Fault(target, mode, **{"times": 1, **more}))


def effects(sandbox, kind):
    return sandbox.sandbox.ledger.of_kind(kind)


async def claim(runtime, **more):
    values = {
        "most": 10,
        "per_channel": 4,
        "lease_seconds": 10,
        "give_up_hours": 24,
        "worker": "test",
        **more,
    }
    async with runtime.db.write(SCOPE) as session:
        return await statements.claim(session, **values)


async def test_a_message_goes_out_by_bot_and_by_mail(runtime, outbox, sandbox):
    asked = await outbox.ask(request(), request(MAILBOX))
    tally = await send_due(runtime)
    assert (tally.sent, tally.failed, tally.fenced) == (2, 0, 0)
    for delivery_id in asked:
        row = outbox.row(delivery_id)
        assert row["state"] == "sent"
        assert row["provider_message_id"]
        assert row["lease_token"] is None
        assert outbox.outcomes(delivery_id) == ["sent"]
    (posted,) = effects(sandbox, "discord.message")
    assert posted.key == outbox.row(asked[0])["idem_key"]
    (mail,) = sandbox.sandbox.mailbox.mails
    assert mail.message_id == f"<{outbox.row(asked[1])['idem_key']}@agency.example>"
    assert [kind for kind, _ in outbox.events()] == ["delivery.sent", "delivery.sent"]


async def test_asking_twice_sends_once_and_leaves_one_wake_up(runtime, outbox, sandbox):
    wanted = request()
    first = await outbox.ask(wanted)
    assert await outbox.ask(wanted) == []
    await outbox.ask(request())
    assert [job[:2] for job in outbox.jobs()] == [("notify.send_due", "notify.send_due")]
    await send_due(runtime)
    await outbox.ask(wanted)
    await send_due(runtime)
    assert len(effects(sandbox, "discord.message")) == 2
    assert outbox.row(first[0])["attempts"] == 1


async def test_a_rolled_back_cause_leaves_no_message_and_no_job(runtime, outbox):
    async def fail() -> None:
        async with runtime.db.write(Scope.client(BRANDT)) as session:
            await service.request_deliveries(session, [request()], datetime.now(UTC))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert outbox.rows() == []
    assert outbox.jobs() == []


async def test_critical_messages_are_first(runtime, outbox):
    asked = await outbox.ask(
        request(words={"severity": "info"}), request(words={"severity": "critical"}), request()
    )
    severities = [outbox.row(delivery_id)["severity"] for delivery_id in asked]
    assert severities == ["critical", "warning", "info"]
    (first,) = await claim(runtime, most=1)
    assert first.message["severity"] == "critical"


async def test_two_claims_never_take_the_same_message(runtime, outbox):
    await outbox.ask(*(request(Destination.email(f"p{n}@brandt.example")) for n in range(6)))
    one = await claim(runtime, most=3)
    two = await claim(runtime, most=3, per_channel=10)
    assert len({held.id for held in (*one, *two)}) == 6


async def test_at_most_a_few_are_under_way_for_one_receiver(runtime, outbox):
    await outbox.ask(*(request() for _ in range(6)), request(MAILBOX))
    one = await claim(runtime, per_channel=4)
    assert sorted(held.channel for held in one) == ["discord_bot"] * 4 + ["email"]
    assert await claim(runtime, per_channel=4) == []


async def test_a_temporary_failure_waits_and_is_sent_later_once(runtime, outbox, sandbox):
    arm(sandbox, Target.DISCORD, Mode.SERVER_ERROR)
    (delivery_id,) = await outbox.ask(request())
    assert (await send_due(runtime)).failed == 1
    row = outbox.row(delivery_id)
    assert row["state"] == "ready"
    assert not row["possible_repeat"]
    wait = (row["next_at"] - datetime.now(UTC)).total_seconds()
    assert 2 < wait < 6.1
    assert any(lock.startswith("notify.send_due@") and at for _, lock, at in outbox.jobs())
    assert (await send_due(runtime)).sent == 0
    outbox.make_due()
    assert (await send_due(runtime)).sent == 1
    assert outbox.outcomes(delivery_id) == ["retry", "sent"]
    assert len(effects(sandbox, "discord.message")) == 1


async def test_a_receiver_that_asks_to_wait_is_left_alone_for_all_its_messages(runtime, outbox, sandbox):
    arm(sandbox, Target.DISCORD, Mode.RATE_LIMITED, retry_after=30.0)
    asked = await outbox.ask(request())
    await send_due(runtime)
    later = await outbox.ask(request())
    outbox.make_due()
    arm(sandbox, Target.DISCORD, Mode.RATE_LIMITED, retry_after=30.0, times=2)
    await send_due(runtime)
    for delivery_id in (*asked, *later):
        assert (outbox.row(delivery_id)["next_at"] - datetime.now(UTC)).total_seconds() > 25


@pytest.mark.parametrize("channel_id", [FORBIDDEN_CHANNEL_ID, "1180000000000009999", "not-a-number"])
async def test_a_channel_that_refuses_is_dead_at_once_and_said(runtime, outbox, channel_id):
    (delivery_id,) = await outbox.ask(request(Destination.discord(channel_id)))
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert row["state"] == "dead"
    assert outbox.outcomes(delivery_id) == ["permanent"]
    assert channel_id in row["last_error"] or "channel" in row["last_error"]
    assert "delivery.dead" in [kind for kind, _ in outbox.events()]


async def test_a_missing_setting_is_named_and_not_tried_for_a_day(runtime, outbox):
    runtime.settings = runtime.settings.model_copy(update={"smtp_host": "", "discord_bot_token": ""})
    runtime.settings = type(runtime.settings)(**{**runtime.settings.model_dump(), "discord_bot_token": ""})
    by_bot, by_mail = await outbox.ask(request(), request(MAILBOX))
    await send_due(runtime)
    assert "BELVEDERE_DISCORD_BOT_TOKEN" in outbox.row(by_bot)["last_error"]
    assert "SMTP_HOST" in outbox.row(by_mail)["last_error"]
    assert {row["state"] for row in outbox.rows()} == {"dead"}
    assert "channel.broken" in [kind for kind, _ in outbox.events()]


async def test_a_wrong_mail_password_is_dead_with_the_reason(runtime, outbox):
    runtime.settings = type(runtime.settings)(
        **{**runtime.settings.model_dump(), "smtp_username": "belvedere", "smtp_password": "wrong"}
    )
    (delivery_id,) = await outbox.ask(request(MAILBOX))
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert row["state"] == "dead"
    assert "does not accept the user name or password" in row["last_error"]


async def test_a_lost_answer_of_a_mail_is_sent_again_marked_with_the_same_message_id(
    runtime, outbox, sandbox
):
    arm(sandbox, Target.SMTP, Mode.ACCEPT_THEN_TIMEOUT, seconds=0.1)
    (delivery_id,) = await outbox.ask(request(MAILBOX))
    await send_due(runtime)
    assert outbox.row(delivery_id)["possible_repeat"]
    outbox.make_due()
    await send_due(runtime)
    first, second = sandbox.sandbox.mailbox.mails
    assert first.message_id == second.message_id
    assert second.subject.startswith("Possible repeat: ")
    assert outbox.outcomes(delivery_id) == ["unknown", "sent"]


async def test_a_lost_answer_of_the_bot_is_sent_again_and_arrives_once(runtime, outbox, sandbox):
    arm(sandbox, Target.DISCORD, Mode.ACCEPT_THEN_TIMEOUT, seconds=0.1)
    (delivery_id,) = await outbox.ask(request())
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "ready"
    outbox.make_due()
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "sent"
    assert len(effects(sandbox, "discord.message")) == 1
    assert not outbox.row(delivery_id)["possible_repeat"]


async def test_what_may_go_once_at_most_is_parked_when_its_answer_is_lost(runtime, outbox, sandbox, people):
    arm(sandbox, Target.SMTP, Mode.ACCEPT_THEN_TIMEOUT, seconds=0.1)
    (delivery_id,) = await outbox.ask(request(MAILBOX, policy=RepeatPolicy.AT_MOST_ONCE))
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "unknown"
    await sweep(runtime)
    await send_due(runtime)
    assert len(sandbox.sandbox.mailbox.mails) == 1
    async with runtime.db.write(people.alice.scope) as session:
        assert await service.resend(session, delivery_id, actor="alice", now=datetime.now(UTC)) == delivery_id
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "sent"
    assert sandbox.sandbox.mailbox.mails[1].subject.startswith("Possible repeat")


async def test_a_late_answer_is_fenced_and_kept(runtime, outbox):
    (delivery_id,) = await outbox.ask(request())
    (late,) = await claim(runtime)
    outbox.let_leases_end()
    assert await sweep(runtime) == 1
    await send_due(runtime)
    async with runtime.db.write(SCOPE) as session:
        held = await verdicts.accepted(session, [(late, Receipt("late-receipt"))], "test", datetime.now(UTC))
    assert not held
    assert outbox.row(delivery_id)["provider_message_id"] != "late-receipt"
    assert outbox.outcomes(delivery_id) == ["unknown", "sent", "fenced"]
    assert outbox.attempts(delivery_id)[2]["provider_id"] == "late-receipt"


async def test_a_late_failure_does_not_touch_a_newer_try(runtime, outbox):
    (delivery_id,) = await outbox.ask(request())
    (late,) = await claim(runtime)
    outbox.let_leases_end()
    await sweep(runtime)
    (newer,) = await claim(runtime)
    async with runtime.db.write(SCOPE) as session:
        failure = Failure("no", permanent=True, status_code=401)
        assert not await verdicts.failed(session, late, failure, "test", 0.5, datetime.now(UTC))
    row = outbox.row(delivery_id)
    assert (row["state"], row["lease_token"]) == ("sending", newer.lease_token)


async def test_a_live_lease_is_left_alone_by_the_sweep(runtime, outbox):
    (delivery_id,) = await outbox.ask(request())
    await claim(runtime)
    assert await sweep(runtime) == 0
    assert outbox.row(delivery_id)["state"] == "sending"


async def test_an_emptied_queue_loses_nothing(runtime, outbox, sandbox):
    await outbox.ask(request())
    outbox.admin.execute("TRUNCATE jobs.procrastinate_jobs CASCADE")
    await sweep(runtime)
    assert [job[0] for job in outbox.jobs()] == ["notify.send_due"]
    await send_due(runtime)
    assert len(effects(sandbox, "discord.message")) == 1


async def test_nothing_is_sent_while_outbound_is_held(runtime, outbox, people):
    (delivery_id,) = await outbox.ask(request())
    async with runtime.db.write(people.olga.scope) as session:
        await service.hold_outbound(session, "restored", actor="olga", now=datetime.now(UTC))
    await send_due(runtime)
    await sweep(runtime)
    assert outbox.row(delivery_id)["state"] == "ready"
    async with runtime.db.read(people.alice.scope) as session:
        hold = await service.outbound_hold(session)
        assert hold.reason == "restored"
    async with runtime.db.write(people.olga.scope) as session:
        await service.release_outbound(session, actor="olga", now=datetime.now(UTC))
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "sent"


async def test_an_opening_and_its_end_that_are_both_unsent_become_one_message(runtime, outbox, sandbox):
    subject = uuid4()
    opened, ended = await outbox.ask(
        request(subject_id=subject),
        request(
            subject_id=subject,
            kind=MessageKind.RESOLVED,
            message=message(title="Resolved: Open rate 11.8% on Advent preview", text="Recovered."),
        ),
    )
    await send_due(runtime)
    assert len(effects(sandbox, "discord.message")) == 1
    (posted,) = sandbox.sandbox.chat.channels[SHOP.discord_channel_id].messages
    assert "Open rate is 11.8%" in posted["embeds"][0]["description"]
    assert "Recovered." in posted["embeds"][0]["description"]
    for delivery_id in (opened, ended):
        assert outbox.row(delivery_id)["state"] == "sent"
    assert outbox.row(opened)["provider_message_id"] == outbox.row(ended)["provider_message_id"]
    assert outbox.row(opened)["message"]["told_with"] == str(ended)


async def test_an_end_waits_for_an_opening_that_may_have_arrived(runtime, outbox, sandbox):
    subject = uuid4()
    (opened,) = await outbox.ask(request(MAILBOX, subject_id=subject))
    await claim(runtime)
    (ended,) = await outbox.ask(request(MAILBOX, subject_id=subject, kind=MessageKind.RESOLVED))
    assert await claim(runtime) == []
    outbox.let_leases_end()
    await sweep(runtime)
    await send_due(runtime)
    await send_due(runtime)
    first, second = sandbox.sandbox.mailbox.mails
    assert first.subject.startswith("Possible repeat: Open rate")
    assert second.subject.startswith("Resolved: ")
    assert dict(second.headers)["References"] == first.message_id
    assert outbox.row(opened)["state"] == outbox.row(ended)["state"] == "sent"


async def test_a_folded_pair_shares_its_failure_and_a_person_sends_both_again(
    runtime, outbox, sandbox, people
):
    subject = uuid4()
    arm(sandbox, Target.DISCORD, Mode.AUTH)
    opened, ended = await outbox.ask(
        request(subject_id=subject), request(subject_id=subject, kind=MessageKind.RESOLVED)
    )
    await send_due(runtime)
    assert outbox.row(opened)["state"] == outbox.row(ended)["state"] == "dead"
    async with runtime.db.write(people.alice.scope) as session:
        sent_as = await service.resend(session, opened, actor="alice@brandt.example", now=datetime.now(UTC))
    assert sent_as == ended
    await send_due(runtime)
    assert outbox.row(opened)["state"] == outbox.row(ended)["state"] == "sent"
    assert len(effects(sandbox, "discord.message")) == 1
    (audited,) = outbox.admin.execute(
        "SELECT actor FROM core.audit_log WHERE action = 'delivery.resend'"
    ).fetchall()
    assert audited == ("alice@brandt.example",)


async def test_given_up_after_its_hours_and_tried_anew_when_a_person_asks(runtime, outbox, sandbox, people):
    arm(sandbox, Target.DISCORD, Mode.SERVER_ERROR, times=3)
    (delivery_id,) = await outbox.ask(request())
    await send_due(runtime)
    outbox.admin.execute("UPDATE core.deliveries SET give_up_at = now() - interval '1 s', next_at = now()")
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert row["state"] == "dead"
    assert "Given up after" in row["last_error"]
    async with runtime.db.write(people.alice.scope) as session:
        await service.resend(session, delivery_id, actor="alice", now=datetime.now(UTC))
    await send_due(runtime)
    row = outbox.row(delivery_id)
    assert row["state"] == "ready"
    assert row["give_up_at"] > datetime.now(UTC) + timedelta(hours=23)
    assert (row["next_at"] - datetime.now(UTC)).total_seconds() < 7


async def test_the_wait_grows_with_tries_since_the_message_was_asked_for(runtime, outbox, sandbox):
    arm(sandbox, Target.DISCORD, Mode.SERVER_ERROR, times=3)
    (delivery_id,) = await outbox.ask(request())
    waits = []
    for _ in range(3):
        outbox.make_due()
        await send_due(runtime)
        waits.append((outbox.row(delivery_id)["next_at"] - datetime.now(UTC)).total_seconds())
    assert 3 < waits[0] < 6.1 < waits[1] < 12.1 < waits[2] < 24.1


async def test_a_bots_message_past_the_key_window_says_possible_repeat(runtime, outbox):
    (delivery_id,) = await outbox.ask(request())
    await claim(runtime)
    outbox.let_leases_end()
    await sweep(runtime)
    outbox.admin.execute("UPDATE core.delivery_attempts SET started_at = now() - interval '10 min'")
    await send_due(runtime)
    assert outbox.row(delivery_id)["possible_repeat"]


async def test_people_see_and_send_again_only_what_is_theirs(runtime, outbox, people):
    (ours,) = await outbox.ask(request(Destination.discord(FORBIDDEN_CHANNEL_ID)))
    await outbox.ask(request(client_id=MARLOW), scope=Scope.client(MARLOW))
    await send_due(runtime)
    async with runtime.db.read(people.alice.scope) as session:
        page = await service.list_deliveries(session)
        assert [row["id"] for row in page.dicts()] == [str(ours)]
        assert (await service.counts_by_state(session))["dead"] == 1
    for stranger in (people.charlie, people.bob):
        with pytest.raises(NotFound):
            async with runtime.db.write(stranger.scope) as session:
                await service.resend(session, ours, actor="x", now=datetime.now(UTC))


async def test_a_sender_looks_again_while_somebody_is_still_adding(runtime, outbox, sandbox):
    """A request whose wake-up was swallowed by one that is already taken is still sent at once."""
    async with runtime.db.write(Scope.client(BRANDT)) as session:
        await service.request_deliveries(session, [request()], datetime.now(UTC))
        running = asyncio.create_task(send_due(runtime, seconds=5))
        await asyncio.sleep(0.3)
        assert not running.done()
    assert (await running).sent == 1
    assert BOT.address == SHOP.discord_channel_id
