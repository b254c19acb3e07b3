"""Held messages: said on the page, released by who governs and nobody else."""


async def test_a_hold_is_shown_and_an_owner_releases_it(filled, olga):
    filled.admin.execute(
        "UPDATE core.installation SET outbound_held = 1, held_since = now(), held_reason = 'restored from a.dump'"
    )
    alice = await filled.signed_in(filled.people.alice)
    page = await olga.get("/deliveries")
    assert "Messages are held." in page.text
    assert "restored from a.dump" in page.text
    assert "Release messages" not in (await alice.get("/deliveries")).text
    assert (await alice.post("/deliveries/release")).status_code in (403, 404)
    answer = await olga.post("/deliveries/release")
    assert answer.status_code == 303
    assert filled.one("SELECT outbound_held FROM core.installation") == 0
    assert "Messages are held." not in (await olga.get("/deliveries")).text
