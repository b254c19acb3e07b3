"""The threshold slider."""

from typing import Any

from belvedere.watchtower.backtest_replay import Question
from belvedere.watchtower.history_frames import Chunk, Needs


class Sweep:
    @classmethod
    def of(cls, question: Question, needs: Needs) -> "Sweep | None":
        return None

    def take(self, chunk: Chunk) -> None: ...

    def document(self) -> dict[str, Any]:
        return {}
