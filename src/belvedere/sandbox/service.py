"""The public door: start the sandbox inside a running loop, or serve it until it is stopped."""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvicorn

from belvedere.core.errors import SetupError
from belvedere.sandbox.app import build_app
from belvedere.sandbox.clients import CLIENTS_BY_SLUG, DISCORD_BOT_TOKEN, SANDBOX_CLIENTS, SandboxClient
from belvedere.sandbox.control import addresses, report_settings
from belvedere.sandbox.smtp import MailServer, start_mail_server
from belvedere.sandbox.state import Sandbox, SandboxOptions, build_sandbox

__all__ = [
    "DISCORD_BOT_TOKEN",
    "SANDBOX_CLIENTS",
    "RunningSandbox",
    "SandboxClient",
    "SandboxOptions",
    "main",
    "run_sandbox",
]


class _Server(uvicorn.Server):
    """Leaves signals to the process it is a guest in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class RunningSandbox:
    """`urls`: addresses by name (see README). `sandbox`: its memory, for tests in the same process."""

    sandbox: Sandbox
    urls: dict[str, str]
    base_url: str
    smtp_host: str
    smtp_port: int
    _closing: asyncio.Event
    _server: _Server
    _serving: asyncio.Task[None]
    _mail: MailServer
    _closed: bool = field(default=False)

    def shop_report_url(self, slug: str) -> str:
        return self.urls["shop_report"].format(client=slug)

    def report_settings(self, slug: str) -> dict[str, str]:
        """The settings a scraper needs for this shop's conversion page: address, headings, notation."""
        return report_settings(self.base_url, CLIENTS_BY_SLUG[slug])

    async def close(self) -> None:
        """Releases silent requests, stops both servers, closes the ledger. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._closing.set()
        self._server.should_exit = True
        await self._serving
        await self._mail.close()
        self.sandbox.ledger.close()


async def run_sandbox(options: SandboxOptions | None = None) -> RunningSandbox:
    """Starts both servers and returns when they answer.

    Raises SetupError for a port in use, an address that is not loopback, or a folder that cannot be written.
    """
    options = options or SandboxOptions()
    http_socket = _listen(options.host, options.http_port)
    sandbox = build_sandbox(options)
    try:
        mail = await start_mail_server(
            options.host,
            options.smtp_port,
            mailbox=sandbox.mailbox,
            faults=sandbox.faults,
            clock=sandbox.clock,
            login=(options.smtp_username, options.smtp_password),
            auth_required=options.smtp_auth_required,
        )
    except SetupError:
        http_socket.close()
        sandbox.ledger.close()
        raise
    sandbox.base_url = f"http://{_in_url(options.host)}:{http_socket.getsockname()[1]}"
    sandbox.smtp_port = mail.port
    closing = asyncio.Event()
    server = _Server(
        uvicorn.Config(
            build_app(sandbox, closing),
            log_config=None,
            log_level=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[http_socket]), name="belvedere-sandbox")
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.005)
    return RunningSandbox(
        sandbox, addresses(sandbox), sandbox.base_url, options.host, mail.port, closing, server, serving, mail
    )


def _listen(host: str, port: int) -> socket.socket:
    """Loopback only: the control API has no login."""
    with contextlib.suppress(ValueError):
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise SetupError(f"The sandbox listens on this machine alone; {host} is not a loopback address.")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise SetupError(
            f"The sandbox's port {host}:{port} cannot be used: {error.strerror or error}."
        ) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def main(options: SandboxOptions | None = None, say: Callable[[str], object] | None = None) -> None:
    """Serves until Ctrl C or SIGTERM; `say` gets each line of what to open and what to set."""
    speak = say or (lambda line: sys.stdout.write(f"{line}\n"))
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # faults asked for are no news here
    asyncio.run(_serve(options or SandboxOptions(), speak))


async def _serve(options: SandboxOptions, speak: Callable[[str], object]) -> None:
    running = await run_sandbox(options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    for line in announcement(running):
        speak(line)
    sys.stdout.flush()
    try:
        await stopped.wait()
    finally:
        await running.close()


def announcement(running: RunningSandbox) -> list[str]:
    """What a person opens, then what a program sets, ready to paste."""
    urls = running.urls
    return [
        f"Sandbox   {urls['index']}",
        f"Mail      {urls['mail']}",
        f"Discord   {urls['discord']}",
        f"Controls  {urls['control']}",
        "",
        f"BELVEDERE_OMNISEND_BASE_URL={urls['omnisend_base_url']}",
        f"BELVEDERE_SHOPIFY_BASE_URL={urls['shopify_base_url']}",
        f"BELVEDERE_DISCORD_BASE_URL={urls['discord_base_url']}",
        f"BELVEDERE_DISCORD_BOT_TOKEN={DISCORD_BOT_TOKEN}",
        f"SMTP_HOST={running.smtp_host}",
        f"SMTP_PORT={running.smtp_port}",
        f"SMTP_USERNAME={running.sandbox.options.smtp_username}",
        f"SMTP_PASSWORD={running.sandbox.options.smtp_password}",
        "BELVEDERE_SMTP_SECURITY=none",
        "BELVEDERE_ALLOW_PRIVATE_NETWORKS=127.0.0.0/8",
    ]
