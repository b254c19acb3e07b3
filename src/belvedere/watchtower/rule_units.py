"""Whether the unit somebody wrote beside a limit is the unit of what the limit is compared with."""

from decimal import Decimal

from belvedere.core.errors import Invalid
from belvedere.core.numerals import EXACT
from belvedere.core.percents import Scale, to_fraction
from belvedere.sources.contracts import RECORD_COLUMNS, Unit
from belvedere.watchtower.conditions import read_limit
from belvedere.watchtower.contracts import Aggregate, Condition, Rule
from belvedere.watchtower.fields import FieldPlace, FieldRef
from belvedere.watchtower.rule_facts import KnownField, Note, invalid, run_checks
from belvedere.watchtower.threshold import PERCENT_SIGN, TIMES_SIGN, Threshold, written_unit

_KINDS = {
    Unit.PERCENT: "a percentage from 0 to 100",
    Unit.CURRENCY: "an amount of money",
    Unit.COUNT: "a count",
    Unit.RATIO: "a ratio",
    Unit.DAYS: "a number of days",
}
_SIGNS_OF_A_CHANGE = "±+-−/ "


def check_units(rule: Rule, ref: FieldRef, known: KnownField) -> list[Note]:
    """Raise Invalid for a limit whose written unit is another than that of the field, where that one is known."""
    unit = unit_of(rule, ref, known)
    return run_checks(
        (
            lambda: _check_limit("threshold_value", rule.threshold_value, rule, unit),
            lambda: _check_limit("recovery_threshold", rule.recovery_threshold, rule, unit),
        )
    )


def unit_of(rule: Rule, ref: FieldRef, known: KnownField) -> Unit | None:
    """The unit of what is compared, as the engine reads it; None where nobody knows it yet."""
    if rule.condition is Condition.PERCENT_CHANGE or rule.aggregate is Aggregate.SHARE:
        return Unit.PERCENT
    if rule.aggregate is Aggregate.COUNT:
        return Unit.COUNT
    if ref.place is FieldPlace.COLUMN or (ref.place is None and ref.name in RECORD_COLUMNS):
        return {"amount": Unit.CURRENCY, "quantity": Unit.COUNT}.get(ref.name)
    if ref.place is FieldPlace.EXTRA:
        return None
    return Unit.RATIO if ref.name == "roas" else next((unit for unit in Unit if unit == known.unit), None)


def _check_limit(name: str, text: str | None, rule: Rule, unit: Unit | None) -> None:
    if unit is None or not text:
        return
    for part in _parts(rule, text):
        written = written_unit(part.text)
        if part.number is not None and not _fits(written, unit):
            field = "A change" if rule.condition is Condition.PERCENT_CHANGE else rule.field_name
            raise invalid(
                name,
                "wrong_unit",
                f"{field} is {_kind(rule, unit)} and “{part.text}” is {_said(written)}."
                f" Write {_meant(part.number, written, unit)}.",
            )


def _parts(rule: Rule, text: str) -> list[Threshold]:
    """The values of a limit; one that cannot be read is refused elsewhere."""
    try:
        limit = read_limit(rule.condition, text, rule.field_name)
    except Invalid:
        return []
    if limit is None:
        return []
    if rule.condition is Condition.PERCENT_CHANGE:
        bare = text.strip().lstrip(_SIGNS_OF_A_CHANGE)
        return [Threshold(bare, limit.detail.percent)]
    return limit.values


def _fits(written: str, unit: Unit) -> bool:
    if written == PERCENT_SIGN:
        return unit is Unit.PERCENT
    if written == TIMES_SIGN:
        return unit is Unit.RATIO
    return not written or unit is Unit.CURRENCY


def _kind(rule: Rule, unit: Unit) -> str:
    if rule.aggregate in {Aggregate.COUNT, Aggregate.SHARE}:
        return f"judged by {rule.aggregate}, {_KINDS[unit]},"
    return _KINDS[unit]


def _said(written: str) -> str:
    if written == PERCENT_SIGN:
        return "a percentage"
    return "a ratio" if written == TIMES_SIGN else "money"


def _meant(number: Decimal, written: str, unit: Unit) -> str:
    """The number as it is to be written: 150 % of a ratio is 1.5."""
    if unit is Unit.RATIO and written == PERCENT_SIGN:
        number = to_fraction(number, Scale.PERCENT)
    said = f"{number.normalize(EXACT):f}"
    return f"{said} %" if unit is Unit.PERCENT else said
