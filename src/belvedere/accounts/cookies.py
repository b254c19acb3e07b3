"""The login cookie: its name and flags."""

from datetime import timedelta
from typing import Literal, TypedDict

from belvedere.core.settings import Settings


class CookieOptions(TypedDict):
    """Keyword arguments of Starlette's `set_cookie`."""

    key: str
    max_age: int
    path: str
    secure: bool
    httponly: bool
    samesite: Literal["lax"]


def is_secure(settings: Settings) -> bool:
    return settings.environment == "production" or settings.address.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """`__Host-` pins the cookie to this host over HTTPS; browsers refuse that prefix on plain loopback."""
    return "__Host-belvedere" if is_secure(settings) else "belvedere"


def cookie_options(settings: Settings) -> CookieOptions:
    """Everything `response.set_cookie` needs beside the value."""
    return CookieOptions(
        key=cookie_name(settings),
        max_age=int(timedelta(hours=settings.session_absolute_hours).total_seconds()),
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )
