"""Pages around the rules and the inbox: the health of judging, silences, rule packs."""

from datetime import timedelta
from decimal import Decimal

from tests.web.samples.common import NOW, PAGE, READER, ago, tab, ui
from tests.web.samples.inbox import ALERT_TABS

from belvedere.web.charts import LineChart, Point, line_chart
from belvedere.web.inbox_filters import PRESETS

RULE_TABS = [
    tab("Rules", url="/rules"),
    tab("Rule packs", url="/rules/packs"),
    tab("Evaluation health", url="/rules/health"),
]
SUMS = {
    "runs": 1284,
    "records": 410_233,
    "matched": 61,
    "opened": 9,
    "closed": 4,
    "errors": 12,
    "held_back": 3,
    "rules": 38,
    "last_at": ago(minutes=2),
    "duration_p50": 41,
    "duration_p95": 210,
    "lag_p50": 180,
    "lag_p95": 1900,
}
HOURS = [Point(NOW - timedelta(hours=23 - hour), Decimal(40 + hour % 5)) for hour in range(24)]


SLOW = [
    {
        "source_id": "src1",
        "name": "Omnisend campaigns",
        "runs": 96,
        "records": 18402,
        "duration_p95": 4100,
        "lag_p95": 1900,
        "errors": 0,
        "is_slow": True,
    }
]
RULES = [
    {
        "id": "ru1",
        "name": "Low open rate",
        "severity": "warning",
        "errors": 12,
        "no_data": 0,
        "held_back": 0,
        "entities": 310,
        "last_at": ago(minutes=9),
        "advice": "open_rate holds text that is no number. Compare it as text, or mend the mapping.",
    }
]
SILENT = [
    {
        "client": "Marlow & Finch",
        "schedule": "daily",
        "channel": "email",
        "destination": "team@marlow.example",
        "last_at": ago(hours=5),
        "told_at": None,
        "boundaries": 6,
    }
]
STORMS = [
    {
        "rule_id": "ru1",
        "name": "Store is down",
        "severity": "critical",
        "started_at": ago(hours=1),
        "last_at": ago(minutes=4),
        "ended_at": None,
        "clients": 41,
        "alerts": 44,
        "told_at": ago(minutes=50),
    }
]


def health(**changes):
    return {
        "ui": ui("/rules/health"),
        "tabs": RULE_TABS,
        "said": [("1,284 readings judged in 24 hours.", None), (" 1 source without fresh data.", "#stale")],
        "state": "late",
        "sums": SUMS,
        "chart": line_chart(LineChart("Readings judged, by the hour", HOURS, "count"), READER),
        "slow": SLOW,
        "rules": RULES,
        "unjudged": [{"id": "ru2", "name": "No orders", "severity": "critical"}],
        "stale": [
            {
                "source_id": "src2",
                "name": "Shopify themes",
                "client": "Tidewater Outdoor",
                "state": "late",
                "at": ago(hours=3),
            }
        ],
        "silent": SILENT,
        "storms": STORMS,
        **changes,
    }


SILENCE_ROWS = [
    {
        "id": "si1",
        "client": "Tidewater Outdoor",
        "covers": "rule Low open rate",
        "state": "running",
        "starts_at": ago(hours=1),
        "ends_at": NOW + timedelta(hours=3),
        "reason": "Theme is rebuilt",
        "created_by": "ines@agency.example",
        "held_alerts": 2,
        "can_end": True,
    }
]
SILENCE_FORM = dict.fromkeys(
    (
        "client_id",
        "rule_id",
        "source_id",
        "severity",
        "external_id",
        "starts_at",
        "until",
        "until-own",
        "reason",
    ),
    "",
)


def silences(**changes):
    return {
        "ui": ui("/silences"),
        "tabs": ALERT_TABS,
        "rows": SILENCE_ROWS,
        "show": "",
        "page": {**PAGE, "shown": 1, "total": "1"},
        "empty": None,
        "form": SILENCE_FORM,
        "errors": {},
        "clients": [("", "every client"), ("3", "Tidewater Outdoor")],
        "rules": [("", "every rule")],
        "sources": [("", "every source")],
        "severities": [("", "every severity"), ("critical", "critical")],
        "presets": [*PRESETS, ("own", "my own end, below")],
        **changes,
    }


def packs(**changes):
    return {
        "ui": ui("/rules/packs"),
        "tabs": RULE_TABS,
        "packs": [
            {
                "name": "email",
                "title": "E-mail campaigns",
                "description": "Opens, clicks, bounces and complaints of what was sent.",
                "rules": ["Low open rate", "Many bounces"],
                "text": "version: 1\nrules: {}\n",
            }
        ],
        "clients": [("", "every client"), ("tidewater", "Tidewater Outdoor")],
        "text": "",
        "plan": None,
        "errors": {},
        **changes,
    }


def health_pages():
    nothing = {"slow": [], "rules": [], "unjudged": [], "stale": [], "silent": [], "storms": []}
    return {
        "health": ("health.html", health()),
        "health_quiet": ("health.html", health(**nothing, said=[("All judged.", None)], state="fresh")),
        "silences": ("silences.html", silences()),
        "silences_wrong": ("silences.html", silences(errors={"until": "Choose how long it lasts."})),
        "packs": ("packs.html", packs()),
        "packs_plan": ("packs.html", packs(text="version: 1", plan="+ low-open-rate  Low open rate")),
    }
