"""A reading is stored whole or not at all; an equal one only points to the rows that are there."""

import json
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from belvedere.core.context import Scope
from belvedere.core.errors import Invalid
from belvedere.sources.errors import LeaseLost, ReadingFailed
from belvedere.sources.frames import ordered
from belvedere.sources.ingest import Reading, store_reading
from belvedere.sources.listeners import forget_snapshot_listener, register_snapshot_listener
from belvedere.sources.map_rows import map_rows
from belvedere.sources.mapping import parse_mapping
from belvedere.sources.service import ingest_file, load_frames, load_stored_snapshot, rebuild_frames
from belvedere.sources.snapshot_rows import claim_snapshot
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import NOON, SIMPLE, World

TRICKY = [
    {
        "id": "a",
        "name": 'quotes " and, commas\nand lines',
        "tags": ['x"y', "b\\c", "{}", "null", "ü"],
        "amount": "12.3456",
    },
    {
        "id": "b",
        "name": "",
        "tags": [],
        "open_rate": 12.5,
        "spend": 0.1,
        "deep": {"list": [1.50, None, "\t"]},
    },
    {"id": "c", "name": "\\N", "status": "sent", "spend": -1, "n": 12345678901234567890},
    {"id": "d"},
]


async def ingest(world: World, rows, client_id=BRANDT, **more):
    data = b"\n".join(orjson.dumps(row) for row in rows)
    return await ingest_file(
        world.runtime,
        client_id=client_id,
        provider="file",
        endpoint="campaigns",
        data=data,
        form="ndjson",
        mapping=SIMPLE,
        actor="tests",
        **more,
    )


async def test_rows_arrive_exactly_and_the_blob_equals_them(world):
    result = await ingest(world, TRICKY)
    assert (result.records, result.metrics, result.rejected, result.unchanged) == (4, 3, 0, False)
    async with world.runtime.db.read(Scope.client(BRANDT)) as session:
        blob = ordered(await load_frames(session, BRANDT, result.snapshot_id))
        rows = ordered(await rebuild_frames(session, BRANDT, result.snapshot_id))
    assert blob.metrics.equals(rows.metrics)
    assert blob.records.drop("extra").equals(rows.records.drop("extra"))
    for one, other in zip(blob.records["extra"], rows.records["extra"], strict=True):
        assert json.loads(one, parse_float=Decimal) == json.loads(other, parse_float=Decimal)
    names = rows.records.select("external_id", "name", "tags").rows()
    assert names[0] == ("a", TRICKY[0]["name"], TRICKY[0]["tags"])
    assert names[1] == ("b", "", [])
    assert names[2] == ("c", "\\N", None)
    assert names[3] == ("d", None, None)


async def test_an_equal_reading_stores_no_rows(world, clock):
    first = await ingest(world, TRICKY)
    clock.forward(hours=1)
    second = await ingest(world, list(reversed(TRICKY)))
    assert second.unchanged
    assert (second.records, second.metrics) == (first.records, first.metrics)
    assert world.one("SELECT count(*) FROM watch.api_records") == 4
    assert world.snapshot(second.snapshot_id)["same_as_snapshot_id"] == first.snapshot_id
    async with world.runtime.db.read(Scope.client(BRANDT)) as session:
        assert (await load_frames(session, BRANDT, second.snapshot_id)).records.height == 4
        stored = await load_stored_snapshot(session, BRANDT, second.snapshot_id)
    assert stored.previous_id == first.snapshot_id
    clock.forward(hours=1)
    third = await ingest(world, [{**TRICKY[0], "amount": "12.3457"}, *TRICKY[1:]])
    assert not third.unchanged


async def test_bad_rows_go_to_the_dead_letters_and_the_rest_loads(world):
    result = await ingest(
        world, [{"id": "ok"}, {"name": "no id"}, {"id": "b", "amount": "much"}, {"id": "n", "name": "\0"}]
    )
    assert (result.records, result.rejected) == (1, 3)
    rows = world.admin.execute(
        "SELECT row_number, code, field, payload FROM watch.record_rejects ORDER BY row_number"
    ).fetchall()
    assert [row[:3] for row in rows] == [
        (2, "missing_external_id", "external_id"),
        (3, "not_a_number", "amount"),
        (4, "nul_byte", "name"),
    ]
    assert orjson.loads(rows[1][3]) == {"id": "b", "amount": "much"}


async def test_a_file_that_cannot_be_read_is_a_failed_snapshot(world):
    with pytest.raises(Invalid, match="not valid JSON"):
        await ingest_file(
            world.runtime,
            client_id=BRANDT,
            provider="file",
            endpoint="campaigns",
            data=b'{"campaign": [',
            form="json",
            mapping=SIMPLE,
            actor="tests",
        )
    row = world.one("SELECT status, error_code, error_message FROM watch.api_snapshots")
    assert row[:2] == ("failed", "invalid_json")


async def test_a_reading_of_refused_rows_alone_fails(world):
    with pytest.raises(ReadingFailed, match="All 2 rows were refused"):
        await ingest(world, [{"id": None, "name": "x"}, {"id": "", "name": "y"}])
    assert world.one("SELECT status, error_code FROM watch.api_snapshots") == ("failed", "all_rejected")


async def test_event_follow_up_and_news_come_with_the_commit(world):
    heard = []

    async def listen(_runtime, stored):
        heard.append(stored)

    register_snapshot_listener(listen)
    try:
        result = await ingest(world, TRICKY)
    finally:
        forget_snapshot_listener(listen)
    (stored,) = heard
    assert (stored.snapshot_id, stored.client_id, stored.previous_id) == (result.snapshot_id, BRANDT, None)
    assert stored.metric_units == {"open_rate": "percent", "spend": "currency"}
    event = world.one("SELECT type, data FROM core.outbox_events")
    assert event[0] == "snapshot.completed"
    assert (event[1]["records"], event[1]["unchanged"]) == (4, False)
    (call,) = world.jobs("sources.snapshot_completed")
    assert call["args"] == {"snapshot_id": str(result.snapshot_id)}


async def test_older_data_is_told_as_history(world, clock):
    await ingest(world, [{"id": "a", "spend": 2}])
    older = await ingest(world, [{"id": "a", "spend": 1}], data_as_of=NOON - timedelta(days=7))
    async with world.runtime.db.read(Scope.client(BRANDT)) as session:
        stored = await load_stored_snapshot(session, BRANDT, older.snapshot_id)
    assert not stored.is_newest
    assert stored.previous is None


async def test_two_clients_keep_apart(world):
    mine = await ingest(world, [{"id": "a"}], BRANDT)
    theirs = await ingest(world, [{"id": "a"}], MARLOW)
    assert not theirs.unchanged
    async with world.runtime.db.read(Scope.client(MARLOW)) as session:
        assert await load_stored_snapshot(session, BRANDT, mine.snapshot_id) is None


async def test_a_worker_that_lost_its_lease_keeps_nothing(world, clock):
    source = world.source()
    account = world.account(source)
    snapshot = world.one(
        "INSERT INTO watch.api_snapshots (source_id, client_id, account_id) VALUES (%s, %s, %s) RETURNING id",
        source,
        BRANDT,
        account,
    )
    db = world.runtime.db
    async with db.write(Scope.client(BRANDT)) as session:
        slow = await claim_snapshot(session, BRANDT, snapshot, clock())
    clock.forward(minutes=5)
    async with db.write(Scope.client(BRANDT)) as session:
        quick = await claim_snapshot(session, BRANDT, snapshot, clock())
    assert quick.attempt == 2
    reading = Reading(map_rows([{"id": "a"}], parse_mapping(SIMPLE), {}, clock()), clock())
    with pytest.raises(LeaseLost):
        async with db.write(Scope.client(BRANDT)) as session:
            await store_reading(session, slow, reading, clock(), actor="slow")
    assert world.one("SELECT count(*) FROM watch.api_records") == 0
    async with db.write(Scope.client(BRANDT)) as session:
        await store_reading(session, quick, reading, clock(), actor="quick")
    assert world.snapshot(snapshot)["status"] == "completed"
