"""Data for the schema `watch`."""

from collections.abc import Iterator

from belvedere.seeding.world import Batch, ClientPlan, World


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:  # noqa: ARG001 - filled with its domain
    """The batches of one client, parents first."""
    yield from ()
