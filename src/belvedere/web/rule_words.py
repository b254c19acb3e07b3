"""Conditions as the builder says them: which boxes each word takes, and a rule in one line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from belvedere.watchtower.contracts import Aggregate, Condition

DIRECTIONS = (("falls", "falls by at least"), ("rises", "rises by at least"), ("either", "moves by at least"))
AGE_UNITS = (("days", "days"), ("h", "hours"), ("min", "minutes"))
CONDITIONS: tuple[tuple[Condition, str], ...] = (
    (Condition.LESS_THAN, "is below"),
    (Condition.LESS_OR_EQUAL, "is at most"),
    (Condition.GREATER_THAN, "is above"),
    (Condition.GREATER_OR_EQUAL, "is at least"),
    (Condition.BETWEEN, "is between"),
    (Condition.EQUALS, "is"),
    (Condition.NOT_EQUALS, "is not"),
    (Condition.IN, "is one of"),
    (Condition.CONTAINS, "contains"),
    (Condition.PERCENT_CHANGE, "in percent"),
    (Condition.CHANGED, "changes"),
    (Condition.CHANGED_FROM_TO, "changes from"),
    (Condition.IS_NULL, "is empty"),
    (Condition.IS_NOT_NULL, "is filled"),
    (Condition.NO_DATA, "has no value"),
    (Condition.STALE, "is older than"),
    (Condition.ADDED, "is new"),
    (Condition.REMOVED, "is gone"),
)
MEASURES: tuple[tuple[str, str], ...] = (
    ("", "the"),
    (Aggregate.SUM, "the sum of"),
    (Aggregate.AVG, "the average"),
    (Aggregate.MIN, "the lowest"),
    (Aggregate.MAX, "the highest"),
    (Aggregate.COUNT, "the number with"),
    (Aggregate.SHARE, "the percent with"),
    (Aggregate.ANY, "any record's"),
    (Aggregate.ALL, "every record's"),
)
SIGNS = {
    Condition.LESS_THAN: "<",
    Condition.LESS_OR_EQUAL: "≤",
    Condition.GREATER_THAN: ">",
    Condition.GREATER_OR_EQUAL: "≥",
    Condition.EQUALS: "=",
    Condition.NOT_EQUALS: "≠",
    Condition.CONTAINS: "contains",
    Condition.IN: "in",
}
WORDLESS: dict[str, str] = {
    Condition.IS_NULL: "is empty",
    Condition.IS_NOT_NULL: "is filled",
    Condition.NO_DATA: "has no value",
    Condition.ADDED: "is new",
    Condition.REMOVED: "is gone",
}
WITHOUT_FIELD = frozenset({Condition.ADDED, Condition.REMOVED})
PAIRED = frozenset({Condition.BETWEEN, Condition.CHANGED_FROM_TO})
UNNAMED_FIELD = "external_id"
_AGE = re.compile(r"([\d.,]+)\s*(days?|d|hours?|h|minutes?|min|m)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Boxes:
    """One limit as its boxes: the first value, the second, the direction of a change, the unit of an age."""

    threshold: str = ""
    upper: str = ""
    direction: str = "falls"
    unit: str = "days"


def split_limit(condition: str, text: str | None) -> Boxes:
    """The stored text of a limit as the boxes that the form shows."""
    bare = (text or "").strip()
    if condition == Condition.BETWEEN:
        first, _, second = bare.replace("..", " and ").partition(" and ")
        return Boxes(first.strip(), second.strip())
    if condition == Condition.CHANGED_FROM_TO:
        first, _, second = bare.replace("→", "->").partition("->")
        return Boxes(first.strip(), second.strip())
    if condition == Condition.PERCENT_CHANGE:
        return _split_change(bare)
    if condition == Condition.STALE:
        found = _AGE.fullmatch(bare)
        unit = {"d": "days", "h": "h", "m": "min"}[found[2][0].lower()] if found else "days"
        return Boxes(found[1] if found else bare, unit=unit)
    return Boxes(bare)


def _split_change(bare: str) -> Boxes:
    for sign, direction in (("±", "either"), ("+-", "either"), ("-", "falls"), ("\u2212", "falls")):
        if bare.startswith(sign):
            return Boxes(bare.removeprefix(sign).strip(), direction=direction)
    return Boxes(bare.removeprefix("+").strip(), direction="rises")


def join_limit(condition: str, boxes: Mapping[str, str]) -> str | None:
    """What was typed into the boxes as one text, as rules store it; None for a condition that takes none."""
    first, second = boxes["threshold"], boxes["upper"]
    if condition == Condition.BETWEEN:
        return f"{first} and {second}"
    if condition == Condition.CHANGED_FROM_TO:
        return f"{first or '*'} -> {second or '*'}"
    if condition in WORDLESS or not first:
        return None
    if condition == Condition.PERCENT_CHANGE:
        sign = {"falls": "-", "either": "±"}.get(boxes["direction"], "")
        return sign + first.lstrip("+-±\u2212")
    return f"{first} {boxes['unit']}" if condition == Condition.STALE else first


def limit_problems(condition: str, boxes: Mapping[str, str]) -> dict[str, str]:
    """What is missing, by box: `threshold` or `upper`."""
    found = {}
    if condition == Condition.BETWEEN:
        for name, end in (("threshold", "lower"), ("upper", "upper")):
            if not boxes[name]:
                found[name] = f"Write the {end} end of the range, such as {'10' if end == 'lower' else '20'}."
    elif condition == Condition.CHANGED_FROM_TO:
        if not (boxes["threshold"] or boxes["upper"]):
            found["threshold"] = "Write the value before, the value after, or both."
    elif not boxes["threshold"] and condition not in WORDLESS and condition != Condition.CHANGED:
        found["threshold"] = "Write the limit to compare with, such as 15."
    return found


def condition_line(item: Mapping[str, Any]) -> str:
    """One condition with signs: `open_rate < 15`. `item` holds field, condition, measure and the boxes."""
    condition, measure = item["condition"], item.get("measure") or ""
    name = item["field"] or "…"
    if condition in WITHOUT_FIELD:
        name = "record"
    elif measure:
        name = f"{measure}({name})"
    return " ".join(part for part in (name, _said(condition, item)) if part)


def _said(condition: str, item: Mapping[str, Any]) -> str:
    first, second = item["threshold"], item["upper"]
    fall = dict(DIRECTIONS).get(item["direction"], "changes by").removesuffix(" by at least")
    unit = dict(AGE_UNITS).get(item["unit"], item["unit"])
    special: dict[str, str] = {
        **WORDLESS,
        Condition.BETWEEN: f"between {first or '…'} and {second or '…'}",
        Condition.CHANGED_FROM_TO: f"changed from {first or 'anything'} to {second or 'anything'}",
        Condition.CHANGED: f"changed to {first}" if first else "changed",
        Condition.PERCENT_CHANGE: f"{fall} ≥ {(first or '…').removesuffix('%').strip()} %",
        Condition.STALE: f"older than {first or '…'} {unit}",
    }
    if condition in special:
        return special[condition]
    sign = SIGNS.get(Condition(condition), condition) if condition in set(Condition) else "?"
    return f"{sign} {first or '…'}"


def terms(items: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Numbers of the conditions in the terms that OR separates: AND binds tighter."""
    found: list[list[int]] = []
    for number, item in enumerate(items):
        if number == 0 or item["join"] == "OR":
            found.append([number])
        else:
            found[-1].append(number)
    return found


def expression_of(items: Sequence[Mapping[str, Any]]) -> str:
    """All conditions in one line, brackets around what AND holds together beside an OR."""
    if not any(item["field"] or item["condition"] in WITHOUT_FIELD for item in items):
        return "Name a field and its limit."
    joined = [[condition_line(items[number]) for number in term] for term in terms(items)]
    if len(joined) == 1:
        return " and ".join(joined[0])
    return " or ".join(f"({' and '.join(term)})" if len(term) > 1 else term[0] for term in joined)


def stored_item(row: Mapping[str, Any], join: str = "AND") -> dict[str, Any]:
    """A stored row, by the names of its columns, as a condition of the form."""
    boxes = split_limit(row["condition"], row["threshold_value"])
    return {
        "join": join,
        "source": str(row.get("source_id") or ""),
        "measure": row.get("aggregate") or "",
        "field": row["field_name"],
        "condition": row["condition"],
        "threshold": boxes.threshold,
        "upper": boxes.upper,
        "direction": boxes.direction,
        "unit": boxes.unit,
    }
