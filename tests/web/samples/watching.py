"""Rules and the form that writes one."""

from decimal import Decimal

from tests.web.samples.common import CLIENTS, MARLOW, READER, ago, ui
from tests.web.samples.inbox import CRITICAL

from belvedere.web import rule_options
from belvedere.web.rule_forms import EMPTY_CONDITION, empty_form, opened_parts
from belvedere.web.rule_tune import tune_view
from belvedere.web.rule_words import AGE_UNITS, CONDITIONS, DIRECTIONS, MEASURES, expression_of, terms

RULE_ROWS = [
    {
        "id": "ru1",
        "name": "Low conversion, real traffic",
        "sentence": "cvr < 1.2 and sessions > 1,000",
        "source": "CVR scraper",
        "client": None,
        "is_active": True,
        "builtin": False,
        "open_alerts": 1,
        "last_judged_at": ago(minutes=7),
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
        "builtin": False,
        "open_alerts": 1,
        "last_judged_at": ago(minutes=7),
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
    **empty_form(None, "src1"),
    "name": "Low open rate",
    "description": "Below this the list gets tired; see the sender score first.",
    "target_table": "api_records",
    "for_readings": "2",
    "conditions": [
        {**EMPTY_CONDITION, "field": "open_rate", "threshold": "15"},
        {
            **EMPTY_CONDITION,
            "source": "same",
            "field": "sent",
            "condition": "between",
            "threshold": "1000",
            "upper": "9000",
        },
        {
            **EMPTY_CONDITION,
            "join": "OR",
            "source": "same",
            "field": "click_rate",
            "condition": "percent_change",
            "threshold": "30",
        },
    ],
}
OPTIONS = {
    "sources": [("", "every source"), ("src1", "Omnisend campaigns"), ("src2", "CVR scraper")],
    "row_sources": [("same", "the same source"), ("", "every source"), ("src2", "CVR scraper")],
    "clients": [("", "every client"), *((client["id"], client["name"]) for client in CLIENTS)],
    "targets": rule_options.TARGETS,
    "fields": FIELDS,
    "conditions": CONDITIONS,
    "measures": MEASURES,
    "directions": DIRECTIONS,
    "age_units": AGE_UNITS,
    "lengths": rule_options.LENGTHS,
    "no_data": rule_options.NO_DATA,
    "notify": rule_options.NOTIFY,
    "days": rule_options.DAYS,
    "zones": [("", "the client's zone"), ("Europe/Vienna", "Europe/Vienna")],
    "dependencies": rule_options.DEPENDENCIES,
    "parents": [("ru2", "No orders in the day")],
    "globals": [("ru1", "Low conversion, real traffic")],
    "webhooks": [("", "choose one"), ("w1", "Operations")],
}
MATCHES = [
    ("Advent preview", "Kaffeehaus Brandt", "11.8", "3.2 pp below", True),
    ("Roast of the month 11", "Kaffeehaus Brandt", "13.1", "1.9 pp below", False),
    ("Winter layers teaser", "Tidewater Outdoor", "14.2", "0.8 pp below", False),
]


MATCH_ROWS = [
    {
        "name": name,
        "url": f"/records/r{number}",
        "client": client,
        "value": Decimal(value),
        "label": "",
        "unit": "percent",
        "currency": "EUR",
        "is_open": is_open,
        "distance": gap,
    }
    for number, (name, client, value, gap, is_open) in enumerate(MATCHES)
]
NEAR = [
    {
        "name": "Lamp care guide",
        "url": "/records/r9",
        "client": "Marlow & Finch",
        "value": Decimal("15.1"),
        "unit": "percent",
        "currency": "EUR",
        "is_open": False,
        "distance": "0.1 pp above",
        "label": "",
    }
]
SAID = {
    "title": "Open rate 11.8% on Advent preview",
    "text": "Open rate is 11.8%, limit < 15%.",
    "problem": None,
    "destinations": [{"channel": "email", "address": "team@brandt.example"}],
    "mail_subject": "Open rate 11.8% on Advent preview · Kaffeehaus Brandt",
    "mail_text": "Warning: Open rate 11.8% on Advent preview",
    "forms": ["discord", "email", "webhook"],
    "webhook_text": '{"type": "alert.opened"}',
    "discord": {
        "embeds": [
            {
                "title": "Open rate 11.8% on Advent preview",
                "description": "Open rate is 11.8%, limit < 15%.",
                "fields": [{"name": "Client", "value": "Kaffeehaus Brandt", "inline": True}],
                "footer": {"text": "Warning"},
            }
        ]
    },
}
CHANGES = {
    "version": 6,
    "lines": [
        {"sign": " ", "start": "name: Low open rate", "mark": "", "end": ""},
        {"sign": "−", "start": "open_rate < ", "mark": "12", "end": ""},
        {"sign": "+", "start": "open_rate < ", "mark": "15", "end": ""},
    ],
    "more": {"count": 2, "names": ["Roast of the month 11", "Winter layers teaser"]},
    "fewer": {"count": 0, "names": []},
}


def preview(**changes):
    return {
        "total": 148,
        "firing": 3,
        "no_data": 2,
        "at": ago(minutes=7),
        "state": "fresh",
        "opens": 2,
        "at_once": False,
        "is_change": False,
        "closes": 0,
        "blocked": None,
        "rows": MATCH_ROWS,
        "left_out": [{"client": "Tidewater Outdoor", "rule": "Low open rate, gentler", "url": "/rules/ru9"}],
        "near": NEAR,
        "said": SAID,
        "changes": CHANGES,
        **changes,
    }


SWEEP = {
    "possible": True,
    "field": "open_rate",
    "condition": "less_than",
    "threshold": "15",
    "positions": [
        {"threshold": str(limit), "episodes": max(limit - 8, 0), "matches": limit} for limit in range(5, 30)
    ],
    "series": {
        "at": [ago(days=30 - day) for day in range(31)],
        "least": [9 + day % 4 for day in range(31)],
        "middle": [18 + day % 5 for day in range(31)],
        "most": [26 + day % 3 for day in range(31)],
        "entities": 34,
    },
}


LANES = [
    {"client": "Kaffeehaus Brandt", "count": 6, "readings": 240, "bars": [{"x": 4.2, "width": 1.5}]},
    {"client": "Marlow & Finch", "count": 0, "readings": 240, "bars": []},
]
MESSAGES = [
    {
        "title": "Open rate 11.8% on Advent preview",
        "message": "Open rate is 11.8%, limit < 15%.",
        "client": "Kaffeehaus Brandt",
        "name": "Advent preview",
        "started_at": ago(days=3),
        "ended_at": None,
        "readings": 4,
        "value": Decimal("11.8"),
        "url": "/snapshots/s1",
    }
]


def history(**changes):
    return {
        "blocked": None,
        "summary": "Would have fired 14 times in 30 days.",
        "total": 14,
        "start": ago(days=30),
        "end": ago(),
        "looked_at": 720,
        "not_judged": [{"why": "The reading failed.", "readings": 2}],
        "lanes": LANES,
        "more_clients": 0,
        "left_out": [{"client": "Tidewater Outdoor", "rule": "Low open rate, gentler", "url": "/rules/ru9"}],
        "messages": MESSAGES,
        "told": {"total": 20, "destinations": 1},
        "compared": {"opened": 9},
        "saved": 11,
        "tune": tune_view(SWEEP, READER),
        **changes,
    }


def rule_form(**changes):
    form = changes.pop("form", RULE_FORM)
    return {
        "ui": ui("/rules/ru3/edit"),
        "rule": {"id": "ru3", "name": "Low open rate", "version": 6, "open_alerts": 1},
        "form": form,
        "errors": {},
        "notes": {"threshold-0": "0.15% is less than one percent. Did you mean 15%?"},
        "options": OPTIONS,
        "terms": terms(form["conditions"]),
        "opened": opened_parts(form, {}),
        "can_force": False,
        "expression": expression_of(form["conditions"]),
        "preview": preview(),
        "history": history(),
        **changes,
    }


def branch(name, state, *below, waits="", here=False):
    return {
        "id": name,
        "name": name,
        "severity": "warning",
        "here": here,
        "state": state,
        "waits": waits,
        "below": list(below),
    }


RULE = {
    "id": "ru3",
    "name": "Low open rate",
    "severity": "warning",
    "is_active": True,
    "version": 6,
    "builtin": None,
    "slug": "low-open-rate",
    "description": "Below this the list gets tired.",
    "created_at": ago(days=40),
    "client": None,
    "title_template": None,
    "message_template": None,
}
JUDGED = [
    {
        "snapshot_id": "s1",
        "evaluated_at": ago(minutes=7),
        "data_as_of": ago(minutes=8),
        "client": "Kaffeehaus Brandt",
        "source_name": "Omnisend campaigns",
        "entities": 34,
        "matched": 4,
        "why": "2 held back",
        "rule_version": 6,
    }
]
WHY = {
    "wrong": None,
    "sentence": "Did not fire: Open rate is 21%, limit < 15%.",
    "tone": "info",
    "with_values": "open_rate 21 < 15",
    "near": ["Advent preview"],
    "conditions": [
        {
            "label": "Open rate",
            "value": "21",
            "unit": "percent",
            "currency": "EUR",
            "limit_said": "< 15%",
            "result": "does not hold",
            "met": False,
            "why": None,
        }
    ],
    "facts": [("Parent", "It has no open alert.")],
    "alert": {"id": "a8214", "number": 8214},
    "at": ago(minutes=7),
    "snapshot": "s1",
    "client": "Kaffeehaus Brandt",
}


def rule_page(**changes):
    return {
        "ui": ui("/rules/ru3"),
        "rule": RULE,
        "parts": [
            ("When", "any record of every client in Omnisend campaigns says that"),
            ("", "open_rate < 15 and sent > 1000"),
            ("open", "a warning alert, one per record"),
            ("Tell", "the client's Discord at once"),
        ],
        "expression": "open_rate < 15 AND sent > 1000",
        "facts": [("Recovers past", "17"), ("Closes after", "2 good readings")],
        "notes": ["The rule names no recipient; only clients that have one of their own are told."],
        "alerts": CRITICAL,
        "open_alerts": 2,
        "judged": JUDGED,
        "versions": [{"version": 6, "first_at": ago(days=3), "last_at": ago(minutes=7), "matched": 41}],
        "tree": [
            branch("Store is down", "1 open", branch("Low open rate", "2 open", waits="not open", here=True))
        ],
        "held": [
            {
                "id": "ru3",
                "name": "Low open rate",
                "client": "Marlow & Finch",
                "entities": ["c1", "c2"],
                "why": "",
            }
        ],
        "stand_ins": [{"id": "ru9", "name": "Low open rate", "client": "Marlow & Finch", "is_active": True}],
        "deletion": ["2 open alerts closed, and the rule's alerts go with it."],
        "detach": False,
        "asked": {"thing": "adv-1", "reading": "", "client": "1", "clients": [("1", "Kaffeehaus Brandt")]},
        "why": WHY,
        **changes,
    }


FIRST_RULES = {
    "kind": "first",
    "title": "No rules yet",
    "text": "A rule watches what the sources deliver and tells you when a number leaves its range.",
    "acts": [{"words": "Write a rule", "url": "/rules/new"}],
    "names": [],
}
