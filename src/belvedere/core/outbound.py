"""One outbound request before it is sent: its address checked, its headers complete, its next hop."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from belvedere.core.guard import AddressRefusedError
from belvedere.core.masking import redact_url

USER_AGENT = "Belvedere (+https://github.com/belvedere/belvedere)"
_CROSS_ORIGIN_KEPT = frozenset({"accept", "accept-encoding", "accept-language", "user-agent"})
_PORTS = (
    "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 "
    "111 113 115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 "
    "540 548 554 556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3306 3659 4045 5060 "
    "5061 5432 6000 6379 6566 6665 6666 6667 6668 6669 6679 6697 10080 11211"
)
BLOCKED_PORTS = frozenset(map(int, _PORTS.split()))
"""The ports that browsers refuse (WHATWG Fetch, “bad port”), and those of databases and caches."""


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    url: str
    provider: str
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Any = None
    json: Any = None
    content: bytes | str | None = None
    accept: Collection[int] = ()

    @property
    def shown(self) -> str:
        return redact_url(self.url)


def check_url(url: str, provider: str) -> str:
    """The address if it may be asked at all: http or https, with a host. Raises AddressRefusedError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL) as error:
        raise AddressRefusedError(f"{redact_url(url)} is not a valid address", provider=provider) from error
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise AddressRefusedError(
            f"{redact_url(url)} is not an http or https address; nothing else is asked", provider=provider
        )
    if port in BLOCKED_PORTS:
        raise AddressRefusedError(f"Port {port} belongs to another protocol than HTTP", provider=provider)
    return url


def build_request(call: Call) -> httpx.Request:
    defaults = {
        "accept": "application/json, */*;q=0.5",
        "accept-encoding": "gzip, deflate",
        "user-agent": USER_AGENT,
    }
    headers = defaults | {name.lower(): value for name, value in call.headers.items()}
    deadline = httpx.Timeout(call.timeout).as_dict()
    return httpx.Request(
        call.method, call.url, params=call.params, headers=headers, json=call.json, content=call.content,
        extensions={"timeout": deadline},
    )  # fmt: skip


def redirected(call: Call, location: str) -> Call:
    """The next hop. Another origin gets no header that may carry a login."""
    target = check_url(urljoin(call.url, location), call.provider)
    headers = call.headers
    if origin(target) != origin(call.url):
        headers = {name: value for name, value in headers.items() if name.lower() in _CROSS_ORIGIN_KEPT}
    return replace(call, url=target, headers=headers, params=None)


def origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return (
        parts.scheme.lower(),
        parts.hostname,
        parts.port or (443 if parts.scheme.lower() == "https" else 80),
    )
