"""The words of an alert, once: list, page, mail and Discord say the same."""

from collections.abc import Sequence
from decimal import Decimal

from belvedere.core.text import MISSING, NBSP, cut
from belvedere.watchtower.contracts import Condition, ConditionReason, Finding, ResolvedReason
from belvedere.watchtower.figures import LARGEST_EXPONENT, exact_text, figure_text
from belvedere.watchtower.threshold import parse_number, strict_number

TITLE_LENGTH = 200
VALUE_LENGTH = 255
SIGNS = {
    Condition.GREATER_THAN: ">",
    Condition.LESS_THAN: "<",
    Condition.EQUALS: "=",
    Condition.CONTAINS: "contains",
    Condition.CHANGED: "changed",
}
CLOSED_WORDS = {
    ResolvedReason.RECOVERED: "Recovered",
    ResolvedReason.MISSING: "No longer in the data",
    ResolvedReason.RULE_CHANGED: "The rule was changed",
    ResolvedReason.BY_PERSON: "Closed by a person",
    ResolvedReason.EXPIRED: "Not seen for a week",
}
_SHORT_WORDS = frozenset({"roas", "cvr", "ctr", "cpa", "cpc", "cpm", "aov", "id", "url"})


def label_of(field: str, display_name: str | None = None) -> str:
    """A field as people say it: "Open rate", "ROAS"."""
    words = (display_name or field.replace("_", " ")).split()
    said = [word.upper() if word.lower() in _SHORT_WORDS else word.lower() for word in words]
    text = " ".join(said)
    return text[:1].upper() + text[1:]


def value_text(value: str | None, unit: str | None, currency: str, limit: Decimal | None = None) -> str:
    """A stored value with its unit, on the side of the limit where it stands; what is no number stays as it
    is.
    """
    if value is None:
        return MISSING
    number = strict_number(value)
    if number is None or abs(number.adjusted()) > LARGEST_EXPONENT:
        return cut(value, 80)
    return figure_text(number, unit, currency, limit)


def limit_text(reason: ConditionReason, currency: str) -> str:
    """The limit as it was typed, with its sign: "< 15%"."""
    if reason.condition == Condition.CHANGED:
        return f"changed to {reason.limit}" if reason.limit else "changed"
    number = _limit_number(reason)
    text = f"“{cut(reason.limit or '', 80)}”" if number is None else exact_text(number, reason.unit, currency)
    return f"{SIGNS[Condition(reason.condition)]}{NBSP}{text}"


def title(finding: Finding, currency: str) -> str:
    """What happened to which entity: “Open rate 11.8% on Advent preview”."""
    head = finding.head
    where = finding.entity_name or finding.external_id
    if head.condition == Condition.CHANGED:
        said = _change_text(head, currency)
    elif head.condition == Condition.CONTAINS:
        said = f"{head.label} contains “{cut(head.limit or '', 60)}”"
    elif head.value is None:
        said = f"{head.label} is missing"
    else:
        said = f"{head.label} {_met_value(head, currency)}"
    return cut(f"{said} on {where}", TITLE_LENGTH)


def message(conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str) -> str:
    """One sentence for each condition, then the rule and the client."""
    said = []
    for reason in conditions:
        joined = f"{reason.joined_by.lower()} " if reason.joined_by else ""
        said.append(f"{joined}{_sentence(reason, currency)}")
    return f"{', '.join(said)}. Rule “{rule_name}”, client {client_name}."


def fields(
    conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str
) -> tuple[tuple[str, str], ...]:
    """Label and value pairs for mail and Discord."""
    pairs: list[tuple[str, str]] = [("Client", client_name)]
    for reason in conditions:
        if _has_changed(reason):
            before, after = _change(reason, currency)
            why = f"changed from {before}" if reason.previous is not None else "changed"
            pairs.append((reason.label, f"{after} ({why})"))
        else:
            pairs.append((reason.label, f"{_met_value(reason, currency)} ({limit_text(reason, currency)})"))
    return (*pairs, ("Rule", rule_name))


def _sentence(reason: ConditionReason, currency: str) -> str:
    if _has_changed(reason):
        return _change_text(reason, currency)
    value = _met_value(reason, currency)
    if reason.condition == Condition.CHANGED:
        return f"{reason.label} is {value}, not {limit_text(reason, currency)}"
    return f"{reason.label} is {value}, limit {limit_text(reason, currency)}"


def _has_changed(reason: ConditionReason) -> bool:
    """In a group joined by OR a row may stand among the reasons without having changed."""
    return reason.condition == Condition.CHANGED and reason.result is True


def _change_text(reason: ConditionReason, currency: str) -> str:
    before, after = _change(reason, currency)
    since = f" from {before}" if reason.previous is not None else ""
    return f"{reason.label} changed{since} to {after}"


def _change(reason: ConditionReason, currency: str) -> tuple[str, str]:
    """Both values of a change, told apart even where their usual digits are the same."""
    before = value_text(reason.previous, reason.unit, currency)
    after = value_text(reason.value, reason.unit, currency)
    if before != after or reason.previous is None or reason.value is None:
        return before, after
    return cut(reason.previous, 80), cut(reason.value, 80)


def _met_value(reason: ConditionReason, currency: str) -> str:
    return value_text(reason.value, reason.unit, currency, _limit_number(reason))


def _limit_number(reason: ConditionReason) -> Decimal | None:
    if reason.condition in (Condition.CONTAINS, Condition.CHANGED):
        return None
    return parse_number(reason.limit or "")


def closed_text(reason: ResolvedReason, alert_title: str) -> tuple[str, str]:
    """Title and sentence of a message that tells the end of an alert."""
    return cut(f"Resolved: {alert_title}", TITLE_LENGTH), f"{CLOSED_WORDS[reason]}. The alert is closed."


def shown(value: str | None) -> str | None:
    """A value as the alert row keeps it."""
    return None if value is None else cut(value, VALUE_LENGTH)
