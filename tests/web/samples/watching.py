"""Rules and the form that writes one."""

from decimal import Decimal

from tests.web.samples.common import CLIENTS, MARLOW, ago, ui

RULE_ROWS = [
    {
        "id": "ru1",
        "name": "Low conversion, real traffic",
        "sentence": "cvr < 1.2 and sessions > 1,000",
        "source": "CVR scraper",
        "client": None,
        "is_active": True,
        "open_alerts": 1,
        "last_fired_at": ago(hours=2),
        "channels": "Discord, e-mail",
        "conditions": 2,
    },
    {
        "id": "ru2",
        "name": "No orders in the day",
        "sentence": "orders < 1",
        "source": "Shopify orders",
        "client": MARLOW,
        "is_active": True,
        "open_alerts": 1,
        "last_fired_at": ago(hours=1),
        "channels": "E-mail",
        "conditions": 1,
    },
]


FIELDS = [
    ("open_rate", "open rate"),
    ("click_rate", "click rate"),
    ("sent", "sent"),
    ("name", "name"),
    ("status", "status"),
    ("extra.theme.version", "extra theme.version"),
]


RULE_FORM = {
    "name": "Low open rate",
    "description": "Below this the list gets tired; see the sender score first.",
    "source_id": "src1",
    "client_id": "",
    "target_table": "api_records",
    "match": "AND",
    "severity": "warning",
    "is_active": True,
    "notify": "now",
    "notify_time": "08:00",
    "notify_day": "1",
    "discord": True,
    "discord_channel_id": "",
    "email": False,
    "email_recipients": "",
    "parent_rule_id": "",
    "dependency": "triggered",
    "conditions": [
        {"field": "open_rate", "condition": "less_than", "threshold": "15"},
        {"field": "sent", "condition": "greater_than", "threshold": "1000"},
    ],
}


def rule_form(**changes):
    return {
        "ui": ui("/rules/ru3"),
        "rule": {"id": "ru3", "name": "Low open rate", "version": 6, "open_alerts": 1},
        "form": RULE_FORM,
        "errors": {},
        "options": {
            "sources": [("", "every source"), ("src1", "Omnisend campaigns"), ("src2", "CVR scraper")],
            "clients": [("", "every client"), *((client["id"], client["name"]) for client in CLIENTS)],
            "targets": [
                ("api_records", "record"),
                ("communication_reports", "communication report"),
                ("clients", "client"),
            ],
            "fields": FIELDS,
            "parents": [("ru2", "No orders in the day")],
        },
        "can_force": False,
        "expression": "open_rate < 15 and sent > 1000",
        "preview": {
            "total": 148,
            "firing": 3,
            "at": ago(minutes=7),
            "state": "fresh",
            "opens": 2,
            "closes": 0,
            "blocked": None,
            "rows": [
                {
                    "name": name,
                    "url": f"/records/r{number}",
                    "client": client,
                    "value": Decimal(value),
                    "unit": "percent",
                    "currency": "EUR",
                    "fires": not verdict,
                    "verdict": verdict,
                }
                for number, (name, client, value, verdict) in enumerate(
                    [
                        ("Advent preview", "Kaffeehaus Brandt", "11.8", ""),
                        ("Roast of the month 11", "Kaffeehaus Brandt", "13.1", ""),
                        ("Winter layers teaser", "Tidewater Outdoor", "14.2", ""),
                        ("Early access, VIP", "Marlow & Finch", "12.4", "Sent too low"),
                        ("Lamp care guide", "Marlow & Finch", "15.6", "0.6 pp above"),
                    ]
                )
            ],
        },
        **changes,
    }


FIRST_RULES = {
    "kind": "first",
    "title": "No rules yet",
    "text": "A rule watches what the sources deliver and tells you when a number leaves its range.",
    "acts": [{"words": "Write a rule", "url": "/rules/new"}],
    "names": [],
}
