"""Monthly parts from the command line."""

import pytest
from tests.cli.conftest import Home

LOGS = "core.observability_logs"


def test_parts_and_plans_are_listed(filled: Home):
    parts = filled.shell.run("partitions", "list", "--json").json
    assert {part["plan"] for part in parts} >= {LOGS, "watch.api_records", "watch.api_record_metrics"}
    only = filled.shell.run("partitions", "list", "--table", "observability_logs", "--json").json
    assert {part["plan"] for part in only} == {LOGS}
    (plan,) = [p for p in filled.shell.run("partitions", "plan", "--json").json if p["table_name"] == LOGS]
    assert (plan["key_column"], plan["retention_months"], plan["next_missing"]) == ("created_at", 2, False)
    assert "2 months" in filled.shell.run("partitions", "plan").out
    assert "core.observability_logs_default" in filled.shell.run("partitions", "list").out


def test_a_dry_run_says_what_the_run_then_does(filled: Home):
    filled.query("INSERT INTO observability_logs (created_at, level, logger, message)"
                 " VALUES (date_trunc('month', now()) - interval '1 year', 'INFO', 't', 'old')")  # fmt: skip
    dry = filled.shell.run("partitions", "keep", "--dry-run", "--json").json
    assert dry["dry_run"] is True
    (part,) = [step["part"] for step in dry["steps"] if step["table"] == LOGS]
    assert "would be filled" in filled.shell.run("partitions", "keep", "--dry-run").out
    assert filled.query("SELECT count(*) FROM core.observability_logs_default") == [(1,)]
    (doctor,) = [row for row in filled.shell.run("doctor", "--json").json if row["check"] == "parts"]
    assert (doctor["state"], LOGS in doctor["detail"]) == ("note", True)
    done = filled.shell.run("partitions", "keep", "--json").json
    assert [(s["part"], s["rows"]) for s in done["steps"] if s["table"] == LOGS] == [(part, 1)]
    assert f"{part} dropped (1 rows)" in filled.shell.run("partitions", "keep").out
    assert filled.shell.run("partitions", "keep").out == "Every part is in its place.\n"


def test_retention_is_set_and_taken_back(filled: Home):
    answer = filled.shell.run("partitions", "retain", LOGS, "6", "--json").json
    assert answer == {"table": LOGS, "retention_months": 6, "before": 2, "expired_parts": 0}
    assert (
        "for ever (before: 6 months)"
        in filled.shell.run("partitions", "retain", "observability_logs", "forever").out
    )
    assert filled.shell.run("partitions", "retain", LOGS, "2", "--json").json["before"] is None
    assert filled.query("SELECT count(*) FROM audit_log WHERE action = 'partition.retain'") == [(3,)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["retain", LOGS, "soon"], ["soon", "forever"]),
        (["retain", LOGS, "0"], ["1 to 1200"]),
        (["retain", LOGS, "1.5"], ["1.5", "whole number"]),
        (["retain", LOGS, "٣"], ["whole number"]),
        (["retain", LOGS, "9999999999999"], ["whole number"]),
        (["retain", "core.users", "3"], ["core.users", LOGS]),
        (["list", "--table", "nowhere"], ["nowhere", LOGS]),
    ],
)
def test_wrong_words_are_one_clear_line(filled: Home, arguments, words):
    said = filled.shell.run("partitions", *arguments).refused(2, *words)
    assert said.count("\n") == 1
