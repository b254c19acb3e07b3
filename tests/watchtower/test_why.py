"""Why a rule fired or did not, asked on stored readings; the answer fits what the watch did."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.people import BRANDT, MARLOW
from tests.watchtower.past import keep
from tests.watchtower.world import campaign


async def ask(http, headers, rule, status=200, **query):
    answer = await http.get(f"/rules/{rule}/why", params=query, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_value_on_the_right_side_says_so_in_one_sentence(http, olga, world):
    rule = world.rule()
    await world.judge(keep(world, [campaign(rate="18.2")]))
    found = await ask(http, olga, rule, external_id="advent")
    assert found["outcome"] == "not_matched"
    assert found["sentence"] == "Did not fire: open rate is 18.2%, the limit is <\u00a015%."
    assert found["conditions"][0]["value"] == "18.2"
    assert found["conditions"][0]["result"] is False
    assert found["with_values"] == "[Open rate is 18.2%, the limit is <\u00a015%: no]"


async def test_stored_evaluations_stand_beside_the_answer_item_30(http, olga, world):
    rule = world.rule()
    first = keep(world, [campaign(rate="12")])
    await world.judge(first)
    second = keep(world, [campaign(rate="11")])
    await world.judge(second)
    before = await ask(http, olga, rule, external_id="advent", snapshot_id=str(first.snapshot_id))
    now = await ask(http, olga, rule, external_id="advent")
    assert (before["outcome"], now["outcome"]) == ("fired", "still_open")
    assert (
        before["sentence"]
        == f"Fired: open rate is 12.0%, the limit is <\u00a015%. It opened alert #{world.alerts()[0]['number']}."
    )
    assert before["was_judged"]
    assert before["evaluation"]["matched"] == 1
    assert now["reading"]["snapshot_id"] == str(second.snapshot_id)


async def test_missing_values_things_and_volume_are_named(http, olga, world):
    rule = world.rule()
    busy = world.rule(min_volume_field="quantity", min_volume=Decimal(100))
    await world.judge(keep(world, [campaign(rate=None), campaign("spring", "9", "Spring", quantity=5)]))
    found = await ask(http, olga, rule, external_id="advent")
    assert (found["outcome"], found["conditions"][0]["why_unknown"]) == ("no_answer", "There is no value.")
    found = await ask(http, olga, rule, external_id="sprnig")
    assert (found["outcome"], found["entity"]["near"]) == ("not_in_reading", ["spring"])
    found = await ask(http, olga, busy, external_id="spring")
    assert found["conditions"][0]["why_unknown"] == "Too little volume: the rule waits for more."


async def test_a_parent_that_holds_a_rule_back_is_named(http, olga, world):
    parent = world.rule(threshold_value="5", name="Very low")
    child = world.rule(parent_rule_id=parent, parent_client_id=BRANDT, dependency_condition="triggered")
    await world.judge(keep(world, [campaign(rate="12")]))
    found = await ask(http, olga, child, external_id="advent")
    assert found["outcome"] == "held_back"
    assert "Very low" in found["parent"]


async def test_every_answer_fits_what_the_watch_did(http, olga, world):
    chance = random.Random(4)
    rule = world.rule(group_id="00000000-0000-4000-8000-000000000001")
    world.rule(group_id="00000000-0000-4000-8000-000000000001", position=1, field_name="quantity",
               condition="greater_than", threshold_value="2", logic_operator="AND", name="Volume")  # fmt: skip
    for _ in range(12):
        things = [
            campaign(name_, chance.choice([None, "9", "14", "15", "20"]), name_.title(), quantity=chance.choice([None, 1, 5]))
            for name_ in ("a", "b", "c") if chance.random() < 0.8
        ]  # fmt: skip
        stored = keep(world, things)
        standing = {row["external_id"] for row in world.alerts("open")}
        await world.judge(stored)
        opened = {row["external_id"] for row in world.alerts() if row["snapshot_id"] == stored.snapshot_id}
        still = standing & {row["external_id"] for row in world.alerts("open")}
        for name_ in ("a", "b", "c"):
            found = await ask(http, olga, rule, external_id=name_, snapshot_id=str(stored.snapshot_id))
            assert (found["outcome"] == "fired") == (name_ in opened), found
            assert not (found["truth"] and name_ not in opened | still), found
            if name_ in still:
                assert found["outcome"] == "still_open"


async def test_only_those_in_reach_are_told(http, olga, world, token_of, people):
    rule = world.rule(client_id=BRANDT)
    everywhere = world.rule(client_id=0)
    await world.judge(keep(world, [campaign(rate="12")]))
    for person in (people.alice, people.bob):
        assert (await ask(http, token_of(person), rule, external_id="advent"))["outcome"] == "fired"
    charlie = token_of(people.charlie)
    await ask(http, charlie, rule, status=404, external_id="advent")
    await ask(http, charlie, everywhere, status=404, external_id="advent", client_id=BRANDT)
    await ask(http, charlie, everywhere, status=404, external_id="advent", client_id=MARLOW)
    await ask(http, olga, everywhere, status=422, external_id="advent")


@pytest.mark.parametrize("field", ["external_id"])
async def test_a_rule_of_records_asks_for_the_thing(http, olga, world, field):
    rule = world.rule()
    await world.judge(keep(world, [campaign(rate="12")]))
    found = await ask(http, olga, rule, status=422)
    assert found["errors"][0]["pointer"] == f"/{field}"


async def test_an_alert_that_ended_since_is_not_said_to_stand(http, olga, world):
    rule = world.rule()
    for rate in ("5", "4"):
        reading = keep(world, [campaign(rate=rate)])
        await world.judge(reading)
    world.now += timedelta(hours=1)
    answer = await http.patch(f"/rules/{rule}", json={"is_active": False}, headers=olga)
    assert answer.status_code == 200, answer.text
    found = await ask(http, olga, rule, external_id="advent", snapshot_id=str(reading.snapshot_id))
    assert found["sentence"].endswith("It has ended since: the rule was changed.")


async def test_what_happened_at_each_reading_stays_as_it_was(http, olga, world):
    rule = world.rule(recovery_threshold="20", recover_after=2)
    readings = []
    for rate in ("5", "16", "25", "26", "30"):
        readings.append(keep(world, [campaign(rate=rate)]))
        await world.judge(readings[-1])
    found = [
        await ask(http, olga, rule, external_id="advent", snapshot_id=str(reading.snapshot_id))
        for reading in readings
    ]
    assert [item["outcome"] for item in found] == [
        "fired", "still_open", "still_open", "closed", "not_matched",
    ]  # fmt: skip
    number = world.alerts()[0]["number"]
    assert found[3]["sentence"].startswith(
        f"Closed here: recovered. Alert #{number} ended: open rate is 26.0%"
    )
    assert found[2]["sentence"].endswith("It takes 2 good readings.")


async def test_good_readings_are_counted_while_they_come(http, olga, world):
    rule = world.rule(recover_after=2)
    for rate in ("5", "26"):
        await world.judge(keep(world, [campaign(rate=rate)]))
    found = await ask(http, olga, rule, external_id="advent")
    assert (found["outcome"], found["sentence"].endswith("1 of 2 good readings.")) == ("still_open", True)


async def test_a_thing_that_went_closes_its_alert_with_a_word(http, olga, world):
    rule = world.rule()
    await world.judge(keep(world, [campaign(rate="5"), campaign("spring")]))
    for _ in range(3):
        last = keep(world, [campaign("spring")])
        await world.judge(last)
        if not world.alerts("open"):
            break
    found = await ask(http, olga, rule, external_id="advent", snapshot_id=str(last.snapshot_id))
    assert (found["outcome"], found["sentence"].split(".")[0]) == ("closed", "Closed here: the thing is gone")


async def test_a_record_is_found_by_its_name(http, olga, world):
    rule = world.rule()
    await world.judge(
        keep(world, [campaign(rate="12"), campaign("a", "9", "Twice"), campaign("b", "9", "Twice")])
    )
    found = await ask(http, olga, rule, external_id="advent PREVIEW")
    assert (found["outcome"], found["external_id"]) == ("fired", "advent")
    found = await ask(http, olga, rule, external_id="Twice")
    assert (found["outcome"], found["entity"]["near"]) == ("not_in_reading", ["a", "b"])


@pytest.mark.parametrize("value", ["1,200", "NaN", "true"])
async def test_a_value_that_cannot_be_compared_is_named(http, olga, world, value):
    rule = world.rule(field_name="status", condition="greater_than")
    await world.judge(keep(world, [campaign(status="live")]))
    await world.judge(keep(world, [campaign(status=value)]))
    found = await ask(http, olga, rule, external_id="advent")
    assert found["sentence"] == f"Did not fire: no answer. “{value}” cannot be compared with “15”."


async def test_a_group_without_an_answer_names_the_field(http, olga, world):
    group = "00000000-0000-4000-8000-000000000001"
    rule = world.rule(group_id=group)
    world.rule(
        group_id=group, position=1, field_name="quantity", condition="greater_than", threshold_value="2"
    )
    await world.judge(keep(world, [campaign(rate=None, quantity=5), campaign("b", "20", quantity=1)]))
    found = await ask(http, olga, rule, external_id="advent")
    assert found["sentence"] == "Did not fire: no answer. Open rate: there is no value."
