"""Messages and their tries."""

from datetime import timedelta

from tests.web.samples.common import NOW, ago, ui
from tests.web.samples.inbox import ALERT

DELIVERIES = [
    {
        "id": "d2",
        "title": "Conversion rate 0.61% on Black Friday landing page",
        "client": "Tidewater Outdoor",
        "kind": "opened",
        "channel": "discord_bot",
        "address": "#tidewater-alerts",
        "state": "sent",
        "attempts": 2,
        "at": ago(hours=2, minutes=41),
        "next_at": None,
        "seconds": 1.4,
        "error": None,
        "alert_id": "a8214",
        "rerouted_to": None,
    },
    {
        "id": "d4",
        "title": "No orders since 09:00",
        "client": "Marlow & Finch",
        "kind": "opened",
        "channel": "email",
        "address": "ops@marlowfinch.example",
        "state": "sending",
        "attempts": 1,
        "at": ago(hours=1, minutes=12),
        "next_at": NOW + timedelta(minutes=4),
        "seconds": None,
        "error": None,
        "alert_id": "a8219",
        "rerouted_to": None,
    },
    {
        "id": "d5",
        "title": "Open rate 11.8% on Advent preview",
        "client": "Kaffeehaus Brandt",
        "kind": "opened",
        "channel": "discord_webhook",
        "address": "webhook:brandt",
        "state": "dead",
        "attempts": 8,
        "at": ago(hours=3, minutes=20),
        "next_at": None,
        "seconds": None,
        "error": "Discord no longer knows this webhook (10015).",
        "alert_id": "a8211",
        "rerouted_to": None,
    },
]


def delivery(**changes):
    return {
        "ui": ui("/deliveries/d2"),
        "can_resend": True,
        "can_settle": False,
        "delivery": {
            "id": "d2",
            "title": ALERT["title"],
            "text": ALERT["message"],
            "fields": [("Value", "0.61%"), ("Limit", "below 1.2%"), ("Since", "12:11")],
            "severity": "critical",
            "client": "Tidewater Outdoor",
            "kind": "opened",
            "channel": "discord_bot",
            "address": "#tidewater-alerts",
            "state": "dead",
            "created_at": ago(hours=2, minutes=41),
            "sent_at": None,
            "next_at": None,
            "idempotency_key": "alert-8214-opened-discord",
            "receipt": None,
            "error": "Discord no longer knows this channel (10003). Choose another on the rule.",
            "alert": {"id": "a8214", "number": 8214},
            "members": [],
            "rerouted_to": None,
        },
        "attempts": [
            {
                "number": 2,
                "outcome": "permanent",
                "started_at": ago(hours=2, minutes=40),
                "seconds": 0.2,
                "status_code": 404,
                "detail": "Unknown Channel (10003)",
                "worker": "w1",
            },
            {
                "number": 1,
                "outcome": "retry",
                "started_at": ago(hours=2, minutes=41),
                "seconds": 0.2,
                "status_code": 429,
                "detail": "Wait 1.2 s",
                "worker": "w1",
            },
        ],
        **changes,
    }
