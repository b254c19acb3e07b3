"""Data for the schema `agents`."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from belvedere.seeding.agents_approvals import approvals, feedback, plan_requests
from belvedere.seeding.agents_plans import MODELS, Call, Run, plan_runs, sha256_of, to_json
from belvedere.seeding.world import Batch, ClientPlan, World

RUBRIC, RUBRIC_VERSION, JUDGE = "suggestions", "4", "judge/claude-4.5-sonnet/4"
KEPT_DAYS = 30


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    runs = plan_runs(world, client)
    requests = plan_requests(world, runs)
    yield run_rows(world, client, runs)
    yield step_rows(world, client, runs)
    yield verdict_rows(world, client, runs)
    yield query_rows(world, client, runs)
    yield approvals(world, client, requests)
    yield feedback(world, client, requests)
    yield performance_rows(world, client, runs)
    yield comparison_rows(world, client, runs)


def run_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    columns = (
        "id", "client_id", "agent", "agent_version", "kind", "status", "trigger", "model_provider", "model_name",
        "input_tokens", "output_tokens", "cost_micros", "latency_ms", "input_hash", "output_hash", "error_code",
        "error_message", "correlation_id", "started_at", "finished_at", "created_at", "updated_at",
    )  # fmt: skip
    return Batch("agents.agent_run", columns, [run_row(world, client, run) for run in runs])


def run_row(world: World, client: ClientPlan, run: Run) -> tuple[Any, ...]:
    failure = (
        ("unsupported_number", "A figure of the text is not among the facts.") if run.failed else (None, None)
    )
    return (
        world.key("agents.agent_run", client.id, run.number), client.id, run.agent.name, "2.3", "task",
        "failed" if run.failed else "completed", run.agent.trigger, run.model.provider, run.model.name,
        sum(call.tokens_in for call in run.calls), sum(call.tokens_out for call in run.calls),
        sum(call.cost for call in run.calls), sum(call.milliseconds for call in run.calls),
        sha256_of("in", client.id, run.number), None if run.failed else sha256_of("out", client.id, run.number),
        *failure, f"run-{client.id}-{run.number}", run.started, run.finished, run.started, run.finished,
    )  # fmt: skip


def step_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    columns = (
        "id", "client_id", "run_id", "position", "kind", "name", "status", "model_provider", "model_name",
        "input_tokens", "output_tokens", "cost_micros", "latency_ms", "input_hash", "output_hash", "detail",
        "started_at", "finished_at", "created_at",
    )  # fmt: skip
    rows = [
        (
            world.key("agents.agent_run_steps", client.id, run.number, place),
            client.id, world.key("agents.agent_run", client.id, run.number), place, call.kind, call.name, "completed",
            call.model.provider if call.model else None, call.model.name if call.model else None, call.tokens_in,
            call.tokens_out, call.cost, call.milliseconds, sha256_of("step", client.id, run.number, place),
            sha256_of("answer", client.id, run.number, place), to_json(detail_of(call)), call.started, call.finished,
            call.started,
        )
        for run in runs
        for place, call in enumerate(run.calls, 1)
    ]  # fmt: skip
    return Batch("agents.agent_run_steps", columns, rows)


def detail_of(call: Call) -> dict[str, object]:
    """What a replay of the step would need."""
    if call.model is not None:
        return {"temperature": 0.2}
    return {"texts_found": 4} if call.kind == "retrieval" else {"days": 30}


def verdict_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    """A rule looks at every run, a judging model at each third, a person at each twelfth."""
    columns = (
        "id", "client_id", "run_id", "kind", "reviewer", "reviewer_id", "rubric", "rubric_version", "score", "passed",
        "reasons", "created_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for run in runs:
        reviewer = world.people[run.number % len(world.people)]
        kinds = [("rule", "numbers_are_facts", None, None)]
        if run.number % 3 == 0:
            kinds.append(("judge", JUDGE, None, quality_of(world, client, run)))  # type: ignore[arg-type]
        if run.number % 12 == 0:
            kinds.append(("human", str(reviewer), reviewer, quality_of(world, client, run)))  # type: ignore[arg-type]
        reasons = to_json(["unsupported_number"] if run.failed else [])
        rows.extend(
            (
                world.key("agents.agent_qc", client.id, run.number, kind), client.id,
                world.key("agents.agent_run", client.id, run.number), kind, name, person, RUBRIC, RUBRIC_VERSION, score,
                not run.failed, reasons, run.finished + timedelta(seconds=2),
            )
            for kind, name, person, score in kinds
        )  # fmt: skip
    return Batch("agents.agent_qc", columns, rows)


def quality_of(world: World, client: ClientPlan, run: Run) -> int:
    """What a judge thinks of the answer, from 0 to 100: mostly the model's usual, low for a failed run."""
    usual = 35 if run.failed else run.model.quality
    spread = world.random("quality", client.id, run.number).gauss(0, 5)
    return max(0, min(100, round(usual + spread)))


def query_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    columns = (
        "id", "client_id", "run_id", "agent", "purpose", "model_provider", "model_name", "status", "prompt_hash",
        "response_hash", "input_tokens", "cached_tokens", "output_tokens", "reserved_micros", "cost_micros",
        "latency_ms", "prompt_text", "response_text", "raw_expires_at", "correlation_id", "created_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for run in runs:
        for place, call in enumerate(run.asked):
            rows.append(
                (
                    world.key("agents.agent_query", client.id, run.number, place), client.id,
                    world.key("agents.agent_run", client.id, run.number), run.agent.name, run.agent.task,
                    run.model.provider, run.model.name, "completed", sha256_of("prompt", client.id, run.number, place),
                    sha256_of("response", client.id, run.number, place), call.tokens_in, call.tokens_in // 3,
                    call.tokens_out, call.cost * 2, call.cost, call.milliseconds, *kept_text(world, run, call),
                    f"run-{client.id}-{run.number}", call.started,
                )
            )  # fmt: skip
    return Batch("agents.agent_query", columns, rows)


def kept_text(world: World, run: Run, call: Call) -> tuple[str | None, str | None, Any]:
    """The text of each tenth run of the last weeks; older ones are emptied."""
    until = call.started + timedelta(days=KEPT_DAYS)
    if run.number % 10 or until <= world.now + timedelta(days=1):
        return None, None, None
    prompt = f"You are {run.agent.name}. Use only the facts given. Task: {run.agent.task.replace('_', ' ')}."
    return prompt, "Based on the figures of the last 30 days, no change is advised.", until


def performance_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    """One row for each model call; four of five are judged, outcomes are ripe after two weeks."""
    columns = (
        "id", "client_id", "task_type", "model_name", "lead_id", "cost", "duration_seconds", "quality_score",
        "conversion_metric", "metadata", "created_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for run in runs:
        chance = world.random("agents.ai_gym_performance", client.id, run.number)
        ripe = world.now - run.finished > timedelta(days=14)
        about_lead = run.agent.name.startswith("outreach.")
        for place, call in enumerate(run.asked):
            rows.append(
                (
                    world.key_at(call.finished, "agents.ai_gym_performance", client.id, run.number, place), client.id,
                    run.agent.task, run.model.name,
                    world.key("outreach.leads", client.id, run.number % 10) if about_lead else None,
                    f"{call.cost / 1_000_000:.6f}", max(1, call.milliseconds // 1000),
                    quality_of(world, client, run) if chance.random() < 0.8 else None,
                    round(chance.betavariate(2, 20), 4) if ripe and about_lead else None,
                    to_json({"judge": JUDGE, "run": run.number, "failed": run.failed}), call.finished,
                )
            )  # fmt: skip
    return Batch("agents.ai_gym_performance", columns, rows)


def comparison_rows(world: World, client: ClientPlan, runs: list[Run]) -> Batch:
    """Each fourth run is tried on a second model; both orders are judged, and the better model mostly wins."""
    columns = (
        "id", "client_id", "pair_id", "task_type", "lead_id", "model_a", "model_b", "shown_first", "winner", "judge",
        "judge_version", "reason", "created_at",
    )  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for run in runs[::4]:
        other = MODELS[(MODELS.index(run.model) + 1) % len(MODELS)]
        chance = world.random("agents.ai_gym_comparisons", client.id, run.number)
        pair = world.key("agents.ai_gym_comparisons", client.id, run.number)
        for first in ("a", "b"):
            lead = run.model.quality - other.quality + chance.gauss(0, 8)
            winner = "tie" if abs(lead) < 2 else "a" if lead > 0 else "b"
            rows.append(
                (
                    world.key("agents.ai_gym_comparisons", client.id, run.number, first), client.id, pair,
                    run.agent.task, None, run.model.name, other.name, first, winner, "claude-4.5-sonnet", "4",
                    "Both say the same." if winner == "tie" else "Names the figures it rests on.",
                    run.finished + timedelta(minutes=1),
                )
            )  # fmt: skip
    return Batch("agents.ai_gym_comparisons", columns, rows)
