"""What people get wrong, at the level where they meet it: the answer names the thing and the way out, nothing is lost."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import CAMPAIGNS, Home
from tests.cli.terminal import Done, Terminal

from belvedere.main import describe_sandbox

FORBIDDEN_CHANNEL = "1180000000000000199"
GONE_CHANNEL = "123456789"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BELVEDERE_PORT", "abc"),
        ("BELVEDERE_PORT", "99999"),
        ("SMTP_PORT", "mail"),
        ("BELVEDERE_LOG_LEVEL", "LOUD"),
        ("BELVEDERE_ALLOW_PRIVATE_NETWORKS", "everywhere"),
        ("BELVEDERE_FAULTS", "delivery.lost=kill"),
        ("BELVEDERE_FAULTS", "delivery.sent=explode"),
        ("BELVEDERE_FAULTS", "delivery.sent=kill@often"),
    ],
)
def test_a_setting_that_does_not_hold_is_one_line(home: Home, name, value):
    said = home.shell.with_(**{name: value}).run_alone("rules", "list").refused(3, name)
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("garbage", ["postgresql://user:password@host"]),
        ("mysql://root@127.0.0.1/belvedere", ["mysql", "PostgreSQL"]),
        ("postgresql://u:p@127.0.0.1:port/x", ["postgresql://user:password@host"]),
        ("postgresql://u:p@127.0.0.1", ["names no database"]),
        ("postgresql://u:secret-word@127.0.0.1:1/x", ["does not answer", "refused"]),
        ("postgresql://u:secret-word@nowhere.invalid/x", ["does not answer", "nowhere.invalid"]),
        ("{server}/no_such_database", ["does not answer", "no_such_database"]),
        ("{wrong_password}/belvedere", ["does not answer", "password"]),
    ],
)
@pytest.mark.parametrize("command", [["migrate"], ["rules", "list"], ["up", "--no-open"]], ids=" ".join)
def test_a_wrong_database_address_is_named(home: Home, address, words, command):
    server = home.server.admin_url.rsplit("/", 1)[0]
    wrong = re.sub(r"postgres:[^@]*@", "postgres:secret-word@", server)
    url = address.format(server=server, wrong_password=wrong)
    shell = home.shell.with_(DATABASE_URL=url, BELVEDERE_PORT="0")
    said = shell.run(*command).refused(3, "DATABASE_URL", *words)
    assert said.count("\n") == 1
    assert "secret-word" not in said


@pytest.mark.parametrize(
    "command", [["audit", "list"], ["audit", "verify"], ["backup", "x"], ["serve"], ["worker"], ["psql"]]
)
def test_every_command_says_that_the_database_does_not_answer(home: Home, command):
    shell = home.shell.with_(DATABASE_URL="postgresql://u:p@127.0.0.1:1/x", BELVEDERE_PORT="0")
    shell.run(*command).refused(3, "does not answer", "DATABASE_URL")


def test_doctor_names_a_database_that_does_not_answer(home: Home):
    done = home.shell.with_(DATABASE_URL="postgresql://u:p@127.0.0.1:1/x").run("doctor", "--json")
    assert done.code == 1
    (problem,) = [row for row in json.loads(done.out) if row["state"] == "problem"]
    assert problem["check"] == "database"
    assert "DATABASE_URL" in problem["detail"]


def test_what_answers_there_is_no_database(home: Home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        shell = home.shell.with_(DATABASE_URL=f"postgresql://u:p@127.0.0.1:{port}/x", PGCONNECT_TIMEOUT="2")
        shell.run("migrate").refused(3, "does not answer", "DATABASE_URL")


@pytest.mark.parametrize("place", ["/proc/belvedere", "{file}", "{file}/below"])
def test_a_data_directory_that_cannot_be_written_is_named(home: Home, tmp_path: Path, place):
    file = tmp_path / "file"
    file.write_text("")
    folder = place.format(file=file)
    shell = home.shell.with_(BELVEDERE_DATA_DIR=folder, BELVEDERE_PORT="0")
    for command in (["up", "--no-open"], ["demo", "--once"], ["psql"]):
        shell.run(*command).refused(3, folder, "BELVEDERE_DATA_DIR")
    done = shell.run("doctor", "--json")
    assert done.code == 1
    assert folder in json.loads(done.out)[0]["detail"]


def load(home: Home, tmp_path: Path, data: bytes, *more: str, name: str = "data.json") -> Done:
    file = tmp_path / name
    file.write_bytes(data)
    return home.shell.run(
        "ingest", str(file), "--source", "test/bad", "--mapping", "omnisend_campaigns", *more
    )


def rows(*changed: dict[str, object]) -> bytes:
    return json.dumps({"campaign": [{**CAMPAIGNS[1], **change} for change in changed]}).encode()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"{not json", "JSON"),
        (b"", "JSON"),
        (b"[1, 2", "JSON"),
        (b'{"other": []}', "campaign"),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_a_file_that_is_no_json_is_refused_and_kept_as_a_failed_snapshot(filled: Home, tmp_path, data, word):
    before = filled.query("SELECT count(*) FROM api_snapshots WHERE status = 'failed'")[0][0]
    done = load(filled, tmp_path, data)
    done.refused(done.code, word)
    assert done.code in (1, 2)
    failed = filled.query(
        "SELECT error_message FROM api_snapshots WHERE status = 'failed' ORDER BY created_at DESC"
    )
    assert len(failed) == before + 1
    assert failed[0][0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_the_error_of_a_file_in_another_encoding_is_one_clean_line(filled: Home, tmp_path, encoding):
    done = load(filled, tmp_path, "größe\tid\n1\t2\n".encode(encoding), name="data.csv")
    said = done.refused(2, "No row has the column")
    assert said.count("\n") == 1
    assert filled.query("SELECT count(*) FROM api_snapshots WHERE error_message LIKE 'No row has%gr%e%'")[0][
        0
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"campaignID": None}, "external_id"),
        ({"campaignID": ""}, "external_id"),
        ({"sent": 2**31}, "quantity"),
        ({"sent": -(10**30)}, "quantity"),
        ({"name": "x" * (10 * 1024 * 1024 + 1)}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"notes": "z" * (10 * 1024 * 1024 + 1)}, "notes"),
    ],
    ids=["no id", "empty id", "too large", "too small", "10 MB name", "NUL", "10 MB elsewhere"],
)
def test_a_bad_row_is_kept_with_its_reason_and_the_rest_loads(filled: Home, tmp_path, change, code):
    filled.query("DELETE FROM record_rejects")
    done = load(filled, tmp_path, rows({"campaignID": "good"}, {"campaignID": "bad", **change}))
    assert done.code == 0, done
    assert "Stored 1 records" in done.out
    assert "1 row refused" in done.out
    ((found, reason),) = filled.query("SELECT r::text, detail FROM record_rejects r")
    assert code in found
    assert reason


def test_what_a_good_file_lacks_and_what_it_lost_is_said_in_its_answer(filled: Home, tmp_path):
    mapping = tmp_path / "cents.yaml"
    mapping.write_text("columns: {external_id: id, amount: price}\nmetrics: {cpc: cpc}\n", encoding="utf-8")
    data = tmp_path / "prices.json"
    data.write_text(
        '[{"id": "a", "price": 1.23456, "cpc": 0.1234567}, {"id": "b", "price": "much"}]', "utf-8"
    )
    words = ["ingest", str(data), "--source", "file/prices", "--mapping", str(mapping), "--client", "1"]
    done = filled.shell.run(*words)
    assert "partial: 1 row refused" in done.out
    assert "Rounded: 1 of amount to 4 decimals, 1 of cpc to 6 decimals." in done.out
    ((note,),) = filled.query(
        "SELECT s.error_message FROM api_snapshots s JOIN api_sources src ON src.id = s.source_id"
        " WHERE s.error_code = 'note' AND src.endpoint = 'prices'"
    )
    assert note == (
        "Partial: 1 row was refused, so nothing counts as gone and no alert closes for what is absent."
        " Rounded: 1 of amount to 4 decimals, 1 of cpc to 6 decimals."
    )


def test_the_words_of_ingest_that_do_not_hold_are_named(filled: Home, tmp_path):
    good = rows({})
    for words, named in (
        (["--mapping", "no_such"], ["no_such", "omnisend_campaigns"]),
        (["--client", "nobody"], ["nobody", "kaffeehaus-brandt"]),
        (["--source", "omnisend"], ["omnisend", "provider/endpoint"]),
        (["--format", "xml"], ["xml", "ndjson"]),
        (["--as-of", "tomorrow"], ["--as-of", "tomorrow"]),
        (["--as-of", "2026-01-02T03:04"], ["--as-of", "2026-01-02T03:04", "time zone"]),
        (["--as-of", "2999-01-02T03:04Z"], ["data_as_of", "2999-01-02", "future"]),
    ):
        load(filled, tmp_path, good, *words).refused(2, *named)
    filled.shell.run("ingest", "none.json", "--source", "a/b", "--mapping", "cvr").refused(2, "none.json")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"--field": "opne_rate"}, ["--field", "opne_rate", "spelling"]),
        ({"--field": "metric:no_such_metric"}, ["no_such_metric"]),
        ({"--field": "col:opens"}, ["opens"]),
        ({"--threshold": "lots"}, ["lots"]),
        ({"--threshold": "1,5"}, ["1,5"]),
        ({"--condition": "below"}, ["condition", "less_than"]),
        ({"--severity": "loud"}, ["severity", "critical"]),
        ({"--email": "not an address"}, ["not an address"]),
        ({"--discord": "#general"}, ["--discord", "digits"]),
        ({"--source": "no/such"}, ["no/such"]),
        ({"--client": "nobody"}, ["nobody"]),
    ],
)
def test_a_rule_that_cannot_work_names_its_field(filled: Home, changes, named):
    words = {
        "--name": "Bad",
        "--field": "open_rate",
        "--condition": "less_than",
        "--threshold": "15",
        **changes,
    }
    before = filled.query("SELECT count(*) FROM watchtower_rules")
    filled.shell.run("rules", "add", *[word for pair in words.items() for word in pair]).refused(2, *named)
    assert filled.query("SELECT count(*) FROM watchtower_rules") == before


def test_a_client_that_cannot_be_is_refused(filled: Home):
    filled.shell.run("clients", "add", "Zone", "--timezone", "Mars/Olympus").refused(2, "Mars/Olympus")
    filled.shell.run("clients", "add", "Money", "--currency", "XYZW").refused(2, "currency", "EUR")
    filled.shell.run("alerts", "ack", "not-an-id").refused(2, "not-an-id")
    filled.shell.run("alerts", "list", "--state", "odd").refused(2, "odd", "open, resolved")


@pytest.fixture(scope="module")
def platforms(home: Home) -> Iterator[dict[str, str]]:
    """The settings that lead to a running sandbox."""
    with home.shell.running("sandbox", "--port", "0", "--smtp-port", "0") as process:
        said: dict[str, str] = {}
        while "BELVEDERE_ALLOW_PRIVATE_NETWORKS" not in said:
            name, _, value = process.stdout.readline().strip().partition("=")
            if value:
                said[name] = value
        yield said


def deliveries(shell: Terminal) -> list[dict[str, str]]:
    done = shell.run("psql", "-At", "-c", "SELECT to_jsonb(d) FROM core.deliveries d")
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.parametrize(
    ("rule", "setting", "words"),
    [
        (["--email", "ops@agency.example"], {"SMTP_PASSWORD": "wrong"}, ["password"]),
        (["--discord", FORBIDDEN_CHANNEL], {}, ["channel"]),
        (["--discord", GONE_CHANNEL], {}, ["channel"]),
        (["--discord", FORBIDDEN_CHANNEL], {"BELVEDERE_DISCORD_BOT_TOKEN": "wrong"}, ["token"]),
    ],
    ids=["wrong SMTP password", "forbidden channel", "gone channel", "wrong bot token"],
)
def test_a_message_that_cannot_be_sent_is_kept_with_its_reason(
    elsewhere, platforms, tmp_path, rule, setting, words
):
    assert describe_sandbox()
    shell: Terminal = elsewhere().with_(**{**platforms, **setting, "BELVEDERE_LOG_LEVEL": "ERROR"})
    file = tmp_path / "campaigns.json"
    file.write_text(json.dumps({"campaign": CAMPAIGNS}))
    ingest = ["ingest", str(file), "--source", "omnisend/campaigns", "--mapping", "omnisend_campaigns"]
    made = shell.run("rules", "add", "--name", "Low", "--field", "open_rate", "--condition", "less_than", "--threshold",
                     "15", "--force", *rule)  # fmt: skip
    assert made.code == 0, made
    assert shell.run(*ingest).code == 0
    assert shell.run("worker", "--until-empty").code == 0
    (kept,) = deliveries(shell)
    assert kept["state"] == "dead", kept
    reason = json.dumps(kept).lower()
    for word in words:
        assert word in reason
    assert len(shell.run("alerts", "list", "--json").json) == 1
    assert json.loads(shell.run("export", "deliveries").out)["state"] == "dead"
    assert shell.run("export", "deliveries", "--since", "2099-01-01").out == ""
