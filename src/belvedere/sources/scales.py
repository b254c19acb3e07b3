"""Percents that turned to fractions from one reading to the next: such a reading is set aside, and a person is told."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.sources.contracts import Frames
from belvedere.sources.errors import ReadingFailed
from belvedere.sources.snapshot_rows import Claim, place_of
from belvedere.sources.stored import load_frames

SUSPICIOUS_SCALE = "suspicious_scale"
ACCEPTED_SCALE = "accepted_scale"
NEAR_HUNDRED = (50, 200)
"""What was 14.2 and is 0.142 fell by a hundred; values move between two readings, but not by half again and again."""

_BEFORE = text(
    "SELECT coalesce(same_as_snapshot_id, id) AS frames_id, EXISTS (SELECT 1 FROM watch.api_snapshots a"
    "   WHERE a.source_id = s.source_id AND a.client_id = s.client_id AND a.account_id IS NOT DISTINCT FROM s.account_id"
    "   AND a.status = 'failed' AND a.error_code = :accepted AND a.created_at > s.created_at) AS is_accepted"
    " FROM watch.api_snapshots s WHERE source_id = :source_id AND client_id = :client_id"
    " AND account_id IS NOT DISTINCT FROM :account_id AND status = 'completed' AND total_metrics > 0"
    " AND data_as_of < :data_as_of AND id <> :id ORDER BY data_as_of DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A percent metric that reads like a fraction now, with its middle value of both readings."""

    name: str
    before: float
    now: float


async def refuse_fractions(session: ReadSession, claim: Claim, frames: Frames, data_as_of: datetime) -> None:
    """Raise ReadingFailed where percents lived above 1 and all stand below it now; a person says whether that is right."""
    small = small_percents(frames)
    if not small:
        return
    values = {**place_of(claim), "data_as_of": data_as_of, "accepted": ACCEPTED_SCALE}
    row = (await session.execute(_BEFORE, values)).one_or_none()
    if row is None or row.is_accepted:
        return
    found = find_shrunk(frames, await load_frames(session, claim.client_id, row.frames_id), small)
    if found:
        raise ReadingFailed(_words(found), code=SUSPICIOUS_SCALE, permanent=True)


def _words(found: list[Shrunk]) -> str:
    first = found[0]
    others = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"{first.name}{others} looks like a fraction now: the middle value was {first.before:.4g} % and is"
        f" {first.now:.4g} %, about a hundredth. The reading was set aside, so that no rule judges it. If the source sends"
        " fractions, set “scale: fraction” in its mapping; if the values are right, accept the reading."
    )


def small_percents(frames: Frames) -> list[str]:
    """The percent metrics whose values could all be fractions: none above 1, and not all of them zero."""
    size = pl.col("metric_value").cast(pl.Float64).abs().max()
    percents = frames.metrics.lazy().filter(pl.col("metric_unit") == "percent").group_by("metric_name")
    found = percents.agg(size.alias("most")).filter(pl.col("most").is_between(0, 1, closed="right"))
    return sorted(found.collect()["metric_name"].to_list())


def find_shrunk(now: Frames, before: Frames, names: list[str]) -> list[Shrunk]:
    """Which of the metrics fell to a hundredth: by the records of both readings, else by the middle of each. Pure.

    A zero is no fraction of anything: what fell to zero is a matter for rules.
    """
    old, new = _percents(before, names, "before"), _percents(now, names, "now")
    pairs = old.join(new, on=["metric_name", "external_id"])
    fell = (pl.col("before") / pl.col("now")).is_between(*NEAR_HUNDRED)
    by_record = pairs.group_by("metric_name").agg((fell.mean() > 0.5).alias("has_fallen"))
    middles = (
        old.group_by("metric_name")
        .agg(pl.col("before").median())
        .join(new.group_by("metric_name").agg(pl.col("now").median()), on="metric_name")
    )
    found = middles.join(by_record, on="metric_name", how="left").filter(
        (pl.col("before") > 1) & pl.coalesce("has_fallen", fell)
    )
    rows = found.sort("metric_name").select("metric_name", "before", "now").iter_rows()
    return [Shrunk(*row) for row in rows]


def _percents(frames: Frames, names: list[str], column: str) -> pl.DataFrame:
    value = pl.col("metric_value").cast(pl.Float64).abs().alias(column)
    keys = frames.records.select(pl.col("id").alias("record_id"), "external_id")
    percents = frames.metrics.filter(
        (pl.col("metric_unit") == "percent")
        & pl.col("metric_name").is_in(names)
        & (pl.col("metric_value") != 0)
    )
    return percents.join(keys, on="record_id").select("metric_name", "external_id", value)
