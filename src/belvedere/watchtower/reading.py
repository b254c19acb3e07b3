"""A reading as the judge sees it: fields looked up by name, each prepared once and shared by all rules."""

from functools import cached_property
from typing import Any

import polars as pl

from belvedere.sources.contracts import Frames
from belvedere.watchtower.documents import DocumentValues, parse_documents, walk
from belvedere.watchtower.fields import (
    INSTANT_COLUMNS,
    LIST_COLUMNS,
    NUMBER_COLUMNS,
    FieldPlace,
    FieldRef,
)
from belvedere.watchtower.values import ROW, ListValues, Mask, NumberValues, Outcome, TextValues, Values

METRIC_TYPE = pl.Decimal(20, 6)
AMOUNT_TYPE = pl.Decimal(15, 4)


class Reading:
    """Frames with their fields as `Values`; rows keep the order of `frames.records`."""

    def __init__(self, frames: Frames) -> None:
        self._records = frames.records
        self._metrics = frames.metrics
        self.size = frames.records.height
        self._values: dict[FieldRef, Values] = {}

    @cached_property
    def external_ids(self) -> pl.Series:
        return self._records["external_id"].cast(pl.String)

    @cached_property
    def metric_names(self) -> frozenset[str]:
        if not self._metrics.height:
            return frozenset()
        return frozenset(self._metrics["metric_name"].cast(pl.String).unique().to_list())

    @cached_property
    def _documents(self) -> list[Any]:
        if "extra" not in self._records.columns:
            return [{} for _ in range(self.size)]
        return parse_documents(self._records["extra"].cast(pl.String))

    @cached_property
    def _row_of(self) -> pl.DataFrame:
        """Row numbers by external_id; the last row speaks where a reading repeats one."""
        rows = pl.DataFrame(
            {"external_id": self.external_ids, "row": pl.int_range(self.size, dtype=ROW, eager=True)}
        )
        return rows.unique("external_id", keep="last", maintain_order=True)

    def rows_of(self, external_ids: list[str]) -> dict[str, list[int]]:
        """Every row of the given entities."""
        rows = pl.DataFrame(
            {"external_id": self.external_ids, "row": pl.int_range(self.size, dtype=ROW, eager=True)}
        )
        found: dict[str, list[int]] = {}
        for external_id, row in rows.filter(pl.col("external_id").is_in(external_ids)).iter_rows():
            found.setdefault(external_id, []).append(row)
        return found

    def entities(self, rows: list[int]) -> list[tuple[str, str | None]]:
        """Record id and name of these rows."""
        ids = self._records["id"].gather(rows).cast(pl.String).to_list()
        names = (
            self._records["name"].gather(rows).to_list()
            if "name" in self._records.columns
            else [None] * len(rows)
        )
        return list(zip(ids, names, strict=True))

    def values(self, ref: FieldRef) -> Values:
        """The values of a placed field; a field that this reading does not carry is all missing."""
        if ref not in self._values:
            self._values[ref] = self._prepare(ref)
        return self._values[ref]

    def _prepare(self, ref: FieldRef) -> Values:
        if ref.place is FieldPlace.EXTRA:
            return DocumentValues([walk(document, ref.path) for document in self._documents])
        if ref.place is FieldPlace.METRIC:
            return NumberValues(self._metric(ref.name))
        if ref.name in NUMBER_COLUMNS:
            return NumberValues(self._column(ref.name, AMOUNT_TYPE if ref.name == "amount" else pl.Int64))
        if ref.name in INSTANT_COLUMNS:
            return NumberValues(self._column(ref.name, pl.Datetime("us", "UTC")))
        if ref.name in LIST_COLUMNS:
            return ListValues(self._column(ref.name, pl.List(pl.String)))
        return TextValues(self._column(ref.name, pl.String))

    def _column(self, name: str, dtype: Any) -> pl.Series:
        if name not in self._records.columns:
            return pl.Series([None] * self.size, dtype=dtype)
        column = self._records[name]
        return column if column.dtype == dtype else column.cast(dtype)

    def _metric(self, name: str) -> pl.Series:
        found = self._metrics.filter(pl.col("metric_name").cast(pl.String) == name)
        found = found.select(pl.col("record_id").cast(pl.String), pl.col("metric_value").cast(METRIC_TYPE))
        ids = self._records["id"].cast(pl.String)
        if found.height == self.size and found["record_id"].equals(ids):
            return found["metric_value"]
        found = found.unique("record_id", keep="last")
        joined = ids.to_frame("id").join(
            found, left_on="id", right_on="record_id", how="left", maintain_order="left"
        )
        return joined["metric_value"]


class Change:
    """Which rows of a field differ from the reading before, matched by external_id."""

    def __init__(self, current: Reading, previous: Reading | None) -> None:
        self._current = current
        self._previous = previous
        self._outcomes: dict[FieldRef, Outcome] = {}

    @cached_property
    def _pairs(self) -> pl.DataFrame:
        """Row now and row before, for entities in both readings."""
        if self._previous is None:
            return pl.DataFrame(schema={"now": ROW, "before": ROW})
        now = pl.DataFrame(
            {
                "external_id": self._current.external_ids,
                "now": pl.int_range(self._current.size, dtype=ROW, eager=True),
            }
        )
        before = self._previous._row_of.rename({"row": "before"})  # noqa: SLF001
        return now.join(before, on="external_id", how="inner", maintain_order="left").select("now", "before")

    def outcome(self, ref: FieldRef) -> Outcome:
        if ref not in self._outcomes:
            self._outcomes[ref] = self._compare(ref)
        return self._outcomes[ref]

    def _compare(self, ref: FieldRef) -> Outcome:
        size = self._current.size
        errors = Mask.none(size)
        now = self._current.values(ref)
        before = self._previous.values(ref) if self._previous is not None else None
        if before is None or not now.delivered or not before.delivered:
            return Outcome(pl.Series([], dtype=ROW), Mask.none(size), errors)
        pairs = self._pairs
        differs = (
            now.comparable().gather(pairs["now"]).ne_missing(before.comparable().gather(pairs["before"]))
        )
        known = Mask.none(size).rows
        if pairs.height:
            known = known.scatter(pairs["now"], True)
        return Outcome(pairs["now"].filter(differs).sort(), Mask.of(known), errors)

    def previous_texts(self, ref: FieldRef, rows: list[int]) -> list[str | None]:
        """The values of the reading before for these rows of the present one."""
        if self._previous is None:
            return [None] * len(rows)
        before = [self._before.get(row) for row in rows]
        texts = iter(self._previous.values(ref).texts([row for row in before if row is not None]))
        return [None if row is None else next(texts) for row in before]

    @cached_property
    def _before(self) -> dict[int, int]:
        return dict(zip(self._pairs["now"].to_list(), self._pairs["before"].to_list(), strict=True))
