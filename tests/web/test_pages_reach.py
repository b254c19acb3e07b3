"""Who sees what: a viewer only looks, and nobody sees what belongs to another client."""

import pytest
from tests.web.conftest import CAMPAIGNS

from belvedere.accounts.door import doors_of

POSTS = (
    "/alerts/{alert}/acknowledge", "/alerts/{alert}/resolve", "/alerts/{alert}/notes", "/rules/{rule}", "/rules/{rule}/switch",
    "/rules/{rule}/delete", "/sources/{source}", "/sources/{source}/run", "/deliveries/{delivery}/send-again",
    "/deliveries/{delivery}/arrived",
    "/rejects/{reject}/replay",
)  # fmt: skip


@pytest.fixture
async def bob(filled):
    async with await filled.signed_in(filled.people.bob) as browser:
        yield browser


@pytest.fixture
async def charlie(filled):
    async with await filled.signed_in(filled.people.charlie) as browser:
        yield browser


async def test_a_viewer_looks_and_finds_no_form(filled, bob, ids):
    for path in ("/", f"/alerts/{ids['alert']}", f"/rules/{ids['rule']}", "/rules", f"/sources/{ids['source']}",
                 f"/snapshots/{ids['snapshot']}?tab=rejects", f"/deliveries/{ids['delivery']}", "/rejects"):  # fmt: skip
        answer = await bob.get(path)
        assert answer.status_code == 200, path
        for form in (
            "/acknowledge",
            "/run",
            "/delete",
            "/switch",
            "/send-again",
            "/replay",
            "/rules/new",
            "Save rule",
        ):
            assert form not in answer.text.replace("not change them", ""), f"{form} on {path}"


async def test_a_viewer_cannot_post(filled, bob, ids):
    for path in POSTS:
        answer = await bob.post(path.format(**ids), data={"name": "x"})
        assert answer.status_code in (403, 404), f"{path}: {answer.status_code}"
    for path in (
        "/settings/clients/new",
        "/settings/people",
        "/settings/credentials",
        "/settings/audit",
        "/settings/jobs",
        "/rules/new",
    ):
        assert (await bob.get(path)).status_code == 403, path
    page = (await bob.get("/settings")).text
    assert "/settings/people" not in page
    assert "/settings/audit" not in page


async def test_what_belongs_to_another_client_is_not_there(filled, charlie, ids):
    for path in (f"/alerts/{ids['alert']}", f"/rules/{ids['rule']}", f"/snapshots/{ids['snapshot']}", f"/records/{ids['record']}",
                 f"/deliveries/{ids['delivery']}", "/alerts?client=1", "/?client=1"):  # fmt: skip
        answer = await charlie.get(path)
        assert answer.status_code == 404, path
        assert "Advent" not in answer.text
    for path in (
        "/",
        "/alerts?view=all",
        "/rules",
        "/deliveries",
        "/rejects",
        "/search?q=advent",
        f"/sources/{ids['source']}",
    ):
        page = (await charlie.get(path)).text
        assert "Advent preview" not in page, path
        assert "Kaffeehaus" not in page, path
        assert "Low open rate" not in page, path
    for path in POSTS:
        answer = await charlie.post(path.format(**ids), data={"name": "x"})
        assert answer.status_code in (403, 404), f"{path}: {answer.status_code}"
    assert filled.one("SELECT is_acknowledged FROM watch.watchtower_alerts") is False


async def test_an_operator_acts_on_their_own_client(filled, ids):
    async with await filled.signed_in(filled.people.alice) as alice:
        assert (await alice.post(f"/alerts/{ids['alert']}/acknowledge")).status_code == 303
        assert "Alice took this on" in (await alice.get(f"/alerts/{ids['alert']}")).text


async def test_every_page_goes_through_a_door_and_no_get_writes(house):
    doors = [
        door for door in doors_of(house.app) if not door.path.startswith(("/api", "/health", "/metrics"))
    ]
    assert len(doors) > 60
    for door in doors:
        assert not (door.writes and "GET" in door.methods), door.path


async def test_a_rule_that_somebody_may_not_open_is_named_without_a_link(house, olga):
    """The alert of a rule for every client: the rule is the agency's, its name stands on the client's alert."""
    await house.read({**CAMPAIGNS[0], "open_rate": "21"}, CAMPAIGNS[1])
    rule = await house.rule(client_id=None, name="Low rate everywhere")
    await house.read(*CAMPAIGNS)
    alert = house.one("SELECT id FROM watch.watchtower_alerts WHERE rule_id = %s", rule)
    page = (await olga.get(f"/alerts/{alert}")).text
    assert f'href="/rules/{rule}"' in page
    assert "Why, step by step" in page
    async with await house.signed_in(house.people.alice) as alice:
        page = (await alice.get(f"/alerts/{alert}")).text
        assert "Low rate everywhere" in page
        assert f"/rules/{rule}" not in page
        assert "Why, step by step" not in page
        assert (await alice.get(f"/rules/{rule}")).status_code == 404
