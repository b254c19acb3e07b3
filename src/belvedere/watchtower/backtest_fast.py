"""The same replay, much sooner: where a rule holds is worked out for many readings at once, and the engine is woken
only for entities whose answer moved or that wait for something. What follows is the engine's word, as in the plain replay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from belvedere.core.errors import Invalid
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import empty_frames
from belvedere.watchtower.backtest_carry import Carry, Key
from belvedere.watchtower.backtest_ledger import Episode, Ledger, further
from belvedere.watchtower.backtest_replay import Question, Replay, units_of
from belvedere.watchtower.backtest_told import Teller
from belvedere.watchtower.contracts import BEGINNING, Place, Verdict, WatchState
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.history import Mark
from belvedere.watchtower.history_frames import Chunk
from belvedere.watchtower.history_stack import StackedTruth
from belvedere.watchtower.history_truth import NumberTruth, Truth, can_stack, grid
from belvedere.watchtower.judge import Judge
from belvedere.watchtower.transitions import EVENT_LIFETIME
from belvedere.watchtower.values import plain


def make_replay(question: Question, carry: Carry, ledger: Ledger) -> Replay:
    """The fast replay where the rule allows it, else the plain one."""
    if question.parents or not can_stack(question.unit) or not _is_readable(question):
        return Replay(question, carry, ledger)
    finder = NumberTruth.of(question.unit, carry.units) or StackedTruth.of(question.unit, carry.units)
    if finder is None:
        return Replay(question, carry, ledger)
    return FastReplay(question, carry, ledger, finder)


def _is_readable(question: Question) -> bool:
    """Whether the engine can read the rule; where it cannot, it says so of each reading."""
    judge = Judge(empty_frames(), None, WatchState(Place(0, UUID(int=0), "", "")), BEGINNING)
    try:
        for rule in question.rows:
            judge.row(rule)
    except Invalid:
        return False
    return True


@dataclass
class Moves:
    """By the number of a reading in its chunk: entities that begin to match, and that no longer do."""

    begin: Mapping[int, Sequence[str]]
    end: Mapping[int, Sequence[str]]


@dataclass
class FastReplay(Replay):
    """`restless`: entities that the engine must see in the next reading whatever it holds. `matching`: those that
    matched in the last reading.
    """

    finder: NumberTruth | StackedTruth
    restless: set[str] = field(default_factory=set)
    matching: set[str] = field(default_factory=set)
    last: Mark | None = None

    def run(self, chunk: Chunk) -> None:
        truth = self.finder.look(chunk)
        hits = _by_mark(truth)
        moves = find_moves(hits, len(chunk.marks), self.matching)
        known = len(self.ledger.episodes)
        standing = [
            item
            for (_, source, _, _), item in self.ledger.open.items()
            if source == chunk.marks[0].place.source_id
        ]
        for number, mark in enumerate(chunk.marks):
            self._count(truth, number)
            self.matching.update(moves.begin.get(number, ()))
            self.matching.difference_update(moves.end.get(number, ()))
            awake = self._awake(moves.begin.get(number, ()), moves.end.get(number, ()), mark)
            if awake:
                self._wake(chunk, mark, awake)
            self.last = mark
        self._tell_course(chunk, hits, [*standing, *self.ledger.episodes[known:]])

    def _count(self, truth: Truth, number: int) -> None:
        head, pair = self.question.head, truth.pair_of[number]
        if not self.question.unit.sources and not truth.delivered[number] and not self.carry.open:
            self.ledger.count(None)
            return
        self.carry.judged.add(head.id)
        self.ledger.count(
            Verdict(
                head,
                entities=truth.sizes[pair],
                matched=truth.matched[pair],
                no_data=truth.no_data[pair],
                errors=truth.errors[pair],
                why={"state": "judged"},
            )
        )

    def _awake(self, begin: Sequence[str], end: Sequence[str], mark: Mark) -> set[str]:
        """Whom the engine must look at: matches that begin, ends of what is open, and all that wait."""
        awake = {*begin, *self.restless}
        awake.update(name for name in end if self._is_tracked(name))
        if self.question.unit.is_event:
            awake.update(
                name
                for (_, name, _), alert in self.carry.open.items()
                if (name in self.matching or self._expires(alert.last_seen_at, mark))
            )
        return awake

    def _expires(self, last_seen_at: datetime, mark: Mark) -> bool:
        return mark.data_as_of - last_seen_at >= EVENT_LIFETIME

    def _is_tracked(self, name: str) -> bool:
        return self._key(name) in self.carry.open or (self.question.head.id, name) in self.carry.pending

    def _key(self, name: str) -> Key:
        return self.question.head.id, name, False

    def _wake(self, chunk: Chunk, mark: Mark, awake: set[str]) -> None:
        self._catch_up(awake)
        frames, previous = chunk.frames(mark.frames_id), chunk.previous(mark)
        units = units_of(frames)
        if "extra" not in frames.records.columns:
            frames, previous = (
                only_some(frames, awake),
                None if previous is None else only_some(previous, awake),
            )
        state = self.carry.state(mark, metric_units=units, only=awake)
        for verdict in evaluate(self.question.rules, frames, previous, state, mark.data_as_of):
            own = _about(verdict, awake)
            self.carry.apply(own, mark)
            self.ledger.move(own, mark, counts=False)
        for name in awake:
            if self._is_settled(name):
                self.restless.discard(name)
            else:
                self.restless.add(name)

    def _catch_up(self, awake: set[str]) -> None:
        """What matched all along was seen in the reading before this one."""
        if self.last is None or self.question.unit.is_event:
            return
        for name in awake - self.restless:
            key = self._key(name)
            alert = self.carry.open.get(key)
            if alert is not None:
                self.carry.open[key] = replace(alert, last_seen_at=self.last.data_as_of)
                self.carry.account[key] = self.last.account_id

    def _is_settled(self, name: str) -> bool:
        """Nothing can happen to it until its answer moves."""
        alert = self.carry.open.get(self._key(name))
        if (self.question.head.id, name) in self.carry.pending:
            return False
        if alert is None:
            return name not in self.matching
        if self.question.unit.is_event:
            return True
        return name in self.matching and not alert.missing_readings and not alert.good_readings

    def _tell_course(self, chunk: Chunk, hits: pl.DataFrame, episodes: Sequence[Episode]) -> None:
        """How long each episode was seen and how far it went, from every reading in which it matched."""
        if not episodes or not hits.height:
            return
        numbers = {mark.snapshot_id: number for number, mark in enumerate(chunk.marks)}
        spans = pl.DataFrame(
            [
                (at, episode.external_id, numbers.get(episode.snapshot_id, -1),
                 numbers[episode.ended_in] if episode.ended_in else len(chunk.marks))
                for at, episode in enumerate(episodes)
            ],
            schema={"episode": pl.UInt32, "external_id": pl.String, "from": pl.Int64, "until": pl.Int64}, orient="row",
        )  # fmt: skip
        inside = hits.join(spans, on="external_id").filter(
            (pl.col("number") > pl.col("from")) & (pl.col("number") < pl.col("until"))
        )
        if self.ledger.teller is not None:
            _tell(self.ledger.teller, episodes, chunk.marks, inside)
        figures: list[pl.Expr] = [pl.len(), pl.col("number").max()]
        if "value" in hits.columns:
            figures += [pl.col("value").min().alias("least"), pl.col("value").max().alias("most")]
        for episode, seen, number, *ends in inside.group_by("episode").agg(figures).iter_rows():
            _lengthen(episodes[episode], seen, chunk.marks[number].data_as_of, ends)


def _lengthen(episode: Episode, seen: int, at: datetime, ends: Sequence[Any]) -> None:
    episode.readings += seen
    episode.last_seen_at = at
    for value in ends:
        if value is not None:
            episode.peak_value = further(episode.condition, episode.peak_value, plain(Decimal(value)))


def _tell(teller: Teller, episodes: Sequence[Episode], marks: Sequence[Mark], inside: pl.DataFrame) -> None:
    """What would be told of each episode as its value goes on; `inside` holds the readings in which it matched."""
    values = (
        inside["value"] if "value" in inside.columns else pl.Series([None] * inside.height, dtype=pl.Int64)
    )
    scale = values.dtype.scale if isinstance(values.dtype, pl.Decimal) else 0
    rows = inside.select("episode", "number", grid(values).alias("value")).sort("number")
    for episode, numbers, found in rows.group_by("episode").agg("number", "value").iter_rows():
        seen = [(marks[number].snapshot_id, marks[number].data_as_of) for number in numbers]
        teller.follow(episodes[episode], seen, found, scale)


def _by_mark(truth: Truth) -> pl.DataFrame:
    """Hits by the number of the reading in its chunk; readings that hold the same data have the same ones."""
    marks = pl.DataFrame(
        {"number": range(len(truth.pair_of)), "pair": list(truth.pair_of)},
        schema={"number": pl.Int64, "pair": pl.UInt32},
    )
    return marks.join(truth.hits.with_columns(pl.col("pair").cast(pl.UInt32)), on="pair").drop("pair")


def find_moves(hits: pl.DataFrame, readings: int, matching: set[str]) -> Moves:
    """Where runs of matches begin and end; `matching` are those that run on from before."""
    carried = pl.DataFrame(
        {"number": [-1] * len(matching), "external_id": sorted(matching)},
        schema={"number": pl.Int64, "external_id": pl.String},
    )
    runs = pl.concat([carried, hits.select("number", "external_id")]).sort("external_id", "number")
    edge = runs.with_columns(
        (pl.col("number") != pl.col("number").shift(1).over("external_id") + 1)
        .fill_null(value=True)
        .alias("begins"),
        (pl.col("number") != pl.col("number").shift(-1).over("external_id") - 1)
        .fill_null(value=True)
        .alias("ends"),
    )
    begin = edge.filter(pl.col("begins") & (pl.col("number") >= 0))
    end = edge.filter(pl.col("ends")).with_columns(pl.col("number") + 1)
    over = end.filter(pl.col("number") < readings)
    return Moves(_grouped(begin), _grouped(over))


def _grouped(frame: pl.DataFrame) -> dict[int, list[str]]:
    return dict(frame.group_by("number").agg("external_id").iter_rows())


def _about(verdict: Verdict, awake: set[str]) -> Verdict:
    """A verdict without what it says of entities that were only there to show that the field is delivered."""
    return replace(
        verdict,
        opened=tuple(item for item in verdict.opened if item.external_id in awake),
        waiting=tuple(item for item in verdict.waiting if item.external_id in awake),
    )


def only_some(frames: Frames, names: set[str]) -> Frames:
    """The rows of some entities, and for each field a row that carries it: whether a reading carries a field at all is
    asked of the reading as a whole.
    """
    records = frames.records
    is_wanted = records["external_id"].is_in(sorted(names))
    witnesses = [
        at
        for column in records.get_columns()
        if (at := column.is_not_null().arg_max()) is not None and records.height
    ]
    wanted = (
        is_wanted | pl.Series([False] * records.height, dtype=pl.Boolean).scatter(witnesses, True)
        if records.height
        else is_wanted
    )
    kept = records.filter(wanted)
    metrics = frames.metrics
    if metrics.height:
        first = metrics.unique("metric_name", keep="first", maintain_order=True)
        metrics = metrics.filter(pl.col("record_id").is_in(kept["id"].to_list()))
        lost = first.join(metrics, on="metric_name", how="anti")
        kept = pl.concat([kept, records.filter(pl.col("id").is_in(lost["record_id"].to_list()) & ~wanted)])
        metrics = pl.concat([metrics, lost])
    return Frames(kept, metrics)
