import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from belvedere.connectors.file.reader import read_file
from belvedere.connectors.file.settings import FileSettings
from belvedere.connectors.omnisend.rows import normalise
from belvedere.connectors.service import (
    CONNECTORS,
    get_connector,
    list_connectors,
    list_mappings,
    mapping_text,
)
from belvedere.core.errors import NotFound
from belvedere.core.percents import Scale
from belvedere.sources.map_exact import map_row, matches
from belvedere.sources.mapping import parse_mapping

SHARED = Path(os.environ.get("BELVEDERE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the data folder is not there; set BELVEDERE_SHARED_DATA to its address"
)


def mapped(name, rows):
    mapping = parse_mapping(mapping_text(name))
    return [map_row(row, mapping, {}) for row in rows if matches(row, mapping)]


def metrics(row):
    return {name: value for name, value, _ in row.metrics}


@pytest.mark.parametrize("name", list_mappings())
def test_every_shipped_mapping_holds(name):
    assert parse_mapping(mapping_text(name)).name == name


def test_every_connector_has_its_mapping_and_describes_its_settings():
    assert set(CONNECTORS) == {
        ("omnisend", "campaigns"),
        ("omnisend", "automations"),
        ("scraper", "cvr"),
        ("scraper", "shopify_themes"),
    }
    for connector in list_connectors():
        assert connector.mapping_name in list_mappings()
        assert get_connector(connector.provider, connector.endpoint) is connector
        fields = connector.settings_model.model_fields
        assert all(field.description and field.title for field in fields.values())


def test_an_unknown_source_or_mapping_names_the_known_ones():
    with pytest.raises(NotFound, match="omnisend/campaigns"):
        get_connector("omnisend", "pigeons")
    with pytest.raises(NotFound, match="omnisend_campaigns"):
        mapping_text("../secrets")


def test_rates_of_a_campaign_come_from_its_counts():
    row = {
        "campaignID": "64f0c1",
        "name": "Sept promo",
        "status": "sent",
        "type": "standart",
        "subject": "Hi",
    }
    row |= {
        "startDate": "2025-09-02T08:00:00Z",
        "sent": 4000,
        "opened": 1240,
        "clicked": 60,
        "bounced": 25,
        "unsubscribed": 31,
    }
    (got,) = mapped("omnisend_campaigns", [row])
    assert (got.columns["external_id"], got.columns["quantity"], got.columns["category"]) == (
        "64f0c1",
        4000,
        "standart",
    )
    values = metrics(got)
    assert values["open_rate"] == Decimal("31.194969")
    assert values["click_rate"] == Decimal("1.509434")
    assert values["bounce_rate"] == Decimal("0.625")
    assert (values["sent_count"], values["delivered_count"]) == (4000, 3975)
    assert json.loads(got.extra)["subject"] == "Hi"


def test_a_rate_that_is_sent_wins_over_one_that_is_computed():
    row = normalise(
        {"campaignID": "c", "openRate": 0.2931, "sent": 10, "opened": 1, "bounced": 0},
        "campaignID",
        Scale.FRACTION,
    )
    assert metrics(mapped("omnisend_campaigns", [row])[0])["open_rate"] == Decimal("29.31")


@pytest.mark.parametrize(
    "row",
    [
        {"campaignID": "c"},
        {"campaignID": "c", "sent": 0, "opened": 0, "clicked": 0, "bounced": 0, "unsubscribed": 0},
        {"campaignID": "c", "sent": 5, "opened": 0, "clicked": 0, "bounced": 5, "unsubscribed": 0},
    ],
)
def test_without_a_denominator_there_is_no_rate(row):
    assert not {"open_rate", "click_rate", "unsubscribe_rate"} & set(
        metrics(mapped("omnisend_campaigns", [row])[0])
    )


def test_automations_map_as_the_table_says():
    (one, two) = mapped(
        "omnisend_automations",
        [
            {"automationID": "a", "name": "n", "status": "enabled", "sent": 5, "opened": 2},
            {"automationID": "b"},
        ],
    )
    assert metrics(one) == {"sent_count": 5, "opened_count": 2}
    assert metrics(two) == {}


def test_a_theme_and_a_conversion_period_map_as_the_table_says():
    theme = {
        "id": 5,
        "name": "Dawn",
        "role": "MAIN",
        "updated_at": "2026-01-02T08:00:00-05:00",
        "processing": False,
    }
    (got,) = mapped("shopify_themes", [theme])
    assert (got.columns["external_id"], got.columns["status"], got.columns["category"]) == (
        "5",
        "main",
        "theme",
    )
    assert got.columns["record_date"].isoformat() == "2026-01-02T13:00:00+00:00"
    assert json.loads(got.extra) == {"processing": False}
    (period,) = mapped("cvr", [{"period_start": "2026-03-02", "cvr": "2.38"}])
    assert metrics(period) == {"cvr": Decimal("2.38")}
    assert period.columns["external_id"] == "2026-03-02"


def stream_rows(file):
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@needs_shared
def test_real_email_exports_map():
    (report,) = mapped("mailchimp_reports", stream_rows(SHARED / "email" / "mailchimp_records.jsonl"))
    values = metrics(report)
    assert (values["open_rate"], values["click_rate"], values["list_open_rate"]) == (100, 66, 100)
    assert values["list_click_rate"] == Decimal("64.705882")
    (campaign,) = mapped("mailchimp_campaigns", stream_rows(SHARED / "email" / "mailchimp_records.jsonl"))
    assert campaign.columns["status"] == "save"
    (klaviyo,) = mapped("klaviyo_campaigns", stream_rows(SHARED / "email" / "klaviyo_v1_records.jsonl"))
    assert (klaviyo.columns["external_id"], klaviyo.columns["quantity"]) == ("VFaYVy", 1)


@needs_shared
def test_the_real_omnisend_answer_maps():
    settings = FileSettings(format="json", records_path=["campaign", "campaigns"])
    with (SHARED / "email" / "omnisend_list_campaigns.json").open("rb") as file:
        (chunk,) = read_file(file, settings)
    (got,) = mapped("omnisend_campaigns", chunk.as_rows())
    assert got.columns["external_id"] == "63b58492e18bb300184ffd8f"
    assert "open_rate" not in metrics(got)


@needs_shared
def test_the_real_facebook_table_maps_row_by_row_as_reckoned_by_hand():
    with (SHARED / "ads" / "kag_facebook_campaigns_916_936a.csv").open("rb") as file:
        chunks = list(read_file(file, FileSettings(format="csv")))
    rows = [row for chunk in chunks for row in chunk.as_rows()]
    assert (len(rows), [problem for chunk in chunks for problem in chunk.problems]) == (129, [])
    got = mapped("kag_facebook_ads", rows)
    assert len({row.columns["external_id"] for row in got}) == 129
    for row, result in zip(rows, got, strict=True):
        values, spent = metrics(result), Decimal(row["Spent"])
        assert ("cpc" in values) == (row["Clicks"] != "0")
        assert ("cost_per_conversion" in values) == (row["Total_Conversion"] != "0")
        expected = (Decimal(row["Clicks"]) * 100 / Decimal(row["Impressions"])).quantize(Decimal("0.000001"))
        assert values["ctr"] == expected
        if "cost_per_conversion" in values:
            exact = spent / Decimal(row["Total_Conversion"])
            assert abs(values["cost_per_conversion"] - exact) <= Decimal("0.0000005")
    assert got[0].columns["record_date"].date().isoformat() == "2023-08-31"
