"""What a form changes against the saved rule: its lines as a diff, and which records match more or no longer."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from belvedere.watchtower.contracts import Rule
from belvedere.watchtower.service import Preview, preview_rule
from belvedere.web.rule_forms import stored_form
from belvedere.web.rule_views import facts_of, telling_words, waits_words
from belvedere.web.rule_words import condition_line
from belvedere.web.view import View

NAMED = 3
ASKED = (
    "conditions", "source_id", "target_table", "for_readings", "for_minutes", "for_minutes_unit", "recovery_threshold",
    "recover_after", "min_volume_field", "min_volume", "data_lag", "data_lag_unit", "no_data_policy", "fires_from_zero",
)  # fmt: skip
"""The fields of the form that are part of the question."""


def asks_anew(rows: Sequence[Rule], drafted: Sequence[Rule]) -> bool:
    """Whether the form asks another question than the saved rule, so that it finds other things."""
    before, after = stored_form(rows), stored_form(drafted)
    return any(before[name] != after[name] for name in ASKED)


async def changes_of(
    view: View, rows: Sequence[Rule], drafted: Sequence[Rule], found: Preview, client_ids: Sequence[int]
) -> dict[str, Any] | None:
    """The context of the card Changes; None where nothing is saved yet or nothing differs."""
    if not rows:
        return None
    lines = diff_lines(rule_lines(rows), rule_lines(drafted))
    if all(line["sign"] == " " for line in lines):
        return None
    before = found
    if asks_anew(rows, drafted):
        before = await preview_rule(view.access.session, rows, client_ids, view.access.now)
    was, will = _matches(before), _matches(found)
    return {
        "version": rows[0].version,
        "lines": lines,
        "more": _names(will, was),
        "fewer": _names(was, will),
    }


def _matches(found: Preview) -> dict[tuple[int, str], str]:
    return {
        (item.client_id, item.finding.external_id): item.finding.entity_name or item.finding.external_id
        for item in found.findings
    }


def _names(here: Mapping[tuple[int, str], str], there: Mapping[tuple[int, str], str]) -> dict[str, Any]:
    names = [name or "The whole reading" for key, name in here.items() if key not in there]
    return {"count": len(names), "names": names[:NAMED]}


def rule_lines(rows: Sequence[Rule]) -> list[str]:
    """A rule as lines that can be compared: a condition, or a setting that is not the usual one, on each."""
    head = rows[0]
    lines = [f"name: {head.name}"]
    for number, item in enumerate(stored_form(rows)["conditions"]):
        joined = f"{item['join'].lower()} " if number else ""
        lines.append(f"{joined}{condition_line(item)}")
    waits = waits_words(head)
    lines += [f"for {waits}"] if waits else []
    lines += [f"open {head.severity}", f"tell {telling_words(head)}"]
    lines += [f"{label.lower()}: {words}" for label, words in facts_of(head)]
    if head.dependency_condition is not None:
        lines.append(f"only while its parent is {head.dependency_condition.replace('_', ' ')}")
    for label, words in (
        ("title", head.title_template),
        ("text", head.message_template),
        ("why", head.description),
    ):
        lines += [f"{label}: {words}"] if words else []
    return lines


def diff_lines(before: Sequence[str], after: Sequence[str]) -> list[dict[str, str]]:
    """Old above new, the changed part of a line told apart."""
    found: list[dict[str, str]] = []
    for word, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if word == "equal":
            found += [_line(" ", line) for line in before[a:b]]
            continue
        for number in range(max(b - a, d - c)):
            old = before[a + number] if a + number < b else None
            new = after[c + number] if c + number < d else None
            found += [_line("−", old, new)] if old is not None else []
            found += [_line("+", new, old)] if new is not None else []
    return found


def _line(sign: str, text: str, other: str | None = None) -> dict[str, str]:
    """`mark` is what differs from the other line, by words; a line without a counterpart has none."""
    words, others = text.split(" "), (other or "").split(" ")
    if other is None:
        return {"sign": sign, "start": text, "mark": "", "end": ""}
    most = min(len(words), len(others))
    first = next((place for place in range(most) if words[place] != others[place]), most)
    last = next(
        (place for place in range(most - first) if words[-1 - place] != others[-1 - place]), most - first
    )
    until = len(words) - last
    return {
        "sign": sign,
        "start": " ".join(words[:first]) + (" " if first else ""),
        "mark": " ".join(words[first:until]),
        "end": (" " if last else "") + " ".join(words[until:]),
    }
