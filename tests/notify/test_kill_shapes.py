"""Messages that are more than one row, and signed pushes: their senders are killed at every point."""

from uuid import uuid4

import pytest
from tests.notify.conftest import BOT, request
from tests.notify.test_kills import POINTS, Witness, doubled, numbered, senders, until, webhook  # noqa: F401 - fixtures
from tests.people import BRANDT

from belvedere.notify import service
from belvedere.notify.contracts import ChannelKind, Destination, Member, MessageKind
from belvedere.sandbox.faults import Fault, Mode, Target

pytestmark = pytest.mark.kills


async def kill_at_every_point(senders):  # noqa: F811 - the fixture
    for point in POINTS:
        process = await senders.start(f"{point}=kill")
        assert await process.wait() == -9, point
    await senders.run_until_over()


@pytest.fixture
async def hook(runtime, people, sandbox):
    url = f"{sandbox.base_url}/hooks/kills"
    async with runtime.db.write(people.olga.scope) as session:
        return await service.create_channel(
            session, service.ChannelDraft(ChannelKind.WEBHOOK, "Automation", BRANDT, url), actor="olga",
            now=runtime.clock(), allowed=runtime.settings.allow_private_networks,
        )  # fmt: skip


def pushes(sandbox):
    return sandbox.sandbox.ledger.totals().get("webhook", {"keys": 0, "doubled": 0})


async def test_a_message_for_several_survives_kills_at_every_point(senders, outbox, sandbox):  # noqa: F811
    members = tuple(Member(uuid4(), f"Line {number}") for number in range(4))
    more = {"subject_type": "alert_group", "members": members}
    await outbox.ask(request(BOT, **more), *numbered(BOT, 4))
    await kill_at_every_point(senders)
    seen = Witness.of(sandbox)
    assert (len(seen.bot), doubled(seen.bot)) == (5, 0)


async def test_an_end_told_with_its_opening_survives_kills_at_every_point(senders, outbox, sandbox):  # noqa: F811
    for number in range(5):
        alert = uuid4()
        words = {"title": f"Number {number}"}
        await outbox.ask(
            request(BOT, subject_id=alert, words=words),
            request(BOT, subject_id=alert, kind=MessageKind.RESOLVED, words=words),
        )
    await kill_at_every_point(senders)
    seen = Witness.of(sandbox)
    assert {row["state"] for row in outbox.rows()} == {"sent"}
    hosts = {row["idem_key"] for row in outbox.rows() if not row["message"].get("told_with")}
    assert set(seen.bot) == hosts
    assert (len(seen.bot), doubled(seen.bot)) == (5, 0)


async def test_a_signed_push_survives_kills_at_every_point(senders, outbox, sandbox, hook):  # noqa: F811
    await outbox.ask(*numbered(Destination.webhook(hook.id), 8))
    await kill_at_every_point(senders)
    assert {row["state"] for row in outbox.rows()} == {"sent"}
    assert (pushes(sandbox)["keys"], pushes(sandbox)["doubled"]) == (8, 0)


async def test_what_goes_by_a_fallback_survives_kills_at_every_point(
    senders,  # noqa: F811
    outbox,
    sandbox,
    hook,
    runtime,
    people,
):
    spare = f"{sandbox.base_url}/hooks/spare"
    async with runtime.db.write(people.olga.scope) as session:
        other = await service.create_channel(
            session, service.ChannelDraft(ChannelKind.WEBHOOK, "Spare", BRANDT, spare), actor="olga",
            now=runtime.clock(), allowed=runtime.settings.allow_private_networks,
        )  # fmt: skip
        await service.change_channel(
            session, hook.id, {"fallback_channel_id": other.id}, actor="olga", now=runtime.clock()
        )
    sandbox.sandbox.faults.arm(Fault(Target.HOOKS, Mode.REJECT, path_contains="kills"))
    await outbox.ask(*numbered(Destination.webhook(hook.id), 8))
    await kill_at_every_point(senders)
    alerts = outbox.rows(subject_type="alert")
    arrived = [row for row in alerts if row["state"] == "sent"]
    assert len(arrived) == 8
    assert all(row["message"].get("rerouted_from") for row in arrived)
    assert {row["message"].get("rerouted_to") is not None for row in alerts if row["state"] == "dead"} == {
        True
    }
    assert (pushes(sandbox)["keys"], pushes(sandbox)["doubled"]) == (8, 0)
