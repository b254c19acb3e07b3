"""The words of an alert, once: list, page, mail and Discord say the same."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from belvedere.core.text import (
    MISSING,
    NBSP,
    cut,
    format_money,
    format_number,
    format_percent,
    format_ratio,
    format_unit,
)
from belvedere.watchtower.contracts import Condition, ConditionReason, Finding, ResolvedReason
from belvedere.watchtower.threshold import parse_number

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


def value_text(value: str | None, unit: str | None, currency: str) -> str:
    """A stored value with its unit; what is no number stays as it is."""
    if value is None:
        return MISSING
    number = _number(value)
    return cut(value, 80) if number is None else _number_text(number, unit, currency)


def _number_text(number: Decimal, unit: str | None, currency: str) -> str:
    match unit:
        case "percent":
            return format_percent(number, _places(number, 1, 2))
        case "currency":
            return format_money(number, currency)
        case "ratio":
            return format_ratio(number)
        case "days":
            return format_unit(number, "day" if number == 1 else "days")
        case _:
            return format_number(number, _places(number, 0, 4))


def _places(number: Decimal, least: int, most: int) -> int:
    exponent = number.normalize().as_tuple().exponent if number.is_finite() else 0
    return min(max(-int(exponent), least), most)


def limit_text(reason: ConditionReason, currency: str) -> str:
    """The limit as people read it, with its sign: "< 15%"."""
    if reason.condition == Condition.CHANGED:
        return f"changed to {reason.limit}" if reason.limit else "changed"
    limit = reason.limit or ""
    number = parse_number(limit) if reason.condition != Condition.CONTAINS else None
    text = f"“{cut(limit, 80)}”" if number is None else _number_text(number, reason.unit, currency)
    return f"{SIGNS[Condition(reason.condition)]}{NBSP}{text}"


def title(finding: Finding, currency: str) -> str:
    """What happened to which entity: “Open rate 11.8% on Advent preview”."""
    head = finding.head
    where = finding.entity_name or finding.external_id
    if head.condition == Condition.CHANGED:
        before = value_text(head.previous, head.unit, currency)
        said = f"{head.label} changed from {before} to {value_text(head.value, head.unit, currency)}"
    elif head.condition == Condition.CONTAINS:
        said = f"{head.label} contains “{cut(head.limit or '', 60)}”"
    elif head.value is None:
        said = f"{head.label} is missing"
    else:
        said = f"{head.label} {value_text(head.value, head.unit, currency)}"
    return cut(f"{said} on {where}", TITLE_LENGTH)


def message(conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str) -> str:
    """One sentence for each condition, then the rule and the client."""
    said = []
    for reason in conditions:
        value = value_text(reason.value, reason.unit, currency)
        joined = f"{reason.joined_by.lower()} " if reason.joined_by else ""
        said.append(f"{joined}{reason.label} is {value}, limit {limit_text(reason, currency)}")
    return f"{', '.join(said)}. Rule “{rule_name}”, client {client_name}."


def fields(
    conditions: Sequence[ConditionReason], rule_name: str, client_name: str, currency: str
) -> tuple[tuple[str, str], ...]:
    """Label and value pairs for mail and Discord."""
    pairs: list[tuple[str, str]] = [("Client", client_name)]
    for reason in conditions:
        value = value_text(reason.value, reason.unit, currency)
        pairs.append((reason.label, f"{value} ({limit_text(reason, currency)})"))
    return (*pairs, ("Rule", rule_name))


def closed_text(reason: ResolvedReason, alert_title: str) -> tuple[str, str]:
    """Title and sentence of a message that tells the end of an alert."""
    return cut(f"Resolved: {alert_title}", TITLE_LENGTH), f"{CLOSED_WORDS[reason]}. The alert is closed."


def shown(value: str | None) -> str | None:
    """A value as the alert row keeps it."""
    return None if value is None else cut(value, VALUE_LENGTH)


def _number(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
