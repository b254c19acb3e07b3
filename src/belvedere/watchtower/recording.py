"""What a judged reading leaves behind for "why" and for figures: one row for it, and one for each rule that spoke."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from belvedere.core import metrics
from belvedere.core.database import WriteSession
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository, surroundings
from belvedere.watchtower.contracts import Verdict
from belvedere.watchtower.judging import WatchOutcome


async def record(
    session: WriteSession,
    stored: StoredSnapshot,
    verdicts: Sequence[Verdict],
    now: datetime,
    *,
    is_whole: bool = True,
) -> None:
    """Rules that had something to say, and parents, whose children ask what they said."""
    parents = await surroundings.find_parents(session, stored.client_id) if is_whole else set()
    rows = [
        _evaluation(verdict)
        for verdict in verdicts
        if not is_whole or not is_quiet(verdict) or verdict.rule.id in parents
    ]
    await repository.record_evaluations(
        session, rows, client_id=stored.client_id, snapshot_id=stored.snapshot_id, now=now
    )


async def record_run(
    session: WriteSession,
    stored: StoredSnapshot,
    verdicts: Sequence[Verdict],
    outcome: WatchOutcome,
    now: datetime,
    *,
    seconds: float,
) -> None:
    """One row for the reading: how much was judged, what came of it and how long that took."""
    counts = {
        "rules": len(verdicts),
        "records": stored.frames.records.height,
        "matched": sum(verdict.matched for verdict in verdicts),
        "opened": len(outcome.opened_ids),
        "seen_again": outcome.seen_again,
        "closed": len(outcome.closed),
        "held_back": sum(verdict.held_back for verdict in verdicts),
        "errors": sum(verdict.errors for verdict in verdicts),
        "duration_ms": round(seconds * 1000),
    }
    quiet = [verdict.rule.id for verdict in verdicts if is_quiet(verdict)]
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
    metrics.EVALUATIONS.labels(result="spoke").inc(len(verdicts) - len(quiet))


def is_quiet(verdict: Verdict) -> bool:
    """Judged, with an answer for everything, and nothing found."""
    said = verdict.matched or verdict.no_data or verdict.errors or verdict.held_back
    return not said and verdict.why.get("state") == "judged"


def _evaluation(verdict: Verdict) -> dict[str, Any]:
    return {
        "rule_id": verdict.rule.id,
        "rule_version": verdict.rule.version,
        "entities": verdict.entities,
        "matched": verdict.matched,
        "no_data": verdict.no_data,
        "errors": verdict.errors,
        "held_back": verdict.held_back,
        "reason": dict(verdict.why),
    }
