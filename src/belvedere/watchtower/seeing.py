"""Open alerts that a reading shows again: newest value, and whether that is worth telling once more."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from belvedere.core.database import WriteSession
from belvedere.core.ids import uuid7_texts
from belvedere.notify.service import request_deliveries
from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower import repository, storing
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.compose import ClientFacts
from belvedere.watchtower.contracts import (
    Condition,
    ConditionReason,
    Finding,
    OpenAlert,
    Rule,
    Severity,
    Verdict,
)
from belvedere.watchtower.leads import lead_of
from belvedere.watchtower.opening import SILENCED
from belvedere.watchtower.surroundings import Silence
from belvedere.watchtower.telling import again_tellings, gather
from belvedere.watchtower.threshold import parse_number, strict_number
from belvedere.watchtower.wording import shown

WORSE = Decimal("1.5")
"""A value this many times as far beyond the limit as when it was last told is told again."""

RANKS = {word: rank for rank, word in enumerate(Severity)}
ABOVE = frozenset({Condition.GREATER_THAN, Condition.GREATER_OR_EQUAL})
BELOW = frozenset({Condition.LESS_THAN, Condition.LESS_OR_EQUAL})


async def see_again(
    session: WriteSession,
    stored: StoredSnapshot,
    verdicts: Sequence[Verdict],
    silences: Sequence[Silence],
    client: ClientFacts,
    now: datetime,
    *,
    base_url: str,
) -> int:
    """Take the newest values; a risen severity and a clear worsening are told. Gives the messages asked for."""
    seen = [(verdict.rule, alert, found) for verdict in verdicts for alert, found in verdict.seen_again]
    ids = uuid7_texts(len(seen), now)
    rows = [
        _row(rule, alert, finding, event_id, silences)
        for (rule, alert, finding), event_id in zip(seen, ids, strict=True)
    ]
    columns = {name: [row[name] for row in rows] for name in storing.SEEING}
    await storing.see_again(
        session,
        columns,
        client_id=stored.client_id,
        snapshot_id=stored.snapshot_id,
        account_id=stored.account_id,
        now=now,
    )
    return await _tell(session, [row for row in rows if row["told"]], client, now, base_url)


def _row(
    rule: Rule, alert: OpenAlert, finding: Finding, event_id: Any, silences: Sequence[Silence]
) -> dict[str, Any]:
    lead = lead_of(finding)
    step = step_of(rule, alert, finding)
    is_news = step != "seen_again" and not alert.is_quiet
    is_silenced = is_news and any(
        silence.covers(rule.id, alert.source_id, rule.severity, alert.external_id) for silence in silences
    )
    return {
        "id": str(alert.id),
        "event_id": event_id,
        "record_id": str(finding.record_id) if finding.record_id else None,
        "current_value": shown(lead.value),
        "previous_value": shown(lead.previous),
        "severity": rule.severity.value,
        "conditions": orjson.dumps([reason.document() for reason in finding.conditions]).decode(),
        "step": step,
        "changed": shown(lead.value) != alert.current_value,
        "told": is_news and not is_silenced,
        "held_reason": SILENCED if is_silenced else None,
    }


def step_of(rule: Rule, alert: OpenAlert, finding: Finding) -> str:
    """severity_raised, worsened or only seen_again."""
    if RANKS[rule.severity] > RANKS[alert.severity]:
        return "severity_raised"
    lead = lead_of(finding)
    if lead is finding.head:
        return "worsened" if is_worse(rule, alert.told_value, lead.value) else "seen_again"
    # Another condition may have been told: its value says nothing of how far this one went.
    held = is_worse(lead, alert.told_value, lead.value, must_have_held=True)
    return "worsened" if held else "seen_again"


def is_worse(
    rule: Rule | ConditionReason, told: str | None, value: str | None, *, must_have_held: bool = False
) -> bool:
    """Whether a value lies at least half as far again beyond the limit as the one last told."""
    numbers = [strict_number(text) if text else None for text in (told, value)]
    limit = parse_number((rule.limit if isinstance(rule, ConditionReason) else rule.threshold_value) or "")
    before, after = numbers
    if before is None or after is None or limit is None or rule.condition not in ABOVE | BELOW:
        return False
    sign = 1 if rule.condition in ABOVE else -1
    told_distance, distance = sign * (before - limit), sign * (after - limit)
    if told_distance <= 0:
        return not must_have_held and distance > 0 and distance >= abs(limit) * (WORSE - 1)
    return distance >= told_distance * WORSE


async def _tell(
    session: WriteSession, rows: Sequence[dict[str, Any]], client: ClientFacts, now: datetime, base_url: str
) -> int:
    told = await repository.load_told(session, [UUID(row["id"]) for row in rows])
    tellings = [
        telling
        for row in rows
        for telling in again_tellings(told[UUID(row["id"])], row["step"], client.name, base_url)
    ]
    requests = await with_charts(session, gather(tellings, base_url, now))
    return len(await request_deliveries(session, requests, now))
