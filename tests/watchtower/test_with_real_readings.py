"""The whole way: a file becomes a reading, the reading is judged from the frames in hand, or later from its
blob."""

from datetime import timedelta

import orjson
import pytest
from tests.people import BRANDT

from belvedere.core.jobs import JobCall
from belvedere.sources import listeners
from belvedere.sources.listeners import forget_snapshot_listener, register_snapshot_listener
from belvedere.sources.service import ingest_file
from belvedere.watchtower import jobs
from belvedere.watchtower.service import get_alert, judge_stored

MAPPING = {
    "name": "simple",
    "columns": {"external_id": "id", "name": "name", "status": "status", "tags": "tags"},
    "metrics": {"open_rate": {"path": "open_rate", "unit": "percent"}},
    "extra": "rest",
}


@pytest.fixture(autouse=True)
def nobody_else_listens():
    """Another test of this process may have wired the whole program together."""
    kept = list(listeners._listeners)
    listeners._listeners.clear()
    yield
    listeners._listeners[:] = kept


@pytest.fixture
def listening(nobody_else_listens):
    register_snapshot_listener(judge_stored)
    yield
    forget_snapshot_listener(judge_stored)


async def ingest(runtime, world, *rows):
    world.now += timedelta(hours=1)
    data = b"\n".join(orjson.dumps(row) for row in rows)
    return await ingest_file(
        runtime, client_id=BRANDT, provider="file", endpoint="campaigns", data=data, form="ndjson",
        mapping=MAPPING, actor="tests",
    )  # fmt: skip


async def test_a_file_raises_and_closes_alerts(runtime, world, listening, people):
    world.rule()
    world.rule(field_name="tags", condition="contains", threshold_value="vip")
    world.rule(field_name="extra:$.report.spam", condition="greater_than", threshold_value="0.1", name="Spam")
    bad = {"id": "advent", "name": "Advent", "open_rate": 11.8, "tags": ["VIP"], "report": {"spam": 0.15}}
    good = {"id": "advent", "name": "Advent", "open_rate": 20, "tags": ["vip"], "report": {"spam": 0.1}}
    await ingest(runtime, world, bad)
    assert {alert["title"] for alert in world.alerts("open")} == {
        "Open rate 11.8% on Advent",
        "Spam 0.15 on Advent",
    }
    await ingest(runtime, world, good)
    assert {alert["title"] for alert in world.alerts("open")} == {"Tags contains “vip” on Advent"}
    (closed, *_) = [alert for alert in world.alerts("resolved") if alert["title"].startswith("Open rate")]
    async with world.db.read(people.alice.scope) as session:
        detail = await get_alert(session, closed["id"])
    assert [point["value"] for point in detail["history"]] == ["11.8", "20"]


async def test_an_equal_reading_judges_the_same_frames(runtime, world, listening):
    world.rule()
    for _ in range(3):
        await ingest(runtime, world, {"id": "advent", "name": "Advent", "open_rate": 11})
    (alert,) = world.alerts()
    assert alert["occurrences"] == 3


async def test_a_reading_that_nobody_judged_is_judged_from_its_blob(runtime, world):
    world.rule()
    stored = await ingest(runtime, world, {"id": "advent", "name": "Advent", "open_rate": 11})
    assert world.alerts() == []
    await jobs.sweep_unjudged(runtime, JobCall("watchtower.sweep_unjudged"))
    call = world.rows(
        "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'watchtower.evaluate_snapshot'"
    )
    for _ in range(2):
        await jobs.evaluate_snapshot(
            runtime, JobCall("watchtower.evaluate_snapshot", call[0]["args"]["call"]["args"], BRANDT)
        )
    (alert,) = world.alerts()
    assert alert["snapshot_id"] == stored.snapshot_id


async def test_children_are_looked_at_again_from_the_stored_reading(runtime, world, listening):
    parent = world.rule(field_name="status", condition="equals", threshold_value="silent")
    world.rule(parent_rule_id=parent, dependency_condition="acknowledged")
    await ingest(runtime, world, {"id": "advent", "name": "Advent", "open_rate": 11, "status": "silent"})
    assert len(world.alerts()) == 1
    world.admin.execute("UPDATE watchtower_alerts SET is_acknowledged = true, acknowledged_at = now()")
    call = JobCall("watchtower.recheck_children", {"parent_id": str(parent)}, BRANDT)
    for _ in range(2):
        await jobs.recheck(runtime, call)
    assert len(world.alerts()) == 2


async def test_a_refused_row_is_not_a_record_that_is_gone_item_27(runtime, world, listening):
    world.rule()
    world.rule(name="Gone", field_name="name", condition="removed", threshold_value=None)
    world.rule(name="Average", aggregate="avg")
    low, high = {"id": "low", "name": "Low", "open_rate": 11}, {"id": "high", "name": "High", "open_rate": 90}
    await ingest(runtime, world, low, high)
    for broken in ({"id": "high", "name": "\0"}, {"id": "high", "open_rate": "much"}, {"open_rate": 90}):
        await ingest(runtime, world, low, broken)
    for broken in ({"id": "low", "name": "\0"}, {"id": "low", "open_rate": "much"}, {"open_rate": 90}):
        await ingest(runtime, world, high, broken)
    words = world.rows("SELECT completeness, rejected_records FROM api_snapshots ORDER BY created_at")
    assert [tuple(row.values()) for row in words] == [("full", 0)] + [("partial", 1)] * 6
    (alert,) = world.alerts()
    assert (alert["external_id"], alert["state"], alert["missing_readings"]) == ("low", "open", 0)
    await ingest(runtime, world, high)
    (gone,) = [row for row in world.alerts() if row["external_id"] == "low" and row["id"] != alert["id"]]
    assert gone["title"] == "Gone: Low"


async def test_a_row_refused_beside_its_own_record_leaves_the_reading_full_item_27(runtime, world, listening):
    row = {"id": "low", "name": "Low", "open_rate": 11}
    stored = await ingest(runtime, world, row, {**row, "name": "Twice"}, {"id": "off", "open_rate": 900})
    assert (stored.records, stored.rejected) == (2, 2)
    assert world.rows("SELECT completeness FROM api_snapshots") == [{"completeness": "full"}]
