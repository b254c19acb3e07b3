"""Tables of later domains as targets: read for one client like any other source, and watched by a printed rule."""

from datetime import date

import pytest

from belvedere.core.context import Scope
from belvedere.sources.service import request_run
from tests.people import BRANDT, MARLOW
from tests.sources.conftest import World

pytestmark = pytest.mark.usefixtures("connected")


async def read(world: World, endpoint: str):
    account = world.account(world.source("internal", endpoint, 60))
    async with world.runtime.db.write(Scope.client(BRANDT, "tests")) as session:
        ref = await request_run(session, account, actor="tests", now=world.runtime.clock())
    await world.job("sources.collect", snapshot_id=ref.snapshot_id)
    return world.snapshot(ref.snapshot_id)


async def test_stock_of_one_client_is_watched_item_4(world):
    for client, sku, available in ((BRANDT, "beans", 3), (BRANDT, "cups", 40), (MARLOW, "shirt", 1)):
        world.admin.execute(
            "INSERT INTO inventory.inventory_snapshots (client_id, snapshot_date, sku, available) VALUES (%s, %s, %s, %s)",
            [client, date(2026, 11, 19), sku, available],
        )
    world.admin.execute(
        "INSERT INTO watchtower_rules (target_table, name, field_name, condition, threshold_value)"
        " VALUES ('stock', 'Nearly sold out', 'available', 'less_than', '5')"
    )
    snapshot = await read(world, "stock")
    assert (snapshot["status"], snapshot["total_records"]) == ("completed", 2), snapshot["error_message"]
    assert world.one("SELECT external_id, client_id FROM watchtower_alerts") == ("beans@default", BRANDT)


async def test_the_last_full_day_of_campaigns_is_watched_item_4(world):
    campaign = world.one(
        "INSERT INTO ads.campaigns (client_id, platform, platform_campaign_id, name, status, currency)"
        " VALUES (%s, 'meta', 'c1', 'Autumn', 'active', 'EUR') RETURNING id",
        BRANDT,
    )
    for day, spend in ((18, 100), (19, 120_050), (20, 999_999)):
        world.admin.execute(
            "INSERT INTO ads.ads_daily_metrics (client_id, campaign_id, metric_date, spend_cents, revenue_cents, impressions,"
            " clicks, currency) VALUES (%s, %s, %s, %s, 60000, 1000, 20, 'EUR')",
            [BRANDT, campaign, date(2026, 11, day), spend],
        )
    snapshot = await read(world, "ad_campaigns")
    found = dict(
        world.admin.execute(
            "SELECT m.metric_name, m.metric_value FROM api_record_metrics m JOIN api_records r ON r.id = m.record_id"
            " WHERE r.snapshot_id = %s",
            [snapshot["id"]],
        ).fetchall()
    )
    assert (float(found["spend"]), float(found["revenue"]), float(found["ctr"])) == (1200.5, 600, 2)
