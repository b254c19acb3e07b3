"""One reading, one transaction: alerts, steps, evaluations, events, messages."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from tests.watchtower.oracle import Entity
from tests.watchtower.world import World, campaign

from belvedere.core import faults
from belvedere.core.context import Scope
from belvedere.core.faults import FaultInjected
from belvedere.sources.contracts import Completeness
from belvedere.watchtower.service import acknowledge, resolve


async def test_a_breach_opens_one_alert_with_its_words_and_its_reason(world: World):
    world.rule(notify_discord=True, discord_channel_id="123456789")
    outcome = await world.read([campaign(rate="11.8"), campaign("other", "40", "Other")])
    assert len(outcome.opened) == 1
    (alert,) = world.alerts()
    assert alert["title"] == "Open rate 11.8% on Advent preview"
    assert "11.8%" in alert["message"]
    assert "Kaffeehaus Brandt" in alert["message"]
    assert (alert["current_value"], alert["severity"], alert["client_id"]) == ("11.8", "warning", 1)
    (condition,) = alert["reason"]["conditions"]
    assert (condition["value"], condition["limit"], condition["result"]) == ("11.8", "15", True)
    assert world.deliveries() == [("opened", "discord_bot", "123456789")]
    (evaluation,) = world.rows("SELECT * FROM rule_evaluations")
    assert (evaluation["entities"], evaluation["matched"], evaluation["no_data"]) == (2, 1, 0)
    types = [row["type"] for row in world.rows("SELECT type FROM core.outbox_events")]
    assert types.count("alert.opened") == 1


async def test_a_breach_that_goes_on_is_counted_and_not_told_again(world: World):
    world.rule(notify_discord=True, discord_channel_id="123456789")
    await world.read([campaign(rate="11.8")])
    outcome = await world.read([campaign(rate="11")])
    assert (outcome.opened, outcome.seen_again) == ((), 1)
    (alert,) = world.alerts()
    assert (alert["occurrences"], alert["current_value"]) == (2, "11")
    assert alert["title"] == "Open rate 11.8% on Advent preview"
    assert len(world.deliveries()) == 1


async def test_recovery_closes_and_tells_where_the_opening_was_told(world: World):
    rule = world.rule(notify_discord=True, discord_channel_id="123456789")
    await world.read([campaign(rate="11.8")])
    world.admin.execute("UPDATE watchtower_rules SET discord_channel_id = '987654321' WHERE id = %s", [rule])
    outcome = await world.read([campaign(rate="20")])
    assert len(outcome.closed) == 1
    (alert,) = world.alerts("resolved")
    assert alert["resolved_reason"] == "recovered"
    assert world.deliveries()[1:] == [("resolved", "discord_bot", "123456789")]
    await world.read([campaign(rate="10")])
    assert [alert["episode"] for alert in world.alerts()] == [1, 2]


async def test_the_same_reading_is_judged_once(world: World):
    world.rule()
    stored = world.ingest([campaign(rate="11.8")])
    first, second = await world.judge(stored), await world.judge(stored)
    assert (len(first.opened), second.opened) == (1, ())
    assert second.skipped


async def test_two_evaluators_at_once_open_one_alert(world: World):
    world.rule()
    stored = world.ingest([campaign(rate="11.8")])
    outcomes = await asyncio.gather(*(world.judge(stored) for _ in range(4)))
    assert sorted(len(outcome.opened) for outcome in outcomes) == [0, 0, 0, 1]
    assert len(world.alerts()) == 1


async def test_a_crash_before_the_commit_leaves_nothing_and_a_second_run_does_all(world: World):
    world.rule(notify_email=True, email_recipients=["ops@brandt.example"])
    stored = world.ingest([campaign(rate="11.8")])
    faults.arm("evaluation.judged=error")
    try:
        with pytest.raises(FaultInjected):
            await world.judge(stored)
    finally:
        faults.arm("")
    assert world.alerts() == []
    assert len((await world.judge(stored)).opened) == 1
    assert world.deliveries() == [("opened", "email", "ops@brandt.example")]


async def test_nothing_closes_on_a_partial_reading(world: World):
    world.rule()
    await world.read([campaign(rate="11.8")])
    await world.read([campaign(rate="20")], completeness=Completeness.PARTIAL)
    await world.read([], completeness=Completeness.PARTIAL)
    await world.read([campaign(rate=None)])
    assert len(world.alerts("open")) == 1


async def test_an_entity_gone_from_two_full_readings_closes_as_missing(world: World):
    world.rule()
    await world.read([campaign(rate="11.8"), campaign("b", "50")])
    await world.read([campaign("b", "50")])
    assert len(world.alerts("open")) == 1
    await world.read([campaign(rate="11"), campaign("b", "50")])
    await world.read([campaign("b", "50")])
    assert len(world.alerts("open")) == 1
    await world.read([campaign("b", "50")])
    assert [alert["resolved_reason"] for alert in world.alerts("resolved")] == ["missing"]


async def test_data_older_than_what_was_judged_moves_nothing(world: World):
    world.rule()
    await world.read([campaign(rate="11.8")])
    outcome = await world.read([campaign(rate="20")], as_of=world.now - timedelta(days=2))
    assert outcome.skipped
    assert len(world.alerts("open")) == 1


async def test_a_rule_for_every_client_judges_each_for_itself(world: World):
    world.rule(client_id=0, notify_discord=True, discord_channel_id="111111")
    world.admin.execute("UPDATE core.clients SET discord_channel_id = '222222' WHERE id = 2")
    await world.read([campaign(rate="11.8")], client=1)
    await world.read([campaign(rate="10")], client=2)
    assert [(alert["client_id"], alert["rule_client_id"]) for alert in world.alerts()] == [(1, 0), (2, 0)]
    assert [destination for _, _, destination in world.deliveries()] == ["111111", "222222"]


async def test_rules_of_one_client_do_not_touch_another(world: World):
    world.rule(client_id=2)
    await world.read([campaign(rate="11.8")], client=1)
    assert world.alerts() == []


async def test_a_rule_that_is_off_closes_what_it_opened(world: World):
    rule = world.rule()
    await world.read([campaign(rate="11.8")])
    world.admin.execute("UPDATE watchtower_rules SET is_active = false WHERE id = %s", [rule])
    await world.read([campaign(rate="11.8")])
    assert [alert["resolved_reason"] for alert in world.alerts()] == ["rule_changed"]


async def test_an_edited_rule_closes_the_old_question_and_asks_the_new(world: World):
    rule = world.rule()
    await world.read([campaign(rate="11.8")])
    world.admin.execute(
        "UPDATE watchtower_rules SET threshold_value = '12', version = 2 WHERE id = %s", [rule]
    )
    await world.read([campaign(rate="11.8")])
    assert [(alert["state"], alert["episode"]) for alert in world.alerts()] == [("resolved", 1), ("open", 2)]


async def test_a_risen_severity_asks_for_a_new_look(world: World, people):
    rule = world.rule()
    await world.read([campaign(rate="11.8")])
    async with world.db.write(people.olga.scope) as session:
        await acknowledge(session, [world.alerts()[0]["id"]], actor="olga", now=world.now)
    world.admin.execute("UPDATE watchtower_rules SET severity = 'critical' WHERE id = %s", [rule])
    await world.read([campaign(rate="11.8")])
    (alert,) = world.alerts("open")
    assert (alert["severity"], alert["is_acknowledged"]) == ("critical", False)
    kinds = [row["kind"] for row in world.rows("SELECT kind FROM alert_events ORDER BY at, step")]
    assert kinds == ["acknowledged", "severity_raised"]


@pytest.mark.parametrize(("word", "expected"), [("triggered", 1), ("not_triggered", 0), ("acknowledged", 0)])
async def test_a_child_fires_by_the_state_of_its_parent_for_the_same_entity(world: World, word, expected):
    parent = world.rule(name="No contact", field_name="status", condition="equals", threshold_value="silent")
    world.admin.execute("UPDATE watchtower_rules SET source_id = %s WHERE id = %s", [world.source(), parent])
    child = world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition=word)
    await world.read([campaign(rate="11.8", status="silent"), campaign("b", "11", status="fine")])
    found = {alert["external_id"] for alert in world.alerts() if alert["rule_id"] == child}
    assert ("advent" in found) == bool(expected)
    assert ("b" in found) == (word == "not_triggered")


async def test_a_parent_that_was_never_judged_holds_its_child_and_says_so(world: World):
    parent = world.rule(source_id=world.source("internal", "communication_reports"), field_name="days")
    world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="not_triggered")
    await world.read([campaign(rate="11.8")])
    assert world.alerts() == []
    (evaluation,) = world.rows("SELECT held_back, reason FROM rule_evaluations")
    assert evaluation["held_back"] == 1
    assert "never judged" in str(evaluation["reason"]["held_back"])


async def test_a_parent_elsewhere_counts_for_the_whole_client(world: World):
    reports = world.source("internal", "communication_reports")
    parent = world.rule(
        source_id=reports, field_name="days_silent", condition="greater_than", threshold_value="7"
    )
    child = world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="triggered")
    silent = Entity("brandt", {"name": "Brandt"}, {"days_silent": Decimal(8)})
    await world.read([silent], provider="internal", endpoint="communication_reports")
    await world.read([campaign(rate="11.8")])
    assert [alert["rule_id"] for alert in world.alerts()] == [parent, child]


async def test_a_moved_parent_wakes_its_children_elsewhere(world: World):
    reports = world.source("internal", "communication_reports")
    parent = world.rule(
        source_id=reports, field_name="days_silent", condition="greater_than", threshold_value="7"
    )
    world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="triggered")
    await world.read(
        [Entity("x", {}, {"days_silent": Decimal(8)})], provider="internal", endpoint="communication_reports"
    )
    jobs = world.rows("SELECT task_name FROM jobs.procrastinate_jobs")
    assert [job["task_name"] for job in jobs] == ["watchtower.recheck_children"]


async def test_a_group_on_two_sources_is_held_with_its_reason(world: World):
    group = uuid4()
    world.rule(source_id=world.source(), group_id=group)
    world.rule(source_id=world.source("shop", "orders"), group_id=group, position=1, field_name="spend")
    await world.read([campaign(rate="11.8")])
    assert world.alerts() == []
    (evaluation,) = world.rows("SELECT reason FROM rule_evaluations")
    assert evaluation["reason"]["state"] == "held"
    assert "needs another source" in evaluation["reason"]["why"]


async def test_one_bad_rule_is_held_and_stops_no_other(world: World):
    world.rule()
    world.rule(name="by SQL", field_name="col:nothing")
    world.rule(name="text", field_name="status", condition="greater_than", threshold_value="many")
    assert len((await world.read([campaign(rate="11.8", status="sent")])).opened) == 1
    found = world.rows("SELECT reason ->> 'state' AS state, errors FROM rule_evaluations ORDER BY 1, 2")
    assert [(row["state"], row["errors"]) for row in found] == [("held", 0), ("held", 0), ("judged", 0)]


async def test_an_alert_closed_by_a_person_opens_again_while_the_breach_lasts(world: World, people):
    world.rule(notify_discord=True, discord_channel_id="123456789")
    await world.read([campaign(rate="11.8")])
    async with world.db.write(people.alice.scope) as session:
        await resolve(session, [world.alerts()[0]["id"]], actor=people.alice.email, now=world.now)
    await world.read([campaign(rate="11.8")])
    assert [(a["state"], a["resolved_reason"]) for a in world.alerts()] == [
        ("resolved", "by_person"),
        ("open", None),
    ]
    assert [kind for kind, _, _ in world.deliveries()].count("resolved") == 1


async def test_a_change_ends_after_it_was_taken_note_of_and_its_end_is_not_told(world: World, people):
    world.rule(
        field_name="status",
        condition="changed",
        threshold_value=None,
        notify_discord=True,
        discord_channel_id="123456",
    )
    for status in ("sent", "paused"):
        await world.read([campaign(status=status)])
    (alert,) = world.alerts("open")
    assert alert["title"] == "Status changed from sent to paused on Advent preview"
    async with world.db.write(people.olga.scope) as session:
        await acknowledge(session, [alert["id"]], actor="olga", now=world.now)
    await world.read([campaign(status="paused")])
    assert world.alerts("open") == []
    assert [kind for kind, _, _ in world.deliveries()] == ["opened"]


async def test_a_worker_of_one_client_cannot_judge_anothers_reading(world: World):
    world.rule(client_id=2)
    stored = world.ingest([campaign(rate="11.8")], client=2)
    async with world.db.write(Scope.client(1)) as session:
        from belvedere.watchtower.service import watch_snapshot

        outcome = await watch_snapshot(session, stored, world.now)
    assert outcome.skipped
    assert world.alerts() == []
