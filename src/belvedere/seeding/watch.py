"""Data for the schema `watch`: readings of each day, what was refused, pushes and files, rules and their alerts."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta

from belvedere.seeding import watch_alerts, watch_life, watch_readings
from belvedere.seeding.names import name_person
from belvedere.seeding.watch_readings import Reading, account_id, good, places_of, read_days, source_id
from belvedere.seeding.world import Batch, ClientPlan, World

SHOPIFY, OMNISEND = 0, 3
"""Numbers of a client's credentials."""
CREDENTIALS = {"omnisend/campaigns": OMNISEND, "scraper/shopify_themes": SHOPIFY}
THEMES = 2
"""Number of the account whose shop pushes its changes."""


def fill(world: World, client: ClientPlan) -> Iterator[Batch]:
    """The batches of one client, parents first."""
    readings = read_days(world, client)
    if "omnisend/campaigns" not in world.sources:
        yield omnisend(world)
    yield accounts(world, client, readings)
    packs = watch_readings.pack(readings)
    yield watch_readings.snapshots(readings, packs)
    yield from watch_readings.rows(readings, packs)
    yield rejects(world, client, readings)
    yield from pushes(world, client, readings)
    yield intakes(world, client, readings)
    yield watch_alerts.rules(world, client)
    judged = watch_alerts.judge(world, client, readings)
    yield watch_alerts.evaluations(judged)
    yield watch_alerts.alerts(world, judged)
    yield watch_alerts.events(world, judged)
    yield from watch_life.fill(world, client, readings, judged)


def omnisend(world: World) -> Batch:
    """The source that migrations do not bring along."""
    columns = (
        "id",
        "provider",
        "endpoint",
        "display_name",
        "description",
        "refresh_interval_minutes",
        "created_at",
        "updated_at",
    )
    at = world.now - timedelta(days=world.days)
    row = (source_id(world, "omnisend/campaigns"), "omnisend", "campaigns", "Omnisend Campaigns",
           "E-mail campaigns with their counts and rates", 1440, at, at)  # fmt: skip
    return Batch("watch.api_sources", columns, [row])


def accounts(world: World, client: ClientPlan, readings: list[Reading]) -> Batch:
    """Paused, all of them: an active one would be read at its real platform as soon as a worker runs."""
    columns = (
        "id", "client_id", "source_id", "display_name", "settings", "credential_id", "is_active", "last_started_at",
        "last_good_at", "last_failed_at", "created_at", "updated_at",
    )  # fmt: skip
    began = world.now - timedelta(days=world.days)
    made = []
    for number, place in enumerate(places_of(client)):
        own = [reading for reading in readings if reading.place == place]
        credential = (
            world.key("core.creds_meta", client.id, CREDENTIALS[place]) if place in CREDENTIALS else None
        )
        shop = {"shop": f"{client.slug}.myshop.example"} if place.startswith("scraper") else {}
        made.append((
            account_id(world, client, number), client.id, source_id(world, place), client.name, json.dumps(shop),
            credential, False,
            max((reading.at for reading in own), default=None),
            max((reading.done_at for reading in own if not reading.failed), default=None),
            max((reading.done_at for reading in own if reading.failed), default=None), began, began,
        ))  # fmt: skip
    return Batch("watch.source_accounts", columns, made)


def rejects(world: World, client: ClientPlan, readings: list[Reading]) -> Batch:
    """Rows that were refused; every third was mended at the platform and came with the next reading."""
    columns = (
        "id", "client_id", "snapshot_id", "row_number", "code", "field", "detail", "payload", "created_at",
        "replayed_at", "replay_snapshot_id",
    )  # fmt: skip
    made = []
    refused = [reading for reading in good(readings) if reading.refused]
    for number, reading in enumerate(refused):
        following = next(
            (later for later in good(readings) if later.place == reading.place and later.at > reading.at),
            None,
        )
        mended = following if number % 3 == 0 else None
        payload = {"campaignID": f"cmp-{client.id}-draft-{number}", "name": "Untitled", "sent": "n/a"}
        made.append((
            world.key("watch.record_rejects", client.id, number), client.id, reading.id, len(reading.things) + 1,
            "not_a_number", "quantity", "“n/a” is not a whole number.", json.dumps(payload), reading.done_at,
            mended.done_at if mended else None, mended.id if mended else None,
        ))  # fmt: skip
    return Batch("watch.record_rejects", columns, made)


def pushes(world: World, client: ClientPlan, readings: list[Reading]) -> Iterator[Batch]:
    """The address that a client's shop pushes to, and what came: each push has an id and is taken once."""
    if client.id == 0:
        return
    endpoint = world.key("watch.webhook_endpoints", client.id, 0)
    began = world.now - timedelta(days=world.days)
    yield Batch(
        "watch.webhook_endpoints",
        ("id", "client_id", "account_id", "name", "credential_id", "created_at"),
        [(endpoint, client.id, account_id(world, client, THEMES), f"Shop of {client.name}",
          world.key("core.creds_meta", client.id, SHOPIFY), began)],
    )  # fmt: skip
    themes = [reading for reading in good(readings) if reading.account == THEMES and reading.same_as is None]
    receipts = [
        (client.id, endpoint, f"msg_{world.key('watch.webhook_receipts', client.id, number).hex[:24]}", reading.id, reading.at)
        for number, reading in enumerate(themes)
    ]  # fmt: skip
    columns = ("client_id", "endpoint_id", "webhook_id", "snapshot_id", "received_at")
    yield Batch("watch.webhook_receipts", columns, receipts)


def intakes(world: World, client: ClientPlan, readings: list[Reading]) -> Batch:
    """A file each month, handed in by a person."""
    columns = (
        "id", "client_id", "account_id", "source_id", "snapshot_id", "kind", "file_name", "format", "content",
        "data_as_of", "received_by", "created_at", "stored_at",
    )  # fmt: skip
    monthly = [reading for reading in good(readings) if reading.account == 1][::30]
    made = [
        (
            world.key("watch.intakes", client.id, number), client.id, account_id(world, client, 1),
            source_id(world, reading.place), reading.id, "file",
            f"{client.slug}-{reading.at:%Y-%m}.csv", "csv", as_csv(reading), reading.at, name_person(number),
            reading.at, reading.done_at,
        )
        for number, reading in enumerate(monthly)
    ]  # fmt: skip
    return Batch("watch.intakes", columns, made)


def as_csv(reading: Reading) -> bytes:
    text = io.StringIO()
    names = sorted({name for thing in reading.things for name in thing.metrics})
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["id", "name", *names])
    for thing in reading.things:
        lines.writerow(
            [thing.external_id, thing.name, *(thing.metrics.get(name, ("",))[0] for name in names)]
        )
    return text.getvalue().encode()
