"""Sample contexts for every template: one agency morning, with three clients whose figures belong together."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice

from markupsafe import Markup

from belvedere.web.charts import LineChart, Point, line_chart, sparkline
from belvedere.web.presentation import Reader

NOW = datetime(2026, 11, 20, 13, 52, 8, tzinfo=UTC)
ZONE = "Europe/Vienna"
READER = Reader(NOW, ZONE)
BRANDT = {"id": 1, "name": "Kaffeehaus Brandt"}
MARLOW = {"id": 2, "name": "Marlow & Finch"}
TIDEWATER = {"id": 3, "name": "Tidewater Outdoor"}
CLIENTS = [BRANDT, MARLOW, TIDEWATER]
TIMEZONES = [("Europe/Vienna", "Vienna"), ("Europe/London", "London"), ("America/New_York", "New York")]
LOCALES = [("en", "English"), ("de", "German")]


def ago(**parts):
    return NOW - timedelta(**parts)


def ui(path="/", query="", **changes):
    return {
        "theme": "auto", "path": path, "query": query, "now": NOW, "zone": ZONE, "csrf": "sample",
        "user": {"name": "Ines Halvorsen", "email": "ines@agency.example", "role": "owner"},
        "client": None, "clients": CLIENTS, "counts": {"alerts": 6, "critical": 2},
        "health": {"state": "late", "text": "6 of 8 sources fresh", "detail": "Shopify themes 3 h late"},
        "flash": None, "live": None, "keys": True,
        "can": {"operate": True, "configure": True, "govern": True},
        **changes,
    }  # fmt: skip


PAGE = {"shown": 6, "total": "6", "next": None, "first": True}
LONG_PAGE = {"shown": 50, "total": "1,204", "next": "eyJpZCI6", "first": False}
TEXT_FILTER = {"name": "q", "label": "Find", "value": "", "options": None, "placeholder": "Find by name"}


def choice_filter(name, label, options, value=""):
    return {"name": name, "label": label, "value": value, "options": [("", "any"), *options], "placeholder": None}


CLIENT_FILTER = choice_filter("client", "Client", [(client["id"], client["name"]) for client in CLIENTS])


def alert_row(number, severity, title, client, source, value, limit, condition, unit, currency, at, fresh=True):  # noqa: FBT002
    return {
        "id": f"a{number}", "number": number, "severity": severity, "state": "open", "title": title, "client": client,
        "source": source, "value": value, "limit": limit, "condition": condition, "unit": unit, "currency": currency,
        "at": at, "fresh": fresh,
    }  # fmt: skip


CRITICAL = [
    alert_row(8214, "critical", "Conversion rate 0.61% on Black Friday landing page", "Tidewater Outdoor", "CVR scraper",
              Decimal("0.61"), Decimal("1.2"), "less_than", "percent", "USD", ago(hours=2, minutes=41)),
    alert_row(8219, "critical", "No orders since 09:00", "Marlow & Finch", "Shopify orders", Decimal(0), Decimal(1),
              "less_than", "count", "GBP", ago(hours=1, minutes=12)),
]  # fmt: skip
WARNING = [
    alert_row(8211, "warning", "Open rate 11.8% on Advent preview", "Kaffeehaus Brandt", "Omnisend campaigns",
              Decimal("11.8"), Decimal(15), "less_than", "percent", "EUR", ago(hours=3, minutes=20)),
    alert_row(8206, "warning", "Cost per conversion £41.20 on Shopping | Lamps", "Marlow & Finch", "Facebook campaigns",
              Decimal("41.2"), Decimal(32), "greater_than", "currency", "GBP", ago(hours=6)),
    alert_row(8190, "warning", "No team message for 8 days", "Marlow & Finch", "Communication report", Decimal(8),
              Decimal(7), "greater_than", "days", "GBP", ago(days=1, hours=4), fresh=False),
]  # fmt: skip
INFO = [
    alert_row(8187, "info", "Theme changed: Dawn 15.1 to 15.2", "Tidewater Outdoor", "Shopify themes", "Dawn 15.2", None,
              "changed", None, "USD", ago(days=1, hours=10), fresh=False),
]  # fmt: skip
GROUPS = [
    {"severity": "critical", "count": 2, "rows": CRITICAL},
    {"severity": "warning", "count": 3, "rows": WARNING},
    {"severity": "info", "count": 1, "rows": INFO},
]

CVR = [
    "2.31", "2.44", "2.52", "2.38", "2.41", "1.98", "2.2", "2.28", "2.35", "2.4", "2.33", "2.46", "2.58", "2.41", "2.2",
    "2.36", "2.28", "2.15", None, None, "2.3", "2.41", "2.28", "2.32", "2.18", "2.05", "2.02", "1.84", "1.66", "1.52",
    "1.38", "1.31", "1.24", "1.09", "0.82", "0.61",
]  # fmt: skip


def cvr_chart():
    points = [
        Point(NOW - timedelta(hours=3) * (len(CVR) - 1 - index), None if value is None else Decimal(value),
              breach=value is not None and Decimal(value) < Decimal("1.2"))
        for index, value in enumerate(CVR)
    ]  # fmt: skip
    return line_chart(
        LineChart("Conversion rate, every 3 hours", points, "percent", "USD", limit=Decimal("1.2")), READER
    )


def wave(*values, breach=False, width=84, height=20):
    return sparkline([Decimal(str(value)) for value in islice(cycle(values), 20)], breach=breach, width=width, height=height)


TIMELINE = [
    {"at": ago(minutes=38), "icon": "note", "tone": "", "text": "Note by Tomás Reyes", "url": None,
     "detail": "Checkout shows the old shipping table since the theme update.\nAsked the shop to roll back.", "attempts": []},
    {"at": ago(hours=2, minutes=40), "icon": "send", "tone": "good", "text": "Sent to Discord, #tidewater-alerts",
     "url": "/deliveries/d2", "detail": "Receipt 1307991442", "attempts": [
         {"number": 2, "outcome": "sent", "detail": "200 in 0.2 s", "at": ago(hours=2, minutes=40)},
         {"number": 1, "outcome": "retry", "detail": "429, wait 1.2 s", "at": ago(hours=2, minutes=41)}]},
    {"at": ago(hours=2, minutes=41), "icon": "mail", "tone": "good", "text": "Sent by e-mail to team@tidewater.example",
     "url": "/deliveries/d3", "detail": None, "attempts": []},
    {"at": ago(hours=2, minutes=41), "icon": "critical", "tone": "critical", "text": "Opened: 1.09% is below 1.2%",
     "url": "/snapshots/s1", "detail": "Snapshot of 12:11, the first of 3 in breach", "attempts": []},
]  # fmt: skip

ALERT = {
    "id": "a8214", "number": 8214, "title": "Conversion rate 0.61% on Black Friday landing page",
    "message": "Checkout is where Tidewater earns its November; below 1.2% the day's budget is spent without orders.",
    "severity": "critical", "state_of_data": "fresh", "data_as_of": NOW, "first_seen_at": ago(hours=2, minutes=41),
    "last_seen_at": NOW, "occurrences": 3, "acknowledged": None, "resolved": None, "client": TIDEWATER,
    "source": {"id": "src2", "name": "CVR scraper"}, "record": {"id": "r1", "name": "Black Friday landing page"},
    "rule": {"id": "ru1", "name": "Low conversion, real traffic"}, "chart": cvr_chart(),
    "conditions": [
        {"joiner": "", "label": "Conversion rate", "value": Decimal("0.61"), "previous": Decimal("0.82"),
         "limit": Decimal("1.2"), "condition": "less_than", "unit": "percent", "currency": "USD", "met": True},
        {"joiner": "and", "label": "Sessions", "value": Decimal(18402), "previous": Decimal(16113),
         "limit": Decimal(1000), "condition": "greater_than", "unit": "count", "currency": "USD", "met": True},
        {"joiner": "and", "label": "Status", "value": "live", "previous": None, "limit": "live",
         "condition": "equals", "unit": None, "currency": "USD", "met": True},
    ],
    "timeline": TIMELINE,
}  # fmt: skip


def tab(label, count=None, current=False, url="/alerts"):  # noqa: FBT002
    return {"label": label, "url": url, "current": current, "count": count}


ALERT_TABS = [
    tab("Open", 6, current=True), tab("Acknowledged", 4, url="/alerts?view=acknowledged"),
    tab("Resolved", url="/alerts?view=resolved"), tab("All", url="/alerts?view=all"), tab("Deliveries", url="/deliveries"),
]  # fmt: skip
DELIVERY_TABS = [{**item, "current": item["label"] == "Deliveries"} for item in ALERT_TABS]
SOURCE_TABS = [tab("Sources", 8, current=True, url="/sources"), tab("Rejected rows", 3, url="/rejects")]
REJECT_TABS = [{**item, "current": not item["current"]} for item in SOURCE_TABS]

DELIVERIES = [
    {"id": "d2", "title": "Conversion rate 0.61% on Black Friday landing page", "client": "Tidewater Outdoor", "kind": "opened",
     "channel": "discord_bot", "address": "#tidewater-alerts", "state": "sent", "attempts": 2, "at": ago(hours=2, minutes=41),
     "next_at": None, "seconds": 1.4, "error": None, "alert_id": "a8214"},
    {"id": "d4", "title": "No orders since 09:00", "client": "Marlow & Finch", "kind": "opened", "channel": "email",
     "address": "ops@marlowfinch.example", "state": "sending", "attempts": 1, "at": ago(hours=1, minutes=12),
     "next_at": NOW + timedelta(minutes=4), "seconds": None, "error": None, "alert_id": "a8219"},
    {"id": "d5", "title": "Open rate 11.8% on Advent preview", "client": "Kaffeehaus Brandt", "kind": "opened",
     "channel": "discord_webhook", "address": "webhook:brandt", "state": "dead", "attempts": 8, "at": ago(hours=3, minutes=20),
     "next_at": None, "seconds": None, "error": "Discord no longer knows this webhook (10015).", "alert_id": "a8211"},
]  # fmt: skip

SOURCES = [
    {"id": "src3", "name": "Shopify themes", "provider": "shopify", "endpoint": "themes", "state": "late",
     "at": ago(hours=4), "interval_minutes": 60, "accounts": 3, "failing": 0, "records": 9, "next_due_at": ago(hours=3),
     "last_error": None, "detail": "Due 3 h ago: Shopify asks to slow down", "client_count": 3},
    {"id": "src4", "name": "Omnisend automations", "provider": "omnisend", "endpoint": "automations", "state": "failed",
     "at": ago(hours=9), "interval_minutes": 60, "accounts": 2, "failing": 1, "records": 34, "next_due_at": NOW + timedelta(minutes=12),
     "last_error": "Omnisend refused the key of Kaffeehaus Brandt", "detail": "Kaffeehaus Brandt: key refused", "client_count": 2},
    {"id": "src1", "name": "Omnisend campaigns", "provider": "omnisend", "endpoint": "campaigns", "state": "fresh",
     "at": ago(minutes=7), "interval_minutes": 15, "accounts": 3, "failing": 0, "records": 148, "next_due_at": NOW + timedelta(minutes=8),
     "last_error": None, "detail": "3 clients, 148 records", "client_count": 3},
    {"id": "src2", "name": "CVR scraper", "provider": "scraper", "endpoint": "cvr", "state": "fresh", "at": NOW,
     "interval_minutes": 180, "accounts": 3, "failing": 0, "records": 12, "next_due_at": NOW + timedelta(hours=3),
     "last_error": None, "detail": "3 clients, 12 pages", "client_count": 3},
    {"id": "src6", "name": "Communication reports", "provider": "internal", "endpoint": "communication_reports", "state": "never",
     "at": None, "interval_minutes": 1440, "accounts": 0, "failing": 0, "records": None, "next_due_at": None,
     "last_error": None, "detail": "No account yet", "client_count": 0},
]  # fmt: skip


def overview():
    def figure(label, value, spark, *, state="fresh", delta=None, at=NOW, foot="", url="/alerts"):
        return {"label": label, "value": value, "suffix": "", "state": state, "at": at, "url": url, "spark": spark,
                "delta": delta, "current": False, "foot": foot}  # fmt: skip

    return {
        "ui": ui(live="/events"),
        "sentence": [
            {"text": "2 critical alerts", "url": "/alerts?severity=critical"}, {"text": " and ", "url": None},
            {"text": "3 warnings", "url": "/alerts?severity=warning"},
            {"text": " need you. 6 of 8 sources are fresh; ", "url": None},
            {"text": "one Omnisend key was refused", "url": "/sources/src4"},
            {"text": ", and one message could not be delivered.", "url": None},
        ],
        "metrics": [
            figure("Open alerts", "6", wave(3, 4, 4, 5, 3, 2, 4, 5, 6, breach=True, width=96, height=26), delta={"value": 2, "unit": "more", "tone": "bad"}),
            figure("Sources fresh", "6 of 8", "", foot="1 late, 1 failed", url="/sources"),
            figure("Records read today", "12,840", wave(5, 6, 6, 7, 6, 5, 7, 8, width=96, height=26), delta={"value": Decimal("1.8"), "unit": "%", "tone": "flat"}, url="/sources"),
            figure("Snapshot to message", "0.21 s", wave(2, 2, 3, 2, 2, 2, 4, 2, width=96, height=26), delta={"value": Decimal("-12"), "unit": "%", "tone": "good"}, url="/deliveries"),
            figure("Rejected rows", "3", "", state="late", at=ago(hours=4), foot="of 12,843", url="/rejects"),
        ],
        "alerts": {"groups": [{**group, "rows": group["rows"][:3]} for group in GROUPS[:2]], "shown": 5, "empty": None},
        "sources": SOURCES, "sources_more": 3, "deliveries": DELIVERIES,
        "clients": [
            {**BRANDT, "place": "Vienna · Omnisend, Shopify", "sources": 4, "records": 5120, "alerts": {"critical": 0, "warning": 1, "info": 0}, "state": "failed", "at": ago(hours=9)},
            {**MARLOW, "place": "London · Omnisend, Shopify, Facebook", "sources": 5, "records": 4402, "alerts": {"critical": 1, "warning": 2, "info": 0}, "state": "fresh", "at": ago(minutes=7)},
            {**TIDEWATER, "place": "New York · Shopify, scraper", "sources": 3, "records": 3318, "alerts": {"critical": 1, "warning": 0, "info": 1}, "state": "late", "at": ago(hours=4)},
        ],
    }  # fmt: skip


def alerts(**changes):
    return {
        "ui": ui("/alerts/a8214"), "tabs": ALERT_TABS, "view": "", "groups": GROUPS, "page": PAGE, "empty": None,
        "filters": [CLIENT_FILTER, choice_filter("severity", "Severity", [("critical", "critical"), ("warning", "warning"), ("info", "info")])],
        "chosen": True, "alert": ALERT, **changes,
    }  # fmt: skip


SOURCE = {
    "id": "src1", "name": "Omnisend campaigns", "provider": "omnisend", "endpoint": "campaigns",
    "description": "E-mail campaigns with their rates; v3, v5 and 2026-03-15 are read alike.", "interval_minutes": 15,
    "is_active": True, "state": "fresh", "at": ago(minutes=7), "note": None,
}  # fmt: skip
ACCOUNTS = [
    {"id": "ac1", "client": BRANDT, "label": "Main store", "credential": "Omnisend key", "state": "failed", "at": ago(hours=9),
     "next_due_at": NOW + timedelta(minutes=12), "last_error": "Omnisend refused the key (401). It was withdrawn in Omnisend's settings.",
     "failures": 4, "is_active": True, "running": None, "settings": [("api", "v5")]},
    {"id": "ac2", "client": MARLOW, "label": "Main store", "credential": "Omnisend key", "state": "fresh", "at": ago(minutes=7),
     "next_due_at": NOW + timedelta(minutes=8), "last_error": None, "failures": 0, "is_active": True, "running": None, "settings": []},
    {"id": "ac3", "client": TIDEWATER, "label": "US store", "credential": "Omnisend key", "state": "fresh", "at": ago(minutes=22),
     "next_due_at": None, "last_error": None, "failures": 0, "is_active": True, "running": {"snapshot_id": "s9", "pages": 3}, "settings": []},
]  # fmt: skip
SNAPSHOTS = [
    {"id": "s1", "client": MARLOW, "type": "scheduled", "status": "completed", "completeness": "full", "records": 61, "rejected": 0,
     "metrics": 732, "at": ago(minutes=7), "seconds": 1.9, "error": None, "same": False},
    {"id": "s9", "client": TIDEWATER, "type": "manual", "status": "processing", "completeness": "full", "records": 300, "rejected": 0,
     "metrics": 0, "at": ago(minutes=1), "seconds": None, "error": None, "same": False},
    {"id": "s3", "client": TIDEWATER, "type": "scheduled", "status": "completed", "completeness": "partial", "records": 40, "rejected": 3,
     "metrics": 480, "at": ago(minutes=22), "seconds": 2.4, "error": None, "same": False},
    {"id": "s4", "client": BRANDT, "type": "scheduled", "status": "failed", "completeness": "full", "records": None, "rejected": 0,
     "metrics": 0, "at": ago(hours=1), "seconds": 0.4, "error": "Omnisend refused the key (401).", "same": False},
]  # fmt: skip

COLUMNS = [{"name": "open_rate", "label": "Open rate", "unit": "percent"}, {"name": "click_rate", "label": "Click rate", "unit": "percent"},
           {"name": "sent", "label": "Sent", "unit": "count"}, {"name": "revenue", "label": "Revenue", "unit": "currency"}]  # fmt: skip
NAMES = ["Advent preview", "Roast of the month 11", "Winter layers teaser", "Early access, VIP", "Lamp care guide",
         "Thank you, November", "Restock: Linen throw, oat"]  # fmt: skip
RECORDS = [
    {"id": f"r{number}", "external_id": f"64f1a2c{number}9e", "name": name, "status": "sent" if number % 3 else "scheduled",
     "category": "newsletter" if number % 2 else None, "amount": Decimal("184.2") * number if number else None, "quantity": 100 * number,
     "at": ago(days=number + 1), "values": {"open_rate": Decimal("11.8") + number * 3, "click_rate": Decimal("1.42") + number,
     "sent": Decimal(18402 - 611 * number), "revenue": None if number == 3 else Decimal("842.16") * (number + 1)}}
    for number, name in enumerate(NAMES)
]  # fmt: skip
SNAPSHOT = {
    "id": "s3", "source": {"id": "src1", "name": "Omnisend campaigns"}, "client": TIDEWATER, "type": "scheduled", "status": "completed",
    "completeness": "partial", "records": 40, "expected": 43, "rejected": 3, "metrics": 480, "data_as_of": ago(minutes=22),
    "started_at": ago(minutes=22), "completed_at": ago(minutes=22), "seconds": 2.4, "requested_by": None, "error": None,
    "error_code": None, "attempt": 1, "pages": 3, "checksum": "9f41c07e", "same_as": None, "evaluated_at": ago(minutes=22),
    "previous_id": "s2", "currency": "USD",
}  # fmt: skip
REJECTS = [
    {"id": "x1", "row_number": 17, "code": "missing_external_id", "field": "campaignID", "detail": "The row has no external id.",
     "payload": '{"name": "Flash sale", "sent": 1204, "openRate": 0.31}', "replayed_at": None},
    {"id": "x2", "row_number": 29, "code": "out_of_range", "field": "open_rate", "detail": "An open rate of 412% is above 100%.",
     "payload": '{"campaignID": "64f1a2c99e", "openRate": 4.12}', "replayed_at": ago(minutes=5)},
]  # fmt: skip


def snapshot(tab_name="records", **changes):
    tabs = [tab("Records", 40, tab_name == "records", "/snapshots/s3"), tab("Rejected rows", 3, tab_name == "rejects", "/snapshots/s3?tab=rejects"),
            tab("Changes", 5, tab_name == "changes", "/snapshots/s3?tab=changes")]  # fmt: skip
    return {
        "ui": ui("/snapshots/s3", f"tab={tab_name}"), "snapshot": SNAPSHOT, "tab": tab_name, "tabs": tabs, "columns": COLUMNS,
        "filters": [TEXT_FILTER, choice_filter("status", "Status", [("sent", "sent"), ("scheduled", "scheduled")], "sent")],
        "sort": "-metric.open_rate", "page": LONG_PAGE, "empty": None, "rows": RECORDS, "rejects": REJECTS,
        "change_counts": {"added": 1, "gone": 1, "changed": 3, "same": 35},
        "changes": [
            {"kind": "changed", "name": "Advent preview", "external_id": "64f1", "record_id": "r0", "fields": [
                {"label": "Open rate", "unit": "percent", "old": Decimal("13.1"), "new": Decimal("11.8")},
                {"label": "Revenue", "unit": "currency", "old": Decimal("801.4"), "new": Decimal("842.16")}]},
            {"kind": "added", "name": "Restock: Linen throw, oat", "external_id": "64f9", "record_id": "r6", "fields": []},
        ], **changes,
    }  # fmt: skip


def record():
    chart = line_chart(
        LineChart("Open rate, every reading", [Point(ago(days=20 - index), Decimal("19") - Decimal(index) * Decimal("0.36"), breach=index == 20) for index in range(21)],
                  "percent", "EUR", limit=Decimal(15)), READER)  # fmt: skip
    return {
        "ui": ui("/records/r0"), "snapshot": {"id": "s3", "at": ago(minutes=22), "state": "fresh"}, "source": SNAPSHOT["source"], "client": BRANDT,
        "record": {"id": "r0", "external_id": "64f1a2c09e", "name": "Advent preview", "status": "sent", "category": "newsletter", "email": None,
                   "amount": Decimal("842.16"), "quantity": 18402, "tags": ["advent", "vip"], "at": ago(days=1), "currency": "EUR",
                   "extra": '{\n  "subject": "Der Advent beginnt",\n  "utm": "advent-26"\n}'},
        "metrics": [
            {"name": "open_rate", "label": "Open rate", "value": Decimal("11.8"), "unit": "percent", "previous": Decimal("13.1"), "spark": wave(19, 18, 17, 16, 14, 12, breach=True), "alert": "warning", "definition": "Opened of delivered"},
            {"name": "sent", "label": "Sent", "value": Decimal(18402), "unit": "count", "previous": Decimal(18402), "spark": wave(5, 5, 6, 5), "alert": None, "definition": None},
            {"name": "revenue", "label": "Revenue", "value": Decimal("842.16"), "unit": "currency", "previous": None, "spark": Markup(""), "alert": None, "definition": None},
        ],
        "chart": chart, "chosen": "open_rate", "alerts": WARNING[:1], "readings": 21,
    }  # fmt: skip


RULE_ROWS = [
    {"id": "ru1", "name": "Low conversion, real traffic", "sentence": "cvr < 1.2 and sessions > 1,000", "source": "CVR scraper", "client": None, "is_active": True, "open_alerts": 1, "last_fired_at": ago(hours=2), "channels": "Discord, e-mail", "conditions": 2},
    {"id": "ru2", "name": "No orders in the day", "sentence": "orders < 1", "source": "Shopify orders", "client": MARLOW, "is_active": True, "open_alerts": 1, "last_fired_at": ago(hours=1), "channels": "E-mail", "conditions": 1},
]  # fmt: skip
FIELDS = [("open_rate", "open rate"), ("click_rate", "click rate"), ("sent", "sent"), ("name", "name"), ("status", "status"), ("extra.theme.version", "extra theme.version")]  # fmt: skip
RULE_FORM = {
    "name": "Low open rate", "description": "Below this the list gets tired; see the sender score first.", "source_id": "src1", "client_id": "",
    "target_table": "api_records", "match": "AND", "severity": "warning", "is_active": True, "notify": "now", "notify_time": "08:00", "notify_day": "1",
    "discord": True, "discord_channel_id": "", "email": False, "email_recipients": "", "parent_rule_id": "", "dependency": "triggered",
    "conditions": [{"field": "open_rate", "condition": "less_than", "threshold": "15"}, {"field": "sent", "condition": "greater_than", "threshold": "1000"}],
}  # fmt: skip


def rule_form(**changes):
    return {
        "ui": ui("/rules/ru3"), "rule": {"id": "ru3", "name": "Low open rate", "version": 6, "open_alerts": 1}, "form": RULE_FORM, "errors": {},
        "options": {"sources": [("", "every source"), ("src1", "Omnisend campaigns"), ("src2", "CVR scraper")],
                    "clients": [("", "every client"), *((client["id"], client["name"]) for client in CLIENTS)],
                    "targets": [("api_records", "record"), ("communication_reports", "communication report"), ("clients", "client")],
                    "fields": FIELDS, "parents": [("ru2", "No orders in the day")]},
        "expression": "open_rate < 15 and sent > 1000",
        "preview": {"total": 148, "firing": 3, "at": ago(minutes=7), "state": "fresh", "opens": 2, "closes": 0, "blocked": None, "rows": [
            {"name": name, "url": f"/records/r{number}", "client": client, "value": Decimal(value), "unit": "percent", "currency": "EUR", "fires": not verdict, "verdict": verdict}
            for number, (name, client, value, verdict) in enumerate([
                ("Advent preview", "Kaffeehaus Brandt", "11.8", ""), ("Roast of the month 11", "Kaffeehaus Brandt", "13.1", ""),
                ("Winter layers teaser", "Tidewater Outdoor", "14.2", ""), ("Early access, VIP", "Marlow & Finch", "12.4", "Sent too low"),
                ("Lamp care guide", "Marlow & Finch", "15.6", "0.6 pp above")])]},
        **changes,
    }  # fmt: skip


def delivery(**changes):
    return {
        "ui": ui("/deliveries/d2"), "can_resend": True,
        "delivery": {"id": "d2", "title": ALERT["title"], "text": ALERT["message"], "fields": [("Value", "0.61%"), ("Limit", "below 1.2%"), ("Since", "12:11")],
                     "severity": "critical", "client": "Tidewater Outdoor", "kind": "opened", "channel": "discord_bot", "address": "#tidewater-alerts",
                     "state": "dead", "created_at": ago(hours=2, minutes=41), "sent_at": None, "next_at": None, "idempotency_key": "alert-8214-opened-discord",
                     "receipt": None, "error": "Discord no longer knows this channel (10003). Choose another on the rule or the client.", "alert": {"id": "a8214", "number": 8214}},
        "attempts": [
            {"number": 2, "outcome": "permanent", "started_at": ago(hours=2, minutes=40), "seconds": 0.2, "status_code": 404, "detail": "Unknown Channel (10003)", "worker": "w1"},
            {"number": 1, "outcome": "retry", "started_at": ago(hours=2, minutes=41), "seconds": 0.2, "status_code": 429, "detail": "Wait 1.2 s", "worker": "w1"},
        ], **changes,
    }  # fmt: skip


FIRST_RULES = {"kind": "first", "title": "No rules yet", "text": "A rule watches what the sources deliver and tells you when a number leaves its range.", "acts": [{"words": "Write a rule", "url": "/rules/new"}], "names": []}
FILTERED_ALERTS = {"kind": "filtered", "title": "No critical alert of Kaffeehaus Brandt", "text": "The highest open one is a warning, from 11:32.", "acts": [], "names": [("severity", "Severity is critical")]}
DONE_ALERTS = {"kind": "done", "title": "No open alerts", "text": "Last one closed 11:20. 38 rules watch 8 sources; the next reading is due 15:00.", "acts": [], "names": []}
PROBLEM = {"status": 404, "title": "Not found", "what": "This alert does not exist, or not for you.", "why": "It may belong to a client you do not see.", "act": {"words": "All alerts", "url": "/alerts"}, "reference": "7Q2K-10F3", "errors": []}


def settings_pages():
    clients = [{**client, "slug": client["name"].split()[0].lower(), "status": "active", "currency": currency, "timezone": zone, "place": None, "accounts": 4, "open_alerts": count, "state": "fresh", "at": ago(minutes=7)}
               for client, currency, zone, count in zip(CLIENTS, ("EUR", "GBP", "USD"), ("Europe/Vienna", "Europe/London", "America/New_York"), (1, 3, 0), strict=True)]  # fmt: skip
    client_form = {"name": "Kaffeehaus Brandt", "slug": "kaffeehaus", "status": "active", "currency": "EUR", "timezone": "Europe/Vienna", "locale": "de", "website_url": None, "discord_channel_id": "130799", "email_recipients": "team@brandt.example"}
    listed = {"filters": [TEXT_FILTER], "page": PAGE, "empty": None}
    client_options = [("", "Every client"), *((client["id"], client["name"]) for client in CLIENTS)]
    return {
        "settings": ("settings.html", {"ui": ui("/settings"), "form": {"name": "Ines Halvorsen", "timezone": ZONE, "locale": "en", "theme": "auto", "keys": True}, "errors": {}, "timezones": TIMEZONES, "locales": LOCALES,
                     "sessions": [{"id": "se1", "agent": "Firefox on Linux", "ip": "10.0.0.4", "at": NOW, "current": True}, {"id": "se2", "agent": "Safari on iPhone", "ip": "10.0.0.9", "at": ago(days=2), "current": False}]}),
        "clients": ("clients.html", {"ui": ui("/settings/clients"), "rows": clients, **listed}),
        "client_form": ("client_form.html", {"ui": ui("/settings/clients/1"), "client": BRANDT, "form": client_form, "errors": {"website_url": "An address starts with https://"}, "currencies": [("EUR", "EUR, euro")], "timezones": TIMEZONES, "locales": LOCALES}),
        "client_new": ("client_form.html", {"ui": ui("/settings/clients/new"), "client": None, "form": {**client_form, "name": ""}, "errors": {}, "currencies": [("EUR", "EUR, euro")], "timezones": TIMEZONES, "locales": LOCALES}),
        "people": ("people.html", {"ui": ui("/settings/people"), **listed, "rows": [
            {"id": "u1", "name": "Ines Halvorsen", "email": "ines@agency.example", "role": "owner", "is_staff": True, "state": "active", "clients": "Every client", "last_login_at": NOW},
            {"id": "u2", "name": "Tomás Reyes", "email": "tomas@agency.example", "role": "operator", "is_staff": True, "state": "invited", "clients": "Tidewater Outdoor", "last_login_at": None}]}),
        "person_form": ("person_form.html", {"ui": ui("/settings/people/invite"), "person": None, "form": {"name": "", "email": "tomas@", "role": "operator", "is_staff": True, "client_ids": [3], "is_active": True}, "errors": {"email": "This is no whole address: the part after @ is missing."}, "clients": CLIENTS, "invitation": None}),
        "person_invited": ("person_form.html", {"ui": ui("/settings/people/u2"), "person": {"id": "u2", "name": "Tomás Reyes", "email": "tomas@agency.example"}, "form": {"name": "Tomás Reyes", "email": "tomas@agency.example", "role": "operator", "is_staff": True, "client_ids": [3], "is_active": True}, "errors": {}, "clients": CLIENTS, "invitation": "http://127.0.0.1:8000/invite/4Zk9sample"}),
        "credentials": ("credentials.html", {"ui": ui("/settings/credentials"), **listed, "rows": [
            {"id": "c1", "name": "Omnisend key", "provider": "omnisend", "client": "Kaffeehaus Brandt", "hint": "…c07e", "key_version": 2, "expires_at": ago(days=1), "last_used_at": ago(hours=9), "rotated_at": None, "used_by": 2, "state": "expired"},
            {"id": "c2", "name": "Read orders", "provider": "shopify", "client": "Marlow & Finch", "hint": "…91ab", "key_version": 2, "expires_at": None, "last_used_at": ago(minutes=7), "rotated_at": ago(days=40), "used_by": 0, "state": "active"}]}),
        "credential_form": ("credential_form.html", {"ui": ui("/settings/credentials/c1"), "credential": {"id": "c1", "name": "Omnisend key", "hint": "c07e", "rotated_at": None}, "form": {"client_id": 1, "provider": "omnisend", "name": "Omnisend key", "expires_at": "2027-01-31"}, "errors": {}, "clients": client_options, "providers": [("omnisend", "Omnisend")], "fields": [("secret", "API key", "From Omnisend, Store settings, API keys.")]}),
        "tokens": ("tokens.html", {"ui": ui("/settings/tokens"), "empty": None, "secret": "bv_4Zk9_sample_not_a_secret", "errors": {"scopes": "Choose at least one."}, "form": {"name": "Reports", "client_id": "", "scopes": ["alerts.read"], "days": "90"}, "scopes": [("alerts.read", "Read alerts"), ("alerts.write", "Acknowledge and resolve"), ("records.read", "Read records")], "clients": client_options,
                   "rows": [{"id": "t1", "name": "Warehouse sync", "prefix": "bv_91ab", "owner": "Ines Halvorsen", "client": None, "scopes": ["records.read"], "expires_at": NOW + timedelta(days=80), "last_used_at": ago(minutes=3), "state": "active"},
                            {"id": "t2", "name": "Old script", "prefix": "bv_77aa", "owner": "Ines Halvorsen", "client": "Marlow & Finch", "scopes": ["alerts.read", "alerts.write"], "expires_at": None, "last_used_at": None, "state": "revoked"}]}),
        "channels": ("channels.html", {"ui": ui("/settings/channels"), "empty": None, "errors": {}, "form": {"kind": "email", "name": "", "client_id": "", "address": ""}, "clients": client_options, "credentials": [("", "None")],
                     "rows": [{"id": "ch1", "name": "Alerts", "kind": "discord_bot", "client": None, "address": "130799144", "is_active": True, "health": "fresh", "at": ago(minutes=4), "error": None, "sent_today": 41, "waiting": 0, "dead": 0},
                              {"id": "ch2", "name": "Brandt room", "kind": "discord_webhook", "client": "Kaffeehaus Brandt", "address": "webhook:brandt", "is_active": True, "health": "failed", "at": ago(hours=3), "error": "Discord no longer knows this webhook (10015).", "sent_today": 2, "waiting": 3, "dead": 1}]}),
        "audit": ("audit.html", {"ui": ui("/settings/audit"), **listed, "verified": {"ok": True, "entries": 18204, "at": NOW, "broken_at": None, "head": "9f41c07e1b", "why": None},
                  "rows": [{"seq": 18204, "at": ago(minutes=7), "actor": "worker", "action": "credential.read", "subject": "Omnisend key", "client": "Marlow & Finch", "detail": "to read Omnisend campaigns", "hash": "9f41c07e"},
                           {"seq": 18203, "at": ago(minutes=38), "actor": "tomas@agency.example", "action": "alert.note", "subject": "Alert #8214", "client": "Tidewater Outdoor", "detail": None, "hash": "1b77a0cc"}]}),
        "jobs": ("jobs.html", {"ui": ui("/settings/jobs"), **listed, "counts": [{"queue": "sources", "waiting": 2, "running": 1, "failed": 0, "oldest_seconds": 4}, {"queue": "notify", "waiting": 0, "running": 0, "failed": 1, "oldest_seconds": None}],
                 "workers": [{"name": "worker 1 of box", "at": ago(seconds=70), "jobs": 1, "state": "fresh"}],
                 "rows": [{"id": 311, "name": "sources.collect", "queue": "sources", "state": "doing", "attempts": 1, "client": "Tidewater Outdoor", "at": ago(minutes=1), "scheduled_at": None, "error": None},
                          {"id": 309, "name": "notify.send", "queue": "notify", "state": "failed", "attempts": 5, "client": "Kaffeehaus Brandt", "at": ago(hours=3), "scheduled_at": None, "error": "Discord no longer knows this webhook (10015)."}]}),
    }  # fmt: skip


def door_pages():
    nobody = ui("/login", user=None, client=None, clients=[], counts={"alerts": 0, "critical": 0}, health=None)
    return {
        "login": ("login.html", {"ui": nobody, "form": {"email": "ines@agency.example", "next": "/"}, "errors": {}, "problem": "E-mail and password do not belong together. 3 tries are left before a wait of 5 minutes."}),
        "first_run": ("first_run.html", {"ui": nobody, "form": {"agency": "", "name": "", "email": "", "timezone": "Europe/Vienna"}, "errors": {}, "timezones": TIMEZONES}),
        "invite": ("invite.html", {"ui": nobody, "invitation": {"email": "tomas@agency.example", "name": "Tomás Reyes", "invited_by": "Ines Halvorsen", "expires_at": NOW + timedelta(days=3)}, "errors": {}, "action": "/invite/4Zk9"}),
        "step_up": ("step_up.html", {"ui": ui("/step-up"), "form": {"next": "/settings/tokens"}, "errors": {"password": "That is not the password."}, "act": "make an API token"}),
        "error_signed_out": ("error.html", {"ui": nobody, "problem": {**PROBLEM, "status": 500, "title": "Something went wrong", "what": "The page could not be made."}}),
    }  # fmt: skip


def main_pages():
    flash = {"text": "Alert #8206 acknowledged", "undo": {"action": "/alerts/a8206/unacknowledge", "fields": {}}}
    nothing = {"groups": [], "alert": None, "chosen": False, "page": {**PAGE, "shown": 0}}
    read_only = ui("/alerts/a8214", can={"operate": False, "configure": False, "govern": False}, client=TIDEWATER, clients=[TIDEWATER])
    return {
        "overview": ("overview.html", overview()),
        "alerts": ("alerts.html", alerts(ui=ui("/alerts/a8214", flash=flash))),
        "alerts_list": ("alerts.html", alerts(ui=ui("/alerts"), chosen=False)),
        "alerts_acknowledged": ("alerts.html", alerts(alert={**ALERT, "state_of_data": "late", "data_as_of": ago(hours=4), "acknowledged": {"by": "Tomás Reyes", "at": ago(minutes=30), "until": NOW + timedelta(hours=2)}})),
        "alerts_resolved": ("alerts.html", alerts(alert={**ALERT, "resolved": {"by": "the next reading", "at": ago(minutes=3), "reason": "2.02% is back above 1.2%"}})),
        "alerts_viewer": ("alerts.html", alerts(ui=read_only)),
        "alerts_filtered": ("alerts.html", alerts(ui=ui("/alerts", "severity=critical&client=1", client=BRANDT), empty=FILTERED_ALERTS, **nothing)),
        "alerts_done": ("alerts.html", alerts(ui=ui("/alerts"), empty=DONE_ALERTS, **nothing)),
        "sources": ("sources.html", {"ui": ui("/sources"), "tabs": SOURCE_TABS, "filters": [TEXT_FILTER, CLIENT_FILTER], "sort": "name", "page": {**PAGE, "shown": 5, "total": "5"}, "empty": None, "rows": SOURCES, "summary": {"fresh": 6, "late": 1, "failed": 1, "off": 0}}),
        "source": ("source.html", {"ui": ui("/sources/src1"), "source": SOURCE, "accounts": ACCOUNTS, "snapshots": SNAPSHOTS, "page": LONG_PAGE, "filters": [CLIENT_FILTER], "form": {"interval_minutes": 15, "is_active": True}, "errors": {}, "clients": [(1, "Kaffeehaus Brandt")], "credentials": [("", "None"), ("c1", "Omnisend key")]}),
        "account": ("account.html", {"ui": ui("/accounts/ac1"), "account": {"id": "ac1", "client": BRANDT, "source": {"id": "src1", "name": "Omnisend campaigns"}, "label": "Main store", "state": "failed", "at": ago(hours=9), "cursor": None}, "form": {"display_name": "Main store", "credential_id": "c1", "settings": '{"api": "v5"', "is_active": True}, "errors": {"settings": "This is no JSON: a bracket is missing at the end."}, "credentials": [("c1", "Omnisend key")], "webhook": {"url": "http://127.0.0.1:8000/hooks/4f1a", "name": "Push key"}}),
        "snapshot": ("snapshot.html", snapshot()),
        "snapshot_rejects": ("snapshot.html", snapshot("rejects")),
        "snapshot_changes": ("snapshot.html", snapshot("changes")),
        "snapshot_running": ("snapshot.html", snapshot(snapshot={**SNAPSHOT, "status": "processing", "seconds": None, "evaluated_at": None, "rejected": 0}, rows=[], empty={"kind": "first", "title": "No records yet", "text": "They stand here when the reading is done.", "acts": [], "names": []})),
        "snapshot_failed": ("snapshot.html", snapshot(snapshot={**SNAPSHOT, "status": "failed", "error": "Omnisend refused the key (401).", "error_code": "auth_refused", "records": 0, "expected": None}, rows=[], empty={"kind": "first", "title": "No records", "text": "The reading failed before a row was taken.", "acts": [], "names": []})),
        "record": ("record.html", record()),
        "rules": ("rules.html", {"ui": ui("/rules"), "filters": [TEXT_FILTER, CLIENT_FILTER], "page": {**PAGE, "shown": 3, "total": "3"}, "empty": None, "total": 3, "groups": [{"severity": "critical", "count": 2, "rows": RULE_ROWS}, {"severity": "warning", "count": 1, "rows": [{**RULE_ROWS[0], "id": "ru3", "name": "Low open rate", "sentence": "open_rate < 15 and sent > 1,000", "is_active": False, "open_alerts": 0, "last_fired_at": None, "channels": ""}]}]}),
        "rules_empty": ("rules.html", {"ui": ui("/rules"), "filters": [TEXT_FILTER], "page": PAGE, "empty": FIRST_RULES, "total": 0, "groups": []}),
        "rule_form": ("rule_form.html", rule_form()),
        "rule_new_errors": ("rule_form.html", rule_form(rule=None, preview=None, errors={"name": "A rule needs a name.", "threshold-0": "0.15% would never fire. Percents go from 0 to 100: did you mean 15?"}, form={**RULE_FORM, "name": "", "conditions": [{"field": "open_rate", "condition": "less_than", "threshold": "0.15"}]})),
        "deliveries": ("deliveries.html", {"ui": ui("/deliveries"), "tabs": DELIVERY_TABS, "filters": [CLIENT_FILTER], "page": {**PAGE, "shown": 3, "total": "3"}, "empty": None, "rows": DELIVERIES}),
        "delivery": ("delivery.html", delivery()),
        "rejects": ("rejects.html", {"ui": ui("/rejects"), "tabs": REJECT_TABS, "filters": [CLIENT_FILTER], "page": {**PAGE, "shown": 2, "total": "2"}, "empty": None, "total": 2, "rows": [{**row, "snapshot_id": "s3", "source": "Omnisend campaigns", "client": "Tidewater Outdoor", "at": ago(minutes=22)} for row in REJECTS]}),
        "docs": ("docs.html", {"ui": ui("/docs/rules"), "page": {"title": "How rules are judged", "html": Markup("<p>A rule reads the newest <em>completed</em> snapshot of its source.</p><h2>Percents</h2><p>Percents go from 0 to 100.</p><pre><code>open_rate &lt; 15 and sent &gt; 1000</code></pre><ul><li>One open alert per record</li><li>A gap resolves nothing</li></ul>")}, "contents": [{"title": "First steps", "url": "/docs/start", "current": False}, {"title": "How rules are judged", "url": "/docs/rules", "current": True}], "next": {"title": "Channels", "url": "/docs/channels"}}),
        "search": ("search.html", {"ui": ui("/search", "q=adv"), "q": "adv", "asked": True, "results": [{"kind": "Record", "shape": "source", "name": "Advent preview", "sub": "Omnisend campaigns · Kaffeehaus Brandt", "url": "/records/r0"}]}),
        "error": ("error.html", {"ui": ui("/alerts/none"), "problem": PROBLEM}),
        "error_forbidden": ("error.html", {"ui": ui("/settings/people"), "problem": {**PROBLEM, "status": 403, "title": "Not allowed", "what": "You can look at people, not invite them.", "why": "Inviting needs the role Admin. Ines Halvorsen can give it.", "act": None}}),
        "error_conflict": ("error.html", {"ui": ui("/rules/ru3"), "problem": {**PROBLEM, "status": 409, "title": "Changed meanwhile", "what": "Tomás Reyes saved this rule while you wrote.", "why": "Your version began from an older one.", "act": {"words": "See the saved rule", "url": "/rules/ru3"}}}),
        "error_invalid": ("error.html", {"ui": ui("/rules"), "problem": {**PROBLEM, "status": 422, "title": "The input is not valid", "what": "The form could not be read.", "errors": [{"field": "threshold", "detail": "is no number"}]}}),
    }  # fmt: skip


def pages():
    """Every sample page: name -> (template, context)."""
    return {**main_pages(), **settings_pages(), **door_pages()}
