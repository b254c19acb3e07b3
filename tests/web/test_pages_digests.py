"""The page of digests: how to set one, those to come, those that were made, and a preview."""

from datetime import time, timedelta

import pytest
from tests.people import BRANDT

from belvedere.watchtower.contracts import NotifySchedule
from belvedere.watchtower.service import send_due


@pytest.fixture
async def summed(filled):
    """A rule with a digest to a mailbox, and one digest that was made of an open alert."""
    await filled.rule(
        name="Daily look", notify_immediately=False, notify_schedule=NotifySchedule.DAILY, notify_time=time(9),
        notify_email=True, email_recipients=("team@brandt.example",),
    )  # fmt: skip
    await filled.read(
        {"id": "a1", "name": "Advent preview", "status": "sent", "open_rate": "9", "spend": "1"}
    )
    filled.clock.forward(days=1)
    (made,) = await send_due(filled.runtime, filled.clock.at)
    return filled, made


async def test_an_empty_page_says_how_to_set_one(house, olga):
    page = (await olga.get("/digests")).text
    assert "No digest is set" in page
    assert 'href="/rules"' in page


async def test_digests_to_come_and_made_with_what_they_said_item_21(summed, olga):
    _, made = summed
    page = (await olga.get("/digests")).text
    assert "To come" in page
    assert "team@brandt.example" in page
    assert "Daily at 09:00, Europe/Vienna" in page
    assert made.title in page
    assert f"/digests/{made.id}" in page
    shown = (await olga.get(f"/digests/{made.id}")).text
    assert "Advent preview" in shown
    assert "1 new" in shown
    assert "Waiting" in shown  # its message
    assert "No digest matches" in (await olga.get("/digests?state=all_clear")).text


async def test_a_preview_says_that_nothing_was_sent_item_21(summed, olga):
    house, _ = summed
    address = f"/digests/preview?of={BRANDT}&schedule=daily&channel=email&destination=team@brandt.example"
    before = house.one("SELECT count(*) FROM watch.digests")
    page = await olga.get(address)
    assert page.status_code == 200
    assert "Nothing was sent." in page.text
    assert "1 still open" in page.text
    assert house.one("SELECT count(*) FROM watch.digests") == before
    assert (await olga.get(address.replace("team@", "no@"))).status_code == 404
    assert (await olga.get(address.replace("daily", "hourly"))).status_code == 404


async def test_digests_stay_with_their_client_item_21(summed):
    house, made = summed
    house.admin.execute("UPDATE watch.digests SET created_at = created_at - interval '1 hour'")
    agency = house.one(
        "INSERT INTO watch.digests (id, client_id, schedule, channel, destination, zone, boundary_at, window_start,"
        " state, body) VALUES (gen_random_uuid(), 0, 'daily', 'email', 'all@agency.example', 'UTC', %s, %s, 'sent',"
        """ '{"title": "Daily digest of the whole agency"}') RETURNING id""",
        house.clock.at, house.clock.at - timedelta(days=1),
    )  # fmt: skip
    async with await house.signed_in(house.people.bob) as bob:
        assert made.title in (await bob.get("/digests")).text
        assert (await bob.get(f"/digests/{made.id}")).status_code == 200
        assert "whole agency" not in (await bob.get("/digests")).text
        assert (await bob.get(f"/digests/{agency}")).status_code == 404
    async with await house.signed_in(house.people.charlie) as charlie:
        page = (await charlie.get("/digests")).text
        assert "team@brandt.example" not in page
        assert made.title not in page
        assert (await charlie.get(f"/digests/{made.id}")).status_code == 404
        address = f"/digests/preview?of={BRANDT}&schedule=daily&channel=email&destination=team@brandt.example"
        assert (await charlie.get(address)).status_code == 404
