"""What the slow judge says of one rule and one row, in plain Python."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from belvedere.watchtower.contracts import Aggregate, Condition, Rule

ERROR = "error"
Answer = bool | None | str
WHOLE = ""


@dataclass
class Entity:
    """One record with its metrics; None is a delivered null."""

    external_id: str
    columns: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Decimal] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Scene:
    """A reading with the one before; `others` by source: their readings."""

    now: Sequence[Entity]
    before: Sequence[Entity] | None
    clock: datetime
    is_full: bool = True
    others: Mapping[UUID, "Scene"] = field(default_factory=dict)

    @property
    def old(self) -> dict[str, Entity] | None:
        """The last row of each entity before."""
        return None if self.before is None else {entity.external_id: entity for entity in self.before}

    @property
    def gone(self) -> list[Entity]:
        here = {entity.external_id for entity in self.now}
        return [entity for name, entity in (self.old or {}).items() if name not in here and self.is_full]


COLUMNS = ("name", "email", "status", "category", "tags", "amount", "quantity", "record_date", "external_id")
KNOWN_METRICS = ("open_rate", "roas")
NOWHERE = object()
FOR_MISSING = {Condition.IS_NULL, Condition.IS_NOT_NULL, Condition.NO_DATA}
BESIDE = {
    Condition.CHANGED,
    Condition.CHANGED_FROM_TO,
    Condition.PERCENT_CHANGE,
    Condition.ADDED,
    Condition.REMOVED,
}


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


def value_of(entity: Entity, name: str) -> Any:
    found = look(entity, name)
    return None if found is NOWHERE else found


def carries(entities: Sequence[Entity], name: str) -> bool:
    return any(look(entity, name) is not NOWHERE for entity in entities)


def number_of(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text.strip()) else None


def instant_of(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d", text.strip()):
        return None
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal | Fraction) and not isinstance(value, bool)


def as_number(value: Any) -> Fraction | None:
    """Numbers, and numeric text."""
    if is_number(value):
        return Fraction(value)
    number = number_of(value) if isinstance(value, str) else None
    return None if number is None else Fraction(number)


def answer(rule: Rule, entity: Entity, scene: Scene, limit: str | None, *, is_gone: bool = False) -> Answer:
    """What a condition says of one record, before any guard."""
    value = value_of(entity, rule.field_name)
    limit = (limit or "").strip()
    if rule.condition is Condition.NO_DATA:
        return value is None
    if rule.condition in {Condition.IS_NULL, Condition.IS_NOT_NULL}:
        if not carries(scene.now, rule.field_name):
            return None
        return (value is None) == (rule.condition is Condition.IS_NULL)
    if rule.condition in BESIDE:
        return beside(rule, entity, scene, value, limit, is_gone=is_gone)
    return None if value is None else alone(rule.condition, value, limit, scene.clock)


def alone(condition: Condition, value: Any, limit: str, clock: datetime) -> Answer:
    """Conditions on a value that is there."""
    match condition:
        case Condition.EQUALS:
            return equal(value, limit)
        case Condition.NOT_EQUALS:
            said = equal(value, limit)
            return said if said == ERROR else not said
        case Condition.IN:
            found = [equal(value, part) for part in parts_of(limit)]
            return ERROR if ERROR in found else True in found
        case Condition.CONTAINS:
            if isinstance(value, list):
                return any(equal(part, limit) is True for part in value)
            return limit.casefold() in value.casefold() if isinstance(value, str) else ERROR
        case Condition.BETWEEN:
            low, high = re.split(r" and |\.\.", limit)
            ends = [compare(value, low, lambda a, b: a >= b), compare(value, high, lambda a, b: a <= b)]
            return ERROR if ERROR in ends else all(ends)
        case Condition.STALE:
            when = value if isinstance(value, datetime) else None
            when = instant_of(value) if isinstance(value, str) else when
            return ERROR if when is None else when < clock - age_of(limit)
    tests: dict[Condition, Callable[[Any, Any], bool]] = {
        Condition.GREATER_THAN: lambda a, b: a > b,
        Condition.GREATER_OR_EQUAL: lambda a, b: a >= b,
        Condition.LESS_THAN: lambda a, b: a < b,
        Condition.LESS_OR_EQUAL: lambda a, b: a <= b,
    }
    return compare(value, limit, tests[condition])


def parts_of(limit: str) -> list[str]:
    if limit.startswith("["):
        return [str(part) for part in json.loads(limit)]
    return [part.strip() for part in limit.split(",") if part.strip()]


def age_of(limit: str) -> timedelta:
    number, unit = limit.split()
    return {"days": timedelta(days=1), "h": timedelta(hours=1), "min": timedelta(minutes=1)}[unit] * float(
        number
    )


def compare(value: Any, limit: str, test: Callable[[Any, Any], bool]) -> Answer:
    if isinstance(value, datetime):
        when = instant_of(limit)
        return ERROR if when is None else test(value, when)
    left, right = as_number(value), number_of(limit)
    return ERROR if left is None or right is None else test(left, Fraction(right))


def equal(value: Any, limit: str) -> Answer:
    if isinstance(value, dict):
        return ERROR
    if isinstance(value, bool):
        return limit.lower() == str(value).lower()
    if isinstance(value, datetime):
        return instant_of(limit) == value
    if is_number(value):
        number = number_of(limit)
        return number is not None and Fraction(value) == Fraction(number)
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


def beside(rule: Rule, entity: Entity, scene: Scene, value: Any, limit: str, *, is_gone: bool) -> Answer:
    """Conditions that look at the reading before."""
    old = scene.old
    if old is None:
        return None
    if rule.condition is Condition.ADDED:
        return entity.external_id not in old
    if rule.condition is Condition.REMOVED:
        return is_gone if scene.is_full else None
    if is_gone or entity.external_id not in old:
        return None
    was = value_of(old[entity.external_id], rule.field_name)
    if rule.condition is Condition.PERCENT_CHANGE:
        return shifted(value, was, limit, from_zero=rule.fires_from_zero)
    if not carries(scene.now, rule.field_name) or not carries(list(scene.before or ()), rule.field_name):
        return None
    if same(was, value):
        return False
    start, end = "*", limit or "*"
    if rule.condition is Condition.CHANGED_FROM_TO:
        start, end = re.split(r"\s*->\s*", limit)
    return all(
        wanted == "*" or (met is not None and equal(met, wanted) is True)
        for met, wanted in ((was, start), (value, end))
    )


def shifted(value: Any, was: Any, limit: str, *, from_zero: bool) -> Answer:
    for met in (value, was):
        if met is not None and as_number(met) is None:
            return ERROR
    now, before = as_number(value), as_number(was)
    if now is None or before is None:
        return None
    step = Fraction(Decimal(limit.lstrip("±+-")))
    either, falls = limit.startswith("±"), limit.startswith("-")
    if before == 0:
        if not from_zero:
            return None
        return (now > 0 and (either or not falls)) or (now < 0 and (either or falls))
    change = (now - before) / abs(before) * 100
    return (change >= step and (either or not falls)) or (change <= -step and (either or falls))


def same(old: Any, new: Any) -> bool:
    if is_number(old) and is_number(new):
        return Decimal(old) == Decimal(new)
    if (is_number(old) and isinstance(new, str)) or (is_number(new) and isinstance(old, str)):
        return as_number(old) == as_number(new)
    if isinstance(old, list) and isinstance(new, list):
        return {key(part) for part in old} == {key(part) for part in new}
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(same(old[name], new[name]) for name in old)
    return type(old) is type(new) and bool(old == new)


def key(value: Any) -> Any:
    return ("number", Decimal(value)) if is_number(value) else (type(value).__name__, value)


def passes(rule: Rule, entity: Entity, clock: datetime) -> bool:
    """Whether the guards let a record be judged."""
    if rule.min_volume_field is not None and rule.min_volume is not None:
        volume = as_number(value_of(entity, rule.min_volume_field))
        if volume is None or volume < Fraction(rule.min_volume):
            return False
    date = entity.columns.get("record_date")
    return (
        not rule.data_lag_minutes or date is None or date <= clock - timedelta(minutes=rule.data_lag_minutes)
    )


@dataclass
class Said:
    """An answer with why it may be unknown."""

    answer: Answer
    left_out: bool = False
    missing: bool = False


def say(rule: Rule, entity: Entity, scene: Scene, limit: str | None, *, is_gone: bool) -> Said:
    missing = value_of(entity, rule.field_name) is None and rule.condition not in FOR_MISSING
    if not passes(rule, entity, scene.clock):
        return Said(None, left_out=True, missing=missing)
    return Said(answer(rule, entity, scene, limit, is_gone=is_gone), missing=missing)


def say_whole(rule: Rule, scene: Scene, limit: str | None) -> Said:
    """One answer for a reading: an aggregate, or any record where a group looks at another source."""
    if rule.aggregate in {None, Aggregate.ANY, Aggregate.ALL}:
        return say_of_records(rule, scene, limit)
    if not scene.is_full:
        return Said(None)
    number = figure(rule, scene.now, scene.clock)
    if rule.condition is Condition.PERCENT_CHANGE:
        old = None if scene.before is None else figure(rule, scene.before, scene.clock)
        if ERROR in (number, old):
            said: Answer = ERROR
        elif scene.before is None:
            said = None
        else:
            said = shifted(number, old, (limit or "").strip(), from_zero=rule.fires_from_zero)
    elif rule.condition is Condition.NO_DATA:
        said = number is None or number == ERROR
    else:
        said = number if number in (None, ERROR) else alone(rule.condition, number, limit or "", scene.clock)
    return Said(said, missing=number is None)


def say_of_records(rule: Rule, scene: Scene, limit: str | None) -> Said:
    if rule.aggregate is not None and not scene.is_full:
        return Said(None)
    asks_gone = rule.condition is Condition.REMOVED
    rows = [(entity, False) for entity in scene.now]
    rows += [(entity, True) for entity in scene.gone] if asks_gone else []
    found = [say(rule, entity, scene, limit, is_gone=is_gone) for entity, is_gone in rows]
    known = [said.answer for said in found if said.answer in (True, False)]
    if known:
        return Said(all(known) if rule.aggregate is Aggregate.ALL else any(known))
    if any(said.answer == ERROR for said in found):
        return Said(ERROR)
    return Said(None, missing=all(said.missing for said in found))


def figure(rule: Rule, entities: Sequence[Entity], clock: datetime) -> Any:
    """The figure an aggregate makes: None for no data, ERROR where the values are no numbers."""
    judged = [entity for entity in entities if passes(rule, entity, clock)]
    values = [
        value for value in (value_of(entity, rule.field_name) for entity in judged) if value is not None
    ]
    if not values:
        return None
    if rule.aggregate is Aggregate.COUNT:
        return Fraction(len(values))
    if rule.aggregate is Aggregate.SHARE:
        return Fraction(100 * len(values), len(judged))
    pick = {Aggregate.MIN: min, Aggregate.MAX: max}.get(rule.aggregate or Aggregate.SUM)
    if all(isinstance(value, datetime) for value in values):
        return pick(values) if pick else ERROR
    numbers = [number for number in map(as_number, values) if number is not None]
    if not numbers:
        return ERROR
    if pick:
        return pick(numbers)
    return sum(numbers) / len(numbers) if rule.aggregate is Aggregate.AVG else sum(numbers)
