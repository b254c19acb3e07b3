"""Records that a rule nearly fires on: those whose values lie closest to the limits that they do not meet. Pure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl

from belvedere.sources.contracts import StoredSnapshot
from belvedere.watchtower.contracts import Condition, ConditionReason, Finding, Rule, WatchState
from belvedere.watchtower.groups import Unit, fits, form_units, terms
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.threshold import parse_number, strict_number
from belvedere.watchtower.views import Row, View

ORDERED = frozenset(
    {Condition.LESS_THAN, Condition.LESS_OR_EQUAL, Condition.GREATER_THAN, Condition.GREATER_OR_EQUAL}
)
MOST = 5
_FAR = float("inf")
_JUST = 1e-12
"""Added to every distance, so that a value at its limit still differs from one that meets it."""


def find_near(
    rules: Sequence[Rule], stored: StoredSnapshot, state: WatchState, now: datetime, most: int = MOST
) -> list[tuple[float, Finding]]:
    """The closest records of a reading that the rule does not fire on, each with how far it is in parts of the limit."""
    unit = form_units(rules)[0]
    judge = Judge(stored.frames, stored.previous, state, now)
    if judge.problem_of(unit) is not None or not _is_of_records(unit, state):
        return []
    rows = _closest(_gaps(judge, unit), most)
    findings = judge.judge(unit).findings([("", row) for _, row in rows])
    return [(gap, finding) for (gap, _), finding in zip(rows, findings, strict=True)]


def _is_of_records(unit: Unit, state: WatchState) -> bool:
    """Whether each record has an answer of its own to every row."""
    return all(rule.aggregate is None and fits(rule, state.place) for rule in unit.rows)


def _gaps(judge: Judge, unit: Unit) -> pl.Series:
    """For every record how far it is from firing: the farthest condition of the closest term; 0 fires."""
    view = judge.home(unit)
    columns = [_gap(view, judge.row(rule, view)) for rule in unit.rows]
    whole = [pl.select(pl.max_horizontal(term)).to_series() for term in terms(unit.rows, columns)]
    return pl.select(pl.min_horizontal(whole)).to_series()


def _gap(view: View, row: Row) -> pl.Series:
    truth = view.outcome(row).truth()
    far: pl.Series | pl.Expr = pl.lit(_FAR)
    limit = row.limit.only.number if row.rule.condition in ORDERED and row.limit is not None else None
    if limit is not None:
        cells = view.reading.values(row.ref).exact()
        if cells.grid is not None:
            numbers = cells.grid.cast(pl.Float64) / 10**cells.scale
        else:
            numbers = pl.Series(
                [None if cell is None else float(cell) for cell in cells.cells], dtype=pl.Float64
            )
        far = (numbers - float(limit)).abs() / (abs(float(limit)) or 1) + _JUST
    gap = pl.when(truth).then(0.0).when(~truth).then(far).otherwise(_FAR)
    return pl.select(gap.fill_null(_FAR).fill_nan(_FAR)).to_series()


def _closest(gaps: pl.Series, most: int) -> list[tuple[float, int]]:
    near = (
        pl.DataFrame({"gap": gaps})
        .with_row_index("row")
        .filter(pl.col("gap").is_between(0, _FAR, closed="none"))
    )
    return near.bottom_k(most, by="gap").sort("gap", "row").select("gap", "row").rows()


def shortfalls(finding: Finding) -> list[tuple[ConditionReason, Decimal]]:
    """The conditions that a record does not meet, each with the exact distance of its value from the limit."""
    found = []
    for reason in finding.conditions:
        if reason.result is False and reason.value is not None and reason.limit is not None:
            limit, value = parse_number(reason.limit), strict_number(reason.value)
            if limit is not None and value is not None:
                found.append((reason, abs(value - limit)))
    return found
