"""Every way a platform can be told to fail, over real sockets."""

import asyncio

import aiosmtplib
import httpx
import pytest

from belvedere.sandbox.clients import DISCORD_BOT_TOKEN, SANDBOX_CLIENTS
from belvedere.sandbox.service import SandboxOptions, run_sandbox
from tests.sandbox.readers import read_2026, read_v3, read_v5
from tests.sandbox.test_mail import alert_mail, send

BRANDT, MARLOW, TIDEWATER = SANDBOX_CLIENTS
OLD = {"X-API-KEY": BRANDT.omnisend_key}
NEW = {"Omnisend-Version": "2026-03-15", "Authorization": f"Omnisend-API-Key {TIDEWATER.omnisend_key}"}
SHOPIFY = {"X-Shopify-Access-Token": BRANDT.shopify_token}
BOT = {"Authorization": f"Bot {DISCORD_BOT_TOKEN}"}
CAMPAIGNS = "/omnisend/v3/campaigns"
THEMES = f"/shopify/{BRANDT.shopify_shop}/admin/api/2026-10/themes.json"
GRAPHQL = f"/shopify/{BRANDT.shopify_shop}/admin/api/2026-10/graphql.json"
MESSAGES = f"/discord/api/v10/channels/{BRANDT.discord_channel_id}/messages"
REPORT = "/shop/brandt/reports/conversion"


async def arm(web: httpx.AsyncClient, target: str, mode: str, **more: object) -> None:
    answer = await web.post("/control/misbehave", json={"target": target, "mode": mode, **more})
    assert answer.status_code == 200, answer.text


async def test_429_is_said_in_the_words_of_each_platform(web):
    for target in ("omnisend", "shopify", "discord", "shop", "hooks"):
        await arm(web, target, "429", retry_after=3)
    old = await web.get(CAMPAIGNS, headers=OLD)
    assert (old.status_code, "retry-after" in old.headers) == (429, False)
    assert (await web.get("/omnisend/api/campaigns", headers=NEW)).json()["retryAfter"] == 3
    assert (await web.get(THEMES, headers=SHOPIFY)).headers["Retry-After"] == "2.0"
    graph = await web.post(GRAPHQL, headers=SHOPIFY, json={"query": "{ themes { edges { node { id } } } }"})
    assert graph.status_code == 200
    assert graph.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
    chat = await web.post(MESSAGES, headers=BOT, json={"content": "x"})
    assert (chat.status_code, chat.json()["retry_after"], chat.headers["Retry-After"]) == (429, 3.0, "3")
    assert (await web.get(REPORT)).headers["Retry-After"] == "3"
    assert (await web.post("/hooks/x", json={})).status_code == 429


async def test_a_global_429_of_discord_carries_the_flag(web):
    await arm(web, "discord", "429", **{"global": True, "times": 1})
    answer = await web.post(MESSAGES, headers=BOT, json={"content": "x"})
    assert answer.json()["global"] is True
    assert answer.headers["X-RateLimit-Global"] == "true"


async def test_500_and_auth_are_answers_of_the_platform(web):
    for mode, status in (("500", 500), ("auth", 401), ("reject", 403)):
        for target in ("omnisend", "shopify", "discord"):
            await arm(web, target, mode, times=1)
        assert (await web.get(CAMPAIGNS, headers=OLD)).status_code == status
        assert (await web.get(THEMES, headers=SHOPIFY)).status_code == status
        assert (await web.post(MESSAGES, headers=BOT, json={"content": "x"})).status_code == status
    await arm(web, "omnisend", "500", times=1)
    assert (await web.get("/omnisend/api/campaigns", headers=NEW)).json()["status"] == 500


async def test_a_fault_ends_after_its_times_and_touches_only_its_address(web):
    await arm(web, "omnisend", "500", times=2, path_contains="automations")
    got = [
        (await web.get(path, headers=OLD)).status_code
        for path in (CAMPAIGNS, *["/omnisend/v3/automations"] * 3, CAMPAIGNS)
    ]
    assert got == [200, 500, 500, 200, 200]


async def test_none_clears_a_platform(web):
    await arm(web, "omnisend", "500")
    assert (await web.get(CAMPAIGNS, headers=OLD)).status_code == 500
    await arm(web, "omnisend", "none")
    assert (await web.get(CAMPAIGNS, headers=OLD)).status_code == 200


async def test_timeout_says_nothing_and_changes_nothing(web, sandbox):
    await arm(web, "discord", "timeout", times=1)
    with pytest.raises(httpx.ReadTimeout):
        await web.post(MESSAGES, headers=BOT, json={"content": "x"}, timeout=0.3)
    assert sandbox.sandbox.ledger.entries == []


async def test_accept_then_timeout_says_nothing_but_did_it_and_a_retry_with_the_nonce_is_one_effect(
    web, sandbox
):
    body = {"content": "x", "nonce": "n1", "enforce_nonce": True}
    await arm(web, "discord", "accept_then_timeout", times=1)
    with pytest.raises(httpx.ReadTimeout):
        await web.post(MESSAGES, headers=BOT, json=body, timeout=0.5)
    assert (await web.post(MESSAGES, headers=BOT, json=body)).status_code == 200
    assert sandbox.sandbox.ledger.effects("discord.message", "n1") == 1


async def test_a_silence_that_is_over_ends_in_a_gateway_timeout(web):
    await arm(web, "shop", "timeout", times=1, seconds=0.1)
    assert (await web.get(REPORT)).status_code == 504


async def test_truncated_breaks_off_in_the_middle_of_the_body(web):
    for target, path, headers in (
        ("omnisend", CAMPAIGNS, OLD),
        ("shopify", THEMES, SHOPIFY),
        ("shop", REPORT, {}),
    ):
        await arm(web, target, "truncated", times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await web.get(path, headers=headers)
        assert (await web.get(path, headers=headers)).status_code == 200


@pytest.mark.parametrize("read", [read_v3, read_v5, read_2026])
async def test_duplicate_pages_repeat_records_and_lose_none(web, sandbox, read):
    await arm(web, "omnisend", "duplicate_pages")
    ids = await read(web, MARLOW.omnisend_key, 20)
    known = {one.id for one in sandbox.sandbox.world.shops["marlow"].campaigns}
    assert set(ids) == known
    assert len(ids) > len(known)


@pytest.mark.parametrize("read", [read_v3, read_v5, read_2026])
async def test_reordered_pages_give_every_record_once_in_another_order(web, read):
    right = await read(web, MARLOW.omnisend_key, 20)
    await arm(web, "omnisend", "reordered_pages")
    wrong = await read(web, MARLOW.omnisend_key, 20)
    assert wrong != right
    assert sorted(wrong) == sorted(right)


@pytest.mark.parametrize("read", [read_v3, read_v5, read_2026])
async def test_empty_is_a_well_formed_answer_with_nothing_in_it(web, read):
    await arm(web, "omnisend", "empty")
    assert await read(web, MARLOW.omnisend_key, 20) == []


async def test_empty_and_garbage_elsewhere(web):
    for target in ("shopify", "discord", "shop"):
        await arm(web, target, "empty", times=1)
    assert (await web.get(THEMES, headers=SHOPIFY)).json() == {"themes": []}
    assert (await web.post(MESSAGES, headers=BOT, json={"content": "x"})).content == b""
    assert "<tbody>" not in (await web.get(REPORT)).text
    for target, path, headers in (
        ("omnisend", CAMPAIGNS, OLD),
        ("shopify", THEMES, SHOPIFY),
        ("shop", REPORT, {}),
    ):
        await arm(web, target, "garbage", times=1)
        answer = await web.get(path, headers=headers)
        assert answer.status_code == 200
        with pytest.raises(ValueError, match=r".+"):
            answer.json()


@pytest.mark.parametrize(("mode", "code"), [("429", 451), ("500", 451), ("reject", 550), ("empty", 451)])
async def test_the_mail_server_refuses_temporarily_or_for_good(web, sandbox, mode, code):
    await arm(web, "smtp", mode, times=1)
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(sandbox, alert_mail())
    assert refused.value.code == code
    assert await send(sandbox, alert_mail())
    assert len(sandbox.sandbox.mailbox.mails) == 1


async def test_the_mail_server_can_refuse_a_right_login(web, sandbox):
    options = sandbox.sandbox.options
    await arm(web, "smtp", "auth", times=1)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send(sandbox, alert_mail(), (options.smtp_username, options.smtp_password))
    assert await send(sandbox, alert_mail(), (options.smtp_username, options.smtp_password))


@pytest.mark.parametrize(("mode", "kept"), [("truncated", 0), ("timeout", 0), ("accept_then_timeout", 1)])
async def test_the_mail_connection_breaks_off_before_or_after_the_message_was_taken(web, sandbox, mode, kept):
    await arm(web, "smtp", mode, times=1, seconds=0.05)
    with pytest.raises((aiosmtplib.SMTPException, ConnectionError)):
        await send(sandbox, alert_mail())
    assert len(sandbox.sandbox.mailbox.mails) == kept


async def test_garbage_from_the_mail_server_is_no_smtp_reply(web, sandbox):
    await arm(web, "smtp", "garbage", times=1)
    with pytest.raises(aiosmtplib.SMTPException):
        await send(sandbox, alert_mail())


async def test_an_unknown_word_is_answered_with_the_known_ones(web):
    answer = await web.post("/control/misbehave", json={"target": "omnisend", "mode": "explode"})
    assert answer.status_code == 422
    assert "accept_then_timeout" in answer.json()["detail"]
    wrong = await web.post("/control/misbehave", json={"target": "shop", "mode": "500", "times": "often"})
    assert wrong.status_code == 422


async def test_closing_releases_a_request_that_is_held_in_silence():
    running = await run_sandbox(SandboxOptions())
    async with httpx.AsyncClient(base_url=running.base_url, trust_env=False, timeout=30) as web:
        await arm(web, "shop", "timeout")
        held = asyncio.create_task(web.get(REPORT))
        while not running.sandbox.faults.faults[0].used:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(running.close(), 10)
        await asyncio.gather(held, return_exceptions=True)
