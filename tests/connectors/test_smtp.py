import asyncio
import datetime as dt
import ssl
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from belvedere.connectors.contracts import SendError
from belvedere.connectors.smtp.client import SmtpServer, send_mail
from belvedere.connectors.smtp.message import build_message, parse_address
from belvedere.core.errors import Invalid

from .conftest import LOOPBACK

SENT_AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def mail(**changes):
    parts = {
        "sender": "Belvedere <alerts@belvedere.example>",
        "recipient": "ada@example.com",
        "subject": "Low open rate: Größe",
        "text": "The open rate is 12 %.\n.\nEnd\n",
        "message_id": "<delivery-1@belvedere.example>",
        "sent_at": SENT_AT,
    }
    return build_message(**{**parts, **changes})


class Inbox:
    def __init__(self, *, rcpt=None, data=None):
        self.mails, self.rcpt, self.data = [], rcpt, data

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802  (aiosmtpd's name)
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  (aiosmtpd's name)
        self.mails.append(envelope)
        if self.data == "hang up":
            server.transport.abort()
        return "250 queued as 7" if self.data in (None, "hang up") else self.data


@asynccontextmanager
async def smtp_server(inbox, *, tls=None, **options):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def at(port, **fields):
    return SmtpServer(
        **{"host": "localhost", "port": port, "security": "none", "timeout_seconds": 3, **fields}
    )


async def send(server, message=None):
    return await send_mail(server, message or mail(), allowed=LOOPBACK)


async def failure_of(server, message=None):
    with pytest.raises(SendError) as failure:
        await send(server, message)
    return failure.value


def certificate(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
    )
    file = tmp_path / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_mail_arrives_once_with_its_own_id():
    inbox = Inbox()
    async with smtp_server(inbox) as port:
        receipt = await send(at(port), mail(html="<p>12&nbsp;%</p>"))
    assert (receipt.code, receipt.text) == (250, "queued as 7")
    (envelope,) = inbox.mails
    assert envelope.rcpt_tos == ["ada@example.com"]
    got = message_from_bytes(envelope.content, policy=default)
    assert got["Message-ID"] == "<delivery-1@belvedere.example>"
    assert got["Subject"] == "Low open rate: Größe"
    assert got.get_body(("plain",)).get_content().splitlines() == ["The open rate is 12 %.", ".", "End"]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_a_login_works_and_a_wrong_password_is_permanent():
    def check(_server, _session, _envelope, _mechanism, auth):
        return AuthResult(success=auth.password == b"right", handled=False)

    options = {"authenticator": check, "auth_required": True, "auth_require_tls": False}
    inbox = Inbox()
    async with smtp_server(inbox, **options) as port:
        await send(at(port, username="belvedere", password="right"))
        failure = await failure_of(at(port, username="belvedere", password="wrong"))
    assert len(inbox.mails) == 1
    assert (failure.permanent, failure.code, failure.outcome_known) == (True, "smtp_login", True)
    assert "user name or password" in failure.detail
    assert "wrong" not in failure.detail


@pytest.mark.parametrize(
    ("inbox", "permanent", "words"),
    [
        (Inbox(rcpt="550 no such user"), True, "ada@example.com: 550 no such user"),
        (Inbox(rcpt="451 greylisted"), False, "451 greylisted"),
        (Inbox(data="554 spam"), True, "did not take the message: 554 spam"),
        (Inbox(data="452 disk full"), False, "452"),
    ],
)
async def test_refusals_keep_their_reason(inbox, permanent, words):
    async with smtp_server(inbox) as port:
        failure = await failure_of(at(port))
    assert (failure.permanent, failure.outcome_known) == (permanent, True)
    assert words in failure.detail


async def test_a_connection_lost_after_the_message_leaves_the_outcome_open():
    inbox = Inbox(data="hang up")
    async with smtp_server(inbox) as port:
        failure = await failure_of(at(port))
    assert len(inbox.mails) == 1
    assert (failure.permanent, failure.outcome_known) == (False, False)


async def test_a_server_that_is_not_there_is_temporary():
    async with smtp_server(Inbox()) as port:
        pass
    failure = await failure_of(at(port))
    assert (failure.permanent, failure.outcome_known, failure.code) == (False, True, "smtp_unreachable")


async def test_a_server_that_stays_silent_is_temporary():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    failure = await failure_of(at(server.sockets[0].getsockname()[1], timeout_seconds=0.2))
    server.close()
    assert (failure.permanent, failure.outcome_known) == (False, True)


async def test_starttls_that_is_not_offered_is_a_matter_of_settings():
    async with smtp_server(Inbox()) as port:
        failure = await failure_of(at(port, security="starttls"))
    assert failure.permanent
    assert "starttls" in failure.detail


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_nobody_signed_is_refused(tmp_path, security):
    context = certificate(tmp_path)
    options = {"tls": context} if security == "tls" else {"tls_context": context}
    inbox = Inbox()
    async with smtp_server(inbox, **options) as port:
        failure = await failure_of(at(port, security=security))
    assert (failure.permanent, failure.code) == (True, "smtp_certificate")
    assert inbox.mails == []


async def test_tls_on_a_plain_port_names_the_ports():
    async with smtp_server(Inbox()) as port:
        failure = await failure_of(at(port, security="tls"))
    assert failure.permanent
    assert "465" in failure.detail


async def test_a_private_address_is_refused_unless_it_is_allowed():
    with pytest.raises(SendError) as failure:
        await send_mail(at(25), mail())
    assert (failure.value.permanent, failure.value.code) == (True, "address_refused")


@given(st.text(max_size=60))
def test_no_text_becomes_a_header_of_its_own(text):
    raw = mail(
        subject=f"{text}\r\nBcc: eve@example.com", headers={"X-Alert": text + "\nX-Evil: 1"}
    ).as_bytes()
    got = message_from_bytes(raw, policy=default)
    assert "Bcc" not in got
    assert "X-Evil" not in got
    assert got["To"] == "ada@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "a@b@c",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "Ada <>",
        "größe@example.com",
        "@b.example",
        "a@",
    ],
)
def test_what_is_no_single_address_is_invalid(address):
    with pytest.raises(Invalid):
        parse_address(address)
    with pytest.raises(Invalid):
        mail(recipient=address)


def test_a_name_with_umlauts_is_an_address():
    assert parse_address("Größe GmbH <info@example.com>").addr_spec == "info@example.com"
    assert parse_address('"Doe, Jane" <jane@example.com>').display_name == "Doe, Jane"


def test_a_message_id_is_one_token():
    for wrong in ("x", "<a b@c>", "<a@b>\r\nBcc: x@y.example", "<a@b@c>>"):
        with pytest.raises(Invalid):
            mail(message_id=wrong)
