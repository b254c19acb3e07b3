"""The fast replay."""

from belvedere.watchtower.backtest_carry import Carry
from belvedere.watchtower.backtest_ledger import Ledger
from belvedere.watchtower.backtest_replay import Question, Replay


def make_replay(question: Question, carry: Carry, ledger: Ledger) -> Replay:
    return Replay(question, carry, ledger)
