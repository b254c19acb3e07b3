"""Real files in, alerts out: exactly those that a query by hand and the csv module find."""

import csv
import json
import os
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import psycopg
import pytest
from tests.cli.terminal import Terminal

SHARED = Path(os.environ.get("BELVEDERE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
pytestmark = [
    pytest.mark.needs_shared,
    pytest.mark.skipif(
        not SHARED.is_dir(), reason="the data folder is not there; set BELVEDERE_SHARED_DATA to its address"
    ),
]
FACEBOOK = SHARED / "ads" / "kag_facebook_campaigns_916_936a.csv"
SPENT_IN_VAIN = "5c5ac8f2-0d6c-4a6e-9d0e-6f7d6f4f1b01"
NOT_APPROVED = "5c5ac8f2-0d6c-4a6e-9d0e-6f7d6f4f1b02"
EITHER = "5c5ac8f2-0d6c-4a6e-9d0e-6f7d6f4f1b03"
# Name, field, condition, threshold, group, operator; the first row of a group names its alerts.
RULES = [
    ("CTR is low", "ctr", "less_than", "0.012", None, "AND"),
    ("CTR is low as typed", "ctr", "less_than", "0.02%", None, "AND"),
    ("A conversion costs much", "cost_per_conversion", "greater_than", "10", None, "AND"),
    ("Spend without conversions", "spend", "greater_than", "0", SPENT_IN_VAIN, "AND"),
    ("Spend without conversions (2)", "conversions", "equals", "0", SPENT_IN_VAIN, "AND"),
    ("Spend without approval", "spend", "greater_than", "0", NOT_APPROVED, "AND"),
    ("Spend without approval (2)", "approved_conversions", "equals", "0", NOT_APPROVED, "AND"),
    ("Costly or in vain", "cost_per_conversion", "greater_than", "25", EITHER, "AND"),
    ("Costly or in vain (2)", "conversions", "equals", "0", EITHER, "OR"),
]
_METRIC = (
    "EXISTS (SELECT FROM api_record_metrics m WHERE m.record_id = r.id AND m.metric_name = '{name}'"
    " AND m.metric_value {test})"
)


def metric(name: str, test: str) -> str:
    return _METRIC.format(name=name, test=test)


BY_HAND = {
    "CTR is low": metric("ctr", "< 0.012"),
    "CTR is low as typed": metric("ctr", "< 0.02"),
    "A conversion costs much": metric("cost_per_conversion", "> 10"),
    "Spend without conversions": metric("spend", "> 0") + " AND " + metric("conversions", "= 0"),
    "Spend without approval": metric("spend", "> 0") + " AND " + metric("approved_conversions", "= 0"),
    "Costly or in vain": metric("cost_per_conversion", "> 25") + " OR " + metric("conversions", "= 0"),
}


def stored(value: Decimal) -> Decimal:
    """A number as the metrics table keeps it: six places."""
    return value.quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


def ratio(above: str, below: str, times: int = 1) -> Decimal | None:
    return stored(Decimal(above) * times / Decimal(below)) if Decimal(below) else None


def ctr(row: dict[str, str]) -> Decimal | None:
    return ratio(row["Clicks"], row["Impressions"], 100)


def cost(row: dict[str, str]) -> Decimal | None:
    return ratio(row["Spent"], row["Total_Conversion"])


def below(value: Decimal | None, limit: str) -> bool:
    return value is not None and value < Decimal(limit)


def above(value: Decimal | None, limit: str) -> bool:
    return value is not None and value > Decimal(limit)


FROM_THE_FILE: dict[str, Callable[[dict[str, str]], bool]] = {
    "CTR is low": lambda row: below(ctr(row), "0.012"),
    "CTR is low as typed": lambda row: below(ctr(row), "0.02"),
    "A conversion costs much": lambda row: above(cost(row), "10"),
    "Spend without conversions": lambda row: (
        stored(Decimal(row["Spent"])) > 0 and row["Total_Conversion"] == "0"
    ),
    "Spend without approval": lambda row: (
        stored(Decimal(row["Spent"])) > 0 and row["Approved_Conversion"] == "0"
    ),
    "Costly or in vain": lambda row: above(cost(row), "25") or row["Total_Conversion"] == "0",
}


def add_rules(
    shell: Terminal, rules: Iterable[tuple[str, str, str, str, str | None, str]], source: str
) -> None:
    for name, field, condition, threshold, group, logic in rules:
        words = [
            "rules",
            "add",
            "--name",
            name,
            "--field",
            field,
            "--condition",
            condition,
            "--threshold",
            threshold,
        ]
        words += ["--source", source, "--logic", logic, "--force", *(["--group", group] if group else [])]
        done = shell.run(*words)
        assert done.code == 0, (name, done)


def query(shell: Terminal, statement: str) -> list[tuple[str, ...]]:
    with psycopg.connect(shell.environment["DATABASE_URL"]) as connection:
        connection.execute("SET search_path = watch, core")
        return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]


def alerts_by_rule(shell: Terminal) -> dict[str, set[str]]:
    """Which things each rule found, as the alerts table tells."""
    found: dict[str, set[str]] = {}
    rows = query(
        shell,
        "SELECT u.name, r.external_id FROM watchtower_alerts a JOIN watchtower_rules u ON u.id = a.rule_id"
        " JOIN api_records r ON r.id = a.record_id WHERE a.state = 'open'",
    )
    assert len(rows) == len(set(rows))
    for name, thing in rows:
        found.setdefault(name, set()).add(thing)
    return found


def test_rules_on_the_facebook_table_find_what_a_query_and_the_file_itself_say(elsewhere):
    shell: Terminal = elsewhere()
    client = str(shell.run("clients", "add", "Tidewater Outdoor", "--json").json["id"])
    load = [
        "ingest",
        str(FACEBOOK),
        "--source",
        "facebook/ads",
        "--mapping",
        "kag_facebook_ads",
        "--client",
        client,
    ]
    first = shell.run(*load, "--json").json
    assert (first["records"], first["rejected"], first["open_alerts"]) == (129, 0, 0)
    add_rules(shell, RULES, "facebook/ads")
    again = shell.run(*load, "--json").json
    assert again["unchanged"] is True

    with FACEBOOK.open(encoding="utf-8-sig") as lines:
        table = list(csv.DictReader(lines))
    found = alerts_by_rule(shell)
    # Every ad of this table that cost money had a conversion of some kind, so that group must stay silent.
    assert set(found) == set(BY_HAND) - {"Spend without conversions"}
    for name, condition in BY_HAND.items():
        by_hand = {
            row[0]
            for row in query(
                shell, f"SELECT external_id FROM api_records r WHERE client_id = {client} AND ({condition})"
            )
        }
        from_file = {row["ad_id"] for row in table if FROM_THE_FILE[name](row)}
        assert found.get(name, set()) == by_hand == from_file, name
        assert len(from_file) < len(table)
    total = sum(len(things) for things in found.values())
    assert again["open_alerts"] == total
    assert len(shell.run("export", "alerts").out.splitlines()) == total


EMAIL = {
    "omnisend_list_campaigns.json": ("omnisend/campaigns", "omnisend_campaigns"),
    "mailchimp_records.jsonl": ("mailchimp/reports", "mailchimp_reports"),
    "klaviyo_v1_records.jsonl": ("klaviyo/campaigns", "klaviyo_campaigns"),
}


def test_rules_on_the_real_e_mail_payloads_find_what_the_files_say(elsewhere):
    shell: Terminal = elsewhere()
    add = [
        ("Never sent", "omnisend/campaigns", "sent_count", "equals", "0"),
        ("Still a draft", "omnisend/campaigns", "status", "equals", "draft"),
        # There is no rate where nothing was sent, so this must stay silent.
        ("Nobody opened", "omnisend/campaigns", "open_rate", "less_than", "100"),
        ("Many clicked", "mailchimp/reports", "click_rate", "greater_than", "65.9"),
        ("Few of the list clicked", "mailchimp/reports", "list_click_rate", "less_than", "64.8"),
        ("Bounced", "mailchimp/reports", "bounce_rate", "greater_than", "0"),
        ("Sent to few", "klaviyo/campaigns", "sent_count", "less_than", "2"),
        ("A test", "klaviyo/campaigns", "extra:$.data.subject", "contains", "test subject"),
    ]  # fmt: skip
    for file, (source, mapping) in EMAIL.items():
        words = ["ingest", str(SHARED / "email" / file), "--source", source, "--mapping", mapping]
        assert shell.run(*words, "--json").json["records"] == 1, file
    for name, source, field, condition, threshold in add:
        add_rules(shell, [(name, field, condition, threshold, None, "AND")], source)
    for file, (source, mapping) in EMAIL.items():
        words = ["ingest", str(SHARED / "email" / file), "--source", source, "--mapping", mapping]
        assert shell.run(*words).code == 0, file

    campaign = json.loads((SHARED / "email" / "omnisend_list_campaigns.json").read_text())["campaign"][0]
    (report,) = read_stream("mailchimp_records.jsonl", "reports")
    (klaviyo,) = read_stream("klaviyo_v1_records.jsonl", "campaigns")
    expected: dict[str, set[str]] = {}

    def expect(name: str, thing: str, *, holds: bool) -> None:
        if holds:
            expected[name] = {thing}

    expect("Never sent", campaign["campaignID"], holds=campaign["sent"] == 0)
    expect("Still a draft", campaign["campaignID"], holds=campaign["status"] == "draft")
    expect("Many clicked", report["id"], holds=report["clicks"]["click_rate"] * 100 > Decimal("65.9"))
    expect(
        "Few of the list clicked", report["id"], holds=report["list_stats"]["click_rate"] < Decimal("64.8")
    )
    bounced = report["bounces"]["hard_bounces"] + report["bounces"]["soft_bounces"]
    expect("Bounced", report["id"], holds=bounced > 0)
    expect("Sent to few", klaviyo["id"], holds=klaviyo["num_recipients"] < 2)
    expect("A test", klaviyo["id"], holds="test subject" in klaviyo["subject"].lower())
    assert alerts_by_rule(shell) == expected
    assert {"Never sent", "Many clicked", "Few of the list clicked", "Sent to few"} <= set(expected)


def read_stream(file: str, stream: str) -> list[dict[str, object]]:
    lines = (SHARED / "email" / file).read_text().splitlines()
    rows = [json.loads(line, parse_float=Decimal) for line in lines if line.strip()]
    return [row["data"] for row in rows if row["stream"] == stream]
