"""Rules told as small tables: one line of readings, one line of what must come of them.

open_rate: 20 14 _ 16      `_` is no value, `-` is a reading without the entity
alerts:    .  o  .  x      o opens, + seen again, x closes, . nothing moves
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tests.watchtower.frames import make_frames
from tests.watchtower.oracle import Entity

from belvedere.sources.contracts import Frames
from belvedere.watchtower.contracts import OpenAlert, Place, Rule, WatchState
from belvedere.watchtower.evaluate import evaluate

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
SOURCE = UUID(int=900)
PLACE = Place(1, SOURCE, "omnisend", "campaigns")
OTHER = Entity("other", {"name": "Other", "status": "sent"}, {"open_rate": Decimal(50), "roas": Decimal(9)})


def play(rules: Sequence[Rule], table: str, *, partial: frozenset[int] = frozenset()) -> str:
    """Feed the readings of one entity to the engine, hour by hour; gives the line of moves."""
    series = _read(table)
    moves: list[str] = []
    open_alerts: list[OpenAlert] = []
    before: Frames | None = None
    for hour in range(max(len(cells) for cells in series.values())):
        frames = make_frames([*_entity(series, hour), OTHER], start=1 + 10 * hour)
        now = START + timedelta(hours=hour)
        state = WatchState(
            PLACE, hour not in partial, open_alerts, metric_units={"open_rate": "percent", "roas": "ratio"}
        )
        verdict = next(v for v in evaluate(rules, frames, before, state, now) if v.rule.id == rules[0].id)
        moves.append(_sign(verdict))
        gone = {closing.alert.id for closing in verdict.closed}
        missing = {alert.id: alert.missing_readings for alert in verdict.missing}
        open_alerts = [
            replace(alert, missing_readings=missing.get(alert.id, 0))
            for alert in open_alerts
            if alert.id not in gone
        ]
        open_alerts += [
            OpenAlert(UUID(int=100 + hour), rules[0].id, 1, SOURCE, finding.external_id, last_seen_at=now)
            for finding in verdict.opened
        ]
        if hour not in partial:
            before = frames
    return " ".join(moves)


def _sign(verdict) -> str:
    signs = [("x", verdict.closed), ("o", verdict.opened), ("+", verdict.seen_again)]
    return "".join(sign for sign, found in signs if found) or "."


def _read(table: str) -> dict[str, list[str]]:
    lines = [line.split(":", 1) for line in table.strip().splitlines()]
    return {name.strip(): cells.split() for name, cells in lines}


def _entity(series: dict[str, list[str]], hour: int) -> list[Entity]:
    cells = {name: found[hour] for name, found in series.items()}
    if "-" in cells.values():
        return []
    entity = Entity("advent", {"name": "Advent preview"})
    for name, cell in cells.items():
        if cell == "_":
            continue
        if name in ("status", "name"):
            entity.columns[name] = cell
        else:
            entity.metrics[name] = Decimal(cell)
    return [entity]
