"""What came of a rule and a thing, in one sentence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from belvedere.watchtower.conditions import kind_of
from belvedere.watchtower.contracts import Condition, ConditionReason
from belvedere.watchtower.groups import Unit, terms


class Outcome(StrEnum):
    FIRED = "fired"
    STILL_OPEN = "still_open"
    CLOSED = "closed"
    WAITING = "waiting"
    HELD_BACK = "held_back"
    NOT_MATCHED = "not_matched"
    NO_ANSWER = "no_answer"
    NOT_IN_READING = "not_in_reading"
    NOT_JUDGED = "not_judged"
    HELD = "held"
    OFF = "off"
    OVERRIDDEN = "overridden"


ENDS = {
    "recovered": "recovered",
    "missing": "the thing is gone",
    "no_data": "there is no value any more",
    "rule_changed": "the rule was changed",
}


@dataclass(frozen=True, slots=True)
class Entity:
    """What the engine says of one thing; `problem`: why it says nothing at all."""

    is_there: bool = False
    name: str | None = None
    truth: bool | None = None
    conditions: tuple[ConditionReason, ...] = ()
    unknown: tuple[str | None, ...] = ()
    lets_open: bool = True
    parent_why: str | None = None
    near: tuple[str, ...] = ()
    problem: str | None = None


def conclude(unit: Unit, entity: Entity, facts: dict[str, Any], currency: str) -> tuple[Outcome, str]:
    """The outcome as a word and as a sentence. What was stored speaks first, then what the engine says again."""
    if facts["alert"] is not None:
        return _of_alert(unit, entity, facts, currency)
    kept = _kept_from_judging(unit, entity, facts)
    if kept is not None:
        return kept
    if entity.truth is None:
        return Outcome.NO_ANSWER, f"Did not fire: no answer. {_gaps(entity)}".rstrip()
    if entity.truth is False:
        return Outcome.NOT_MATCHED, f"Did not fire: {_said(entity, currency, result=False)}."
    return _matched(unit, entity, facts, currency)


def _of_alert(unit: Unit, entity: Entity, facts: dict[str, Any], currency: str) -> tuple[Outcome, str]:
    """What the reading did to an alert."""
    alert = facts["alert"]
    if alert["closed_here"]:
        return Outcome.CLOSED, _closed(entity, alert, currency)
    if alert["opened_here"]:
        said = _said(entity, currency, result=True) if entity.truth else alert["title"]
        return Outcome.FIRED, f"Fired: {said}. It opened alert #{alert['number']}."
    is_now = facts["is_newest"] and alert["state"] == "open"
    said = _still_open(unit, entity, alert, currency, is_now=is_now)
    if facts["is_newest"] and alert["state"] != "open" and alert["resolved_because"] in ENDS:
        said += f" It has ended since: {ENDS[alert['resolved_because']]}."
    return Outcome.STILL_OPEN, said


def _kept_from_judging(unit: Unit, entity: Entity, facts: dict[str, Any]) -> tuple[Outcome, str] | None:
    """What stands before any condition."""
    if not unit.is_running:
        return Outcome.OFF, "Did not fire: the rule, or a row of its group, is off."
    if facts["overridden_by"] is not None:
        return (
            Outcome.OVERRIDDEN,
            f"Did not fire: “{facts['overridden_by']['name']}” stands in its place for this client.",
        )
    if entity.problem is not None:
        return Outcome.HELD, f"Did not fire: {entity.problem.removeprefix('Held: ')}"
    return None if entity.is_there else (Outcome.NOT_IN_READING, _not_there(entity))


def _matched(unit: Unit, entity: Entity, facts: dict[str, Any], currency: str) -> tuple[Outcome, str]:
    """The condition holds, and yet no alert of it stands."""
    said = _said(entity, currency, result=True)
    if not entity.lets_open:
        return Outcome.HELD_BACK, f"Held back though {said}. {entity.parent_why}"
    if unit.head.for_readings > 1 or unit.head.for_minutes:
        return Outcome.WAITING, f"Did not fire yet: {said}, {_wait(unit, facts)}."
    if facts["evaluation"] is None and not facts["judged_quietly"]:
        return Outcome.NOT_JUDGED, f"{_first_up(said)}, but the rule as it is now did not judge this reading."
    return (
        Outcome.NOT_JUDGED,
        f"{_first_up(said)}, but no alert opened on this reading: the rule was another one then.",
    )


def _wait(unit: Unit, facts: dict[str, Any]) -> str:
    seen = facts["waiting"]["readings"] if facts["waiting"] and facts["is_newest"] else None
    lasting = [f"{unit.head.for_readings} readings"] if unit.head.for_readings > 1 else []
    lasting += [f"{unit.head.for_minutes} minutes"] if unit.head.for_minutes else []
    told = f"{seen} of {unit.head.for_readings} readings" if seen is not None else "not long enough"
    return f"{told}; it must last for {' and '.join(lasting)}"


def _closed(entity: Entity, alert: dict[str, Any], currency: str) -> str:
    """The end of an alert on this very reading."""
    because = alert["resolved_because"]
    head = f"Closed here: {ENDS[because]}. Alert #{alert['number']} ended"
    if because == "recovered" and entity.truth is False:
        return f"{head}: {_said(entity, currency, result=False)}."
    return f"{head}."


def _still_open(unit: Unit, entity: Entity, alert: dict[str, Any], currency: str, *, is_now: bool) -> str:
    head = f"Alert #{alert['number']} was open already"
    if not entity.is_there:
        return f"{head}. The thing is not in this reading."
    if entity.truth is None:
        return f"{head}; this reading has no answer. {_gaps(entity)}".rstrip()
    if entity.truth:
        return f"{head} and stays: {_said(entity, currency, result=True)}."
    # How many good readings there were is known of the newest reading alone.
    needed = unit.head.recover_after
    told = (
        f"{alert['good_readings']} of {needed} good readings"
        if is_now
        else f"It takes {needed} good readings"
    )
    wait = f" {told}." if needed > 1 else ""
    return f"{head}, though {_said(entity, currency, result=False)}.{wait}"


def _not_there(entity: Entity) -> str:
    near = f" Near to it: {', '.join(entity.near)}." if entity.near else ""
    return f"Did not fire: it is not in this reading.{near}"


def _gaps(entity: Entity) -> str:
    """Why there is no answer; of which field where there are several conditions."""
    pairs = list(zip(entity.conditions, entity.unknown, strict=False))
    gaps = [
        f"{reason.label}: {_first_down(why)}" if len(pairs) > 1 else why
        for reason, why in pairs
        if why is not None
    ]
    return " ".join(dict.fromkeys(gaps))


def _said(entity: Entity, currency: str, *, result: bool) -> str:
    """The conditions that decide, each with its value and limit."""
    chosen = [reason for reason in entity.conditions if reason.result is result] or list(entity.conditions)
    return " and ".join(sentence_of(reason, currency) for reason in chosen)


def sentence_of(reason: ConditionReason, currency: str) -> str:
    """One condition with its value and limit, true or not."""
    if reason.value is None:
        return f"{reason.label.lower()} has no value"
    told = kind_of(Condition(reason.condition)).sentence(reason, currency)
    return _first_down(told.replace(", limit", ", the limit is"))


def filled_in(unit: Unit, entity: Entity, currency: str) -> str | None:
    """The rule's expression with the values put in and what each part says."""
    if not entity.conditions:
        return None
    marks = {True: "yes", False: "no", None: "unknown"}
    parts = [
        f"{_first_up(sentence_of(reason, currency))}: {marks[reason.result]}" for reason in entity.conditions
    ]
    joined = [" AND ".join(f"[{part}]" for part in term) for term in terms(unit.rows, parts)]
    return joined[0] if len(joined) == 1 else " OR ".join(f"({term})" for term in joined)


def condition_document(reason: ConditionReason, why_unknown: str | None) -> dict[str, Any]:
    return {**reason.document(), "why_unknown": why_unknown if reason.result is None else None}


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _first_down(text: str) -> str:
    """Lower case inside a sentence, but not for words such as ROAS."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
