"""The moment, the people and the clients of the sample pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice

from belvedere.web.charts import sparkline
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
        "theme": "auto",
        "path": path,
        "query": query,
        "now": NOW,
        "zone": ZONE,
        "csrf": "sample",
        "user": {"name": "Ines Halvorsen", "email": "ines@agency.example", "role": "owner"},
        "client": None,
        "clients": CLIENTS,
        "counts": {"alerts": 6, "critical": 2},
        "health": {"state": "late", "text": "6 of 8 sources fresh", "detail": "Shopify themes 3 h late"},
        "flash": None,
        "live": None,
        "keys": True,
        "can": {"operate": True, "configure": True, "govern": True},
        "sections": [
            "you",
            "clients",
            "people",
            "credentials",
            "channels",
            "tokens",
            "audit",
            "jobs",
            "tables",
        ],
        **changes,
    }


PAGE = {"shown": 6, "total": "6", "next": None, "first": True}


LONG_PAGE = {"shown": 50, "total": "1,204", "next": "eyJpZCI6", "first": False}


TEXT_FILTER = {"name": "q", "label": "Find", "value": "", "options": None, "placeholder": "Find by name"}


def choice_filter(name, label, options, value=""):
    return {
        "name": name,
        "label": label,
        "value": value,
        "options": [("", "any"), *options],
        "placeholder": None,
    }


CLIENT_FILTER = choice_filter("client", "Client", [(client["id"], client["name"]) for client in CLIENTS])


def wave(*values, breach=False, width=84, height=20):
    return sparkline(
        [Decimal(str(value)) for value in islice(cycle(values), 20)],
        breach=breach,
        width=width,
        height=height,
    )


def tab(label, count=None, *, current=False, url="/alerts"):
    return {"label": label, "url": url, "current": current, "count": count}
