"""Messages for several things: who is told what once, what folds, what waits, what can be taken back."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.notify.conftest import BOT, MAILBOX, request
from tests.notify.test_outbox import claim
from tests.people import BRANDT

from belvedere.core.context import Scope
from belvedere.notify import service
from belvedere.notify.contracts import Member, MessageKind
from belvedere.notify.sending import SCOPE, send_due, sweep

OPENED, RESOLVED, AGAIN = MessageKind.OPENED, MessageKind.RESOLVED, MessageKind.AGAIN


def group(alerts, destination=BOT, kind=OPENED, **more):
    members = tuple(Member(alert, f"Open rate low on {number}") for number, alert in enumerate(alerts))
    words = {"title": "Open rate low: {count} alerts", "text": "{count} campaigns are below 15%."}
    return request(destination, kind=kind, subject_type="alert_group", members=members, words=words, **more)


def posts(sandbox):
    rooms = sandbox.sandbox.chat.channels.values()
    return [post for room in rooms for post in room.messages if post["embeds"]]


def said(post):
    (card,) = post["embeds"]
    return card["title"], card["description"]


def members_of(outbox, delivery_id):
    rows = outbox.admin.execute(
        "SELECT subject_id, kind FROM core.delivery_members WHERE delivery_id = %s", [delivery_id]
    ).fetchall()
    return set(rows)


async def test_a_message_for_several_lists_them_and_counts_them(runtime, outbox, sandbox):
    (delivery_id,) = await outbox.ask(group([uuid4() for _ in range(3)]))
    await send_due(runtime)
    ((title, text),) = [said(post) for post in posts(sandbox)]
    assert title == "Open rate low: 3 alerts"
    assert text.startswith("3 campaigns are below 15%.")
    assert text.count("•") == 3
    assert len(members_of(outbox, delivery_id)) == 3


async def test_a_thing_told_elsewhere_drops_out_and_an_empty_message_is_not_written(runtime, outbox, sandbox):
    one, two, three = uuid4(), uuid4(), uuid4()
    await outbox.ask(request(subject_id=one))
    (second,) = await outbox.ask(group([one, two, three]))
    assert {subject for subject, _ in members_of(outbox, second)} == {two, three}
    assert await outbox.ask(group([one, two])) == []
    (third,) = await outbox.ask(group([one, two], destination=MAILBOX))
    assert len(members_of(outbox, third)) == 2
    await send_due(runtime)
    assert "Open rate low: 2 alerts" in {said(post)[0] for post in posts(sandbox)}


async def test_a_message_for_several_that_keeps_one_speaks_of_that_one(runtime, outbox, sandbox):
    one, two = uuid4(), uuid4()
    await outbox.ask(request(subject_id=one))
    await outbox.ask(group([one, two]))
    await send_due(runtime)
    assert "Open rate low on 1" in {said(post)[0] for post in posts(sandbox)}


async def test_two_transactions_that_tell_the_same_thing_write_it_once(runtime, outbox):
    alerts = [uuid4() for _ in range(4)]
    asked = [group(alerts[:3]), group(alerts[1:]), *(request(subject_id=alert) for alert in alerts)]
    await asyncio.gather(*(outbox.ask(one) for one in asked))
    (count,) = outbox.admin.execute("SELECT count(*) FROM core.delivery_members").fetchone()
    assert count == 4
    empty = outbox.admin.execute(
        "SELECT count(*) FROM core.deliveries d WHERE NOT EXISTS"
        " (SELECT 1 FROM core.delivery_members m WHERE m.delivery_id = d.id)"
    ).fetchone()
    assert empty == (0,)


async def test_an_end_whose_opening_waits_in_a_message_for_several_is_told_there_item_24(
    runtime, outbox, sandbox
):
    alerts = [uuid4() for _ in range(4)]
    (opening,) = await outbox.ask(group(alerts))
    ends = await outbox.ask(*(request(subject_id=alert, kind=RESOLVED) for alert in alerts[:2]))
    await send_due(runtime)
    ((title, text),) = [said(post) for post in posts(sandbox)]
    assert title == "Open rate low: 4 alerts"
    assert "2 of these were resolved meanwhile." in text
    assert text.count("resolved meanwhile)") == 2
    assert {outbox.row(delivery_id)["state"] for delivery_id in (opening, *ends)} == {"sent"}
    assert [outbox.row(end)["message"]["told_with"] for end in ends] == [str(opening)] * 2


async def test_a_message_for_ends_gives_up_those_whose_opening_waits(runtime, outbox, sandbox):
    waiting, told, alone = uuid4(), uuid4(), uuid4()
    await outbox.ask(request(subject_id=told))
    await send_due(runtime)
    (opening,) = await outbox.ask(group([waiting, uuid4()]))
    (single,) = await outbox.ask(request(subject_id=alone))
    (end,) = await outbox.ask(group([waiting, told, alone], kind=RESOLVED))
    await send_due(runtime)
    assert {row["state"] for row in outbox.rows()} == {"sent"}
    assert members_of(outbox, opening) >= {(waiting, "opened"), (waiting, "resolved")}
    assert members_of(outbox, end) == {(told, "resolved"), (alone, "resolved"), (alone, "opened")}
    assert outbox.row(single)["message"]["told_with"] == str(end)
    assert len(posts(sandbox)) == 3
    texts = sorted(said(post)[1] for post in posts(sandbox)[1:])
    assert any("1 of these was resolved meanwhile." in text for text in texts)


async def test_an_end_never_overtakes_its_opening_in_a_message_for_several_item_24(runtime, outbox):
    alerts = [uuid4(), uuid4()]
    await outbox.ask(group(alerts))
    (held,) = await claim(runtime)
    await outbox.ask(request(subject_id=alerts[0], kind=RESOLVED))
    assert await claim(runtime) == []
    assert held.kind == "opened"


async def test_a_repeat_that_nobody_needs_travels_with_what_it_repeats(runtime, outbox, sandbox):
    alert = uuid4()
    (opening,) = await outbox.ask(request(subject_id=alert))
    repeats = [
        (await outbox.ask(request(subject_id=alert, kind=AGAIN, round=number)))[0] for number in (1, 2)
    ]
    await send_due(runtime)
    assert len(posts(sandbox)) == 1
    (third,) = await outbox.ask(request(subject_id=alert, kind=AGAIN, round=3))
    assert await outbox.ask(request(subject_id=alert, kind=AGAIN, round=3)) == []
    await send_due(runtime)
    assert len(posts(sandbox)) == 2
    assert {outbox.row(each)["state"] for each in (opening, *repeats, third)} == {"sent"}


async def test_a_message_is_held_until_its_time(runtime, outbox, sandbox):
    later = datetime.now(UTC) + timedelta(hours=1)
    (delivery_id,) = await outbox.ask(request(not_before=later))
    assert (await send_due(runtime)).sent == 0
    assert abs(outbox.row(delivery_id)["next_at"] - later) < timedelta(seconds=1)
    assert any(at and abs(at - later) < timedelta(seconds=2) for _, _, at in outbox.jobs())
    outbox.make_due()
    assert (await send_due(runtime)).sent == 1


async def withdraw(runtime, subjects, kind=OPENED, **more):
    async with runtime.db.write(SCOPE) as session:
        return await service.withdraw_unsent(session, subjects, kind, **more)


async def test_what_nobody_has_had_is_taken_back_and_may_be_asked_for_again(runtime, outbox, sandbox):
    one, two, three = uuid4(), uuid4(), uuid4()
    (single,) = await outbox.ask(request(subject_id=one))
    (several,) = await outbox.ask(group([two, three]))
    taken = await withdraw(runtime, [one, two], client_ids=[BRANDT])
    assert {(each.subject_id, each.is_whole) for each in taken} == {(one, True), (two, False)}
    assert [row["id"] for row in outbox.rows()] == [several]
    assert members_of(outbox, several) == {(three, "opened")}
    assert await outbox.ask(request(subject_id=one)) != [single]
    assert await withdraw(runtime, [uuid4()]) == []
    assert await withdraw(runtime, [three], client_ids=[BRANDT + 1]) == []


@pytest.mark.parametrize("state", ["sent", "sending", "doubtful"])
async def test_what_may_have_arrived_is_not_taken_back(state, runtime, outbox):
    alert = uuid4()
    (delivery_id,) = await outbox.ask(request(subject_id=alert))
    if state == "sent":
        await send_due(runtime)
    else:
        await claim(runtime)
    if state == "doubtful":
        outbox.admin.execute(
            "UPDATE core.deliveries SET state = 'ready', lease_token = NULL, lease_until = NULL"
        )
    assert await withdraw(runtime, [alert]) == []
    assert outbox.row(delivery_id)["kind"] == "opened"


async def test_an_alert_finds_the_messages_that_tell_of_it(runtime, outbox, people):
    one, two = uuid4(), uuid4()
    (delivery_id,) = await outbox.ask(group([one, two]))
    async with runtime.db.read(people.alice.scope) as session:
        found = await service.deliveries_of(session, [one])
        detail = await service.get_delivery(session, delivery_id)
    ((row,),) = found.values()
    assert row["title"] == "Open rate low: 2 alerts"
    assert row["is_group"]
    assert str(two) in detail
    async with runtime.db.read(Scope.client(BRANDT + 1)) as session:
        assert await service.deliveries_of(session, [one]) == {}


async def test_a_message_of_an_older_version_gets_its_place_in_the_order(runtime, outbox):
    alert = uuid4()
    (opening,) = await outbox.ask(request(subject_id=alert))
    outbox.admin.execute("DELETE FROM core.delivery_members")
    await sweep(runtime)
    assert members_of(outbox, opening) == {(alert, "opened")}
    assert await outbox.ask(group([alert])) == []
