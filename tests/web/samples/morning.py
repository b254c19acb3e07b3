"""The overview."""

from decimal import Decimal

from tests.web.samples.common import BRANDT, MARLOW, NOW, TIDEWATER, ago, ui, wave
from tests.web.samples.inbox import GROUPS
from tests.web.samples.messages import DELIVERIES
from tests.web.samples.readings import SOURCES


def figure(label, value, spark, *, state="fresh", delta=None, at=NOW, foot="", url="/alerts"):
    return {
        "label": label,
        "value": value,
        "suffix": "",
        "state": state,
        "at": at,
        "url": url,
        "spark": spark,
        "delta": delta,
        "current": False,
        "foot": foot,
    }


SENTENCE = [
    {"text": "2 critical alerts", "url": "/alerts?severity=critical"},
    {"text": " and ", "url": None},
    {"text": "3 warnings", "url": "/alerts?severity=warning"},
    {"text": " need you. 6 of 8 sources are fresh; ", "url": None},
    {"text": "one Omnisend key was refused", "url": "/sources/src4"},
    {"text": ", and one message could not be delivered.", "url": None},
]
METRICS = [
    figure(
        "Open alerts",
        "6",
        wave(3, 4, 4, 5, 3, 2, 4, 5, 6, breach=True, width=96, height=26),
        delta={"value": 2, "unit": "more", "tone": "bad"},
    ),
    figure("Sources fresh", "6 of 8", "", foot="1 late, 1 failed", url="/sources"),
    figure(
        "Records read today",
        "12,840",
        wave(5, 6, 6, 7, 6, 5, 7, 8, width=96, height=26),
        delta={"value": Decimal("1.8"), "unit": "%", "tone": "flat"},
        url="/sources",
    ),
    figure(
        "Snapshot to message",
        "0.21 s",
        wave(2, 2, 3, 2, 2, 2, 4, 2, width=96, height=26),
        delta={"value": Decimal(-12), "unit": "%", "tone": "good"},
        url="/deliveries",
    ),
    figure("Rejected rows", "3", "", state="late", at=ago(hours=4), foot="of 12,843", url="/rejects"),
]
CLIENT_ROWS = [
    {
        **BRANDT,
        "place": "Vienna · Omnisend, Shopify",
        "sources": 4,
        "records": 5120,
        "alerts": {"critical": 0, "warning": 1, "info": 0},
        "state": "failed",
        "at": ago(hours=9),
    },
    {
        **MARLOW,
        "place": "London · Omnisend, Shopify, Facebook",
        "sources": 5,
        "records": 4402,
        "alerts": {"critical": 1, "warning": 2, "info": 0},
        "state": "fresh",
        "at": ago(minutes=7),
    },
    {
        **TIDEWATER,
        "place": "New York · Shopify, scraper",
        "sources": 3,
        "records": 3318,
        "alerts": {"critical": 1, "warning": 0, "info": 1},
        "state": "late",
        "at": ago(hours=4),
    },
]


def overview():
    return {
        "ui": ui(live="/events"),
        "sentence": SENTENCE,
        "metrics": METRICS,
        "alerts": {
            "groups": [{**group, "rows": group["rows"][:3]} for group in GROUPS[:2]],
            "shown": 5,
            "empty": None,
        },
        "sources": SOURCES,
        "sources_more": 3,
        "deliveries": DELIVERIES,
        "clients": CLIENT_ROWS,
    }
