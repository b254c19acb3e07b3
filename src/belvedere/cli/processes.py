"""A small supervisor: web and worker as processes of their own, started again when they die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from belvedere.cli.output import err

if TYPE_CHECKING:
    from belvedere.wiring.installation import Installation

FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0
CALM_SECONDS = 30.0
PARENT_PIPE = "BELVEDERE_PARENT_PIPE"


@lru_cache(maxsize=1)
def lifeline() -> int:
    """The reading end of a pipe that closes when this process ends in any way, `kill -9` included."""
    reading, _ = os.pipe()
    return reading


def follow_parent() -> None:
    """End this process when the supervisor that started it is gone."""
    given = os.environ.get(PARENT_PIPE)
    if given is None:
        return

    def wait() -> None:
        os.read(int(given), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="follow-parent").start()


@dataclass
class Child:
    """One process: `belvedere <arguments>` with extra environment, started once `after` has happened."""

    name: str
    arguments: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    after: asyncio.Event | None = None

    async def start(self) -> None:
        environment = {**os.environ, **self.environment, PARENT_PIPE: str(lifeline())}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "belvedere", *self.arguments,
            env=environment, start_new_session=True, pass_fds=[lifeline()],
        )  # fmt: skip

    async def keep(self) -> None:
        """Start again after a death, slower each time while it does not settle."""
        if self.after is not None:
            await self.after.wait()
        wait = FIRST_WAIT
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            await self.start()
            assert self.process is not None  # noqa: S101 - set by start
            code = await self.process.wait()
            wait = FIRST_WAIT if loop.time() - started > CALM_SECONDS else min(LONGEST_WAIT, wait * 2)
            err.print(f"{self.name} ended (exit {code}); starting it again in {wait:.0f} s")
            await asyncio.sleep(wait)

    async def stop(self, patience: float = 12.0) -> None:
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), patience)
            except TimeoutError:
                process.kill()
                await process.wait()


async def supervise(
    children: Sequence[Child], installation: Installation, *, on_ready: Callable[[], None] | None = None
) -> None:
    """Keep the children and the embedded database running until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(child.keep()) for child in children]
    tasks.append(asyncio.create_task(installation.keep_running()))
    if on_ready is not None:
        tasks.append(
            asyncio.create_task(when_ready(installation.settings.host, installation.settings.port, on_ready))
        )
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.gather(*(child.stop() for child in children))


async def when_ready(host: str, port: int, act: Callable[[], None], *, patience: float = 60.0) -> bool:
    """Call `act` once the port answers; False when it never did."""
    deadline = asyncio.get_running_loop().time() + patience
    while asyncio.get_running_loop().time() < deadline:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        act()
        return True
    return False
