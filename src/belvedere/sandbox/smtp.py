"""The mail server: optional AUTH, no TLS, every accepted message goes to the mailbox and the ledger."""

import asyncio
import contextlib
import logging
import warnings
from collections.abc import Callable
from datetime import datetime
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from belvedere.core.errors import SetupError
from belvedere.sandbox.faults import Fault, FaultPlan, Mode, Target
from belvedere.sandbox.mailbox import Mailbox

AUTH_PATH = "AUTH"
_ANSWERS = {
    Mode.RATE_LIMITED: "451 4.7.1 Too many messages, try again later",
    Mode.SERVER_ERROR: "451 4.3.0 Requested action aborted: local error in processing",
    Mode.REJECT: "550 5.7.1 Message refused",
    Mode.AUTH: "530 5.7.0 Authentication required",
    Mode.EMPTY: "451 4.3.2 System not accepting messages",
}


def drop(session: SMTP) -> None:
    """Cuts the connection without a word."""
    if isinstance(session.transport, asyncio.WriteTransport):
        session.transport.abort()


class _Door:
    """aiosmtpd's handler: what happens to a message."""

    def __init__(self, mailbox: Mailbox, faults: FaultPlan, clock: Callable[[], datetime]) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._clock = clock
        self.closing = asyncio.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._faults.take(Target.SMTP, ",".join(envelope.rcpt_tos))
        if fault is None or fault.mode is Mode.ACCEPT_THEN_TIMEOUT:
            number = self._store(session, envelope)
            if fault is None:
                return f"250 2.0.0 Ok: queued as {number}"
        return await self._fail(server, fault)

    def _store(self, session: Session, envelope: Envelope) -> int:
        login = session.auth_data.login.decode() if isinstance(session.auth_data, LoginPassword) else None
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        mail = self._mailbox.receive(
            envelope.mail_from or "", list(envelope.rcpt_tos), raw, login, self._clock()
        )
        return mail.id

    async def _fail(self, server: SMTP, fault: Fault) -> str:
        if fault.mode in {Mode.TIMEOUT, Mode.ACCEPT_THEN_TIMEOUT}:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), fault.seconds)
        elif fault.mode is Mode.GARBAGE:
            return "\x00\x01 not an SMTP reply"
        elif fault.mode in _ANSWERS:
            return _ANSWERS[fault.mode]
        # A silence that is over, or an answer cut short: the line goes dead without a reply code.
        drop(server)
        return "421 4.4.2 Connection dropped"


class _Login:
    """aiosmtpd's authenticator: one user, one password, unless told to refuse even those."""

    def __init__(self, login: tuple[str, str], faults: FaultPlan) -> None:
        self._right = (login[0].encode(), login[1].encode())
        self._faults = faults
        # A client that is refused tries the next mechanism in the same session; that is still the same login.
        self._refused: WeakSet[Session] = WeakSet()

    def __call__(
        self, _server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        if self._faults.take(Target.SMTP, AUTH_PATH, only=Mode.AUTH):
            self._refused.add(session)
        right = (data.login, data.password) == self._right and session not in self._refused
        # `handled=False` lets aiosmtpd send its own 535.
        return AuthResult(success=right, handled=False, auth_data=data if right else None)


class MailServer:
    """A running SMTP server; `port` is the one it got."""

    def __init__(self, server: asyncio.Server, door: _Door, sessions: list[SMTP]) -> None:
        self._server = server
        self._door = door
        self._sessions = sessions
        self.port: int = server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self._door.closing.set()
        self._server.close()
        for session in self._sessions:
            drop(session)
        await asyncio.sleep(0)


async def start_mail_server(
    host: str,
    port: int,
    *,
    mailbox: Mailbox,
    faults: FaultPlan,
    clock: Callable[[], datetime],
    login: tuple[str, str],
    auth_required: bool,
) -> MailServer:
    door = _Door(mailbox, faults, clock)
    # aiosmtpd warns of its own deprecated names on every login.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []
    login_check = _Login(login, faults)

    def session() -> SMTP:
        sessions[:] = [one for one in sessions if one.transport is not None]
        with warnings.catch_warnings():
            # On loopback a login without TLS is what is wanted here; aiosmtpd warns about it each time.
            warnings.simplefilter("ignore")
            made = SMTP(
                door,
                hostname="sandbox.localhost",
                ident="Belvedere sandbox",
                loop=loop,
                enable_SMTPUTF8=True,
                authenticator=login_check,
                auth_required=auth_required,
                auth_require_tls=False,
            )
        sessions.append(made)
        return made

    try:
        server = await loop.create_server(session, host, port)
    except OSError as error:
        raise SetupError(
            f"The sandbox's mail port {host}:{port} cannot be used: {error.strerror}."
        ) from error
    return MailServer(server, door, sessions)
