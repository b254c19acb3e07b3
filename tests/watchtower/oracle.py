"""The slow, obvious judge: one rule, one row, plain Python. The engine must agree with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import Condition, DependencyCondition, LogicOperator, Rule

ERROR = "error"
Answer = bool | None | str


@dataclass
class Entity:
    """One record with its metrics; None is a delivered null."""

    external_id: str
    columns: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Decimal] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


COLUMNS = ("name", "email", "status", "category", "tags", "amount", "quantity", "record_date", "external_id")
NOWHERE = object()


def look(entity: Entity, name: str) -> Any:
    """The value a rule means, or NOWHERE."""
    if name.startswith("extra:$."):
        here: Any = entity.extra
        for step in name.removeprefix("extra:$.").split("."):
            if not isinstance(here, dict) or step not in here:
                return NOWHERE
            here = here[step]
        return here
    bare = name.removeprefix("col:").removeprefix("metric:")
    if not name.startswith("metric:") and bare in COLUMNS:
        value = entity.external_id if bare == "external_id" else entity.columns.get(bare)
        return NOWHERE if value is None else value
    if name.startswith("metric:") or bare in KNOWN_METRICS:
        return entity.metrics.get(bare, NOWHERE)
    return entity.extra.get(bare, NOWHERE)


KNOWN_METRICS = ("open_rate", "roas")


def number_of(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text.strip()) else None


def instant_of(text: str) -> datetime | None:
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def answer(rule: Rule, entity: Entity, before: Mapping[str, Entity] | None, now: Sequence[Entity]) -> Answer:
    value = look(entity, rule.field_name)
    value = None if value is NOWHERE else value
    limit = (rule.threshold_value or "").strip()
    if rule.condition is Condition.CHANGED:
        return changed(rule, entity, before, now, value, limit)
    if value is None:
        return None
    if rule.condition is Condition.EQUALS:
        return equal(value, limit)
    if rule.condition is Condition.CONTAINS:
        if isinstance(value, list):
            return any(equal(part, limit) is True for part in value)
        return limit.casefold() in value.casefold() if isinstance(value, str) else ERROR
    return ordered(rule.condition, value, limit)


def equal(value: Any, limit: str) -> Answer:
    if isinstance(value, dict):
        return ERROR
    if isinstance(value, bool):
        return limit.lower() == str(value).lower()
    if isinstance(value, datetime):
        return instant_of(limit) == value
    if is_number(value):
        number = number_of(limit)
        return number is not None and Decimal(value) == number
    if isinstance(value, list):
        return {text_of(part) for part in value} == {
            part.strip() for part in limit.split(",") if part.strip()
        }
    return value.strip() == limit


def text_of(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if is_number(value):
        text = f"{Decimal(value):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value).strip()


def ordered(condition: Condition, value: Any, limit: str) -> Answer:
    left: Any
    right: Any
    if isinstance(value, datetime):
        left, right = value, instant_of(limit)
    else:
        left = Decimal(value) if is_number(value) else number_of(value) if isinstance(value, str) else None
        right = number_of(limit)
    if left is None or right is None:
        return ERROR
    return bool(left > right) if condition is Condition.GREATER_THAN else bool(left < right)


def changed(
    rule: Rule,
    entity: Entity,
    before: Mapping[str, Entity] | None,
    now: Sequence[Entity],
    value: Any,
    limit: str,
) -> Answer:
    if before is None or entity.external_id not in before:
        return None
    if not any(look(other, rule.field_name) is not NOWHERE for other in now):
        return None
    if not any(look(other, rule.field_name) is not NOWHERE for other in before.values()):
        return None
    old = look(before[entity.external_id], rule.field_name)
    old = None if old is NOWHERE else old
    if same(old, value):
        return False
    return equal(value, limit) is True if limit and value is not None else not limit


def same(old: Any, new: Any) -> bool:
    if is_number(old) and is_number(new):
        return Decimal(old) == Decimal(new)
    if isinstance(old, list) and isinstance(new, list):
        return {key(part) for part in old} == {key(part) for part in new}
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same(old[name], new[name]) for name in old)
    return type(old) is type(new) and bool(old == new)


def key(value: Any) -> Any:
    return ("number", Decimal(value)) if is_number(value) else (type(value).__name__, value)


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
class OracleVerdict:
    matched: set[str]
    no_data: int
    errors: int
    opened: set[str] = field(default_factory=set)
    seen_again: set[str] = field(default_factory=set)
    closed: set[tuple[str, str]] = field(default_factory=set)
    held: int = 0


def judge(
    units: Sequence[Sequence[Rule]],
    now: Sequence[Entity],
    before: Sequence[Entity] | None,
    open_alerts: Mapping[UUID, Mapping[str, tuple[bool, int]]],
    *,
    is_full: bool,
) -> dict[UUID, OracleVerdict]:
    """Every unit over every entity; `open_alerts` hold (acknowledged, missing readings) by head rule and
    entity."""
    state = {head: dict(alerts) for head, alerts in open_alerts.items()}
    old = None if before is None else {entity.external_id: entity for entity in before}
    answers: dict[UUID, dict[str, Answer]] = {}
    unsure: dict[UUID, set[str]] = {}
    verdicts: dict[UUID, OracleVerdict] = {}
    waiting = list(units)
    while waiting:
        rows = next(
            unit for unit in waiting if unit[0].parent_rule_id not in [other[0].id for other in waiting]
        )
        waiting.remove(rows)
        head = rows[0]
        mine = {
            entity.external_id: kleene(rows, [answer(rule, entity, old, now) for rule in rows])
            for entity in now
        }
        answers[head.id] = mine
        verdict = OracleVerdict(
            matched={name for name, said in mine.items() if said is True},
            no_data=sum(said is None for said in mine.values()),
            errors=sum(said == ERROR for said in mine.values()),
        )
        verdicts[head.id] = verdict
        unsure[head.id] = set()
        settle(rows, mine, state.setdefault(head.id, {}), verdict, is_full=is_full)
        for name in sorted(verdict.matched - verdict.seen_again):
            word = parent_word(head, name, state, answers, unsure)
            if head.parent_rule_id is None or word == head.dependency_condition:
                verdict.opened.add(name)
                state[head.id][name] = (False, 0)
            else:
                verdict.held += 1
                if word is None:
                    unsure[head.id].add(name)
    return verdicts


def settle(
    rows: Sequence[Rule],
    mine: Mapping[str, Answer],
    alerts: dict[str, tuple[bool, int]],
    verdict: OracleVerdict,
    *,
    is_full: bool,
) -> None:
    is_event = any(rule.condition is Condition.CHANGED for rule in rows)
    for name, (acked, missing) in list(alerts.items()):
        if name not in mine:
            if is_full and missing + 1 >= 2:
                verdict.closed.add((name, "missing"))
                del alerts[name]
        elif is_event and acked:
            verdict.closed.add((name, "recovered"))
            del alerts[name]
        elif mine[name] is True:
            verdict.seen_again.add(name)
        elif mine[name] is False and is_full and not is_event:
            verdict.closed.add((name, "recovered"))
            del alerts[name]


def parent_word(
    head: Rule,
    name: str,
    state: Mapping[UUID, Mapping[str, tuple[bool, int]]],
    answers: Mapping[UUID, Mapping[str, Answer]],
    unsure: Mapping[UUID, set[str]],
) -> DependencyCondition | None:
    parent = head.parent_rule_id
    if parent is None:
        return None
    if name in state.get(parent, {}):
        acked = state[parent][name][0]
        return DependencyCondition.ACKNOWLEDGED if acked else DependencyCondition.TRIGGERED
    if parent not in answers or answers[parent][name] in (None, ERROR) or name in unsure[parent]:
        return None
    return DependencyCondition.NOT_TRIGGERED
