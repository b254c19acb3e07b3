"""Whose Discord channel a rule may name, and whose channel comes first."""

from dataclasses import replace
from uuid import uuid4

import pytest
from tests.watchtower.conditions.asking import make_rule
from tests.watchtower.test_rules_api import codes, make, problem_at

from belvedere.core.context import Scope
from belvedere.watchtower.compose import ClientFacts, destinations_of
from belvedere.watchtower.contracts import Condition
from belvedere.watchtower.digests_decide import Place
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import create_rule

OWN, FOREIGN = "111111111111", "333333333333"
LINK = "https://discord.com/api/webhooks/1234567890123456789/" + "s" * 68
REFUSED = ("/discord_channel_id", "channel_not_yours")


@pytest.fixture
def alice(token_of, people, world):
    """A client user who may write rules of client 1."""
    for table, key in (("user_clients", "user_id"), ("users", "id")):
        world.admin.execute(f"UPDATE core.{table} SET role = 'analyst' WHERE {key} = %s", [people.alice.id])
    for client, channel in ((1, OWN), (3, FOREIGN)):
        world.admin.execute(
            "UPDATE core.clients SET discord_channel_id = %s WHERE id = %s", [channel, client]
        )
    return token_of(people.alice)


async def webhook_of(http, olga, client):
    rule = await make(http, olga, client_id=client, discord_channel_id=LINK)
    return rule["discord_channel_id"]


@pytest.mark.parametrize("channel", [FOREIGN, f" {FOREIGN} ", "999999999", LINK, f"webhook:{'0' * 32}"])
async def test_a_client_user_cannot_name_a_channel_that_is_not_the_clients(http, alice, world, channel):
    answer = await make(http, alice, 422, client_id=1, notify_discord=True, discord_channel_id=channel)
    assert problem_at(answer) == REFUSED
    assert "ask the agency" in answer["detail"]
    rule = await make(http, alice, client_id=1, notify_discord=True)
    changed = await http.patch(f"/rules/{rule['id']}", json={"discord_channel_id": channel}, headers=alice)
    assert (changed.status_code, problem_at(changed.json())) == (422, REFUSED)
    assert world.rows("SELECT id FROM core.channels") == []


@pytest.mark.parametrize("client", [None, 3])
async def test_a_webhook_of_the_agency_or_another_client_is_refused(http, olga, alice, client):
    foreign = await webhook_of(http, olga, client)
    assert problem_at(await make(http, alice, 422, client_id=1, discord_channel_id=foreign)) == REFUSED


async def test_a_client_user_may_name_the_clients_own_channel_and_webhook(http, olga, alice):
    own_webhook = await webhook_of(http, olga, 1)
    for channel in (OWN, own_webhook, "", None):
        rule = await make(http, alice, client_id=1, notify_discord=True, discord_channel_id=channel)
        assert rule["discord_channel_id"] == (channel or None)


async def test_a_channel_the_agency_chose_stays_when_a_client_user_changes_something_else(http, olga, alice):
    rule = await make(http, olga, client_id=1, notify_discord=True, discord_channel_id="999999999")
    body = {"threshold_value": "12", "discord_channel_id": "999999999"}
    changed = await http.patch(f"/rules/{rule['id']}", json=body, headers=alice)
    assert changed.status_code == 200, changed.text
    assert changed.json()["discord_channel_id"] == "999999999"


async def test_commands_and_workers_name_any_channel(db, world):
    draft = RuleDraft(
        "Low", "open_rate", Condition.LESS_THAN, "15", client_id=1, discord_channel_id="999999999"
    )
    async with db.write(Scope.service()) as session:
        saved = await create_rule(session, draft, actor="command", now=world.now, force=True)
    assert saved.rule.discord_channel_id == "999999999"


async def test_a_rule_for_every_client_says_that_a_clients_own_channel_comes_first(http, olga):
    mail = {"notify_email": True, "email_recipients": ["ops@agency.example"]}
    both = await make(http, olga, notify_discord=True, discord_channel_id="999999999", **mail)
    told = {note["field"]: note for note in both["notes"] if note["code"] == "client_channel_first"}
    assert set(told) == {"discord_channel_id", "email_recipients"}
    assert told["discord_channel_id"]["detail"] == (
        "Clients with a channel of their own get these messages there; this channel serves the others."
    )
    assert "client_channel_first" not in codes(await make(http, olga, discord_channel_id="999999999"))
    own = await make(http, olga, client_id=1, notify_discord=True, discord_channel_id="999999999", **mail)
    assert "client_channel_first" not in codes(own)


async def test_a_rule_names_only_a_signed_webhook_of_its_client_or_the_agency(http, olga, alice, world):
    hooks = {client: add_hook(world, client) for client in (0, 1, 3)}
    hook = {"notify_webhook": True}
    for headers, client, chosen in (
        (olga, 1, hooks[3]),
        (olga, None, hooks[3]),
        (alice, 1, hooks[3]),
        (alice, 1, hooks[0]),
        (olga, 1, str(uuid4())),
    ):
        answer = await make(http, headers, 422, client_id=client, webhook_channel_id=chosen, **hook)
        assert problem_at(answer) == ("/webhook_channel_id", "channel_not_yours")
    for headers, client, chosen in ((olga, 1, hooks[1]), (alice, 1, hooks[1]), (olga, None, hooks[0])):
        rule = await make(http, headers, client_id=client, webhook_channel_id=chosen, **hook)
        changed = await http.patch(
            f"/rules/{rule['id']}", json={"webhook_channel_id": hooks[3]}, headers=headers
        )
        assert (changed.status_code, problem_at(changed.json())[0]) == (422, "/webhook_channel_id")


def add_hook(world, client):
    (row,) = world.rows(
        "INSERT INTO core.channels (id, client_id, kind, name, settings)"
        " VALUES (gen_random_uuid(), %s, 'webhook', %s, '{}') RETURNING id",
        client,
        f"Hook of {client}",
    )
    return str(row["id"])


def test_a_mailbox_written_in_two_ways_gets_one_message():
    twice = ("x@brandt.example", "X@Brandt.example", "y@brandt.example")
    once = ["x@brandt.example", "y@brandt.example"]
    client = ClientFacts(1, "Brandt", "EUR", agency_mails=("Ops@agency.example", "ops@Agency.example"))
    rule = make_rule("changed", notify_email=True, email_recipients=twice)
    assert [one.address for one in destinations_of(rule, client)] == once
    builtin = replace(rule, builtin="stale_source", email_recipients=())
    assert [one.address for one in destinations_of(builtin, client)] == ["Ops@agency.example"]
    assert Place(1, "Brandt", "UTC", emails=twice).addresses("email") == tuple(once)
