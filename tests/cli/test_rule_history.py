"""Trying rules on history from the shell."""

from tests.cli.conftest import Home

RULE = """rules:
  paused-campaigns:
    name: Drafts
    source_id: omnisend/campaigns
    field_name: status
    condition: equals
    threshold_value: draft
"""


def test_a_stored_rule_is_tried_replayed_and_explained(filled: Home):
    shell = filled.shell
    tried = shell.run("rules", "try", "Low open rate", "--json").json
    (found,) = tried["findings"]
    assert tried["left_out"] == []
    assert (found["thing"], found["value"]) == ("Advent [10% off]", "11.8")
    told = shell.run("rules", "backtest", "Low open rate", "--days", "7", "--json").json
    assert told["summary"] == "Would have fired once in 7 days."
    shown = shell.run("rules", "backtest", "Low open rate")
    assert shown.code == 0
    assert "Open rate 11.8% on Advent [10% off]" in shown.out
    assert "█" in shown.out
    assert "Really opened in that time: 1." in shown.out
    why = shell.run("rules", "why", "Low open rate", "--entity", "c1", "--client", "kaffeehaus-brandt")
    assert (why.code, "pen rate is 11.8%" in why.out) == (0, True), why.out
    not_fired = shell.run(
        "rules", "why", "Low open rate", "--entity", "c2", "--client", "kaffeehaus-brandt", "--json"
    )
    assert (not_fired.code, '"not_matched"' in not_fired.out) == (1, True)
    shell.run("rules", "why", "Low open rate", "--entity", "c2").refused(2)
    shell.run("rules", "backtest", "nobody knows it").refused(2)


def test_a_rule_of_a_file_is_tried_before_it_is_saved(filled: Home):
    file = filled.folder / "draft.yaml"
    file.write_text(RULE)
    found = filled.shell.run("rules", "backtest", "--file", str(file), "--json").json
    assert [item["entity_name"] for item in found["episodes"]] == ["Draft"]
    assert found["compared_with"] is None
    (now,) = filled.shell.run("rules", "try", "--file", str(file), "--json").json["findings"]
    assert now["thing"] == "Draft"


def test_a_client_with_its_own_rule_is_named_where_the_one_for_all_is_tried(filled: Home):
    shell = filled.shell
    wide = shell.run("rules", "add", "--name", "Wide", "--field", "open_rate", "--condition", "less_than",
                     "--threshold", "15", "--json").json  # fmt: skip
    own = shell.run("rules", "add", "--name", "Own", "--field", "open_rate", "--condition", "less_than",
                    "--threshold", "5", "--client", "kaffeehaus-brandt", "--json").json  # fmt: skip
    filled.query(
        "UPDATE watchtower_rules SET overrides_rule_id = %s, overrides_client_id = 0 WHERE id = %s",
        wide["id"],
        own["id"],
    )
    try:
        for command in ("try", "backtest"):
            (left,) = shell.run("rules", command, "Wide", "--json").json["left_out"]
            assert (left["rule_id"], left["name"]) == (own["id"], "Own")
            assert "has its own: “Own”" in shell.run("rules", command, "Wide").out
        assert "has its own: “Own”" in shell.run("rules", "try", "Wide", "--messages").out
        assert shell.run("rules", "try", "Wide", "--messages", "--json").json["left_out"] == [left]
    finally:
        for rule in (own, wide):
            shell.run("rules", "delete", rule["id"])
