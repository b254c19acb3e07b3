"""The slow, obvious judge: units over entities, parents first, plain Python. The engine must agree with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from tests.watchtower.oracle_answers import (
    ERROR,
    KNOWN_METRICS,
    WHOLE,
    Answer,
    Entity,
    Said,
    Scene,
    say,
    say_whole,
)

from belvedere.watchtower.contracts import Condition, DependencyCondition, LogicOperator, Rule

__all__ = [
    "ERROR",
    "KNOWN_METRICS",
    "WHOLE",
    "Entity",
    "OracleVerdict",
    "Scene",
    "judge",
    "one_of",
    "rows_of_unit",
]


def kleene(rows: Sequence[Rule], answers: Sequence[Answer]) -> Answer:
    """AND over OR by the truth tables; an error counts as unknown, but is told."""
    plain = [None if part == ERROR else part for part in answers]
    terms: list[list[Answer]] = []
    for number, (rule, part) in enumerate(zip(rows, plain, strict=True)):
        if number and rule.logic_operator is LogicOperator.AND:
            terms[-1].append(part)
        else:
            terms.append([part])
    ands = [False if False in term else None if None in term else True for term in terms]
    result = True if True in ands else None if None in ands else False
    return ERROR if result is None and ERROR in answers else result


@dataclass
class Row:
    """One row of a unit over one record."""

    external_id: str
    truth: Answer
    no_data: bool
    still_breached: Answer


def rows_of_unit(rows: Sequence[Rule], scene: Scene, source: UUID) -> list[Row]:
    """A unit over every record, or over the reading as a whole where no row of it looks at records."""

    def is_here(rule: Rule) -> bool:
        return rule.source_id in (None, source)

    def broad(rule: Rule, limit: str | None) -> Said:
        place = scene if is_here(rule) else scene.others[rule.source_id]  # type: ignore[index]
        return say_whole(rule, place, limit)

    asks_gone = any(rule.condition is Condition.REMOVED for rule in rows)
    places = [(entity, False) for entity in scene.now]
    places += [(entity, True) for entity in scene.gone] if asks_gone else []
    if not any(is_here(rule) and rule.aggregate is None for rule in rows):
        places = [(Entity(WHOLE), False)]
    found = []
    for entity, is_gone in places:

        def said_by(rule: Rule, limit: str | None, entity=entity, is_gone=is_gone) -> Said:
            if is_here(rule) and rule.aggregate is None:
                return say(rule, entity, scene, limit, is_gone=is_gone)
            return broad(rule, limit)

        said = [said_by(rule, rule.threshold_value) for rule in rows]
        wider = [said_by(rule, rule.recovery_threshold or rule.threshold_value) for rule in rows]
        truth = kleene(rows, [part.answer for part in said])
        is_quiet = truth is None and not any(part.left_out for part in said)
        found.append(
            Row(
                entity.external_id,
                truth,
                no_data=is_quiet and any(part.missing for part in said),
                still_breached=kleene(rows, [part.answer for part in wider]),
            )
        )
    return found


def one_of(answers: Sequence[Answer]) -> bool | None:
    """Any row of an entity speaks for it; unknown outweighs no."""
    return True if True in answers else None if any(part in (None, ERROR) for part in answers) else False


@dataclass
class OracleVerdict:
    matched: int
    no_data: int
    errors: int
    opened: set[str] = field(default_factory=set)
    seen_again: set[str] = field(default_factory=set)
    closed: set[tuple[str, str]] = field(default_factory=set)
    held: int = 0


def judge(
    units: Sequence[Sequence[Rule]],
    scene: Scene,
    source: UUID,
    open_alerts: Mapping[UUID, Mapping[str, tuple[bool, int]]],
) -> dict[UUID, OracleVerdict]:
    """Every unit over every entity; `open_alerts` hold (acknowledged, missing readings) by head rule and
    entity."""
    state = {head: dict(alerts) for head, alerts in open_alerts.items()}
    answers: dict[UUID, dict[str, bool | None]] = {}
    unsure: dict[UUID, set[str]] = {}
    verdicts: dict[UUID, OracleVerdict] = {}
    waiting = list(units)
    while waiting:
        rows = next(
            unit for unit in waiting if unit[0].parent_rule_id not in [other[0].id for other in waiting]
        )
        waiting.remove(rows)
        head = rows[0]
        found = rows_of_unit(rows, scene, source)
        mine = {
            name: one_of([row.truth for row in found if row.external_id == name])
            for name in dict.fromkeys(row.external_id for row in found)
        }
        recovered = {
            name: one_of([row.still_breached for row in found if row.external_id == name]) is False
            for name in mine
        }
        answers[head.id] = mine
        # Any known row of an entity is an answer for its children.
        known = {row.external_id for row in found if row.truth in (True, False)}
        verdict = OracleVerdict(
            matched=sum(row.truth is True for row in found),
            no_data=sum(row.truth is None for row in found),
            errors=sum(row.truth == ERROR for row in found),
        )
        verdicts[head.id] = verdict
        unsure[head.id] = {name for name in mine if name not in known}
        settle(rows, mine, recovered, state.setdefault(head.id, {}), verdict, is_full=scene.is_full)
        for name in sorted({name for name, said in mine.items() if said} - verdict.seen_again):
            word = parent_word(head, name, state, answers, unsure)
            if head.parent_rule_id is None or word == head.dependency_condition:
                verdict.opened.add(name)
                state[head.id][name] = (False, 0)
            else:
                verdict.held += 1
                if word is None:
                    unsure[head.id].add(name)
    return verdicts


EVENTS = {
    Condition.CHANGED,
    Condition.CHANGED_FROM_TO,
    Condition.PERCENT_CHANGE,
    Condition.ADDED,
    Condition.REMOVED,
}


def settle(
    rows: Sequence[Rule],
    mine: Mapping[str, bool | None],
    recovered: Mapping[str, bool],
    alerts: dict[str, tuple[bool, int]],
    verdict: OracleVerdict,
    *,
    is_full: bool,
) -> None:
    """A change ends when somebody has taken note; everything else by its own condition."""
    is_event = any(rule.condition in EVENTS for rule in rows)
    for name, (acked, missing) in list(alerts.items()):
        if is_event:
            if acked:
                verdict.closed.add((name, "recovered"))
                del alerts[name]
            elif mine.get(name) is True:
                verdict.seen_again.add(name)
        elif name not in mine:
            if is_full and missing + 1 >= 2:
                verdict.closed.add((name, "missing"))
                del alerts[name]
        elif mine[name] is True:
            verdict.seen_again.add(name)
        elif mine[name] is False and recovered[name] and is_full:
            verdict.closed.add((name, "recovered"))
            del alerts[name]


def parent_word(
    head: Rule,
    name: str,
    state: Mapping[UUID, Mapping[str, tuple[bool, int]]],
    answers: Mapping[UUID, Mapping[str, bool | None]],
    unsure: Mapping[UUID, set[str]],
) -> DependencyCondition | None:
    """A parent that speaks of the whole reading speaks for each thing in it; one that does not speaks of a whole
    only through its open alerts.
    """
    parent = head.parent_rule_id
    if parent is None:
        return None
    alerts = state.get(parent, {})
    is_whole = "" in answers.get(parent, {}) or "" in alerts
    if not name and not is_whole and alerts:
        return open_word([acked for acked, _ in alerts.values()])
    asked = "" if is_whole else name
    if asked in alerts:
        return open_word([alerts[asked][0]])
    if parent not in answers or asked not in answers[parent] or asked in unsure[parent]:
        return None
    return DependencyCondition.NOT_TRIGGERED


def open_word(acknowledged: list[bool]) -> DependencyCondition:
    return DependencyCondition.ACKNOWLEDGED if all(acknowledged) else DependencyCondition.TRIGGERED
