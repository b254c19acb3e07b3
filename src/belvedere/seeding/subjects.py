"""Rows of other domains that requests and decisions are about: which keys of a table are there for every client."""

from belvedere.seeding.world import ClientPlan, World

ROWS = {
    "ads.campaigns": 5,
    "inventory.suppliers": 2,
    "outreach.ab_tests": 2,
    "outreach.campaigns": 2,
    "outreach.leads": 10,
    "watch.api_snapshots": 2,
}
"""How many rows of a table every client has at the least, counted from 0."""
REPLY = (1, "en", 1)
"""A reply in use that every client has."""


def name_row(world: World, client: ClientPlan, table: str, number: int) -> str:
    """`table/key` of a row that stands."""
    if table == "support.support_curated_replies":
        return f"{table}/{world.key(table, client.id, *REPLY)}"
    return f"{table}/{world.key(table, client.id, number % ROWS[table])}"
