"""Requests for approval in every state, and the feedback that came with the decisions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from belvedere.seeding.agents_plans import Run, to_json
from belvedere.seeding.agents_texts import PAIRS, REASONS, count_edits
from belvedere.seeding.subjects import name_row
from belvedere.seeding.world import Batch, ClientPlan, World

POLICY = "limits-3"
VALID = timedelta(hours=72)
OPEN = 3
"""The newest requests of each client are still pending."""
STATES = (
    "consumed", "consumed", "rejected", "consumed", "superseded", "consumed", "expired", "consumed", "consumed",
    "cancelled", "consumed",
)  # fmt: skip
DECIDED = ("consumed", "rejected", "approved")


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of action: whose agent asks for it, on what, and how the state asked for differs."""

    agent: str
    name: str
    subject: str
    table: str
    before: dict[str, Any]
    after: dict[str, Any]


ACTIONS = (
    Action("ads.budget_advisor", "ads.budget.change", "Raise the daily budget by 15 %", "ads.campaigns",
           {"daily_budget": "40.00"}, {"daily_budget": "46.00"}),
    Action("support.reply_writer", "support.reply.send", "Send this reply", "support.support_curated_replies",
           {"state": "draft"}, {"state": "sent"}),
    Action("outreach.email_writer", "outreach.email.send", "Send the first mail to a lead", "outreach.leads",
           {"state": "draft"}, {"state": "queued"}),
    Action("inventory.planner", "inventory.order.place", "Order 240 pieces", "inventory.suppliers",
           {"on_order": 0}, {"on_order": 240}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    number: int
    run: Run
    action: Action
    status: str
    asked: datetime

    @property
    def decided(self) -> datetime | None:
        return self.asked + timedelta(minutes=7 + self.number % 50) if self.status in DECIDED else None


def plan_requests(world: World, runs: list[Run]) -> list[Request]:
    """One request for each run of an agent that acts, oldest first."""
    actions = {action.agent: action for action in ACTIONS}
    acting = [run for run in runs if run.agent.name in actions]
    return [
        Request(
            number,
            run,
            actions[run.agent.name],
            state_of(world, number, len(acting), run.finished),
            run.finished,
        )
        for number, run in enumerate(acting)
    ]


def state_of(world: World, number: int, total: int, asked: datetime) -> str:
    """The newest wait, the one before was said yes to; what is too old can be neither."""
    fresh = world.now - asked < VALID - timedelta(hours=1)
    if fresh and number >= total - OPEN:
        return "pending"
    if fresh and number == total - OPEN - 1:
        return "approved"
    return STATES[number % len(STATES)]


def approvals(world: World, client: ClientPlan, requests: list[Request]) -> Batch:
    columns = (
        "id", "client_id", "run_id", "action_type", "subject", "target", "before_payload", "after_payload",
        "policy_version", "data_as_of", "requested_by", "requested_by_kind", "requested_for_user", "status",
        "decided_by", "decided_by_kind", "decided_at", "decision_reason", "expires_at", "consumed_at",
        "superseded_by", "correlation_id", "created_at", "updated_at",
    )  # fmt: skip
    rows = [approval_row(world, client, request, len(requests)) for request in requests]
    return Batch("agents.agent_approval", columns, rows)


def approval_row(world: World, client: ClientPlan, request: Request, total: int) -> tuple[Any, ...]:
    number, decided, people = request.number, request.decided, world.people
    key = world.key("agents.agent_approval", client.id, number)
    replaced = request.status == "superseded" and number + len(ACTIONS) < total
    newer = number + len(ACTIONS) if replaced else number
    consumed = decided + timedelta(minutes=2) if decided and request.status == "consumed" else None
    launched_by = people[(number + 1) % len(people)] if len(people) > 1 else None
    return (
        key, client.id, world.key("agents.agent_run", client.id, request.run.number), request.action.name,
        request.action.subject, name_row(world, client, request.action.table, newer), to_json(request.action.before),
        to_json(request.action.after), POLICY, request.asked - timedelta(minutes=20), request.action.agent, "agent",
        launched_by, request.status, people[number % len(people)] if decided else None, "person", decided,
        "Not this week" if request.status == "rejected" else None, request.asked + VALID, consumed,
        world.key("agents.agent_approval", client.id, newer) if replaced else None, f"run-{client.id}-{request.run.number}", request.asked,
        consumed or decided or request.asked,
    )  # fmt: skip


def feedback(world: World, client: ClientPlan, requests: list[Request]) -> Batch:
    """Given with each decision: most are taken, of the texts many are changed, some are refused."""
    columns = (
        "id", "client_id", "run_id", "approval_id", "operator_id", "verdict", "reason_codes", "comment",
        "original_text", "edited_text", "edit_distance", "is_eval_case", "created_at", "updated_at",
    )  # fmt: skip
    return Batch("agents.agent_feedback", columns, list(feedback_rows(world, client, requests)))


def feedback_rows(world: World, client: ClientPlan, requests: list[Request]) -> Iterator[tuple[Any, ...]]:
    for request in requests:
        if request.decided is None:
            continue
        number = request.number
        is_text = request.run.agent.task == "support_reply"
        original, edited = PAIRS[number // len(ACTIONS) % len(PAIRS)]
        refused = request.status == "rejected"
        changed = is_text and not refused and number % 3 != 0
        verdict = "rejected" if refused else "edited" if changed else "accepted"
        yield (
            world.key("agents.agent_feedback", client.id, number), client.id,
            world.key("agents.agent_run", client.id, request.run.number),
            world.key("agents.agent_approval", client.id, number), world.people[number % len(world.people)], verdict,
            [REASONS[number % len(REASONS)]] if verdict != "accepted" else [],
            "The offer is not on at the moment." if refused else None,
            original if is_text else None, edited if changed else None,
            count_edits(original, edited) if changed else None, changed and number % 5 == 0, request.decided,
            request.decided,
        )  # fmt: skip
