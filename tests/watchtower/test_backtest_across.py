"""Groups on several sources and rules under parents: what a replay finds is what opened when the days were lived."""

import random
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.watchtower.oracle import Entity
from tests.watchtower.past import keep
from tests.watchtower.world import World, campaign

from belvedere.core.context import Scope
from belvedere.sources.contracts import Completeness
from belvedere.sources.service import load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.across import find_head_sources, judge_across
from belvedere.watchtower.service import recheck_children

CRM = {"provider": "crm", "endpoint": "reports"}


def silent(days: int | None, external_id: str = "Mara") -> Entity:
    return Entity(external_id, {"name": external_id}, {} if days is None else {"days_silent": days})


async def ask(http, headers, path, **body):
    answer = await http.post(f"/rules/{path}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pair(world: World, **columns) -> UUID:
    """Low open rate and a silent client, on two sources."""
    group = uuid4()
    head = world.rule(name="Low and silent", source_id=world.source(), group_id=group, **columns)
    world.rule(
        name="Silent", source_id=world.source("crm", "reports"), field_name="days_silent", condition="greater_than",
        threshold_value="7", group_id=group, position=1,
    )  # fmt: skip
    return head


def account(world: World, source: UUID) -> UUID:
    found = uuid4()
    world.admin.execute(
        "INSERT INTO source_accounts (id, client_id, source_id, account_key, last_good_at) VALUES (%s, 1, %s, 'default', %s)",
        [found, source, world.now],
    )  # fmt: skip
    return found


async def live(world: World, entities, account_id: UUID | None = None, **more):
    """Store and judge a reading as the product does, and look again at the children of what moved."""
    stored = keep(world, entities, **more)
    if account_id is not None:
        world.admin.execute(
            "UPDATE api_snapshots SET account_id = %s WHERE id = %s", [account_id, stored.snapshot_id]
        )
        world.admin.execute(
            "UPDATE source_accounts SET last_good_at = %s WHERE id = %s", [world.now, account_id]
        )
        stored = replace(stored, account_id=account_id)
    standing = {row["id"] for row in world.alerts("open")}
    await world.judge(stored)
    async with world.db.write(Scope.client(1)) as session:
        for source, readings in (await find_head_sources(session, stored)).items():
            wait = timedelta(seconds=5)
            await judge_across(session, stored, source, readings, world.now, base_url="", storm_wait=wait)
    changed = standing ^ {row["id"] for row in world.alerts("open")}
    moved = world.rows(
        "SELECT DISTINCT rule_id FROM watchtower_alerts WHERE id = ANY (%s)",
        [*changed],
    )
    async with world.db.write(Scope.client(1)) as session:
        parents = await repository.find_parents_to_recheck(
            session, 1, [row["rule_id"] for row in moved], stored.source_id
        )
        for parent in parents:
            for snapshot_id in await repository.find_recheck_readings(session, 1, parent):
                newest = await load_stored_snapshot(session, 1, snapshot_id)
                assert newest is not None
                await recheck_children(session, newest, [parent], world.now)
    return stored


def lived(world: World, rule: UUID):
    """Every alert of the rule: thing, reading, moment, end."""
    return sorted(
        (row["external_id"] or "", str(row["snapshot_id"]), row["created_at"].isoformat(), row["resolved_reason"] or "",
         row["resolved_at"].isoformat() if row["resolved_at"] else "")
        for row in world.alerts() if row["rule_id"] == rule
    )  # fmt: skip


def replayed(found):
    return sorted(
        (item["external_id"] or "", item["snapshot_id"], _iso(item["started_at"]), item["ended_because"] or "",
         _iso(item["ended_at"]))
        for item in found["episodes"]
    )  # fmt: skip


def _iso(moment: str | None) -> str:
    return (moment or "").replace("Z", "+00:00")


@pytest.mark.parametrize("seed", range(4))
async def test_a_group_on_two_sources_replays_as_it_was_lived_item_3(http, olga, world, seed):
    """Other readings as they stood then; one that was late says nothing."""
    chance = random.Random(seed)
    rule = pair(world)
    world.admin.execute("UPDATE api_sources SET refresh_interval_minutes = 90")
    crm = account(world, world.source("crm", "reports"))
    for _ in range(24):
        if chance.random() < 0.4:
            whole = Completeness.FULL if chance.random() < 0.8 else Completeness.PARTIAL
            days = [silent(chance.choice([3, 9, 9, None]), name) for name in ("Mara", "Nils")]
            await live(world, days, crm, completeness=whole, **CRM)
        else:
            await live(world, [campaign(name, chance.choice(["9", "20", None])) for name in ("a", "b")])
    found = await ask(http, olga, "backtest", rule_id=str(rule), days=30)
    assert replayed(found) == lived(world, rule) != []
    late = [why["why"] for why in found["readings"]["not_judged"]]
    rows = world.rows(
        "SELECT DISTINCT reason ->> 'why' AS why FROM rule_evaluations WHERE reason ->> 'state' = 'held'"
    )
    assert sorted(late) == sorted(row["why"] for row in rows)


async def test_a_group_that_another_source_opened_and_ended_replays_item_3(http, olga, world):
    rule = pair(world)
    head = await live(world, [campaign(rate="12")])
    await live(world, [silent(9)], **CRM)
    await live(world, [silent(3)], **CRM)
    found = await ask(http, olga, "backtest", rule_id=str(rule), days=2)
    assert replayed(found) == lived(world, rule)
    (episode,) = found["episodes"]
    assert (episode["snapshot_id"], episode["ended_because"]) == (str(head.snapshot_id), "recovered")


async def test_what_stood_before_the_stretch_counts_item_3(http, olga, world):
    rule = pair(world)
    await live(world, [silent(9)], **CRM)
    start = world.now
    await live(world, [campaign(rate="12")])
    stretch = {"start": (start.replace(minute=30)).isoformat(), "end": world.now.isoformat()}
    found = await ask(http, olga, "backtest", rule_id=str(rule), **stretch)
    assert replayed(found) == lived(world, rule)
    assert found["episodes_total"] == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("word", ["triggered", "not_triggered"])
async def test_children_of_a_parent_elsewhere_replay_as_they_were_lived_item_16(
    http, olga, world, word, seed
):
    """A child is looked at again when its parent moves on another source."""
    chance = random.Random(seed)
    parent = world.rule(
        name="Silent", source_id=world.source("crm", "reports"), field_name="days_silent", condition="greater_than",
        threshold_value="7",
    )  # fmt: skip
    child = world.rule(
        source_id=world.source(), parent_rule_id=parent, dependency_condition=word, for_readings=1 + seed % 2
    )  # fmt: skip
    for _ in range(36):
        if chance.random() < 0.4:
            await live(world, [silent(chance.choice([3, 9, None]))], **CRM)
        else:
            await live(world, [campaign(name, chance.choice(["9", "9", "20", None])) for name in ("a", "b")])
    found = await ask(http, olga, "backtest", rule_id=str(child), days=30, heed_parent=True)
    assert replayed(found) == lived(world, child) != []
    alone = await ask(http, olga, "backtest", rule_id=str(child), days=30)
    assert alone["episodes_total"] >= found["episodes_total"]


async def test_preview_and_why_know_the_other_sources_item_3(http, olga, world):
    rule = pair(world)
    first = await live(world, [campaign(rate="12")])
    held = (await http.get(f"/rules/{rule}/why", params={"external_id": "advent"}, headers=olga)).json()
    assert (held["outcome"], (await ask(http, olga, "preview", rule_id=str(rule)))["matches"]) == ("held", 0)
    await live(world, [silent(9)], **CRM)
    found = await ask(http, olga, "preview", rule_id=str(rule))
    assert (found["matches"], found["would_open"]) == (1, 0)
    assert found["findings"][0]["conditions"][1]["entity"] == "Mara"
    await live(world, [campaign(rate="12")])
    await live(world, [silent(3)], **CRM)
    assert (await ask(http, olga, "preview", rule_id=str(rule)))["matches"] == 0
    why = (await http.get(f"/rules/{rule}/why", params={"external_id": "advent"}, headers=olga)).json()
    assert (why["outcome"], why["alert"]["resolved_because"]) == ("closed", "recovered"), why
    assert [item["result"] for item in why["conditions"]] == [True, False]
    asked = {"external_id": "advent", "snapshot_id": str(first.snapshot_id)}
    then = (await http.get(f"/rules/{rule}/why", params=asked, headers=olga)).json()
    assert (then["outcome"], [item["result"] for item in then["conditions"]]) == ("fired", [True, True]), then
    assert then["sentence"].startswith("Fired: open rate is 12.0%"), then
    await live(world, [silent(None)], **CRM)
    await live(world, [campaign("b", "12", "Spring")])
    why = (await http.get(f"/rules/{rule}/why", params={"external_id": "b"}, headers=olga)).json()
    assert (why["outcome"], why["conditions"][1]["why_unknown"]) == (
        "no_answer", "No record of the other source has an answer.",
    )  # fmt: skip
