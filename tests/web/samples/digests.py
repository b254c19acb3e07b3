"""Digests: those to come, those that were made, one of them and a preview."""

from datetime import timedelta

from tests.web.samples.common import CLIENT_FILTER, NOW, PAGE, ago, ui
from tests.web.samples.inbox import DELIVERY_TABS

TO_COME = {
    "client": "Kaffeehaus Brandt",
    "client_id": 1,
    "schedule": "daily",
    "channel": "email",
    "destination": "team@brandt.example",
    "next_boundary_at": NOW + timedelta(hours=18),
    "zone": "America/New_York",
    "zone_time": "Sat 09:00 in New York",
    "times": ["Daily at 09:00, America/New_York", "Daily at 17:00, America/New_York"],
    "rules": 7,
    "notes": ["“Mars/Olympus” is not a time zone; America/New_York counts instead."],
    "preview_url": "/digests/preview?of=1&schedule=daily&channel=email&destination=team%40brandt.example",
}
BODY = {
    "lead": "From Thu 19 Nov 09:00 to Fri 20 Nov 09:00 (Europe/Vienna).",
    "rules": 7,
    "notes": [],
    "groups": [
        {
            "client_id": 1,
            "client": "Kaffeehaus Brandt",
            "lists": [
                {
                    "list": "new",
                    "label": "New",
                    "count": 12,
                    "lines": [
                        {
                            "alert_id": "a8206",
                            "title": "Open rate 11.8% on Advent preview",
                            "severity": "critical",
                            "marks": ["already sent", "taken on by mara@agency.example"],
                        }
                    ],
                },
                {
                    "list": "resolved",
                    "label": "Resolved",
                    "count": 1,
                    "lines": [
                        {
                            "alert_id": "a8199",
                            "title": "Spend €0.00 on Search",
                            "severity": "info",
                            "marks": [],
                        }
                    ],
                },
            ],
            "stale": [
                {
                    "source": "Omnisend campaigns",
                    "state": "late",
                    "reason": "The last good reading is 7 h old.",
                }
            ],
        },
        {"client_id": None, "client": "Agency", "lists": [], "stale": []},
    ],
}
MADE = {
    "id": "g1",
    "title": "Daily digest: 12 new, 1 resolved, 1 stale source",
    "client": "All clients",
    "client_id": None,
    "schedule": "daily",
    "channel": "discord_bot",
    "destination": "1180000000000000101",
    "state": "sent",
    "mark": ("sent", "Sent"),
    "zone": "Europe/Vienna",
    "zone_time": None,
    "boundary_at": ago(hours=5),
    "window_start": ago(hours=29),
    "created_at": ago(hours=4, minutes=59),
    "told_silence": False,
    "delivery": {"id": "d2", "state": "sent", "error": None},
}
SILENT = {
    **MADE,
    "id": "g2",
    "title": "Daily digest: nothing to report since Sun 15 Nov",
    "state": "empty",
    "mark": ("off", "Nothing to tell"),
    "told_silence": True,
    "delivery": {"id": "d3", "state": "dead", "error": "The server refused the address."},
}
QUIET = {**SILENT, "id": "g3", "title": None, "told_silence": False, "delivery": None}


def digest_pages():
    shared = {"ui": ui("/digests"), "tabs": DELIVERY_TABS, "filters": [CLIENT_FILTER]}
    nothing = {
        "kind": "first",
        "title": "No digest is set",
        "text": "A digest sums up a day or a week in one message.",
        "names": [],
        "acts": [{"words": "Open the rules", "url": "/rules"}],
    }
    made = {"id": "d2", "channel": "discord_bot", "address": "118", "state": "sent"}
    return {
        "digests": ("digests.html", {**shared, "coming": [TO_COME], "rows": [MADE, SILENT, QUIET],
                                     "page": {**PAGE, "shown": 3, "total": None}, "empty": None}),
        "digests_empty": ("digests.html", {**shared, "coming": [], "rows": [], "page": {**PAGE, "shown": 0},
                                           "empty": nothing}),
        "digest": ("digest.html", {"ui": ui("/digests/g1"), "digest": {**MADE, "body": BODY}, "is_preview": False,
                                   "deliveries": [made]}),
        "digest_preview": ("digest.html", {"ui": ui("/digests/preview"), "is_preview": True, "deliveries": [],
                                           "digest": {**TO_COME, "title": MADE["title"], "state": "sent", "is_sent": False,
                                                      "body": BODY}}),
    }  # fmt: skip
