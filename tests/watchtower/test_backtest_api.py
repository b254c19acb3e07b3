"""Trying rules on stored readings over HTTP, against the real database."""

from datetime import timedelta
from uuid import uuid4

import pytest
from tests.people import BRANDT, MARLOW
from tests.watchtower.past import keep, keep_pointer
from tests.watchtower.world import campaign

from belvedere.sources.contracts import Completeness

DRAFT = {"name": "Low", "field_name": "open_rate", "condition": "less_than", "threshold_value": "15"}


async def ask(http, headers, status=200, **body):
    answer = await http.post("/rules/backtest", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
def course(world):
    """Advent dips twice, Spring once and for good; one reading repeats the one before it."""
    for advent, spring in (("20", "30"), ("12", "30"), ("11", "30"), ("16", "14")):
        last = keep(world, [campaign(rate=advent), campaign("spring", spring, "Spring")])
    keep_pointer(world, last)
    keep(world, [campaign(rate="9"), campaign("spring", "10", "Spring")])
    return world


async def test_a_draft_says_how_often_it_would_have_fired(http, olga, course):
    found = await ask(http, olga, rule=DRAFT, days=30)
    assert found["summary"] == "Would have fired 3 times in 30 days."
    assert [(item["entity_name"], item["first_value"], item["peak_value"], item["ended_because"], item["readings"])
            for item in found["episodes"]] == [
        ("Advent preview", "9", "9", None, 1),
        ("Spring", "14", "10", None, 3),
        ("Advent preview", "12", "11", "recovered", 2),
    ]  # fmt: skip
    first = found["episodes"][-1]
    assert first["title"] == "Open rate 12.0% on Advent preview"
    assert "Rule “Low”, client Kaffeehaus Brandt." in first["message"]
    assert found["readings"]["looked_at"] == found["readings"]["judged"] == 6
    assert found["by_client"][0]["episodes"] == 3
    assert sum(day["episodes"] for day in found["by_day"]) == 3
    assert found["compared_with"] is None


async def test_a_replay_finds_the_very_alerts_that_were_opened_live(http, olga, world):
    rule = world.rule()
    for rate in ("20", "12", None, "11", "16", "14", "20"):
        await world.judge(keep(world, [campaign(rate=rate)]))
    found = await ask(http, olga, rule_id=str(rule), days=30)
    alerts = world.alerts()
    assert found["compared_with"]["opened"] == found["episodes_total"] == len(alerts) == 2
    assert sorted(item["title"] for item in found["episodes"]) == sorted(row["title"] for row in alerts)
    assert sorted(item["message"] for item in found["episodes"]) == sorted(row["message"] for row in alerts)
    assert [item["ended_because"] for item in found["episodes"]] == ["recovered", "recovered"]


async def test_older_data_that_came_late_takes_its_place_in_history_item_28(http, olga, world):
    """Live, a backfill raises nothing; in history it is judged where its data belongs."""
    rule = world.rule()
    start = world.now
    await world.judge(keep(world, [campaign(rate="20")], as_of=start + timedelta(days=1)))
    await world.judge(keep(world, [campaign(rate="20")], as_of=start + timedelta(days=3)))
    late = keep(world, [campaign(rate="10")], as_of=start + timedelta(days=2))
    assert (await world.judge(late)).skipped
    assert not world.alerts()
    found = await ask(
        http, olga, rule_id=str(rule), start=start.isoformat(), end=(start + timedelta(days=9)).isoformat()
    )
    assert [(item["snapshot_id"], item["ended_because"]) for item in found["episodes"]] == [
        (str(late.snapshot_id), "recovered")
    ]
    assert found["compared_with"]["opened"] == 0


async def test_failed_and_partial_readings_count_as_they_do_live(http, olga, world):
    keep(world, [campaign(rate="10")])
    keep(world, [campaign(rate="20")], completeness=Completeness.PARTIAL)
    world.admin.execute(
        "INSERT INTO api_snapshots (source_id, client_id, status, error_message, completed_at)"
        " VALUES (%s, 1, 'failed', 'refused', %s)", [world.source(), world.now],
    )  # fmt: skip
    found = await ask(http, olga, rule=DRAFT)
    assert [item["ended_because"] for item in found["episodes"]] == [None]
    assert found["readings"]["failed"] == 1
    assert found["readings"]["looked_at"] == 2


async def test_people_see_the_history_of_their_own_clients(http, olga, world, token_of, people):
    keep(world, [campaign(rate="10")], client=BRANDT)
    keep(world, [campaign(rate="11")], client=MARLOW)
    assert (await ask(http, olga, rule=DRAFT))["episodes_total"] == 2
    assert (await ask(http, olga, rule=DRAFT, client_ids=[MARLOW]))["episodes_total"] == 1
    for person, client in ((people.alice, BRANDT), (people.bob, BRANDT), (people.charlie, MARLOW)):
        found = await ask(http, token_of(person), rule=DRAFT)
        assert [item["client_id"] for item in found["episodes"]] == [client]
    await ask(http, token_of(people.charlie), status=404, rule=DRAFT, client_ids=[BRANDT])
    await ask(http, token_of(people.charlie), status=404, rule={**DRAFT, "client_id": BRANDT})
    rule = world.rule(client_id=BRANDT)
    await ask(http, token_of(people.charlie), status=404, rule_id=str(rule))


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "backtest_required", "/rule"),
        ({"rule": DRAFT, "days": 3, "start": "2026-11-01T00:00:00Z"}, "backtest_twice", "/days"),
        ({"rule": DRAFT, "start": "2026-11-01T00:00:00"}, "backtest_no_zone", "/start"),
        ({"rule": DRAFT, "start": "2024-01-01T00:00:00Z"}, "backtest_range", "/start"),
        ({"rule": {**DRAFT, "field_name": "opn_rate"}}, "field_unknown", "/rows/0/field_name"),
    ],
)
async def test_what_does_not_fit_is_said_with_its_place(http, olga, course, body, code, pointer):
    found = await ask(http, olga, status=422, **body)
    assert found["code"] == code
    assert found["errors"][0]["pointer"] == pointer


async def test_a_draft_for_a_client_or_source_that_is_not_there_is_refused(http, olga, course):
    unknown = await ask(http, olga, 404, rule={**DRAFT, "client_id": 77})
    assert "no such client" in unknown["detail"]
    nowhere = await ask(http, olga, 422, rule={**DRAFT, "source_id": str(uuid4())})
    assert nowhere["errors"][0]["pointer"] == "/rows/0/source_id"


async def test_a_misspelt_field_comes_with_near_names(http, olga, course):
    found = await ask(http, olga, status=422, rule={**DRAFT, "field_name": "opn_rate"})
    assert "open_rate" in found["detail"]


async def test_the_newest_readings_answer_a_preview(http, olga, world):
    await world.judge(keep(world, [campaign(rate="20"), campaign("spring", "9", "Spring")]))
    answer = await http.post("/rules/preview", json={"rule": DRAFT}, headers=olga)
    found = answer.json()
    assert (answer.status_code, found["entities"], found["matches"], found["would_open"]) == (200, 2, 1, 1)
    assert found["opens_when"] == "next_reading"
    assert found["findings"][0]["conditions"][0]["value"] == "9"


async def test_a_preview_says_when_the_rule_is_judged(http, olga, world):
    rule = world.rule()
    await world.judge(keep(world, [campaign(rate="9")]))
    for limit, when in (("15", "next_reading"), ("12", "at_once")):
        body = {"rule_id": str(rule), "rule": {**DRAFT, "threshold_value": limit}}
        found = (await http.post("/rules/preview", json=body, headers=olga)).json()
        assert (found["opens_when"], found["would_open"]) == (when, 0), found
    pair = [DRAFT, {**DRAFT, "condition": "greater_than", "threshold_value": "10"}]
    found = (await http.post("/rules/preview", json={"rows": pair}, headers=olga)).json()
    assert found["opens_when"] == "at_once"


async def test_a_change_of_the_newest_reading_is_not_opened_by_saving(http, olga, world):
    for rate in ("20", "9"):
        await world.judge(keep(world, [campaign(rate=rate)]))
    draft = {**DRAFT, "condition": "changed", "threshold_value": None}
    found = (await http.post("/rules/preview", json={"rule": draft}, headers=olga)).json()
    assert (found["matches"], found["would_open"], found["opens_when"]) == (1, 0, "next_reading")


async def test_a_preview_names_the_closest_that_do_not_fire(http, olga, world):
    rows = [
        campaign(f"c{number}", rate, f"Mail {number}")
        for number, rate in enumerate(("9", "15", "15.5", "40", "16"))
    ]
    await world.judge(keep(world, rows))
    found = (await http.post("/rules/preview", json={"rule": DRAFT}, headers=olga)).json()
    assert found["matches"] == 1
    assert [(item["entity_name"], item["short_of"][0]["by"]) for item in found["near_misses"]] == [
        ("Mail 1", "0"), ("Mail 2", "0.5"), ("Mail 4", "1"), ("Mail 3", "25"),
    ]  # fmt: skip


async def test_near_misses_of_a_group_name_the_condition_they_fail(http, olga, world):
    rows = [campaign("low", "9", "Low"), campaign("high", "30", "High"), campaign("middle", "14", "Middle")]
    await world.judge(keep(world, rows))
    both = [DRAFT, {**DRAFT, "condition": "greater_than", "threshold_value": "10"}]
    found = (await http.post("/rules/preview", json={"rows": both}, headers=olga)).json()
    assert [item["entity_name"] for item in found["findings"]] == ["Middle"]
    near = {
        item["entity_name"]: [(one["limit"], one["by"]) for one in item["short_of"]]
        for item in found["near_misses"]
    }
    assert near == {"Low": [("10", "1")], "High": [("15", "15")]}


async def test_a_draft_shows_the_very_messages(http, olga, world):
    await world.judge(keep(world, [campaign(rate="20"), campaign("spring", "9", "Spring")]))
    draft = {
        **DRAFT,
        "notify_email": True,
        "email_recipients": ["ines@agency.example"],
        "title_template": "{{ entity.name }}!",
    }
    answer = await http.post("/rules/preview-messages", json={"rule": draft}, headers=olga)
    found = answer.json()
    assert answer.status_code == 200, found
    assert (answer.status_code, found["matches"], len(found["messages"])) == (200, 1, 1)
    said = found["messages"][0]
    assert (said["title"], said["problem"]) == ("Spring!", None)
    assert "Open rate is 9.0%" in said["text"]
    assert [one["channel"] for one in said["destinations"]] == ["email"]
    assert "Spring!" in said["mail_subject"]
    assert "9.0%" in said["mail_html"]
    assert said["discord"]
    assert world.alerts() == []


async def receivers_of(http, headers, alert) -> list[tuple[str, str]]:
    answer = await http.post(f"/alerts/{alert['id']}/preview-message", json={}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [(one["channel"], one["address"]) for one in answer.json()["destinations"]]


async def test_people_of_a_client_see_the_agencys_addresses_as_the_agency(
    http, olga, people, token_of, world
):
    bob = token_of(people.bob)
    world.admin.execute(
        "UPDATE core.clients SET email_recipients = '{}', discord_channel_id = NULL WHERE id = 1"
    )
    columns = {"client_id": 0, "notify_email": True, "email_recipients": ["team@agency.example"]}
    rule = world.rule(**columns)
    await world.judge(keep(world, [campaign(rate="9")]))
    (alert,) = world.alerts()
    assert await receivers_of(http, olga, alert) == [("email", "team@agency.example")]
    assert await receivers_of(http, bob, alert) == [("email", "the agency")]
    draft = {**DRAFT, "client_id": 1, "notify_email": True, "email_recipients": ["me@brandt.example"]}
    own = await http.post("/rules/preview-messages", json={"rule": draft}, headers=bob)
    assert [one["address"] for one in own.json()["messages"][0]["destinations"]] == ["me@brandt.example"]
    world.admin.execute("UPDATE core.clients SET email_recipients = '{shop@brandt.example}' WHERE id = 1")
    assert await receivers_of(http, olga, alert) == [("email", "shop@brandt.example")]
    world.admin.execute(
        "UPDATE watchtower_rules SET builtin = 'probe', email_recipients = NULL, notify_discord = true WHERE id = %s",
        [rule],
    )
    assert await receivers_of(http, olga, alert) == [("email", "olga@agency.example")]
    assert await receivers_of(http, bob, alert) == [("email", "the agency")]
    world.admin.execute("UPDATE core.clients SET email_recipients = '{desk@agency.example}' WHERE id = 0")
    assert await receivers_of(http, olga, alert) == [("email", "desk@agency.example")]


async def test_an_alert_shows_its_message_and_tries_other_words(http, olga, world):
    world.rule()
    await world.judge(keep(world, [campaign(rate="9")]))
    alert = world.alerts()[0]
    path = f"/alerts/{alert['id']}/preview-message"
    said = (await http.post(path, json={}, headers=olga)).json()
    assert (said["title"], said["text"]) == (alert["title"], alert["message"])
    other = (
        await http.post(path, json={"title_template": "{{ client.name }}: {{ value }}"}, headers=olga)
    ).json()
    assert other["title"] == "Kaffeehaus Brandt: 9"
    refused = await http.post(
        f"/alerts/{'0' * 8}-0000-4000-8000-{'0' * 12}/preview-message", json={}, headers=olga
    )
    assert refused.status_code == 404
