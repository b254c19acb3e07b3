"""Discord: what is accepted, what is refused and in which words, and what a nonce prevents."""

import pytest

from belvedere.sandbox.clients import (
    AGENCY_CHANNEL_ID,
    DISCORD_BOT_TOKEN,
    FORBIDDEN_CHANNEL_ID,
    GUILD_ID,
    SANDBOX_CLIENTS,
    TEAM_ROLE_ID,
    TEAM_USER_IDS,
)
from belvedere.sandbox.discord_rules import check_message, embed_length
from belvedere.sandbox.service import SandboxOptions, run_sandbox

BRANDT = SANDBOX_CLIENTS[0]
BOT = {"Authorization": f"Bot {DISCORD_BOT_TOKEN}"}
API = "/discord/api/v10"
MESSAGES = f"{API}/channels/{BRANDT.discord_channel_id}/messages"
HOOK = f"{API}/webhooks/{BRANDT.discord_webhook_id}/{BRANDT.discord_webhook_token}"


async def test_a_message_is_stored_read_back_and_edited(web):
    posted = (await web.post(MESSAGES, headers=BOT, json={"content": "Öffnungsrate fiel"})).json()
    assert posted["content"] == "Öffnungsrate fiel"
    edited = await web.patch(f"{MESSAGES}/{posted['id']}", headers=BOT, json={"content": "behoben"})
    assert edited.json()["edited_timestamp"]
    read = (await web.get(f"{MESSAGES}/{posted['id']}", headers=BOT)).json()
    assert read["content"] == "behoben"
    assert [one["id"] for one in (await web.get(MESSAGES, headers=BOT)).json()] == [posted["id"]]


async def test_an_enforced_nonce_returns_the_first_message_and_has_one_effect(web, sandbox):
    body = {"content": "first", "nonce": "alert-1", "enforce_nonce": True}
    first = (await web.post(MESSAGES, headers=BOT, json=body)).json()
    again = (await web.post(MESSAGES, headers=BOT, json={**body, "content": "second"})).json()
    assert again == first
    ledger = sandbox.sandbox.ledger
    assert ledger.effects("discord.message", "alert-1") == 1
    assert ledger.attempts["discord.message", "alert-1"] == 2


async def test_a_nonce_that_is_not_enforced_or_belongs_to_another_channel_prevents_nothing(web, sandbox):
    body = {"content": "x", "nonce": 7, "enforce_nonce": True}
    await web.post(MESSAGES, headers=BOT, json=body)
    await web.post(MESSAGES, headers=BOT, json={**body, "enforce_nonce": False})
    await web.post(f"{API}/channels/{AGENCY_CHANNEL_ID}/messages", headers=BOT, json=body)
    assert sandbox.sandbox.ledger.totals()["discord.message"] == {
        "effects": 3,
        "keys": 1,
        "doubled": 1,
        "without_key": 0,
        "attempts": 3,
    }


async def test_a_nonce_is_forgotten_after_some_minutes(web, sandbox):
    body = {"content": "x", "nonce": "n", "enforce_nonce": True}
    first = (await web.post(MESSAGES, headers=BOT, json=body)).json()
    before = sandbox.sandbox.monotonic
    sandbox.sandbox.monotonic = lambda: before() + 301
    assert (await web.post(MESSAGES, headers=BOT, json=body)).json()["id"] != first["id"]


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (MESSAGES, {}, 401, 0),
        (MESSAGES, {"Authorization": "Bot wrong"}, 401, 0),
        (f"{API}/channels/{FORBIDDEN_CHANNEL_ID}/messages", BOT, 403, 50001),
        (f"{API}/channels/42/messages", BOT, 404, 10003),
        (f"{API}/webhooks/42/token", {}, 404, 10015),
        (f"{API}/webhooks/{BRANDT.discord_webhook_id}/wrong", {}, 401, 50027),
        (f"{API}/nothing", BOT, 404, 0),
    ],
)
async def test_refusals_carry_the_codes_of_discord(web, path, headers, status, code):
    answer = await web.post(path, headers=headers, json={"content": "x"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_too_long_content_is_refused_with_the_tree_of_errors(web):
    answer = await web.post(MESSAGES, headers=BOT, json={"content": "x" * 2001})
    assert answer.status_code == 400
    assert answer.json() == {
        "message": "Invalid Form Body",
        "code": 50035,
        "errors": {
            "content": {
                "_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]
            }
        },
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"embeds": [{"description": "x" * 4097}]}, ["embeds", "0", "description"]),
        (
            {"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]},
            ["embeds", "0", "fields", "0", "value"],
        ),
        ({"embeds": [{"fields": [{"name": "n", "value": ""}]}]}, ["embeds", "0", "fields", "0", "value"]),
        ({"embeds": [{"description": "x" * 3001}] * 2}, ["embeds"]),
        ({"embeds": [{"title": "t"}] * 11}, ["embeds"]),
        ({"content": "x", "nonce": "n" * 26}, ["nonce"]),
        ({"embeds": [{"title": "t", "color": 0x1000000}]}, ["embeds", "0", "color"]),
    ],
)
def test_each_limit_is_named_where_it_was_passed(body, where):
    found = check_message(body)
    for step in where:
        found = found[step]
    assert found["_errors"]


def test_a_message_at_every_limit_is_fine():
    embeds = [{"title": "t" * 256, "description": "d" * 4096}, {"description": "d" * 1648}]
    assert sum(embed_length(embed) for embed in embeds) == 6000
    assert check_message({"content": "c" * 2000, "nonce": "n" * 25, "embeds": embeds}) == {}


async def test_an_empty_message_and_broken_json_are_refused(web):
    assert (await web.post(MESSAGES, headers=BOT, json={})).json()["code"] == 50006
    assert (await web.post(MESSAGES, headers=BOT, content=b"{")).json()["code"] == 50109
    assert (await web.post(MESSAGES, headers=BOT, json=[1])).json()["code"] == 50109


async def test_a_webhook_answers_with_the_message_only_when_asked_to_wait(web, sandbox):
    assert (await web.post(HOOK, json={"content": "a"})).status_code == 204
    waited = await web.post(f"{HOOK}?wait=true", json={"content": "b", "username": "Tower"})
    assert waited.json()["webhook_id"] == BRANDT.discord_webhook_id
    changed = await web.patch(f"{HOOK}/messages/{waited.json()['id']}", json={"content": "c"})
    assert changed.json()["content"] == "c"
    assert len(sandbox.sandbox.ledger.of_kind("discord.webhook")) == 2


async def test_files_come_as_multipart_and_can_be_fetched(web):
    files = {"files[0]": ("chart.png", b"\x89PNG...", "image/png")}
    form = {"payload_json": '{"content": "chart"}'}
    posted = (await web.post(MESSAGES, headers=BOT, data=form, files=files)).json()
    assert (await web.get(posted["attachments"][0]["url"])).content == b"\x89PNG..."


async def test_the_route_limit_is_announced_then_kept_then_lifted(web, sandbox):
    bucket = sandbox.sandbox.discord_bucket(f"messages-post:{BRANDT.discord_channel_id}")
    bucket.limit, bucket.seconds = 2, 30.0
    first, _, third = [await web.post(MESSAGES, headers=BOT, json={"content": "x"}) for _ in range(3)]
    assert first.headers["X-RateLimit-Limit"] == "2"
    assert first.headers["X-RateLimit-Remaining"] == "1"
    assert float(first.headers["X-RateLimit-Reset-After"]) > 0
    assert third.status_code == 429
    assert third.json()["global"] is False
    assert 0 < third.json()["retry_after"] <= 30
    assert int(third.headers["Retry-After"]) >= third.json()["retry_after"]
    assert third.headers["X-RateLimit-Bucket"] == first.headers["X-RateLimit-Bucket"]
    other = await web.post(f"{API}/channels/{AGENCY_CHANNEL_ID}/messages", headers=BOT, json={"content": "x"})
    assert other.status_code == 200
    before = sandbox.sandbox.monotonic
    sandbox.sandbox.monotonic = lambda: before() + 31
    assert (await web.post(MESSAGES, headers=BOT, json={"content": "x"})).status_code == 200


async def test_the_global_limit_says_that_it_is_global(web, sandbox):
    sandbox.sandbox.discord_global.limit = 0
    sandbox.sandbox.discord_global.calls.append(sandbox.sandbox.monotonic())
    answer = await web.post(MESSAGES, headers=BOT, json={"content": "x"})
    assert answer.status_code == 429
    assert answer.json()["global"] is True
    assert answer.headers["X-RateLimit-Global"] == "true"


async def test_messages_and_nonces_survive_a_restart_with_a_state_folder(tmp_path):
    import httpx

    body = {"content": "kept", "nonce": "n-1", "enforce_nonce": True}
    ids = []
    for _ in range(2):
        running = await run_sandbox(SandboxOptions(state_dir=tmp_path))
        async with httpx.AsyncClient(base_url=running.base_url, trust_env=False) as web:
            ids.append((await web.post(MESSAGES, headers=BOT, json=body)).json()["id"])
        await running.close()
    assert ids[0] == ids[1]
    assert len((tmp_path / "ledger.jsonl").read_bytes().splitlines()) == 1


async def test_a_channels_history_comes_in_pages_of_a_hundred_both_ways(sandbox, web):
    channel = SANDBOX_CLIENTS[0].talk_channel_id
    head = {"Authorization": f"Bot {DISCORD_BOT_TOKEN}"}
    path = f"/discord/api/v10/channels/{channel}/messages"
    for minute in range(130):
        await web.post(
            f"/control/discord/channels/{channel}/messages", json={"as": "client", "hours_ago": minute / 60}
        )
    everything = sorted(int(one["id"]) for one in sandbox.sandbox.chat.channels[channel].messages)
    newest = [int(one["id"]) for one in (await web.get(f"{path}?limit=100", headers=head)).json()]
    assert newest == everything[::-1][:100]
    before = (await web.get(f"{path}?limit=100&before={newest[-1]}", headers=head)).json()
    assert int(before[0]["id"]) == everything[-101]
    after = (await web.get(f"{path}?limit=100&after={everything[4]}", headers=head)).json()
    assert [int(one["id"]) for one in after] == everything[5:105][::-1]
    assert (await web.get(f"{path}?limit=101", headers=head)).status_code == 400


async def test_the_team_is_known_by_its_role(web):
    head = {"Authorization": f"Bot {DISCORD_BOT_TOKEN}"}
    members = f"/discord/api/v10/guilds/{GUILD_ID}/members"
    assert (await web.get(f"{members}/{TEAM_USER_IDS[0]}", headers=head)).json()["roles"] == [TEAM_ROLE_ID]
    assert (await web.get(f"{members}/{SANDBOX_CLIENTS[0].people_ids[0]}", headers=head)).json()[
        "roles"
    ] == []
    assert (await web.get(f"{members}/1180000000000009999", headers=head)).status_code == 404
