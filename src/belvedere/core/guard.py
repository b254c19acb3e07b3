"""The address guard: which addresses the program may connect to, checked on the address that is then used.

Checking a name first and connecting to it later is open to rebinding, so the name is resolved once, here, and
the connection goes to the addresses that passed.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore

from belvedere.core.errors import ExternalError

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[list[str]]]

_BLOCKED_V4 = {
    ip_network("0.0.0.0/8"): "unspecified",
    ip_network("10.0.0.0/8"): "private",
    ip_network("100.64.0.0/10"): "shared by carriers (CGNAT)",
    ip_network("127.0.0.0/8"): "loopback",
    ip_network("169.254.0.0/16"): "link-local",
    ip_network("172.16.0.0/12"): "private",
    ip_network("192.0.0.0/24"): "reserved",
    ip_network("192.0.2.0/24"): "reserved",
    ip_network("192.88.99.0/24"): "reserved",
    ip_network("192.168.0.0/16"): "private",
    ip_network("198.18.0.0/15"): "reserved",
    ip_network("198.51.100.0/24"): "reserved",
    ip_network("203.0.113.0/24"): "reserved",
    ip_network("224.0.0.0/4"): "multicast",
    ip_network("240.0.0.0/4"): "reserved",
}
_BLOCKED_V6 = {
    ip_network("::/128"): "unspecified",
    ip_network("::1/128"): "loopback",
    ip_network("fc00::/7"): "private",
    ip_network("fe80::/10"): "link-local",
    ip_network("fec0::/10"): "private",
    ip_network("ff00::/8"): "multicast",
    ip_network("2001::/32"): "a Teredo tunnel",
    ip_network("2001:2::/48"): "reserved",
    ip_network("2001:10::/28"): "reserved",
    ip_network("2001:db8::/32"): "reserved",
    ip_network("2002::/16"): "a 6to4 tunnel",
    ip_network("3fff::/20"): "reserved",
    ip_network("64:ff9b::/96"): "a NAT64 translation",
    ip_network("64:ff9b:1::/48"): "a NAT64 translation",
    ip_network("::ffff:0:0/96"): "an IPv4-mapped address",
}
_GLOBAL_V6 = ip_network("2000::/3")
_NEVER = {"unspecified", "multicast"}
"""Not to be reached even where a wide range was allowed: nothing that we speak with lives there."""


class AddressRefusedError(ExternalError):
    """The guard refused; `detail` names the setting that opens a private range."""

    def __init__(self, detail: str, *, provider: str = "network") -> None:
        super().__init__(detail, provider=provider, permanent=True, code="address_refused")


class HostUnknownError(ExternalError):
    """The name does not resolve now; it may later."""

    def __init__(self, host: str, *, provider: str = "network") -> None:
        super().__init__(
            f"The name {host} does not resolve", provider=provider, permanent=False, code="host_unknown"
        )


def blocked_reason(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Why the address may not be reached, or None. `allowed` opens ranges that are otherwise closed."""
    ranges = tuple(allowed)
    if isinstance(address, IPv6Address) and (inner := embedded_ipv4(address)) is not None:
        # The IPv4 address inside is where the packet ends up: it must pass as well as its wrapping.
        return blocked_reason(inner, ranges) or _listed_reason(address, ranges)
    return _listed_reason(address, ranges)


def _listed_reason(address: Address, allowed: Sequence[Network]) -> str | None:
    reason = _range_reason(address)
    if reason is None or reason in _NEVER:
        return reason
    if any(address.version == network.version and address in network for network in allowed):
        return None
    return reason


def _range_reason(address: Address) -> str | None:
    blocked = _BLOCKED_V4 if isinstance(address, IPv4Address) else _BLOCKED_V6
    for network, reason in blocked.items():
        if address in network:
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "reserved"
    return None if address.is_global else "reserved"


def embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, NAT64, 6to4 or Teredo address leads to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in ip_network("64:ff9b::/96"):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


async def resolve_host(host: str, port: int) -> list[str]:
    """Every address of the name, in the order in which the system would try them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def check_host(
    host: str,
    port: int,
    allowed: Sequence[Network],
    *,
    resolve: Resolver = resolve_host,
    provider: str = "network",
) -> list[str]:
    """The addresses of `host` that may be reached; connect to these and to nothing else.

    Raises AddressRefusedError when all of them are closed, HostUnknownError when the name does not resolve.
    """
    try:
        found = [ip_address(text) for text in await resolve(host, port)]
    except (OSError, UnicodeError) as error:
        raise HostUnknownError(host, provider=provider) from error
    reasons = {address: blocked_reason(address, allowed) for address in found}
    open_addresses = [str(address) for address, reason in reasons.items() if reason is None]
    if open_addresses:
        return open_addresses
    if not found:
        raise HostUnknownError(host, provider=provider)
    raise AddressRefusedError(
        f"{host} leads to an address that is {next(iter(reasons.values()))}. Outbound requests reach such"
        " addresses only when BELVEDERE_ALLOW_PRIVATE_NETWORKS names their range.",
        provider=provider,
    )


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for the HTTP client, to checked addresses only."""

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        resolve: Resolver = resolve_host,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in await check_host(host, port, self._allowed, resolve=self._resolve):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"no address of {host} answered")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        del path, timeout, socket_options
        raise AddressRefusedError("Unix sockets are not reached by outbound requests")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
