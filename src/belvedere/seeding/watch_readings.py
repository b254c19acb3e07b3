"""Readings of a client's sources day by day, with their rows and blobs; an equal reading points to the one before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from belvedere.seeding.watch_frames import Packed, pack_readings
from belvedere.seeding.watch_things import AGENCY_PLACES, CLIENT_PLACES, TELLERS, Thing
from belvedere.seeding.world import Batch, ClientPlan, World
from belvedere.sources.frames import FORMAT

REFUSED_EVERY = 9
FAILS_EVERY = 23
FAILURE = "The shop did not answer in 30 seconds. It is tried again at the next reading."


@dataclass(frozen=True)
class Reading:
    """One snapshot to be: `same_as` is the reading that holds its rows when nothing had changed."""

    world: World
    client: ClientPlan
    number: int
    place: str
    account: int
    at: datetime
    things: tuple[Thing, ...]
    first_record: int
    first_metric: int
    same_as: "Reading | None" = None
    failed: bool = False

    @property
    def id(self) -> UUID:
        return self.world.key("watch.api_snapshots", self.client.id, self.number)

    @property
    def done_at(self) -> datetime:
        return self.at + timedelta(seconds=4)

    @property
    def holder(self) -> "Reading":
        return self.same_as or self

    @property
    def refused(self) -> int:
        return (
            1
            if self.place == "omnisend/campaigns" and not self.same_as and self.number % REFUSED_EVERY == 0
            else 0
        )

    def record_id(self, place: int) -> UUID:
        holder = self.holder
        return self.world.key_at(holder.at, "watch.api_records", self.client.id, holder.first_record + place)


def places_of(client: ClientPlan) -> tuple[str, ...]:
    return CLIENT_PLACES if client.id else AGENCY_PLACES


def source_id(world: World, place: str) -> UUID:
    """The source's own key, or the one it gets here when the installation has no such source yet."""
    return world.sources.get(place) or world.key("watch.api_sources", place)


def account_id(world: World, client: ClientPlan, number: int) -> UUID:
    return world.key("watch.source_accounts", client.id, number)


def read_days(world: World, client: ClientPlan) -> list[Reading]:
    """Every reading of the span, oldest first; each source is read once a day, in the small hours of UTC."""
    readings: list[Reading] = []
    newest: dict[str, Reading] = {}
    records = metrics = 0
    for day in world.dates():
        for account, place in enumerate(places_of(client)):
            at = datetime.combine(day, time(4, 10 * account, client.id % 50), UTC)
            if at + timedelta(minutes=1) > world.now:
                continue
            things = TELLERS[place](world, client, day)
            before = newest.get(place)
            same = before.holder if before is not None and before.things == things else None
            number = len(readings)
            failed = place == "scraper/cvr" and number % FAILS_EVERY == FAILS_EVERY - 1
            reading = Reading(
                world, client, number, place, account, at, things, records, metrics, same, failed
            )
            readings.append(reading)
            if failed:
                continue
            newest[place] = reading
            if same is None:
                records += len(things)
                metrics += sum(len(thing.metrics) for thing in things)
    return readings


def good(readings: list[Reading]) -> list[Reading]:
    return [reading for reading in readings if not reading.failed]


def pack(readings: list[Reading]) -> dict[int, Packed]:
    """Blobs and checksums of the readings that brought something new, by the reading's number."""
    new = [reading for reading in good(readings) if reading.same_as is None]
    told = [
        ([str(reading.record_id(place)) for place in range(len(reading.things))], reading.things)
        for reading in new
    ]
    return {reading.number: packed for reading, packed in zip(new, pack_readings(told), strict=True)}


def snapshots(readings: list[Reading], packs: dict[int, Packed]) -> Batch:
    columns = (
        "id", "source_id", "client_id", "account_id", "snapshot_type", "total_records", "status", "error_message",
        "error_code", "rejected_records", "total_metrics", "checksum", "same_as_snapshot_id", "requested_by", "attempt",
        "pages_done", "data_as_of", "started_at", "completed_at", "evaluated_at", "created_at",
    )  # fmt: skip
    return Batch("watch.api_snapshots", columns, [snapshot(reading, packs) for reading in readings])


def snapshot(reading: Reading, packs: dict[int, Packed]) -> tuple[object, ...]:
    world, client, at, done = reading.world, reading.client, reading.at, reading.done_at
    head = (
        reading.id,
        source_id(world, reading.place),
        client.id,
        account_id(world, client, reading.account),
        "scheduled",
    )
    if reading.failed:
        return (
            *head,
            0,
            "failed",
            FAILURE,
            "timeout",
            0,
            0,
            None,
            None,
            "schedule",
            3,
            0,
            None,
            at,
            done,
            None,
            at,
        )
    same = reading.same_as.id if reading.same_as else None
    count = sum(len(thing.metrics) for thing in reading.things)
    return (*head, len(reading.things), "completed", None, None, reading.refused, count,
            packs[reading.holder.number].checksum, same,
            "schedule", 1, 1, at, at, done, done + timedelta(seconds=1), at)  # fmt: skip


def rows(readings: list[Reading], packs: dict[int, Packed]) -> Iterator[Batch]:
    """Records, metrics and blobs of the readings that brought something new."""
    new = [reading for reading in good(readings) if reading.same_as is None]
    columns: tuple[str, ...] = ("client_id", "snapshot_id", "records", "metrics", "format", "created_at")
    blobs = [
        (reading.client.id, reading.id, packs[reading.number].records, packs[reading.number].metrics, FORMAT,
         reading.done_at)
        for reading in new
    ]  # fmt: skip
    yield Batch("watch.snapshot_frames", columns, blobs)
    columns = (
        "id", "snapshot_id", "client_id", "external_id", "name", "status", "category", "tags", "amount", "quantity",
        "record_date", "extra", "created_at",
    )  # fmt: skip
    yield Batch("watch.api_records", columns, [row for reading in new for row in records(reading)])
    columns = ("id", "client_id", "record_id", "metric_name", "metric_value", "metric_unit", "created_at")
    yield Batch("watch.api_record_metrics", columns, [row for reading in new for row in metrics(reading)])


def records(reading: Reading) -> Iterator[tuple[object, ...]]:
    for place, thing in enumerate(reading.things):
        yield (
            reading.record_id(place), reading.id, reading.client.id, thing.external_id, thing.name, thing.status,
            thing.category, list(thing.tags) or None, thing.amount, thing.quantity, thing.record_date,
            json.dumps(thing.extra), reading.done_at,
        )  # fmt: skip


def metrics(reading: Reading) -> Iterator[tuple[object, ...]]:
    number = reading.first_metric
    for place, thing in enumerate(reading.things):
        record = reading.record_id(place)
        for name, (value, unit) in thing.metrics.items():
            key = reading.world.key_at(reading.at, "watch.api_record_metrics", reading.client.id, number)
            yield key, reading.client.id, record, name, value, unit, reading.done_at
            number += 1
