"""Did this request come from our own pages? Decided from headers alone: Fetch Metadata, else Origin."""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})


def is_from_own_pages(method: str, headers: Mapping[str, str], own_address: str, *, has_cookie: bool) -> bool:
    """True where the request may act for the person of its cookie.

    A browser always sends `Sec-Fetch-Site` (to HTTPS and loopback) or, on unsafe methods, `Origin`. A request
    with neither comes from no browser, so it may act only where it carries no cookie (a login by a script).
    """
    if method in SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITES
    origin = headers.get("origin")
    if origin is None:
        return not has_cookie
    return _is_own_origin(origin, headers.get("host", ""), own_address)


def _is_own_origin(origin: str, host: str, own_address: str) -> bool:
    if origin == own_address:
        return True
    parts = urlsplit(origin)
    # Behind a proxy that ends TLS the scheme seen here differs, so the host decides; "null" has none.
    return parts.scheme in ("http", "https") and parts.netloc != "" and parts.netloc == host
