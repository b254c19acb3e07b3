"""Short ways to let time pass and to see what was told."""

from typing import Any

from tests.watchtower.world import World

from belvedere.core.context import Scope
from belvedere.watchtower.service import tick
from belvedere.watchtower.tick import Ticked


async def ticked(world: World) -> Ticked:
    async with world.db.write(Scope.service("tick")) as session:
        return await tick(session, world.now, base_url="http://belvedere.test")


async def act(world: World, people: Any, work: Any, *arguments: Any, **more: Any) -> Any:
    """What Alice does to everything that is open."""
    ids = [row["id"] for row in world.alerts("open")]
    async with world.db.write(people.alice.scope) as session:
        return await work(session, ids, *arguments, actor=people.alice.email, now=world.now, **more)


def told(world: World) -> list[tuple[str, int]]:
    """Kind and round of every message, in order."""
    found = world.rows("SELECT kind, round FROM core.deliveries ORDER BY created_at, id")
    return [(row["kind"], row["round"]) for row in found]


def steps_of(world: World) -> list[str]:
    return [row["kind"] for row in world.rows("SELECT kind FROM alert_events ORDER BY at, step")]
