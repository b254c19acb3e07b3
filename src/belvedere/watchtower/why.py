"""Why a rule fired on a thing in a reading, or why not: the engine asked again on the stored frames, beside what was
stored when the reading was judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.core.schema import AGENCY
from belvedere.core.text import cut
from belvedere.sources.contracts import Completeness, StoredSnapshot
from belvedere.sources.service import field_labels, load_stored_snapshot
from belvedere.watchtower import repository
from belvedere.watchtower.backtest_drafts import near_names, stored_rows
from belvedere.watchtower.compose import ClientFacts
from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Place, Rule, WatchState
from belvedere.watchtower.dependencies import ParentStates
from belvedere.watchtower.groups import Unit, applies, expression, fits, form_units
from belvedere.watchtower.history_truth import looks_around
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.judging import client_facts
from belvedere.watchtower.neighbours import load_other_readings
from belvedere.watchtower.statements import statement
from belvedere.watchtower.why_words import Entity, conclude, condition_document, filled_in

MOST_SOURCES = 40
NO_SUCH = "No judged reading of this client is watched by this rule."


@dataclass(frozen=True, slots=True)
class WhyAsk:
    """Of which thing, at which client, in which reading; `snapshot_id` None is the newest that was judged."""

    external_id: str | None
    client_id: int | None = None
    snapshot_id: UUID | None = None


async def explain_rule(session: ReadSession, rule_id: UUID, asked: WhyAsk, now: datetime) -> dict[str, Any]:
    """The whole answer as a document. Raises NotFound where rule or reading are out of reach."""
    unit = Unit(tuple(await stored_rows(session, rule_id)))
    client_id = _client_of(unit.head, asked)
    stored = await _reading(session, unit, client_id, asked)
    external_id = find_thing(stored, asked.external_id)
    facts = await _facts(session, unit, stored, external_id, now)
    client = await client_facts(session, client_id)
    state = await _state(session, unit, stored, facts, now)
    entity = await _judge(session, unit, stored, state, external_id, now)
    return {**_document(unit, stored, entity, facts, client), "external_id": external_id}


def _client_of(head: Rule, asked: WhyAsk) -> int:
    if head.client_id != AGENCY:
        if asked.client_id not in (None, head.client_id):
            raise NotFound("This rule watches another client.")
        return head.client_id
    if asked.client_id is None:
        detail = "The rule watches every client. Name the one you ask about."
        raise Invalid(detail, errors=[FieldProblem("/client_id", "required", detail)], code="why_required")
    return asked.client_id


async def _reading(session: ReadSession, unit: Unit, client_id: int, asked: WhyAsk) -> StoredSnapshot:
    """The reading asked about; without one the newest that the rule watches, if it can be one that holds the thing."""
    if asked.snapshot_id is not None:
        stored = await load_stored_snapshot(session, client_id, asked.snapshot_id)
        if stored is None:
            raise NotFound("There is no completed reading of this id at this client.")
        return stored
    values = {"client_id": client_id, "source_ids": sorted(unit.sources) or None, "most": MOST_SOURCES}
    first: StoredSnapshot | None = None
    for snapshot_id in (await session.execute(statement("why_readings"), values)).scalars():
        stored = await load_stored_snapshot(session, client_id, snapshot_id)
        if stored is None or not applies(unit, place_of(stored)):
            continue
        if asked.external_id is None or _keys_of(stored, asked.external_id):
            return stored
        first = first or stored
    if first is None:
        raise NotFound(NO_SUCH)
    return first


def find_thing(stored: StoredSnapshot, asked: str | None) -> str | None:
    """The external id of what was asked about: it may be given by a name that one record alone has."""
    keys = [] if asked is None else _keys_of(stored, asked)
    return keys[0] if len(keys) == 1 else asked


def _keys_of(stored: StoredSnapshot, asked: str) -> list[str]:
    """External ids of the records of this id, or else of this name, whatever its case."""
    records = stored.frames.records
    if asked in records["external_id"]:
        return [asked]
    name = asked.strip().casefold()
    pairs = records.select("external_id", "name").iter_rows()
    return list(dict.fromkeys(key for key, text in pairs if text and text.strip().casefold() == name))


def place_of(stored: StoredSnapshot) -> Place:
    return Place(stored.client_id, stored.source_id, stored.provider, stored.endpoint)


async def _facts(
    session: ReadSession, unit: Unit, stored: StoredSnapshot, external_id: str | None, now: datetime
) -> dict[str, Any]:
    head = unit.head
    has_place = head.source_id is not None or head.target_table is not None
    values = {
        "is_beside": has_place and looks_around(unit),
        "client_id": stored.client_id,
        "snapshot_id": stored.snapshot_id,
        "rule_id": head.id,
        "external_id": external_id,
        "severity": head.severity,
        "now": now,
    }
    return dict((await session.execute(statement("why_facts"), values)).mappings().one())


async def _state(
    session: ReadSession, unit: Unit, stored: StoredSnapshot, facts: dict[str, Any], now: datetime
) -> WatchState:
    """What is known around the reading; other sources as they stood when it was judged."""
    head = unit.head
    units, labels = await repository.load_metric_words(session)
    parents = {head.parent_rule_id} if head.parent_rule_id is not None else set()
    watched = ",".join(map(str, [head.id, *parents]))
    return WatchState(
        place=place_of(stored),
        is_full=stored.completeness is Completeness.FULL,
        open_alerts=await repository.load_open_alerts(
            session, stored.client_id, stored.snapshot_id, watched, now
        ),
        parents=await repository.load_parent_facts(session, stored.client_id, stored.source_id, parents, now),
        metric_units={**units, **stored.metric_units},
        metric_labels=field_labels(stored.provider, stored.endpoint, labels),
        data_as_of=stored.data_as_of,
        other_readings=await load_other_readings(
            session, stored, (replace(row, is_active=True) for row in unit.rows), now, then=_judged_at(facts)
        ),
    )


def _judged_at(facts: dict[str, Any]) -> datetime | None:
    """When the rule was asked of the reading; an edited one, or a group beside another source, again later."""
    moments = [facts["evaluated_at"], facts["asked_again_at"]]
    if facts["evaluation"] is not None:
        moments.append(datetime.fromisoformat(facts["evaluation"]["evaluated_at"]))
    return max((moment for moment in moments if moment is not None), default=None)


async def _judge(
    session: ReadSession,
    unit: Unit,
    stored: StoredSnapshot,
    state: WatchState,
    external_id: str | None,
    now: datetime,
) -> Entity:
    """What the engine says of the one thing."""
    judge = Judge(stored.frames, stored.previous, state, now)
    problem = judge.problem_of(unit)
    if problem is not None:
        return Entity(problem=problem)
    if not applies(unit, state.place):
        return Entity(problem="This rule does not watch the source of that reading.")
    judged = judge.judge(unit)
    if external_id is None and not judged.is_whole:
        detail = "This rule judges each record. Name the thing you ask about."
        raise Invalid(detail, errors=[FieldProblem("/external_id", "required", detail)], code="why_required")
    rows = judged.rows_of([external_id or ""]).get(external_id or "", [])
    if not rows:
        return Entity(near=tuple(_near(stored, external_id or "")))
    shown = next((row for row in rows if judged.truth_at([row])), rows[0])
    conditions = judged.explain([shown])[0]
    parent_word, parent_why = await _look_at_parent(session, unit.head, judge, state, external_id or "")
    return Entity(
        is_there=True,
        name=None if judged.is_whole else judge.home(unit).reading.entities([shown])[1][0],
        truth=judged.truth_at(rows),
        conditions=conditions,
        unknown=tuple(
            _why_unknown(judge, rule, stored, state, shown, now)
            if fits(rule, state.place)
            else None
            if reason.result is not None
            else "No record of the other source has an answer."
            for rule, reason in zip(unit.rows, conditions, strict=True)
        ),
        lets_open=parent_word,
        parent_why=parent_why,
    )


def _near(stored: StoredSnapshot, name: str) -> Sequence[str]:
    same = _keys_of(stored, name)
    if same:
        return same
    records = stored.frames.records
    by_name = {text: key for key, text in records.select("external_id", "name").iter_rows() if text}
    known = [*records["external_id"].to_list(), *by_name]
    return list(dict.fromkeys(by_name.get(found, found) for found in near_names(name, known)))


def _why_unknown(
    judge: Judge, rule: Rule, stored: StoredSnapshot, state: WatchState, row: int, now: datetime
) -> str | None:
    """Why one condition has no answer for a record; None where it has one, or judges the whole reading."""
    part = Unit((rule,))
    if rule.aggregate is not None or judge.problem_of(part) is not None:
        return None
    judged = judge.judge(part)
    if judged.truth_at([row]) is not None:
        return None
    for bare, told in _without_guards(rule):
        if Judge(stored.frames, stored.previous, state, now).judge(Unit((bare,))).truth_at([row]) is not None:
            return told
    return _what_lacks(judge, rule, row, is_first=stored.previous is None)


def _what_lacks(judge: Judge, rule: Rule, row: int, *, is_first: bool) -> str:
    values = judge.view.reading.values(judge.row(rule).ref)
    if not values.delivered:
        return "The reading does not carry the field."
    value = values.texts([row])[0]
    if value is None:
        return "There is no value."
    if not kind_of(rule.condition).is_event:
        return f"“{cut(value, 80)}” cannot be compared with “{cut(rule.threshold_value or '', 80)}”."
    if is_first:
        return "There is no full reading before this one to compare with."
    return f"“{cut(value, 80)}” cannot be compared with the reading before, or that one holds no value."


def _without_guards(rule: Rule) -> Iterator[tuple[Rule, str]]:
    """The rule without each guard it has, and what that guard waits for."""
    if rule.min_volume is not None:
        yield replace(rule, min_volume=None), "Too little volume: the rule waits for more."
    if rule.data_lag_minutes is not None:
        yield (
            replace(rule, data_lag_minutes=None),
            "Too fresh: the rule waits until the figures have settled.",
        )


async def _look_at_parent(
    session: ReadSession, head: Rule, judge: Judge, state: WatchState, external_id: str
) -> tuple[bool, str | None]:
    """Whether the parent lets the rule open an alert, and in which words."""
    if head.parent_rule_id is None:
        return True, None
    parents = ParentStates(state)
    parent = form_units(await stored_rows(session, head.parent_rule_id))[0]
    if parent.is_running and applies(parent, state.place) and judge.problem_of(parent) is None:
        parents.judged(parent.head.id, judge.judge(parent).known_entities)
    answer = parents.look(head, external_id)
    lets = answer.word is not None and answer.word is head.dependency_condition
    return lets, f"{answer.why} The rule asks for “{head.dependency_condition}” of “{parent.head.name}”."


def _document(
    unit: Unit, stored: StoredSnapshot, entity: Entity, facts: dict[str, Any], client: ClientFacts
) -> dict[str, Any]:
    head = unit.head
    outcome, sentence = conclude(unit, entity, facts, client.currency)
    return {
        "outcome": outcome,
        "sentence": sentence,
        "rule": {
            "id": str(head.id),
            "name": head.name,
            "version": head.version,
            "is_active": unit.is_running,
        },
        "expression": expression(unit),
        "with_values": filled_in(unit, entity, client.currency),
        "entity": {"is_in_reading": entity.is_there, "name": entity.name, "near": list(entity.near)},
        "truth": entity.truth,
        "conditions": [
            condition_document(reason, why)
            for reason, why in zip(entity.conditions, entity.unknown, strict=False)
        ],
        "parent": entity.parent_why,
        "reading": {
            "client_id": stored.client_id,
            "source_id": str(stored.source_id),
            "snapshot_id": str(stored.snapshot_id),
            "data_as_of": stored.data_as_of,
            "completeness": stored.completeness,
            "judged_at": facts["evaluated_at"],
        },
        "evaluation": facts["evaluation"],
        "was_judged": facts["evaluation"] is not None or facts["judged_quietly"],
        "alert": facts["alert"],
        "waiting": facts["waiting"] if facts["is_newest"] else None,
        "silences": facts["silences"],
        "overridden_by": facts["overridden_by"],
    }
