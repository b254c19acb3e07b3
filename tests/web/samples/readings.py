"""Sources, snapshots and records."""

from datetime import timedelta
from decimal import Decimal

from tests.web.samples.common import (
    BRANDT,
    LONG_PAGE,
    MARLOW,
    NOW,
    TEXT_FILTER,
    TIDEWATER,
    ago,
    choice_filter,
    tab,
    ui,
)

SOURCE_TABS = [tab("Sources", 8, current=True, url="/sources"), tab("Rejected rows", 3, url="/rejects")]


REJECT_TABS = [{**item, "current": not item["current"]} for item in SOURCE_TABS]


SOURCES = [
    {
        "id": "src3",
        "name": "Shopify themes",
        "provider": "shopify",
        "endpoint": "themes",
        "state": "late",
        "at": ago(hours=4),
        "interval_minutes": 60,
        "accounts": 3,
        "failing": 0,
        "records": 9,
        "next_due_at": ago(hours=3),
        "last_error": None,
        "detail": "Due 3 h ago: Shopify asks to slow down",
        "client_count": 3,
    },
    {
        "id": "src4",
        "name": "Omnisend automations",
        "provider": "omnisend",
        "endpoint": "automations",
        "state": "failed",
        "at": ago(hours=9),
        "interval_minutes": 60,
        "accounts": 2,
        "failing": 1,
        "records": 34,
        "next_due_at": NOW + timedelta(minutes=12),
        "last_error": "Omnisend refused the key of Kaffeehaus Brandt",
        "detail": "Kaffeehaus Brandt: key refused",
        "client_count": 2,
    },
    {
        "id": "src1",
        "name": "Omnisend campaigns",
        "provider": "omnisend",
        "endpoint": "campaigns",
        "state": "fresh",
        "at": ago(minutes=7),
        "interval_minutes": 15,
        "accounts": 3,
        "failing": 0,
        "records": 148,
        "next_due_at": NOW + timedelta(minutes=8),
        "last_error": None,
        "detail": "3 clients, 148 records",
        "client_count": 3,
    },
    {
        "id": "src2",
        "name": "CVR scraper",
        "provider": "scraper",
        "endpoint": "cvr",
        "state": "fresh",
        "at": NOW,
        "interval_minutes": 180,
        "accounts": 3,
        "failing": 0,
        "records": 12,
        "next_due_at": NOW + timedelta(hours=3),
        "last_error": None,
        "detail": "3 clients, 12 pages",
        "client_count": 3,
    },
    {
        "id": "src6",
        "name": "Communication reports",
        "provider": "internal",
        "endpoint": "communication_reports",
        "state": "never",
        "at": None,
        "interval_minutes": 1440,
        "accounts": 0,
        "failing": 0,
        "records": None,
        "next_due_at": None,
        "last_error": None,
        "detail": "No account yet",
        "client_count": 0,
    },
]


SOURCE = {
    "id": "src1",
    "name": "Omnisend campaigns",
    "provider": "omnisend",
    "endpoint": "campaigns",
    "description": "E-mail campaigns with their rates; v3, v5 and 2026-03-15 are read alike.",
    "interval_minutes": 15,
    "is_active": True,
    "state": "fresh",
    "at": ago(minutes=7),
    "note": None,
}


ACCOUNTS = [
    {
        "id": "ac1",
        "client": BRANDT,
        "label": "Main store",
        "credential": "Omnisend key",
        "state": "failed",
        "at": ago(hours=9),
        "next_due_at": NOW + timedelta(minutes=12),
        "last_error": "Omnisend refused the key (401). It was withdrawn in Omnisend's settings.",
        "failures": 4,
        "is_active": True,
        "running": None,
        "settings": [("api", "v5")],
    },
    {
        "id": "ac2",
        "client": MARLOW,
        "label": "Main store",
        "credential": "Omnisend key",
        "state": "fresh",
        "at": ago(minutes=7),
        "next_due_at": NOW + timedelta(minutes=8),
        "last_error": None,
        "failures": 0,
        "is_active": True,
        "running": None,
        "settings": [],
    },
    {
        "id": "ac3",
        "client": TIDEWATER,
        "label": "US store",
        "credential": "Omnisend key",
        "state": "fresh",
        "at": ago(minutes=22),
        "next_due_at": None,
        "last_error": None,
        "failures": 0,
        "is_active": True,
        "running": {"snapshot_id": "s9", "pages": 3},
        "settings": [],
    },
]


SNAPSHOTS = [
    {
        "id": "s1",
        "client": MARLOW,
        "type": "scheduled",
        "status": "completed",
        "completeness": "full",
        "records": 61,
        "rejected": 0,
        "metrics": 732,
        "at": ago(minutes=7),
        "seconds": 1.9,
        "error": None,
        "same": False,
    },
    {
        "id": "s9",
        "client": TIDEWATER,
        "type": "manual",
        "status": "processing",
        "completeness": "full",
        "records": 300,
        "rejected": 0,
        "metrics": 0,
        "at": ago(minutes=1),
        "seconds": None,
        "error": None,
        "same": False,
    },
    {
        "id": "s3",
        "client": TIDEWATER,
        "type": "scheduled",
        "status": "completed",
        "completeness": "partial",
        "records": 40,
        "rejected": 3,
        "metrics": 480,
        "at": ago(minutes=22),
        "seconds": 2.4,
        "error": None,
        "same": False,
    },
    {
        "id": "s4",
        "client": BRANDT,
        "type": "scheduled",
        "status": "failed",
        "completeness": "full",
        "records": None,
        "rejected": 0,
        "metrics": 0,
        "at": ago(hours=1),
        "seconds": 0.4,
        "error": "Omnisend refused the key (401).",
        "same": False,
    },
]


COLUMNS = [
    {"name": "open_rate", "label": "Open rate", "unit": "percent"},
    {"name": "click_rate", "label": "Click rate", "unit": "percent"},
    {"name": "sent", "label": "Sent", "unit": "count"},
    {"name": "revenue", "label": "Revenue", "unit": "currency"},
]


NAMES = [
    "Advent preview",
    "Roast of the month 11",
    "Winter layers teaser",
    "Early access, VIP",
    "Lamp care guide",
    "Thank you, November",
    "Restock: Linen throw, oat",
]


RECORDS = [
    {
        "id": f"r{number}",
        "external_id": f"64f1a2c{number}9e",
        "name": name,
        "status": "sent" if number % 3 else "scheduled",
        "category": "newsletter" if number % 2 else None,
        "amount": Decimal("184.2") * number if number else None,
        "quantity": 100 * number,
        "at": ago(days=number + 1),
        "values": {
            "open_rate": Decimal("11.8") + number * 3,
            "click_rate": Decimal("1.42") + number,
            "sent": Decimal(18402 - 611 * number),
            "revenue": None if number == 3 else Decimal("842.16") * (number + 1),
        },
    }
    for number, name in enumerate(NAMES)
]


SNAPSHOT = {
    "id": "s3",
    "source": {"id": "src1", "name": "Omnisend campaigns"},
    "client": TIDEWATER,
    "type": "scheduled",
    "status": "completed",
    "completeness": "partial",
    "records": 40,
    "expected": 43,
    "rejected": 3,
    "metrics": 480,
    "data_as_of": ago(minutes=22),
    "started_at": ago(minutes=22),
    "completed_at": ago(minutes=22),
    "seconds": 2.4,
    "requested_by": None,
    "error": None,
    "error_code": None,
    "attempt": 1,
    "pages": 3,
    "checksum": "9f41c07e",
    "same_as": None,
    "evaluated_at": ago(minutes=22),
    "previous_id": "s2",
    "currency": "USD",
}


REJECTS = [
    {
        "id": "x1",
        "row_number": 17,
        "code": "missing_external_id",
        "field": "campaignID",
        "detail": "The row has no external id.",
        "payload": '{"name": "Flash sale", "sent": 1204, "openRate": 0.31}',
        "replayed_at": None,
    },
    {
        "id": "x2",
        "row_number": 29,
        "code": "out_of_range",
        "field": "open_rate",
        "detail": "An open rate of 412% is above 100%.",
        "payload": '{"campaignID": "64f1a2c99e", "openRate": 4.12}',
        "replayed_at": ago(minutes=5),
    },
]


def snapshot(tab_name="records", **changes):
    tabs = [
        tab("Records", 40, current=tab_name == "records", url="/snapshots/s3"),
        tab("Rejected rows", 3, current=tab_name == "rejects", url="/snapshots/s3?tab=rejects"),
        tab("Changes", 5, current=tab_name == "changes", url="/snapshots/s3?tab=changes"),
    ]
    return {
        "ui": ui("/snapshots/s3", f"tab={tab_name}"),
        "snapshot": SNAPSHOT,
        "tab": tab_name,
        "tabs": tabs,
        "columns": COLUMNS,
        "filters": [
            TEXT_FILTER,
            choice_filter("status", "Status", [("sent", "sent"), ("scheduled", "scheduled")], "sent"),
        ],
        "sort": "-metric.open_rate",
        "page": LONG_PAGE,
        "empty": None,
        "rows": RECORDS,
        "rejects": REJECTS,
        "change_counts": {"added": 1, "gone": 1, "changed": 3, "same": 35},
        "changes": [
            {
                "kind": "changed",
                "name": "Advent preview",
                "external_id": "64f1",
                "record_id": "r0",
                "fields": [
                    {"label": "Open rate", "unit": "percent", "old": Decimal("13.1"), "new": Decimal("11.8")},
                    {
                        "label": "Revenue",
                        "unit": "currency",
                        "old": Decimal("801.4"),
                        "new": Decimal("842.16"),
                    },
                ],
            },
            {
                "kind": "added",
                "name": "Restock: Linen throw, oat",
                "external_id": "64f9",
                "record_id": "r6",
                "fields": [],
            },
        ],
        **changes,
    }
