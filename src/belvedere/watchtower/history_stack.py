"""Rules of any kind over many readings at once: the engine judges them laid on top of each other, as if they were one."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

import polars as pl

from belvedere.sources.contracts import RECORD_COLUMNS, Frames
from belvedere.watchtower.contracts import WatchState
from belvedere.watchtower.fields import FieldPlace, FieldRef, parse_field
from belvedere.watchtower.groups import Unit
from belvedere.watchtower.history_frames import Chunk
from belvedere.watchtower.history_truth import (
    LOOKS_BACK,
    ORDERS,
    Truth,
    ever_given,
    number_column,
    number_place,
)
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.judged import JudgedUnit
from belvedere.watchtower.reading import Reading

_SEAM = "\x1f"


class StackedTruth:
    """Any other rule: readings of one shape are laid on top of each other and judged by the engine as one reading."""

    def __init__(self, unit: Unit, units: Mapping[str, str]) -> None:
        self._unit = unit
        self._units = units
        names = [rule.field_name for rule in unit.rows] + [rule.min_volume_field for rule in unit.rows]
        self._refs = [parse_field(name) for name in names if name is not None]
        self._head = number_place(unit.head.field_name, units)
        self._looks_back = any(rule.condition in LOOKS_BACK for rule in unit.rows)

    @classmethod
    def of(cls, unit: Unit, units: Mapping[str, str]) -> "StackedTruth | None":
        """None where it could not tell how far a value went."""
        if unit.head.condition in ORDERS and number_place(unit.head.field_name, units) is None:
            return None
        return cls(unit, units)

    def look(self, chunk: Chunk) -> Truth:
        pairs: dict[tuple[int, int | None], int] = {}
        pair_of = []
        for mark in chunk.marks:
            before = chunk.slots[mark.previous.frames_id] if self._looks_back and mark.previous else None
            pair_of.append(pairs.setdefault((chunk.slots[mark.frames_id], before), len(pairs)))
        shapes = [self._shape(chunk, slot) for slot in range(len(chunk.slots))]
        classes: dict[Any, list[tuple[int, int, int | None]]] = {}
        for (slot, before), pair in pairs.items():
            shape = (shapes[slot], None if before is None else shapes[before])
            classes.setdefault(shape, []).append((pair, slot, before))
        answers = [self._judge(chunk, members) for members in classes.values()]
        rows = pl.concat(answers)
        if self._head is not None:
            values = chunk.records.select(
                "slot", pl.col("id").alias("record_id"), number_column(chunk, self._head).alias("value")
            )
            rows = rows.join(
                values.unique(["slot", "record_id"]),
                on=["slot", "record_id"],
                how="left",
                maintain_order="left",
            )
        fields = len(self._unit.rows)
        given = [any(any(where) for where in shape[:fields]) for shape in shapes]
        return self._sum_up(rows, pair_of, pairs, ever_given(chunk, given))

    def _shape(self, chunk: Chunk, slot: int) -> tuple[tuple[bool, ...], ...]:
        """For each field, where this reading carries it; the engine asks that of a reading as a whole."""
        frames = chunk.at(slot)
        return tuple(self._carried(frames, ref) for ref in self._refs)

    def _carried(self, frames: Frames, ref: FieldRef) -> tuple[bool, ...]:
        is_column = ref.place is not FieldPlace.METRIC and ref.name in RECORD_COLUMNS
        if is_column and ref.place is not FieldPlace.EXTRA:
            return (frames.records[ref.name].null_count() < frames.records.height,)
        metric = (frames.metrics["metric_name"] == ref.name).any() if frames.metrics.height else False
        if ref.place is FieldPlace.METRIC or "extra" not in frames.records.columns:
            return (metric,)
        path = ref.path or (ref.name,)
        return (metric, Reading(frames).values(FieldRef(ref.name, FieldPlace.EXTRA, path)).delivered)

    def _judge(self, chunk: Chunk, members: Sequence[tuple[int, int, int | None]]) -> pl.DataFrame:
        now = relabelled(chunk, [(pair, slot) for pair, slot, _ in members])
        has_before = members[0][2] is not None
        before = (
            relabelled(chunk, [(pair, slot) for pair, _, slot in members if slot is not None])
            if has_before
            else None
        )
        names = now.metrics["metric_name"].unique().to_list() if now.metrics.height else []
        state = WatchState(chunk.marks[0].place, metric_units={**dict.fromkeys(names, ""), **self._units})
        judge = Judge(now, before, state, chunk.marks[0].data_as_of)
        judge.prepare([self._unit])
        judged = judge.judge(self._unit)
        hit = pl.repeat(value=False, n=judged.size, dtype=pl.Boolean, eager=True)
        if len(judged.hits):
            hit = hit.scatter(judged.hits, True)
        known, wrong = _answers(judged)
        return now.records.select(
            pl.col("pair"), pl.col("slot"), pl.col("record_id"), pl.col("entity").alias("external_id"), hit.alias("hit"), known.alias("known"),
            wrong.alias("wrong"),
        )  # fmt: skip

    def _sum_up(
        self, rows: pl.DataFrame, pair_of: Sequence[int], pairs: Mapping[Any, int], delivered: Sequence[bool]
    ) -> Truth:
        columns: list[list[int]] = [[0] * len(pairs) for _ in range(4)]
        counted = rows.group_by("pair").agg(
            pl.len(), pl.col("hit").sum(), (~pl.col("known") & ~pl.col("wrong")).sum(), pl.col("wrong").sum()
        )
        for pair, *figures in counted.iter_rows():
            for column, figure in zip(columns, figures, strict=True):
                column[pair] = figure
        found = ["pair", "external_id", "value"] if self._head is not None else ["pair", "external_id"]
        hits = (
            rows.filter("hit")
            .select(found)
            .unique(["pair", "external_id"], keep="first", maintain_order=True)
        )
        sizes, matched, no_data, errors = columns
        return Truth(pair_of, hits, sizes, matched, no_data, errors, delivered)


def _answers(judged: JudgedUnit) -> tuple[pl.Series, pl.Series]:
    """For each row whether it has an answer, and whether it has none because the comparison makes no sense."""
    known = judged._known.rows  # noqa: SLF001 - a replay is the judge over many readings
    wrong = reduce(or_, (outcome.errors.rows for outcome in judged._outcomes))  # noqa: SLF001
    return known, wrong & ~known


def relabelled(chunk: Chunk, members: Sequence[tuple[int, int]]) -> Frames:
    """Readings on top of each other, entities and records told apart by their pair."""
    wanted = pl.DataFrame(members, schema={"pair": pl.UInt32, "slot": pl.UInt32}, orient="row")
    mark = pl.concat_str(pl.col("pair").cast(pl.String), pl.lit(_SEAM), pl.col("record_id"))
    records = (
        wanted.join(chunk.records.rename({"id": "record_id"}), on="slot", how="inner", maintain_order="left_right")
        .with_columns(
            mark.alias("id"), pl.col("external_id").alias("entity"),
            pl.concat_str(pl.col("pair").cast(pl.String), pl.lit(_SEAM), pl.col("external_id")).alias("external_id"),
        )
    )  # fmt: skip
    metrics = wanted.join(chunk.metrics, on="slot", how="inner", maintain_order="left_right")
    return Frames(records, metrics.with_columns(mark.alias("record_id")))
