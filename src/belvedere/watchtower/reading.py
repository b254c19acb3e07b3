"""A reading as the judge sees it: fields looked up by name, each prepared once and shared by all rules."""

from functools import cached_property
from typing import Any

import polars as pl

from belvedere.sources.contracts import Frames
from belvedere.watchtower.columns import ListValues, NumberValues, TextValues
from belvedere.watchtower.documents import DocumentValues, parse_documents, walk
from belvedere.watchtower.fields import (
    INSTANT_COLUMNS,
    LIST_COLUMNS,
    NUMBER_COLUMNS,
    FieldPlace,
    FieldRef,
)
from belvedere.watchtower.values import FEW_ROWS, Picks, Values, number_rows, take

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
        return frozenset(self._metric_column.unique().to_list())

    @cached_property
    def _documents(self) -> list[Any]:
        if "extra" not in self._records.columns:
            return [{} for _ in range(self.size)]
        return parse_documents(self._records["extra"].cast(pl.String))

    @cached_property
    def _rows(self) -> pl.DataFrame:
        return pl.DataFrame({"external_id": self.external_ids, "row": number_rows(self.size)})

    @cached_property
    def last_rows(self) -> pl.DataFrame:
        """Row numbers by external_id; the last row speaks where a reading repeats one."""
        return self._rows.unique("external_id", keep="last", maintain_order=True)

    @cached_property
    def repeats(self) -> bool:
        """Whether any entity stands here more than once."""
        return int(self.external_ids.n_unique()) < self.size

    def first_of_each(self, rows: pl.Series) -> pl.Series:
        """The first of these rows for every entity among them."""
        if not self.repeats or len(rows) < 2:
            return rows
        found = pl.DataFrame({"row": rows, "external_id": take(self.external_ids, rows)})
        return found.unique("external_id", keep="first", maintain_order=True)["row"]

    def rows_of(self, external_ids: list[str]) -> dict[str, list[int]]:
        """Every row of the given entities."""
        if self.size <= FEW_ROWS:
            return {name: self._placed[name] for name in external_ids if name in self._placed}
        return gather_rows(self._rows.filter(pl.col("external_id").is_in(external_ids)))

    @cached_property
    def _placed(self) -> dict[str, list[int]]:
        return gather_rows(self._rows)

    def entities(self, rows: list[int]) -> tuple[list[str | None], list[str | None]]:
        """Record ids and names of these rows."""
        return self._id_picks.at(rows), self._name_picks.at(rows)

    @cached_property
    def _id_picks(self) -> Picks:
        return Picks(self._ids)

    @cached_property
    def _name_picks(self) -> Picks:
        return Picks(self._column("name", pl.String))

    @cached_property
    def id_picks(self) -> Picks:
        """External ids by row."""
        return Picks(self.external_ids)

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

    @cached_property
    def _metric_column(self) -> pl.Series:
        return self._metrics["metric_name"].cast(pl.String)

    @cached_property
    def _ids(self) -> pl.Series:
        return self._records["id"].cast(pl.String)

    def _metric(self, name: str) -> pl.Series:
        named = self._metric_column == name
        ids = self._metrics["record_id"].filter(named).cast(pl.String)
        values = self._metrics["metric_value"].filter(named).cast(METRIC_TYPE)
        if len(ids) == self.size and ids.equals(self._ids):
            return values
        found = pl.DataFrame({"record_id": ids, "metric_value": values}).unique("record_id", keep="last")
        joined = self._ids.to_frame("id").join(
            found, left_on="id", right_on="record_id", how="left", maintain_order="left"
        )
        return joined["metric_value"]


def gather_rows(rows: pl.DataFrame) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for external_id, row in rows.iter_rows():
        found.setdefault(external_id, []).append(row)
    return found


def pair_rows(current: Reading, previous: Reading) -> tuple[pl.Series, pl.Series]:
    """Rows now and rows before of entities that both readings hold; the last row before speaks for all."""
    if holds_the_same(current, previous):
        rows = number_rows(current.size)
        return rows, rows
    now = pl.DataFrame({"external_id": current.external_ids, "now": number_rows(current.size)})
    before = previous.last_rows.rename({"row": "before"})
    pairs = now.join(before, on="external_id", how="inner", maintain_order="left")
    return pairs["now"], pairs["before"]


def holds_the_same(current: Reading, previous: Reading) -> bool:
    """Whether both hold the same entities in the same order, each once, as most readings of a source do."""
    names = current.external_ids
    return (
        current.size == previous.size
        and not names.null_count()
        and names.equals(previous.external_ids)
        and not current.repeats
    )


def with_gone(current: Frames, previous: Frames) -> Frames:
    """The present reading, and after it the entities that only the reading before held, as they stood there."""
    gone = previous.records.join(current.records, on="external_id", how="anti", maintain_order="left")
    gone = gone.unique("external_id", keep="last", maintain_order=True)
    left = previous.metrics.join(gone.select("id"), left_on="record_id", right_on="id", how="semi")
    return Frames(
        pl.concat([current.records, gone.select(current.records.columns)], how="vertical_relaxed"),
        pl.concat([current.metrics, left.select(current.metrics.columns)], how="vertical_relaxed"),
    )
