"""One reading beside the one before, on which the rows of rules are judged; what they share is prepared once."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import polars as pl

from belvedere.sources.contracts import Frames
from belvedere.watchtower.aggregates import figure, gather_answers
from belvedere.watchtower.conditions import Kind, Look
from belvedere.watchtower.contracts import Aggregate, Rule
from belvedere.watchtower.fields import FieldRef
from belvedere.watchtower.guards import Guard
from belvedere.watchtower.reading import Reading, pair_rows, with_gone
from belvedere.watchtower.threshold import Limit
from belvedere.watchtower.values import Mask, Outcome, Picks, number_rows, true_rows

OF_RECORDS = frozenset({Aggregate.ANY, Aggregate.ALL})


@dataclass(frozen=True, slots=True)
class Row:
    """A rule with its field found, its limits read and its guard made."""

    rule: Rule
    kind: Kind
    ref: FieldRef
    limit: Limit | None
    recovery: Limit | None
    guard: Guard


@dataclass(frozen=True, slots=True)
class Answer:
    """What one row says of a whole reading; `at` is a record that shows it."""

    truth: bool | None
    is_error: bool
    is_missing: bool
    value: str | None
    previous: str | None
    at: int | None


class View:
    """One reading, ready to be judged. `gone_too` adds the entities that only the reading before held."""

    def __init__(
        self,
        current: Frames,
        previous: Frames | None,
        clock: datetime,
        *,
        is_full: bool,
        gone_too: bool = False,
    ) -> None:
        self.clock = clock
        self.is_full = is_full
        self.present = current.records.height
        self._base = Reading(current)
        shows_gone = gone_too and previous is not None and is_full
        self.reading = Reading(with_gone(current, previous)) if shows_gone and previous else self._base
        self.previous = Reading(previous) if previous is not None else None
        self._looks: dict[FieldRef, Look] = {}
        self._figures: dict[tuple[FieldRef, Aggregate, Guard], Look] = {}
        self._judged: dict[Guard, Mask] = {}

    @cached_property
    def metric_names(self) -> frozenset[str]:
        return self._base.metric_names | (self.previous.metric_names if self.previous else frozenset())

    @cached_property
    def _pairs(self) -> tuple[pl.Series, pl.Series]:
        if self.previous is None:
            return number_rows(0), number_rows(0)
        now, before = pair_rows(self._base, self.previous)
        return now, before

    def delivers(self, ref: FieldRef) -> bool:
        return self._base.values(ref).delivered

    def ever_delivered(self, ref: FieldRef) -> bool:
        """Whether this reading or the one before carries a field."""
        return self.delivers(ref) or (self.previous is not None and self.previous.values(ref).delivered)

    def look(self, ref: FieldRef) -> Look:
        if ref not in self._looks:
            now_rows, before_rows = self._pairs
            self._looks[ref] = Look(
                values=self.reading.values(ref),
                previous=self.previous.values(ref) if self.previous is not None else None,
                delivered=self.delivers(ref),
                now_rows=now_rows,
                before_rows=before_rows,
                present=self.present,
                is_full=self.is_full,
                clock=self.clock,
            )
        return self._looks[ref]

    def judged(self, guard: Guard) -> Mask:
        if guard not in self._judged:
            self._judged[guard] = guard.judged(self.reading, self.clock)
        return self._judged[guard]

    def outcome(self, row: Row, *, for_recovery: bool = False) -> Outcome:
        """The condition on every record."""
        return self.outcome_at(row, _limit(row, for_recovery=for_recovery))

    def outcome_at(self, row: Row, limit: Limit | None) -> Outcome:
        """The same with another limit."""
        found = _hold(row, self.look(row.ref), limit)
        return found if row.guard.is_open else found.guarded(self.judged(row.guard))

    def missing(self, row: Row) -> pl.Series:
        """Records whose value is missing, where that is not what the condition looks for."""
        values = self.reading.values(row.ref)
        if row.kind.asks_for_missing:
            return Mask.none(values.size).rows
        return ~values.known.rows

    def answer(self, row: Row, *, for_recovery: bool = False) -> Answer:
        """The condition on the whole reading. Less than a full reading says nothing of the whole."""
        if row.rule.aggregate is None or row.rule.aggregate in OF_RECORDS:
            return self._answer_of_records(row, for_recovery=for_recovery)
        if not self.is_full:
            return Answer(None, is_error=False, is_missing=False, value=None, previous=None, at=None)
        look = self._figure(row, row.rule.aggregate)
        outcome = _hold(row, look, _limit(row, for_recovery=for_recovery))
        previous = look.previous.texts([0])[0] if look.previous is not None else None
        truth = outcome.at(0)
        is_wrong = not look.values.known.count and look.values.exact().wrong.count > 0
        return Answer(
            truth=truth,
            is_error=outcome.errors.count > 0 or (is_wrong and truth is None),
            is_missing=not look.values.known.count and not is_wrong,
            value=look.values.texts([0])[0],
            previous=previous,
            at=None,
        )

    def _answer_of_records(self, row: Row, *, for_recovery: bool) -> Answer:
        """Any record or all of them; a row of another source asks for any."""
        if row.rule.aggregate is not None and not self.is_full:
            return Answer(None, is_error=False, is_missing=False, value=None, previous=None, at=None)
        outcome = self.outcome(row, for_recovery=for_recovery)
        truth, at = gather_answers(row.rule.aggregate or Aggregate.ANY, outcome)
        if at is None and outcome.known.count:
            at = int(true_rows(outcome.known.rows)[0])
        return Answer(
            truth=truth,
            is_error=truth is None and outcome.errors.count > 0,
            is_missing=truth is None and not outcome.errors.count and bool(self.missing(row).all()),
            value=self.reading.values(row.ref).texts([at])[0] if at is not None else None,
            previous=self.previous_texts(row.ref, [at])[0] if at is not None else None,
            at=at,
        )

    def _figure(self, row: Row, aggregate: Aggregate) -> Look:
        key = (row.ref, aggregate, row.guard)
        if key not in self._figures:
            now = figure(aggregate, self._base.values(row.ref), row.guard.judged(self._base, self.clock))
            before = None
            if self.previous is not None:
                judged = row.guard.judged(self.previous, self.clock)
                before = figure(aggregate, self.previous.values(row.ref), judged)
            one = number_rows(1 if before is not None else 0)
            self._figures[key] = Look(now, before, now.delivered, one, one, 1, self.is_full, self.clock)
        return self._figures[key]

    def previous_texts(self, ref: FieldRef, rows: list[int]) -> list[str | None]:
        """The values of the reading before for these rows of the present one."""
        if self.previous is None:
            return [None] * len(rows)
        before = self._before.at(rows)
        texts = iter(self.previous.values(ref).texts([row for row in before if row is not None]))
        return [None if row is None else next(texts) for row in before]

    @cached_property
    def _before(self) -> Picks:
        """The row before for every row now, null for none."""
        now, before = self._pairs
        found = pl.Series([None] * self.reading.size, dtype=before.dtype)
        return Picks(found.scatter(now, before) if len(now) else found)


def _limit(row: Row, *, for_recovery: bool) -> Limit | None:
    return row.recovery if for_recovery and row.recovery is not None else row.limit


def _hold(row: Row, look: Look, limit: Limit | None) -> Outcome:
    if row.rule.fires_from_zero:
        return row.kind.holds_from_zero(look, limit)
    return row.kind.hold(look, limit)
