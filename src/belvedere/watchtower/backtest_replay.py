"""Rules over stored readings, one after the other in data time, judged by the very engine that judges live."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from belvedere.sources.contracts import Frames
from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.contracts import Rule, Verdict
from belvedere.watchtower.evaluate import evaluate
from belvedere.watchtower.groups import Unit, form_units
from belvedere.watchtower.history import Mark
from belvedere.watchtower.history_frames import Chunk


@dataclass
class Question:
    """What is replayed: the rows of one rule, and those of the parents that gate it, nearest first."""

    rows: Sequence[Rule]
    parents: Sequence[Rule] = ()
    unit: Unit = field(init=False)

    def __post_init__(self) -> None:
        self.rows = [replace(rule, is_active=True) for rule in self.rows]
        if not self.parents:
            self.rows = [replace(rule, parent_rule_id=None, dependency_condition=None) for rule in self.rows]
        self.unit = form_units(self.rows)[0]

    @property
    def head(self) -> Rule:
        return self.unit.head

    @property
    def rules(self) -> list[Rule]:
        return [*self.rows, *self.parents]


@dataclass
class Replay:
    """One track, reading by reading. The slow and plain way, which every faster one must equal."""

    question: Question
    carry: Carry
    ledger: Ledger

    def run(self, chunk: Chunk) -> None:
        for mark in chunk.marks:
            self.step(mark, chunk.frames(mark.frames_id), chunk.previous(mark))

    def step(self, mark: Mark, frames: Frames, previous: Frames | None) -> None:
        """Judge one reading and carry on what follows."""
        verdicts = self.judge(mark, frames, previous)
        own = verdicts.get(self.question.head.id)
        self.ledger.count(own)
        if own is not None:
            self.ledger.move(own, mark)

    def judge(self, mark: Mark, frames: Frames, previous: Frames | None) -> dict[UUID, Verdict]:
        state = self.carry.state(mark, self.question.parents, units_of(frames))
        verdicts = evaluate(self.question.rules, frames, previous, state, mark.data_as_of)
        for verdict in verdicts:
            self.carry.apply(verdict, mark)
        return {verdict.rule.id: verdict for verdict in verdicts}


def units_of(frames: Frames) -> dict[str, str]:
    """Units as the reading itself names them."""
    if not frames.metrics.height:
        return {}
    pairs = frames.metrics.select("metric_name", "metric_unit").unique("metric_name", keep="first")
    return {name: unit for name, unit in pairs.iter_rows() if unit}
