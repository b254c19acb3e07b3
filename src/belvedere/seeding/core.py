"""Data for the schema `core`: figures of dashboards, decisions, messages that went out and their events."""

from collections.abc import Iterator

from belvedere.seeding.core_decisions import decisions
from belvedere.seeding.core_figures import facts
from belvedere.seeding.core_messages import (
    answers,
    attempts,
    budgets,
    channels,
    deliveries,
    events,
    members,
    plan_messages,
)
from belvedere.seeding.world import Batch, ClientPlan, World


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    messages = plan_messages(world, client)
    yield facts(world, client)
    yield decisions(world, client)
    yield channels(world, client, messages)
    yield deliveries(world, client, messages)
    yield members(client, messages)
    yield attempts(world, client, messages)
    yield events(world, client, messages)
    yield answers(world, client)
    yield budgets(world, client)
