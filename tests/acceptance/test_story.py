"""The whole story through processes: fake platforms, web server, worker; alerts in Discord, in the mailbox, in the API."""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.cli.conftest import CAMPAIGNS, OWNER, PASSWORD
from tests.cli.terminal import Terminal, healthy, until

from belvedere.main import describe_sandbox
from belvedere.sandbox.control import report_settings

SHOP = describe_sandbox()["clients"][0]


@dataclass
class Running:
    api: httpx.Client
    shell: Terminal
    platforms: httpx.Client


def platform_settings(process) -> dict[str, str]:
    """What the sandbox says on starting."""
    said: dict[str, str] = {}
    while "BELVEDERE_ALLOW_PRIVATE_NETWORKS" not in said:
        name, _, value = process.stdout.readline().strip().partition("=")
        if value:
            said[name] = value
    return said


@pytest.fixture
def running(elsewhere) -> Iterator[Running]:
    shell: Terminal = elsewhere()
    with shell.running("sandbox", "--port", "0", "--smtp-port", "0") as sandbox:
        said = platform_settings(sandbox)
        shell = shell.with_(**said, BELVEDERE_PORT="0", BELVEDERE_LOG_LEVEL="ERROR")
        created = shell.run("owner", "create", "--email", OWNER, "--password-stdin", stdin=f"{PASSWORD}\n")
        assert created.code == 0, created
        token = shell.run("token", "create", "--email", OWNER, "--json").json["token"]
        with shell.running("up", "--no-open") as process:
            address = process.stdout.readline().split()[3]
            until(lambda: healthy(address), "a healthy answer")
            with (
                httpx.Client(
                    base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=20
                ) as api,
                httpx.Client(
                    base_url=said["BELVEDERE_OMNISEND_BASE_URL"].rpartition("/")[0], timeout=20
                ) as platforms,
            ):
                yield Running(api, shell, platforms)


def post(api: httpx.Client, path: str, body: dict[str, object]) -> dict[str, object]:
    answer = api.post(path, json=body)
    assert answer.status_code in (201, 202), (path, answer.status_code, answer.text)
    return answer.json()


def find_source(api: httpx.Client, provider: str, endpoint: str) -> str:
    sources = api.get("/sources", params={"limit": 100}).json()["data"]
    known = [one["id"] for one in sources if (one["provider"], one["endpoint"]) == (provider, endpoint)]
    if known:
        return known[0]
    made = post(
        api,
        "/sources",
        {"provider": provider, "endpoint": endpoint, "display_name": f"{provider} {endpoint}"},
    )
    return str(made["id"])


@pytest.mark.kills
def test_a_platforms_answer_becomes_an_alert_that_people_read(running: Running, tmp_path: Path):
    api = running.api
    client = post(api, "/clients", {
        "name": SHOP.name, "currency": "EUR", "timezone": "Europe/Vienna",
        "discord_channel_id": SHOP.discord_channel_id, "email_recipients": ["team@brandt.example"],
    })["id"]  # fmt: skip
    four_printed_examples(api, find_source(api, "omnisend", "campaigns"))
    source = find_source(api, "scraper", "cvr")
    post(api, "/rules", {
        "source_id": source, "name": "Somebody buys", "field_name": "cvr", "condition": "greater_than",
        "threshold_value": "0", "notify_discord": True, "notify_email": True,
    })  # fmt: skip
    settings = report_settings(str(running.platforms.base_url).rstrip("/"), SHOP)
    post(api, f"/sources/{source}/accounts", {"client_id": client, "settings": settings})
    post(api, f"/sources/{source}/runs", {"client_id": client})

    campaigns = tmp_path / "campaigns.json"
    campaigns.write_text(json.dumps({"campaign": CAMPAIGNS}))
    words = ["ingest", str(campaigns), "--source", "omnisend/campaigns", "--mapping", "omnisend_campaigns"]
    assert running.shell.run(*words, "--client", str(client)).code == 0

    until(lambda: open_alerts(api, "Somebody buys"), "an alert on what the shop's page says", 60)
    alerts = open_alerts(api)
    assert [alert["title"] for alert in open_alerts(api, "Low Open Rate")] == [
        "Open rate 11.8% on Advent [10% off]"
    ]
    assert {alert["client_id"] for alert in alerts} == {client}
    settled = "SELECT count(*) FROM core.deliveries WHERE state IN ('ready', 'sending')"
    until(lambda: running.shell.run("psql", "-At", "-c", settled).out == "0\n", "the end of all sending", 90)
    deliveries = api.get("/deliveries", params={"limit": 200}).json()["data"]
    assert {row["state"] for row in deliveries} == {"sent"}
    # The printed rule is for every client, and then a client's own channel comes before the rule's.
    assert {row["address"] for row in deliveries} == {SHOP.discord_channel_id, "team@brandt.example"}

    mails = json.dumps(running.platforms.get("/mail/messages.json").json(), ensure_ascii=False)
    channel = html.unescape(running.platforms.get(f"/discord/channels/{SHOP.discord_channel_id}").text)
    for alert in open_alerts(api, "Somebody buys"):
        assert alert["title"] in mails
        assert alert["title"] in channel


def open_alerts(api: httpx.Client, rule: str = "") -> list[dict[str, object]]:
    found = api.get("/alerts", params={"limit": 200, "state": "open"}).json()["data"]
    return [alert for alert in found if rule in alert["rule_name"]]


def four_printed_examples(api: httpx.Client, source: str) -> None:
    """The field names of the first specification, as printed."""
    simple = post(api, "/rules", {
        "source_id": source, "name": "Low Open Rate", "field_name": "open_rate", "condition": "less_than",
        "threshold_value": "15", "severity": "warning", "notify_immediately": True, "notify_discord": True,
        "discord_channel_id": "123456789",
    })  # fmt: skip
    group = str(uuid4())
    for name, field, condition, limit in (
        ("Low ROAS + High Spend", "roas", "less_than", "2"),
        ("Low ROAS + High Spend (Spend)", "spend", "greater_than", "1000"),
    ):
        post(api, "/rules", {"name": name, "field_name": field, "condition": condition, "threshold_value": limit,
                             "group_id": group, "logic_operator": "AND"})  # fmt: skip
    post(api, "/rules", {
        "name": "Low CVR (No Contact)", "field_name": "cvr", "condition": "less_than", "threshold_value": "2",
        "parent_rule_id": simple["id"], "dependency_condition": "triggered", "severity": "critical",
    })  # fmt: skip
    post(api, "/rules", {
        "target_table": "communication_reports", "name": "No Outreach for 7+ Days",
        "field_name": "days_since_team_message", "condition": "greater_than", "threshold_value": "7",
        "severity": "warning",
    })  # fmt: skip
