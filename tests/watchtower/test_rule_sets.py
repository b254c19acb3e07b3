"""Rules are formed once for all readings that meet the same ones, and never a moment too old."""

from uuid import uuid4

from tests.watchtower.world import World

from belvedere.core.context import Scope
from belvedere.watchtower.contracts import Condition, Rule
from belvedere.watchtower.groups import RuleSet, form_units
from belvedere.watchtower.rule_sets import RuleShelf, load_rule_set


async def load(world: World, shelf: RuleShelf, client: int = 1) -> RuleSet:
    source = world.source()
    async with world.db.read(Scope.client(client)) as session:
        return await load_rule_set(session, client, source, shelf)


async def test_readings_meet_the_same_rules_until_somebody_touches_one(world: World) -> None:
    shelf = RuleShelf()
    rule = world.rule()
    first = await load(world, shelf)
    again = await load(world, shelf)
    assert len(again) == len(first)
    assert all(new is old for new, old in zip(again, first, strict=True))

    world.admin.execute("UPDATE watchtower_rules SET threshold_value = '20' WHERE id = %s", [rule])
    second = await load(world, shelf)
    assert [found.threshold_value for found in second if found.id == rule] == ["20"]
    world.admin.execute("DELETE FROM watchtower_rules WHERE id = %s", [rule])
    assert rule not in {found.id for found in await load(world, shelf)}


async def test_clients_share_the_rules_for_every_client(world: World) -> None:
    shelf = RuleShelf()
    shared, own = world.rule(client_id=0), world.rule(client_id=1)
    first, second = await load(world, shelf), await load(world, shelf, client=2)
    assert {shared, own} <= {rule.id for rule in first}
    assert own not in {rule.id for rule in second}
    assert next(rule for rule in first if rule.id == shared) is next(
        rule for rule in second if rule.id == shared
    )
    assert sorted(unit.head.id for unit in form_units(first)) == sorted(rule.id for rule in first)


async def test_children_follow_the_rule_that_stands_in_for_their_parent(world: World) -> None:
    shelf = RuleShelf()
    parent = world.rule(client_id=0)
    child = world.rule(
        client_id=0, parent_rule_id=parent, parent_client_id=0, dependency_condition="triggered"
    )
    await load(world, shelf)
    instead = world.rule(client_id=1, overrides_rule_id=parent, overrides_client_id=0)
    found = {rule.id: rule for rule in await load(world, shelf)}
    assert parent not in found
    assert found[child].parent_rule_id == instead
    others = {rule.id: rule for rule in await load(world, shelf, client=2)}
    assert others[child].parent_rule_id == parent


async def test_an_edit_in_the_same_transaction_is_seen(world: World) -> None:
    shelf = RuleShelf()
    rule, source = world.rule(), world.source()
    async with world.db.write(Scope.service("tests")) as session:
        connection = await session.connection()
        for threshold in ("16", "17"):
            await connection.exec_driver_sql(
                "UPDATE watchtower_rules SET threshold_value = %s WHERE id = %s", (threshold, rule)
            )
            found = await load_rule_set(session, 1, source, shelf)
            assert [one.threshold_value for one in found if one.id == rule] == [threshold]


def test_a_shelf_drops_what_was_not_met_for_longest() -> None:
    shelf = RuleShelf(most=5)
    for number in range(4):
        rules = RuleSet.of(Rule(uuid4(), "Low", "open_rate", Condition.LESS_THAN, "15") for _ in range(2))
        shelf.keep(str(number), rules)
        shelf.find("0")
    assert len(shelf) <= 5
    assert shelf.find("0") is not None
    assert shelf.find("1") is None
