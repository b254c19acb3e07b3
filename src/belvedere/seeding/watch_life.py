"""Runs of the judge, breaches on their way, digests, silences and one storm."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from belvedere.seeding.watch_alerts import AGENCY_RULES, Alert, Judged, judging
from belvedere.seeding.watch_readings import Reading, good, source_id
from belvedere.seeding.world import Batch, ClientPlan, World

WORKING_HOUR = time(8, tzinfo=UTC)


def fill(world: World, client: ClientPlan, readings: list[Reading], judged: Judged) -> Iterator[Batch]:
    yield runs(world, client, readings, judged)
    yield waiting(world, client, readings)
    yield silences(world, client)
    yield digests(world, client, judged)
    if client.id == 0:
        yield storms(world)


def runs(world: World, client: ClientPlan, readings: list[Reading], judged: Judged) -> Batch:
    columns = (
        "client_id", "snapshot_id", "source_id", "evaluated_at", "rules", "records", "matched", "opened", "closed",
        "duration_ms", "lag_ms",
    )  # fmt: skip
    met: dict[object, int] = {}
    for row in judged.evaluations:
        met[row[3]] = met.get(row[3], 0) + int(str(row[6]))
    rules = judging(client)
    made = []
    for reading in good(readings):
        chance = world.random("watch.evaluation_runs", client.id, reading.number)
        opened = sum(alert.first is reading for alert in judged.alerts)
        closed = sum(
            alert.closed is not None and alert.closed[0] == reading.done_at for alert in judged.alerts
        )
        made.append((
            client.id, reading.id, source_id(world, reading.place), reading.done_at + timedelta(seconds=1),
            sum(rule.place == reading.place for rule in rules), len(reading.things), met.get(reading.id, 0), opened,
            closed, chance.randint(6, 48), chance.randint(900, 1400),
        ))  # fmt: skip
    return Batch("watch.evaluation_runs", columns, made)


def waiting(world: World, client: ClientPlan, readings: list[Reading]) -> Batch:
    columns = (
        "client_id", "fingerprint", "rule_id", "rule_client_id", "rule_version", "source_id", "external_id", "readings",
        "since", "last_snapshot_id",
    )  # fmt: skip
    rules = judging(client)
    newest = [reading for reading in good(readings) if rules and reading.place == rules[0].place][-1:]
    made = [
        (
            client.id, f"waiting-{client.id}", rules[0].id(world), rules[0].owner, 1,
            source_id(world, rules[0].place), reading.things[0].external_id, 1, reading.at, reading.id,
        )
        for reading in newest
    ]  # fmt: skip
    return Batch("watch.rule_states", columns, made)


def silences(world: World, client: ClientPlan) -> Batch:
    """A maintenance night, over long ago."""
    columns = ("id", "client_id", "starts_at", "ends_at", "reason", "created_by", "ended_at", "created_at")
    starts = world.now - timedelta(days=6)
    ends = starts + timedelta(hours=8)
    key = world.key("watch.silences", client.id, 0)
    row = (key, client.id, starts, ends, "The shop moves to its new theme.", "Mara Lindqvist", ends, starts)
    return Batch("watch.silences", columns, [row])


def digests(world: World, client: ClientPlan, judged: Judged) -> Batch:
    columns = (
        "id", "client_id", "schedule", "channel", "destination", "zone", "boundary_at", "window_start", "state",
        "new_count", "open_count", "resolved_count", "body", "created_at",
    )  # fmt: skip
    made = []
    for number in range(min(14, world.days)):
        boundary = datetime.combine((world.now - timedelta(days=number + 1)).date(), WORKING_HOUR)
        start = boundary - timedelta(days=1)
        new = [alert for alert in judged.alerts if start < alert.first.done_at <= boundary]
        ended = [alert for alert in judged.alerts if alert.closed and start < alert.closed[0] <= boundary]
        still = sum(is_open(alert, boundary) for alert in judged.alerts) - sum(
            is_open(a, boundary) for a in new
        )
        state = "sent" if new or ended or still else "empty"
        made.append((
            world.key("watch.digests", client.id, number), client.id, "daily", "email", f"team@{client.slug}.example",
            "UTC", boundary, start, state, len(new), still, len(ended), json.dumps({"title": "Daily digest"}), boundary,
        ))  # fmt: skip
    return Batch("watch.digests", columns, made)


def is_open(alert: Alert, at: datetime) -> bool:
    return alert.first.done_at <= at and (alert.closed is None or alert.closed[0] > at)


def storms(world: World) -> Batch:
    """Rules for every client stand at the agency, and so do their storms."""
    columns = (
        "id", "client_id", "rule_id", "started_at", "last_at", "ended_at", "clients", "alerts", "told_at", "created_at",
    )  # fmt: skip
    began = world.now - timedelta(days=5)
    last, ended = began + timedelta(minutes=4), began + timedelta(minutes=19)
    rows = [
        (world.key("watch.storms", 0, 0), 0, rule.id(world), began, last, ended, 23, 41, began, began)
        for rule in AGENCY_RULES[:1]
    ]
    return Batch("watch.storms", columns, rows)
