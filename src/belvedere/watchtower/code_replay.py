"""The watch without a database: the same judge, with what it remembers between readings kept in hand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from belvedere.sources.contracts import Frames
from belvedere.watchtower.code_readings import made_up_id
from belvedere.watchtower.contracts import (
    Finding,
    OpenAlert,
    OtherReading,
    ParentFacts,
    PendingBreach,
    Place,
    Rule,
    Verdict,
    WatchState,
)
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import form_units

Entity = tuple[UUID, str]
"""A rule's head and the external id; the empty one stands for a whole reading."""


@dataclass(frozen=True, slots=True)
class PlayedReading:
    place: Place
    frames: Frames
    at: datetime
    is_full: bool = True
    data_as_of: datetime | None = None

    @property
    def moment(self) -> datetime:
        return self.data_as_of or self.at


@dataclass
class Moves:
    """What one step did. `resolved` and `held` say why."""

    opened: list[tuple[Entity, Finding]] = field(default_factory=list)
    resolved: list[tuple[Entity, str]] = field(default_factory=list)
    held: list[tuple[Entity, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Watch:
    """Rules with their open alerts and waiting breaches, moved on by one reading after the other."""

    rules: Sequence[Rule]
    metric_units: Mapping[str, str] = field(default_factory=dict)
    alerts: dict[UUID, OpenAlert] = field(default_factory=dict)
    pending: dict[tuple[int, UUID, str], PendingBreach] = field(default_factory=dict)
    waited: dict[tuple[int, UUID, str], datetime] = field(default_factory=dict)
    full: dict[tuple[int, UUID], Frames] = field(default_factory=dict)
    newest: dict[tuple[int, UUID], tuple[PlayedReading, Frames | None]] = field(default_factory=dict)
    judged: set[tuple[int, UUID]] = field(default_factory=set)
    opened: int = 0

    def read(self, reading: PlayedReading) -> Moves:
        """Judge one reading, then the children elsewhere of parents that moved."""
        place = (reading.place.client_id, reading.place.source_id)
        previous = self.full.get(place)
        moves = Moves()
        self._judge(reading, previous, moves)
        self.newest[place] = (reading, previous)
        if reading.is_full:
            self.full[place] = reading.frames
        moved = {key[0] for key, _ in moves.opened} | {key[0] for key, _ in moves.resolved}
        self._recheck(moved, moves, here=place)
        return moves

    def acknowledge(self, entities: Collection[Entity]) -> Moves:
        """Somebody takes note of open alerts; their children are looked at again."""
        moves = Moves()
        taken = {key: alert for key, alert in self.alerts.items() if entity_of(alert) in entities}
        for key, alert in taken.items():
            self.alerts[key] = replace(alert, is_acknowledged=True)
        self._recheck({alert.rule_id for alert in taken.values()}, moves, here=None)
        return moves

    def _recheck(self, parents: set[UUID], moves: Moves, here: tuple[int, UUID] | None) -> None:
        children = frozenset(
            unit.head.id
            for unit in form_units(self.rules)
            if unit.head.parent_rule_id in parents and not unit.is_event
        )
        for place, (reading, previous) in list(self.newest.items()) if children else []:
            if place != here:
                self._judge(reading, previous, moves, only=children)

    def _judge(
        self,
        reading: PlayedReading,
        previous: Frames | None,
        moves: Moves,
        only: frozenset[UUID] | None = None,
    ) -> None:
        place = reading.place
        rules = rules_for(self.rules, place.client_id)
        verdicts = evaluate(
            rules, reading.frames, previous, self._state(reading, rules), reading.at, only=only
        )
        for verdict in verdicts:
            if verdict.why.get("state") == "judged":
                self.judged.add((place.client_id, verdict.rule.id))
            if only is None:
                self._settle(verdict, reading, moves)
            self._open(verdict, reading, moves)
            self._explain(verdict, moves)

    def _state(self, reading: PlayedReading, rules: Iterable[Rule]) -> WatchState:
        place = reading.place
        others = [
            OtherReading(other.place, other.frames, before)
            for key, (other, before) in self.newest.items()
            if key[0] == place.client_id and key[1] != place.source_id
        ]
        return WatchState(
            place=place,
            is_full=reading.is_full,
            open_alerts=list(self.alerts.values()),
            parents={
                rule.id: ParentFacts(
                    rule.is_active,
                    judged_for_client=(place.client_id, rule.id) in self.judged,
                    judged_for_agency=(0, rule.id) in self.judged,
                )
                for rule in rules
            },
            metric_units=self.metric_units,
            pending=[
                replace(breach, readings=breach.readings - (self.waited[key] >= reading.moment))
                for key, breach in self.pending.items()
                if key[:2] == (place.client_id, place.source_id)
            ],
            data_as_of=reading.moment,
            other_readings=others,
        )

    def _settle(self, verdict: Verdict, reading: PlayedReading, moves: Moves) -> None:
        """Everything but openings."""
        place = reading.place
        for closing in verdict.closed:
            del self.alerts[closing.alert.id]
            moves.resolved.append((entity_of(closing.alert), closing.reason.value))
        for alert in verdict.missing:
            self._change(alert, missing_readings=alert.missing_readings, missing_as_of=alert.missing_as_of)
        for alert in verdict.returned:
            self._change(alert, missing_readings=0)
        for alert in verdict.recovering:
            self._change(alert, good_readings=alert.good_readings, good_as_of=alert.good_as_of)
        for alert in (*verdict.relapsed, *verdict.kept):
            self._change(alert, good_readings=0)
        for alert, finding in verdict.seen_again:
            self._change(alert, good_readings=0, current_value=finding.head.value)
        for breach in verdict.waiting:
            key = self._waiting_key(place, verdict.rule.id, breach.external_id)
            self.pending[key], self.waited[key] = breach, reading.moment
        for external_id in verdict.cleared:
            self.pending.pop(self._waiting_key(place, verdict.rule.id, external_id), None)

    @staticmethod
    def _waiting_key(place: Place, rule_id: UUID, external_id: str | None) -> tuple[int, UUID, str]:
        return place.client_id, place.source_id, f"{rule_id}/{external_id or ''}"

    def _change(self, alert: OpenAlert, **values: object) -> None:
        current = self.alerts.get(alert.id)
        if current is not None:
            self.alerts[alert.id] = replace(current, **values)  # type: ignore[arg-type]

    def _open(self, verdict: Verdict, reading: PlayedReading, moves: Moves) -> None:
        for finding in (*verdict.opened, *verdict.silent):
            self.opened += 1
            alert = OpenAlert(
                id=made_up_id("alert", self.opened),
                rule_id=verdict.rule.id,
                client_id=reading.place.client_id,
                source_id=reading.place.source_id,
                external_id=finding.external_id,
                last_seen_at=reading.at,
                severity=verdict.rule.severity,
                current_value=finding.head.value,
                is_about_no_data=finding in verdict.silent,
            )
            self.alerts[alert.id] = alert
            moves.opened.append((entity_of(alert), finding))

    @staticmethod
    def _explain(verdict: Verdict, moves: Moves) -> None:
        if verdict.why.get("state") == "held":
            moves.notes.append(f"{verdict.rule.name}: {verdict.why.get('why')}")
        reasons = "; ".join(verdict.why.get("held_back") or {})
        for external_id in verdict.why.get("held_entities") or ():
            moves.held.append(((verdict.rule.id, external_id), reasons))


def entity_of(alert: OpenAlert) -> Entity:
    return alert.rule_id, alert.external_id or ""


def rules_for(rules: Iterable[Rule], client_id: int) -> list[Rule]:
    """Rules that speak of a client: its own and those for every client which none of its own replaces. Children of a
    replaced rule follow the one that stands in for it.
    """
    listed = [rule for rule in rules if rule.client_id in (0, client_id)]
    stands_in = {
        rule.overrides_rule_id: rule
        for rule in reversed(listed)
        if rule.client_id == client_id and rule.overrides_rule_id is not None and rule.is_active
    }
    replaced = {row.id for unit in form_units(listed) if unit.head.id in stands_in for row in unit.rows}
    return [_with_parent(rule, stands_in) for rule in listed if rule.id not in replaced]


def _with_parent(rule: Rule, stands_in: Mapping[UUID, Rule]) -> Rule:
    parent = stands_in.get(rule.parent_rule_id) if rule.parent_rule_id else None
    if parent is None or parent.id == rule.id:
        return rule
    return replace(rule, parent_rule_id=parent.id, parent_client_id=parent.client_id)
