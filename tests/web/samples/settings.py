"""The settings pages."""

from tests.web.samples.common import (
    BRANDT,
    CLIENTS,
    LOCALES,
    NOW,
    TIMEZONES,
    ZONE,
    ago,
    ui,
)
from tests.web.samples.credentials import system_pages
from tests.web.samples.settings_lists import LISTED

LISTED_CLIENTS = [
    {
        **client,
        "slug": client["name"].split()[0].lower(),
        "status": "active",
        "currency": currency,
        "timezone": zone,
        "place": None,
        "accounts": 4,
        "open_alerts": count,
        "state": "fresh",
        "at": ago(minutes=7),
    }
    for client, currency, zone, count in zip(
        CLIENTS,
        ("EUR", "GBP", "USD"),
        ("Europe/Vienna", "Europe/London", "America/New_York"),
        (1, 3, 0),
        strict=True,
    )
]
CLIENT_FORM = {
    "name": "Kaffeehaus Brandt",
    "slug": "kaffeehaus",
    "status": "active",
    "currency": "EUR",
    "timezone": "Europe/Vienna",
    "locale": "de",
    "website_url": None,
    "discord_channel_id": "130799",
    "email_recipients": "team@brandt.example",
}


def own_page():
    """One person's own settings."""
    return {
        "settings": (
            "settings.html",
            {
                "ui": ui("/settings"),
                "form": {
                    "name": "Ines Halvorsen",
                    "timezone": ZONE,
                    "locale": "en",
                    "theme": "auto",
                    "keys": True,
                },
                "errors": {},
                "timezones": TIMEZONES,
                "locales": LOCALES,
                "sessions": [
                    {"id": "se1", "agent": "Firefox on Linux", "ip": "10.0.0.4", "at": NOW, "current": True},
                    {
                        "id": "se2",
                        "agent": "Safari on iPhone",
                        "ip": "10.0.0.9",
                        "at": ago(days=2),
                        "current": False,
                    },
                ],
            },
        ),
    }


def client_pages():
    """Clients, and the form of one."""
    return {
        "clients": ("clients.html", {"ui": ui("/settings/clients"), "rows": LISTED_CLIENTS, **LISTED}),
        "client_form": (
            "client_form.html",
            {
                "ui": ui("/settings/clients/1"),
                "client": BRANDT,
                "form": CLIENT_FORM,
                "errors": {"website_url": "An address starts with https://"},
                "currencies": [("EUR", "EUR, euro")],
                "timezones": TIMEZONES,
                "locales": LOCALES,
            },
        ),
        "client_new": (
            "client_form.html",
            {
                "ui": ui("/settings/clients/new"),
                "client": None,
                "form": {**CLIENT_FORM, "name": ""},
                "errors": {},
                "currencies": [("EUR", "EUR, euro")],
                "timezones": TIMEZONES,
                "locales": LOCALES,
            },
        ),
    }


def people_pages():
    """People, and one who was just invited."""
    return {
        "people": (
            "people.html",
            {
                "ui": ui("/settings/people"),
                **LISTED,
                "rows": [
                    {
                        "id": "u1",
                        "name": "Ines Halvorsen",
                        "email": "ines@agency.example",
                        "role": "owner",
                        "is_staff": True,
                        "state": "active",
                        "clients": "Every client",
                        "last_login_at": NOW,
                    },
                    {
                        "id": "u2",
                        "name": "Tomás Reyes",
                        "email": "tomas@agency.example",
                        "role": "operator",
                        "is_staff": True,
                        "state": "invited",
                        "clients": "Tidewater Outdoor",
                        "last_login_at": None,
                    },
                ],
            },
        ),
        "person_invited": (
            "person_form.html",
            {
                "ui": ui("/settings/people/u2"),
                "person": {"id": "u2", "name": "Tomás Reyes", "email": "tomas@agency.example"},
                "form": {
                    "name": "Tomás Reyes",
                    "email": "tomas@agency.example",
                    "role": "operator",
                    "is_staff": True,
                    "client_ids": [3],
                    "is_active": True,
                },
                "errors": {},
                "clients": CLIENTS,
                "invitation": "http://127.0.0.1:8000/invite/4Zk9sample",
            },
        ),
    }


def person_forms():
    """The form of a person."""
    return {
        "person_form": (
            "person_form.html",
            {
                "ui": ui("/settings/people/invite"),
                "person": None,
                "form": {
                    "name": "",
                    "email": "tomas@",
                    "role": "operator",
                    "is_staff": True,
                    "client_ids": [3],
                    "is_active": True,
                },
                "errors": {"email": "This is no whole address: the part after @ is missing."},
                "clients": CLIENTS,
                "invitation": None,
            },
        ),
    }


def settings_pages():
    """Every settings page."""
    return {**own_page(), **client_pages(), **people_pages(), **person_forms(), **system_pages()}
