"""Silences and snoozes: alerts live on, messages wait."""

from contextlib import nullcontext
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.people import _add
from tests.watchtower.moments import act, steps_of, ticked, told
from tests.watchtower.world import World, campaign

from belvedere.watchtower.service import acknowledge, snooze, unsnooze

MAIL = {"notify_email": True, "email_recipients": ["ops@brandt.example"]}


async def silence(http, headers, world: World, **body):
    answer = await http.post("/silences", json={"minutes": 180, **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_silence_holds_the_message_and_never_the_alert_item_18(http, olga, world: World):
    world.rule(**MAIL)
    await silence(http, olga, world, client_id=1, reason="Stocktaking")
    await world.read([campaign(rate="11")])
    (alert,) = world.alerts("open")
    assert (alert["held_reason"], alert["told_at"]) == ("silenced", None)
    assert told(world) == []
    (listed,) = (await http.get("/silences", headers=olga)).json()["data"]
    assert (listed["state"], listed["held_alerts"], listed["reason"]) == ("running", 1, "Stocktaking")


async def test_what_is_open_when_a_silence_ends_is_told_once_item_18(http, olga, world: World):
    world.rule(**MAIL)
    await silence(http, olga, world)
    await world.read([campaign("a", "11"), campaign("b", "11")])
    await world.read([campaign("a", "20"), campaign("b", "11")])
    assert told(world) == []
    world.now += timedelta(hours=2)
    await ticked(world)
    await ticked(world)
    assert told(world) == [("opened", 0)]
    (member,) = world.rows("SELECT line FROM core.delivery_members")
    assert member["line"].startswith("Open rate 11")


async def test_a_silence_that_is_ended_early_lets_go_at_once_item_18(http, olga, world: World):
    world.rule(**MAIL)
    made = await silence(http, olga, world)
    await world.read([campaign(rate="11")])
    assert (await http.delete(f"/silences/{made['id']}", headers=olga)).status_code == 204
    jobs = {row["task_name"] for row in world.rows("SELECT task_name FROM jobs.procrastinate_jobs")}
    assert "watchtower.tick" in jobs
    await ticked(world)
    assert told(world) == [("opened", 0)]


async def test_what_somebody_took_meanwhile_is_not_told_item_18(http, olga, world: World, people):
    world.rule(**MAIL)
    await silence(http, olga, world)
    await world.read([campaign(rate="11")])
    await act(world, people, acknowledge)
    world.now += timedelta(hours=4)
    await ticked(world)
    assert told(world) == []
    assert world.alerts("open")[0]["held_reason"] is None


async def test_an_end_goes_out_silenced_where_the_opening_did_item_18(http, olga, world: World):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await silence(http, olga, world)
    await world.read([campaign(rate="20")])
    assert [kind for kind, _ in told(world)] == ["opened", "resolved"]


async def test_news_during_a_silence_wait_for_its_end_item_18(http, olga, world: World):
    rule = world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await silence(http, olga, world)
    world.admin.execute("UPDATE watchtower_rules SET severity = 'critical' WHERE id = %s", [rule])
    await world.read([campaign(rate="11")])
    assert [kind for kind, _ in told(world)] == ["opened"]
    world.now += timedelta(hours=3)
    await ticked(world)
    assert [kind for kind, _ in told(world)] == ["opened", "again"]


@pytest.mark.parametrize(
    ("body", "is_held"),
    [
        ({"severity": "warning"}, True), ({"severity": "critical"}, False), ({"external_id": "advent"}, True),
        ({"external_id": "other"}, False), ({"client_id": 1}, True), ({"client_id": 2}, False), ({}, True),
    ],
)  # fmt: skip
async def test_a_silence_covers_what_it_names_item_18(http, olga, world: World, body, is_held):
    world.rule(**MAIL)
    await silence(http, olga, world, **body)
    await world.read([campaign(rate="11")])
    assert (told(world) == []) == is_held


async def test_a_planned_silence_waits_for_its_beginning_item_18(http, olga, world: World):
    world.rule(**MAIL)
    starts = world.now + timedelta(days=1)
    made = await silence(http, olga, world, starts_at=starts.isoformat())
    assert made["state"] == "planned"
    await world.read([campaign(rate="11")])
    assert told(world) == [("opened", 0)]


async def test_a_silence_that_cannot_be_says_what_is_wrong(http, olga, world: World):
    for body, pointer in (
        ({}, "/ends_at"),
        ({"ends_at": (world.now - timedelta(hours=1)).isoformat()}, "/ends_at"),
        ({"minutes": 5, "rule_id": "00000000-0000-7000-8000-000000000000"}, "/rule_id"),
        ({"minutes": 5, "source_id": "00000000-0000-7000-8000-000000000000"}, "/source_id"),
    ):
        answer = await http.post("/silences", json=body, headers=olga)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
    made = await silence(http, olga, world)
    longer = {"ends_at": (world.now + timedelta(days=2)).isoformat(), "reason": "Longer"}
    changed = await http.patch(f"/silences/{made['id']}", json=longer, headers=olga)
    assert (changed.status_code, changed.json()["reason"]) == (200, "Longer")
    await http.delete(f"/silences/{made['id']}", headers=olga)
    over = await http.patch(f"/silences/{made['id']}", json=longer, headers=olga)
    assert (over.status_code, over.json()["code"]) == (409, "silence_over")
    missing = await http.get("/silences/00000000-0000-7000-8000-000000000000", headers=olga)
    assert missing.status_code == 404


async def test_people_silence_only_what_is_theirs(http, token_of, people, olga, world: World):
    alice, bob, charlie = (token_of(person) for person in (people.alice, people.bob, people.charlie))
    made = await silence(http, alice, world, client_id=1)
    assert (await http.post("/silences", json={"minutes": 5}, headers=alice)).status_code in (403, 404)
    assert (await http.post("/silences", json={"minutes": 5, "client_id": 1}, headers=bob)).status_code == 403
    assert (
        await http.post("/silences", json={"minutes": 5, "client_id": 1}, headers=charlie)
    ).status_code == 404
    address = f"/silences/{made['id']}"
    assert (await http.get(address, headers=bob)).status_code == 200
    assert (await http.get(address, headers=charlie)).status_code == 404
    assert (await http.get("/silences", headers=charlie)).json()["data"] == []
    for headers, status in ((charlie, 404), (bob, 403)):
        assert (await http.delete(address, headers=headers)).status_code == status
        assert (await http.patch(address, json={"reason": "x"}, headers=headers)).status_code == status


async def test_staff_of_a_few_clients_silence_those_alone(
    http, token_of, olga, admin: psycopg.Connection, world: World
):
    """A silence of every client would keep others' clients quiet too, so it asks for somebody who reaches them all."""
    world.rule(client_id=2, **MAIL)
    sam = token_of(_add(admin, "sam@agency.example", "operator", staff=True, client=1))
    whole = await http.post("/silences", json={"minutes": 60}, headers=sam)
    assert (whole.status_code, "reaches every client" in whole.json()["detail"]) == (403, True)
    assert (
        await http.post("/silences", json={"minutes": 60, "client_id": 2}, headers=sam)
    ).status_code == 404
    own = await silence(http, sam, world, client_id=1)
    everybody = await silence(http, olga, world)
    assert (everybody["client_id"], everybody["client_name"]) == (None, None)
    assert (own["client_id"], own["client_name"]) == (1, "Kaffeehaus Brandt")
    for made, status in ((everybody, 403), (own, 200)):
        answer = await http.patch(f"/silences/{made['id']}", json={"reason": "x"}, headers=sam)
        assert answer.status_code == status
    assert (await http.delete(f"/silences/{everybody['id']}", headers=sam)).status_code == 403
    assert (await http.delete(f"/silences/{everybody['id']}", headers=olga)).status_code == 204
    await world.read([campaign(rate="11")], client=2)
    (alert,) = world.alerts("open")
    assert alert["held_reason"] is None, "the silence of client 1 does not reach client 2"


async def test_the_database_itself_keeps_a_silence_of_every_client_to_those_who_reach_them(
    admin: psycopg.Connection, db, people, world: World
):
    sam = _add(admin, "sam@agency.example", "operator", staff=True, client=1)
    written = text(
        "INSERT INTO watch.silences (client_id, starts_at, ends_at, created_by)"
        " VALUES (:client, now(), now() + interval '1 hour', 'x')"
    )
    for person, client, is_allowed in ((sam, 1, True), (sam, 0, False), (people.olga, 0, True)):
        with nullcontext() if is_allowed else pytest.raises(DBAPIError, match="row-level security"):
            async with db.write(person.scope) as session:
                await session.execute(written, {"client": client})


async def test_a_reason_that_cannot_be_kept_is_named_by_its_own_field(http, olga, world: World):
    wrong = {"minutes": 5, "reason": "a\x00b"}
    answer = await http.post("/silences", json=wrong, headers=olga)
    made = await silence(http, olga, world)
    changed = await http.patch(f"/silences/{made['id']}", json={"reason": "a\x00b"}, headers=olga)
    for found in (answer, changed):
        assert found.status_code == 422
        assert [error["pointer"] for error in found.json()["errors"]] == ["/reason"]


async def test_a_snoozed_alert_is_out_of_sight_and_comes_back_with_a_message(
    world: World, people, http, olga
):
    world.rule(severity="critical", **MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, snooze, world.now + timedelta(hours=10))
    assert (await http.get("/alerts?state=open", headers=olga)).json()["data"] == []
    assert len((await http.get("/alerts?snoozed=only", headers=olga)).json()["data"]) == 1
    assert len((await http.get("/alerts?snoozed=all", headers=olga)).json()["data"]) == 1
    world.now += timedelta(hours=8)
    await ticked(world)
    await world.read([campaign(rate="3")])
    assert told(world) == [("opened", 0)]
    world.now += timedelta(hours=1)
    await ticked(world)
    await ticked(world)
    assert [kind for kind, _ in told(world)] == ["opened", "again"]
    assert "unsnoozed" in steps_of(world)[-2:]
    assert len((await http.get("/alerts?state=open", headers=olga)).json()["data"]) == 1


async def test_a_snoozed_alert_that_closes_is_told_as_closed(world: World, people):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, snooze, world.now + timedelta(hours=9))
    await world.read([campaign(rate="20")])
    world.now += timedelta(hours=10)
    await ticked(world)
    assert [kind for kind, _ in told(world)] == ["opened", "resolved"]


async def test_snoozes_by_the_api_one_and_many(http, token_of, people, world: World):
    world.rule()
    await world.read([campaign("a", "11"), campaign("b", "11")])
    ids = [str(row["id"]) for row in world.alerts()]
    alice, bob, charlie = (token_of(person) for person in (people.alice, people.bob, people.charlie))
    until = (world.now + timedelta(hours=3)).isoformat()
    one = await http.post(f"/alerts/{ids[0]}/snooze", json={"until": until, "note": "later"}, headers=alice)
    assert one.json()["snoozed_by"] == people.alice.email
    many = await http.post("/alerts/snooze", json={"ids": ids, "until": until}, headers=alice)
    assert many.json() == {"changed": [ids[1]]}
    notes = (await http.get(f"/alerts/{ids[0]}/notes", headers=bob)).json()["data"]
    assert [(note["kind"], note["note"]) for note in notes] == [("snoozed", "later")]
    for headers, status in ((bob, 403), (charlie, 404)):
        assert (await http.delete(f"/alerts/{ids[0]}/snooze", headers=headers)).status_code == status
        assert (await http.post("/alerts/unsnooze", json={"ids": ids}, headers=headers)).status_code == status
    assert (await http.delete(f"/alerts/{ids[0]}/snooze", headers=alice)).json()["snoozed_until"] is None
    back = await http.post("/alerts/unsnooze", json={"ids": ids}, headers=alice)
    assert back.json() == {"changed": [ids[1]]}
    past = {"until": (world.now - timedelta(hours=3)).isoformat()}
    assert (await http.post(f"/alerts/{ids[0]}/snooze", json=past, headers=alice)).status_code == 422


async def test_a_snooze_that_is_taken_back_brings_no_message(world: World, people):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    await act(world, people, snooze, world.now + timedelta(hours=1))
    await act(world, people, unsnooze)
    world.now += timedelta(hours=2)
    await ticked(world)
    assert told(world) == [("opened", 0)]


NAIVE, FAR = "2030-12-24T12:00:00", "9999-12-31T23:59:00Z"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"client_id": 99}, 404),
        ({"client_id": -1}, 422),
        ({"client_id": 2**40}, 422),
        ({"starts_at": NAIVE}, 422),
        ({"ends_at": NAIVE}, 422),
        ({"starts_at": FAR}, 422),
    ],
)
async def test_what_no_silence_can_be_is_refused_with_a_reason(http, olga, body, status):
    answer = await http.post("/silences", json={"minutes": 5, **body}, headers=olga)
    assert answer.status_code == status, answer.text


async def test_a_time_without_a_zone_is_refused(http, olga, world: World):
    world.rule(**MAIL)
    await world.read([campaign(rate="11")])
    (alert,) = world.alerts("open")
    for act_word in ("acknowledge", "snooze"):
        answer = await http.post(f"/alerts/{alert['id']}/{act_word}", json={"until": NAIVE}, headers=olga)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/until"
    listed = await http.get("/alerts", params={"since": NAIVE}, headers=olga)
    assert listed.status_code == 422
    (error,) = listed.json()["errors"]
    assert (error["pointer"], error["code"]) == ("query/since", "timezone_aware")
    assert error["detail"].startswith("Say the time with its zone")
