"""Every command as a person types it: help with an example, one line of JSON for scripts, exit codes."""

import json
from datetime import datetime

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
    assert done.code == 2
    assert "Traceback" not in done.err


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
    assert filled.shell.run("alerts", "resolve", alert["id"]).out == "Resolved.\n"
    gone = filled.shell.run("alerts", "list", "--state", "resolved", "--json").json
    assert [one["id"] for one in gone] == [alert["id"]]
    assert filled.shell.run("rules", "delete", made["id"]).code == 0


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
