import io
import json
import logging
import stat
from uuid import uuid4

import psycopg
import pytest
from tests.core.raw_server import RawServer, answer

from belvedere.core import metrics
from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.errors import ExternalError
from belvedere.core.logs import (
    bind_context,
    configure_logs,
    correlation_id,
    correlation_scope,
    get_logger,
    load_email_key,
)
from belvedere.core.logsink import LogSink, clean
from belvedere.core.settings import Settings

log = get_logger("sources.collect")


@pytest.fixture
def output(tmp_path) -> io.StringIO:
    stream = io.StringIO()
    configure_logs(Settings(data_dir=tmp_path, log_format="json", log_level="DEBUG"), stream=stream)
    return stream


def lines(output: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_is_json_with_its_level_logger_message_and_fields(output):
    log.info("Snapshot completed", records=5)
    log.warning("Late")
    log.error("Broken")
    log.critical("Down")
    log.debug("Detail")
    first = lines(output)[0]
    assert (first["level"], first["logger"], first["message"], first["records"]) == (
        "INFO", "sources.collect", "Snapshot completed", 5,
    )  # fmt: skip
    assert [line["level"] for line in lines(output)] == ["INFO", "WARN", "ERROR", "CRITICAL", "DEBUG"]


def test_lines_below_the_level_are_not_written(tmp_path):
    stream = io.StringIO()
    configure_logs(Settings(data_dir=tmp_path, log_format="text", log_level="WARN"), stream=stream)
    log.info("quiet")
    log.warning("loud", count=2)
    logging.getLogger("library").info("quiet too")
    assert "quiet" not in stream.getvalue()
    assert "WARN" in stream.getvalue()
    assert "sources.collect: loud  count=2" in stream.getvalue()


def test_lines_of_one_request_share_a_correlation_id(output):
    with correlation_scope("req-1"), bind_context(client_id=5):
        assert correlation_id() == "req-1"
        log.info("inside")
    log.info("outside")
    inside, outside = lines(output)
    assert (inside["correlation_id"], inside["client_id"]) == ("req-1", 5)
    assert "correlation_id" not in outside
    assert correlation_id() is None


def test_a_foreign_correlation_id_keeps_only_harmless_characters():
    with correlation_scope("a\n{b}" + "x" * 100) as identifier:
        assert identifier == ("ab" + "x" * 100)[:64]
    with correlation_scope("\n") as identifier:
        assert len(identifier) == 32


def test_lines_of_libraries_are_masked_too(output):
    logging.getLogger("smtplib").warning("login failed for %s with password=%s", "anna@example.com", "canary")
    try:
        int("token=canary")
    except ValueError:
        logging.getLogger("library").exception("it broke")
    log.info("%s stays as it is")
    assert "canary" not in output.getvalue()
    assert "anna@" not in output.getvalue()
    assert "ValueError" in lines(output)[1]["exception"]


def test_planted_secrets_appear_in_no_line(output):
    class Odd:
        def __str__(self) -> str:
            return "Bearer canary-odd-1"

        __repr__ = __str__

    def fail() -> None:
        raise RuntimeError("postgresql://u:canary-dsn@h/db")

    log.info(
        "canary-mail@example.com signed in",
        api_key="canary-key",
        headers={"Authorization": "Bearer canary-bearer-1"},
    )
    log.info(
        "Fetched https://x.example/hook?token=canary-query", odd=Odd(), nested=[{"password": "canary-pass"}]
    )
    try:
        fail()
    except RuntimeError:
        log.exception("Failed", body=b"canary-bytes", cookie="canary-cookie")
    with bind_context(session="canary-session", actor="canary-actor@example.com"):
        log.info("Bound")
    assert "canary" not in output.getvalue()
    assert "email:" in output.getvalue()
    assert len(lines(output)) == 4


def test_a_value_that_cannot_be_shown_does_not_break_its_caller(output):
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("canary")

    log.info("odd", value=Hostile())
    log.info("half a pair \ud800 and NUL \x00", number=float("nan"))
    assert "canary" not in output.getvalue()
    assert len(output.getvalue().splitlines()) == 2


def test_a_stream_that_is_gone_or_speaks_only_ascii_fails_nobody(tmp_path):
    settings = Settings(data_dir=tmp_path, log_format="text")
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    configure_logs(settings, stream=narrow)
    log.info("Café – half a pair \ud800")
    assert b"Caf\\xe9" in narrow.buffer.getvalue()
    narrow.close()
    log.info("nobody reads this")


def test_secrets_of_the_settings_are_masked_wherever_they_turn_up(tmp_path):
    stream = io.StringIO()
    configure_logs(
        Settings(data_dir=tmp_path, smtp_password="correct horse battery", log_format="json"), stream=stream
    )
    log.info("server said: correct horse battery is wrong")
    assert "horse" not in stream.getvalue()


def test_the_key_of_address_digests_is_kept_for_all_processes(tmp_path):
    key = load_email_key(tmp_path / "new")
    assert load_email_key(tmp_path / "new") == key
    assert stat.S_IMODE((tmp_path / "new" / "log-email.key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["log-email.key"]


def test_a_data_directory_that_cannot_be_written_still_masks(tmp_path):
    (tmp_path / "file").write_text("")
    assert len(load_email_key(tmp_path / "file")) == 32


async def test_secrets_of_an_outbound_request_reach_no_log_line(output, settings):
    async with RawServer([answer(401, b"canary-body")]) as server, HttpClient(settings) as http:
        with pytest.raises(ExternalError) as caught:
            await http.request(
                "GET",
                server.url("/webhooks/1/canaryPath?key=canaryQuery"),
                provider="discord",
                headers={"X-Api-Key": "canaryHeader"},
            )
    log.error("Delivery failed", error=str(caught.value))
    log.error("The service said that canaryHeader is no valid key")
    assert "canary" not in output.getvalue()
    assert "http_401" in output.getvalue() or "401" in output.getvalue()


def rows(admin: psycopg.Connection) -> list[tuple]:
    columns = "level, logger, message, context, correlation_id, client_id"
    return admin.execute(f"SELECT {columns} FROM core.observability_logs ORDER BY id").fetchall()


async def test_lines_are_kept_in_the_database_and_flushed_at_the_end(output, db: Database, admin):
    sink = LogSink(db, interval=60)
    await sink.start()
    with correlation_scope("job-7"):
        log.warning("Source is late", minutes=12, password="canary", who="canary@example.com")
    log.info("NUL \x00 and half a pair \ud800", number=float("inf"), deep={"a": ["\x00"]})
    await sink.stop()
    log.info("after the end")
    first, second = rows(admin)
    assert first[:3] == ("WARN", "sources.collect", "Source is late")
    assert (first[3]["minutes"], first[4], first[5]) == (12, "job-7", 0)
    assert "canary" not in str(first)
    assert second[2] == "NUL  and half a pair ?"


async def test_a_full_queue_drops_counts_and_says_so(output, db: Database, admin):
    before = metrics.LOG_DROPS._value.get()
    sink = LogSink(db, room=10, batch=4, interval=60)
    await sink.start()
    for number in range(25):
        log.info("line", number=number)
    await sink.stop()
    kept = rows(admin)
    assert sum(row[2] == "line" for row in kept) == 10
    assert [row[3]["dropped"] for row in kept if row[1] == "core.logs"] == [15]
    assert metrics.LOG_DROPS._value.get() - before == 15


async def test_a_line_about_a_client_that_is_gone_does_not_take_its_batch_with_it(
    output, db: Database, admin
):
    sink = LogSink(db, interval=60)
    await sink.start()
    log.info("of the agency")
    log.info("of a client that is gone", client_id=987654)
    await sink.stop()
    kept = rows(admin)
    assert {row[2] for row in kept} == {"of the agency", "of a client that is gone"}
    assert [row[3]["client_id"] for row in kept if "gone" in row[2]] == [987654]


async def test_without_a_database_lines_are_lost_aloud_and_nobody_fails(output, capsys):
    before = metrics.LOG_DROPS._value.get()
    nowhere = "postgresql://nobody:x@127.0.0.1:1/none"
    database = Database(nowhere, nowhere, pool_size=1)
    sink = LogSink(database, interval=60)
    await sink.start()
    for _ in range(9):
        log.info("into the void")
    await sink.stop()
    await database.close()
    assert metrics.LOG_DROPS._value.get() - before == 9
    assert "9 log rows could not be kept" in capsys.readouterr().err
    assert len(lines(output)) == 9


def test_what_postgresql_does_not_take_is_cleaned():
    assert clean({"a\x00": [1, "b\x00", float("nan")]}) == {"a": [1, "b", None]}


def test_metrics_are_rendered_without_names_of_clients():
    metrics.SNAPSHOTS.labels("completed").inc()
    metrics.EGRESS_REQUESTS.labels("omnisend", "200").inc()
    text = metrics.render().decode()
    assert 'belvedere_snapshots_total{status="completed"}' in text
    assert 'belvedere_egress_requests_total{provider="omnisend",status="200"}' in text
    assert str(uuid4()) not in text
    labels = {
        label for family in metrics.registry.collect() for sample in family.samples for label in sample.labels
    }
    known = "status reason result severity channel state outcome job method route provider le"
    assert labels <= set(known.split())
