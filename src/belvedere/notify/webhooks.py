"""Signed webhooks as channels: an address that is checked, and a secret that is made here and shown once."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from belvedere.connectors.webhook.signature import SECRET_PREFIX, make_secret, sign
from belvedere.core.errors import ExternalError, Invalid
from belvedere.core.guard import Network, blocked_reason
from belvedere.core.outbound import check_url
from belvedere.notify.addresses import invalid

PROVIDER = "webhook"
SECRET_LENGTH = 32
URL_LENGTH = 1000
OVERLAP = timedelta(hours=24)
"""How long the secret before signs too, so that a receiver can be changed without losing a push."""


def new_secret() -> str:
    return make_secret(secrets.token_bytes(SECRET_LENGTH))


def checked_secret(secret: str) -> str:
    """A secret that somebody brings along; Invalid when nothing can be signed with it."""
    given = secret.strip()
    try:
        sign(given, "check", datetime.fromisoformat("2026-01-01T00:00:00+00:00"), b"{}")
    except Invalid as error:
        raise invalid("signing_secret", "webhook_secret", error.detail) from None
    return given if given.startswith(SECRET_PREFIX) else f"{SECRET_PREFIX}{given}"


def checked_endpoint(url: str, allowed: Sequence[Network] = ()) -> str:
    """An address that pushes may go to: https, or http on a private address that the settings open."""
    given = url.strip()
    wrong = invalid(
        "address",
        "not_an_endpoint",
        "A webhook's address looks like https://hooks.example.com/belvedere. It needs https, except on private"
        " addresses that BELVEDERE_ALLOW_PRIVATE_NETWORKS opens.",
    )
    try:
        parts = urlsplit(check_url(given, PROVIDER))
        host = ip_address(parts.hostname or "")
    except ExternalError:
        raise wrong from None
    except ValueError:
        host = None
    if (
        len(given) > URL_LENGTH
        or not given.isprintable()
        or parts.username
        or parts.password
        or parts.fragment
    ):
        raise wrong
    if host is not None and (reason := blocked_reason(host, allowed)):
        detail = f"{host} is not reached: {reason}. BELVEDERE_ALLOW_PRIVATE_NETWORKS opens private ranges."
        raise invalid("address", "address_refused", detail)
    is_open_http = host is not None and blocked_reason(host) is not None
    if parts.scheme.lower() != "https" and not is_open_http:
        raise wrong
    return given


def previous_credential(settings: Mapping[str, Any], now: datetime) -> UUID | None:
    """The credential of the secret before, while it still signs."""
    until, identity = settings.get("previous_until"), settings.get("previous_credential_id")
    if not until or not identity or datetime.fromisoformat(until) <= now:
        return None
    return UUID(identity)
