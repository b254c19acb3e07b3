"""The mail of a real alert, from stored readings to the mailbox: its plot, its words, the values it speaks of."""

from datetime import timedelta

import orjson
import pytest
from tests.notify.conftest import sandbox, settings_for  # noqa: F401 - the sandbox is a fixture
from tests.people import BRANDT

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.context import Scope
from belvedere.core.runtime import Runtime
from belvedere.notify.sending import send_due
from belvedere.sources import listeners
from belvedere.sources.listeners import register_snapshot_listener
from belvedere.sources.service import ingest_file
from belvedere.watchtower.service import judge_stored, resolve

MAPPING = {
    "name": "simple",
    "columns": {"external_id": "id", "name": "name"},
    "metrics": {
        "open_rate": {"path": "open_rate", "unit": "percent"},
        "spend": {"path": "spend", "unit": "currency"},
    },
    "extra": "rest",
}


@pytest.fixture
def listening():
    kept = list(listeners._listeners)
    listeners._listeners.clear()
    register_snapshot_listener(judge_stored)
    yield
    listeners._listeners[:] = kept


@pytest.fixture
def program(sandbox, tmp_path, world, listening):  # noqa: F811
    settings = settings_for(sandbox, tmp_path)
    use_keyring(load_keyring(settings))
    world.admin.execute("UPDATE core.clients SET email_recipients = '{team@brandt.example}' WHERE id = 1")
    return Runtime(settings, world.db, http=None, clock=lambda: world.now)


async def read(runtime, world, *rates, **more):
    for rate in rates:
        world.now += timedelta(hours=1)
        row = {"id": "advent", "name": "Advent", "open_rate": rate, **more}
        await ingest_file(
            runtime, client_id=BRANDT, provider="file", endpoint="campaigns", data=orjson.dumps(row), form="ndjson",
            mapping=MAPPING, actor="tests",
        )  # fmt: skip


async def mails(runtime, sandbox):  # noqa: F811
    await send_due(runtime)
    return sandbox.sandbox.mailbox.mails


def text_of(mail):
    part = mail.parsed.get_body(("plain",))
    return part.get_content().replace("\u00a0", " ")


async def test_the_mail_of_an_alert_carries_the_newest_values(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    await read(program, world, 21, 19.5, 11.8)
    (mail,) = await mails(program, sandbox)
    parts = {part.get_content_type(): part for part in mail.parsed.walk()}
    assert parts["image/png"]["Content-ID"] == "<chart>"
    assert parts["image/png"].get_content_disposition() == "inline"
    (line,) = [line for line in text_of(mail).splitlines() if line.startswith("Newest values: ")]
    assert "21.0%" in line
    assert line.endswith(" 11.8%")
    assert "limit 15.0%" in text_of(mail)
    assert text_of(mail).count("Client:") == 1


async def test_a_mail_for_several_carries_the_plot_of_the_worst(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    world.rule(
        notify_email=True,
        name="Spend",
        field_name="spend",
        condition="greater_than",
        threshold_value="10",
        severity="critical",
    )
    await read(program, world, 21, spend=1)
    await read(program, world, 11, spend=99)
    (mail,) = await mails(program, sandbox)
    assert mail.parsed["Subject"].startswith("2 new alerts")
    assert "image/png" in {part.get_content_type() for part in mail.parsed.walk()}
    assert "of Advent, 2 values" in text_of(mail), text_of(mail)


async def test_an_alert_without_a_metric_has_a_mail_without_a_plot(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True, field_name="name", condition="equals", threshold_value="Advent")
    await read(program, world, 21, 19)
    (mail,) = await mails(program, sandbox)
    assert "image/png" not in {part.get_content_type() for part in mail.parsed.walk()}


async def test_subjects_say_what_happened_once(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    world.rule(notify_email=True, name="Lower", threshold_value="14")
    await read(program, world, 11)
    await mails(program, sandbox)
    await read(program, world, 20)
    opened, ended = await mails(program, sandbox)
    assert opened.parsed["Subject"] == "2 new alerts · Kaffeehaus Brandt"
    assert ended.parsed["Subject"] == "2 alerts resolved · Kaffeehaus Brandt"
    assert text_of(ended).startswith("Resolved: 2 alerts resolved: Kaffeehaus Brandt\r\n")


async def test_the_end_of_one_says_so_once(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    await read(program, world, 11)
    await mails(program, sandbox)
    await read(program, world, 20)
    _, ended = await mails(program, sandbox)
    assert ended.parsed["Subject"] == "Resolved: Open rate 11.0% on Advent · Kaffeehaus Brandt"
    assert text_of(ended).count("Resolved:") == 1
    assert "Recovered. The alert is closed. Open rate is now 20.0%." in text_of(ended)


async def test_a_worse_value_is_told_beside_the_one_at_the_opening(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    await read(program, world, 11)
    await mails(program, sandbox)
    await read(program, world, 9)
    _, worse = await mails(program, sandbox)
    assert worse.parsed["Subject"] == "Worse: Open rate now 9.0%, was 11.0% on Advent · Kaffeehaus Brandt"
    assert "Open rate is now 9.0%, was 11.0% when it opened, limit < 15%. " in text_of(worse)


async def test_an_end_by_hand_names_who_and_why_and_where(program, world, sandbox):  # noqa: F811
    world.rule(notify_email=True)
    await read(program, world, 11)
    await mails(program, sandbox)
    (alert,) = world.alerts()
    async with world.db.write(Scope.service("olga@agency.example")) as session:
        await resolve(
            session, [alert["id"]], actor="olga@agency.example", now=world.now, note="Was a test send."
        )
    _, ended = await mails(program, sandbox)
    assert "Closed by Olga. The alert is closed. Note: Was a test send." in text_of(ended)
    assert f"Open: https://belvedere.example/alerts/{alert['id']}" in text_of(ended)
