import asyncio
import gzip
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.raw_server import RawServer, TcpServer, answer, packed

from belvedere.core.backoff import Backoff, next_wait, parse_retry_after
from belvedere.core.egress import HttpClient, HttpStatusError
from belvedere.core.errors import ExternalError
from belvedere.core.guard import AddressRefusedError
from belvedere.core.settings import Settings

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)


class Waits(list):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(waits: Waits | None = None, *, allowed=LOOPBACK, resolve=None, **settings) -> HttpClient:
    extra = {"resolve": resolve} if resolve else {}
    return HttpClient(
        Settings(allow_private_networks=allowed, **settings),
        sleep=waits if waits is not None else Waits(),
        random=lambda: 0.0,
        clock=lambda: NOW,
        **extra,
    )


async def fail(http: HttpClient, url: str, method: str = "GET", **options) -> ExternalError:
    with pytest.raises(ExternalError) as caught:
        await http.request(method, url, provider="omnisend", **options)
    return caught.value


async def test_an_answer_comes_whole_with_its_status_headers_and_json():
    async with RawServer([answer(200, {"a": 1.5}, x_total="7")]) as server, client() as http:
        reply = await http.request(
            "get", server.url("/v3/c"), provider="omnisend", params={"q": "ä b"}, headers={"X-API-Key": "k"}
        )
    assert (reply.status, reply.json(), reply.headers["x-total"]) == (200, {"a": 1.5}, "7")
    assert str(reply.json(exact=True)["a"]) == "1.5"
    assert server.seen[0].target == "/v3/c?q=%C3%A4+b"
    assert server.seen[0].headers["x-api-key"] == "k"
    assert "belvedere" in server.seen[0].headers["user-agent"].lower()


async def test_json_and_raw_bodies_are_sent():
    async with RawServer([answer(204)]) as server, client() as http:
        await http.request("POST", server.url(), provider="p", json={"x": 1})
        await http.request("PUT", server.url(), provider="p", content=b"raw")
    assert server.seen[0].body == b'{"x":1}'
    assert server.seen[0].headers["content-type"] == "application/json"
    assert server.seen[1].body == b"raw"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 422])
async def test_a_refusal_is_permanent_and_is_not_tried_again(status):
    async with RawServer([answer(status, {"error": "no"})]) as server, client() as http:
        error = await fail(http, server.url())
    assert (error.permanent, error.status_code, error.code) == (True, status, f"http_{status}")
    assert isinstance(error, HttpStatusError)
    assert error.answer.json() == {"error": "no"}
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 521])
async def test_a_temporary_failure_is_tried_again_with_growing_waits(status):
    waits = Waits()
    async with RawServer([answer(status), answer(status), answer(200)]) as server, client(waits) as http:
        reply = await http.request("GET", server.url(), provider="omnisend")
    assert reply.status == 200
    assert waits == [0.5, 1.0]


async def test_after_the_last_try_the_temporary_error_is_raised():
    async with RawServer([answer(503)]) as server, client() as http:
        error = await fail(http, server.url())
    assert (error.permanent, len(server.seen)) == (False, 3)


@pytest.mark.parametrize(("retry", "tries"), [(None, 1), (True, 3), (False, 1)])
async def test_a_post_is_tried_again_only_when_that_is_said(retry, tries):
    async with RawServer([answer(500)]) as server, client() as http:
        await fail(http, server.url(), "POST", retry=retry)
    assert len(server.seen) == tries


@pytest.mark.parametrize(
    ("header", "wait"),
    [("7", 7.0), ("1.5", 1.5), (format_datetime(NOW.replace(minute=30, second=9), usegmt=True), 9.0)],
)
async def test_the_service_says_when_to_come_back(header, wait):
    waits = Waits()
    async with RawServer([answer(429, retry_after=header), answer(200)]) as server, client(waits) as http:
        await http.request("GET", server.url(), provider="discord")
    assert waits == [wait]


async def test_a_long_wait_is_left_to_the_caller():
    waits = Waits()
    async with RawServer([answer(429, retry_after="900")]) as server, client(waits) as http:
        error = await fail(http, server.url())
    assert (error.retry_after, error.permanent, waits) == (900.0, False, [])


@pytest.mark.parametrize(
    "value", ["0", "-5", "soon", "", "nan", "inf", "Fri, 20 Nov 2026 09:29:00 GMT", "1e999", None]
)
def test_a_retry_after_that_is_zero_past_or_unreadable_leaves_it_to_the_backoff(value):
    assert parse_retry_after(value, NOW) is None


def test_a_retry_after_is_at_most_an_hour():
    assert parse_retry_after("86400", NOW) == 3600


@given(st.text(max_size=40))
def test_any_retry_after_is_read_without_failing(value):
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 < seconds <= 3600


@given(st.integers(1, 500), st.floats(0, 1, exclude_max=True))
def test_waits_stay_between_half_and_the_longest(attempt, random):
    backoff = Backoff(attempts=1000)
    wait = next_wait(backoff, attempt, retry_after=None, random=random)
    assert backoff.first / 2 <= wait <= backoff.longest


@given(st.floats(0.001, 3600), st.floats(0, 1, exclude_max=True))
def test_a_wait_that_was_asked_for_is_never_shortened(asked, random):
    wait = next_wait(Backoff(), 1, retry_after=asked, random=random)
    assert wait is None or wait >= asked


BROKEN = {
    "short of its length": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc",
    "a chunk cut off": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
    "no answer at all": b"",
    "not HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "gzip cut off": answer(200, gzip.compress(b"x" * 5000)[:-12], content_encoding="gzip"),
    "not gzip": answer(200, b"plain text", content_encoding="gzip"),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_a_truncated_or_garbled_answer_is_a_temporary_error(raw):
    async with RawServer([raw]) as server, client() as http:
        error = await fail(http, server.url(), retry=False)
    assert (error.permanent, error.code, error.provider) == (False, "truncated", "omnisend")


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (packed(b"hello" * 1000), b"hello" * 1000),
        (answer(200, gzip.compress(b"one") + gzip.compress(b"two"), content_encoding="gzip"), b"onetwo"),
        (answer(200, zlib.compress(b"wrapped"), content_encoding="deflate"), b"wrapped"),
        (answer(200, zlib.compress(b"raw", wbits=-15), content_encoding="deflate"), b"raw"),
        (answer(200, b"", content_encoding="gzip"), b""),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"abc"),
    ],
)
async def test_bodies_are_decompressed(raw, body):
    async with RawServer([raw]) as server, client() as http:
        assert (await http.request("GET", server.url(), provider="p")).content == body


@pytest.mark.parametrize(
    "raw",
    [
        answer(200, b"x" * 2000),
        packed(b"\x00" * 50_000_000),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n400\r\n%b\r\n1\r\nx\r\n0\r\n\r\n"
        % (b"x" * 1024),
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
    ],
    ids=["plain", "gzip bomb", "chunked", "announced"],
)
async def test_an_answer_beyond_the_cap_is_refused_while_it_comes(raw):
    async with RawServer([raw]) as server, client(http_max_bytes=1024) as http:
        error = await fail(http, server.url())
    assert (error.code, error.permanent) == ("too_large", True)


async def test_an_answer_of_exactly_the_cap_is_taken():
    async with RawServer([packed(b"x" * 1024)]) as server, client(http_max_bytes=1024) as http:
        assert len((await http.request("GET", server.url(), provider="p")).content) == 1024


async def test_an_encoding_that_was_not_asked_for_is_refused():
    async with RawServer([answer(200, b"x", content_encoding="br")]) as server, client() as http:
        assert (await fail(http, server.url())).code == "unknown_encoding"


async def test_a_service_that_does_not_answer_is_a_timeout():
    async with RawServer([lambda _: None]) as server, client() as http:
        error = await fail(http, server.url(), timeout=0.05, retry=False)
    assert (error.code, error.permanent) == ("timeout", False)


async def test_the_deadline_counts_a_body_that_drips():
    async def drip(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b"x")
            await asyncio.sleep(0.02)
            if writer.is_closing():
                break

    async with TcpServer(drip) as url, client() as http:
        error = await fail(http, url, timeout=0.2, retry=False)
    assert error.code == "timeout"


async def test_a_closed_port_cannot_be_reached():
    async with RawServer([answer()]) as server:
        url = server.url()
    async with client() as http:
        error = await fail(http, url, retry=False)
    assert (error.code, error.permanent) == ("connect_failed", False)


async def test_a_server_without_tls_is_not_reached_over_https():
    async def plain(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with TcpServer(plain) as url, client() as http:
        error = await fail(http, url.replace("http:", "https:"), retry=False)
    assert (error.code, error.permanent) == ("connect_failed", False)


async def test_private_addresses_are_refused_without_a_connection():
    async with RawServer([answer()]) as server, client(allowed=()) as http:
        error = await fail(http, server.url())
    assert isinstance(error, AddressRefusedError)
    assert (error.permanent, error.provider, server.seen) == (True, "omnisend", [])


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "javascript:1", "//example.com/",
        "http://", "example.com", "", "http://[::1", "http://a:99999/", "http://example.com:22/", "http://x:5432/",
        "unix:///run/docker.sock", "http://127.0.0.1:8080/", "http://2130706433:8080/", "http://0x7f000001/",
        "http://0177.0.0.1/", "http://127.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/", "http://169.254.169.254/latest/meta-data/", "http://localhost/", "http://0/",
        "http://user@127.0.0.1/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/", "http://127。0。0。1/",
        "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://[fe80::1]/",
        "http://[fc00::1]/", "http://[::]/", "http://0.0.0.0/", "http://[2001::1]/", "http://224.0.0.1/", "http://240.0.0.1/",
    ],
)  # fmt: skip
async def test_every_form_of_an_address_that_leads_inside_is_refused(url):
    async with client(allowed=()) as http:
        error = await fail(http, url, retry=False)
    assert error.code in {"address_refused", "host_unknown"}
    if error.code == "host_unknown":
        assert "。" in url


async def test_redirects_are_not_followed_unless_asked():
    async with RawServer([answer(302, location="/next"), answer(200, b"there")]) as server, client() as http:
        error = await fail(http, server.url())
        assert (error.code, error.permanent) == ("redirect_refused", True)
        server.seen.clear()
        reply = await http.request("GET", server.url(), provider="p", redirects=1)
    assert reply.content == b"there"
    assert server.seen[1].target == "/next"


async def test_a_redirect_to_an_inner_address_is_refused_at_its_hop():
    async with RawServer([answer(302, location="http://169.254.169.254/latest")]) as server, client() as http:
        error = await fail(http, server.url(), redirects=5)
    assert error.code == "address_refused"


async def test_a_redirect_to_another_scheme_is_refused():
    async with RawServer([answer(302, location="file:///etc/passwd")]) as server, client() as http:
        assert (await fail(http, server.url(), redirects=5)).code == "address_refused"


async def test_logins_do_not_follow_to_another_origin():
    async with RawServer([answer(200)]) as other:
        moved = answer(302, location=other.url("/x"))
        async with RawServer([moved]) as server, client() as http:
            headers = {"Authorization": "Bearer abc", "X-Api-Key": "k", "Accept": "text/html"}
            await http.request("GET", server.url(), provider="p", headers=headers, redirects=1)
    assert server.seen[0].headers["authorization"] == "Bearer abc"
    assert "authorization" not in other.seen[0].headers
    assert "x-api-key" not in other.seen[0].headers
    assert other.seen[0].headers["accept"] == "text/html"


async def test_redirect_loops_end():
    async with RawServer([answer(302, location="/")]) as server, client() as http:
        assert (await fail(http, server.url(), redirects=4)).code == "redirect_refused"
    assert len(server.seen) == 5


async def test_an_accepted_status_is_an_answer():
    async with RawServer([answer(404, b"gone")]) as server, client() as http:
        reply = await http.request("GET", server.url(), provider="p", accept=(404,))
    assert (reply.status, reply.content) == (404, b"gone")


async def test_errors_never_show_secrets_of_the_address():
    path = "/api/webhooks/123456/s3cretWebhookToken?api_key=s3cretKey"
    async with RawServer([answer(404)]) as server, client() as http:
        url = server.url(path).replace("http://", "http://user:s3cretPass@")
        error = await fail(http, url)
    assert "s3cret" not in error.detail
    assert "api_key=***" in error.detail


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    async with RawServer([answer(200)]) as server, client() as http:
        assert (await http.request("GET", server.url(), provider="p")).status == 200


async def test_wrong_json_is_a_temporary_error():
    async with RawServer([answer(200, b"<html>")]) as server, client() as http:
        reply = await http.request("GET", server.url(), provider="omnisend")
    for exact in (False, True):
        with pytest.raises(ExternalError, match="not JSON") as caught:
            reply.json(exact=exact)
        assert not caught.value.permanent


async def test_a_head_request_has_no_body_though_a_length_is_told():
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\nconnection: close\r\n\r\n"
    async with RawServer([raw]) as server, client() as http:
        assert (await http.request("HEAD", server.url(), provider="p")).content == b""


async def test_many_requests_at_once_and_a_cancelled_one_leave_the_client_whole():
    asked = asyncio.Event()

    def never(_: object) -> None:
        asked.set()

    async with RawServer([never, answer(200, b"x" * 10_000)]) as server, client() as http:
        waiting = asyncio.create_task(http.request("GET", server.url("/slow"), provider="p"))
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        answers = await asyncio.gather(*(http.request("GET", server.url(), provider="p") for _ in range(150)))
    assert {len(reply.content) for reply in answers} == {10_000}
