"""Recommendations in every state, budget plans, actions step by step, and alerts, some of them still open."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from belvedere.ads.contracts import ActionStatus, RecommendationStatus
from belvedere.core.money import from_minor
from belvedere.seeding.ads_plan import AdsPlan, CampaignPlan
from belvedere.seeding.world import Batch, World

ADVICE = (
    ("budget_increase", "{name} earns {roas} for each unit spent and stops early on most days. Raise its budget by 15 %.", 1.15),
    ("budget_decrease", "{name} has spent more for each sale for two weeks. Lower its budget by 20 %.", 0.8),
    ("pause", "{name} has brought no sale in five covered days. Pause it until the feed is mended.", 0.0),
    ("creative_refresh", "The click rate of {name} fell by a third since the pictures were last changed. Show new ones.", 1.0),
    ("reallocate", "The next unit spent on {name} brings more than on any other campaign. Move 10 % here.", 1.1),
)  # fmt: skip
SETTLED = {"accepted", "executing", "executed", "measured", "rolled_back", "failed", "rejected"}
DONE = {"executed", "measured", "rolled_back"}
STEPS = {
    "planned": ("planned",),
    "awaiting_approval": ("planned", "validated", "approval_asked"),
    "approved": ("planned", "validated", "approval_asked", "approved"),
    "executing": ("planned", "validated", "approval_asked", "approved", "started", "sent"),
    "executed": (
        "planned",
        "validated",
        "approval_asked",
        "approved",
        "started",
        "sent",
        "read_back",
        "executed",
    ),
    "unknown": ("planned", "validated", "approved", "started", "sent", "timed_out"),
    "failed": ("planned", "validated", "approved", "started", "precondition_failed", "failed"),
    "rejected": ("planned", "validated", "approval_asked", "rejected"),
    "cancelled": ("planned", "cancelled"),
    "rolled_back": (
        "planned",
        "validated",
        "approved",
        "started",
        "sent",
        "read_back",
        "executed",
        "rolled_back",
    ),
}
ACTIONS = (*(str(status) for status in ActionStatus), "executed")

LINKED = {1: 1, 2: 2, 3: 4, 4: 5, 6: 9, 9: 10}
"""Actions by number, and the recommendation that each carries out."""

LIVE = {"draft", "pending", "accepted", "executing", "planned", "awaiting_approval", "approved", "unknown"}
"""States that do not last: what is in one of them is of the last two days."""

TO_DECIDE, STEP = timedelta(hours=4), timedelta(minutes=10)


def fill(world: World, plan: AdsPlan) -> Iterator[Batch]:
    yield list_recommendations(world, plan)
    yield from list_plans(world, plan)
    yield list_actions(world, plan)
    yield list_steps(world, plan)


def moment(world: World, number: int, of: int) -> datetime:
    """Moments spread evenly over the days filled, the newest last."""
    span = timedelta(days=max(1, world.days - 1))
    return world.now - span * (of - number) / of - timedelta(minutes=37 * number % 60)


def list_recommendations(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "campaign_id", "recommendation_type", "recommendation_text", "confidence_score", "status",
        "payload", "evidence", "effect_expected", "effect_low", "effect_high", "currency", "data_as_of", "expires_at",
        "superseded_by", "decided_by", "decided_at", "decision_note", "created_at", "updated_at", "executed_at",
        "result_metrics",
    )  # fmt: skip
    statuses = [*RecommendationStatus, RecommendationStatus.PENDING, RecommendationStatus.PENDING]
    rows = [
        recommend(world, plan, number, str(status), len(statuses)) for number, status in enumerate(statuses)
    ]
    rows.sort(key=lambda row: row[15] is not None)
    return Batch("ads.ai_recommendations", columns, rows)


def advised_at(world: World, number: int, status: str, of: int) -> datetime:
    return world.now - timedelta(hours=7 + 2 * number) if status in LIVE else moment(world, number, of)


def recommend(world: World, plan: AdsPlan, number: int, status: str, of: int) -> tuple[object, ...]:
    chance = world.random("ads.recommendation", plan.client.id, number)
    campaign, currency = acted_on(plan, number), plan.client.currency
    kind, words, _ = ADVICE[number % len(ADVICE)]
    at = advised_at(world, number, status, of)
    before, after = states(plan, number)
    gain = plan.budget_of(campaign) * chance.randint(10, 90) // 100
    settled = at + TO_DECIDE if status in SETTLED else None
    done = at + TO_DECIDE + STEP * len(STEPS["executed"]) if status in DONE else None
    result = {"metric": "revenue", "window_days": 14, "control": "matched campaigns", "verdict": "better"}
    return (
        recommendation_key(world, plan, number), plan.client.id, campaign.id, kind,
        words.format(name=campaign.name, roas=campaign.roas), Decimal(chance.randint(520, 970)).scaleb(-3), status,
        json.dumps({"before": before, "after": after}),
        json.dumps([{"figure": "roas", "days": 14, "value": str(campaign.roas)}]),
        from_minor(gain, currency), from_minor(gain // 3, currency), from_minor(gain * 2, currency),
        currency, at - timedelta(minutes=20), at + timedelta(hours=72),
        recommendation_key(world, plan, of - 1) if status == "superseded" else None,
        person(world, number) if settled else None, settled,
        "The season is over; we wait for the new range." if status == "rejected" else None, at, done or settled or at,
        done, json.dumps(result) if status == "measured" else None,
    )  # fmt: skip


def states(plan: AdsPlan, number: int) -> tuple[dict[str, str], dict[str, str]]:
    """The campaign before and after the advice of this number."""
    kind, _, factor = ADVICE[number % len(ADVICE)]
    if kind == "pause":
        return {"status": "active"}, {"status": "paused"}
    if kind == "creative_refresh":
        return {"pictures": "spring"}, {"pictures": "autumn"}
    budget, currency = plan.budget_of(acted_on(plan, number)), plan.client.currency
    return {"budget": str(from_minor(budget, currency))}, {
        "budget": str(from_minor(round(budget * factor), currency))
    }


def recommendation_key(world: World, plan: AdsPlan, number: int) -> object:
    return world.key("ads.ai_recommendations", plan.client.id, number)


def person(world: World, number: int) -> str:
    return str(world.people[number % len(world.people)])


def list_plans(world: World, plan: AdsPlan) -> Iterator[Batch]:
    columns = (
        "id", "client_id", "scope", "status", "period_start", "period_end", "total_budget", "currency", "allocations",
        "ai_suggested", "created_by", "reasoning", "created_at", "updated_at",
    )  # fmt: skip
    lines = (
        "id",
        "client_id",
        "allocation_id",
        "target",
        "amount",
        "lowest",
        "highest",
        "note",
        "created_at",
    )
    plans: list[tuple[object, ...]] = []
    parts: list[tuple[object, ...]] = []
    this = world.now.date().replace(day=1)
    for number, first in enumerate(months(next(world.dates()), world.now.date())):
        last = next_month(first) - timedelta(days=1)
        status = "active" if first == this else "draft" if first > this else "archived"
        amounts = share_budget(plan, (last - first).days + 1, number)
        at = min(
            datetime.combine(first, world.now.timetz()) - timedelta(days=4), world.now - timedelta(hours=2)
        )
        key = world.key("ads.budget_allocations", plan.client.id, number)
        plans.append((
            key, plan.client.id, "all", status, first, last, sum(amounts.values()), plan.client.currency,
            json.dumps({name: float(amount) for name, amount in amounts.items() if name != "reserve"}),
            number % 2 == 1, person(world, number), "As last month, with 5 % held back for what comes up.", at, at,
        ))  # fmt: skip
        for name, amount in amounts.items():
            bounds = (None, None) if name == "reserve" else (amount * 7 / 10, amount * 13 / 10)
            parts.append((
                world.key("ads.budget_allocation_lines", plan.client.id, number, name), plan.client.id, key, name,
                amount, *bounds, "Held back for what comes up." if name == "reserve" else None, at,
            ))  # fmt: skip
    yield Batch("ads.budget_allocations", columns, plans)
    yield Batch("ads.budget_allocation_lines", lines, parts)


def share_budget(plan: AdsPlan, days: int, number: int) -> dict[str, Decimal]:
    """Money of a month by platform, and what is held back; exact in the smallest unit."""
    amounts: dict[str, int] = {}
    for campaign in plan.paid:
        amounts[campaign.platform] = amounts.get(campaign.platform, 0) + campaign.daily * days
    amounts = {name: amount * (100 + number % 4 * 3) // 100 for name, amount in amounts.items()}
    amounts["reserve"] = sum(amounts.values()) // 20
    return {name: from_minor(amount, plan.client.currency) for name, amount in amounts.items()}


def months(first: date, today: date) -> Iterator[date]:
    """The first days of the months from `first` to the one after `today`."""
    month = first.replace(day=1)
    while month <= next_month(today):
        yield month
        month = next_month(month)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def list_actions(world: World, plan: AdsPlan) -> Batch:
    columns = (
        "id", "client_id", "action_type", "platform", "campaign_id", "status", "previous_state", "new_state",
        "reasoning", "confidence", "executed_at", "executed_by", "requested_by", "approval_required", "approved_by",
        "approved_at", "recommendation_id", "idempotency_key", "error", "created_at", "updated_at",
    )  # fmt: skip
    rows = [act(world, plan, number, status) for number, status in enumerate(ACTIONS)]
    return Batch("ads.ai_actions_log", columns, rows)


def acted_at(world: World, number: int, status: str) -> datetime:
    """When the action was planned; the newest executed one lies within the last day."""
    if number == len(ACTIONS) - 1:
        return world.now - timedelta(hours=6)
    advice = LINKED.get(number)
    if advice is not None:
        statuses = list(RecommendationStatus)
        return advised_at(world, advice, str(statuses[advice]), len(statuses) + 2) + TO_DECIDE
    return world.now - timedelta(hours=3 + number) if status in LIVE else moment(world, number, len(ACTIONS))


def act(world: World, plan: AdsPlan, number: int, status: str) -> tuple[object, ...]:
    advice = LINKED.get(number)
    about = advice if advice is not None else number * len(ADVICE)
    campaign, at, steps = acted_on(plan, about), acted_at(world, number, status), STEPS[status]
    before, after = states(plan, about)
    kind, words, _ = ADVICE[about % len(ADVICE)]
    done = at + STEP * (steps.index("executed") + 1) if "executed" in steps else None
    errors = {"unknown": "The platform did not answer in time; the campaign is read again.",
              "failed": "The budget was changed at the platform after it was approved."}  # fmt: skip
    approved = at + STEP * (steps.index("approved") + 1) if "approved" in steps else None
    word = {"pause": "PAUSE", "reallocate": "REALLOCATE"}.get(kind, "BUDGET_CHANGE")
    return (
        action_key(world, plan, number), plan.client.id, word, campaign.platform, campaign.id, status,
        json.dumps(before), json.dumps(after), words.format(name=campaign.name, roas=campaign.roas),
        Decimal(60 + number * 3).scaleb(-2), done, "ai_autonomous" if done else None, "ads.budget_advisor", True,
        person(world, number) if approved else None, approved,
        None if advice is None else recommendation_key(world, plan, advice),
        f"{plan.client.id}-{number}-{word.lower()}", errors.get(status), at, at + STEP * len(steps),
    )  # fmt: skip


def acted_on(plan: AdsPlan, number: int) -> CampaignPlan:
    running = [campaign for campaign in plan.paid if campaign.status == "active"]
    return running[number % len(running)]


def action_key(world: World, plan: AdsPlan, number: int) -> object:
    return world.key("ads.ai_actions_log", plan.client.id, number)


def list_steps(world: World, plan: AdsPlan) -> Batch:
    columns = ("id", "client_id", "action_id", "at", "kind", "actor")
    rows: list[tuple[object, ...]] = []
    for number, status in enumerate(ACTIONS):
        began = acted_at(world, number, status)
        for position, kind in enumerate(STEPS[status]):
            who = (
                person(world, number)
                if kind in {"approved", "rejected", "cancelled"}
                else "ads.budget_advisor"
            )
            rows.append((
                world.key("ads.ai_action_events", plan.client.id, number, position), plan.client.id,
                action_key(world, plan, number), began + STEP * (position + 1), kind, who,
            ))  # fmt: skip
    return Batch("ads.ai_action_events", columns, rows)
