"""Time, figures, starting over: a change is seen by the next read. And the pages for people."""

import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from belvedere.core.errors import SetupError
from belvedere.sandbox.clients import DISCORD_BOT_TOKEN, SANDBOX_CLIENTS
from belvedere.sandbox.ledger import Ledger
from belvedere.sandbox.seeding import build_world
from belvedere.sandbox.service import SandboxOptions, announcement, run_sandbox

BRANDT, MARLOW, TIDEWATER = SANDBOX_CLIENTS
KEY = {"X-API-KEY": BRANDT.omnisend_key}
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def test_the_same_seed_and_moment_give_the_same_world_and_another_seed_another():
    assert build_world(7, NOW) == build_world(7, NOW + timedelta(seconds=30))
    assert build_world(7, NOW).shops != build_world(8, NOW).shops


async def campaigns(web: httpx.AsyncClient) -> dict[str, dict]:
    answer = await web.get("/omnisend/v3/campaigns?limit=250", headers=KEY)
    return {row["campaignID"]: row for row in answer.json()["campaign"]}


async def test_time_passes_and_the_next_read_sees_it(web, sandbox):
    before = await campaigns(web)
    shop = sandbox.sandbox.world.shops["brandt"]
    main, cvr = shop.main_theme.name, shop.periods[0].percent
    answer = (await web.post("/control/advance", json={"days": 1})).json()
    happened = {change["what"] for change in answer["changes"] if change["client"] == "brandt"}
    assert happened == {"counts_grew", "campaign_paused", "campaign_sent", "theme_published", "cvr_fell"}
    after = await campaigns(web)
    assert all(after[one]["opened"] >= before[one]["opened"] for one in before)
    assert sum(row["opened"] for row in after.values()) > sum(row["opened"] for row in before.values())
    turned = {before[one]["status"] + ">" + after[one]["status"] for one in before}
    assert turned == {"draft>draft", "scheduled>sent", "inProgress>paused", "paused>paused", "sent>sent"}
    assert shop.main_theme.name != main
    assert shop.periods[0].percent < 0.7 * cvr
    html = (await web.get("/shop/brandt/reports/conversion")).text
    assert f"{shop.periods[0].percent:.2f}".replace(".", ",") in html


async def test_time_can_pass_for_one_client_and_over_weeks(web, sandbox):
    other = sandbox.sandbox.world.shops["marlow"].main_theme.name
    await web.post("/control/advance", json={"days": 14, "client": "brandt"})
    assert sandbox.sandbox.world.shops["marlow"].main_theme.name == other
    starts = [period.starts_on for period in sandbox.sandbox.world.shops["brandt"].periods]
    assert len(starts) == 14
    assert {first - second for first, second in pairwise(starts)} == {timedelta(weeks=1)}
    assert (await web.post("/control/advance", json={"days": 0})).status_code == 422
    assert (await web.post("/control/advance", json={"days": "soon"})).status_code == 422
    assert (await web.post("/control/advance", json={"client": "nobody"})).status_code == 404


async def test_a_campaign_sent_after_time_was_moved_stands_in_the_report_up_to_now(web, sandbox):
    waiting = next(
        one for one in sandbox.sandbox.world.shops["tidewater"].campaigns if one.status == "scheduled"
    )
    await web.post("/control/advance", json={"days": 400 - 40})
    headers = {
        "Omnisend-Version": "2026-03-15",
        "Authorization": f"Omnisend-API-Key {TIDEWATER.omnisend_key}",
    }
    span = {"from": "2025-01-01T00:00:00Z", "to": datetime.now(UTC).isoformat()}
    query = {"metrics": [{"name": "sent"}], "dateRange": span, "dimensions": [{"name": "activity"}]}
    query["filters"] = [{"name": "activity", "operator": "in", "values": [waiting.id]}]
    sandbox.sandbox.clock = lambda: datetime.now(UTC)
    answer = await web.post("/omnisend/api/analytics/reports", headers=headers, json={"queries": [query]})
    assert answer.json()["reports"][0]["rows"][0]["sent"] == waiting.audience


async def test_one_figure_can_be_set(web, sandbox):
    shop = sandbox.sandbox.world.shops["brandt"]
    one = shop.campaigns[8]
    path = f"/control/omnisend/brandt/campaigns/{one.id}"
    assert (await web.patch(path, json={"opened": 3, "status": "paused"})).json()["opened"] == 3
    read = (await campaigns(web))[one.id]
    assert (read["opened"], read["status"]) == (3, "paused")
    for wrong in ({"opened": -1}, {"status": "dancing"}, {"colour": "red"}, {"sent": True}):
        assert (await web.patch(path, json=wrong)).status_code == 422
    assert (await web.patch("/control/omnisend/brandt/campaigns/0", json={})).status_code == 404
    theme = shop.themes[1].id
    await web.put("/control/shopify/brandt/themes/main", json={"theme_id": theme})
    assert [one.role for one in shop.themes] == ["unpublished", "main", "demo", "unpublished"]
    assert (
        await web.put("/control/shopify/brandt/themes/main", json={"theme_id": shop.themes[2].id})
    ).status_code == 422
    assert (await web.put("/control/shop/brandt/cvr", json={"cvr": 1.4})).json()["cvr"] == pytest.approx(
        1.4, abs=0.01
    )
    assert (await web.put("/control/shop/brandt/cvr", json={"cvr": "much"})).status_code == 422


async def test_a_channel_can_die_and_come_back(web):
    channel = BRANDT.discord_channel_id
    post = {"url": f"/discord/api/v10/channels/{channel}/messages", "json": {"content": "x"}}
    headers = {"Authorization": f"Bot {DISCORD_BOT_TOKEN}"}
    got = []
    for access in ("gone", "forbidden", "ok"):
        await web.patch(f"/control/discord/channels/{channel}", json={"access": access})
        got.append((await web.post(**post, headers=headers)).status_code)
    assert got == [404, 403, 200]


async def test_state_tells_every_key_and_address(web):
    state = (await web.get("/control/state")).json()
    assert [client["omnisend_key"] for client in state["clients"]] == [
        "sandbox-brandt-key",
        "sandbox-marlow-key",
        "sandbox-tidewater-key",
    ]
    for name in ("index", "mail", "discord", "control", "ledger"):
        assert (await web.get(state["addresses"][name])).status_code == 200
    for client in state["clients"]:
        assert client["report"]["period_heading"] in (await web.get(client["report"]["url"])).text


async def test_reset_forgets_everything_but_the_seed(web, sandbox):
    fresh = await campaigns(web)
    await web.post("/control/advance", json={})
    await web.post("/hooks/orders", json={})
    await web.post("/control/misbehave", json={"target": "shop", "mode": "500"})
    await web.post("/control/reset")
    assert await campaigns(web) == fresh
    assert (await web.get("/ledger.json")).json() == {"entries": [], "totals": {}}
    assert (await web.get("/shop/brandt/")).status_code == 200
    await web.post("/control/reset", json={"seed": 99})
    assert (await campaigns(web)).keys() != fresh.keys()


async def test_a_webhook_with_a_key_has_one_effect(web):
    for _ in range(2):
        answer = await web.post("/hooks/alerts", json={"a": 1}, headers={"webhook-id": "msg_1"})
        assert answer.status_code == 202
    assert answer.json()["duplicate"] is True
    totals = (await web.get("/ledger.json?kind=webhook")).json()["totals"]["webhook"]
    assert (totals["effects"], totals["attempts"]) == (1, 2)


def test_a_ledger_line_cut_by_a_kill_is_dropped_and_the_rest_is_kept(tmp_path):
    book = Ledger(tmp_path)
    book.append("mail", "<1>", "anna", "one", NOW, {})
    book.append("mail", "<2>", "anna", "two", NOW, {})
    book.close()
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    again = Ledger(tmp_path)
    assert [entry.key for entry in again.entries] == ["<1>"]
    again.append("mail", "<3>", "anna", "three", NOW, {})
    again.close()
    assert [entry.key for entry in Ledger(tmp_path).entries] == ["<1>", "<3>"]


@pytest.mark.parametrize(
    "path", ["/", "/mail", "/discord", f"/discord/channels/{BRANDT.discord_channel_id}", "/control"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_have_an_empty_state_one_heading_and_both_themes(web, path, theme):
    page = await web.get(path, params={"theme": theme})
    assert page.text.count("<h1") == 1
    assert f'data-theme="{theme}"' in page.text
    assert "http://" not in page.text.replace(str(web.base_url).rstrip("/"), "")
    if path in {"/", "/mail"} or "channels" in path:
        assert 'class="empty"' in page.text


async def test_a_channel_shows_embeds_with_their_colour_and_escapes_what_it_shows(web):
    embed = {
        "title": "Open rate <b>",
        "description": "**9.4 %** [open](https://example.test)",
        "color": 0xC4281C,
        "fields": [{"name": "Limit", "value": "15 %", "inline": True}],
        "footer": {"text": "Kaffeehaus Brandt"},
    }
    await web.post(
        f"/discord/api/v10/channels/{BRANDT.discord_channel_id}/messages",
        headers={"Authorization": f"Bot {DISCORD_BOT_TOKEN}"},
        json={"content": "<script>x</script>", "embeds": [embed]},
    )
    page = (await web.get(f"/discord/channels/{BRANDT.discord_channel_id}")).text
    assert "border-color: #c4281c" in page
    assert "<strong>9.4 %</strong>" in page
    assert "<script>x" not in page
    assert "Open rate &lt;b&gt;" in page
    assert "Nothing has arrived yet" not in (await web.get("/")).text


async def test_forms_of_the_control_page_work_without_scripts(web, sandbox):
    answer = await web.post("/control/advance", data={"days": "2", "client": ""})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/control")
    await web.post(
        "/control/misbehave", data={"target": "shop", "mode": "500", "times": "", "path_contains": ""}
    )
    page = (await web.get("/control")).text
    assert "Armed now" in page
    assert "What happened so far" in page


async def test_a_port_in_use_a_foreign_address_and_a_bad_folder_are_said_plainly(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options in (SandboxOptions(http_port=port), SandboxOptions(smtp_port=port)):
            with pytest.raises(SetupError, match=f"{port} cannot be used"):
                await run_sandbox(options)
    with pytest.raises(SetupError, match="loopback"):
        await run_sandbox(SandboxOptions(host="0.0.0.0"))
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="ledger"):
        await run_sandbox(SandboxOptions(state_dir=tmp_path / "file" / "below"))


async def test_the_announcement_names_what_to_open_and_what_to_set(sandbox):
    lines = announcement(sandbox)
    assert f"BELVEDERE_DISCORD_BASE_URL={sandbox.base_url}/discord/api/v10" in lines
    assert f"SMTP_PORT={sandbox.smtp_port}" in lines
    await sandbox.close()
    await sandbox.close()


def test_main_serves_until_it_is_stopped(tmp_path):
    script = "from belvedere.sandbox.service import main; main()"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        first = child.stdout.readline().split()
        assert first[0] == "Sandbox"
        assert "Platforms to practise with" in httpx.get(first[1], trust_env=False).text
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    finally:
        child.kill()
        child.stdout.close()


async def test_a_line_of_curl_without_a_content_type_is_understood_as_json(web: httpx.AsyncClient):
    """`curl -d '{…}'` calls every body a form; the guide's lines are written like that."""
    curl = {"Content-Type": "application/x-www-form-urlencoded"}
    said = await web.post(
        "/control/discord/channels/brandt/messages", content='{"as": "team", "text": "Hello"}', headers=curl
    )
    assert (said.status_code, said.json()["content"]) == (200, "Hello")
    broken = await web.post(
        "/control/misbehave", content=' {"target": "discord", "mode": "nonsense"}', headers=curl
    )
    assert broken.status_code == 422
    form = await web.post("/control/advance", data={"days": "1"})
    assert (form.status_code, form.headers["location"]) == (303, "/control")
