"""A past for readings that are real: what the same accounts would have said in the weeks before their newest reading.

The newest reading is the end of the story; every earlier one is derived from it, so that history, plots and backtests go
over into it without a step.
"""

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from belvedere.seeding.world import Batch, World
from belvedere.sources.contracts import Frames
from belvedere.sources.frames import FORMAT, checksum, encode

BY = "demo"
"""Who asked for these readings."""
ANSWERED_IN = timedelta(seconds=3)
SIX = Decimal("0.000001")
RATES = ("open_rate", "click_rate")
OPENS_IN = timedelta(hours=15)
"""How long a mail's readers take, as the time constant of its curve."""
RESTATED_FOR = 7.0
"""Days in which the figures of the newest week still move."""
DIPS = {1: ((9.0, 7.9, 0.62),), 2: ((24.0, 23.5, 0.9),), 3: ((18.0, 15.6, 0.45), (6.0, 5.6, 0.5))}
"""Days back from, to, and what was left of the conversion rate, by the number of the client."""
TURN = timedelta(days=12)
"""When a shop last changed its theme."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its newest reading."""

    client_id: int
    source_id: UUID
    account_id: UUID
    place: str
    at: datetime
    frames: Frames


@dataclass(frozen=True, slots=True)
class Earlier:
    """One reading of the past."""

    account: Account
    id: UUID
    at: datetime
    frames: Frames


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in the past a reading stands, with chance of its own."""

    at: datetime
    newest: datetime
    client_id: int
    chance: random.Random

    @property
    def days_back(self) -> float:
        return (self.newest - self.at) / timedelta(days=1)


Teller = Callable[[Frames, Moment], Frames]


def look_back(world: World, account: Account) -> list[Earlier]:
    """The readings of an account before its newest one, oldest first."""
    if account.place not in TELLERS or not account.frames.records.height:
        return []
    tell, every = TELLERS[account.place]
    made = []
    for number in range(timedelta(days=world.days) // every, 0, -1):
        at = account.at - every * number
        parts = ("past", account.client_id, account.place, number)
        moment = Moment(at, account.at, account.client_id, world.random(*parts))
        frames = _with_keys(tell(account.frames, moment), world, at, parts)
        made.append(Earlier(account, world.key_at(at, "watch.api_snapshots", *parts), at, frames))
    return made


def _with_keys(frames: Frames, world: World, at: datetime, parts: tuple[object, ...]) -> Frames:
    """Records with keys of their own time; their numbers follow them."""
    known = frames.records["id"].to_list()
    keys = [str(world.key_at(at, "watch.api_records", *parts, place)) for place in range(len(known))]
    renamed = pl.DataFrame(
        {"record_id": known, "key": keys}, schema={"record_id": pl.String, "key": pl.String}
    )
    metrics = frames.metrics.join(renamed, on="record_id", how="inner", maintain_order="left")
    metrics = metrics.with_columns(pl.col("key").alias("record_id")).drop("key")
    return Frames(frames.records.with_columns(pl.Series("id", keys, dtype=pl.String)), metrics)


def tell_campaigns(frames: Frames, moment: Moment) -> Frames:
    """Mails that were sent in that time stand there unsent before; then their readers come in hour by hour."""
    ages = _ages(frames.records, moment)
    sent = pl.col("id").replace_strict({key: age >= 0 for key, age in ages.items()}, return_dtype=pl.Boolean)
    zero = pl.lit(0, pl.Int32)
    records = frames.records.with_columns(
        pl.when(sent | (pl.col("quantity") == 0))
        .then("status")
        .otherwise(pl.lit("scheduled"))
        .alias("status"),
        pl.when(sent).then("quantity").otherwise(zero).alias("quantity"),
    )
    shares = {key: _share_seen(age) for key, age in ages.items()}
    told = frames.metrics.filter(pl.col("record_id").replace_strict(shares, return_dtype=pl.Float64) > 0)
    values = [
        _grown(value, name, unit, shares[key])
        for key, name, value, unit in told.select(
            "record_id", "metric_name", "metric_value", "metric_unit"
        ).iter_rows()
    ]
    return Frames(
        records, told.with_columns(pl.Series("metric_value", values, dtype=told.schema["metric_value"]))
    )


def _ages(records: pl.DataFrame, moment: Moment) -> dict[str, float]:
    """Hours since each mail was sent; where no date is told, the larger ones are spread over the weeks."""
    rows = records.select("id", "quantity", "record_date").rows()
    undated = sorted(((quantity or 0, key) for key, quantity, date in rows if date is None), reverse=True)
    spread = {
        key: moment.newest - timedelta(days=2.3 + 3.7 * place) for place, (_, key) in enumerate(undated)
    }
    return {key: (moment.at - (date or spread[key])) / timedelta(hours=1) for key, _, date in rows}


def _share_seen(age: float) -> float:
    if age < 0:
        return 0.0
    share = 1 - math.exp(-(age + 1) / (OPENS_IN / timedelta(hours=1)))
    return 1.0 if share > 0.995 else share


def _grown(value: Decimal, name: str, unit: str | None, share: float) -> Decimal:
    if share == 1 or not (name in RATES or name in ("opened_count", "clicked_count")):
        return value
    grown = value * Decimal(share)
    return grown.quantize(Decimal(1)) if unit == "count" else grown.quantize(SIX)


def tell_rates(frames: Frames, moment: Moment) -> Frames:
    """The weeks that were over by then; the newest one's figure still moves with the hour, and now and then it breaks."""
    over = moment.at - timedelta(days=7)
    records = frames.records.filter(pl.col("record_date") <= over)
    metrics = frames.metrics.filter(pl.col("record_id").is_in(records["id"].implode()))
    if not records.height:
        return Frames(records, metrics)
    newest, began = records.sort("record_date").select("id", "record_date").row(-1)
    factor = _restated(moment, (over - began) / timedelta(days=1)) * _broken(moment)
    moved = (pl.col("metric_value").cast(pl.Float64) * factor).round(2).cast(metrics.schema["metric_value"])
    value = pl.when(pl.col("record_id") == newest).then(moved).otherwise(pl.col("metric_value"))
    return Frames(records, metrics.with_columns(value.alias("metric_value")))


def _restated(moment: Moment, days: float) -> float:
    """A daily wave that settles within the week."""
    if days >= RESTATED_FOR:
        return 1.0
    clock = (moment.at.hour + moment.at.minute / 60) / 24
    wave = 0.07 * math.sin(2 * math.pi * (clock - 0.3)) + moment.chance.gauss(0, 0.015)
    return 1 + wave * math.exp(-days / 4)


def _broken(moment: Moment) -> float:
    for begins, ends, left in DIPS.get(moment.client_id, ()):
        if ends <= moment.days_back <= begins:
            return left + moment.chance.uniform(-0.03, 0.03)
    return 1.0


def tell_talk(frames: Frames, moment: Moment) -> Frames:
    """The team wrote every day or two until its last message; since then only the days grow."""
    extra = json.loads(frames.records["extra"][0])
    since: dict[str, float] = {}
    for side, named in (("team", "last_team_message_at"), ("client", "last_client_message_at")):
        last = datetime.fromisoformat(extra[named]) if extra.get(named) else moment.newest
        spoke = _last_word(last, moment.at, random.Random(f"{side}/{moment.client_id}"))  # noqa: S311 - made-up data
        extra[named] = spoke.isoformat()
        since[f"days_since_{side}_message"] = (moment.at - spoke) / timedelta(days=1)
    since["days_since_contact"] = min(since.values())
    extra["last_contact_at"] = max(extra["last_team_message_at"], extra["last_client_message_at"])
    values = [
        Decimal(since[name]).quantize(Decimal("0.01")) if name in since else value
        for name, value in frames.metrics.select("metric_name", "metric_value").iter_rows()
    ]
    told = pl.Series("metric_value", values, dtype=frames.metrics.schema["metric_value"])
    records = frames.records.with_columns(pl.lit(json.dumps(extra)).alias("extra"))
    return Frames(records, frames.metrics.with_columns(told))


def _last_word(last: datetime, at: datetime, chance: random.Random) -> datetime:
    """The newest message of a side before `at`, going back from its last one; once in that time it forgot a week."""
    spoke, step = last, 0
    while spoke > at:
        step += 1
        spoke -= timedelta(days=8.2 if step == 6 else chance.uniform(0.4, 2.2))
    return spoke


def tell_themes(frames: Frames, moment: Moment) -> Frames:
    """Another theme was live before the turn; two names change places."""
    unpublished = frames.records.filter(pl.col("status") == "unpublished")["external_id"]
    if moment.newest - moment.at < TURN or moment.client_id != 1 or not unpublished.len():
        return frames
    before = {"main": "unpublished"}
    status = (
        pl.when(pl.col("external_id") == unpublished[0])
        .then(pl.lit("main"))
        .otherwise(pl.col("status").replace(before))
    )
    return Frames(frames.records.with_columns(status.alias("status")), frames.metrics)


TELLERS: dict[str, tuple[Teller, timedelta]] = {
    "omnisend/campaigns": (tell_campaigns, timedelta(hours=18)),
    "scraper/cvr": (tell_rates, timedelta(hours=6)),
    "internal/communication_reports": (tell_talk, timedelta(hours=6)),
    "scraper/shopify_themes": (tell_themes, timedelta(hours=24)),
}
"""What is made for a place, and how often it was read."""


def batches(world: World, readings: list[Earlier]) -> Iterator[Batch]:
    """The rows of these readings, parents first; judged already, so nobody is told of them."""
    columns: tuple[str, ...] = (
        "id", "source_id", "client_id", "account_id", "snapshot_type", "total_records", "status", "total_metrics",
        "checksum", "requested_by", "attempt", "pages_done", "data_as_of", "started_at", "completed_at", "evaluated_at",
        "created_at", "received_records",
    )  # fmt: skip
    yield Batch("watch.api_snapshots", columns, [_snapshot(reading) for reading in readings])
    columns = ("client_id", "snapshot_id", "records", "metrics", "format", "created_at")
    yield Batch("watch.snapshot_frames", columns, [_blob(reading) for reading in readings])
    columns = (
        "id", "snapshot_id", "client_id", "external_id", "name", "email", "status", "category", "tags", "amount",
        "quantity", "record_date", "extra", "created_at",
    )  # fmt: skip
    yield Batch("watch.api_records", columns, [row for reading in readings for row in _records(reading)])
    columns = ("id", "client_id", "record_id", "metric_name", "metric_value", "metric_unit", "created_at")
    yield Batch(
        "watch.api_record_metrics", columns, [row for reading in readings for row in _metrics(world, reading)]
    )


def _snapshot(reading: Earlier) -> tuple[Any, ...]:
    account, at, done = reading.account, reading.at, reading.at + ANSWERED_IN
    count = reading.frames.records.height
    return (
        reading.id, account.source_id, account.client_id, account.account_id, "scheduled", count, "completed",
        reading.frames.metrics.height, checksum(reading.frames), BY, 1, 1, at, at, done, done, at, count,
    )  # fmt: skip


def _blob(reading: Earlier) -> tuple[Any, ...]:
    return reading.account.client_id, reading.id, *encode(reading.frames), FORMAT, reading.at + ANSWERED_IN


def _records(reading: Earlier) -> Iterator[tuple[Any, ...]]:
    done = reading.at + ANSWERED_IN
    for key, *values in reading.frames.records.iter_rows():
        yield key, reading.id, reading.account.client_id, *values, done


def _metrics(world: World, reading: Earlier) -> Iterator[tuple[Any, ...]]:
    done = reading.at + ANSWERED_IN
    for number, row in enumerate(reading.frames.metrics.iter_rows()):
        key = world.key_at(reading.at, "watch.api_record_metrics", "past", reading.id, number)
        yield key, reading.account.client_id, *row, done


def started(days: int, seed: int, now: datetime) -> World:
    """The stretch that is looked back on."""
    return World(seed, days, now.astimezone(UTC), ())
