"""The threshold slider: how often a rule would have fired at every other limit, told from the history of its number in
one go and not by trying limit after limit.

An alert opens where a value breaches and none is open. Below a limit t that is a reading whose value is under t while
what came before it since the last reading that could have closed the alert was not: the reading opens for every t in
(value, reach]. So the openings at t are the values under t less those of `max(value, reach)` under t, two searches.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from belvedere.watchtower.backtest_replay import Question
from belvedere.watchtower.contracts import Condition, NoDataPolicy
from belvedere.watchtower.fields import FieldRef
from belvedere.watchtower.history_frames import Chunk
from belvedere.watchtower.history_truth import ORDERS, bound_of, grid, number_column, number_place
from belvedere.watchtower.threshold import parse_number
from belvedere.watchtower.transitions import MISSING_LIMIT
from belvedere.watchtower.values import plain

INSTANT = pl.Datetime("us", "UTC")
POSITIONS = 120
POINTS = 240
_FAR = 1 << 62
LOWER = frozenset({Condition.LESS_THAN, Condition.LESS_OR_EQUAL})
NOT_SWEPT = (
    "The slider answers for one rule that compares a number with a limit and fires at once: no group, guard, wait,"
    " recovery limit or parent."
)


@dataclass
class Sweep:
    """The number of one rule through all its readings, gathered chunk by chunk."""

    question: Question
    ref: FieldRef | None
    parts: list[pl.DataFrame] = field(default_factory=list)
    marks: list[tuple[int, int, bool, Any]] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)
    scale: int = 0
    unit: str | None = None

    @classmethod
    def of(cls, question: Question, metrics: Any) -> "Sweep":
        rule = question.head
        is_simple = (
            len(question.rows) == 1 and not question.parents and rule.condition in ORDERS and rule.aggregate is None
            and rule.for_readings == 1 and rule.for_minutes is None and rule.recover_after == 1
            and rule.recovery_threshold is None and rule.data_lag_minutes is None and rule.min_volume_field is None
            and rule.no_data_policy is NoDataPolicy.IGNORE
        )  # fmt: skip
        ref = number_place(rule.field_name, metrics) if is_simple else None
        return cls(question, ref, unit=metrics.get(ref.name) if ref else None)

    def take(self, chunk: Chunk) -> None:
        """Keep the number of every record of these readings."""
        if self.ref is None:
            return
        numbers = number_column(chunk, self.ref)
        self.scale = numbers.dtype.scale if isinstance(numbers.dtype, pl.Decimal) else 0
        rows = chunk.records.select("slot", "external_id").with_columns(grid(numbers).alias("value"))
        first = len(self.marks)
        listed = []
        for number, mark in enumerate(chunk.marks, first):
            # Readings of one account tell of missing entities; those of another say nothing of them.
            place = self.places.setdefault(
                (mark.place.client_id, mark.place.source_id, mark.account_id), len(self.places)
            )
            self.marks.append((number, place, mark.is_full, mark.data_as_of))
            listed.append((number, place, mark.is_full, chunk.slots[mark.frames_id]))
        schema = {"number": pl.UInt32, "place": pl.UInt32, "is_full": pl.Boolean, "slot": pl.UInt32}
        found = pl.DataFrame(listed, schema=schema, orient="row").join(rows, on="slot").drop("slot")
        self.parts.append(found.with_columns(pl.col("external_id").cast(pl.Categorical)))

    def document(self) -> dict[str, Any]:
        if self.ref is None:
            return {"possible": False, "why": NOT_SWEPT}
        rows = pl.concat(self.parts) if self.parts else None
        if rows is None or rows["value"].null_count() == rows.height:
            return {"possible": False, "why": "No reading of that time carries the number."}
        limits = positions(rows["value"], self.scale, parse_number(self.question.head.threshold_value or ""))
        opens, matches = self.count(rows, limits)
        return {
            "possible": True,
            "field": self.ref.name,
            "condition": self.question.head.condition,
            "threshold": self.question.head.threshold_value,
            "positions": [
                {"threshold": plain(limit), "episodes": opened, "matches": matched}
                for limit, opened, matched in zip(limits, opens, matches, strict=True)
            ],
            "series": self.series(rows),
        }

    def count(self, rows: pl.DataFrame, limits: list[Decimal]) -> tuple[list[int], list[int]]:
        """Openings and matches at each limit, exactly."""
        condition = self.question.head.condition
        # Above a limit is below it with the sign turned.
        sign = 1 if condition in LOWER else -1
        spans = reaches(self._with_gaps(rows).with_columns(pl.col("value") * sign))
        values = spans["value"].sort()
        spent = spans.select(pl.max_horizontal("value", "reach"))["value"].sort()
        bounds = [sign * bound_of(condition, limit, self.scale)[0] for limit in limits]
        wanted = pl.Series(bounds, dtype=values.dtype)
        under, over = values.search_sorted(wanted, side="left"), spent.search_sorted(wanted, side="left")
        return (under.cast(pl.Int64) - over.cast(pl.Int64)).to_list(), under.to_list()

    def _with_gaps(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows in order, and where two full readings in a row lacked the entity, so that its alert was over."""
        marks = self._with_fulls().select(
            "number", "fulls", "fulls_before", "moments", "moments_before", "goes_on"
        )
        rows = rows.join(marks, on="number").sort("place", "external_id", "number")
        rows = rows.unique(["place", "external_id", "number"], keep="first", maintain_order=True)
        any_passed = (pl.col("fulls_before") > pl.col("fulls").shift(1)) & pl.col("goes_on").shift(1)
        passed = pl.col("moments_before") - pl.col("moments").shift(1) + any_passed.cast(pl.Int64)
        gone = (passed.over("place", "external_id") >= MISSING_LIMIT).fill_null(value=False)
        return rows.with_columns(
            gone.cast(pl.Int64).cum_sum().over("place", "external_id").alias("life")
        ).filter(pl.col("value").is_not_null())

    def _with_fulls(self) -> pl.DataFrame:
        """For each reading the full ones of its place and their moments of data, up to it and before it; `goes_on`: the
        next full one tells of the same moment as the last.
        """
        full = pl.col("is_full")
        is_new = full & (pl.col("at") != pl.col("full_at").shift(1)).fill_null(value=True)
        last = pl.when(full).then(pl.col("at")).forward_fill().over("place").alias("full_at")
        coming = pl.when(full).then(pl.col("at")).shift(-1).backward_fill().over("place")
        marks = self._marks().with_columns(last, coming.alias("coming_at"))
        marks = marks.with_columns(
            is_new.over("place").cast(pl.Int64).cum_sum().over("place").alias("moments")
        )
        marks = marks.with_columns(full.cast(pl.Int64).cum_sum().over("place").alias("fulls"))
        return marks.with_columns(
            (pl.col("fulls") - full.cast(pl.Int64)).alias("fulls_before"),
            pl.col("moments").shift(1).over("place").fill_null(0).alias("moments_before"),
            (pl.col("coming_at") == pl.col("full_at")).fill_null(value=False).alias("goes_on"),
        )

    def _marks(self) -> pl.DataFrame:
        schema: dict[str, Any] = {
            "number": pl.UInt32,
            "place": pl.UInt32,
            "is_full": pl.Boolean,
            "at": INSTANT,
        }
        return pl.DataFrame(self.marks, schema=schema, orient="row")

    def _by_moment(self) -> tuple[pl.DataFrame, datetime, timedelta]:
        """Each reading's place on the axis, the beginning of the axis and the length of one moment."""
        marks = self._marks()
        most_read = int(marks["place"].value_counts()["count"].max() or 1)  # type: ignore[arg-type]
        moments = [mark[3] for mark in self.marks]
        step = max((max(moments) - min(moments)) // min(POINTS, most_read), timedelta(microseconds=1))
        since = (pl.col("at") - min(moments)).dt.total_microseconds()
        found = marks.select("number", (since // (step // timedelta(microseconds=1))).alias("moment"))
        return found, min(moments), step

    def series(self, rows: pl.DataFrame) -> dict[str, Any]:
        """The number over time as a band of all entities: least, middle, most; thinned to what a plot can show.

        Each place keeps its last figures until it is read again, so that the band is of all places at every moment.
        """
        unit = 10**self.scale
        marks, first, step = self._by_moment()
        last = max(mark[3] for mark in self.marks)
        thin = band(rows.filter(pl.col("value").is_not_null()).join(marks, on="number"))
        return {
            "at": [min(first + step * (moment + 1), last) for moment in thin["moment"]],
            **{
                name: [round(float(value) / unit, 6) for value in thin[name]]
                for name in ("least", "middle", "most")
            },
            "unit": self.unit,
            "entities": max(thin["entities"].to_list(), default=0),
        }


def band(rows: pl.DataFrame) -> pl.DataFrame:
    """Least, middle and most of all places at every moment, each place with what was last read of it."""
    told = rows.group_by("moment", "place").agg(
        pl.col("value").min().alias("least"), pl.col("value").median().alias("middle"),
        pl.col("value").max().alias("most"), pl.col("external_id").n_unique().alias("entities"),
    )  # fmt: skip
    figures = pl.col("least", "middle", "most", "entities")
    return (
        told.select(pl.col("moment").unique())
        .join(told.select(pl.col("place").unique()), how="cross")
        .join(told, on=["moment", "place"], how="left")
        .sort("place", "moment")
        .with_columns(figures.forward_fill().over("place"))
        .group_by("moment")
        .agg(pl.col("least").min(), pl.col("middle").median(), pl.col("most").max(), pl.col("entities").sum())
        .sort("moment")
    )


def reaches(rows: pl.DataFrame) -> pl.DataFrame:
    """For each value the least one since the last full reading that carried the entity, that one included: while it is
    under a limit, an alert stands already. The first value of a life has nothing before it.
    """
    life = ("place", "external_id", "life")
    # A stretch begins with a full reading and holds the partial ones after it.
    rows = rows.with_columns(pl.col("is_full").cast(pl.Int64).cum_sum().over(life).alias("stretch"))
    rows = rows.with_columns(pl.col("value").cum_min().over(*life, "stretch").alias("least"))
    # Before a full reading stands the whole stretch before it; inside a stretch, what came before in it.
    before = pl.col("least").shift(1).over(life)
    return rows.with_columns(before.fill_null(_FAR).alias("reach"))


def positions(values: pl.Series, scale: int, own: Decimal | None) -> list[Decimal]:
    """Limits over the range that was seen, evenly by how often values stand there, the rule's own among them."""
    known = values.drop_nulls().sort()
    last = len(known) - 1
    picked = {int(known[round(last * at / (POSITIONS // 2))]) for at in range(POSITIONS // 2 + 1)}
    least, most = int(known[0]), int(known[last])
    picked |= {least + (most - least) * at // (POSITIONS // 2) for at in range(POSITIONS // 2 + 1)}
    # A limit is said in a sentence: three digits of the range that was seen are enough.
    step = 10 ** max(len(str(most - least or abs(most))) - 3, 0)
    rounded = {(value + step // 2) // step * step for value in picked}
    rounded |= {least // step * step, (most // step + 1) * step}
    limits = {Decimal(value).scaleb(-scale) for value in rounded}
    return sorted(limits | ({own} if own is not None else set()))
