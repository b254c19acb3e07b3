"""Rules for every client, rules that stand in for them, storms."""

from datetime import timedelta
from uuid import UUID

from tests.watchtower.moments import ticked, told
from tests.watchtower.world import World, campaign

from belvedere.core.context import Scope
from belvedere.watchtower.service import gather_storm, rejudge_rules

AGENCY = {"client_id": 0, "notify_discord": True, "discord_channel_id": "111111"}


def add_clients(world: World, count: int) -> list[int]:
    ids = list(range(201, 201 + count))
    for number in ids:
        world.admin.execute(
            "INSERT INTO core.clients (id, name, slug) VALUES (%s, %s, %s)",
            [number, f"Client {number}", f"client-{number}"],
        )
    return ids


async def storm(world: World, rule: UUID):
    async with world.db.write(Scope.service()) as session:
        return await gather_storm(session, rule, world.now, base_url="http://belvedere.test")


async def test_state_and_alert_are_per_rule_client_and_entity_item_11(world: World):
    world.rule(for_readings=2, **AGENCY)
    await world.read([campaign(rate="11")], client=1)
    await world.read([campaign(rate="11")], client=2)
    assert len(world.rows("SELECT * FROM rule_states")) == 2
    await world.read([campaign(rate="11")], client=1)
    assert [row["client_id"] for row in world.alerts("open")] == [1]


async def test_messages_go_to_the_clients_own_webhook_first_item_11(world: World):
    hooks = {}
    for client in (0, 1):
        (row,) = world.rows(
            "INSERT INTO core.channels (client_id, kind, name) VALUES (%s, 'webhook', 'hook') RETURNING id",
            client,
        )
        hooks[client] = row["id"]
    world.rule(client_id=0, notify_webhook=True, webhook_channel_id=hooks[0])
    await world.read([campaign(rate="11")], client=1)
    await world.read([campaign(rate="11")], client=2)
    assert [(row["client_id"], row["destination"]) for row in world.rows(
        "SELECT client_id, destination FROM core.deliveries ORDER BY client_id"
    )] == [(1, f"webhook:{hooks[1]}"), (2, f"webhook:{hooks[0]}")]  # fmt: skip


async def test_a_rule_of_a_client_stands_in_for_one_of_every_client_item_11(world: World):
    general = world.rule(**AGENCY)
    own = world.rule(client_id=1, overrides_rule_id=general, overrides_client_id=0, threshold_value="5")
    for client in (1, 2):
        await world.read([campaign(rate="11")], client=client)
    assert [(row["client_id"], row["rule_id"]) for row in world.alerts()] == [(2, general)]
    await world.read([campaign(rate="3")], client=1)
    assert [row["rule_id"] for row in world.alerts() if row["client_id"] == 1] == [own]


async def test_what_the_replaced_rule_opened_closes_and_comes_back_item_11(http, olga, world: World):
    general = world.rule(**AGENCY)
    stored = world.ingest([campaign(rate="11")])
    await world.judge(stored)
    body = {
        "client_id": 1, "name": "Own limit", "field_name": "metric:open_rate", "condition": "less_than",
        "threshold_value": "5", "overrides_rule_id": str(general), "force": True,
    }  # fmt: skip
    answer = await http.post("/rules", json=body, headers=olga)
    assert answer.status_code == 201, answer.text
    assert [row["resolved_reason"] for row in world.alerts()] == ["rule_changed"]
    assert (await http.delete(f"/rules/{answer.json()['id']}", headers=olga)).status_code == 204
    jobs = {row["task_name"] for row in world.rows("SELECT task_name FROM jobs.procrastinate_jobs")}
    assert "watchtower.rejudge_everywhere" in jobs
    async with world.db.write(Scope.client(1)) as session:
        await rejudge_rules(session, stored, [general], world.now)
    assert [row["episode"] for row in world.alerts("open")] == [2]


async def test_children_of_a_replaced_rule_follow_its_stand_in_item_11(world: World):
    general = world.rule(client_id=0, source_id=world.source(), field_name="status", condition="equals",
                         threshold_value="paused")  # fmt: skip
    world.rule(client_id=1, source_id=world.source(), field_name="status", condition="equals",
               threshold_value="gone", overrides_rule_id=general, overrides_client_id=0)  # fmt: skip
    child = world.rule(source_id=world.source(), parent_rule_id=general, dependency_condition="triggered")
    await world.read([campaign("a", "11", status="paused"), campaign("b", "11", status="gone")])
    assert [row["external_id"] for row in world.alerts() if row["rule_id"] == child] == ["b"]


async def test_few_clients_are_told_at_once_item_11(world: World):
    world.rule(**AGENCY)
    await world.read([campaign(rate="11")])
    (row,) = world.rows("SELECT next_at <= now() AS due FROM core.deliveries")
    assert row["due"]
    assert (
        world.rows("SELECT 1 FROM jobs.procrastinate_jobs WHERE task_name = 'watchtower.gather_storm'") == []
    )


async def test_very_many_clients_are_one_message_and_every_alert_is_kept_item_11(world: World):
    clients = add_clients(world, 30)
    rule = world.rule(**AGENCY)
    world.admin.execute("UPDATE core.clients SET discord_channel_id = '222222' WHERE id = 205")
    start = world.now
    for client in clients[:24]:
        world.now = start
        await world.read([campaign(rate="11")], client=client)
    found = await storm(world, rule)
    assert (found.is_storm, found.clients, found.withdrawn) == (True, 24, 24)
    assert told(world) == [("storm", 0)]
    (row,) = world.rows("SELECT client_id, destination, message ->> 'title' AS title FROM core.deliveries")
    assert (row["client_id"], row["destination"]) == (0, "111111")
    assert "24 clients" in row["title"]
    assert {(row["state"], row["held_reason"], row["told_at"]) for row in world.alerts()} == {
        ("open", "storm", None)
    }
    world.now = start
    await world.read([campaign(rate="11")], client=clients[24])
    assert (await storm(world, rule)).clients == 25
    assert told(world) == [("storm", 0)]
    await world.read([campaign(rate="20")], client=clients[0])
    assert told(world) == [("storm", 0)]
    world.now += timedelta(minutes=16)
    await ticked(world)
    (kept,) = world.rows("SELECT * FROM storms")
    assert (kept["clients"], kept["alerts"]) == (25, 25)
    assert kept["ended_at"] is not None


async def test_as_many_clients_as_the_limit_are_no_storm_item_11(world: World):
    clients = add_clients(world, 30)
    rule = world.rule(**AGENCY)
    start = world.now
    for client in clients[:20]:
        world.now = start
        await world.read([campaign(rate="11")], client=client)
    assert world.rows("SELECT 1 FROM core.deliveries WHERE next_at <= now() + interval '20 s'") == []
    assert not (await storm(world, rule)).is_storm
    assert [kind for kind, _ in told(world)] == ["opened"] * 20
    assert world.rows("SELECT 1 FROM core.deliveries WHERE next_at > now()") == []
    assert world.rows("SELECT * FROM storms") == []


async def test_an_alert_of_a_storm_is_told_by_itself_if_nobody_takes_it_item_13(world: World):
    clients = add_clients(world, 30)
    rule = world.rule(severity="critical", **AGENCY)
    start = world.now
    for client in clients[:22]:
        world.now = start
        await world.read([campaign(rate="11")], client=client)
    await storm(world, rule)
    world.now += timedelta(hours=5)
    await ticked(world)
    assert [kind for kind, _ in told(world)] == ["storm", *["opened"] * 22]
