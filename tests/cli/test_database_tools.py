"""psql, the audit chain, and the way through a backup and back."""

import json
import tomllib
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import OWNER, Home
from tests.cli.terminal import Terminal

PRINTED = tomllib.loads((Path(__file__).parents[1] / "spec" / "seed_000.toml").read_text())["statement"]
SELECTS = [item for item in PRINTED if item["sql"].lstrip().upper().startswith("SELECT")]
INSERTS = [item for item in PRINTED if item["sql"].lstrip().upper().startswith("INSERT")]


@pytest.mark.parametrize("statement", SELECTS, ids=lambda item: f"line {item['line']}")
def test_a_printed_select_runs_in_psql_as_it_stands(filled: Home, statement):
    done = filled.shell.run("psql", "-v", "ON_ERROR_STOP=1", "-At", "-c", statement["sql"])
    assert done.code == 0, done
    if "open_rate" in statement["sql"]:
        assert "Advent [10% off]|11.800000" in done.out.splitlines()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO api_sources (provider, endpoint, display_name) VALUES ('a', 'b', 'c')",
        "UPDATE watchtower_rules SET name = 'x'",
        "DELETE FROM api_records",
        "DROP TABLE api_records",
        "CREATE TABLE mine (a int)",
        "SET default_transaction_read_only = off; UPDATE watchtower_rules SET name = 'x'",
        "SELECT sealed FROM core.creds_meta",
        "SELECT password_hash FROM core.users",
    ],
)
def test_psql_reads_and_never_changes(filled: Home, statement):
    done = filled.shell.run("psql", "-v", "ON_ERROR_STOP=1", "-c", statement)
    assert done.code != 0, done
    assert "ERROR" in done.err


def test_psql_takes_another_database_by_its_own_option(filled: Home):
    done = filled.shell.run("psql", "-d", "postgres", "-At", "-c", "SELECT current_database(), current_user")
    assert done.code == 0, done
    assert done.out.strip() == "postgres|belvedere_psql_login"


def test_the_printed_inserts_run_as_the_owner(elsewhere):
    shell: Terminal = elsewhere()
    for statement in INSERTS:
        done = shell.run("psql", "--as-owner", "-v", "ON_ERROR_STOP=1", "-c", statement["sql"])
        assert done.code == 0, done
        assert "INSERT 0 1" in done.out
    found = shell.run("psql", "-At", "-c", "SELECT endpoint FROM api_sources WHERE provider = 'omnisend'")
    assert found.out == "automations\n"


def test_psql_hands_the_exit_code_on(filled: Home):
    assert filled.shell.run("psql", "-c", "SELEC 1").code == 1
    assert filled.shell.run("psql", "-At", "-c", "SHOW search_path").out == "watch, core, public\n"


def tamper(shell: Terminal, statement: str) -> None:
    """What an administrator of the database could do who goes round the program."""
    with psycopg.connect(shell.environment["DATABASE_URL"], autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        assert admin.execute(statement).rowcount > 0  # type: ignore[call-overload]


@pytest.fixture
def audited(elsewhere) -> Terminal:
    shell: Terminal = elsewhere()
    for name in ("One", "Two", "Three", "Four"):
        assert shell.run("clients", "add", name).code == 0
    assert shell.run("audit", "verify").code == 0
    return shell


def test_an_edited_row_breaks_the_chain(audited: Terminal):
    tamper(audited, "UPDATE core.audit_log SET actor = 'somebody else' WHERE seq = 2")
    done = audited.run("audit", "verify", "--json")
    assert done.code == 1
    answer = json.loads(done.out)
    assert (answer["holds"], answer["first_bad"], answer["reason"]) == (
        False,
        2,
        "was changed after it was written",
    )
    assert "breaks at row 2" in audited.run("audit", "verify").out


def test_a_deleted_row_breaks_the_chain(audited: Terminal):
    tamper(audited, "DELETE FROM core.audit_log WHERE seq = 2")
    done = audited.run("audit", "verify", "--json")
    assert (done.code, json.loads(done.out)["reason"]) == (1, "row 2 is missing")


def test_a_cut_tail_is_found_with_a_head_that_was_kept(audited: Terminal, tmp_path):
    head = tmp_path / "head.json"
    assert audited.run("audit", "verify", "--keep", str(head)).code == 0
    assert audited.run("clients", "add", "Five").code == 0
    assert audited.run("audit", "verify", "--head", str(head)).code == 0
    tamper(audited, "DELETE FROM core.audit_log WHERE seq > 2")
    assert audited.run("audit", "verify").code == 0
    done = audited.run("audit", "verify", "--head", str(head))
    assert done.code == 1
    assert "missing" in done.out
    head.write_text(head.read_text().replace('"rows":4', '"rows":2'))
    audited.run("audit", "verify", "--head", str(head)).refused(2, "head.json", "changed")
    audited.run("audit", "verify", "--head", str(tmp_path / "none.json")).refused(2, "none.json", "--keep")


def test_the_program_itself_cannot_change_the_log(audited: Terminal):
    with (
        psycopg.connect(audited.environment["DATABASE_URL"], autocommit=True) as admin,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        admin.execute("DELETE FROM core.audit_log")


def test_a_backup_comes_back_with_sending_held_until_it_is_released(filled: Home, elsewhere, tmp_path):
    target = tmp_path / "belvedere.dump"
    assert filled.shell.run("backup", str(target)).out.startswith(f"Wrote {target}")
    filled.shell.run("backup", str(target)).refused(2, str(target), "another name")
    other: Terminal = elsewhere()
    assert other.run("clients", "add", "Overwritten").code == 0
    assert other.run("restore", str(target), "--yes").code == 0
    assert "Overwritten" not in other.run("clients", "list").out
    for command in (["rules", "list"], ["alerts", "list"], ["clients", "list"]):
        mine, theirs = (shell.run(*command, "--json").json for shell in (filled.shell, other))
        assert mine == theirs
        assert mine
    assert other.run("token", "create", "--email", OWNER).code == 0
    held = other.run("psql", "-At", "-c", "SELECT outbound_held, held_reason FROM core.installation").out
    assert held.startswith("1|restored from belvedere.dump")
    assert other.run("release").code == 0
    assert other.run("psql", "-At", "-c", "SELECT outbound_held FROM core.installation").out == "0\n"


def test_a_file_that_is_no_backup_destroys_nothing(elsewhere, tmp_path):
    shell: Terminal = elsewhere()
    assert shell.run("clients", "add", "Kept").code == 0
    shell.run("restore", str(tmp_path / "none.dump"), "--yes").refused(2, "none.dump")
    wrong = tmp_path / "wrong.dump"
    wrong.write_text("this is no dump")
    shell.run("restore", str(wrong), "--yes").refused(2, "wrong.dump")
    assert shell.run("restore", str(wrong), stdin="n\n").code == 1
    assert "Kept" in shell.run("clients", "list").out
