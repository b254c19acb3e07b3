"""Which agents work for a client, what they cost, and the runs of the days filled; the tables follow from these plans."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property
from random import Random

import orjson

from belvedere.seeding.world import ClientPlan, World

RUNS_LEAST = 24
"""Every client has at least this many runs, so that rows of other domains can name the first of them."""


@dataclass(frozen=True, slots=True)
class Model:
    """A language model; prices in millionths of a US dollar for each token sent and received."""

    provider: str
    name: str
    price_in: float
    price_out: float
    quality: int


MODELS = (
    Model("anthropic", "claude-4.5-sonnet", 3, 15, 90),
    Model("openai", "gpt-5", 1.25, 10, 88),
    Model("openai", "gpt-5-mini", 0.25, 2, 78),
)


@dataclass(frozen=True, slots=True)
class Agent:
    """`tool` is what it reads its facts with, `collection` the texts that it searches."""

    name: str
    task: str
    trigger: str
    tool: str
    collection: str
    model: int


AGENTS = (
    Agent("ads.budget_advisor", "budget_advice", "schedule", "read_campaign_metrics", "account notes", 0),
    Agent("support.reply_writer", "support_reply", "event", "read_conversation", "help articles", 0),
    Agent("outreach.email_writer", "email", "schedule", "read_website_analysis", "brand voice", 1),
    Agent("outreach.site_analyst", "website_analysis", "event", "fetch_page", "analysis rubric", 2),
    Agent("inventory.planner", "reorder_advice", "schedule", "read_stock", "supplier terms", 2),
    Agent("reports.weekly_writer", "weekly_report", "schedule", "read_facts", "earlier reports", 1),
)


@dataclass(frozen=True, slots=True)
class Call:
    """One step of a run."""

    kind: str
    name: str
    model: Model | None
    tokens_in: int
    tokens_out: int
    cost: int
    started: datetime
    milliseconds: int

    @property
    def finished(self) -> datetime:
        return self.started + timedelta(milliseconds=self.milliseconds)


@dataclass(frozen=True)
class Run:
    number: int
    agent: Agent
    model: Model
    started: datetime
    failed: bool
    calls: tuple[Call, ...]

    @cached_property
    def finished(self) -> datetime:
        return self.calls[-1].finished

    @cached_property
    def asked(self) -> tuple[Call, ...]:
        """The steps that called a language model."""
        return tuple(call for call in self.calls if call.model is not None)


def plan_runs(world: World, client: ClientPlan) -> list[Run]:
    """The runs of a client, oldest first: two to four on a working day, one at the weekend, fewer for the agency."""
    chance = world.random("agents.agent_run", client.id)
    moments = []
    for day in world.dates():
        wanted = 1 if day.weekday() > 4 or client.id == 0 else chance.randint(2, 4)
        for _ in range(wanted):
            clock = time(chance.randint(7, 18), chance.randint(0, 59), chance.randint(0, 59))
            moments.append(world.instant(day, clock, client))
    latest = world.now - timedelta(minutes=10)
    moments = sorted(moment for moment in moments if moment < latest)
    missing = RUNS_LEAST - len(moments)
    earliest = moments[0] if moments else latest
    early = [earliest - timedelta(hours=5 * back + 1) for back in range(missing, 0, -1)]
    return [plan_run(chance, number, moment) for number, moment in enumerate([*early, *moments])]


def plan_run(chance: Random, number: int, started: datetime) -> Run:
    agent = AGENTS[number % len(AGENTS)]
    model = MODELS[agent.model if chance.random() < 0.7 else chance.randrange(len(MODELS))]
    failed = chance.random() < 0.04
    calls = [free_call("tool", agent.tool, started, chance.randint(40, 900))]
    calls.append(free_call("retrieval", agent.collection, calls[-1].finished, chance.randint(15, 120)))
    for _ in range(chance.choice((1, 1, 2))):
        sent, received = chance.randint(900, 6_000), chance.randint(120, 900)
        cost = round(sent * model.price_in + received * model.price_out)
        calls.append(
            Call("model", model.name, model, sent, received, cost, calls[-1].finished, received * 14 + 350)
        )
    return Run(number, agent, model, started, failed, tuple(calls))


def free_call(kind: str, name: str, started: datetime, milliseconds: int) -> Call:
    return Call(kind, name, None, 0, 0, 0, started, milliseconds)


def sha256_of(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()


def to_json(value: object) -> str:
    return orjson.dumps(value).decode()
