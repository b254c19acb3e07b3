"""Decisions of people, agents and policies; the database seals each in the audit log as it is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import orjson

from belvedere.seeding.agents_plans import AGENTS
from belvedere.seeding.subjects import name_row
from belvedere.seeding.world import Batch, ClientPlan, World

PLACES = {agent.name: place for place, agent in enumerate(AGENTS)}
"""Agents run in turn, so a run's number says whose it is."""


@dataclass(frozen=True, slots=True)
class Decision:
    area: str
    name: str
    actor: str
    kind: str
    table: str
    reason: str
    inputs: dict[str, Any]
    outcome: dict[str, Any]


DECISIONS = (
    Decision("inventory", "reorder.suggest", "inventory.planner", "agent", "inventory.suppliers",
             "The stock lasts for nine days, the supplier needs twelve.", {"on_hand": 96, "daily_demand": "10.4"},
             {"quantity": 240}),
    Decision("ads", "budget.raise", "ads.budget_advisor", "agent", "ads.campaigns",
             "The last 30 days earned more than the target at every step.", {"roas": "3.90", "target": "3.00"},
             {"daily_budget": "46.00"}),
    Decision("cx", "reply.send", "Mara Lindqvist", "person", "support.support_curated_replies",
             "The reply is an approved one.", {"priority": "normal"}, {"state": "sent"}),
    Decision("outreach", "send.hold", "sending limits", "policy", "outreach.campaigns",
             "The mailbox reached its limit for the day.", {"sent_today": 40, "limit": 40}, {"state": "held"}),
    Decision("growth", "test.keep_running", "weekly review", "system", "outreach.ab_tests",
             "Neither variant leads clearly yet.", {"per_variant": 412, "needed": 1056}, {"state": "active"}),
    Decision("system", "data.accept_late", "late figures", "policy", "watch.api_snapshots",
             "The platform restated two days; both are within bounds.", {"change": "0.012"}, {"state": "accepted"}),
)  # fmt: skip


def decisions(world: World, client: ClientPlan) -> Batch:
    columns = (
        "id", "client_id", "area", "decision", "actor", "actor_kind", "subject", "reason", "inputs", "outcome",
        "confidence", "run_id", "correlation_id", "created_at",
    )  # fmt: skip
    return Batch("core.decision_log", columns, list(rows_of(world, client)))


def rows_of(world: World, client: ClientPlan) -> Iterator[tuple[Any, ...]]:
    """One on each second day, each area in turn, and always the first few."""
    days = [
        world.now.date() - timedelta(days=back) for back in range(max(world.days, 2 * len(DECISIONS)), 0, -2)
    ]
    for number, day in enumerate(days):
        chosen = DECISIONS[number % len(DECISIONS)]
        chance = world.random("core.decision_log", client.id, number)
        at = world.instant(day, time(chance.randint(6, 18), chance.randint(0, 59)), client)
        run = (
            PLACES[chosen.actor] + number // len(DECISIONS) * len(AGENTS) if chosen.kind == "agent" else None
        )
        yield (
            world.key("core.decision_log", client.id, number), client.id, chosen.area, chosen.name, chosen.actor,
            chosen.kind, name_row(world, client, chosen.table, number), chosen.reason,
            orjson.dumps(chosen.inputs).decode(), orjson.dumps(chosen.outcome).decode(),
            round(chance.uniform(0.62, 0.97), 4) if chosen.kind == "agent" else None,
            world.key("agents.agent_run", client.id, run) if run is not None else None,
            f"decision-{client.id}-{number}", min(at, world.now),
        )  # fmt: skip
