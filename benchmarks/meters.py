"""What several benchmarks measure by: medians and tails, processor time of this process and of the database."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processor in this process and in the database's."""

    wall: float
    own: float
    database: float


class Meter:
    """Reads what went by since the reading before; the database is the one that serves from `folder`.

    `process` is another process to count as ours, such as a web server, and its children.
    """

    def __init__(self, folder: Path, process: int | None = None) -> None:
        self.process = process
        self.postmaster = int((folder / "postmaster.pid").read_text().split("\n", 1)[0])
        self._before = self._now()

    def read(self) -> Spent:
        now, before = self._now(), self._before
        self._before = now
        return Spent(now.wall - before.wall, now.own - before.own, now.database - before.database)

    def _now(self) -> Spent:
        own = time.process_time() if self.process is None else self._family(self.process)
        return Spent(time.perf_counter(), own, self._family(self.postmaster))

    def _family(self, parent: int) -> float:
        """Of a process and its children that live: a pool keeps its own for a whole run."""
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent or int(path.parent.name) == parent != self.postmaster:
                total += int(fields[11]) + int(fields[12])
        return total / TICKS


def share(values: Sequence[float], part: float) -> float:
    """The value that `part` of the values do not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def spread_ms(seconds: Sequence[float]) -> dict[str, float]:
    return {
        name: round(share(seconds, part) * 1000, 1)
        for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }


def load() -> float:
    """How busy the machine is beside us: the load of the last minute."""
    return round(os.getloadavg()[0], 1)
