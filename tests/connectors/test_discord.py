import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from belvedere.connectors.contracts import SendError
from belvedere.connectors.discord import message as limits
from belvedere.connectors.discord.client import DiscordClient
from belvedere.connectors.discord.message import DiscordMessage, Embed, fit, nonce_of, payload
from belvedere.core.egress import HttpClient
from belvedere.core.errors import Invalid
from belvedere.core.settings import Settings

from .conftest import LOOPBACK

CHANNEL, HOOK = "1180000000000000101", "1180000000000000201"
HELLO = DiscordMessage("Hello @everyone", (Embed(title="Low open rate"),))


class Discord:
    def __init__(self, status=200, body=None, headers=None):
        self.status, self.body, self.headers, self.calls = status, body, headers, []
        paths = [
            "/channels/{c}/messages",
            "/channels/{c}/messages/{m}",
            "/webhooks/{i}/{t}",
            "/webhooks/{i}/{t}/messages/{m}",
        ]
        self.app = Starlette(routes=[Route(path, self.answer, methods=["POST", "PATCH"]) for path in paths])

    async def answer(self, request):
        self.calls.append(
            (
                request.method,
                str(request.url.path),
                dict(request.query_params),
                dict(request.headers),
                await request.json(),
            )
        )
        if self.status == 0:
            await asyncio.sleep(0.6)
        if self.status == -1:
            return Response(b'{"id": "1', media_type="application/json")
        return JSONResponse(
            self.body or {"id": "42", "channel_id": CHANNEL}, self.status or 200, self.headers
        )


async def test_a_bot_message_carries_nonce_and_rings_nobody(serve, http):
    discord = Discord()
    client = DiscordClient(http, await serve(discord.app))
    sent = await client.send_to_channel("tok", CHANNEL, HELLO, nonce=nonce_of("delivery-1"))
    assert (sent.message_id, sent.channel_id) == ("42", CHANNEL)
    method, path, _, headers, body = discord.calls[0]
    assert (method, path) == ("POST", f"/channels/{CHANNEL}/messages")
    assert headers["authorization"] == "Bot tok"
    assert body["enforce_nonce"] is True
    assert len(body["nonce"]) == 25
    assert body["allowed_mentions"] == {"parse": []}


async def test_a_webhook_waits_for_its_receipt_and_edits_its_message(serve, http):
    discord = Discord()
    root = await serve(discord.app)
    client = DiscordClient(http, root)
    url = f"{root}/webhooks/{HOOK}/a-token-of-it"
    await client.send_to_webhook(url, HELLO)
    await client.edit_by_webhook(url, "4200000", HELLO)
    await client.edit_in_channel("tok", CHANNEL, "4200000", HELLO)
    assert discord.calls[0][2] == {"wait": "true"}
    assert discord.calls[1][:2] == ("PATCH", f"/webhooks/{HOOK}/a-token-of-it/messages/4200000")
    assert discord.calls[2][:2] == ("PATCH", f"/channels/{CHANNEL}/messages/4200000")


@pytest.mark.parametrize(
    ("status", "permanent", "words"),
    [
        (401, True, "bot token"),
        (403, True, "Send Messages"),
        (404, True, "no such channel"),
        (400, True, "refused"),
        (500, False, "trouble"),
    ],
)
async def test_refusals_say_what_to_do(serve, http, status, permanent, words):
    discord = Discord(status, {"message": "Missing Access", "code": 50001})
    client = DiscordClient(http, await serve(discord.app))
    with pytest.raises(SendError, match=words) as failure:
        await client.send_to_channel("tok", CHANNEL, HELLO, nonce="n")
    assert failure.value.permanent is permanent
    assert failure.value.outcome_known
    assert "Missing Access" in failure.value.detail
    assert len(discord.calls) == 1


async def test_a_rate_limit_tells_when_to_come_back(serve, http):
    discord = Discord(
        429, {"message": "limited", "retry_after": 1.337, "global": False}, {"Retry-After": "2"}
    )
    client = DiscordClient(http, await serve(discord.app))
    with pytest.raises(SendError) as failure:
        await client.send_to_channel("tok", CHANNEL, HELLO, nonce="n")
    assert (failure.value.permanent, failure.value.retry_after, failure.value.outcome_known) == (
        False,
        1.337,
        True,
    )


@pytest.mark.parametrize("status", [0, -1, 504])
async def test_a_lost_answer_leaves_the_outcome_open(serve, status):
    discord = Discord(status)
    root = await serve(discord.app)
    async with HttpClient(Settings(allow_private_networks=LOOPBACK, http_timeout_seconds=0.3)) as http:
        with pytest.raises(SendError) as failure:
            await DiscordClient(http, root).send_to_webhook(f"{root}/webhooks/{HOOK}/a-token-of-it", HELLO)
    assert not failure.value.outcome_known
    assert not failure.value.permanent
    assert len(discord.calls) == 1


async def test_a_closed_door_is_known_not_to_have_taken_anything(http):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(SendError) as failure:
        await DiscordClient(http, root).send_to_channel("tok", CHANNEL, HELLO, nonce="n")
    assert failure.value.outcome_known
    assert not failure.value.permanent


async def test_wrong_ids_and_addresses_never_leave_the_house(http):
    client = DiscordClient(http, "http://127.0.0.1:9")
    for identity in ("../users/@me", "abc", ""):
        with pytest.raises(Invalid):
            await client.send_to_channel("tok", identity, HELLO, nonce="n")
    for url in (
        "https://discord.com/api/webhooks/x/y",
        "https://example.com/",
        f"ftp://d/webhooks/{HOOK}/tokentoken",
    ):
        with pytest.raises(Invalid):
            await client.send_to_webhook(url, HELLO)
    with pytest.raises(SendError, match="no Discord bot token"):
        await client.send_to_channel("", CHANNEL, HELLO, nonce="n")


TEXT = st.text(max_size=40) | st.integers(0, 7000).map(lambda size: "x" * size)
EMBED = st.builds(
    Embed,
    title=TEXT,
    description=TEXT,
    footer=TEXT,
    fields=st.lists(st.tuples(TEXT, TEXT), max_size=30).map(tuple),
)


@given(
    TEXT, st.lists(EMBED, max_size=14).map(tuple), st.none() | st.just("https://belvedere.example/alerts/1")
)
def test_every_message_fits_all_limits_item_25(content, embeds, link):
    fitted = fit(DiscordMessage(content, embeds, link))
    assert len(fitted.content) <= limits.MAX_CONTENT
    assert len(fitted.embeds) <= limits.MAX_EMBEDS
    assert sum(embed.size() for embed in fitted.embeds) <= limits.MAX_TOTAL
    for embed in fitted.embeds:
        assert len(embed.title) <= limits.MAX_TITLE
        assert len(embed.description) <= limits.MAX_DESCRIPTION
        assert len(embed.footer) <= limits.MAX_FOOTER
        assert len(embed.fields) <= limits.MAX_FIELDS
        assert all(0 < len(name) <= limits.MAX_FIELD_NAME for name, _ in embed.fields)
        assert all(0 < len(value) <= limits.MAX_FIELD_VALUE for _, value in embed.fields)


def test_what_is_cut_points_to_the_whole_item_25():
    link = "https://belvedere.example/alerts/1"
    long = fit(DiscordMessage("", (Embed(title="t", description="x" * 5000),), link))
    assert long.embeds[0].description.endswith(link)
    many = fit(DiscordMessage("", tuple(Embed(title=f"Alert {n}") for n in range(14)), link))
    assert len(many.embeds) == 10
    assert many.content == f"… and 4 more: {link}"
    fields = fit(
        DiscordMessage("", (Embed(title="t", fields=tuple((f"n{n}", "v") for n in range(40))),), link)
    )
    assert fields.embeds[0].fields[-1] == ("…", f"and 16 more: {link}")


def test_a_message_that_fits_is_sent_as_it_is():
    body = payload(DiscordMessage("hi", (Embed(title="t", color=0, fields=(("a", "b"),)),)))
    assert body["content"] == "hi"
    assert body["embeds"] == [
        {"title": "t", "color": 0, "fields": [{"name": "a", "value": "b", "inline": True}]}
    ]
