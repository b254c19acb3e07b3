"""What the watch keeps in tables between two readings, kept in memory: open alerts, breaches on their way."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from belvedere.sources.service import field_labels
from belvedere.watchtower.contracts import (
    Finding,
    OpenAlert,
    ParentFacts,
    PendingBreach,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.history import Mark

Key = tuple[UUID, str, bool]
"""A rule (by its head), an entity ("" is the whole reading), and whether the alert is about a missing value."""


@dataclass
class Carry:
    """The state of one track from reading to reading, moved by verdicts alone."""

    units: Mapping[str, str]
    labels: Mapping[str, str]
    open: dict[Key, OpenAlert] = field(default_factory=dict)
    account: dict[Key, UUID | None] = field(default_factory=dict)
    pending: dict[tuple[UUID, str], PendingBreach] = field(default_factory=dict)
    waited: dict[tuple[UUID, str], Mark] = field(default_factory=dict)
    judged: set[UUID] = field(default_factory=set)
    count: int = 0

    def state(
        self,
        mark: Mark,
        parents: Collection[Rule] = (),
        metric_units: Mapping[str, str] | None = None,
        only: Collection[str] | None = None,
    ) -> WatchState:
        """What the engine is told before this reading; `only` leaves out the alerts of other entities."""
        return WatchState(
            place=mark.place,
            is_full=mark.is_full,
            open_alerts=[
                replace(alert, comparable=self.account[key] == mark.account_id)
                for key, alert in self.open.items()
                if only is None or key[1] in only
            ],
            parents={
                parent.id: ParentFacts(parent.is_active, judged_for_client=parent.id in self.judged)
                for parent in parents
            },
            metric_units={**self.units, **(metric_units or {})},
            metric_labels=field_labels(mark.place.provider, mark.place.endpoint, self.labels),
            pending=list(self._pending(mark, only)),
            data_as_of=mark.data_as_of,
        )  # fmt: skip

    def _pending(self, mark: Mark, only: Collection[str] | None) -> Iterator[PendingBreach]:
        """Waits as they stood before this moment of data; those of another account say nothing here."""
        for key, breach in self.pending.items():
            last = self.waited[key]
            if last.account_id != mark.account_id or (only is not None and key[1] not in only):
                continue
            yield replace(breach, readings=breach.readings - (last.moment >= mark.moment))

    def apply(self, verdict: Verdict, mark: Mark) -> None:
        """Move the state as the tables would move."""
        rule = verdict.rule
        if verdict.why.get("state") == "judged":
            self.judged.add(rule.id)
        for closing in verdict.closed:
            key = key_of(closing.alert)
            self.open.pop(key, None)
            self.account.pop(key, None)
        self._recount(verdict, mark)
        for alert, finding in verdict.seen_again:
            self._see(alert, finding.head.value, rule, mark)
        for breach in verdict.waiting:
            self.pending[rule.id, breach.external_id or ""] = breach
            self.waited[rule.id, breach.external_id or ""] = mark
        for external_id in verdict.cleared:
            self.pending.pop((rule.id, external_id), None)
        for finding in verdict.opened:
            self.pending.pop((rule.id, finding.external_id), None)
            self._open(rule, finding, mark, is_about_no_data=False)
        for finding in verdict.silent:
            self._open(rule, finding, mark, is_about_no_data=True)

    def _recount(self, verdict: Verdict, mark: Mark) -> None:
        """Readings in a row that lacked the entity, or were good again."""
        for alert in verdict.returned:
            self._change(alert, missing_readings=0)
        for alert in verdict.missing:
            self._change(alert, missing_readings=alert.missing_readings, missing_as_of=alert.missing_as_of)
        for alert in verdict.recovering:
            self._change(alert, good_readings=alert.good_readings, good_as_of=alert.good_as_of)
        for alert in verdict.relapsed:
            self._change(alert, good_readings=0)
        for alert in verdict.kept:
            self._change(alert, last_seen_at=mark.data_as_of, good_readings=0)
            self.account[key_of(alert)] = mark.account_id

    def _open(self, rule: Rule, finding: Finding, mark: Mark, *, is_about_no_data: bool) -> None:
        self.count += 1
        alert = OpenAlert(
            id=UUID(int=self.count),
            rule_id=rule.id,
            client_id=mark.place.client_id,
            source_id=mark.place.source_id,
            external_id=finding.external_id,
            last_seen_at=mark.data_as_of,
            severity=rule.severity,
            current_value=finding.head.value,
            is_about_no_data=is_about_no_data,
        )
        self.open[key_of(alert)] = alert
        self.account[key_of(alert)] = mark.account_id

    def _see(self, alert: OpenAlert, value: str | None, rule: Rule, mark: Mark) -> None:
        self._change(
            alert, last_seen_at=mark.data_as_of, current_value=value, severity=rule.severity, good_readings=0
        )
        self.account[key_of(alert)] = mark.account_id

    def _change(self, alert: OpenAlert, **changes: Any) -> None:
        key = key_of(alert)
        if key in self.open:
            self.open[key] = replace(self.open[key], **changes)


def key_of(alert: OpenAlert) -> Key:
    return alert.rule_id, alert.external_id or "", alert.is_about_no_data
