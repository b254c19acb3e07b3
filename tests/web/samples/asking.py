"""Sample pages of rules, deliveries, the guide and errors."""

from markupsafe import Markup
from tests.web.samples.common import (
    CLIENT_FILTER,
    PAGE,
    TEXT_FILTER,
    ago,
    ui,
)
from tests.web.samples.doors import PROBLEM
from tests.web.samples.health import RULE_TABS
from tests.web.samples.inbox import DELIVERY_TABS
from tests.web.samples.messages import DELIVERIES, delivery
from tests.web.samples.readings import (
    REJECT_TABS,
    REJECTS,
)
from tests.web.samples.watching import FIRST_RULES, RULE_FORM, RULE_ROWS, rule_form, rule_page


def rule_pages():
    """Rules, and the form of one."""
    return {
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
    }


def rule_errors():
    """The form of a rule that was not saved."""
    return {
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
    }


def delivery_pages():
    """Deliveries and rejected rows."""
    return {
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
    }


def guide_pages():
    """The guide and the search."""
    return {
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
    }


def error_pages():
    """What does not exist, is not allowed, or is not so any more."""
    return {
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


def asking_pages():
    """Every page of this file."""
    return {**rule_pages(), **rule_errors(), **delivery_pages(), **guide_pages(), **error_pages()}
