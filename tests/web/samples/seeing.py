"""Sample pages of the inbox and of sources."""

from datetime import timedelta

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
from tests.web.samples.inbox import ALERT, DONE_ALERTS, FILTERED_ALERTS, alerts
from tests.web.samples.morning import overview
from tests.web.samples.one_record import record
from tests.web.samples.readings import (
    ACCOUNTS,
    SNAPSHOT,
    SNAPSHOTS,
    SOURCE,
    SOURCE_TABS,
    SOURCES,
    snapshot,
)

FLASH = {
    "text": "Alert #8206 acknowledged",
    "undo": {"action": "/alerts/a8206/unacknowledge", "fields": {}},
}
NOTHING = {
    "groups": [],
    "alert": None,
    "chosen": False,
    "can_move": True,
    "page": {**PAGE, "shown": 0},
}
READ_ONLY = ui(
    "/alerts/a8214",
    can={"operate": False, "configure": False, "govern": False},
    client=TIDEWATER,
    clients=[TIDEWATER],
)


def setting(name, label, kind, value, options=()):
    return {
        "name": f"set-{name}",
        "label": label,
        "hint": "",
        "kind": kind,
        "options": list(options),
        "value": value,
    }


def alert_pages():
    """The inbox in its states."""
    return {
        "overview": ("overview.html", overview()),
        "alerts": ("alerts.html", alerts(ui=ui("/alerts/a8214", flash=FLASH))),
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
        "alerts_viewer": ("alerts.html", alerts(ui=READ_ONLY)),
        "alerts_filtered": (
            "alerts.html",
            alerts(
                ui=ui("/alerts", "severity=critical&client=1", client=BRANDT),
                empty=FILTERED_ALERTS,
                **NOTHING,
            ),
        ),
        "alerts_done": ("alerts.html", alerts(ui=ui("/alerts"), empty=DONE_ALERTS, **NOTHING)),
    }


def source_pages():
    """Sources, and accounts of one."""
    return {
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
    }


def account_pages():
    """One account, with its settings."""
    return {
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
    }


def reading_pages():
    """Readings in their states."""
    return {
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
    }


def seeing_pages():
    """Every page of this file."""
    return {**alert_pages(), **source_pages(), **account_pages(), **reading_pages()}
