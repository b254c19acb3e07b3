"""The domains in the order of their foreign keys."""

from belvedere.seeding import ads, agents, core, inventory, knowledge, outreach, reports, support, watch
from belvedere.seeding.world import Filler

FILLERS: dict[str, Filler] = {
    "core": core.fill,
    "watch": watch.fill,
    "agents": agents.fill,
    "knowledge": knowledge.fill,
    "ads": ads.fill,
    "inventory": inventory.fill,
    "support": support.fill,
    "outreach": outreach.fill,
    "reports": reports.fill,
}
