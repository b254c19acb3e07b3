"""Handing one mail to a mail server; every failure says whether the mail may have gone out."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal, NoReturn

import aiosmtplib

from belvedere.connectors.contracts import SendError
from belvedere.core.errors import ExternalError
from belvedere.core.guard import Network, Resolver, check_host, resolve_host

PROVIDER = "smtp"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over; an empty `username` sends without a login."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    security: Literal["none", "starttls", "tls"] = "starttls"
    timeout_seconds: float = 20.0
    helo: str = "localhost"


@dataclass(frozen=True, slots=True)
class SmtpReceipt:
    """The server's answer to the message: it has taken it over."""

    code: int
    text: str


async def send_mail(
    server: SmtpServer,
    message: EmailMessage,
    *,
    allowed: Sequence[Network] = (),
    resolve: Resolver = resolve_host,
) -> SmtpReceipt:
    """Hand over one mail to its one recipient; raises SendError. `allowed` opens private address ranges.

    After the final dot the server may have taken the mail while its answer was lost (RFC 1047): then
    `outcome_known` is False, and the mail must not be sent again without looking.
    """
    client = _client(server, await _open_socket(server, allowed, resolve))
    try:
        await _greet(client, server)
        await _envelope(client, message)
        return await _content(client, message)
    finally:
        # The receipt counts; a server that hangs up without a goodbye takes nothing back.
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            if client.is_connected:
                await client.quit(timeout=2)
        client.close()


async def _open_socket(server: SmtpServer, allowed: Sequence[Network], resolve: Resolver) -> socket.socket:
    """Connect to an address that passed the guard, and to no other: the name is not resolved again."""
    try:
        addresses = await check_host(server.host, server.port, allowed, resolve=resolve, provider=PROVIDER)
    except ExternalError as error:
        raise _failed(error.detail, permanent=error.permanent, code=error.code) from error
    failure: OSError | None = None
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(server.timeout_seconds):
                await loop.sock_connect(connection, (address, server.port))
        except (OSError, TimeoutError) as error:
            connection.close()
            failure = error
        else:
            return connection
    raise _failed(
        f"The mail server {server.host}:{server.port} cannot be reached.",
        permanent=False,
        code="smtp_unreachable",
    ) from failure


def _client(server: SmtpServer, connection: socket.socket) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host,
        sock=connection,
        local_hostname=server.helo,
        timeout=server.timeout_seconds,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
    )


async def _greet(client: aiosmtplib.SMTP, server: SmtpServer) -> None:
    where = f"{server.host}:{server.port}"
    try:
        await client.connect()
        if server.username:
            await client.login(server.username, server.password)
    except aiosmtplib.SMTPAuthenticationError as error:
        permanent = error.code >= 500
        raise _failed(
            f"The mail server {where} does not accept the user name or password."
            if permanent
            else f"The mail server {where} cannot check the login now.",
            permanent=permanent,
            code="smtp_login",
            status_code=error.code,
        ) from error
    except aiosmtplib.SMTPResponseException as error:
        _refused(error.code, error.message, f"The mail server {where}", error)
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, TimeoutError) as error:
        _unreachable(error, where, server.security)
    except aiosmtplib.SMTPException as error:
        raise _failed(
            f"The mail server {where} does not offer what is set up (security “{server.security}”, login "
            f"{'wanted' if server.username else 'none'}): {error}",
            permanent=True,
            code="smtp_not_supported",
        ) from error
    except OSError as error:
        _unreachable(error, where, server.security)


def _unreachable(error: Exception, where: str, security: str) -> NoReturn:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise _failed(
            f"The certificate of the mail server {where} is not valid: {cause.verify_message}.",
            permanent=True,
            code="smtp_certificate",
        ) from error
    if isinstance(cause, ssl.SSLError):
        raise _failed(
            f"The mail server {where} does not speak TLS as set up (“{security}”). "
            "Port 465 wants tls, port 587 wants starttls.",
            permanent=True,
            code="smtp_tls",
        ) from error
    raise _failed(
        f"The mail server {where} cannot be reached.", permanent=False, code="smtp_unreachable"
    ) from error


async def _envelope(client: aiosmtplib.SMTP, message: EmailMessage) -> None:
    sender = message["From"].addresses[0].addr_spec
    recipient = message["To"].addresses[0].addr_spec
    try:
        await client.mail(sender)
        await client.rcpt(recipient)
    except aiosmtplib.SMTPSenderRefused as error:
        _refused(error.code, error.message, f"The mail server does not take mail from {sender}", error)
    except aiosmtplib.SMTPRecipientRefused as error:
        _refused(error.code, error.message, f"The mail server does not take mail for {recipient}", error)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _failed(
            "The connection to the mail server was lost before the message was sent.",
            permanent=False,
            code="smtp_lost",
        ) from error


async def _content(client: aiosmtplib.SMTP, message: EmailMessage) -> SmtpReceipt:
    try:
        answer = await client.data(message.as_bytes(policy=SMTP))
    except aiosmtplib.SMTPDataError as error:
        _refused(error.code, error.message, "The mail server did not take the message", error)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise _failed(
            "The connection to the mail server was lost while sending; the mail may have gone out.",
            permanent=False,
            code="smtp_outcome_unknown",
            outcome_known=False,
        ) from error
    return SmtpReceipt(answer.code, answer.message)


def _refused(code: int, text: str, what: str, error: Exception) -> NoReturn:
    raise _failed(
        f"{what}: {code} {' '.join(text.split())[:300]}",
        permanent=code >= 500,
        code="smtp_refused",
        status_code=code,
    ) from error


def _failed(
    detail: str, *, permanent: bool, code: str, status_code: int | None = None, outcome_known: bool = True
) -> SendError:
    return SendError(
        detail,
        provider=PROVIDER,
        permanent=permanent,
        code=code,
        status_code=status_code,
        outcome_known=outcome_known,
    )
