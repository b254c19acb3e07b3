"""Commands that keep running: up, serve, worker, sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from belvedere.cli.output import err, out
from belvedere.cli.parts import parts
from belvedere.cli.processes import Child, follow_parent, supervise
from belvedere.cli.session import open_here, read_settings
from belvedere.core.errors import SetupError

if TYPE_CHECKING:
    from belvedere.wiring.installation import Installation


def add_commands(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(serve)
    app.command()(worker)
    app.command()(sandbox)


def up(
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> None:
    """Run Belvedere: database (unless DATABASE_URL is set), migrations, web server and worker.

    Example: belvedere up --no-open
    """
    settings = read_settings()
    port = check_port(settings.host, settings.port)
    settings = settings.model_copy(update={"port": port})
    with open_here(settings) as installation:
        before, after = installation.migrate()
        if before != after:
            err.print(f"Database brought to revision {after}.")
        out.print(f"Belvedere is at {settings.address}  (Ctrl-C stops it)")
        # Both are told the port: the worker writes addresses of pages into messages.
        environment = {"BELVEDERE_PORT": str(port)}
        children = [Child("web", ["serve"], environment), Child("worker", ["worker"], environment)]
        asyncio.run(
            supervise(children, installation, on_ready=page_opener(settings.address) if open_page else None)
        )


def page_opener(address: str) -> Callable[[], None]:
    def show() -> None:
        import webbrowser

        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(address)

    return show


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Run the web server: pages and API.

    Example: belvedere serve --port 8500
    """
    follow_parent()
    settings = read_settings()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update=changes)
    listener = bind(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listener.getsockname()[1]})
    with open_here(settings) as installation:
        installation.require_schema()
        asyncio.run(run_server(installation, listener))


async def run_server(installation: Installation, listener: socket.socket) -> None:
    import uvicorn

    from belvedere.core.logs import configure_logs
    from belvedere.wiring.runtime import open_runtime

    configure_logs(installation.settings)
    async with open_runtime(installation) as runtime, keeping_database(installation):
        config = uvicorn.Config(
            parts().make_app(runtime), log_config=None, access_log=False, lifespan="on", server_header=False,
            timeout_graceful_shutdown=3,
        )  # fmt: skip
        await uvicorn.Server(config).serve(sockets=[listener])


def worker(
    concurrency: Annotated[int | None, typer.Option(help="Jobs at the same time.")] = None,
    until_empty: Annotated[bool, typer.Option("--until-empty", help="Stop when no job waits.")] = False,
) -> None:
    """Run jobs: fetch sources, judge rules, send messages. Run as many workers as you like.

    Example: belvedere worker --concurrency 4
    """
    follow_parent()
    with open_here() as installation:
        installation.require_schema()
        asyncio.run(run_jobs(installation, concurrency, until_empty=until_empty))


async def run_jobs(installation: Installation, concurrency: int | None, *, until_empty: bool) -> None:
    from belvedere.core.logs import configure_logs
    from belvedere.core.worker import run_worker
    from belvedere.wiring.runtime import open_runtime

    configure_logs(installation.settings)
    async with open_runtime(installation) as runtime, keeping_database(installation):
        await until_told(run_worker(runtime, concurrency=concurrency, until_empty=until_empty))


async def until_told(work: Awaitable[None]) -> None:
    """Run until done or until SIGTERM or SIGINT asks to stop."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


@contextlib.asynccontextmanager
async def keeping_database(installation: Installation) -> AsyncIterator[None]:
    """Start the embedded database again when it dies under us."""
    task = asyncio.create_task(installation.keep_running())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the fake platforms; 0 picks a free one.")] = 8430,
    smtp_port: Annotated[int, typer.Option(help="Port of the mail server; 0 picks a free one.")] = 8431,
    seed: Annotated[int, typer.Option(help="Same seed, same data.")] = 7,
) -> None:
    """Run fake platforms over real HTTP: Omnisend, Shopify, a shop, Discord, and a mail server.

    Example: belvedere sandbox --port 8430
    """
    bind(host, port).close()
    asyncio.run(run_sandbox(host, port, smtp_port, seed))


async def run_sandbox(host: str, port: int, smtp_port: int, seed: int) -> None:
    running = await parts().start_sandbox(host=host, http_port=port, smtp_port=smtp_port, seed=seed)
    for line in parts().announce_sandbox(running):
        out.print(line)
    try:
        await until_told(asyncio.Event().wait())  # type: ignore[arg-type]
    finally:
        await running.close()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket, or a clear word when the port is taken."""
    # Named as TCP, because asyncio switches Nagle's delay off (40 ms an answer) only where the protocol says so.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError as error:
        listener.close()
        raise SetupError(
            f"Port {port} of {host} cannot be used ({error.strerror}). Stop what listens there, or choose another:"
            " BELVEDERE_PORT or --port.",
            code="port_in_use",
        ) from error
    return listener


def check_port(host: str, port: int) -> int:
    """The port, found free; for 0 one that is free."""
    listener = bind(host, port)
    with listener:
        return int(listener.getsockname()[1])
