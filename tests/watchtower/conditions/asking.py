"""Asks one condition about one field of several records, in a line."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

from belvedere.watchtower import wording
from belvedere.watchtower.contracts import Condition, Finding, Place, Rule, WatchState
from belvedere.watchtower.groups import describe, form_units
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.judged import JudgedUnit

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SOURCE = UUID(int=900)
PLACE = Place(1, SOURCE, "omnisend", "campaigns")
ABSENT = object()
"""The record does not carry the field; None is a delivered null where the field can hold one."""
GONE = object()
"""The record itself is not in this reading."""


def record(number: int, field: str, value: Any) -> Entity:
    entity = Entity(f"e{number}", {"name": f"Record {number}"})
    if value is ABSENT:
        return entity
    if field.startswith("extra:$."):
        entity.extra[field.removeprefix("extra:$.")] = value
    elif field in {"open_rate", "spend"}:
        entity.metrics[field] = value
    else:
        entity.columns[field] = value
    return entity


def make_rule(condition: str, limit: str | None = None, field: str = "open_rate", **more: Any) -> Rule:
    return Rule(
        UUID(int=1), "Rule", field, Condition(condition), limit, client_id=1, source_id=SOURCE, **more
    )


def judge(
    rule: Rule | Sequence[Rule],
    now: Sequence[Entity],
    before: Sequence[Entity] | None = None,
    **state: Any,
) -> JudgedUnit:
    rules = [rule] if isinstance(rule, Rule) else list(rule)
    units = {"open_rate": "percent", "spend": "currency"}
    facts = WatchState(PLACE, metric_units=units, **state)
    frames = None if before is None else make_frames(before, start=100)
    (unit,) = form_units(rules)
    return Judge(make_frames(now), frames, facts, NOW).judge(unit)


def answers(
    condition: str,
    limit: str | None,
    values: Sequence[Any],
    before: Sequence[Any] | None = None,
    field: str = "open_rate",
    **more: Any,
) -> str:
    """One sign for each record: + holds, - does not, ? is unknown, ! makes no sense."""
    judged = judge(make_rule(condition, limit, field, **more), _records(field, values), _past(field, before))
    rows = [judged.truth_at([row]) for row in range(judged.size)]
    wrong = judged._wrong.to_list()
    return "".join(
        "+" if said else "-" if said is False else "!" if bad else "?"
        for said, bad in zip(rows, wrong, strict=True)
    )


def _records(field: str, values: Sequence[Any]) -> list[Entity]:
    return [record(number, field, value) for number, value in enumerate(values) if value is not GONE]


def _past(field: str, values: Sequence[Any] | None) -> list[Entity] | None:
    return None if values is None else _records(field, values)


def first_finding(
    condition: str, limit: str | None, now: Any, before: Any = GONE, field: str = "open_rate", **more: Any
) -> Finding:
    rule = make_rule(condition, limit, field, **more)
    judged = judge(rule, _records(field, [now]), _past(field, [before, 1]) if before is not GONE else [])
    return next(iter(judged.opens_all()))


def told(finding: Finding) -> tuple[str, str]:
    """Title and sentence, with plain blanks."""
    title = wording.title(finding, "EUR")
    sentence = wording.message(finding.conditions, "Rule", "Brandt", "EUR").partition(". Rule ")[0]
    return title.replace("\u00a0", " "), sentence.replace("\u00a0", " ")


def in_one_line(condition: str, limit: str | None, field: str = "open_rate", **more: Any) -> str:
    return describe(make_rule(condition, limit, field, **more))
