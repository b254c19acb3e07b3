"""Alerts and their messages."""

from datetime import timedelta
from decimal import Decimal

from tests.web.samples.common import CLIENT_FILTER, NOW, PAGE, READER, TIDEWATER, ago, choice_filter, tab, ui

from belvedere.web.charts import LineChart, Point, line_chart
from belvedere.web.inbox_filters import PRESETS


def alert_row(
    number, severity, title, client, source, value, limit, condition, unit, currency, at, *, fresh=True
):
    return {
        "id": f"a{number}",
        "path": f"/alerts/a{number}",
        "origin": "watch",
        "number": number,
        "severity": severity,
        "state": "open",
        "title": title,
        "client": client,
        "source": source,
        "value": value,
        "limit": limit,
        "limit_said": "",
        "condition": condition,
        "unit": unit,
        "currency": currency,
        "at": at,
        "fresh": fresh,
    }


CRITICAL = [
    alert_row(
        8214,
        "critical",
        "Conversion rate 0.61% on Black Friday landing page",
        "Tidewater Outdoor",
        "CVR scraper",
        Decimal("0.61"),
        Decimal("1.2"),
        "less_than",
        "percent",
        "USD",
        ago(hours=2, minutes=41),
    ),
    alert_row(
        8219,
        "critical",
        "No orders since 09:00",
        "Marlow & Finch",
        "Shopify orders",
        Decimal(0),
        Decimal(1),
        "less_than",
        "count",
        "GBP",
        ago(hours=1, minutes=12),
    ),
]


WARNING = [
    alert_row(
        8211,
        "warning",
        "Open rate 11.8% on Advent preview",
        "Kaffeehaus Brandt",
        "Omnisend campaigns",
        Decimal("11.8"),
        Decimal(15),
        "less_than",
        "percent",
        "EUR",
        ago(hours=3, minutes=20),
    ),
    alert_row(
        8206,
        "warning",
        "Cost per conversion £41.20 on Shopping | Lamps",
        "Marlow & Finch",
        "Facebook campaigns",
        Decimal("41.2"),
        Decimal(32),
        "greater_than",
        "currency",
        "GBP",
        ago(hours=6),
    ),
    alert_row(
        8190,
        "warning",
        "No team message for 8 days",
        "Marlow & Finch",
        "Communication report",
        Decimal(8),
        Decimal(7),
        "greater_than",
        "days",
        "GBP",
        ago(days=1, hours=4),
        fresh=False,
    ),
]


INFO = [
    alert_row(
        8187,
        "info",
        "Theme changed: Dawn 15.1 to 15.2",
        "Tidewater Outdoor",
        "Shopify themes",
        "Dawn 15.2",
        None,
        "changed",
        None,
        "USD",
        ago(days=1, hours=10),
        fresh=False,
    ),
]


GROUPS = [
    {"severity": "critical", "title": None, "count": 2, "rows": CRITICAL},
    {"severity": "warning", "title": None, "count": 3, "rows": WARNING},
    {"severity": "info", "title": None, "count": 1, "rows": INFO},
]


CVR = [
    "2.31",
    "2.44",
    "2.52",
    "2.38",
    "2.41",
    "1.98",
    "2.2",
    "2.28",
    "2.35",
    "2.4",
    "2.33",
    "2.46",
    "2.58",
    "2.41",
    "2.2",
    "2.36",
    "2.28",
    "2.15",
    None,
    None,
    "2.3",
    "2.41",
    "2.28",
    "2.32",
    "2.18",
    "2.05",
    "2.02",
    "1.84",
    "1.66",
    "1.52",
    "1.38",
    "1.31",
    "1.24",
    "1.09",
    "0.82",
    "0.61",
]


def cvr_chart():
    points = [
        Point(
            NOW - timedelta(hours=3) * (len(CVR) - 1 - index),
            None if value is None else Decimal(value),
            breach=value is not None and Decimal(value) < Decimal("1.2"),
        )
        for index, value in enumerate(CVR)
    ]
    return line_chart(
        LineChart("Conversion rate, every 3 hours", points, "percent", "USD", limit=Decimal("1.2")), READER
    )


TIMELINE = [
    {
        "at": ago(minutes=38),
        "icon": "note",
        "tone": "",
        "text": "Note by Tomás Reyes",
        "url": None,
        "until": None,
        "detail": "Checkout shows the old shipping table since the update.\nAsked the shop to roll back.",
        "attempts": [],
    },
    {
        "at": ago(hours=2, minutes=40),
        "icon": "send",
        "tone": "good",
        "text": "Sent to Discord, #tidewater-alerts",
        "url": "/deliveries/d2",
        "until": None,
        "detail": "Receipt 1307991442",
        "attempts": [
            {"number": 2, "outcome": "sent", "detail": "200 in 0.2 s", "at": ago(hours=2, minutes=40)},
            {"number": 1, "outcome": "retry", "detail": "429, wait 1.2 s", "at": ago(hours=2, minutes=41)},
        ],
    },
    {
        "at": ago(hours=2, minutes=41),
        "icon": "mail",
        "tone": "good",
        "text": "Sent by e-mail to team@tidewater.example",
        "url": "/deliveries/d3",
        "until": None,
        "detail": None,
        "attempts": [],
    },
    {
        "at": ago(hours=2, minutes=41),
        "icon": "critical",
        "tone": "critical",
        "text": "Opened: 1.09% is below 1.2%",
        "url": "/snapshots/s1",
        "until": None,
        "detail": "Snapshot of 12:11, the first of 3 in breach",
        "attempts": [],
    },
]


ALERT = {
    "id": "a8214",
    "path": "/alerts/a8214",
    "origin": "watch",
    "subject": None,
    "platform": None,
    "number": 8214,
    "title": "Conversion rate 0.61% on Black Friday landing page",
    "message": "Below 1.2% the day's budget is spent without orders.",
    "severity": "critical",
    "state_of_data": "fresh",
    "data_as_of": NOW,
    "first_seen_at": ago(hours=2, minutes=41),
    "last_seen_at": NOW,
    "occurrences": 3,
    "acknowledged": None,
    "snoozed": None,
    "held": None,
    "resolved": None,
    "client": TIDEWATER,
    "snapshot": "s1",
    "external_id": "bf-landing",
    "deliveries": [
        {
            "id": "d2",
            "kind": "raised",
            "channel": "discord_bot",
            "address": "#tidewater-alerts",
            "state": "sent",
            "attempts": 2,
            "error": None,
            "at": ago(hours=2, minutes=40),
        },
        {
            "id": "d4",
            "kind": "again",
            "channel": "email",
            "address": "team@tidewater.example",
            "state": "dead",
            "attempts": 5,
            "error": "Mailbox full",
            "at": ago(hours=1),
        },
    ],
    "episodes": [
        {
            "id": "a7001",
            "number": 7001,
            "severity": "critical",
            "first_seen_at": ago(days=9),
            "lasted": timedelta(hours=5),
            "closed_by": "the next reading",
            "occurrences": 4,
        }
    ],
    "source": {"id": "src2", "name": "CVR scraper"},
    "record": {"id": "r1", "name": "Black Friday landing page"},
    "rule": {"id": "ru1", "name": "Low conversion, real traffic", "is_open": True},
    "chart": cvr_chart(),
    "conditions": [
        {
            "joiner": "",
            "label": "Conversion rate",
            "value": Decimal("0.61"),
            "previous": Decimal("0.82"),
            "limit": Decimal("1.2"),
            "limit_said": "< 1.2%",
            "condition": "less_than",
            "unit": "percent",
            "currency": "USD",
            "met": True,
        },
        {
            "joiner": "and",
            "label": "Sessions",
            "value": Decimal(18402),
            "previous": Decimal(16113),
            "limit": Decimal(1000),
            "limit_said": "> 1,000",
            "condition": "greater_than",
            "unit": "count",
            "currency": "USD",
            "met": True,
        },
        {
            "joiner": "and",
            "label": "Status",
            "value": "live",
            "previous": None,
            "limit": "live",
            "limit_said": "= “live”",
            "condition": "equals",
            "unit": None,
            "currency": "USD",
            "met": True,
        },
    ],
    "timeline": TIMELINE,
}


ALERT_TABS = [
    tab("Open", 6, current=True),
    tab("Acknowledged", 4, url="/alerts?view=acknowledged"),
    tab("Snoozed", url="/alerts?view=snoozed"),
    tab("Resolved", url="/alerts?view=resolved"),
    tab("All", url="/alerts?view=all"),
    tab("Silences", url="/silences"),
    tab("Deliveries", url="/deliveries"),
]


DELIVERY_TABS = [{**item, "current": item["label"] == "Deliveries"} for item in ALERT_TABS]


def alerts(**changes):
    return {
        "ui": ui("/alerts/a8214"),
        "tabs": ALERT_TABS,
        "view": "",
        "groups": GROUPS,
        "page": PAGE,
        "empty": None,
        "filters": [
            CLIENT_FILTER,
            choice_filter(
                "severity", "Severity", [("critical", "critical"), ("warning", "warning"), ("info", "info")]
            ),
        ],
        "chosen": True,
        "can_move": True,
        "typed": {},
        "errors": {},
        "picked": (),
        "kept": {"severity": "critical"},
        "group": "",
        "group_choices": [("", "severity"), ("rule", "rule"), ("client", "client")],
        "presets": PRESETS,
        "alert": ALERT,
        **changes,
    }


FILTERED_ALERTS = {
    "kind": "filtered",
    "title": "No critical alert of Kaffeehaus Brandt",
    "text": "The highest open one is a warning, from 11:32.",
    "acts": [],
    "names": [("severity", "Severity is critical")],
}


DONE_ALERTS = {
    "kind": "done",
    "title": "No open alerts",
    "text": "Last one closed 11:20. 38 rules watch 8 sources; the next reading is due 15:00.",
    "acts": [],
    "names": [],
}
