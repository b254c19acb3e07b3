"""Where a rule holds in many readings at once, so that a replay wakes the engine only where something can change."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import RECORD_COLUMNS
from belvedere.watchtower.contracts import Condition, NoDataPolicy, Rule
from belvedere.watchtower.fields import NUMBER_COLUMNS, FieldPlace, FieldRef, parse_field
from belvedere.watchtower.groups import Unit, terms
from belvedere.watchtower.history_frames import Chunk
from belvedere.watchtower.reading import AMOUNT_TYPE, METRIC_TYPE
from belvedere.watchtower.searches import scaled
from belvedere.watchtower.threshold import parse_number

ORDERS = {
    Condition.LESS_THAN: "lt",
    Condition.GREATER_THAN: "gt",
    Condition.LESS_OR_EQUAL: "le",
    Condition.GREATER_OR_EQUAL: "ge",
}
LOOKS_BACK = frozenset({Condition.CHANGED, Condition.CHANGED_FROM_TO, Condition.PERCENT_CHANGE})
BY_VALUE = frozenset(ORDERS) | {
    Condition.EQUALS, Condition.NOT_EQUALS, Condition.CONTAINS, Condition.BETWEEN, Condition.IN, Condition.IS_NULL,
    Condition.IS_NOT_NULL,
}  # fmt: skip


def looks_around(unit: Unit) -> bool:
    """Whether some row of the unit may stand where its head does not, so that it needs readings of other sources."""
    head = unit.head
    if head.source_id is None and head.target_table is None and not unit.is_across:
        return False
    return any(
        row.source_id not in (None, head.source_id) or row.target_table not in (None, head.target_table)
        for row in unit.rows
    )


def can_stack(unit: Unit) -> bool:
    """Whether each record of this rule is judged by its own values alone, whatever else its reading holds and whenever."""
    return (
        not looks_around(unit)
        and not unit.is_across
        and len(unit.sources) <= 1
        and all(_is_plain(rule) and rule.condition in BY_VALUE | LOOKS_BACK for rule in unit.rows)
    )


def _is_plain(rule: Rule) -> bool:
    return (
        rule.aggregate is None
        and rule.data_lag_minutes is None
        and rule.no_data_policy is NoDataPolicy.IGNORE
        and rule.parent_rule_id is None
        and _can_read(rule.field_name)
        and (rule.min_volume_field is None or _can_read(rule.min_volume_field))
    )


def _can_read(name: str) -> bool:
    try:
        parse_field(name)
    except Invalid:
        return False
    return True


@dataclass(frozen=True)
class Truth:
    """What a rule says of each pair of readings in a chunk: `hits` by (pair, external_id), the first row of each entity;
    counts by pair, and by mark whether the rule's fields are there at all. A pair is a reading and the one it is compared with, where that matters.
    """

    pair_of: Sequence[int]
    hits: pl.DataFrame
    sizes: Sequence[int]
    matched: Sequence[int]
    no_data: Sequence[int]
    errors: Sequence[int]
    delivered: Sequence[bool]


def number_place(name: str, metrics: Mapping[str, Any]) -> FieldRef | None:
    """The field where it is surely a metric or a typed column of numbers, else None."""
    ref = parse_field(name)
    if ref.place is FieldPlace.METRIC or (
        ref.place is None and ref.name not in RECORD_COLUMNS and ref.name in metrics
    ):
        return FieldRef(ref.name, FieldPlace.METRIC)
    if ref.place in (None, FieldPlace.COLUMN) and ref.name in NUMBER_COLUMNS:
        return FieldRef(ref.name, FieldPlace.COLUMN)
    return None


def number_column(chunk: Chunk, ref: FieldRef) -> pl.Series:
    """The exact values of a number field, one for each row of `chunk.records`."""
    if ref.place is FieldPlace.COLUMN:
        return chunk.records[ref.name].cast(AMOUNT_TYPE if ref.name == "amount" else pl.Int64)
    found = chunk.metrics.filter(pl.col("metric_name") == ref.name)
    records = chunk.records
    if (
        found.height == records.height
        and found["record_id"].equals(records["id"])
        and found["slot"].equals(records["slot"])
    ):
        return found["metric_value"].cast(METRIC_TYPE)
    found = found.select("slot", "record_id", "metric_value").unique(["slot", "record_id"], keep="last")
    joined = records.select("slot", "id").join(
        found, left_on=["slot", "id"], right_on=["slot", "record_id"], how="left", maintain_order="left"
    )
    return joined["metric_value"].cast(METRIC_TYPE)


def grid(numbers: pl.Series) -> pl.Series:
    """Exact numbers as whole ones, in 64 bits where they fit."""
    whole = numbers.to_physical()
    if whole.dtype == pl.Int64 or not len(whole):
        return whole.cast(pl.Int64)
    least, most = whole.min(), whole.max()
    if isinstance(least, int) and isinstance(most, int) and max(-least, most) >= 1 << 62:
        return whole
    return whole.cast(pl.Int64)


def ever_given(chunk: Chunk, given: Sequence[bool]) -> list[bool]:
    """For each mark whether it, or the reading it is compared with, carries a field of the rule."""
    return [
        given[chunk.slots[mark.frames_id]]
        or (mark.previous is not None and given[chunk.slots[mark.previous.frames_id]])
        for mark in chunk.marks
    ]


class NumberTruth:
    """Rows that compare numbers with limits: one comparison of whole columns each."""

    def __init__(self, unit: Unit, refs: Sequence[FieldRef], limits: Sequence[Decimal]) -> None:
        self._unit = unit
        self._refs = refs
        self._limits = limits

    @classmethod
    def of(cls, unit: Unit, metrics: Mapping[str, Any]) -> "NumberTruth | None":
        refs, limits = [], []
        for rule in unit.rows:
            ref = number_place(rule.field_name, metrics)
            limit = parse_number(rule.threshold_value or "")
            if (
                ref is None
                or limit is None
                or rule.condition not in ORDERS
                or rule.min_volume_field is not None
            ):
                return None
            refs.append(ref)
            limits.append(limit)
        return cls(unit, refs, limits)

    def look(self, chunk: Chunk) -> Truth:
        columns = [number_column(chunk, ref) for ref in self._refs]
        tests = [
            compare(column, rule.condition, limit)
            for column, rule, limit in zip(columns, self._unit.rows, self._limits, strict=True)
        ]
        truth = reduce(or_, (reduce(and_, term) for term in terms(self._unit.rows, tests)))
        rows = chunk.records.select("slot", "external_id").with_columns(
            truth.alias("truth"), columns[0].alias("value"),
            pl.any_horizontal([column.is_not_null().alias(str(at)) for at, column in enumerate(columns)]).alias("given"),
        )  # fmt: skip
        counts = _by_slot(rows, len(chunk.slots))
        hits = rows.filter("truth").select(pl.col("slot").alias("pair"), "external_id", "value")
        return Truth(
            pair_of=[chunk.slots[mark.frames_id] for mark in chunk.marks],
            hits=hits.unique(["pair", "external_id"], keep="first", maintain_order=True),
            sizes=counts["size"], matched=counts["matched"], no_data=counts["unknown"],
            errors=[0] * len(chunk.slots), delivered=ever_given(chunk, counts["given"]),
        )  # fmt: skip


def compare(numbers: pl.Series, condition: Condition, limit: Decimal) -> pl.Series:
    """True, false or null for each number; exact, whatever digits the limit has."""
    scale = numbers.dtype.scale if isinstance(numbers.dtype, pl.Decimal) else 0
    bound, is_lower = bound_of(condition, limit, scale)
    whole = grid(numbers)
    least, most = -(1 << 62), 1 << 62
    if whole.dtype == pl.Int64:
        bound = min(max(bound, least), most)
    return whole < bound if is_lower else whole > bound


def bound_of(condition: Condition, limit: Decimal, scale: int) -> tuple[int, bool]:
    """The whole number that values on the grid must be below (True) or above (False)."""
    exact = scaled(limit, scale)
    floor = math.floor(exact)
    is_whole = exact == floor
    if condition is Condition.LESS_THAN:
        return (floor if is_whole else floor + 1), True
    if condition is Condition.LESS_OR_EQUAL:
        return floor + 1, True
    if condition is Condition.GREATER_THAN:
        return floor, False
    return (floor - 1 if is_whole else floor), False


def _by_slot(rows: pl.DataFrame, slots: int) -> dict[str, list[Any]]:
    """Rows, matches, unknown rows and whether anything is delivered, for each slot."""
    found: dict[str, list[Any]] = {
        "size": [0] * slots, "matched": [0] * slots, "unknown": [0] * slots, "given": [False] * slots,
    }  # fmt: skip
    counted = rows.group_by("slot").agg(
        pl.len(), pl.col("truth").sum().alias("matched"), pl.col("truth").null_count().alias("unknown"),
        pl.col("given").any(),
    )  # fmt: skip
    for slot, size, matched, unknown, given in counted.iter_rows():
        found["size"][slot], found["matched"][slot] = size, matched
        found["unknown"][slot], found["given"][slot] = unknown, given
    return found
