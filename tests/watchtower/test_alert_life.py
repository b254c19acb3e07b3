"""Waiting, recovering, missing values, telling again: what alerts do over several readings."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from tests.watchtower.moments import act, steps_of, ticked, told
from tests.watchtower.oracle import Entity
from tests.watchtower.world import World, campaign

from belvedere.core.context import Scope
from belvedere.sources.contracts import Completeness
from belvedere.watchtower.lists import AlertFilter, get_alert, list_alerts
from belvedere.watchtower.service import acknowledge, resolve, snooze

TITLES = "SELECT message ->> 'title' AS title FROM core.deliveries WHERE kind = 'raised'"
MAIL = {"notify_email": True, "email_recipients": ["ops@brandt.example"]}


async def test_the_identity_is_rule_client_and_entity_never_the_record_item_12(world: World):
    world.rule()
    await world.read([campaign(rate="11.8")])
    await world.read([campaign(rate="11.7")])
    await world.read([campaign(rate="20")])
    await world.read([campaign(rate="11")])
    first, second = world.alerts()
    assert first["fingerprint"] == second["fingerprint"]
    assert (first["episode"], second["episode"], first["occurrences"]) == (1, 2, 2)
    assert first["record_id"] != second["record_id"]


async def test_a_whole_reading_has_an_identity_of_its_own_item_12(world: World):
    world.rule(aggregate="avg")
    await world.read([campaign("a", "10"), campaign("b", "12")])
    (alert,) = world.alerts("open")
    assert (alert["external_id"], alert["record_id"]) == (None, None)
    await world.read([campaign("a", "10"), campaign("b", "11")])
    assert [row["occurrences"] for row in world.alerts("open")] == [2]
    await world.read([campaign("a", "30"), campaign("b", "31")])
    assert [row["resolved_reason"] for row in world.alerts()] == ["recovered"]


async def test_a_breach_waits_for_its_readings_item_13(world: World):
    world.rule(for_readings=3)
    for _ in range(2):
        assert (await world.read([campaign(rate="11")])).opened == ()
    (state,) = world.rows("SELECT * FROM rule_states")
    assert state["readings"] == 2
    assert len((await world.read([campaign(rate="11")])).opened) == 1
    assert world.rows("SELECT * FROM rule_states") == []


async def test_data_of_the_same_moment_counts_once_item_28(world: World):
    world.rule(for_readings=2)
    moment = world.now
    for _ in range(3):
        assert (await world.read([campaign(rate="11")], as_of=moment)).opened == ()
    assert [row["readings"] for row in world.rows("SELECT readings FROM rule_states")] == [1]
    later = await world.read([campaign(rate="11")], as_of=moment + timedelta(hours=1))
    assert len(later.opened) == 1


async def test_good_and_missing_readings_of_the_same_moment_count_once_item_28(world: World):
    world.rule(recover_after=2)
    await world.read([campaign(rate="11"), campaign("gone", rate="11")])
    moment = world.now + timedelta(hours=1)
    for _ in range(3):
        await world.read([campaign(rate="20")], as_of=moment)
    counts = [
        (row["external_id"], row["good_readings"], row["missing_readings"]) for row in world.alerts("open")
    ]
    assert sorted(counts) == [("advent", 1, 0), ("gone", 0, 1)]
    await world.read([campaign(rate="20"), campaign("gone", rate="11")], as_of=moment + timedelta(hours=1))
    assert [row["external_id"] for row in world.alerts("open")] == ["gone"]
    for hour in (2, 2, 3):
        assert len(world.alerts("open")) == 1
        await world.read([campaign(rate="20")], as_of=moment + timedelta(hours=hour))
    assert world.alerts("open") == []


async def test_a_good_answer_ends_the_wait_and_an_unknown_one_does_not_item_13(world: World):
    world.rule(for_readings=2)
    await world.read([campaign(rate="11")])
    await world.read([campaign(rate=None)])
    assert len((await world.read([campaign(rate="11")])).opened) == 1
    await world.read([campaign(rate="20")])
    await world.read([campaign(rate="11")])
    await world.read([campaign(rate="20")])
    assert (await world.read([campaign(rate="11")])).opened == ()


async def test_a_breach_waits_for_its_minutes_of_data_time_item_13(world: World):
    world.rule(for_minutes=90)
    await world.read([campaign(rate="11")])
    assert (await world.read([campaign(rate="11")])).opened == ()
    assert len((await world.read([campaign(rate="11")])).opened) == 1


async def test_an_entity_that_left_starts_its_wait_anew_item_14(world: World):
    world.rule(for_readings=2)
    await world.read([campaign(rate="11"), campaign("b", "50")])
    await world.read([campaign("b", "50")])
    assert (await world.read([campaign(rate="11"), campaign("b", "50")])).opened == ()


async def test_an_open_alert_is_told_again_when_it_is_clearly_worse_item_13(world: World):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await world.read([campaign(rate="10")])
    assert told(world) == [("opened", 0)]
    await world.read([campaign(rate="9")])
    assert told(world) == [("opened", 0), ("raised", 1)]
    await world.read([campaign(rate="8.9")])
    assert len(told(world)) == 2
    assert steps_of(world).count("worsened") == 1


async def test_a_group_follows_the_condition_that_holds_item_13(world: World, people):
    group = uuid4()
    head = world.rule(group_id=group, position=1, **MAIL)
    world.rule(
        group_id=group, position=2, logic_operator="OR", field_name="amount", condition="greater_than",
        threshold_value="100", name="Dear",
    )  # fmt: skip
    await world.read([campaign(rate="40", amount=Decimal(110))])
    (alert,) = world.alerts("open")
    assert (alert["rule_id"], alert["current_value"], alert["title"]) == (
        head,
        "110",
        "Amount €110.00 on Advent preview",
    )
    async with world.db.read(people.olga.scope) as session:
        shown = await get_alert(session, alert["id"])
        (row,) = (await list_alerts(session, AlertFilter())).rows()
    assert shown["timeline"][0]["detail"]["value"] == "110"
    assert (row["head"]["field"], row["head"]["limit"]) == ("amount", "100")
    # The open rate holds no more than before, and falls.
    await world.read([campaign(rate="20", amount=Decimal(112))])
    assert (world.alerts("open")[0]["current_value"], told(world)) == ("112", [("opened", 0)])
    await world.read([campaign(rate="20", amount=Decimal(116))])
    assert told(world) == [("opened", 0), ("raised", 1)]
    (title,) = [row["title"] for row in world.rows(TITLES)]
    assert title.startswith("Worse: Amount now")
    # Another condition holds: its value is not measured by the one that was told.
    await world.read([campaign(rate="9", amount=Decimal(20))])
    assert (world.alerts("open")[0]["current_value"], len(told(world))) == ("9", 2)


async def test_an_untold_group_says_the_value_of_the_condition_that_held(world: World, people):
    group = uuid4()
    world.rule(group_id=group, position=1)
    world.rule(
        group_id=group, position=2, logic_operator="AND", field_name="sent", condition="greater_than",
        threshold_value="10",
    )  # fmt: skip
    world.rule(
        group_id=group, position=3, logic_operator="OR", field_name="clicks", condition="less_than", threshold_value="3",
    )  # fmt: skip
    for clicks in ("2", "1"):
        both = {"open_rate": Decimal(11), "sent": Decimal(4), "clicks": Decimal(clicks)}
        await world.read([Entity("advent", {"name": "Advent preview"}, both)])
    (alert,) = world.alerts("open")
    async with world.db.read(people.olga.scope) as session:
        shown = await get_alert(session, alert["id"])
        (row,) = (await list_alerts(session, AlertFilter())).rows()
    assert (shown["timeline"][0]["kind"], shown["timeline"][0]["detail"]) == ("opened", {"value": "2"})
    assert row["head"]["field"] == "clicks"


async def test_a_rule_that_told_nobody_has_nobody_to_tell_again(world: World, people):
    rule = world.rule()
    await world.read([campaign(rate="11")])
    await act(world, people, snooze, world.now + timedelta(hours=1))
    world.admin.execute(
        "UPDATE watchtower_rules SET notify_email = true, email_recipients = ARRAY['late@brandt.example'] WHERE id = %s",
        [rule],
    )
    world.now += timedelta(hours=2)
    await ticked(world)
    (alert,) = world.alerts("open")
    assert (alert["snoozed_until"], alert["told_at"], alert["last_told_at"], told(world)) == (
        None,
        None,
        None,
        [],
    )


async def test_a_worse_alert_is_told_in_the_words_of_its_rule_item_13(world: World):
    world.rule(title_template="{{ entity.name }} opens {{ value }}", **MAIL)
    await world.read([campaign(rate="11")])
    await world.read([campaign(rate="9")])
    assert [row["title"] for row in world.rows(TITLES)] == ["Worse: Advent preview opens 9"]


async def test_a_risen_severity_is_told_and_ends_the_taking_item_15(world: World, people):
    rule = world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    until = world.now + timedelta(days=3)
    await act(world, people, acknowledge, until=until)
    world.admin.execute("UPDATE watchtower_rules SET severity = 'critical' WHERE id = %s", [rule])
    await world.read([campaign(rate="11")])
    (alert,) = world.alerts("open")
    assert (alert["is_acknowledged"], alert["ack_until"], alert["severity"]) == (False, None, "critical")
    assert told(world)[-1] == ("raised", 1)


@pytest.mark.parametrize(
    ("severity", "minutes", "hours", "expected"),
    [
        ("critical", None, 3, 0), ("critical", None, 4, 1), ("warning", None, 23, 0), ("warning", None, 24, 1),
        ("info", None, 500, 0), ("info", 60, 1, 1), ("critical", 0, 500, 0),
    ],
)  # fmt: skip
async def test_what_nobody_took_is_repeated_in_its_interval_item_13(
    world: World, severity, minutes, hours, expected
):
    world.rule(severity=severity, repeat_minutes=minutes, **MAIL)
    await world.read([campaign(rate="11")])
    world.now += timedelta(hours=hours)
    assert (await ticked(world)).told["repeats"] == expected
    assert (await ticked(world)).told["repeats"] == 0
    assert [kind for kind, _ in told(world)].count("again") == expected


async def test_what_somebody_took_is_not_repeated_item_13(world: World, people):
    world.rule(severity="critical", **MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, acknowledge)
    world.now += timedelta(days=2)
    await ticked(world)
    assert told(world) == [("opened", 0)]


async def test_good_readings_in_a_row_past_the_recovery_limit_close_it_item_14(world: World):
    world.rule(recovery_threshold="18", recover_after=2)
    await world.read([campaign(rate="11")])
    for rate in ("16", "19", "17", "19"):
        await world.read([campaign(rate=rate)])
        assert len(world.alerts("open")) == 1, rate
    await world.read([campaign(rate="20")])
    assert [row["resolved_reason"] for row in world.alerts()] == ["recovered"]


async def test_a_breach_between_good_readings_starts_them_anew_item_14(world: World):
    world.rule(recover_after=2)
    for rate in ("11", "20", "11", "20"):
        await world.read([campaign(rate=rate)])
    assert world.alerts("open")[0]["good_readings"] == 1
    await world.read([campaign(rate="20")])
    assert world.alerts("open") == []


async def test_partial_data_never_resolves_item_14(world: World):
    world.rule(no_data_policy="resolve")
    await world.read([campaign(rate="11")])
    for rate in ("20", None):
        await world.read([campaign(rate=rate)], completeness=Completeness.PARTIAL)
    await world.read([], completeness=Completeness.PARTIAL)
    assert len(world.alerts("open")) == 1


async def test_a_missing_value_keeps_resolves_or_does_nothing_item_7(world: World):
    rules = {
        policy: world.rule(no_data_policy=policy, name=policy) for policy in ("ignore", "keep", "resolve")
    }
    await world.read([campaign(rate="11")])
    await world.read([campaign(rate=None)])
    found = {row["rule_id"]: row for row in world.alerts()}
    assert found[rules["resolve"]]["resolved_reason"] == "no_data"
    assert (found[rules["keep"]]["state"], found[rules["keep"]]["occurrences"]) == ("open", 2)
    assert (found[rules["ignore"]]["state"], found[rules["ignore"]]["occurrences"]) == ("open", 1)


async def test_a_missing_value_opens_an_alert_of_its_own_item_7(world: World):
    world.rule(no_data_policy="alert", **MAIL)
    await world.read([campaign(rate="11"), campaign("b", "50", "B")])
    await world.read([campaign(rate=None), campaign("b", "50", "B")])
    breach, silent = world.alerts("open")
    assert silent["reason"]["kind"] == "no_data"
    assert silent["title"] == "Open rate is missing on Advent preview"
    assert breach["fingerprint"] != silent["fingerprint"]
    await world.read([campaign(rate=None), campaign("b", "50", "B")])
    assert world.alerts("open")[1]["occurrences"] == 2
    await world.read([campaign(rate="11"), campaign("b", "50", "B")])
    assert [(row["state"], row["resolved_reason"]) for row in world.alerts()] == [
        ("open", None),
        ("resolved", "recovered"),
    ]


async def test_a_time_of_taking_that_runs_out_is_told_item_15(world: World, people):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, acknowledge, until=world.now + timedelta(hours=2))
    world.now += timedelta(hours=1)
    await ticked(world)
    assert world.alerts("open")[0]["is_acknowledged"]
    world.now += timedelta(hours=1)
    await ticked(world)
    await ticked(world)
    assert not world.alerts("open")[0]["is_acknowledged"]
    assert told(world) == [("opened", 0), ("again", 1)]
    assert steps_of(world)[-1] == "ack_expired"


async def test_a_taken_alert_is_reminded_of_where_its_rule_asks_item_15(world: World, people):
    world.rule(remind_minutes=60, **MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, acknowledge)
    for hours, expected in ((0.5, 1), (0.5, 2), (0.5, 2), (0.5, 3)):
        world.now += timedelta(hours=hours)
        await ticked(world)
        assert len(told(world)) == expected


async def test_clocks_that_jump_do_nothing_twice_item_13(world: World):
    world.rule(severity="critical", **MAIL)
    await world.read([campaign(rate="11")])
    for hours in (5, -8, 3, 4, -20, 20):
        world.now += timedelta(hours=hours)
        await ticked(world)
        await ticked(world)
    assert [kind for kind, _ in told(world)] == ["opened", "again"]


async def test_two_ticks_at_once_tell_once_item_13(world: World):
    import asyncio

    world.rule(severity="critical", **MAIL)
    await world.read([campaign(rate="11")])
    world.now += timedelta(hours=5)
    await asyncio.gather(*(ticked(world) for _ in range(3)))
    assert [kind for kind, _ in told(world)] == ["opened", "again"]


async def test_a_change_lives_for_a_week_without_any_reading_item_9(world: World):
    world.rule(field_name="status", condition="changed", threshold_value=None)
    for status in ("sent", "paused"):
        await world.read([campaign(status=status)])
    world.now += timedelta(days=6, hours=23)
    assert (await ticked(world)).expired == 0
    world.now += timedelta(hours=1)
    assert (await ticked(world)).expired == 1
    assert [row["resolved_reason"] for row in world.alerts()] == ["expired"]


async def test_a_change_of_an_entity_that_left_stays_item_9(world: World):
    world.rule(field_name="status", condition="changed", threshold_value=None)
    for status in ("sent", "paused"):
        await world.read([campaign(status=status), campaign("b")])
    for _ in range(3):
        await world.read([campaign("b")])
    assert len(world.alerts("open")) == 1


async def test_several_openings_at_once_are_one_message(world: World):
    world.rule(**MAIL)
    entities = [campaign(name, "11", name) for name in ("a", "b", "c")]
    await world.read(entities)
    assert [kind for kind, _, _ in world.deliveries()] == ["opened"]
    (delivery,) = world.rows("SELECT message ->> 'title' AS title FROM core.deliveries")
    assert delivery["title"] == "{count} new alerts: Kaffeehaus Brandt"
    lines = {row["line"] for row in world.rows("SELECT line FROM core.delivery_members")}
    assert lines == {f"Open rate 11.0% on {name}" for name in "abc"}
    await world.read([campaign(name, "20", name) for name in ("a", "b", "c")])
    assert [kind for kind, _, _ in world.deliveries()] == ["opened", "resolved"]


async def test_an_alert_closed_by_a_person_stays_closed_on_the_same_reading_item_14(world: World, people):
    from belvedere.watchtower.service import rejudge_rules

    rule = world.rule()
    stored = world.ingest([campaign(rate="11")])
    await world.judge(stored)
    await act(world, people, resolve)
    async with world.db.write(Scope.client(1)) as session:
        assert (await rejudge_rules(session, stored, [rule], world.now)).opened == ()
    world.admin.execute("UPDATE watchtower_rules SET version = 2 WHERE id = %s", [rule])
    async with world.db.write(Scope.client(1)) as session:
        assert len((await rejudge_rules(session, stored, [rule], world.now)).opened) == 1


async def test_each_rule_is_judged_once_for_each_reading_and_quiet_ones_share_a_row_item_30(world: World):
    quiet = world.rule(name="quiet", threshold_value="1")
    loud = world.rule(name="loud")
    stored = world.ingest([campaign(rate="11")])
    await world.judge(stored)
    await world.judge(stored)
    assert [row["rule_id"] for row in world.rows("SELECT rule_id FROM rule_evaluations")] == [loud]
    (run,) = world.rows("SELECT * FROM evaluation_runs")
    assert (run["quiet_rules"], run["rules"], run["matched"], run["opened"]) == ([quiet], 2, 1, 1)
