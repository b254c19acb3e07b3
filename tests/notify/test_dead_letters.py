"""What was given up or parked, over the API and by command: sent again, one or many, or settled by a person."""

from uuid import uuid4

import pytest
from tests.notify.conftest import BOT, MAILBOX, arm_lost_mail, request
from tests.people import MARLOW

from belvedere.core.context import Scope
from belvedere.core.errors import Conflict, NotFound
from belvedere.notify import service
from belvedere.notify.contracts import Destination, RepeatPolicy
from belvedere.notify.sending import send_due
from belvedere.sandbox.clients import FORBIDDEN_CHANNEL_ID

REFUSED = Destination.discord(FORBIDDEN_CHANNEL_ID)


async def resend_many(runtime, scope, **wanted):
    async with runtime.db.write(scope) as session:
        return await service.resend_many(session, actor="test", now=runtime.clock(), **wanted)


def dead(outbox):
    return outbox.rows(state="dead", subject_type="alert")


async def test_many_are_sent_again_and_the_parked_are_left_alone(runtime, outbox, people):
    await outbox.ask(*(request(REFUSED) for _ in range(3)))
    await send_due(runtime)
    ids = [row["id"] for row in dead(outbox)]
    assert len(ids) == 3
    assert await resend_many(runtime, people.alice.scope, delivery_ids=ids[:2]) == 2
    assert len(dead(outbox)) == 1
    assert await resend_many(runtime, people.alice.scope) == 1
    (noted,) = outbox.admin.execute(
        "SELECT count(*) FROM core.audit_log WHERE action = 'delivery.resend'"
    ).fetchone()
    assert noted == 2


async def test_nobody_sends_the_messages_of_others(runtime, outbox, people):
    await outbox.ask(request(REFUSED, client_id=MARLOW), scope=Scope.client(MARLOW))
    await send_due(runtime)
    assert await resend_many(runtime, people.alice.scope) == 0
    assert await resend_many(runtime, people.bob.scope) == 0
    assert await resend_many(runtime, people.olga.scope) == 1


async def test_what_arrived_after_all_is_settled_by_a_person(runtime, outbox, sandbox, people):
    arm_lost_mail(sandbox)
    (delivery_id,) = await outbox.ask(request(MAILBOX, policy=RepeatPolicy.AT_MOST_ONCE))
    await send_due(runtime)
    assert outbox.row(delivery_id)["state"] == "unknown"
    async with runtime.db.write(people.charlie.scope) as session:
        with pytest.raises(NotFound):
            await service.mark_arrived(session, delivery_id, actor="charlie", now=runtime.clock())
    async with runtime.db.write(people.alice.scope) as session:
        await service.mark_arrived(session, delivery_id, actor="alice", now=runtime.clock())
    row = outbox.row(delivery_id)
    assert (row["state"], row["last_error"]) == ("sent", "alice found it at the receiver.")
    assert outbox.outcomes(delivery_id) == ["unknown"]
    async with runtime.db.write(people.alice.scope) as session:
        with pytest.raises(Conflict):
            await service.mark_arrived(session, delivery_id, actor="alice", now=runtime.clock())
        with pytest.raises(NotFound):
            await service.mark_arrived(session, uuid4(), actor="alice", now=runtime.clock())
    assert len(sandbox.sandbox.mailbox.mails) == 1


async def test_an_export_names_what_a_message_tells_of(runtime, outbox, people):
    (delivery_id,) = await outbox.ask(request(BOT))
    async with runtime.db.read(people.alice.scope) as session:
        rows = [row async for row in service.export_deliveries(session)]
    assert str(delivery_id).encode() in rows[0]
    assert b'"things": 1' in rows[0]
