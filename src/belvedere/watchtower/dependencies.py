"""Whether a parent rule lets its child open an alert.

The three words split the state of a parent for one scope: triggered (an open alert nobody has acknowledged),
acknowledged (open alerts, all acknowledged), not_triggered (none open, and the parent is active and was
judged). Everything else is unknown and holds the child.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from belvedere.watchtower.contracts import (
    DEPTH_LIMIT,
    DependencyCondition,
    OpenAlert,
    ParentFacts,
    PendingBreach,
    Rule,
    WatchState,
)
from belvedere.watchtower.groups import Unit

Entity = tuple[int, UUID | None, str | None]


@dataclass(frozen=True, slots=True)
class ParentAnswer:
    """The state of a parent for one entity; `word` is None where it is unknown, `why` says so in words.

    `is_awaited`: a reading of the parent is due this very minute, and its word is waited for.
    """

    word: DependencyCondition | None
    why: str
    is_awaited: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What this reading said of one rule: entities it is sure of not matching or matching, the rest is
    unknown.
    """

    known: frozenset[str]


class ParentStates:
    """Open alerts by rule as they stand while a reading is judged, parents before children."""

    def __init__(self, state: WatchState) -> None:
        self._client_id = state.place.client_id
        self._source_id = state.place.source_id
        self._facts: Mapping[UUID, ParentFacts] = state.parents
        self._judged: dict[UUID, Judged] = {}
        self._open: dict[UUID, dict[Entity, bool]] = {}
        self._pending: dict[UUID, dict[str, PendingBreach]] = {}
        for alert in state.open_alerts:
            if not alert.is_about_no_data:
                self.open(alert.rule_id, entity_of(alert), acknowledged=alert.is_acknowledged)
        for breach in state.pending:
            self._pending.setdefault(breach.rule_id, {})[breach.external_id or ""] = breach

    def open(self, rule_id: UUID, entity: Entity, *, acknowledged: bool = False) -> None:
        self._open.setdefault(rule_id, {})[_named(entity)] = acknowledged

    def close(self, rule_id: UUID, entity: Entity) -> None:
        self._open.get(rule_id, {}).pop(_named(entity), None)

    def pending_of(self, rule_id: UUID) -> Mapping[str, PendingBreach]:
        """Breaches of a rule that wait, by entity."""
        return self._pending.get(rule_id, {})

    def judged(self, rule_id: UUID, known: Iterable[str]) -> None:
        """Say for which entities this reading gave `rule_id` an answer."""
        self._judged[rule_id] = Judged(frozenset(known))

    def look(self, child: Rule, external_id: str) -> ParentAnswer:
        """The state of the child's parent: for the entity where this reading judged both, else for the client,
        else for the agency.
        """
        parent_id = child.parent_rule_id
        if parent_id is None:
            raise ValueError("the rule has no parent")
        judged = self._judged.get(parent_id)
        # A parent that judges the whole reading as one speaks for each of its entities; so does its open alert.
        is_whole = judged is not None and (
            "" in judged.known or (self._client_id, self._source_id, "") in self._open.get(parent_id, {})
        )
        if judged is None or not (external_id or is_whole):
            return self._of_client(parent_id)
        return self._of_entity(parent_id, "" if is_whole else external_id)

    def _of_entity(self, parent_id: UUID, external_id: str) -> ParentAnswer:
        acknowledged = self._open.get(parent_id, {}).get((self._client_id, self._source_id, external_id))
        if acknowledged is not None:
            return _open_answer([acknowledged])
        if external_id not in self._judged[parent_id].known:
            return ParentAnswer(None, "The parent rule has no answer for this entity.")
        return ParentAnswer(
            DependencyCondition.NOT_TRIGGERED, "The parent rule has no open alert for this entity."
        )

    def _of_client(self, parent_id: UUID) -> ParentAnswer:
        """An open alert speaks even where the parent is unknown; without one, it must be on, fresh and judged."""
        alerts = self._open.get(parent_id, {})
        facts = self._facts.get(parent_id, ParentFacts(is_active=False))
        if facts.is_due and facts.is_active:
            return ParentAnswer(
                None, "A reading of the parent rule is due and is waited for.", is_awaited=True
            )
        for client_id, was_judged in (
            (self._client_id, facts.judged_for_client),
            (0, facts.judged_for_agency),
        ):
            found = [acked for (client, _, _), acked in alerts.items() if client == client_id]
            if found:
                return _open_answer(found)
            if was_judged and facts.is_active and not facts.is_stale:
                return ParentAnswer(DependencyCondition.NOT_TRIGGERED, "The parent rule has no open alert.")
        return ParentAnswer(None, _why_unknown(facts))


def _why_unknown(facts: ParentFacts) -> str:
    if not facts.is_active:
        return "The parent rule is off."
    if facts.is_stale and (facts.judged_for_client or facts.judged_for_agency):
        return "The data of the parent rule is out of date."
    return "The parent rule was never judged here."


def _named(entity: Entity) -> Entity:
    return (entity[0], entity[1], entity[2] or "")


def _open_answer(acknowledged: list[bool]) -> ParentAnswer:
    if all(acknowledged):
        return ParentAnswer(DependencyCondition.ACKNOWLEDGED, "The alert of the parent rule is acknowledged.")
    return ParentAnswer(DependencyCondition.TRIGGERED, "The parent rule has an open alert.")


def entity_of(alert: OpenAlert) -> Entity:
    return (alert.client_id, alert.source_id, alert.external_id)


def parents_first(units: Iterable[Unit]) -> list[Unit]:
    """Units in an order in which each parent stands before its children; members of a cycle come last."""
    by_head = {unit.head.id: unit for unit in units}
    ordered: dict[UUID, Unit] = {}
    waiting = dict(by_head)
    while waiting:
        ready = [unit for unit in waiting.values() if unit.head.parent_rule_id not in waiting]
        if not ready:
            ordered.update(waiting)
            break
        for unit in ready:
            ordered[unit.head.id] = waiting.pop(unit.head.id)
    return list(ordered.values())


def chain_problem(
    rule_id: UUID, parent_id: UUID, parent_of: Mapping[UUID, UUID | None], *, below: int = 0
) -> str | None:
    """Why `parent_id` cannot be the parent of `rule_id`: a cycle, or a chain that grows too long.

    `below` counts the levels of children that hang under the rule already.
    """
    length = 1 + below
    seen: set[UUID] = set()
    here: UUID | None = parent_id
    while here is not None:
        if here == rule_id or here in seen:
            return (
                "This parent would close a circle of rules that wait for each other. Choose another parent."
            )
        seen.add(here)
        length += 1
        here = parent_of.get(here)
    if length > DEPTH_LIMIT:
        return (
            f"The chain of parents would be {length} rules long; {DEPTH_LIMIT} is the most."
            " Choose a nearer parent."
        )
    return None


STAND_IN_CIRCLE = (
    "This parent waits for a rule that another one stands in for at a client, and there that closes a circle of rules"
    " that wait for each other. Choose another parent."
)


def closes_circle(
    rule_id: UUID, parent_of: Mapping[UUID, UUID | None], stand_ins: Mapping[UUID, UUID]
) -> bool:
    """Whether a rule's parents lead back to it at a client where others stand in for some of them."""
    seen: set[UUID] = set()
    here: UUID | None = rule_id
    while here is not None and here not in seen:
        seen.add(here)
        parent = parent_of.get(here)
        here = parent and stand_ins.get(parent, parent)
        if here == rule_id:
            return True
    return False
