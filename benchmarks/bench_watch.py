"""The judge alone against bare numpy on the same data: 100k records x 100 rules, growth over both, and the largest case.

Numpy is the yardstick, not a dependency: `.venv/bin/python -m pip install numpy` beforehand.
BENCH_LARGE=0 leaves out 1M records x 10,000 rules; BENCH_PLOT=watch.svg writes the growth as a drawing.
"""

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import polars as pl

from belvedere.sources.contracts import Frames
from belvedere.watchtower.contracts import Condition, Place, Rule, Verdict, WatchState
from belvedere.watchtower.evaluate import evaluate

try:
    import numpy as np
except ImportError:
    sys.exit("This benchmark compares with numpy. Install it first: .venv/bin/python -m pip install numpy")

FIELDS = ["open_rate", "click_rate", "revenue", "roas"]
RARE = ["failed", "blocked", "bounced", "expired", "rejected"]
TAGS = 2000
UNIT = 10_000
SOURCE = UUID(int=900)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATE = WatchState(Place(1, SOURCE, "bench", "records"), metric_units=dict.fromkeys(FIELDS, "count"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))


class Data:
    """Records with four metrics, a status and up to two tags, and the reading before: one value in a thousand moved."""

    def __init__(self, size: int) -> None:
        chance = np.random.default_rng(11)
        self.size = size
        self.now = {
            field: np.round(chance.lognormal(3 + 0.3 * place, 0.8, size) * UNIT).astype(np.int64)
            for place, field in enumerate(FIELDS)
        }
        draw = chance.random(size)
        self.status = np.full(size, "sent", dtype="<U8")
        self.status[draw > 0.7] = "draft"
        for place, word in enumerate(RARE):
            self.status[(draw >= place * 0.001) & (draw < (place + 1) * 0.001)] = word
        count = chance.integers(0, 3, size)
        self.tag_row = np.repeat(np.arange(size), count)
        self.tag = chance.integers(0, TAGS, len(self.tag_row))
        self.before = {}
        for field in FIELDS:
            moved = chance.random(size) < 0.001
            self.before[field] = self.now[field] + 777 * moved
        self.status_before = self.status.copy()
        self.status_before[chance.random(size) < 0.001] = "paused"

    def frames(self, *, before: bool) -> Frames:
        metrics, status = (self.before, self.status_before) if before else (self.now, self.status)
        number = pl.int_range(self.size, eager=True).cast(pl.String)
        ids = ("00000000-0000-7000-8000-" if before else "00000000-0000-7000-9000-") + number.str.zfill(12)
        tags = (
            pl.DataFrame(
                {"row": self.tag_row, "tag": "tag-" + pl.Series(self.tag).cast(pl.String).str.zfill(4)}
            )
            .group_by("row", maintain_order=True)
            .agg("tag")
        )
        rows = pl.DataFrame({"row": np.arange(self.size)}).join(
            tags, on="row", how="left", maintain_order="left"
        )
        records = pl.DataFrame(
            {
                "id": ids,
                "external_id": "ext-" + number,
                "name": "Campaign " + number,
                "email": pl.repeat(None, self.size, dtype=pl.String, eager=True),
                "status": pl.Series(status.tolist(), dtype=pl.String),
                "category": pl.repeat(None, self.size, dtype=pl.String, eager=True),
                "tags": rows["tag"].fill_null([]),
                "amount": pl.repeat(None, self.size, dtype=pl.Decimal(15, 4), eager=True),
                "quantity": pl.repeat(None, self.size, dtype=pl.Int32, eager=True),
                "record_date": pl.repeat(None, self.size, dtype=pl.Datetime("us", "UTC"), eager=True),
                "extra": pl.repeat("{}", self.size, dtype=pl.String, eager=True),
            }
        )
        parts = [
            pl.DataFrame(
                {
                    "record_id": ids,
                    "metric_name": pl.repeat(field, self.size, eager=True),
                    "metric_value": (pl.Series(metrics[field]) / UNIT).cast(pl.Decimal(20, 6)),
                    "metric_unit": pl.repeat(None, self.size, dtype=pl.String, eager=True),
                }
            )
            for field in FIELDS
        ]
        return Frames(records, pl.concat(parts))


Plan = tuple[int, int | None, str, str, int | str | None]


def plan_rules(data: Data, count: int) -> list[Plan]:
    """35 % above, 25 % below, 15 % equal, 10 % containing, 15 % changed, about 0.1 % hits each; a fifth of all in pairs
    joined by AND, of which each half hits 5 %.
    """
    chance = np.random.default_rng(23)
    ranked = {field: np.sort(data.now[field]) for field in FIELDS}
    plans: list[Plan] = []

    def at(field: str, share: float) -> int:
        return int(ranked[field][min(int(share * data.size), data.size - 1)])

    simple = count - 2 * (count // 10)
    for number in range(simple):
        field, draw = FIELDS[chance.integers(4)], chance.random()
        if draw < 0.35:
            plans.append((number, None, field, "greater_than", at(field, 1 - 0.002 * chance.random())))
        elif draw < 0.60:
            plans.append((number, None, field, "less_than", at(field, 0.002 * chance.random())))
        elif draw < 0.75:
            plans.append((number, None, "status", "equals", RARE[chance.integers(5)]))
        elif draw < 0.85:
            plans.append((number, None, "tags", "contains", f"tag-{chance.integers(TAGS):04d}"))
        else:
            plans.append((number, None, [*FIELDS, "status"][chance.integers(5)], "changed", None))
    for group in range(count // 10):
        first, second = chance.choice(4, 2, replace=False)
        number = simple + 2 * group
        plans.append(
            (number, group, FIELDS[first], "greater_than", at(FIELDS[first], 0.95 - 0.01 * chance.random()))
        )
        plans.append(
            (
                number + 1,
                group,
                FIELDS[second],
                "less_than",
                at(FIELDS[second], 0.05 + 0.01 * chance.random()),
            )
        )
    return plans


def make_rules(plans: Iterable[Plan]) -> list[Rule]:
    return [
        Rule(
            id=UUID(int=number + 1),
            name=f"rule {number}",
            field_name=field,
            condition=Condition(condition),
            threshold_value=f"{limit // UNIT}.{limit % UNIT:04d}" if isinstance(limit, int) else limit,
            client_id=1,
            source_id=SOURCE,
            group_id=None if group is None else UUID(int=10**9 + group),
            position=number,
        )
        for number, group, field, condition, limit in plans
    ]


def search_with_numpy(data: Data, plans: Iterable[Plan]) -> int:  # noqa: C901 - one story, as short as numpy tells it
    """Each field sorted once, each rule a search; gives the number of hits."""
    plans = list(plans)
    used = {field for _, _, field, condition, _ in plans if condition in {"greater_than", "less_than"}}
    order = {field: np.argsort(data.now[field]) for field in used}
    ranked = {field: data.now[field][order[field]] for field in used}
    by_tag = np.argsort(data.tag, kind="stable")
    tags, tag_rows = data.tag[by_tag], data.tag_row[by_tag]
    kept: dict[object, np.ndarray] = {}

    def once(field: str, condition: str, limit: int | str | None) -> np.ndarray:
        if condition == "equals":
            return np.flatnonzero(data.status == limit)
        if field == "status":
            return np.flatnonzero(data.status != data.status_before)
        return np.flatnonzero(data.now[field] != data.before[field])

    def find(field: str, condition: str, limit: int | str | None) -> np.ndarray:
        if condition == "greater_than":
            return order[field][np.searchsorted(ranked[field], limit, "right") :]
        if condition == "less_than":
            return order[field][: np.searchsorted(ranked[field], limit, "left")]
        if condition == "contains":
            start, end = np.searchsorted(tags, (int(str(limit)[4:]), int(str(limit)[4:]) + 1))
            return np.unique(tag_rows[start:end])
        key = (field, condition, limit)
        if key not in kept:
            kept[key] = once(field, condition, limit)
        return kept[key]

    hits, halves = 0, {}
    for _, group, field, condition, limit in plans:
        found = find(field, condition, limit)
        if group is None:
            hits += len(found)
        elif group in halves:
            mark = np.zeros(data.size, bool)
            mark[halves.pop(group)] = True
            hits += int(mark[found].sum())
        else:
            halves[group] = found
    return hits


def best(works: list[Callable[[], object]], rounds: int = ROUNDS) -> list[float]:
    """The shortest of several runs of each, taken in turn: the others measure the machine."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            gc.collect()
            started = time.perf_counter()
            work()
            taken.append(time.perf_counter() - started)
    return [min(taken) for taken in times]


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def measure(data: Data, frames: tuple[Frames, Frames], count: int, rounds: int = ROUNDS) -> dict[str, float]:
    plans = plan_rules(data, count)
    rules = make_rules(plans)
    verdicts: list[Verdict] = evaluate(rules, *frames, STATE, NOW)
    hits = sum(verdict.matched for verdict in verdicts)
    expected = search_with_numpy(data, plans)
    if hits != expected:
        sys.exit(f"{hits} hits, numpy finds {expected}")
    del verdicts
    numpy_seconds, seconds = best(
        [lambda: search_with_numpy(data, plans), lambda: evaluate(rules, *frames, STATE, NOW)], rounds
    )
    told = 0.0
    if hits <= 200_000:
        (told,) = best([lambda: [[*verdict.opened] for verdict in evaluate(rules, *frames, STATE, NOW)]], 2)
    return {
        "records": data.size, "rules": count, "hits": hits, "seconds": round(seconds, 4),
        "numpy_seconds": round(numpy_seconds, 4), "ratio": round(seconds / numpy_seconds, 2),
        "seconds_with_every_finding_read": round(told, 4), "peak_mb": peak_mb(),
    }  # fmt: skip


def draw(rows: list[dict[str, float]], path: Path) -> None:
    """Bars of seconds, ours beside numpy, one pair for each case."""
    longest = max(max(row["seconds"], row["numpy_seconds"]) for row in rows)
    parts = []
    for number, row in enumerate(rows):
        top = 20 + number * 46
        parts.append(f'<text x="4" y="{top + 14}">{row["records"]:,} × {row["rules"]:,}</text>')
        for offset, (name, colour) in enumerate((("seconds", "#2b6cb0"), ("numpy_seconds", "#a0aec0"))):
            width = max(1, row[name] / longest * 480)
            y = top + offset * 18
            parts.append(f'<rect x="150" y="{y}" width="{width:.1f}" height="15" fill="{colour}"/>')
            parts.append(f'<text x="{155 + width:.1f}" y="{y + 12}">{row[name]:.3f} s</text>')
    height = 30 + len(rows) * 46
    style = 'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12"'
    path.write_text(f'<svg {style} width="760" height="{height}">{"".join(parts)}</svg>\n')


def bars(rows: list[dict[str, float]]) -> str:
    """The growth as text: a mark for each doubling above a millisecond."""
    lines = []
    for row in rows:
        length = max(1, round(4 * np.log2(max(row["seconds"], 0.001) / 0.001)))
        lines.append(
            f"{row['records']:>9,} x {row['rules']:>6,}  {'#' * length} {row['seconds']:.3f} s ({row['ratio']}x numpy)"
        )
    return "\n".join(lines)


def main() -> None:
    rows: list[dict[str, float]] = []
    sizes = [(10_000, (10, 100, 1000)), (100_000, (10, 100, 1000))]
    if os.environ.get("BENCH_LARGE", "1") != "0":
        sizes.append((1_000_000, (100, 1000, 10_000)))
    for size, counts in sizes:
        data = Data(size)
        frames = (data.frames(before=False), data.frames(before=True))
        rows += [measure(data, frames, count, ROUNDS if size < 1_000_000 else 2) for count in counts]
        for row in rows[-len(counts) :]:
            print(json.dumps(row), flush=True)
    found = {(row["records"], row["rules"]): row for row in rows}
    middle, more = found[100_000, 100], found[100_000, 1000]
    print(bars(rows))
    if plot := os.environ.get("BENCH_PLOT"):
        draw(rows, Path(plot))
    print(
        json.dumps(
            {
                "benchmark": "watch",
                "ratio_to_numpy": middle["ratio"], "goal_ratio": 3,
                "ten_times_the_rules": round(more["seconds"] / middle["seconds"], 2), "goal_ten_times": 2,
                "ten_times_the_records": round(middle["seconds"] / found[10_000, 100]["seconds"], 2),
                "peak_mb": peak_mb(),
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
