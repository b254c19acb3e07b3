"""A program and a database that do not fit: every command says so in one line, and nothing starts by halves."""

from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.cli.terminal import Terminal
from tests.cli.test_commands import COMMANDS

from belvedere.cli.serve import check_port
from belvedere.migrations.runner import head, revisions

ID = "0190c7a0-0000-7000-8000-000000000000"
RULES = str(Path(__file__).parents[2] / "src" / "belvedere" / "watchtower" / "packs" / "shop.yaml")
ARGUMENTS: dict[str, list[str]] = {
    "ingest": [__file__, "--source", "a/b", "--mapping", "omnisend_campaigns"],
    "rules add": ["--name", "n", "--field", "f", "--condition", "equals", "--threshold", "1"],
    "rules delete": [ID],
    "rules plan": [RULES],
    "rules apply": [RULES, "--yes"],
    "rules packs show": ["shop"],
    "rules packs install": ["shop"],
    "digests show": [ID],
    "digests preview": ["--client", "0"],
    "deliveries resend": [ID],
    "deliveries arrived": [ID],
    "rules try": [ID],
    "rules backtest": [ID],
    "rules why": [ID],
    "alerts ack": [ID],
    "alerts message": [ID],
    "alerts snooze": [ID, "--until", "4h"],
    "alerts unsnooze": [ID],
    "alerts unack": [ID],
    "alerts comment": [ID, "asked the shop"],
    "alerts resolve": [ID],
    "export": ["alerts"],
    "backup": ["never-written.dump"],
    "owner create": ["--email", "a@b.example", "--name", "A", "--password-stdin"],
    "owner reset": ["--email", "a@b.example", "--password-stdin"],
    "token create": ["--email", "a@b.example", "--name", "t", "--scope", "rules.read"],
    "token revoke": [ID],
    "clients add": ["Brandt"],
    "schema diagram": ["core"],
    "schema show": ["core.clients"],
    "partitions retain": ["core.observability_logs", "3"],
}
OF_THEIR_OWN = {
    "up",
    "demo",
    "migrate",
    "sandbox",
    "restore",
    "doctor",
    "rules test",
    "rules schema",
    "rules packs show",
}
"""These bring the schema up themselves, need none, or tell about it."""
WORKING = [words for words in COMMANDS if " ".join(words) not in OF_THEIR_OWN]
OTHERS = {
    "older": (revisions()[-2], "Run `belvedere migrate`"),
    "newer": ("from_the_future", "does not know"),
}


@pytest.fixture
def other(elsewhere: Callable[[], Terminal], request: pytest.FixtureRequest) -> Terminal:
    """A shell whose database is at another revision."""
    shell = elsewhere()
    assert shell.run("migrate").code == 0
    with psycopg.connect(shell.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("UPDATE core.alembic_version SET version_num = %s", [OTHERS[request.param][0]])
    return shell.with_(BELVEDERE_PORT="0")


@pytest.mark.parametrize(
    ("other", "kind"), [(kind, kind) for kind in OTHERS], indirect=["other"], ids=list(OTHERS)
)
def test_every_command_refuses_a_schema_of_another_program(
    other: Terminal, kind: str, tmp_path: Path
) -> None:
    revision, words = OTHERS[kind]
    wrong = {}
    for command in WORKING:
        done = other.run(*command, *ARGUMENTS.get(" ".join(command), []), stdin="a long enough password\n")
        clear = done.err.startswith("belvedere: ") and done.err.count("\n") == 1
        if not (done.code == 3 and clear and revision in done.err and words in done.err and not done.out):
            wrong[" ".join(command)] = (done.code, done.out[-200:], done.err[-400:])
    assert wrong == {}
    with psycopg.connect(other.environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT version_num FROM core.alembic_version").fetchone() == (revision,)
    assert not Path("never-written.dump").exists()


@pytest.mark.parametrize("other", OTHERS, indirect=True)
def test_a_web_server_on_another_schema_never_answers(other: Terminal) -> None:
    port = check_port("127.0.0.1", 0)
    with other.with_(BELVEDERE_PORT=str(port)).running("serve") as process:
        while process.poll() is None:
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{port}/health", timeout=2)
        assert process.returncode == 3


@pytest.mark.parametrize("other", ["older"], indirect=True)
def test_doctor_tells_and_migrate_mends_an_older_schema(
    elsewhere: Callable[[], Terminal], other: Terminal
) -> None:
    shell = elsewhere()
    assert shell.run("migrate", "--to", revisions()[-2]).code == 0
    done = shell.run("doctor")
    assert done.code == 1
    assert "belvedere migrate" in done.out
    assert shell.run("migrate", "--json").json == {"before": revisions()[-2], "after": head()}
    assert all(row["builtin"] for row in shell.run("rules", "list", "--json").json)


def test_the_way_down_from_the_command_line(elsewhere: Callable[[], Terminal]) -> None:
    shell = elsewhere()
    plan = shell.run("migrate", "--plan", "--json").json
    assert (plan["before"], [step["revision"] for step in plan["steps"]]) == (None, revisions())
    assert f"From an empty database to {head()}." in shell.run("migrate").out
    assert f"At revision {head()}; nothing would run." in shell.run("migrate", "--plan").out
    assert f"taking back:\n  {head()}" in shell.run("migrate", "--plan", "--to", "0009").out
    assert shell.run("clients", "add", "Brandt").code == 0
    said = shell.run("migrate", "--to", "base").refused(2, "--discard-rows", "core.clients: 1 row")
    assert said.count("\n") > 1
    assert shell.run("clients", "list").code == 0
    shell.run("migrate", "--to", "nowhere").refused(2, "nowhere", "base", head())
    assert shell.run("migrate", "--to", "base", "--discard-rows", "--json").json["after"] == "base"
    assert shell.run("migrate", "--json").json == {"before": None, "after": head()}
