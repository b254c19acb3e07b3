"""Parents and children: who lets whom open, who waits, and what stays visible of it."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from tests.watchtower.moments import act, ticked
from tests.watchtower.oracle import Entity
from tests.watchtower.world import World, campaign

from belvedere.core.context import Scope
from belvedere.core.jobs import JobCall, run_now
from belvedere.watchtower.service import acknowledge, recheck_children

REPORTS = ("internal", "communication_reports")
WORDS = ("triggered", "acknowledged", "not_triggered")


def silent(days: int | None) -> Entity:
    return Entity("brandt", {"name": "Brandt"}, {} if days is None else {"days_silent": Decimal(days)})


async def report(world: World, days: int | None, **more):
    return await world.read([silent(days)], provider=REPORTS[0], endpoint=REPORTS[1], **more)


def family(world: World, word: str = "triggered", **columns) -> tuple[UUID, UUID]:
    parent = world.rule(
        name="Silent client", source_id=world.source(*REPORTS), field_name="days_silent",
        condition="greater_than", threshold_value="7",
    )  # fmt: skip
    child = world.rule(
        name="Low rate", source_id=world.source(), parent_rule_id=parent, dependency_condition=word, **columns
    )
    return parent, child


def opened_by(world: World, rule: UUID) -> int:
    return sum(row["rule_id"] == rule for row in world.alerts())


def account(world: World, **columns) -> None:
    values = {"id": uuid4(), "source_id": world.source(*REPORTS), "client_id": 1, **columns}
    names = ", ".join(values)
    world.admin.execute(
        f"INSERT INTO watch.source_accounts ({names}) VALUES ({', '.join(['%s'] * len(values))})",
        list(values.values()),
    )


@pytest.mark.parametrize("state", WORDS)
async def test_the_three_words_split_the_states_of_a_parent_item_16(world: World, people, state):
    parent, first = family(world, WORDS[0])
    children = {WORDS[0]: first}
    for word in WORDS[1:]:
        children[word] = world.rule(
            name=word, source_id=world.source(), parent_rule_id=parent, dependency_condition=word
        )
    await report(world, 3 if state == "not_triggered" else 9)
    if state == "acknowledged":
        await act(world, people, acknowledge)
    await world.read([campaign(rate="11")])
    assert {word for word, rule in children.items() if opened_by(world, rule)} == {state}


async def test_a_parent_gates_opening_and_not_staying_open_item_16(world: World):
    _, child = family(world)
    await report(world, 9)
    await world.read([campaign(rate="11")])
    await report(world, 3)
    await world.read([campaign(rate="11")])
    (alert,) = [row for row in world.alerts("open") if row["rule_id"] == child]
    assert alert["occurrences"] == 2


async def test_a_child_waits_a_minute_for_a_parent_that_is_due_item_16(world: World, runtime):
    _, child = family(world, "not_triggered")
    await report(world, 3)
    account(world, next_due_at=world.now + timedelta(hours=1), last_good_at=world.now)
    await world.read([campaign(rate="11")])
    assert opened_by(world, child) == 0
    (job,) = world.rows(
        "SELECT task_name, args, extract(epoch FROM scheduled_at - now())::float8 AS seconds"
        " FROM jobs.procrastinate_jobs"
    )
    assert job["task_name"] == "watchtower.await_parent"
    assert 50 < job["seconds"] <= 60
    (evaluation,) = [row for row in world.rows("SELECT * FROM rule_evaluations") if row["rule_id"] == child]
    assert "is waited for" in str(evaluation["reason"]["held_back"])
    await run_now(runtime, job["task_name"], JobCall(job["task_name"], job["args"]["call"]["args"], 1))
    # A reading of it is still due, but the wait is over: the newest answer counts. No frames are stored here.


async def test_the_end_of_the_wait_decides_also_over_a_change_item_36(world: World):
    parent, child = family(
        world, "not_triggered", field_name="status", condition="changed", threshold_value=None
    )
    await report(world, 3)
    later = world.now + timedelta(hours=1)
    account(world, next_due_at=later, last_good_at=later + timedelta(hours=1))
    await world.read([campaign(status="sent")])
    stored = world.ingest([campaign(status="paused")])
    await world.judge(stored)
    assert opened_by(world, child) == 0
    async with world.db.write(Scope.client(1)) as session:
        await recheck_children(session, stored, [parent], world.now)
    assert opened_by(world, child) == 0
    async with world.db.write(Scope.client(1)) as session:
        await recheck_children(session, stored, [parent], world.now, is_last=True)
    assert opened_by(world, child) == 1


async def test_a_blocked_change_is_recorded_and_not_fired_later_item_36(world: World):
    parent, child = family(world, field_name="status", condition="changed", threshold_value=None)
    await report(world, 3)
    await world.read([campaign(status="sent")])
    stored = world.ingest([campaign(status="paused")])
    await world.judge(stored)
    held = world.rows(
        "SELECT held_back FROM rule_evaluations WHERE rule_id = %s ORDER BY evaluated_at", child
    )
    assert held[-1]["held_back"] == 1
    await report(world, 9)
    async with world.db.write(Scope.client(1)) as session:
        assert (await recheck_children(session, stored, [parent], world.now)).opened == ()
    assert opened_by(world, child) == 0


async def test_children_are_looked_at_again_when_the_parent_moves_item_16(world: World):
    parent, child = family(world)
    await report(world, 3)
    stored = world.ingest([campaign(rate="11")])
    await world.judge(stored)
    await report(world, 9)
    async with world.db.write(Scope.client(1)) as session:
        await recheck_children(session, stored, [parent], world.now)
    assert opened_by(world, child) == 1


@pytest.mark.parametrize("word", WORDS)
async def test_an_inactive_parent_holds_its_child_and_says_so_item_34(world: World, word):
    parent, child = family(world, word)
    await report(world, 3)
    world.admin.execute("UPDATE watchtower_rules SET is_active = false WHERE id = %s", [parent])
    await world.read([campaign(rate="11")])
    assert opened_by(world, child) == 0
    (row,) = world.rows("SELECT reason FROM rule_evaluations WHERE rule_id = %s", child)
    assert row["reason"]["held_back"] == {"The parent rule is off.": 1}
    assert row["reason"]["held_entities"] == ["advent"]


async def test_a_parent_judged_quietly_was_judged_item_34(world: World):
    parent, child = family(world, "not_triggered")
    await report(world, 3)
    await world.read([campaign(rate="11")])
    assert opened_by(world, child) == 1
    assert world.rows("SELECT 1 FROM rule_evaluations WHERE rule_id = %s", parent)


async def test_an_open_alert_speaks_for_an_unknown_parent_item_35(world: World, people):
    _, child = family(world)
    _, other = family(world, "acknowledged")
    await report(world, 9)
    await report(world, None)
    await world.read([campaign(rate="11")])
    assert (opened_by(world, child), opened_by(world, other)) == (1, 0)


async def test_out_of_date_data_of_a_parent_holds_its_child_item_34(world: World):
    _, child = family(world, "not_triggered")
    await report(world, 3)
    account(world, last_good_at=world.now - timedelta(days=9))
    await world.read([campaign(rate="11")])
    assert opened_by(world, child) == 0
    (row,) = world.rows("SELECT reason FROM rule_evaluations WHERE rule_id = %s", child)
    assert row["reason"]["held_back"] == {"The data of the parent rule is out of date.": 1}


async def test_a_parent_of_every_source_speaks_for_the_childs_own_entity_item_37(world: World):
    parent = world.rule(name="Paused", field_name="status", condition="equals", threshold_value="paused")
    child = world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="triggered")
    await world.read([campaign("a", "50", status="paused")], endpoint="flows")
    await world.read([campaign("a", "11", status="sent"), campaign("b", "11", status="paused")])
    assert [row["external_id"] for row in world.alerts() if row["rule_id"] == child] == ["b"]


async def test_a_parent_of_the_whole_reading_speaks_for_each_entity_item_37(world: World):
    parent = world.rule(source_id=world.source(), aggregate="avg", name="All low")
    child = world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="triggered")
    await world.read([campaign("a", "11"), campaign("b", "13")])
    assert {row["external_id"] for row in world.alerts() if row["rule_id"] == child} == {"a", "b"}


async def test_the_database_itself_refuses_circles_and_long_chains_item_17(world: World):
    import psycopg

    chain = [world.rule()]
    for _ in range(7):
        chain.append(world.rule(parent_rule_id=chain[-1], dependency_condition="triggered"))
    with pytest.raises(psycopg.errors.CheckViolation, match="depend on itself"):
        world.admin.execute(
            "UPDATE watchtower_rules SET parent_rule_id = %s, dependency_condition = 'triggered' WHERE id = %s",
            [chain[-1], chain[0]],
        )
    last = world.rule(parent_rule_id=chain[-1], dependency_condition="triggered")
    with pytest.raises(psycopg.errors.CheckViolation, match="at most 8"):
        world.rule(parent_rule_id=last, dependency_condition="triggered")


async def test_circles_and_parents_with_children_are_refused_item_17(http, olga, world: World):
    parent, child = family(world)
    answer = await http.patch(
        f"/rules/{parent}",
        json={"parent_rule_id": str(child), "dependency_condition": "triggered", "force": True},
        headers=olga,
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "cycle"
    assert (await http.delete(f"/rules/{parent}", headers=olga)).status_code == 409
    assert (await http.delete(f"/rules/{parent}?detach=true", headers=olga)).status_code == 204
    (row,) = world.rows("SELECT parent_rule_id FROM watchtower_rules WHERE id = %s", child)
    assert row["parent_rule_id"] is None


async def test_who_blocks_whom_is_visible_item_16(http, olga, token_of, people, world: World):
    parent, child = family(world)
    await report(world, 3)
    await world.read([campaign(rate="11")])
    seen = (await http.get(f"/rules/{parent}/blocking", headers=olga)).json()
    (state,) = [row for row in seen["rule"]["states"] if row["client_id"] == 1]
    assert (state["state"], state["open"]) == ("not_triggered", 0)
    (held,) = seen["children"][0]["holds_back"]
    assert (held["client_id"], held["entities"]) == (1, ["advent"])
    picture = (await http.get("/dependencies", headers=olga)).json()
    assert picture["edges"] == [
        {
            "parent_rule_id": str(parent), "child_rule_id": str(child), "condition": "triggered", "held_back": 1,
        }
    ]  # fmt: skip
    charlie = token_of(people.charlie)
    assert (await http.get(f"/rules/{parent}/blocking", headers=charlie)).status_code == 404
    assert (await http.get("/dependencies", headers=charlie)).json()["rules"] == []
    assert (await ticked(world)).places == 0
