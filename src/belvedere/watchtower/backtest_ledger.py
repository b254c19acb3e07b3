"""What a replay finds, as it finds it: episodes from their opening to their end, and counts."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from belvedere.watchtower.backtest_carry import key_of
from belvedere.watchtower.backtest_told import Teller
from belvedere.watchtower.compose import NO_DATA, ClientFacts, draft_alerts
from belvedere.watchtower.contracts import Closing, Condition, Finding, OpenAlert, Verdict
from belvedere.watchtower.history import Mark
from belvedere.watchtower.threshold import strict_number

LOW = frozenset({Condition.LESS_THAN, Condition.LESS_OR_EQUAL})
Standing = tuple[UUID, UUID, str, bool]
"""A rule, a source, an entity, and whether the alert is about a missing value."""
HIGH = frozenset({Condition.GREATER_THAN, Condition.GREATER_OR_EQUAL})


@dataclass
class Episode:
    """One alert that would have been: when it opened, what it said, how far the value went, when and why it ended."""

    rule_id: UUID
    client_id: int
    source_id: UUID
    external_id: str
    entity_name: str | None
    snapshot_id: UUID
    started_at: datetime
    title: str
    message: str
    severity: str
    condition: Condition
    first_value: str | None
    peak_value: str | None
    last_seen_at: datetime
    readings: int = 1
    ended_at: datetime | None = None
    ended_in: UUID | None = None
    reason: str | None = None

    def see(self, value: str | None, at: datetime) -> None:
        self.readings += 1
        self.last_seen_at = at
        self.peak_value = further(self.condition, self.peak_value, value)

    def document(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "source_id": str(self.source_id),
            "external_id": self.external_id or None,
            "entity_name": self.entity_name,
            "snapshot_id": str(self.snapshot_id),
            "started_at": self.started_at,
            "last_seen_at": self.last_seen_at,
            "ended_at": self.ended_at,
            "ended_because": self.reason,
            "readings": self.readings,
            "first_value": self.first_value,
            "peak_value": self.peak_value,
            "severity": self.severity,
            "title": self.title,
            "message": self.message,
        }


def further(condition: Condition, before: str | None, value: str | None) -> str | None:
    """The value that went further past the limit; where that means nothing, the first one stays."""
    if condition not in LOW | HIGH or value is None:
        return before
    old, new = strict_number(before or ""), strict_number(value)
    if new is None or old is None:
        return before if new is None else value
    return value if _is_further(condition, old, new) else before


def _is_further(condition: Condition, old: Decimal, new: Decimal) -> bool:
    return new < old if condition in LOW else new > old


@dataclass
class Ledger:
    """Counts and episodes of one replay over one client's readings."""

    client: ClientFacts
    base_url: str = ""
    teller: Teller | None = None
    episodes: list[Episode] = field(default_factory=list)
    open: dict[Standing, Episode] = field(default_factory=dict)
    readings: int = 0
    judged: int = 0
    entities: int = 0
    matched: int = 0
    no_data: int = 0
    errors: int = 0
    held_back: int = 0
    without_data: int = 0
    not_judged: Counter[str] = field(default_factory=Counter)
    held_because: Counter[str] = field(default_factory=Counter)

    def count(self, verdict: Verdict | None) -> None:
        """One reading, and what the rule said of it; None where it had nothing to say."""
        self.readings += 1
        if verdict is None:
            self.not_judged["The reading does not carry the field."] += 1
            return
        if verdict.why.get("state") != "judged":
            self.not_judged[str(verdict.why.get("why", "Held."))] += 1
            return
        self.judged += 1
        self.entities += verdict.entities
        self.matched += verdict.matched
        self.no_data += verdict.no_data
        self.errors += verdict.errors
        self.held_back += verdict.held_back
        self.held_because.update(verdict.why.get("held_back", {}))
        self.without_data += verdict.entities > 0 and verdict.no_data >= verdict.entities

    def move(self, verdict: Verdict, mark: Mark, *, counts: bool = True) -> None:
        """Episodes that end, go on or begin with this reading, in the order in which the tables move. Without `counts`
        somebody else says how long they went on.
        """
        for closing in verdict.closed:
            self.close(verdict, mark, closing)
        for alert, finding in verdict.seen_again if counts else ():
            self.see(verdict, mark, alert, finding)
        for batch in draft_alerts(verdict, mark.place, self.client, self.base_url, mark.data_as_of):
            columns = batch.columns
            for finding, title, message in zip(
                batch.findings, columns["title"], columns["message"], strict=True
            ):
                episode = self._begin(verdict, mark, finding, (title, message))
                key = self._key(verdict, mark, episode.external_id, batch.kind == NO_DATA)
                self.open[key] = episode

    def _key(self, verdict: Verdict, mark: Mark, external_id: str | None, is_silent: bool) -> Standing:  # noqa: FBT001
        return verdict.rule.id, mark.place.source_id, external_id or "", is_silent

    def _begin(self, verdict: Verdict, mark: Mark, finding: Finding, words: tuple[str, str]) -> Episode:
        value = finding.head.value
        episode = Episode(
            rule_id=verdict.rule.id,
            client_id=mark.place.client_id,
            source_id=mark.place.source_id,
            external_id=finding.external_id,
            entity_name=finding.entity_name,
            snapshot_id=mark.snapshot_id,
            started_at=mark.data_as_of,
            title=words[0],
            message=words[1],
            severity=verdict.rule.severity.value,
            condition=Condition(finding.head.condition),
            first_value=value,
            peak_value=value,
            last_seen_at=mark.data_as_of,
        )
        self.episodes.append(episode)
        if self.teller is not None:
            self.teller.begin(episode)
        return episode

    def see(self, verdict: Verdict, mark: Mark, alert: OpenAlert, finding: Finding) -> None:
        episode = self.open.get(self._key(verdict, mark, alert.external_id, key_of(alert)[2]))
        if episode is not None:
            episode.see(finding.head.value, mark.data_as_of)
            if self.teller is not None:
                self.teller.see(episode, mark.snapshot_id, mark.data_as_of, finding.head.value)

    def close(self, verdict: Verdict, mark: Mark, closing: Closing) -> None:
        alert = closing.alert
        episode = self.open.pop(self._key(verdict, mark, alert.external_id, key_of(alert)[2]), None)
        if episode is not None:
            episode.ended_at = mark.data_as_of
            episode.ended_in = mark.snapshot_id
            episode.reason = closing.reason.value
