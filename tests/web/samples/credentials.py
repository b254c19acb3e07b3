"""The settings pages of credentials, tokens, channels, the log and jobs."""

from datetime import timedelta

from tests.web.samples.common import (
    NOW,
    ago,
    ui,
)
from tests.web.samples.settings_lists import CLIENT_OPTIONS, LISTED


def credential_pages():
    """Credentials, and the form of one."""
    return {
        "credentials": (
            "credentials.html",
            {
                "ui": ui("/settings/credentials"),
                **LISTED,
                "rows": [
                    {
                        "id": "c1",
                        "name": "Omnisend key",
                        "provider": "omnisend",
                        "client": "Kaffeehaus Brandt",
                        "hint": "…c07e",
                        "key_version": 2,
                        "expires_at": ago(days=1),
                        "last_used_at": ago(hours=9),
                        "rotated_at": None,
                        "used_by": 2,
                        "state": "expired",
                    },
                    {
                        "id": "c2",
                        "name": "Read orders",
                        "provider": "shopify",
                        "client": "Marlow & Finch",
                        "hint": "…91ab",
                        "key_version": 2,
                        "expires_at": None,
                        "last_used_at": ago(minutes=7),
                        "rotated_at": ago(days=40),
                        "used_by": 0,
                        "state": "active",
                    },
                ],
            },
        ),
        "credential_form": (
            "credential_form.html",
            {
                "ui": ui("/settings/credentials/c1"),
                "credential": {"id": "c1", "name": "Omnisend key", "hint": "c07e", "rotated_at": None},
                "form": {
                    "client_id": 1,
                    "provider": "omnisend",
                    "name": "Omnisend key",
                    "expires_at": "2027-01-31",
                },
                "errors": {},
                "clients": CLIENT_OPTIONS,
                "providers": [("omnisend", "Omnisend")],
                "fields": [("secret", "API key", "From Omnisend, Store settings, API keys.")],
            },
        ),
    }


def token_pages():
    """Tokens of the API."""
    return {
        "tokens": (
            "tokens.html",
            {
                "ui": ui("/settings/tokens"),
                "empty": None,
                "secret": "bv_4Zk9_sample_not_a_secret",
                "errors": {"scopes": "Choose at least one."},
                "form": {"name": "Reports", "client_id": "", "scopes": ["alerts.read"], "days": "90"},
                "may_make": True,
                "scopes": [
                    ("alerts.read", "Read alerts"),
                    ("alerts.write", "Acknowledge and resolve"),
                    ("records.read", "Read records"),
                ],
                "clients": CLIENT_OPTIONS,
                "rows": [
                    {
                        "id": "t1",
                        "name": "Warehouse sync",
                        "prefix": "bv_91ab",
                        "owner": "Ines Halvorsen",
                        "client": None,
                        "scopes": ["records.read"],
                        "expires_at": NOW + timedelta(days=80),
                        "last_used_at": ago(minutes=3),
                        "state": "active",
                    },
                    {
                        "id": "t2",
                        "name": "Old script",
                        "prefix": "bv_77aa",
                        "owner": "Ines Halvorsen",
                        "client": "Marlow & Finch",
                        "scopes": ["alerts.read", "alerts.write"],
                        "expires_at": None,
                        "last_used_at": None,
                        "state": "revoked",
                    },
                ],
            },
        ),
    }


def channel_pages():
    """Channels of messages."""
    return {
        "channels": (
            "channels.html",
            {
                "ui": ui("/settings/channels"),
                "empty": None,
                "errors": {},
                "form": {"kind": "email", "name": "", "client_id": "", "address": ""},
                "issued": {"name": "Automation", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
                "clients": CLIENT_OPTIONS,
                "rows": [
                    {
                        "id": "ch1",
                        "name": "Alerts",
                        "kind": "discord_bot",
                        "client": None,
                        "address": "130799144",
                        "is_active": True,
                        "health": "fresh",
                        "at": ago(minutes=4),
                        "error": None,
                        "sent_today": 41,
                        "waiting": 0,
                        "dead": 0,
                        "used": True,
                        "success_percent": 97.5,
                        "broken_at": None,
                        "fallback": "",
                        "fallbacks": [("", "No fallback"), ("ch2", "Brandt room")],
                    },
                    {
                        "id": "ch2",
                        "name": "Brandt room",
                        "kind": "discord_webhook",
                        "client": "Kaffeehaus Brandt",
                        "address": "webhook:brandt",
                        "is_active": True,
                        "health": "failed",
                        "at": ago(hours=3),
                        "error": "Discord no longer knows this webhook (10015).",
                        "sent_today": 2,
                        "waiting": 3,
                        "dead": 1,
                        "used": True,
                        "success_percent": 97.5,
                        "broken_at": None,
                        "fallback": "",
                        "fallbacks": [("", "No fallback"), ("ch2", "Brandt room")],
                    },
                ],
            },
        ),
    }


def audit_page():
    """The log of what people did."""
    return {
        "audit": (
            "audit.html",
            {
                "ui": ui("/settings/audit"),
                **LISTED,
                "verified": {
                    "ok": True,
                    "entries": 18204,
                    "at": NOW,
                    "broken_at": None,
                    "head": "9f41c07e1b",
                    "why": None,
                },
                "rows": [
                    {
                        "seq": 18204,
                        "at": ago(minutes=7),
                        "actor": "worker",
                        "action": "credential.read",
                        "subject": "Omnisend key",
                        "client": "Marlow & Finch",
                        "detail": "to read Omnisend campaigns",
                        "hash": "9f41c07e",
                    },
                    {
                        "seq": 18203,
                        "at": ago(minutes=38),
                        "actor": "tomas@agency.example",
                        "action": "alert.note",
                        "subject": "Alert #8214",
                        "client": "Tidewater Outdoor",
                        "detail": None,
                        "hash": "1b77a0cc",
                    },
                ],
            },
        ),
    }


def job_page():
    """Jobs and their queues."""
    return {
        "jobs": (
            "jobs.html",
            {
                "ui": ui("/settings/jobs"),
                **LISTED,
                "counts": [
                    {"queue": "sources", "waiting": 2, "running": 1, "failed": 0, "oldest_seconds": 4},
                    {"queue": "notify", "waiting": 0, "running": 0, "failed": 1, "oldest_seconds": None},
                ],
                "workers": [{"name": "worker 1 of box", "at": ago(seconds=70), "jobs": 1, "state": "fresh"}],
                "rows": [
                    {
                        "id": 311,
                        "name": "sources.collect",
                        "queue": "sources",
                        "state": "doing",
                        "attempts": 1,
                        "client": "Tidewater Outdoor",
                        "at": ago(minutes=1),
                        "scheduled_at": None,
                        "error": None,
                    },
                    {
                        "id": 309,
                        "name": "notify.send",
                        "queue": "notify",
                        "state": "failed",
                        "attempts": 5,
                        "client": "Kaffeehaus Brandt",
                        "at": ago(hours=3),
                        "scheduled_at": None,
                        "error": "Discord no longer knows this webhook (10015).",
                    },
                ],
            },
        ),
    }


def system_pages():
    """Every page of this file."""
    return {**credential_pages(), **token_pages(), **channel_pages(), **audit_page(), **job_page()}
