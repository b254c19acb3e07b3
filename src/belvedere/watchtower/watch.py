"""Judging one stored reading in one transaction: verdicts, alerts, evaluations, events and messages
together.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.accounts.service import get_client
from belvedere.core.context import Scope
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.events import emit_many
from belvedere.core.faults import faultpoint
from belvedere.core.ids import new_id
from belvedere.core.jobs import enqueue
from belvedere.core.runtime import Runtime
from belvedere.notify.service import request_deliveries
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.watchtower import repository
from belvedere.watchtower.compose import (
    ClientFacts,
    Draft,
    closing_requests,
    draft_alerts,
    opening_requests,
    reason_document,
)
from belvedere.watchtower.contracts import (
    Closing,
    Place,
    ResolvedReason,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import form_units
from belvedere.watchtower.repository import ClosedAlert
from belvedere.watchtower.wording import shown

ACTOR = "watchtower"
RECHECK = "watchtower.recheck_children"


async def judge_stored(runtime: Runtime, stored: StoredSnapshot) -> None:
    """Judge a reading from the frames in hand, in a transaction of its client; wiring gives this to
    `sources`.
    """
    scope = Scope.client(stored.client_id, actor=ACTOR)
    async with runtime.db.write(scope) as session:
        await watch_snapshot(session, stored, runtime.clock(), base_url=runtime.settings.address)
    faultpoint("evaluation.committed")


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """What judging one reading did. `skipped` says why nothing was judged."""

    opened: tuple[UUID, ...] = ()
    seen_again: int = 0
    closed: tuple[UUID, ...] = ()
    rules: int = 0
    deliveries: int = 0
    skipped: str | None = None


async def watch_snapshot(
    session: WriteSession, stored: StoredSnapshot, now: datetime, *, base_url: str = ""
) -> WatchOutcome:
    """Judge a completed reading once. Run it twice, or in two places at once, and the second finds it
    done.
    """
    await repository.lock_place(session, stored.client_id, stored.source_id)
    if not await repository.lock_unjudged(session, stored.client_id, stored.snapshot_id):
        return WatchOutcome(skipped="This reading is not complete, or was judged already.")
    if await repository.is_overtaken(session, stored.client_id, stored.snapshot_id):
        await repository.mark_judged(session, stored.client_id, stored.snapshot_id, now)
        return WatchOutcome(skipped="Later data of the same account was judged already.")
    run = await _start(session, stored, now, base_url)
    await run.close_changed_rules()
    verdicts = await run.judge()
    faultpoint("evaluation.judged")
    outcome = await run.apply(verdicts)
    await run.record(verdicts)
    await repository.mark_judged(session, stored.client_id, stored.snapshot_id, now)
    return outcome


async def recheck_children(
    session: WriteSession,
    stored: StoredSnapshot,
    parent_ids: Collection[UUID],
    now: datetime,
    *,
    base_url: str = "",
) -> WatchOutcome:
    """Look again at the children of parents that moved, on the newest judged reading. A change is not fired
    late.
    """
    await repository.lock_place(session, stored.client_id, stored.source_id)
    run = await _start(session, stored, now, base_url)
    children = frozenset(
        unit.head.id
        for unit in form_units(run.rules)
        if unit.head.parent_rule_id in parent_ids and not unit.is_event
    )
    if not children:
        return WatchOutcome(skipped="No child of this rule watches this source.")
    verdicts = await run.judge(only=children)
    # The reading was judged; it opens what the parent held back and moves nothing else.
    return await run.apply([_only_opening(verdict) for verdict in verdicts])


def _only_opening(verdict: Verdict) -> Verdict:
    return Verdict(rule=verdict.rule, opened=verdict.opened)


async def _start(session: WriteSession, stored: StoredSnapshot, now: datetime, base_url: str) -> "_Run":
    rules = await repository.load_rules(session, stored.client_id, stored.source_id)
    return _Run(session, stored, now, base_url, rules, await client_facts(session, stored.client_id))


async def client_facts(session: ReadSession, client_id: int) -> ClientFacts:
    client = await get_client(session, client_id)
    return ClientFacts(
        client.id,
        client.name,
        client.currency,
        client.discord_channel_id,
        tuple(client.email_recipients or ()),
    )


@dataclass
class _Run:
    """One transaction's work on one reading."""

    session: WriteSession
    stored: StoredSnapshot
    now: datetime
    base_url: str
    rules: list[Rule]
    client: ClientFacts
    requested: int = 0

    @property
    def place(self) -> Place:
        stored = self.stored
        return Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)

    async def close_changed_rules(self) -> None:
        """Alerts of an edited or disabled rule end here, where its editor could not reach them."""
        ids = await repository.find_stale_rule_alerts(
            self.session, self.stored.client_id, self.stored.source_id
        )
        rows = [closing_row(alert_id, ResolvedReason.RULE_CHANGED, self.now) for alert_id in ids]
        closed = await repository.close_alerts(self.session, rows, now=self.now)
        await announce_closed(self.session, closed, self.client.name, self.now, base_url=self.base_url)

    async def judge(self, only: Collection[UUID] | None = None) -> list[Verdict]:
        stored = self.stored
        heads = [unit.head for unit in form_units(self.rules)]
        parents = {rule.parent_rule_id for rule in heads if rule.parent_rule_id is not None}
        watched = {rule.id for rule in heads} | parents
        units, labels = await repository.load_metric_words(self.session)
        state = WatchState(
            place=self.place,
            is_full=stored.completeness is Completeness.FULL,
            open_alerts=await repository.load_open_alerts(
                self.session, stored.client_id, stored.snapshot_id, list(watched), self.now
            ),
            parents=await repository.load_parent_facts(self.session, stored.client_id, parents),
            metric_units={**units, **stored.metric_units},
            metric_labels=labels,
        )
        return evaluate(self.rules, stored.frames, stored.previous, state, self.now, only=only)

    async def apply(self, verdicts: Sequence[Verdict]) -> WatchOutcome:
        """Closings first: an event that was taken note of makes room for the next one."""
        closed = await self._close([closing for verdict in verdicts for closing in verdict.closed])
        drafts = [
            draft
            for verdict in verdicts
            for draft in draft_alerts(verdict, self.place, self.client, self.base_url, self.now)
        ]
        opened = await self._open(drafts)
        await self._see_again(verdicts)
        missing = [alert.id for verdict in verdicts for alert in verdict.missing]
        await repository.count_missing(self.session, self.stored.client_id, missing)
        returned = [alert.id for verdict in verdicts for alert in verdict.returned]
        await repository.forget_missing(self.session, self.stored.client_id, returned)
        moved = {draft.rule.id for draft in drafts} | {alert.rule_id for alert in closed}
        await wake_children(self.session, self.stored.client_id, sorted(moved), self.stored.source_id)
        return WatchOutcome(
            opened=tuple(draft.row["id"] for draft in opened),
            seen_again=sum(len(verdict.seen_again) for verdict in verdicts),
            closed=tuple(alert.id for alert in closed),
            rules=len(verdicts),
            deliveries=self.requested,
        )

    async def _close(self, closings: Sequence[Closing]) -> list[ClosedAlert]:
        rows = [
            closing_row(
                closing.alert.id,
                closing.reason,
                self.now,
                conditions=[condition.document() for condition in closing.conditions],
            )
            for closing in closings
        ]
        closed = await repository.close_alerts(self.session, rows, now=self.now)
        await announce_closed(self.session, closed, self.client.name, self.now, base_url=self.base_url)
        return closed

    async def _open(self, drafts: Sequence[Draft]) -> list[Draft]:
        stored = self.stored
        episodes = await repository.open_alerts(
            self.session,
            [draft.row for draft in drafts],
            client_id=stored.client_id,
            source_id=stored.source_id,
            snapshot_id=stored.snapshot_id,
            now=self.now,
        )
        opened = [draft for draft in drafts if draft.row["id"] in episodes]
        items = [(str(draft.row["id"]), self._opened_event(draft, episodes)) for draft in opened]
        await emit_many(
            self.session, "alert.opened", items, client_id=stored.client_id, actor=ACTOR, now=self.now
        )
        requests = [request for draft in opened for request in opening_requests(draft, stored.client_id)]
        if requests:
            self.requested = len(await request_deliveries(self.session, requests, self.now))
            told = {draft.rule.id for draft in opened if draft.destinations}
            await repository.mark_notified(self.session, told, self.now)
        return opened

    def _opened_event(self, draft: Draft, episodes: dict[UUID, int]) -> dict[str, Any]:
        return {
            "alert_id": str(draft.row["id"]),
            "rule_id": str(draft.rule.id),
            "snapshot_id": str(self.stored.snapshot_id),
            "severity": draft.rule.severity.value,
            "external_id": draft.finding.external_id,
            "episode": episodes[draft.row["id"]],
        }

    async def _see_again(self, verdicts: Sequence[Verdict]) -> None:
        rows = [
            {
                "id": alert.id,
                "event_id": new_id(self.now),
                "record_id": finding.record_id,
                "current_value": shown(finding.head.value),
                "previous_value": shown(finding.head.previous),
                "severity": verdict.rule.severity,
                "conditions": reason_document(verdict.rule, finding)["conditions"],
            }
            for verdict in verdicts
            for alert, finding in verdict.seen_again
        ]
        await repository.see_again(
            self.session,
            rows,
            client_id=self.stored.client_id,
            snapshot_id=self.stored.snapshot_id,
            now=self.now,
        )

    async def record(self, verdicts: Sequence[Verdict]) -> None:
        rows = [
            {
                "rule_id": verdict.rule.id,
                "rule_version": verdict.rule.version,
                "entities": verdict.entities,
                "matched": verdict.matched,
                "no_data": verdict.no_data,
                "errors": verdict.errors,
                "held_back": verdict.held_back,
                "reason": dict(verdict.why),
            }
            for verdict in verdicts
        ]
        stored = self.stored
        await repository.record_evaluations(
            self.session, rows, client_id=stored.client_id, snapshot_id=stored.snapshot_id, now=self.now
        )


def closing_row(
    alert_id: UUID, reason: ResolvedReason, now: datetime, *, conditions: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    detail = {"conditions": conditions} if conditions else {}
    return {"id": alert_id, "reason": reason, "event_id": new_id(now), "detail": detail}


async def announce_closed(
    session: WriteSession,
    closed: Sequence[ClosedAlert],
    client_name: str,
    now: datetime,
    *,
    actor: str = ACTOR,
    base_url: str = "",
) -> None:
    """Tell the end of alerts: events, and a message wherever the opening was told."""
    for client_id in {alert.client_id for alert in closed}:
        items = [
            (
                str(alert.id),
                {"alert_id": str(alert.id), "rule_id": str(alert.rule_id), "reason": alert.reason.value},
            )
            for alert in closed
            if alert.client_id == client_id
        ]
        await emit_many(session, "alert.resolved", items, client_id=client_id, actor=actor, now=now)
    requests = [request for alert in closed for request in closing_requests(alert, client_name, base_url)]
    if requests:
        await request_deliveries(session, requests, now)


async def wake_children(
    session: WriteSession, client_id: int, rule_ids: Sequence[UUID], source_id: UUID | None
) -> None:
    """Have the children of moved rules looked at again, where this transaction did not judge them."""
    for parent_id in await repository.find_parents_to_recheck(session, client_id, rule_ids, source_id):
        await enqueue(
            session,
            RECHECK,
            {"parent_id": str(parent_id)},
            client_id=client_id,
            actor=ACTOR,
            queueing_lock=f"{RECHECK}:{client_id}:{parent_id}",
        )
