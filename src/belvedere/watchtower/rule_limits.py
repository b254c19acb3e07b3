"""Checks of what a rule compares with: its limit, its recovery limit, its aggregate and its guards."""

from collections.abc import Callable
from dataclasses import dataclass

from belvedere.core.errors import Invalid
from belvedere.core.percents import fraction_note
from belvedere.sources.contracts import RECORD_COLUMNS, Unit
from belvedere.watchtower.conditions import Kind, kind_of, read_limit
from belvedere.watchtower.contracts import Aggregate, Condition, NoDataPolicy, Rule
from belvedere.watchtower.fields import INSTANT_COLUMNS, LIST_COLUMNS, NUMBER_COLUMNS, FieldPlace, FieldRef
from belvedere.watchtower.rule_facts import KnownField, Note, invalid, run_checks
from belvedere.watchtower.rule_units import unit_of
from belvedere.watchtower.threshold import Limit, refuse_threshold

FIGURES = frozenset({Aggregate.COUNT, Aggregate.SHARE, Aggregate.SUM, Aggregate.AVG})
COUNTS = frozenset({Aggregate.COUNT, Aggregate.SHARE})
OF_FIGURES = FIGURES | {Aggregate.MIN, Aggregate.MAX}
WITHOUT_LIMIT = frozenset(
    {Condition.IS_NULL, Condition.IS_NOT_NULL, Condition.ADDED, Condition.REMOVED, Condition.NO_DATA}
)
_EXAMPLES: dict[Unit | None, str] = {
    Unit.PERCENT: "it with a point, such as 15.5 or 15.5 %",
    Unit.CURRENCY: "it with a point, such as 1200.5 or $1,200.50",
    Unit.COUNT: "a number such as 1200",
    Unit.RATIO: "it with a point, such as 1.5",
    Unit.DAYS: "a number of days such as 30",
    None: "it with a point, such as 1200.5, 15 % or $40",
}
FALLING = frozenset({Condition.LESS_THAN, Condition.LESS_OR_EQUAL})


@dataclass(frozen=True, slots=True)
class Nature:
    """What kind of value a rule compares, as far as its field and aggregate tell."""

    is_number: bool
    is_instant: bool
    is_column: bool
    is_list: bool


def nature_of(rule: Rule, ref: FieldRef, known: KnownField) -> Nature:
    if rule.aggregate in COUNTS:
        return Nature(is_number=True, is_instant=False, is_column=False, is_list=False)
    is_column = ref.place is FieldPlace.COLUMN or (ref.place is None and ref.name in RECORD_COLUMNS)
    is_metric = ref.place is FieldPlace.METRIC or (ref.place is None and not is_column and known.is_metric)
    return Nature(
        is_number=is_metric or (is_column and ref.name in NUMBER_COLUMNS),
        is_instant=is_column and ref.name in INSTANT_COLUMNS,
        is_column=is_column,
        is_list=is_column and ref.name in LIST_COLUMNS,
    )


def check_limits(rule: Rule, ref: FieldRef, known: KnownField) -> list[Note]:
    """Raise Invalid for limits that can never be met or mean nothing; return notes on the rest."""
    kind = kind_of(rule.condition)
    nature = nature_of(rule, ref, known)
    unit = unit_of(rule, ref, known)

    def check_question() -> list[Note]:
        read: list[Limit | None] = []
        run_checks(
            (lambda: read.append(_limit_of(rule, nature, unit)), lambda: _check_aggregate(rule, kind, nature))
        )
        limit = read[0]
        _check_kind(rule, kind, nature, ref, limit)
        return _fraction_notes(rule, nature, known, limit)

    notes = run_checks(
        (
            check_question,
            lambda: _check_recovery(rule, kind, nature, unit),
            lambda: _check_lasting(rule, kind),
        )
    )
    return [*notes, *_idle_notes(rule, kind)]


def _check_aggregate(rule: Rule, kind: Kind, nature: Nature) -> None:
    aggregate = rule.aggregate
    if aggregate is None:
        return
    if not kind.takes_aggregate:
        raise invalid(
            "aggregate",
            "aggregate_of_change",
            f"`{rule.condition}` looks at one record after another, so it cannot be judged over a whole reading."
            " Leave aggregate out.",
        )
    senseless = {Condition.CONTAINS, Condition.IS_NULL, Condition.IS_NOT_NULL}
    if aggregate in OF_FIGURES and rule.condition in senseless:
        raise invalid(
            "aggregate", "aggregate_of_figure",
            f"{aggregate} makes one figure of all records, and `{rule.condition}` does not compare figures."
            " Use an order, or the aggregate any or all.",
        )  # fmt: skip
    if aggregate in FIGURES and rule.condition is Condition.STALE:
        raise invalid(
            "aggregate",
            "aggregate_of_age",
            f"{aggregate} has no age. Use max for the newest, or min for the oldest.",
        )
    if aggregate in {Aggregate.SUM, Aggregate.AVG} and (nature.is_column and not nature.is_number):
        raise invalid(
            "aggregate",
            "aggregate_of_words",
            f"{rule.field_name} holds no numbers, so it has no {aggregate}.",
        )


def _check_kind(rule: Rule, kind: Kind, nature: Nature, ref: FieldRef, limit: Limit | None) -> None:
    """Refuse limits that the field's kind can never meet."""
    if rule.condition is Condition.CONTAINS and (nature.is_number or nature.is_instant):
        raise invalid(
            "condition",
            "wrong_kind",
            f"{ref.name} is no text, so `contains` cannot search it. Use equals or an order.",
        )
    if rule.condition is Condition.STALE and (nature.is_number or nature.is_list):
        raise invalid(
            "condition",
            "wrong_kind",
            f"{ref.name} is no time, so it has no age. Choose a field such as record_date.",
        )
    if rule.condition is Condition.PERCENT_CHANGE and (nature.is_instant or nature.is_list):
        raise invalid("condition", "wrong_kind", f"{ref.name} is no number, so it has no percentage.")
    if limit is None:
        return
    if nature.is_list and kind.is_ordered:
        raise invalid(
            "condition", "wrong_kind", f"{ref.name} is a list, which has no order. Use contains or equals."
        )
    needs_number = nature.is_number or (nature.is_column and not nature.is_instant and kind.is_ordered)
    for part in limit.values:
        if nature.is_instant and part.instant is None:
            raise invalid(
                "threshold_value", "not_a_date", f"{ref.name} is a time. Write one such as 2026-11-20."
            )
        if needs_number and part.number is None:
            raise invalid(
                "threshold_value",
                "not_a_number",
                f"{ref.name} is compared as a number and “{part.text}” is none. Write it with a point,"
                " such as 15.5.",
            )


def _limit_of(rule: Rule, nature: Nature, unit: Unit | None) -> Limit | None:
    return _read(rule, rule.threshold_value, nature, unit)


def _read(rule: Rule, text: str | None, nature: Nature, unit: Unit | None) -> Limit | None:
    """Read a limit; what it is not is said in words that fit the field where its kind is known."""
    try:
        return read_limit(rule.condition, text, rule.field_name)
    except Invalid as error:
        if error.code != "threshold_not_a_number" or not (nature.is_number or nature.is_instant):
            raise
        said, _, _ = error.detail.partition(" is not a number or a date")
        what, advice = ("number", _EXAMPLES[unit]) if nature.is_number else ("date", "one such as 2026-11-20")
        refuse_threshold(
            "not_a_number",
            f"{said} is not a {what}, so `{rule.condition}` cannot compare {rule.field_name} with it. Write {advice}.",
        )


def _check_recovery(rule: Rule, kind: Kind, nature: Nature, unit: Unit | None) -> None:
    text = rule.recovery_threshold
    if text is None:
        return
    if not kind.can_recover_later:
        raise invalid(
            "recovery_threshold", "no_recovery",
            f"`{rule.condition}` has no side to recover on. Leave recovery_threshold out, or use an order.",
        )  # fmt: skip
    try:
        recovery = _read(rule, text, nature, unit)
    except Invalid as error:
        raise invalid("recovery_threshold", "recovery_unreadable", error.detail) from error
    try:
        limit = _limit_of(rule, nature, unit)
    except Invalid:
        # The limit itself is refused under its own name.
        return
    if recovery is not None and limit is not None and _is_nearer(rule.condition, limit, recovery):
        raise invalid(
            "recovery_threshold", "recovery_nearer",
            f"A value would recover at “{text}” while it still fires at “{rule.threshold_value}”."
            f" Write a limit {'above' if rule.condition in FALLING else 'below'} that one.",
        )  # fmt: skip


def _is_nearer(condition: Condition, limit: Limit, recovery: Limit) -> bool:
    """Whether the recovery limit stands on the firing side of the limit itself."""
    if condition is Condition.STALE:
        return bool(recovery.detail > limit.detail)
    first, second = limit.only, recovery.only
    for left, right in ((first.number, second.number), (first.instant, second.instant)):
        if left is not None and right is not None:
            return right < left if condition in FALLING else right > left  # type: ignore[operator]
    return False


def _check_lasting(rule: Rule, kind: Kind) -> None:
    if kind.is_event and (rule.for_readings > 1 or rule.for_minutes):
        name = "for_readings" if rule.for_readings > 1 else "for_minutes"
        raise invalid(
            name, "does_not_last",
            f"`{rule.condition}` is over the moment it is seen, so it cannot last. Leave {name} out.",
        )  # fmt: skip
    if (rule.data_lag_minutes or 0) < 0:
        raise invalid("data_lag_minutes", "negative", "data_lag_minutes is a number of minutes, from 0.")


def _fraction_notes(rule: Rule, nature: Nature, known: KnownField, limit: Limit | None) -> list[Note]:
    if not nature.is_number or limit is None:
        return []
    is_percent = rule.aggregate is Aggregate.SHARE or (
        known.unit == Unit.PERCENT and rule.aggregate is not Aggregate.COUNT
    )
    parts = [part for part in limit.values if part.number is not None and not part.has_percent_sign]
    notes = [fraction_note(part.number) for part in parts if part.number is not None] if is_percent else []
    if rule.condition is Condition.PERCENT_CHANGE and not (rule.threshold_value or "").rstrip().endswith("%"):
        notes = [fraction_note(limit.detail.percent)]
    return [Note("threshold_value", "fraction", note) for note in notes if note]


def _idle_notes(rule: Rule, kind: Kind) -> list[Note]:
    """Settings that say nothing under this condition, and guards that are missed."""
    wanted: list[tuple[bool, Callable[[], Note]]] = [
        (
            rule.condition is Condition.PERCENT_CHANGE and rule.min_volume is None,
            lambda: Note(
                "min_volume", "no_volume",
                "Without min_volume, small numbers that move a little are large percentages.",
            ),
        ),
        (
            rule.fires_from_zero and rule.condition is not Condition.PERCENT_CHANGE,
            lambda: Note("fires_from_zero", "idle", "fires_from_zero says something of percent_change alone."),
        ),
        (
            kind.asks_for_missing and rule.no_data_policy is not NoDataPolicy.IGNORE,
            lambda: Note(
                "no_data_policy", "idle",
                f"`{rule.condition}` looks for missing values itself, so no_data_policy says nothing.",
            ),
        ),
        (
            bool(rule.threshold_value) and rule.condition in WITHOUT_LIMIT,
            lambda: Note(
                "threshold_value", "idle", f"`{rule.condition}` compares with nothing, so threshold_value says nothing."
            ),
        ),
    ]  # fmt: skip
    return [make() for is_met, make in wanted if is_met]
