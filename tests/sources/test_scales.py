"""Percents that turn to fractions from one reading to the next: set aside, told of, and settled by a person."""

import csv
import io
from uuid import UUID

import polars as pl
import pytest

from belvedere.sources.contracts import Frames
from belvedere.sources.errors import ReadingFailed
from belvedere.sources.files import ingest_file
from belvedere.sources.map_rows import map_rows
from belvedere.sources.mapping import parse_mapping
from belvedere.sources.scales import find_shrunk, small_percents
from tests.people import BRANDT
from tests.sources.conftest import NOON, SIMPLE, World
from tests.sources.test_health import health_account, read, run_waiting

pytestmark = pytest.mark.usefixtures("connected")

RATES = (14.2, 15.1, 33.0, 0, 21.5)


def rows_of(*rates: float, keys: str = "abcdefgh") -> list[dict[str, object]]:
    return [{"id": key, "name": key, "open_rate": rate} for key, rate in zip(keys, rates, strict=False)]


def frames_of(*rates: float, keys: str = "abcdefgh") -> Frames:
    return map_rows(rows_of(*rates, keys=keys), parse_mapping(SIMPLE), {}, NOON).frames


def shrunk(before: Frames, now: Frames) -> list[str]:
    return [found.name for found in find_shrunk(now, before, small_percents(now))]


@pytest.mark.parametrize(
    ("before", "now", "is_found"),
    [
        (RATES, (0.142, 0.151, 0.33, 0, 0.215), True),
        ((100.0, 40.0), (1.0, 0.42), True),
        (RATES, (0.17, 0.11, 0.30, 0.2, 0.2), True),
        (RATES, (14.1, 15.3, 33.0, 1, 21.0), False),
        (RATES, (0, 0, 0, 0, 0), False),
        (RATES, (0.142, 15.1, 0.33, 0, 0.215), False),
        ((3.1, 2.5), (0.9, 0.8), False),
        ((0.4, 0.3), (0.004, 0.003), False),
    ],
)
def test_only_a_fall_of_all_percents_to_about_a_hundredth_is_suspicious_item_8(before, now, is_found):
    assert shrunk(frames_of(*before), frames_of(*now)) == (["open_rate"] if is_found else [])


def test_records_of_another_day_are_compared_by_their_middle_item_8():
    before = frames_of(14.2, 15.1, 33.0)
    assert shrunk(before, frames_of(0.16, 0.12, keys="uvw")) == ["open_rate"]
    assert shrunk(before, frames_of(0.9, 0.8, keys="uvw")) == []


def test_only_percents_are_asked_about_item_8():
    frames = frames_of(*RATES)
    money = Frames(frames.records, frames.metrics.with_columns(pl.lit("currency").alias("metric_unit")))
    assert small_percents(money) == []


async def hand_in(world: World, *rates: float) -> UUID:
    body = io.StringIO()
    table = csv.DictWriter(body, ["id", "name", "open_rate"])
    table.writeheader()
    table.writerows(rows_of(*rates))
    done = await ingest_file(
        world.runtime, client_id=BRANDT, provider="file", endpoint="campaigns", data=body.getvalue().encode(),
        mapping=SIMPLE, actor="tests", file_name="rates.csv",
    )  # fmt: skip
    return done.snapshot_id


def add_rule(world: World) -> None:
    world.admin.execute(
        "INSERT INTO watch.watchtower_rules (client_id, name, target_table, field_name, condition, threshold_value,"
        " severity) VALUES (%s, 'Opened little', 'api_records', 'open_rate', 'less_than', '10', 'critical')",
        [BRANDT],
    )


def opened(world: World) -> list[str]:
    found = world.admin.execute(
        "SELECT coalesce(r.builtin, r.name) FROM watch.watchtower_alerts a JOIN watch.watchtower_rules r"
        " ON r.id = a.rule_id WHERE a.client_id = %s AND a.resolved_at IS NULL ORDER BY 1",
        [BRANDT],
    )
    return [row[0] for row in found.fetchall()]


async def test_percents_that_turn_to_fractions_raise_a_quality_alert_and_no_other_item_8(world, clock):
    add_rule(world)
    await hand_in(world, 14.2, 15.1, 33.0)
    clock.forward(hours=1)
    with pytest.raises(ReadingFailed, match="open_rate looks like a fraction now") as refused:
        await hand_in(world, 0.142, 0.151, 0.33)
    assert refused.value.code == "suspicious_scale"
    await run_waiting(world)
    assert opened(world) == ["source_scale"]
    clock.forward(hours=1)
    await hand_in(world, 14.2, 15.2, 33.0)
    for _ in range(2):
        clock.forward(minutes=5)
        await read(world, health_account(world))
    assert opened(world) == []


async def test_a_person_takes_the_new_scale_and_the_next_reading_counts_item_8(world, http, olga, clock):
    await hand_in(world, 14.2, 15.1, 33.0)
    clock.forward(hours=1)
    with pytest.raises(ReadingFailed):
        await hand_in(world, 0.142, 0.151, 0.33)
    aside = world.one("SELECT id FROM watch.api_snapshots WHERE error_code = 'suspicious_scale'")
    answer = await http.post(f"/snapshots/{aside}/accept", headers=olga)
    assert (answer.status_code, answer.json()["error_code"]) == (202, "accepted_scale")
    assert (await http.post(f"/snapshots/{aside}/accept", headers=olga)).json()["code"] == "not_set_aside"
    clock.forward(hours=1)
    taken = await hand_in(world, 0.142, 0.151, 0.33)
    assert world.snapshot(taken)["status"] == "completed"
    clock.forward(hours=1)
    assert world.snapshot(await hand_in(world, 0.143, 0.151, 0.33))["status"] == "completed"
