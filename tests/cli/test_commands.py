"""Every command as a person types it: help with an example, one line of JSON for scripts, exit codes."""

import json
from datetime import UTC, datetime, timedelta

import click
import pytest
import typer
from tests.cli.conftest import OWNER, Home

from belvedere.cli.main import app


def leaves(command: click.Command, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(command, click.Group) or hasattr(command, "commands"):
        return [leaf for name, sub in command.commands.items() for leaf in leaves(sub, (*words, name))]
    return [words]


COMMANDS = leaves(typer.main.get_command(app))
WANTED = (
    "up demo serve worker migrate sandbox ingest rules alerts schema doctor audit psql export backup restore owner token clients"
    " credentials release partitions seed digests sources readings deliveries"
)


def test_every_command_of_the_specification_is_there():
    assert {words[0] for words in COMMANDS} == set(WANTED.split())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_shows_an_example(home: Home, words):
    done = home.shell.run(*words, "--help")
    assert done.code == 0
    assert f"belvedere {' '.join(words)}" in done.out.partition("Example:")[2]


def test_help_loads_nothing_heavy(home: Home):
    done = home.shell.with_(PYTHONPROFILEIMPORTTIME="1").run_alone("--help")
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "belvedere.cli.main" in loaded
    heavy = {
        "sqlalchemy",
        "polars",
        "fastapi",
        "psycopg",
        "pydantic",
        "alembic",
        "httpx",
        "rich.console",
        "jinja2",
    }
    assert not loaded & heavy


def test_no_command_shows_the_help(home: Home):
    done = home.shell.run()
    assert done.code == 2
    assert "belvedere demo" in done.out + done.err


@pytest.mark.parametrize("arguments", [["frobnicate"], ["rules", "frobnicate"], ["ingest"], ["up", "--nope"]])
def test_what_is_no_command_ends_with_2(home: Home, arguments):
    done = home.shell.run(*arguments)
    said = done.refused(2, "--help")
    assert said.count("\n") == 1, said


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["rules", "add", "--name", "x"], "--field"),
        (["rules", "backtest", "x", "--days", "many"], "--days"),
        (["alerts", "list", "--limit", "0"], "--limit"),
        (["alerts", "snooze", "0190c7a0-0000-7000-8000-000000000000"], "--until"),
    ],
)
def test_a_wrong_option_is_one_line_and_2(home: Home, arguments, word):
    assert home.shell.run(*arguments).refused(2, word).count("\n") == 1


def test_migrate_is_repeatable(filled: Home):
    answer = filled.shell.run("migrate", "--json").json
    assert answer["before"] == answer["after"]


def test_the_answers_for_scripts_are_one_line_each(filled: Home):
    shell = filled.shell
    (client,) = [
        row for row in shell.run("clients", "list", "--json").json if row["slug"] == "kaffeehaus-brandt"
    ]
    assert (client["currency"], client["timezone"]) == ("EUR", "Europe/Vienna")
    (rule,) = [row for row in shell.run("rules", "list", "--json").json if not row["builtin"]]
    assert (rule["name"], rule["open_alerts"]) == ("Low open rate", 1)
    (alert,) = shell.run("alerts", "list", "--json").json
    assert alert["title"] == "Open rate 11.8% on Advent [10% off]"
    assert isinstance(shell.run("doctor", "--json").json, list)
    assert shell.run("audit", "verify", "--json").json["holds"] is True
    rows = [json.loads(line) for line in shell.run("audit", "list", "--json").out.splitlines()]
    assert rows[0]["seq"] == max(row["seq"] for row in rows)


def test_tables_are_for_people_and_keep_brackets_of_names(filled: Home):
    done = filled.shell.run("alerts", "list")
    assert done.code == 0
    assert "Advent [10% off]" in done.out
    for command in (
        ["rules", "list"],
        ["clients", "list"],
        ["audit", "list"],
        ["doctor"],
        ["audit", "verify"],
    ):
        shown = filled.shell.run(*command)
        assert shown.code == 0, shown
        assert shown.out.strip()


def test_a_rule_is_made_and_deleted(filled: Home):
    made = filled.shell.run(
        "rules", "add", "--name", "Paused", "--field", "status", "--condition", "equals", "--threshold", "paused",
        "--source", "omnisend/campaigns", "--client", "kaffeehaus-brandt", "--severity", "info",
        "--email", "team@brandt.example", "--json",
    ).json  # fmt: skip
    assert made["expression"] == "status = paused"
    assert filled.shell.run("rules", "delete", made["id"]).code == 0
    filled.shell.run("rules", "delete", made["id"]).refused(2)


def test_an_alert_is_taken_and_closed(filled: Home):
    filled.query("SELECT 1")
    made = filled.shell.run("rules", "add", "--name", "Sent", "--field", "quantity", "--condition", "greater_than",
                            "--threshold", "1500", "--json").json  # fmt: skip
    load = ["ingest", str(filled.folder / "campaigns.json"), "--source", "omnisend/campaigns", "--mapping",
            "omnisend_campaigns", "--client", "kaffeehaus-brandt", "--json"]  # fmt: skip
    assert filled.shell.run(*load).json["open_alerts"] == 2
    (alert,) = [
        one for one in filled.shell.run("alerts", "list", "--json").json if one["rule_id"] == made["id"]
    ]
    assert filled.shell.run("alerts", "ack", alert["id"], "--note", "on it").out == "Acknowledged.\n"
    assert filled.shell.run("alerts", "ack", alert["id"]).out.startswith("It was acknowledged")
    let_an_alert_rest(filled, alert["id"])
    assert filled.shell.run("alerts", "resolve", alert["id"]).out == "Resolved.\n"
    gone = filled.shell.run("alerts", "list", "--state", "resolved", "--json").json
    assert [one["id"] for one in gone] == [alert["id"]]
    assert filled.shell.run("rules", "delete", made["id"]).code == 0


def let_an_alert_rest(filled: Home, alert: str) -> None:
    shell = filled.shell
    assert shell.run("alerts", "comment", alert, "asked the shop").out == "Noted.\n"
    shell.run("alerts", "comment", alert, "  ").refused(2, "empty")
    assert (
        shell.run("alerts", "snooze", alert, "--until", "2099-01-01T08:00:00+01:00").out
        == "Snoozed until 2099-01-01 07:00 UTC.\n"
    )
    for wrong in ("2001-01-01T00:00Z", "tomorrow", "2099-01-01", "0h", "9999-12-31T23:59:59-10:00"):
        shell.run("alerts", "snooze", alert, "--until", wrong).refused(2, "until")
    kinds = [
        row[0]
        for row in filled.query("SELECT kind FROM alert_events WHERE alert_id = %s ORDER BY at, step", alert)
    ]
    assert kinds[-2:] == ["note", "snoozed"]
    assert shell.run("alerts", "unsnooze", alert).out == "It is back in sight.\n"
    assert shell.run("alerts", "unsnooze", alert).out == "It was not snoozed.\n"
    assert shell.run("alerts", "unack", alert).out == "Given back.\n"
    assert shell.run("alerts", "unack", alert).out.startswith("Nobody")
    assert shell.run("alerts", "ack", alert, "--until", "2 days").out == "Acknowledged.\n"
    assert filled.query(
        "SELECT count(*) FROM watchtower_alerts WHERE id = %s AND ack_until > now() + interval '47 h'", alert
    ) == [(1,)]


def test_a_rule_takes_all_its_terms_from_options(filled: Home):
    add = ("rules", "add", "--field", "open_rate", "--condition", "less_than", "--threshold", "15")
    parent = filled.shell.run(*add, "--name", "First things", "--slug", "first-things", "--json").json["id"]
    made = filled.shell.run(
        *add, "--name", "All terms", "--for-readings", "2", "--for-minutes", "90", "--min-volume", "1000", "--min-volume-field",
        "quantity", "--recovery", "17", "--recover-after", "3", "--no-data", "keep", "--severity", "critical", "--schedule",
        "weekly", "--time", "07:30", "--day", "thu", "--zone", "Europe/Vienna", "--title", "{{ title }}!", "--message", "{{ value }}",
        "--parent", "FIRST things", "--depends", "not_triggered", "--only-summary", "--paused", "--json",
    ).json["id"]  # fmt: skip
    columns = (
        "for_readings, for_minutes, min_volume::int, min_volume_field, recovery_threshold, recover_after, no_data_policy,"
        " severity, notify_schedule, notify_time::text, notify_day_of_week, notify_zone, title_template, message_template,"
        " parent_rule_id::text, notify_immediately, is_active"
    )
    (row,) = filled.query(f"SELECT {columns} FROM watchtower_rules WHERE id::text = %s", made)
    assert row == (2, 90, 1000, "quantity", "17", 3, "keep", "critical", "weekly", "07:30:00", 4, "Europe/Vienna", "{{ title }}!",
                   "{{ value }}", parent, False, False)  # fmt: skip
    for wrong, word in (
        (("--for-readings", "0"), "--for-readings"), (("--no-data", "guess"), "--no-data"), (("--day", "noday"), "--day"),
        (("--min-volume", "5"), "--min-volume-field"), (("--parent", "nobody"), "nobody"), (("--time", "noon"), "--time"),
        (("--recovery", "3"), "--recovery"),
    ):  # fmt: skip
        filled.shell.run(*add, "--name", "Wrong", *wrong).refused(2, word)
    for rule in ("All terms", "first-things"):
        assert filled.shell.run("rules", "delete", rule).code == 0


def test_no_id_is_broken_on_a_narrow_terminal(filled: Home):
    narrow = filled.shell.with_(COLUMNS="80")
    for command in (("alerts", "list"), ("rules", "list"), ("audit", "list"), ("deliveries", "list")):
        shown = narrow.run(*command, "--json").out
        done = narrow.run(*command)
        assert max(map(len, done.out.splitlines())) <= 80, done.out
        for found in {row["id"] for row in json.loads(shown)} if command[0] in ("alerts", "rules") else ():
            assert found in done.out
        assert not [
            word
            for word in done.out.split()
            if word.count("-") in (2, 3) and len(word) > 12 and word[8:9] == "-"
        ], done.out


def test_a_token_is_made_for_a_person_and_shown_once(filled: Home):
    made = filled.shell.run(
        "token", "create", "--email", OWNER, "--scope", "alerts.read", "--days", "30", "--json"
    ).json
    assert made["scopes"] == ["alerts.read"]
    assert datetime.fromisoformat(made["expires_at"]).tzinfo
    stored = filled.query(
        "SELECT count(*) FROM core.api_tokens t WHERE t::text LIKE %s", f"%{made['token']}%"
    )
    assert stored == [(0,)]
    plain = filled.shell.run("token", "create", "--email", OWNER)
    assert len(plain.out.split()) == 1
    filled.shell.run("token", "create", "--email", "nobody@agency.example").refused(
        2, "nobody@agency.example"
    )


def test_there_is_one_first_owner(filled: Home):
    again = filled.shell.run(
        "owner", "create", "--email", "eve@agency.example", "--password-stdin", stdin="x" * 20 + "\n"
    )
    again.refused(2)
    assert filled.query("SELECT count(*) FROM core.users") == [(1,)]


def test_keys_are_changed_and_everything_still_opens(filled: Home):
    first = filled.shell.run("credentials", "rotate", "--json").json
    second = filled.shell.run("credentials", "rotate", "--json").json
    assert second["version"] > first["version"]
    assert filled.shell.run("credentials", "rotate").out.startswith("Key ")


@pytest.mark.parametrize("kind", ["alerts", "deliveries", "actions"])
def test_an_export_is_lines_of_json(filled: Home, kind):
    done = filled.shell.run("export", kind)
    assert done.code == 0, done
    rows = [json.loads(line) for line in done.out.splitlines()]
    if kind == "alerts":
        assert "Open rate 11.8% on Advent [10% off]" in [row["title"] for row in rows]
        assert filled.shell.run("export", kind, "--since", "2099-01-01").out == ""
        last = (
            max(datetime.fromisoformat(row["created_at"]) for row in rows)
            .astimezone(UTC)
            .replace(tzinfo=None)
        )
        far = filled.shell.with_(TZ="Pacific/Kiritimati")
        begins = [(last + timedelta(minutes=minutes)).isoformat() for minutes in (-1, 1)]
        assert [bool(far.run("export", kind, "--since", one).out) for one in begins] == [True, False], (
            "read as UTC"
        )
    filled.shell.run("export", kind, "--since", "yesterday").refused(2, "--since", "yesterday", "ISO")


def test_there_is_no_export_of_a_word_that_is_none(filled: Home):
    filled.shell.run("export", "everything").refused(2, "everything", "alerts", "deliveries")


def test_doctor_finds_nothing_wrong_here(filled: Home):
    found = {row["check"]: row["state"] for row in filled.shell.run("doctor", "--json").json}
    assert {"disk", "data directory", "database", "schema"} <= {
        name for name, state in found.items() if state == "ok"
    }


def test_release_says_what_it_does(filled: Home):
    assert filled.shell.run("release").out == "Messages go out again.\n"
