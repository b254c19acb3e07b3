"""Real payloads through shipped mappings, against numbers computed by hand from the same files."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest

from belvedere.core.context import Scope
from belvedere.sources.service import ingest_file, load_frames
from tests.people import BRANDT
from tests.sources.conftest import World

SHARED = Path(os.environ.get("BELVEDERE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = [
    pytest.mark.needs_shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="the data folder is not there; set BELVEDERE_SHARED_DATA to its address"
    ),
]


async def ingest(world: World, file: str, mapping: str):
    result = await ingest_file(
        world.runtime,
        client_id=BRANDT,
        provider="file",
        endpoint=mapping,
        data=SHARED / file,
        mapping=mapping,
        actor="tests",
    )
    async with world.runtime.db.read(Scope.client(BRANDT)) as session:
        frames = await load_frames(session, BRANDT, result.snapshot_id)
    assert world.one("SELECT count(*) FROM watch.api_record_metrics") == frames.metrics.height
    return result, frames


def metrics_of(frames, external_id):
    record = frames.records.filter(frames.records["external_id"] == external_id)["id"][0]
    found = frames.metrics.filter(frames.metrics["record_id"] == record)
    return dict(found.select("metric_name", "metric_value").iter_rows())


async def test_the_omnisend_answer(world):
    result, frames = await ingest(world, "email/omnisend_list_campaigns.json", "omnisend_campaigns")
    assert (result.records, result.rejected) == (1, 0)
    row = frames.records.row(0, named=True)
    assert (row["external_id"], row["status"], row["quantity"]) == ("63b58492e18bb300184ffd8f", "draft", 0)
    assert row["record_date"] is None
    # Nothing was sent, so there is no rate; the counts are there and zero.
    assert metrics_of(frames, row["external_id"]) == {
        "sent_count": 0,
        "opened_count": 0,
        "clicked_count": 0,
        "delivered_count": 0,
    }


async def test_the_mailchimp_report(world):
    result, frames = await ingest(world, "email/mailchimp_records.jsonl", "mailchimp_reports")
    assert result.records == 1
    metrics = metrics_of(frames, "a79651273b")
    assert metrics["open_rate"] == 100
    assert metrics["click_rate"] == 66
    assert metrics["list_click_rate"] == Decimal("64.705882")
    assert (metrics["bounce_rate"], metrics["sent_count"], metrics["clicked_count"]) == (0, 50, 33)


async def test_the_klaviyo_campaigns(world):
    result, frames = await ingest(world, "email/klaviyo_v1_records.jsonl", "klaviyo_campaigns")
    assert (result.records, result.rejected) == (1, 0)
    row = frames.records.row(0, named=True)
    assert (row["external_id"], row["status"], row["quantity"]) == ("VFaYVy", "sent", 1)
    assert row["record_date"].isoformat() == "2021-05-26T23:30:13+00:00"


async def test_the_facebook_table(world):
    file = "ads/kag_facebook_campaigns_916_936a.csv"
    result, frames = await ingest(world, file, "kag_facebook_ads")
    with (SHARED / file).open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    assert (result.records, result.rejected) == (len(rows), 0) == (129, 0)
    by_name = dict(frames.metrics.group_by("metric_name").len().iter_rows())
    assert by_name["ctr"] == sum(row["Impressions"] != "0" for row in rows)
    assert by_name["cpc"] == sum(row["Clicks"] != "0" for row in rows) < 129
    assert by_name["cost_per_conversion"] == sum(row["Total_Conversion"] != "0" for row in rows)
    six = Decimal("0.000001")
    for row in rows:
        found = metrics_of(frames, row["ad_id"])
        assert found["spend"] == Decimal(row["Spent"]).quantize(six)
        assert found["ctr"] == (Decimal(row["Clicks"]) * 100 / Decimal(row["Impressions"])).quantize(six)
    without = world.one(
        "SELECT count(*) FROM watch.api_records r JOIN watch.api_record_metrics s ON s.record_id = r.id"
        " AND s.metric_name = 'spend' AND s.metric_value > 0 JOIN watch.api_record_metrics c ON c.record_id = r.id"
        " AND c.metric_name = 'conversions' AND c.metric_value = 0"
    )
    assert without == sum(Decimal(row["Spent"]) > 0 and row["Total_Conversion"] == "0" for row in rows)
    first = frames.records.filter(frames.records["external_id"] == "708746").row(0, named=True)
    assert first["record_date"].date().isoformat() == "2023-08-31"
    assert first["amount"] == Decimal("1.4300")


async def test_a_single_omnisend_campaign_is_one_row(world):
    result, frames = await ingest(world, "email/omnisend_get_campaign.json", "omnisend_campaigns")
    assert (result.records, result.rejected) == (1, 0)
    assert frames.records["external_id"][0] == "63b58492e18bb300184ffd8f"
