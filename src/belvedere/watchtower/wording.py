"""The words of an alert, once: list, page, mail and Discord say the same."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from belvedere.core.text import cut
from belvedere.watchtower.conditions import Kind, kind_of
from belvedere.watchtower.contracts import ConditionReason, Finding, ResolvedReason
from belvedere.watchtower.figures import limit_number, value_text
from belvedere.watchtower.hits import Hits

TITLE_LENGTH = 200
VALUE_LENGTH = 255
CLOSED_WORDS = {
    ResolvedReason.RECOVERED: "Recovered",
    ResolvedReason.MISSING: "No longer in the data",
    ResolvedReason.RULE_CHANGED: "The rule was changed",
    ResolvedReason.BY_PERSON: "Closed by a person",
    ResolvedReason.EXPIRED: "Not seen for a week",
    ResolvedReason.NO_DATA: "There is no data any more",
}
_SHORT_WORDS = frozenset({"roas", "cvr", "ctr", "cpa", "cpc", "cpm", "aov", "id", "url"})


def label_of(field: str, display_name: str | None = None) -> str:
    """A field as people say it: "Open rate", "ROAS"."""
    words = (display_name or field.replace("_", " ")).split()
    said = [word.upper() if word.lower() in _SHORT_WORDS else word.lower() for word in words]
    text = " ".join(said)
    return text[:1].upper() + text[1:]


def limit_text(reason: ConditionReason, currency: str) -> str:
    """The limit as it was typed, with its sign: "< 15%"."""
    return kind_of(reason.condition).limit_text(reason, currency)


def title(finding: Finding, currency: str) -> str:
    """What happened to which entity: “Open rate 11.8% on Advent preview”."""
    kind = kind_of(finding.head.condition)
    where = finding.entity_name or finding.external_id
    return _place_titles([kind.title(finding.head, currency)], [where], kind)[0]


def message(conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str) -> str:
    """One sentence for each condition, then the rule and the client."""
    said = []
    for reason in conditions:
        joined = f"{reason.joined_by.lower()} " if reason.joined_by else ""
        where = f" on {reason.entity}" if reason.entity else ""
        said.append(f"{joined}{kind_of(reason.condition).sentence(reason, currency)}{where}")
    return f"{', '.join(said)}. Rule “{rule_name}”, client {client_name}."


def words(hits: Hits, rule_name: str, client_name: str, currency: str) -> tuple[list[str], list[str]]:
    """`title` and `message` of many alerts at once."""
    spoken = [kind_of(reasons.base.condition).speak(reasons, currency) for reasons in hits.conditions]
    names = [name or external_id for name, external_id in zip(hits.names, hits.external_ids, strict=True)]
    titles = _place_titles(spoken[0][0], names, kind_of(hits.conditions[0].base.condition))
    columns = []
    for reasons, (_, sentences) in zip(hits.conditions, spoken, strict=True):
        joined = f"{reasons.base.joined_by.lower()} " if reasons.base.joined_by else ""
        where = f" on {reasons.base.entity}" if reasons.base.entity else ""
        columns.append([f"{joined}{said}{where}" for said in sentences] if joined or where else sentences)
    tail = f". Rule “{rule_name}”, client {client_name}."
    if len(columns) == 1:
        return titles, [f"{said}{tail}" for said in columns[0]]
    messages = [f"{', '.join(said)}{tail}" for said in zip(*columns, strict=True)]
    terms = _terms(hits)
    for row, name in enumerate(names) if len(terms) > 1 else ():
        lead = next(
            (term for term in terms if all(hits.conditions[at].results[row] for at in term)), terms[0]
        )
        if lead is terms[0]:
            continue
        kind = kind_of(hits.conditions[lead[0]].base.condition)
        titles[row] = _place_titles([spoken[lead[0]][0][row]], [name], kind)[0]
        rest = [columns[at][row] for term in terms if term is not lead for at in term]
        said = [columns[at][row] for at in lead]
        messages[row] = (
            f"{', '.join([said[0].removeprefix('or '), *said[1:], f'or {rest[0]}', *rest[1:]])}{tail}"
        )
    return titles, messages


def _terms(hits: Hits) -> list[list[int]]:
    """The conditions between the ORs: an alert speaks first of those that hold."""
    terms: list[list[int]] = [[]]
    for at, reasons in enumerate(hits.conditions):
        if (reasons.base.joined_by or "").lower() == "or":
            terms.append([])
        terms[-1].append(at)
    return terms


def _place_titles(said: list[str], names: list[str], kind: Kind) -> list[str]:
    """What happened, and to which entity."""
    link = ": " if kind.names_entity else " on "
    return [
        cut(f"{what}{link}{where}" if where or kind.names_entity else what, TITLE_LENGTH)
        for what, where in zip(said, names, strict=True)
    ]


def fields(
    conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str
) -> tuple[tuple[str, str], ...]:
    """Label and value pairs for mail and Discord."""
    pairs: list[tuple[str, str]] = [("Client", client_name)]
    for reason in conditions:
        label = f"{reason.label} of {reason.entity}" if reason.entity else reason.label
        pairs.append((label, kind_of(reason.condition).shown(reason, currency)))
    return (*pairs, ("Rule", rule_name))


def closed_text(reason: ResolvedReason, alert_title: str) -> tuple[str, str]:
    """Title and sentence of a message that tells the end of an alert."""
    return cut(f"Resolved: {alert_title}", TITLE_LENGTH), f"{CLOSED_WORDS[reason]}. The alert is closed."


def standing(document: Mapping[str, Any], currency: str) -> str | None:
    """What a condition shows now, with its unit; None where it is no value."""
    if document.get("value") is None:
        return None
    return f"{document['label']} is now {figure_of(document, document['value'], currency)}."


def figure_of(document: Mapping[str, Any], value: str, currency: str) -> str:
    """A value of a stored condition, with its unit."""
    return value_text(value, document.get("unit"), currency, limit_number(document.get("limit")))


def limit_of(document: Mapping[str, Any], currency: str) -> str:
    """The limit of a stored condition, with its sign."""
    return limit_text(ConditionReason(**{**document, "rule_id": UUID(document["rule_id"])}), currency)


def shown(value: str | None) -> str | None:
    """A value as the alert row keeps it."""
    return None if value is None else cut(value, VALUE_LENGTH)


def shown_all(values: Sequence[str | None]) -> list[str | None]:
    return [
        value if value is None or len(value) <= VALUE_LENGTH else cut(value, VALUE_LENGTH) for value in values
    ]
