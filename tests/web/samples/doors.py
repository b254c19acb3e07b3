"""Pages before the shell, and errors."""

from datetime import timedelta

from tests.web.samples.common import NOW, TIMEZONES, ui

PROBLEM = {
    "status": 404,
    "title": "Not found",
    "what": "This alert does not exist, or not for you.",
    "why": "It may belong to a client you do not see.",
    "act": {"words": "All alerts", "url": "/alerts"},
    "reference": "7Q2K-10F3",
    "errors": [],
}


def door_pages():
    nobody = ui(
        "/login", user=None, client=None, clients=[], counts={"alerts": 0, "critical": 0}, health=None
    )
    return {
        "login": (
            "login.html",
            {
                "ui": nobody,
                "form": {"email": "ines@agency.example", "next": "/"},
                "errors": {},
                "problem": "E-mail and password do not belong together. 3 tries are left.",
            },
        ),
        "first_run": (
            "first_run.html",
            {
                "ui": nobody,
                "form": {"agency": "", "name": "", "email": "", "timezone": "Europe/Vienna"},
                "errors": {},
                "timezones": TIMEZONES,
            },
        ),
        "invite": (
            "invite.html",
            {
                "ui": nobody,
                "invitation": {
                    "email": "tomas@agency.example",
                    "name": "Tomás Reyes",
                    "invited_by": "Ines Halvorsen",
                    "expires_at": NOW + timedelta(days=3),
                },
                "errors": {},
                "action": "/invite/4Zk9",
            },
        ),
        "step_up": (
            "step_up.html",
            {
                "ui": ui("/step-up"),
                "form": {"next": "/settings/tokens"},
                "errors": {"password": "That is not the password."},
                "act": "make an API token",
            },
        ),
        "error_signed_out": (
            "error.html",
            {
                "ui": nobody,
                "problem": {
                    **PROBLEM,
                    "status": 500,
                    "title": "Something went wrong",
                    "what": "The page could not be made.",
                },
            },
        ),
    }
