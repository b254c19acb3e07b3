"""Sample contexts for every template: one morning of an agency with three clients."""

from datetime import timedelta

from markupsafe import Markup
from tests.web.samples.common import (
    BRANDT,
    CLIENT_FILTER,
    LONG_PAGE,
    NOW,
    PAGE,
    TEXT_FILTER,
    TIDEWATER,
    ago,
    ui,
)
from tests.web.samples.digests import digest_pages
from tests.web.samples.doors import PROBLEM, door_pages
from tests.web.samples.health import RULE_TABS, health_pages
from tests.web.samples.inbox import ALERT, DELIVERY_TABS, DONE_ALERTS, FILTERED_ALERTS, alerts
from tests.web.samples.messages import DELIVERIES, delivery
from tests.web.samples.morning import overview
from tests.web.samples.one_record import record
from tests.web.samples.readings import (
    ACCOUNTS,
    REJECT_TABS,
    REJECTS,
    SNAPSHOT,
    SNAPSHOTS,
    SOURCE,
    SOURCE_TABS,
    SOURCES,
    snapshot,
)
from tests.web.samples.settings import settings_pages
from tests.web.samples.tables import table_pages
from tests.web.samples.watching import FIRST_RULES, RULE_FORM, RULE_ROWS, rule_form, rule_page


def setting(name, label, kind, value, options=()):
    return {
        "name": f"set-{name}",
        "label": label,
        "hint": "",
        "kind": kind,
        "options": list(options),
        "value": value,
    }


def main_pages():
    flash = {
        "text": "Alert #8206 acknowledged",
        "undo": {"action": "/alerts/a8206/unacknowledge", "fields": {}},
    }
    nothing = {
        "groups": [],
        "alert": None,
        "chosen": False,
        "can_move": True,
        "page": {**PAGE, "shown": 0},
    }
    read_only = ui(
        "/alerts/a8214",
        can={"operate": False, "configure": False, "govern": False},
        client=TIDEWATER,
        clients=[TIDEWATER],
    )
    return {
        "overview": ("overview.html", overview()),
        "alerts": ("alerts.html", alerts(ui=ui("/alerts/a8214", flash=flash))),
        "alerts_list": ("alerts.html", alerts(ui=ui("/alerts"), chosen=False)),
        "alerts_acknowledged": (
            "alerts.html",
            alerts(
                alert={
                    **ALERT,
                    "state_of_data": "late",
                    "data_as_of": ago(hours=4),
                    "acknowledged": {
                        "by": "Tomás Reyes",
                        "at": ago(minutes=30),
                        "until": NOW + timedelta(hours=2),
                    },
                }
            ),
        ),
        "alerts_resolved": (
            "alerts.html",
            alerts(
                alert={
                    **ALERT,
                    "resolved": {
                        "by": "the next reading",
                        "at": ago(minutes=3),
                        "reason": "2.02% is back above 1.2%",
                    },
                }
            ),
        ),
        "alerts_viewer": ("alerts.html", alerts(ui=read_only)),
        "alerts_filtered": (
            "alerts.html",
            alerts(
                ui=ui("/alerts", "severity=critical&client=1", client=BRANDT),
                empty=FILTERED_ALERTS,
                **nothing,
            ),
        ),
        "alerts_done": ("alerts.html", alerts(ui=ui("/alerts"), empty=DONE_ALERTS, **nothing)),
        "sources": (
            "sources.html",
            {
                "ui": ui("/sources"),
                "tabs": SOURCE_TABS,
                "filters": [TEXT_FILTER, CLIENT_FILTER],
                "sort": "name",
                "page": {**PAGE, "shown": 5, "total": "5"},
                "empty": None,
                "rows": SOURCES,
                "summary": {"fresh": 6, "late": 1, "failed": 1, "off": 0},
            },
        ),
        "source": (
            "source.html",
            {
                "ui": ui("/sources/src1"),
                "source": SOURCE,
                "accounts": ACCOUNTS,
                "snapshots": SNAPSHOTS,
                "page": LONG_PAGE,
                "filters": [CLIENT_FILTER],
                "form": {"interval_minutes": 15, "is_active": True},
                "errors": {},
            },
        ),
        "account": (
            "account.html",
            {
                "ui": ui("/accounts/ac1"),
                "account": {
                    "id": "ac1",
                    "client": BRANDT,
                    "label": "Main store",
                    "state": "failed",
                    "reason": "The last good reading is 9 h old. Omnisend refused the key.",
                    "at": ago(hours=9),
                },
                "source": {"id": "src1", "name": "Omnisend campaigns"},
                "form": {"display_name": "Main store", "credential_id": "c1", "is_active": True},
                "fields": [
                    setting("api_version", "API version", "choice", "v5", [("v3", "v3"), ("v5", "v5")]),
                    setting("page_size", "Page size", "number", 100),
                    setting("statistics", "Read statistics", "tick", value=True),
                    setting("columns", "Columns", "json", '{"name": "title"'),
                ],
                "errors": {"set-columns": "This is no JSON: a bracket is missing at the end."},
                "clients": [],
                "credentials": [("c1", "Omnisend key")],
                "needs_credential": True,
                "endpoints": [{"id": "e1", "name": "Orders", "url": "http://127.0.0.1:8000/hooks/4f1a"}],
                "secret": "whsec_sample_not_a_secret",
            },
        ),
        "snapshot": ("snapshot.html", snapshot()),
        "snapshot_rejects": ("snapshot.html", snapshot("rejects")),
        "snapshot_changes": ("snapshot.html", snapshot("changes")),
        "snapshot_running": (
            "snapshot.html",
            snapshot(
                snapshot={
                    **SNAPSHOT,
                    "status": "processing",
                    "seconds": None,
                    "evaluated_at": None,
                    "rejected": 0,
                },
                rows=[],
                empty={
                    "kind": "first",
                    "title": "No records yet",
                    "text": "They stand here when the reading is done.",
                    "acts": [],
                    "names": [],
                },
            ),
        ),
        "snapshot_failed": (
            "snapshot.html",
            snapshot(
                snapshot={
                    **SNAPSHOT,
                    "status": "failed",
                    "error": "Omnisend refused the key (401).",
                    "error_code": "auth_refused",
                    "records": 0,
                    "expected": None,
                },
                rows=[],
                empty={
                    "kind": "first",
                    "title": "No records",
                    "text": "The reading failed before a row was taken.",
                    "acts": [],
                    "names": [],
                },
            ),
        ),
        "record": ("record.html", record()),
        "rules": (
            "rules.html",
            {
                "ui": ui("/rules"),
                "tabs": RULE_TABS,
                "filters": [TEXT_FILTER, CLIENT_FILTER],
                "page": {**PAGE, "shown": 3, "total": "3"},
                "empty": None,
                "total": 3,
                "groups": [
                    {"severity": "critical", "count": 2, "rows": RULE_ROWS},
                    {
                        "severity": "warning",
                        "count": 1,
                        "rows": [
                            {
                                **RULE_ROWS[0],
                                "id": "ru3",
                                "name": "Low open rate",
                                "sentence": "open_rate < 15 and sent > 1,000",
                                "is_active": False,
                                "open_alerts": 0,
                                "last_fired_at": None,
                                "channels": "",
                            }
                        ],
                    },
                ],
            },
        ),
        "rules_empty": (
            "rules.html",
            {
                "ui": ui("/rules"),
                "tabs": RULE_TABS,
                "filters": [TEXT_FILTER],
                "page": PAGE,
                "empty": FIRST_RULES,
                "total": 0,
                "groups": [],
            },
        ),
        "rule": ("rule.html", rule_page()),
        "rule_form": ("rule_form.html", rule_form()),
        "rule_new_errors": (
            "rule_form.html",
            rule_form(
                rule=None,
                preview=None,
                errors={
                    "name": "A rule needs a name.",
                    "threshold-0": "0.15% would never fire. Percents go from 0 to 100: did you mean 15?",
                },
                form={
                    **RULE_FORM,
                    "name": "",
                    "conditions": [{**RULE_FORM["conditions"][0], "threshold": "0.15"}],
                },
            ),
        ),
        "deliveries": (
            "deliveries.html",
            {
                "ui": ui("/deliveries"),
                "tabs": DELIVERY_TABS,
                "filters": [CLIENT_FILTER],
                "page": {**PAGE, "shown": 3, "total": "3"},
                "empty": None,
                "hold": None,
                "channel": "",
                "rows": DELIVERIES,
            },
        ),
        "delivery": ("delivery.html", delivery()),
        "rejects": (
            "rejects.html",
            {
                "ui": ui("/rejects"),
                "tabs": REJECT_TABS,
                "filters": [CLIENT_FILTER],
                "page": {**PAGE, "shown": 2, "total": "2"},
                "empty": None,
                "total": 2,
                "rows": [
                    {
                        **row,
                        "snapshot_id": "s3",
                        "source": "Omnisend campaigns",
                        "client": "Tidewater Outdoor",
                        "at": ago(minutes=22),
                    }
                    for row in REJECTS
                ],
            },
        ),
        "docs": (
            "docs.html",
            {
                "ui": ui("/docs/rules"),
                "page": {
                    "title": "How rules are judged",
                    "html": Markup(
                        "<p>A rule reads the newest completed snapshot of its source.</p>"
                        "<h2>Percents</h2><p>Percents go from 0 to 100.</p>"
                        "<pre><code>open_rate &lt; 15 and sent &gt; 1000</code></pre>"
                        "<ul><li>One open alert per record</li><li>A gap resolves nothing</li></ul>"
                    ),
                },
                "contents": [
                    {"title": "First steps", "url": "/docs/start", "current": False},
                    {"title": "How rules are judged", "url": "/docs/rules", "current": True},
                ],
                "next": {"title": "Channels", "url": "/docs/channels"},
            },
        ),
        "search": (
            "search.html",
            {
                "ui": ui("/search", "q=adv"),
                "q": "adv",
                "asked": True,
                "results": [
                    {
                        "kind": "Record",
                        "shape": "source",
                        "name": "Advent preview",
                        "sub": "Omnisend campaigns · Kaffeehaus Brandt",
                        "url": "/records/r0",
                    }
                ],
            },
        ),
        "error": ("error.html", {"ui": ui("/alerts/none"), "problem": PROBLEM}),
        "error_forbidden": (
            "error.html",
            {
                "ui": ui("/settings/people"),
                "problem": {
                    **PROBLEM,
                    "status": 403,
                    "title": "Not allowed",
                    "what": "You can look at people, not invite them.",
                    "why": "Inviting needs the role Admin. Ines Halvorsen can give it.",
                    "act": None,
                },
            },
        ),
        "error_conflict": (
            "error.html",
            {
                "ui": ui("/rules/ru3"),
                "problem": {
                    **PROBLEM,
                    "status": 409,
                    "title": "Changed meanwhile",
                    "what": "Tomás Reyes saved this rule while you wrote.",
                    "why": "Your version began from an older one.",
                    "act": {"words": "See the saved rule", "url": "/rules/ru3"},
                },
            },
        ),
        "error_invalid": (
            "error.html",
            {
                "ui": ui("/rules"),
                "problem": {
                    **PROBLEM,
                    "status": 422,
                    "title": "The input is not valid",
                    "what": "The form could not be read.",
                    "errors": [{"field": "threshold", "detail": "is no number"}],
                },
            },
        ),
    }


def pages():
    """Every sample page: name -> (template, context)."""
    return {
        **main_pages(),
        **settings_pages(),
        **door_pages(),
        **table_pages(),
        **digest_pages(),
        **health_pages(),
    }
