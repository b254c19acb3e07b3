"""What a judged reading leaves behind for "why" and for figures: one row for it, and one for each rule that spoke."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository, surroundings
from belvedere.watchtower.contracts import Rule, Verdict
from belvedere.watchtower.evaluate import Judgement
from belvedere.watchtower.judging import WatchOutcome


async def record_all(
    session: WriteSession, stored: StoredSnapshot, judgement: Judgement, now: datetime
) -> None:
    """Rules that had something to say, and parents, whose children ask what they said."""
    parents = await surroundings.find_parents(session, stored.client_id)
    verdicts = [
        verdict for verdict in judgement.spoken if not is_quiet(verdict) or verdict.rule.id in parents
    ]
    rows = [_evaluation(verdict, [verdict.rule]) for verdict in verdicts]
    named = {str(rule_id) for rule_id in parents}
    for alike in judgement.alike:
        rules: list[Rule] = []
        if not is_quiet(alike.like):
            rules = alike.heads
        elif named:
            rules = [rule for rule, name in zip(alike.heads, alike.ids, strict=True) if name in named]
        if rules:
            rows.append(_evaluation(alike.like, rules))
    await _save(session, stored, rows, now)


async def record(
    session: WriteSession, stored: StoredSnapshot, verdicts: Sequence[Verdict], now: datetime
) -> None:
    """Every one of some verdicts."""
    await _save(session, stored, [_evaluation(verdict, [verdict.rule]) for verdict in verdicts], now)


async def _save(
    session: WriteSession, stored: StoredSnapshot, rows: Sequence[dict[str, Any]], now: datetime
) -> None:
    await repository.record_evaluations(
        session, rows, client_id=stored.client_id, snapshot_id=stored.snapshot_id, now=now
    )


async def record_run(
    session: WriteSession,
    stored: StoredSnapshot,
    judgement: Judgement,
    outcome: WatchOutcome,
    now: datetime,
    *,
    seconds: float,
) -> None:
    """One row for the reading: how much was judged, what came of it and how long that took."""
    verdicts, alike = judgement.spoken, judgement.alike
    rules = len(verdicts) + sum(len(bulk.members) for bulk in alike)
    counts = {
        "rules": rules,
        "records": stored.frames.records.height,
        "matched": sum(verdict.matched for verdict in verdicts),
        "opened": len(outcome.opened_ids),
        "seen_again": outcome.seen_again,
        "closed": len(outcome.closed),
        "held_back": sum(verdict.held_back for verdict in verdicts),
        "errors": sum(verdict.errors for verdict in verdicts)
        + sum(len(bulk.members) * bulk.like.errors for bulk in alike),
        "duration_ms": round(seconds * 1000),
    }
    quiet = [str(verdict.rule.id) for verdict in verdicts if is_quiet(verdict)]
    for bulk in alike:
        if is_quiet(bulk.like):
            quiet += bulk.ids
    lag = await repository.record_run(
        session,
        counts,
        quiet,
        client_id=stored.client_id,
        source_id=stored.source_id,
        snapshot_id=stored.snapshot_id,
        now=now,
    )
    if lag is not None:
        metrics.EVALUATION_LAG.observe(lag / 1000)
        metrics.EVALUATION_SECONDS.observe(seconds)
    metrics.EVALUATIONS.labels(result="quiet").inc(len(quiet))
    metrics.EVALUATIONS.labels(result="spoke").inc(rules - len(quiet))


def is_quiet(verdict: Verdict) -> bool:
    """Judged, with an answer for everything, and nothing found."""
    said = verdict.matched or verdict.no_data or verdict.errors or verdict.held_back
    return not said and verdict.why.get("state") == "judged"


def _evaluation(verdict: Verdict, rules: Sequence[Rule]) -> dict[str, Any]:
    """What one or more rules say of the reading."""
    return {
        "rules": [{"id": rule.id, "version": rule.version} for rule in rules],
        "entities": verdict.entities,
        "matched": verdict.matched,
        "no_data": verdict.no_data,
        "errors": verdict.errors,
        "held_back": verdict.held_back,
        "reason": dict(verdict.why),
    }
