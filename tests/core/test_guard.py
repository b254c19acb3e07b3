from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from belvedere.core.guard import (
    AddressRefusedError,
    GuardedBackend,
    HostUnknownError,
    blocked_reason,
    check_host,
    resolve_host,
)

BLOCKED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "100::1", "fc00::1", "fd12:3456::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "2002:808:808::", "3fff::1", "5f00::1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
OPEN = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.63.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
]


@pytest.mark.parametrize("address", BLOCKED)
def test_addresses_that_lead_inside_are_blocked(address):
    assert blocked_reason(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_open(address):
    assert blocked_reason(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_nothing_that_python_calls_not_global_is_open(address: IPv4Address):
    if not address.is_global or address.is_multicast:
        assert blocked_reason(address)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::"]))
def test_no_ipv4_address_slips_through_in_an_ipv6_wrapping(address: IPv4Address, prefix: str):
    wrapped = IPv6Address(int(IPv6Address(prefix)) | int(address))
    assert blocked_reason(wrapped)
    assert blocked_reason(IPv6Address((0x2002 << 112) | (int(address) << 80)))


def test_an_allowed_range_opens_that_range_alone():
    allowed = [ip_network("10.1.0.0/16")]
    assert blocked_reason(ip_address("10.1.2.3"), allowed) is None
    assert blocked_reason(ip_address("10.2.2.3"), allowed) == "private"
    assert blocked_reason(ip_address("::ffff:10.1.2.3"), allowed)


def test_a_translated_address_needs_both_its_wrapping_and_its_inside_to_be_open():
    nat64 = [ip_network("64:ff9b::/96")]
    assert blocked_reason(ip_address("64:ff9b::808:808"), nat64) is None
    assert blocked_reason(ip_address("64:ff9b::7f00:1"), nat64) == "loopback"
    assert blocked_reason(ip_address("64:ff9b::7f00:1"), [*nat64, ip_network("127.0.0.0/8")]) is None


def test_a_wide_range_never_opens_what_nothing_lives_at():
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    for address in ("0.0.0.0", "224.0.0.1", "::", "ff02::1"):
        assert blocked_reason(ip_address(address), everything)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "::1"]
)
async def test_every_spelling_of_loopback_is_refused(host):
    with pytest.raises(AddressRefusedError, match="BELVEDERE_ALLOW_PRIVATE_NETWORKS") as caught:
        await check_host(host, 80, [])
    assert caught.value.permanent


async def test_of_several_addresses_only_the_open_ones_are_given():
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.1", "8.8.8.8", "::1"]

    assert await check_host("mixed.example", 25, [], resolve=resolve) == ["8.8.8.8"]


async def test_a_name_that_does_not_resolve_may_resolve_later():
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(HostUnknownError) as caught:
        await check_host("gone.example", 25, [], resolve=resolve)
    assert not caught.value.permanent
    with pytest.raises(HostUnknownError):
        await check_host("a" * 300 + ".example", 25, [])


async def test_the_system_resolver_gives_each_address_once():
    assert await resolve_host("127.0.0.1", 80) == ["127.0.0.1"]


class RecordingBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, dead: set[str]) -> None:
        self.tried: list[str] = []
        self.dead = dead

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.tried.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("dead")
        return httpcore.AsyncMockStream([])


async def test_the_connection_goes_to_the_address_that_was_checked_though_the_name_rebinds():
    answers = [["93.184.216.34"], ["127.0.0.1"]]

    async def resolve(host: str, port: int) -> list[str]:
        return answers.pop(0)

    inner = RecordingBackend(set())
    backend = GuardedBackend([], resolve=resolve, inner=inner)
    await backend.connect_tcp("rebinding.example", 80)
    assert inner.tried == ["93.184.216.34"]
    with pytest.raises(AddressRefusedError):
        await backend.connect_tcp("rebinding.example", 80)
    assert inner.tried == ["93.184.216.34"]


async def test_the_next_open_address_is_tried_when_one_is_dead():
    async def resolve(host: str, port: int) -> list[str]:
        return ["1.1.1.1", "10.0.0.1", "8.8.8.8"]

    inner = RecordingBackend({"1.1.1.1"})
    await GuardedBackend([], resolve=resolve, inner=inner).connect_tcp("two.example", 443)
    assert inner.tried == ["1.1.1.1", "8.8.8.8"]
    inner.dead.add("8.8.8.8")
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend([], resolve=resolve, inner=inner).connect_tcp("two.example", 443)


async def test_unix_sockets_are_refused():
    with pytest.raises(AddressRefusedError):
        await GuardedBackend([]).connect_unix_socket("/run/docker.sock")
