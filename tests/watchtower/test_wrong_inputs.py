"""Inputs that newcomers and adversaries send: each has a plain answer, none crashes."""

from uuid import uuid4

import pytest
from tests.watchtower.test_rules_api import codes, make, problem_at
from tests.watchtower.world import World, campaign


@pytest.mark.parametrize("act", ["acknowledge", "snooze"])
async def test_a_time_names_its_zone_and_a_year_utc_can_write(http, olga, world: World, act):
    world.rule()
    await world.read([campaign(rate="11")])
    path = f"/alerts/{world.alerts('open')[0]['id']}/{act}"
    answer = await http.post(path, json={"until": "2090-01-02T06:00:00"}, headers=olga)
    assert answer.status_code == 422, answer.text
    assert problem_at(answer.json())[0] == "/until"
    far = await http.post(path, json={"until": "9999-12-31T23:59:59-12:00"}, headers=olga)
    assert far.status_code == 422
    assert problem_at(far.json())[0] == "/until"


async def test_a_silence_names_its_zone_and_a_year_utc_can_write(http, olga, world: World):
    body = {"client_id": 1, "reason": "x", "ends_at": "2090-01-02T06:00:00"}
    answer = await http.post("/silences", json=body, headers=olga)
    assert answer.status_code == 422, answer.text
    assert problem_at(answer.json())[0] == "/ends_at"
    body["ends_at"] = "9999-12-31T23:59:59-12:00"
    assert (await http.post("/silences", json=body, headers=olga)).status_code == 422


async def test_a_silence_of_a_thing_without_a_name_is_refused(http, olga):
    body = {"client_id": 1, "external_id": "", "reason": "x", "ends_at": "2090-01-02T06:00:00Z"}
    answer = await http.post("/silences", json=body, headers=olga)
    assert (answer.status_code, problem_at(answer.json())[0]) == (422, "/external_id")


async def test_a_webhook_that_does_not_exist_is_refused(http, olga, world: World):
    answer = await make(http, olga, 422, force=True, notify_webhook=True, webhook_channel_id=str(uuid4()))
    assert problem_at(answer) == ("/webhook_channel_id", "channel_not_yours")


async def test_a_webhook_of_another_client_is_refused(http, olga, world: World):
    (row,) = world.rows(
        "INSERT INTO core.channels (client_id, kind, name) VALUES (2, 'webhook', 'Theirs') RETURNING id"
    )
    hook = str(row["id"])
    answer = await make(http, olga, 422, force=True, client_id=1, webhook_channel_id=hook)
    assert problem_at(answer) == ("/webhook_channel_id", "channel_not_yours")
    own = await make(http, olga, force=True, client_id=2, notify_webhook=True, webhook_channel_id=hook)
    assert "no_channel" not in codes(own)


async def test_what_says_nothing_is_named(http, olga, world: World):
    made = await make(http, olga, force=True, condition="is_null", threshold_value="abc")
    assert "idle" in codes(made)


async def test_words_have_no_sum_and_a_clock_has_no_zone(http, olga, world: World):
    summed = await make(http, olga, 422, field_name="name", condition="greater_than", aggregate="sum")
    assert problem_at(summed) == ("/aggregate", "aggregate_of_words")
    zoned = await make(http, olga, 422, force=True, notify_schedule="daily", notify_time="09:00+05:00")
    assert problem_at(zoned) == ("/notify_time", "time_with_zone")


async def test_a_threshold_that_is_too_long_is_told_in_characters(http, olga, world: World):
    answer = await make(http, olga, 422, threshold_value="9" * 256)
    assert "255 characters" in answer["errors"][0]["detail"]


async def test_a_misspelt_field_is_refused_with_the_name_it_resembles(http, olga, world: World):
    draft = {"name": "Low", "field_name": "opn_rate", "condition": "less_than", "threshold_value": "15"}
    answer = await http.post("/rules", json=draft, headers=olga)
    assert answer.status_code == 422
    problem = answer.json()["errors"][0]
    assert problem["pointer"] == "/field_name"
    assert "open_rate" in problem["detail"]
