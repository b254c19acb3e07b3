"""What the watch keeps in tables between two readings, kept in memory: open alerts, breaches on their way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

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

Key = tuple[UUID, str | None]
"""A rule (by its head) and an entity; "" or None is the whole reading."""


@dataclass
class Carry:
    """The state of one track from reading to reading, moved by verdicts alone."""

    units: Mapping[str, str]
    labels: Mapping[str, str]
    open: dict[Key, OpenAlert] = field(default_factory=dict)
    account: dict[Key, UUID | None] = field(default_factory=dict)
    pending: dict[Key, PendingBreach] = field(default_factory=dict)
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
            metric_labels=self.labels,
            pending=[breach for key, breach in self.pending.items() if only is None or key[1] in only],
            data_as_of=mark.data_as_of,
        )  # fmt: skip

    def apply(self, verdict: Verdict, mark: Mark) -> list[tuple[OpenAlert, Finding]]:
        """Move the state as the tables would move; gives what opened."""
        now = mark.data_as_of
        rule_id = verdict.rule.id
        if verdict.why.get("state") == "judged":
            self.judged.add(rule_id)
        for closing in verdict.closed:
            key = (rule_id, closing.alert.external_id)
            self.open.pop(key, None)
            self.account.pop(key, None)
        for alert in verdict.returned:
            self._change(alert, missing_readings=0)
        for alert in verdict.missing:
            self._change(alert, missing_readings=alert.missing_readings + 1)
        for alert, finding in verdict.seen_again:
            self._see(alert, finding.head.value, verdict.rule, mark)
        return [(self._open(verdict.rule, finding, mark, now), finding) for finding in verdict.opened]

    def _open(self, rule: Rule, finding: Finding, mark: Mark, now: datetime) -> OpenAlert:
        self.count += 1
        alert = OpenAlert(
            id=UUID(int=self.count),
            rule_id=rule.id,
            client_id=mark.place.client_id,
            source_id=mark.place.source_id,
            external_id=finding.external_id,
            last_seen_at=now,
            severity=rule.severity,
            current_value=finding.head.value,
        )
        key = (rule.id, finding.external_id)
        self.open[key] = alert
        self.account[key] = mark.account_id
        return alert

    def _see(self, alert: OpenAlert, value: str | None, rule: Rule, mark: Mark) -> None:
        self._change(
            alert, last_seen_at=mark.data_as_of, current_value=value, severity=rule.severity, good_readings=0
        )
        self.account[alert.rule_id, alert.external_id] = mark.account_id

    def _change(self, alert: OpenAlert, **changes: object) -> None:
        key = (alert.rule_id, alert.external_id)
        if key in self.open:
            self.open[key] = replace(self.open[key], **changes)  # type: ignore[arg-type]


def own_alerts(carry: Carry, rule_ids: Sequence[UUID]) -> dict[Key, OpenAlert]:
    """The open alerts of these rules."""
    return {key: alert for key, alert in carry.open.items() if key[0] in rule_ids}
