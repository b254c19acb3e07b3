"""`belvedere demo`: the whole main job in one line, again and again."""

import pytest
from tests.cli.terminal import Terminal

KEYS = [
    "seconds_to_first_alert",
    "snapshots",
    "records",
    "metrics",
    "alerts",
    "deliveries_sent",
    "deliveries_failed",
]


@pytest.mark.kills
def test_the_demo_is_one_line_repeatable_and_starts_over(elsewhere):
    shell: Terminal = elsewhere()
    first = shell.run("demo", "--once", "--json", seconds=180).json
    assert list(first) == KEYS
    assert first["seconds_to_first_alert"] > 0
    # Few enough to read each of them; alerts of one client and channel share a message.
    assert 3 < first["alerts"] <= 15
    assert first["deliveries_sent"] >= 6
    assert first["deliveries_failed"] == 0
    assert first["records"] > 300
    assert len(shell.run("clients", "list", "--json").json) >= 3

    tried = shell.run("rules", "backtest", "low-cvr", "--json").json
    assert tried["readings"]["judged"] > 300
    assert {row["client_id"] for row in tried["by_client"]} == {1, 2, 3}
    assert tried["episodes_total"] >= 3
    ended = [episode for episode in tried["episodes"] if episode["ended_at"]]
    assert ended, "nothing in the past recovered"

    again = shell.run("demo", "--once", "--json", seconds=180).json
    assert list(again) == KEYS
    assert again["snapshots"] > first["snapshots"]
    assert again["deliveries_failed"] == 0

    assert shell.run("audit", "verify", "--json").json["holds"] is True

    assert shell.run("clients", "add", "Mine", "--json").json["slug"] == "mine"
    over = shell.run("demo", "--once", "--json", "--reset", seconds=180).json
    assert list(over) == KEYS
    assert over["alerts"] > 3
    assert "mine" not in {row["slug"] for row in shell.run("clients", "list", "--json").json}


def test_the_demo_never_throws_the_work_of_people_away(elsewhere):
    shell: Terminal = elsewhere()
    created = shell.run(
        "owner", "create", "--email", "ines@agency.example", "--password-stdin", stdin="long enough pw\n"
    )
    assert created.code == 0, created
    said = shell.run("demo", "--once", "--json", "--reset").refused(2, "--reset", "BELVEDERE_DATA_DIR")
    assert "people of its own" in said
    assert shell.run("token", "create", "--email", "ines@agency.example").code == 0
