"""One transaction's work on one reading: what is known before, the verdicts, and all that follows for alerts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from belvedere.accounts.service import get_client
from belvedere.core.context import DbRole
from belvedere.core.database import ReadSession, WriteSession, scope_of
from belvedere.core.jobs import enqueue
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.sources.service import field_labels
from belvedere.watchtower import repository, surroundings
from belvedere.watchtower.closing import ACTOR, announce_closed, closing_row
from belvedere.watchtower.compose import ClientFacts, draft_alerts, fingerprint, told_at_once
from belvedere.watchtower.contracts import (
    Closing,
    OpenAlert,
    Place,
    ResolvedReason,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.evaluate import Judgement, judge_reading
from belvedere.watchtower.groups import RuleSet
from belvedere.watchtower.leads import with_leads
from belvedere.watchtower.neighbours import load_other_readings
from belvedere.watchtower.opening import Opened, open_drafts
from belvedere.watchtower.repository import ClosedAlert
from belvedere.watchtower.rule_sets import load_rule_set
from belvedere.watchtower.seeing import see_again
from belvedere.watchtower.surroundings import Silence

RECHECK = "watchtower.recheck_children"
AWAIT = "watchtower.await_parent"
INTERNAL = "internal"
"""The provider of what the program knows of itself; its own rules watch nothing else."""

PARENT_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """What judging one reading did. `skipped` says why nothing was judged."""

    opened_ids: Sequence[str] = ()
    seen_again: int = 0
    closed: tuple[UUID, ...] = ()
    deliveries: int = 0
    skipped: str | None = None

    @property
    def opened(self) -> tuple[UUID, ...]:
        return tuple(UUID(alert_id) for alert_id in self.opened_ids)


@dataclass
class Run:
    """One transaction's work on one reading."""

    session: WriteSession
    stored: StoredSnapshot
    now: datetime
    base_url: str
    storm_wait: timedelta
    rules: RuleSet
    client: ClientFacts
    waits_for_parents: bool = True
    as_of: datetime | None = None
    beside: UUID | None = None
    """The reading of another source for which this one is judged once more; what it lacks was counted before."""
    silences: list[Silence] = field(default_factory=list)

    @property
    def place(self) -> Place:
        stored = self.stored
        return Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)

    async def close_changed_rules(self) -> None:
        """Alerts of an edited, disabled or replaced rule end here, where its editor could not reach them."""
        ids = await repository.find_stale_rule_alerts(
            self.session, self.stored.client_id, self.stored.source_id
        )
        rows = [closing_row(alert_id, ResolvedReason.RULE_CHANGED, self.now) for alert_id in ids]
        closed = await repository.close_alerts(self.session, rows, now=self.now)
        await announce_closed(self.session, closed, self.client.name, self.now, base_url=self.base_url)

    async def judge(self, only: Collection[UUID] | None = None) -> Judgement:
        stored = self.stored
        state = await self._state()
        return judge_reading(self.rules, stored.frames, stored.previous, state, self.now, only=only)

    async def _state(self) -> WatchState:
        stored, session = self.stored, self.session
        parents = self.rules.parents
        units, labels = await repository.load_metric_words(session)
        facts = await repository.load_parent_facts(
            session, stored.client_id, stored.source_id, parents, self.now
        )
        if not self.waits_for_parents:
            facts = {rule_id: replace(found, is_due=False) for rule_id, found in facts.items()}
        return WatchState(
            place=self.place,
            is_full=stored.completeness is Completeness.FULL,
            open_alerts=await self._open_alerts(),
            parents=facts,
            metric_units={**units, **stored.metric_units},
            metric_labels=field_labels(self.place.provider, self.place.endpoint, labels),
            pending=await repository.load_pending(
                session, stored.client_id, stored.source_id, stored.snapshot_id
            ),
            data_as_of=self.as_of or stored.data_as_of,
            other_readings=await load_other_readings(session, stored, self.rules, self.now),
        )

    async def _open_alerts(self) -> list[OpenAlert]:
        found = await repository.load_open_alerts(
            self.session, self.stored.client_id, self.stored.snapshot_id, self.rules.watched, self.now
        )
        return found if self.beside is None else [replace(alert, comparable=False) for alert in found]

    async def apply(self, verdicts: Sequence[Verdict]) -> WatchOutcome:
        """Closings first: an event that was taken note of makes room for the next one."""
        closed = await self._close([closing for verdict in verdicts for closing in verdict.closed])
        if any(verdict.opened or verdict.silent or verdict.seen_again for verdict in verdicts):
            self.silences = await surroundings.load_silences(self.session, self.stored.client_id, self.now)
        opened = await self._open(verdicts)
        told = await see_again(
            self.session, self.stored, verdicts, self.silences, self.client, self.now, base_url=self.base_url
        )
        await repository.move_alerts(
            self.session,
            _counted(verdicts),
            client_id=self.stored.client_id,
            snapshot_id=self.stored.snapshot_id,
            now=self.now,
        )
        await self._keep_waiting(verdicts)
        moved = opened.rule_ids | {alert.rule_id for alert in closed}
        judged_here = self.stored.source_id if self.beside is None else None
        await wake_children(self.session, self.stored.client_id, sorted(moved), judged_here)
        await self._await_parents(verdicts)
        return WatchOutcome(
            opened_ids=opened.ids,
            seen_again=sum(len(verdict.seen_again) for verdict in verdicts),
            closed=tuple(alert.id for alert in closed),
            deliveries=opened.deliveries + told,
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

    async def _open(self, verdicts: Sequence[Verdict]) -> Opened:
        firing = [verdict for verdict in verdicts if verdict.opened or verdict.silent]
        if not firing:
            return Opened()
        drafts = (
            batch
            for verdict in firing
            for batch in with_leads(draft_alerts(verdict, self.place, self.client, self.base_url, self.now))
        )
        return await open_drafts(
            self.session,
            self.stored,
            drafts,
            [verdict.rule for verdict in firing if told_at_once(verdict.rule, self.client)],
            self.silences,
            self.now,
            base_url=self.base_url,
            storm_wait=self.storm_wait,
            is_afresh=self.beside is not None,
        )

    async def _keep_waiting(self, verdicts: Sequence[Verdict]) -> None:
        """Breaches that go on waiting are kept; those that opened or ended are forgotten."""
        waiting, over = [], []
        for verdict in verdicts:
            if not verdict.waiting and not verdict.cleared:
                continue
            fired = {finding.external_id for finding in verdict.opened}
            over += [self._key(verdict.rule, entity) for entity in (*verdict.cleared, *fired)]
            waiting += [
                {
                    "fingerprint": self._key(verdict.rule, breach.external_id or ""),
                    "rule_id": verdict.rule.id,
                    "rule_client_id": verdict.rule.client_id,
                    "rule_version": verdict.rule.version,
                    "external_id": breach.external_id or None,
                    "readings": breach.readings,
                    "since": breach.since,
                }
                for breach in verdict.waiting
                if (breach.external_id or "") not in fired
            ]
        stored = self.stored
        if over:
            await repository.clear_pending(self.session, stored.client_id, over)
        await repository.save_pending(
            self.session,
            waiting,
            client_id=stored.client_id,
            source_id=stored.source_id,
            snapshot_id=stored.snapshot_id,
        )

    def _key(self, rule: Rule, entity: str) -> str:
        place = self.place
        return fingerprint(rule.id, place.client_id, place.target_table, place.source_id, entity)

    async def _await_parents(self, verdicts: Sequence[Verdict]) -> None:
        """Come back when the wait for a parent that is due is over, whatever became of it."""
        awaited = {verdict.rule.parent_rule_id for verdict in verdicts if verdict.awaits}
        for parent_id in sorted(parent for parent in awaited if parent is not None):
            await enqueue(
                self.session,
                AWAIT,
                {"parent_id": str(parent_id), "snapshot_id": str(self.stored.snapshot_id)},
                client_id=self.stored.client_id,
                actor=ACTOR,
                run_at=self.now + PARENT_WAIT,
                now=self.now,
                queueing_lock=f"{AWAIT}:{self.stored.snapshot_id}:{parent_id}",
            )


def _counted(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """New counts of alerts that neither breached again nor ended."""
    rows: dict[UUID, dict[str, Any]] = {}

    def row(alert_id: UUID) -> dict[str, Any]:
        blank = {
            "id": alert_id,
            "missing": None,
            "good": None,
            "kept": False,
            "missing_as_of": None,
            "good_as_of": None,
        }
        return rows.setdefault(alert_id, blank)

    for verdict in verdicts:
        for alert in verdict.missing:
            row(alert.id).update(missing=alert.missing_readings, missing_as_of=alert.missing_as_of)
        for alert in verdict.returned:
            row(alert.id)["missing"] = 0
        for alert in verdict.recovering:
            row(alert.id).update(good=alert.good_readings, good_as_of=alert.good_as_of)
        for alert in verdict.relapsed:
            row(alert.id)["good"] = 0
        for alert in verdict.kept:
            row(alert.id)["kept"] = True
    return list(rows.values())


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


async def start_run(
    session: WriteSession, stored: StoredSnapshot, now: datetime, base_url: str, storm_wait: timedelta
) -> Run:
    """What is known of a reading before it is judged."""
    rules = await load_rule_set(session, stored.client_id, stored.source_id)
    client = await client_facts(session, stored.client_id)
    if stored.provider == INTERNAL and scope_of(session).role is not DbRole.AUTHENTICATED:
        client = replace(client, agency_mails=await surroundings.find_agency_mails(session))
    return Run(session, stored, now, base_url, storm_wait, rules, client)


async def client_facts(session: ReadSession, client_id: int) -> ClientFacts:
    client = await get_client(session, client_id)
    return ClientFacts(
        client.id,
        client.name,
        client.currency,
        client.discord_channel_id,
        tuple(client.email_recipients or ()),
        await surroundings.find_webhook_channel(session, client_id),
    )
