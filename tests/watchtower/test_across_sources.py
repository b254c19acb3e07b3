"""Groups over several sources: whichever of them is read, the group is judged on what is newest of each."""

from decimal import Decimal
from uuid import UUID, uuid4

from tests.watchtower.moments import act
from tests.watchtower.oracle import Entity
from tests.watchtower.world import World, campaign

from belvedere.core.jobs import JobCall, run_now
from belvedere.sources.contracts import StoredSnapshot
from belvedere.sources.frames import FORMAT, encode
from belvedere.watchtower.across import JUDGE_ACROSS
from belvedere.watchtower.service import resolve

SHOP = {"provider": "shopify", "endpoint": "orders"}


def keep(world: World, stored: StoredSnapshot) -> StoredSnapshot:
    """Frames as a reading leaves them, for whoever looks at it later."""
    frames = (*encode(stored.frames), FORMAT)
    world.admin.execute(
        "INSERT INTO watch.snapshot_frames (client_id, snapshot_id, records, metrics, format) VALUES (%s, %s, %s, %s, %s)",
        [stored.client_id, stored.snapshot_id, *frames],
    )
    return stored


def pair(world: World, **second) -> UUID:
    """Low open rate at the mailer, and few orders at the shop."""
    group = uuid4()
    head = world.rule(source_id=world.source(), group_id=group, position=0)
    world.rule(**{
        "source_id": world.source(**SHOP), "group_id": group, "position": 1, "name": "Few orders",
        "field_name": "orders", "threshold_value": "5", **second,
    })  # fmt: skip
    return head


async def shop(world: World, orders: int) -> StoredSnapshot:
    entity = Entity("store", {"name": "Store"}, {"orders": Decimal(orders)})
    stored = keep(world, world.ingest([entity], **SHOP))
    await world.judge(stored)
    return stored


async def mailer(world: World, rate: str = "11") -> None:
    await world.judge(keep(world, world.ingest([campaign(rate=rate)])))


async def judge_again(world: World, runtime, stored: StoredSnapshot) -> None:
    """What the queue does with a job that the reading left."""
    (job,) = world.rows(
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = %s AND args::text LIKE %s",
        JUDGE_ACROSS, f"%{stored.snapshot_id}%",
    )  # fmt: skip
    call = JobCall(JUDGE_ACROSS, job["args"]["call"]["args"], 1)
    await run_now(runtime, JUDGE_ACROSS, call)


def states(world: World) -> list[tuple[str, str | None, int]]:
    return [(row["state"], row["resolved_reason"], row["occurrences"]) for row in world.alerts()]


async def test_a_reading_of_any_source_judges_the_group_again_item_3(world: World, runtime):
    pair(world)
    await shop(world, 9)
    await mailer(world)
    assert states(world) == []
    few = await shop(world, 2)
    await judge_again(world, runtime, few)
    assert states(world) == [("open", None, 1)]
    await judge_again(world, runtime, few)
    assert states(world) == [("open", None, 1)]
    still = await shop(world, 3)
    await judge_again(world, runtime, still)
    assert states(world) == [("open", None, 2)]
    many = await shop(world, 8)
    await judge_again(world, runtime, many)
    await judge_again(world, runtime, many)
    assert states(world) == [("resolved", "recovered", 2)]
    again = await shop(world, 1)
    await judge_again(world, runtime, again)
    assert states(world) == [("resolved", "recovered", 2), ("open", None, 1)]


async def test_a_head_that_was_judged_beside_the_reading_is_not_judged_again_item_3(world: World, runtime):
    pair(world)
    few = await shop(world, 2)
    await mailer(world)
    assert states(world) == [("open", None, 1)]
    await judge_again(world, runtime, few)
    assert states(world) == [("open", None, 1)]


async def test_an_entity_that_the_head_lacks_is_not_counted_as_gone_twice_item_3(world: World, runtime):
    pair(world)
    await shop(world, 2)
    await mailer(world)
    await world.judge(keep(world, world.ingest([campaign("other", rate="50")])))
    assert [row["missing_readings"] for row in world.alerts("open")] == [1]
    still = await shop(world, 2)
    await judge_again(world, runtime, still)
    assert [row["missing_readings"] for row in world.alerts("open")] == [1]


async def test_a_change_of_the_head_is_not_told_again_by_other_sources_item_3(world: World):
    pair(world)
    group = uuid4()
    world.rule(
        source_id=world.source(),
        group_id=group,
        field_name="status",
        condition="changed",
        threshold_value=None,
    )
    world.rule(source_id=world.source("stripe"), group_id=group, position=1)
    stored = world.ingest([campaign()], provider="stripe")
    await world.judge(stored)
    assert not world.rows("SELECT 1 FROM jobs.procrastinate_jobs WHERE task_name = %s", JUDGE_ACROSS)


async def test_what_a_person_closed_opens_with_the_next_answer_item_3(world: World, runtime, people):
    pair(world)
    await shop(world, 2)
    await mailer(world)
    (alert,) = world.alerts("open")
    await act(world, people, resolve)
    assert world.alerts("open") == []
    next_ = await shop(world, 1)
    await judge_again(world, runtime, next_)
    assert [row["episode"] for row in world.alerts("open")] == [2]
    assert alert["fingerprint"] == world.alerts("open")[0]["fingerprint"]
