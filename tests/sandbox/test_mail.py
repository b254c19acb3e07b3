"""The mail server and the pages that show what it took."""

from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from belvedere.sandbox.clients import SMTP_PASSWORD, SMTP_USERNAME
from belvedere.sandbox.service import RunningSandbox, SandboxOptions, run_sandbox


def alert_mail(message_id: str = "<alert-1@belvedere.test>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Belvedere <alerts@belvedere.test>"
    mail["To"] = "anna@brandt.test"
    mail["Subject"] = "Öffnungsrate unter 15 % ☕"
    mail["Message-ID"] = message_id
    mail.set_content("9,4 % < 15 %\n")
    mail.add_alternative("<h1>9,4 %</h1><script>alert(1)</script>", subtype="html")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="Verlauf für Brandt.png")
    return mail


async def send(sandbox: RunningSandbox, mail: EmailMessage, login: tuple[str, str] | None = None) -> str:
    server = {"hostname": sandbox.smtp_host, "port": sandbox.smtp_port, "use_tls": False, "start_tls": False}
    async with aiosmtplib.SMTP(**server, timeout=10) as client:
        if login:
            await client.login(*login)
        _, answer = await client.send_message(mail)
    return answer


async def test_a_mail_is_kept_whole_and_can_be_read(sandbox, web):
    assert "queued as 1" in await send(sandbox, alert_mail())
    listed = (await web.get("/mail/messages.json")).json()["messages"][0]
    assert listed["subject"] == "Öffnungsrate unter 15 % ☕"
    assert listed["text"].strip() == "9,4 % < 15 %"
    assert listed["attachments"] == [
        {"name": "Verlauf für Brandt.png", "content_type": "image/png", "bytes": 4}
    ]
    page = (await web.get("/mail/1")).text
    assert "<iframe sandbox " in page
    assert "<script>alert" not in page
    html = await web.get("/mail/1/html")
    assert "<h1>9,4 %</h1>" in html.text
    assert "sandbox" in html.headers["Content-Security-Policy"]
    assert (await web.get("/mail/1/attachments/1")).content == b"\x89PNG"
    assert b"Message-ID: <alert-1@" in (await web.get("/mail/1/raw")).content
    assert (await web.get("/mail/2")).status_code == 404


async def test_a_right_login_is_taken_and_a_wrong_one_refused_with_535(sandbox, web):
    await send(sandbox, alert_mail(), (SMTP_USERNAME, SMTP_PASSWORD))
    assert (await web.get("/mail/messages.json")).json()["messages"][0]["login"] == SMTP_USERNAME
    with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
        await send(sandbox, alert_mail(), (SMTP_USERNAME, "wrong"))
    assert refused.value.code == 535


async def test_a_login_can_be_required():
    running = await run_sandbox(SandboxOptions(smtp_auth_required=True, smtp_username="u", smtp_password="p"))
    with pytest.raises(aiosmtplib.SMTPException, match="Authentication required"):
        await send(running, alert_mail())
    assert await send(running, alert_mail(), ("u", "p"))
    await running.close()


async def test_the_same_message_id_twice_is_two_effects_of_one_key(sandbox, web):
    for _ in range(2):
        await send(sandbox, alert_mail())
    await send(sandbox, alert_mail("<other@belvedere.test>"))
    totals = (await web.get("/ledger.json")).json()["totals"]["mail"]
    assert totals == {"effects": 3, "keys": 2, "doubled": 1, "without_key": 0, "attempts": 3}
    assert [one["copies"] for one in (await web.get("/mail/messages.json")).json()["messages"]] == [2, 2, 1]


async def test_mails_survive_a_restart_with_a_state_folder(tmp_path):
    running = await run_sandbox(SandboxOptions(state_dir=tmp_path))
    await send(running, alert_mail())
    await running.close()
    again = await run_sandbox(SandboxOptions(state_dir=tmp_path))
    async with httpx.AsyncClient(base_url=again.base_url, trust_env=False) as web:
        assert (await web.get("/mail/messages.json")).json()["messages"][0][
            "message_id"
        ] == "<alert-1@belvedere.test>"
    await again.close()
