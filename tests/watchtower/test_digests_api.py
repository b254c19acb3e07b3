"""Digests over the API: lists, one with what it says, those to come, a preview; each person their own clients."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.watchtower.digest_world import MONDAY_NINE, DigestWorld

from belvedere.notify.service import get_delivery

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOON = MONDAY_NINE + timedelta(minutes=1)


@pytest.fixture
def house(world, runtime) -> DigestWorld:
    return DigestWorld(world, runtime)


@pytest.fixture
async def told(house):
    """A digest of Brandt, one of Marlow, and one of the agency over both."""
    for client, address in ((1, "team@brandt.example"), (2, "team@marlow.example")):
        rule = house.rule(client_id=client, email_recipients=[address])
        house.alert(rule, MONDAY_NINE - HOUR, client=client, title=f"of client {client}")
    shared = house.rule(client_id=0, email_recipients=["all@agency.example"])
    for client in (1, 2):
        house.alert(shared, MONDAY_NINE - HOUR, client=client, title=f"shared at {client}")
    await house.at(SOON)
    return house


async def test_pages_of_digests_newest_first(told, http, olga):
    for day in range(1, 4):
        await told.at(SOON + day * DAY)
    seen, cursor = [], None
    while True:
        answer = (
            await http.get(
                "/digests", headers=olga, params={"limit": 5} | ({"cursor": cursor} if cursor else {})
            )
        ).json()
        seen += answer["data"]
        cursor = answer["meta"]["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 12
    assert len({row["id"] for row in seen}) == 12
    assert [row["boundary_at"] for row in seen] == sorted((row["boundary_at"] for row in seen), reverse=True)
    assert seen[0]["delivery"]["state"] == "ready"
    only = (await http.get("/digests", headers=olga, params={"client_id": 0})).json()["data"]
    assert {(row["client_id"], row["destination"]) for row in only} == {(None, "all@agency.example")}
    assert (await http.get("/digests", headers=olga, params={"state": "empty"})).json()["data"] == []
    assert (await http.get("/digests", headers=olga, params={"cursor": "x"})).status_code == 422


async def test_one_digest_with_what_it_says_and_its_message(told, http, olga):
    (made,) = told.digests(client_id=1)
    found = (await http.get(f"/digests/{made['id']}", headers=olga)).json()
    assert found["title"] == "Daily digest: 1 new"
    assert "• Warning: of client 1" in found["text"]
    assert [message["address"] for message in found["deliveries"]] == ["team@brandt.example"]
    assert (await http.get(f"/digests/{uuid4()}", headers=olga)).status_code == 404


async def test_a_clients_person_sees_their_own_and_never_the_agencys_item_21(told, http, token_of, people):
    brandt, marlow, agency = (told.digests(client_id=client)[0]["id"] for client in (1, 2, 0))
    for person, own, other in (
        (people.alice, brandt, marlow),
        (people.bob, brandt, marlow),
        (people.charlie, marlow, brandt),
    ):
        headers = token_of(person)
        listed = (await http.get("/digests", headers=headers)).json()["data"]
        assert [row["id"] for row in listed] == [str(own)]
        assert (await http.get(f"/digests/{own}", headers=headers)).status_code == 200
        for hidden in (other, agency):
            assert (await http.get(f"/digests/{hidden}", headers=headers)).status_code == 404
        coming = (await http.get("/digests/upcoming", headers=headers)).json()["data"]
        assert "all@agency.example" not in {row["destination"] for row in coming}
        assert len(coming) == 1
        asked = await http.post(
            "/digests/preview", headers=headers, json={"destination": "all@agency.example"}
        )
        assert asked.status_code == 404


async def test_staff_see_of_the_agencys_digest_only_clients_in_their_reach_item_21(
    told, http, token_of, people, admin
):
    admin.execute("UPDATE core.users SET role = 'analyst' WHERE id = %s", [people.olga.id])
    admin.execute(
        "INSERT INTO core.user_clients (user_id, client_id, role) VALUES (%s, 1, 'analyst')", [people.olga.id]
    )
    (agency,) = told.digests(client_id=0)
    found = (await http.get(f"/digests/{agency['id']}", headers=token_of(people.olga))).json()
    assert "shared at 1" in found["text"]
    assert "shared at 2" not in str(found)
    assert "Marlow" not in str(found)


async def test_those_to_come_say_when_and_in_which_zone_item_22(told, http, olga):
    told.rule(notify_schedule="weekly", notify_zone="Asia/Tokyo", email_recipients=["week@brandt.example"])
    coming = (await http.get("/digests/upcoming", headers=olga)).json()["data"]
    assert [row["next_boundary_at"] for row in coming] == sorted(row["next_boundary_at"] for row in coming)
    (week,) = [row for row in coming if row["schedule"] == "weekly"]
    assert week["times"] == ["Mondays at 09:00, Asia/Tokyo"]
    assert week["next_boundary_at"] == "2026-11-23T00:00:00Z"
    (brandt,) = [row for row in coming if row["destination"] == "team@brandt.example"]
    assert (brandt["rules"], brandt["last_boundary_at"]) == (1, "2026-11-16T09:00:00Z")


async def test_a_preview_of_a_rule_or_a_destination_keeps_nothing_item_21(told, http, olga):
    rule = told.rule(name="Second", email_recipients=["second@brandt.example", "team@brandt.example"])
    told.alert(rule, SOON + HOUR, title="since then")
    told.world.now = SOON + 2 * HOUR
    of_rule = (await http.post("/digests/preview", headers=olga, json={"rule_id": str(rule)})).json()["data"]
    assert {row["destination"] for row in of_rule} == {"second@brandt.example", "team@brandt.example"}
    (team,) = [row for row in of_rule if row["destination"] == "team@brandt.example"]
    assert team["title"] == "Daily digest: 1 new, 1 still open"
    assert team["is_sent"] is True
    of_place = await http.post(
        "/digests/preview", headers=olga, json={"client_id": 1, "destination": "second@brandt.example"}
    )
    assert [row["title"] for row in of_place.json()["data"]] == ["Daily digest: 1 new"]
    assert len(told.digests()) == 3
    plain = told.rule(notify_schedule=None)
    assert (
        await http.post("/digests/preview", headers=olga, json={"rule_id": str(plain)})
    ).status_code == 404
    assert (await http.post("/digests/preview", headers=olga, json={"colour": "red"})).status_code == 422


async def test_the_message_of_the_agencys_digest_is_withheld_from_staff_of_some_clients_item_21(
    told, http, token_of, people, admin, olga, runtime
):
    """Its delivery may be seen by all of staff, its text by those who see every client."""
    (agency,) = told.digests(client_id=0)
    found = (await http.get(f"/digests/{agency['id']}", headers=olga)).json()
    delivery = UUID(found["deliveries"][0]["id"])
    for role, sees in (("owner", True), ("admin", True), ("analyst", False), ("viewer", False)):
        admin.execute("UPDATE core.users SET role = %s WHERE id = %s", [role, people.olga.id])
        async with runtime.db.read(people.olga.scope) as session:
            detail = await get_delivery(session, delivery)
        assert ("shared at 2" in detail) is sees, role
        assert ("outside your reach" in detail) is not sees, role
        assert ("Marlow" in detail) is sees, role
