"""Alerts through the API: lists, tabs, taking, closing, notes; and who sees what."""

from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text
from tests.watchtower.oracle import Entity
from tests.watchtower.world import campaign

from belvedere.core.jobs import JobCall
from belvedere.watchtower import jobs, lists
from belvedere.watchtower.service import export_alerts


@pytest.fixture
async def three(world):
    """Two open alerts of client 1, one of client 2."""
    world.rule(notify_email=True, email_recipients=["ops@brandt.example"])
    world.rule(client_id=2, severity="critical")
    await world.read([campaign(rate="11.8"), campaign("sale", "9", "Winter sale")])
    await world.read([campaign("loft", "3", "Lofts")], client=2)
    return {alert["external_id"]: str(alert["id"]) for alert in world.alerts()}


async def test_lists_have_filters_pages_and_figures(http, olga, three):
    page = (await http.get("/alerts?limit=2", headers=olga)).json()
    assert len(page["data"]) == 2
    rest = (await http.get(f"/alerts?limit=2&cursor={page['meta']['next_cursor']}", headers=olga)).json()
    assert len(rest["data"]) == 1
    found = {alert["external_id"] for alert in page["data"] + rest["data"]}
    assert found == {"advent", "sale", "loft"}
    for query, expected in (
        ("severity=critical", {"loft"}),
        ("client_id=1", {"advent", "sale"}),
        ("search=winter", {"sale"}),
        ("state=resolved", set()),
        ("acknowledged=false&severity=warning&severity=critical", {"advent", "sale", "loft"}),
        ("since=2030-01-01T00:00:00Z", set()),
    ):
        answer = (await http.get(f"/alerts?{query}", headers=olga)).json()
        assert {alert["external_id"] for alert in answer["data"]} == expected, query
    counts = (await http.get("/alerts/counts", headers=olga)).json()
    assert (counts["open"], counts["by_severity"]) == (3, {"critical": 1, "warning": 2, "info": 0})


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("winter", {"sale"}),
        ("WINTER sa", {"sale"}),
        ("sale winter", {"sale"}),
        ("int", set()),
        ("open rate", {"advent", "sale", "loft"}),
        ("open zeppelin", set()),
        ("%", set()),
        ("'; --", set()),
        ("  ", {"advent", "sale", "loft"}),
    ],
)
async def test_a_search_finds_words_by_their_beginnings(http, olga, three, search, expected):
    for filters in ({}, {"state": "open"}, {"severity": ["critical", "warning"]}):
        answer = await http.get("/alerts", params={**filters, "search": search}, headers=olga)
        assert {alert["external_id"] for alert in answer.json()["data"]} == expected, filters
    closed = await http.get("/alerts", params={"search": search, "state": "resolved"}, headers=olga)
    assert closed.json()["data"] == []


async def test_a_search_stays_in_reach_and_goes_on_from_page_to_page(http, token_of, people, olga, three):
    for person, expected in ((people.alice, {"advent", "sale"}), (people.charlie, {"loft"})):
        answer = await http.get("/alerts", params={"search": "open rate"}, headers=token_of(person))
        assert {alert["external_id"] for alert in answer.json()["data"]} == expected
    found, cursor = [], None
    for _ in range(4):
        asked = {"search": "open", "limit": 1} | ({"cursor": cursor} if cursor else {})
        page = (await http.get("/alerts", params=asked, headers=olga)).json()
        found += [alert["external_id"] for alert in page["data"]]
        cursor = page["meta"]["next_cursor"]
        if not cursor:
            break
    assert sorted(found) == ["advent", "loft", "sale"]


async def test_the_index_of_words_answers_for_everyones_own_clients_alone(db, three, people):
    """Asked past the row policies, the function still keeps to the clients of whoever asks."""
    query = text("SELECT id FROM watch.find_alerts(to_tsquery('simple', 'open:*'), NULL, NULL)")
    for person, expected in ((people.olga, 3), (people.alice, 2), (people.charlie, 1)):
        async with db.read(person.scope) as session:
            assert len((await session.execute(query)).all()) == expected


async def test_counting_stops_where_it_says(http, olga, three, monkeypatch):
    for alert_id in three.values():
        await http.post(f"/alerts/{alert_id}/resolve", headers=olga)
    counts = (await http.get("/alerts/counts", headers=olga)).json()
    assert (counts["open"], counts["resolved"], counts["resolved_has_more"]) == (0, 3, False)
    monkeypatch.setattr(lists, "MOST_COUNTED", 2)
    counts = (await http.get("/alerts/counts", headers=olga)).json()
    assert (counts["resolved"], counts["resolved_has_more"]) == (2, True)


async def test_many_are_taken_in_one_step_with_a_line_of_the_log_for_each(http, olga, three, world):
    ids = list(three.values())
    taken = (await http.post("/alerts/acknowledge", json={"ids": ids, "note": "All"}, headers=olga)).json()
    assert sorted(taken["changed"]) == sorted(ids)
    rows = world.rows(
        "SELECT client_id, subject_id FROM core.audit_log WHERE action = 'alert.acknowledged' ORDER BY seq"
    )
    assert sorted(row["subject_id"] for row in rows) == sorted(ids)
    events = world.rows("SELECT client_id, subject FROM core.outbox_events WHERE type = 'alert.acknowledged'")
    assert {(row["client_id"], row["subject"]) for row in events} == {
        (row["client_id"], row["subject_id"]) for row in rows
    }


async def test_steps_of_the_same_instant_stand_in_the_order_in_which_they_came(http, olga, three):
    path = f"/alerts/{three['advent']}"
    for number in range(12):
        await http.post(f"{path}/notes", json={"note": f"{number}"}, headers=olga)
    alert = (await http.get(path, headers=olga)).json()
    steps = [step for step in alert["timeline"] if step["kind"] == "note"]
    assert [step["note"] for step in steps] == [str(number) for number in range(12)]
    assert len({step["at"] for step in steps}) == 1, "the clock stood still"
    notes = (await http.get(f"{path}/notes", headers=olga)).json()["data"]
    assert [note["note"] for note in notes] == [str(number) for number in range(12)]


async def test_an_alert_is_taken_given_back_noted_and_closed(http, olga, three, world, people):
    path = f"/alerts/{three['advent']}"
    taken = (await http.post(f"{path}/acknowledge", json={"note": "I look"}, headers=olga)).json()
    assert (taken["is_acknowledged"], taken["acknowledged_by"]) == (True, people.olga.email)
    back = (await http.delete(f"{path}/acknowledge", headers=olga)).json()
    assert back["is_acknowledged"] is False
    noted = await http.post(f"{path}/notes", json={"note": "Subject line was wrong"}, headers=olga)
    assert noted.status_code == 201
    closed = (await http.post(f"{path}/resolve", json={"note": "fixed"}, headers=olga)).json()
    assert (closed["state"], closed["resolved_reason"], closed["resolved_by"]) == (
        "resolved", "by_person", people.olga.email,
    )  # fmt: skip
    assert [step["kind"] for step in closed["timeline"]] == [
        "opened", "acknowledged", "unacknowledged", "note", "resolved",
    ]  # fmt: skip
    again = await http.post(f"{path}/acknowledge", headers=olga)
    assert (again.status_code, again.json()["code"]) == (409, "alert_resolved")
    actions = [row["action"] for row in world.rows("SELECT action FROM core.audit_log ORDER BY seq")]
    assert [action for action in actions if action.startswith("alert.")] == [
        "alert.acknowledged", "alert.unacknowledged", "alert.noted", "alert.resolved",
    ]  # fmt: skip


async def test_the_detail_tells_why_it_fired_and_who_was_told(http, olga, three):
    alert = (await http.get(f"/alerts/{three['advent']}", headers=olga)).json()
    (condition,) = alert["reason"]["conditions"]
    assert (condition["label"], condition["value"], condition["limit"], condition["unit"]) == (
        "Open rate", "11.8", "15", "percent",
    )  # fmt: skip
    assert [(told["kind"], told["channel"]) for told in alert["deliveries"]] == [("opened", "email")]
    assert alert["client_name"] == "Kaffeehaus Brandt"


async def test_many_alerts_are_taken_at_once(http, olga, three, world):
    answer = await http.post("/alerts/acknowledge", json={"ids": list(three.values())}, headers=olga)
    assert sorted(answer.json()["changed"]) == sorted(three.values())
    again = await http.post("/alerts/acknowledge", json={"ids": list(three.values())}, headers=olga)
    assert again.json()["changed"] == []
    unknown = await http.post("/alerts/resolve", json={"ids": [str(uuid4())]}, headers=olga)
    assert unknown.status_code == 404


async def test_an_acknowledgement_until_a_time_runs_out(http, olga, three, world):
    until = (world.now + timedelta(minutes=30)).isoformat()
    path = f"/alerts/{three['advent']}/acknowledge"
    assert (await http.post(path, json={"until": until}, headers=olga)).status_code == 200
    world.now += timedelta(hours=1)
    later = (world.now + timedelta(hours=5)).isoformat()
    assert (await http.post(path, json={"until": later}, headers=olga)).json()["ack_until"] is not None
    past = await http.post(path, json={"until": "2020-01-01T00:00:00Z"}, headers=olga)
    assert past.status_code == 422


async def test_people_see_alerts_of_their_own_clients_only(http, three, token_of, people):
    alice, bob, charlie = (token_of(person) for person in (people.alice, people.bob, people.charlie))
    for headers, expected in ((alice, {"advent", "sale"}), (bob, {"advent", "sale"}), (charlie, {"loft"})):
        listed = (await http.get("/alerts", headers=headers)).json()["data"]
        assert {alert["external_id"] for alert in listed} == expected
    assert (await http.get(f"/alerts/{three['loft']}", headers=alice)).status_code == 404
    assert (await http.post(f"/alerts/{three['loft']}/acknowledge", headers=alice)).status_code == 404
    assert (await http.post(f"/alerts/{three['advent']}/acknowledge", headers=bob)).status_code == 403
    assert (await http.post(f"/alerts/{three['advent']}/acknowledge", headers=alice)).status_code == 200
    mixed = await http.post("/alerts/resolve", json={"ids": list(three.values())}, headers=alice)
    assert mixed.status_code == 404
    counts = (await http.get("/alerts/counts", headers=charlie)).json()
    assert counts["open"] == 1
    assert (await http.get("/alerts")).status_code == 401


async def test_the_export_is_one_line_for_each_alert(three, world, people):
    async with world.db.read(people.charlie.scope) as session:
        lines = [orjson.loads(line) async for line in export_alerts(session)]
    assert [line["external_id"] for line in lines] == ["loft"]
    assert (lines[0]["episode"], lines[0]["state"], len(lines[0]["fingerprint"])) == (1, "open", 64)


async def test_acknowledging_a_parent_lets_its_children_fire(http, olga, world, runtime, monkeypatch):
    parent = world.rule(
        source_id=world.source(), field_name="status", condition="equals", threshold_value="silent"
    )
    world.rule(source_id=world.source(), parent_rule_id=parent, dependency_condition="acknowledged")
    stored = world.ingest([campaign(rate="11.8", status="silent")])
    await world.judge(stored)
    (alert,) = world.alerts()
    await http.post(f"/alerts/{alert['id']}/acknowledge", headers=olga)
    waiting = world.rows(
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'watchtower.recheck_children'"
    )
    call = waiting[-1]["args"]["call"]

    async def from_memory(session, client_id, snapshot_id):
        assert (client_id, snapshot_id) == (1, stored.snapshot_id)
        return stored

    monkeypatch.setattr(jobs, "load_stored_snapshot", from_memory)
    for _ in range(2):
        await jobs.recheck(runtime, JobCall("watchtower.recheck_children", call["args"], call["client_id"]))
    assert [str(found["rule_id"]) == str(parent) for found in world.alerts()] == [True, False]


async def test_the_sweep_finds_readings_that_nobody_judged(world, runtime):
    world.rule()
    stored = world.ingest([campaign(rate="11.8")])
    world.now += timedelta(minutes=1)
    for _ in range(2):
        await jobs.sweep_unjudged(runtime, JobCall("watchtower.sweep_unjudged"))
    (job,) = world.rows(
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'watchtower.evaluate_snapshot'"
    )
    assert UUID(job["args"]["call"]["args"]["snapshot_id"]) == stored.snapshot_id


async def test_an_agency_rule_that_is_edited_closes_everywhere_through_its_job(http, olga, world, runtime):
    rule = world.rule(client_id=0)
    await world.read([campaign(rate="11.8")])
    await world.read([Entity("x", {}, campaign(rate="1").metrics)], client=2)
    await jobs.close_alerts_of_rules(
        runtime, JobCall("watchtower.close_rule_alerts", {"rule_ids": [str(rule)]})
    )
    assert {alert["resolved_reason"] for alert in world.alerts()} == {"rule_changed"}
