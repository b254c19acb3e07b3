"""Processes of the program that are ready in a moment: forked from one that has imported everything and started nothing.

A process so made is the program like any other: `kill -9`, SIGSTOP and fault points do to it what they do to one that
was started from a file. What it saves are the seconds of importing, at each of the many starts that kills cost.

`python -m tests.faults.nursery` reads {"module", "arguments", "environment"} line by line, and answers with the process
id of each, and with how it ended when it ends.
"""

import asyncio
import contextlib
import ctypes
import importlib
import json
import os
import random
import runpy
import select
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).parents[2]
IMPORTED = (
    "belvedere.__main__",
    "belvedere.asgi",
    "belvedere.cli.main",
    "belvedere.core.faults",
    "belvedere.core.worker",
    "belvedere.wiring.modules",
    "belvedere.wiring.runtime",
    "tests.faults.errand",
    "uvicorn",
)
HARMLESS = {"jemalloc_bg_thd", "polars-ooc-clea"}
"""Threads that polars starts when it is imported; the allocator's begin anew after a fork, the other one only tidies."""


@dataclass
class Child:
    """A process of the nursery, with what `asyncio.subprocess.Process` offers of it."""

    pid: int
    ended: asyncio.Future[int] = field(repr=False)

    @property
    def returncode(self) -> int | None:
        return self.ended.result() if self.ended.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@dataclass
class Nursery:
    """Asks for processes; the ends of all that were asked for come in on one line each."""

    process: asyncio.subprocess.Process
    children: dict[int, Child] = field(default_factory=dict)
    born: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    async def start(self, module: str, arguments: list[str], environment: Mapping[str, str]) -> Child:
        asked = {"module": module, "arguments": arguments, "environment": dict(environment)}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        pid = await self.born.get()
        return self.children[pid]

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            if "born" in said:
                future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                self.children[said["born"]] = Child(said["born"], future)
                self.born.put_nowait(said["born"])
            else:
                self.children[said["ended"]].ended.set_result(said["code"])


@asynccontextmanager
async def open_nursery(*modules: str) -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.nursery", *(modules or IMPORTED), cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    nursery = Nursery(process)
    listening = asyncio.create_task(nursery.listen())
    try:
        yield nursery
    finally:
        for child in nursery.children.values():
            child.kill()
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening


def live(asked: dict[str, Any]) -> None:
    """The rest of a child's life; it ends with its nursery's."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    random.seed()
    faults = importlib.import_module("belvedere.core.faults")
    faults.arm(os.environ.get("BELVEDERE_FAULTS", ""))
    sys.argv = [asked["module"], *asked["arguments"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


def bear(asked: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        live(asked)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def say(**said: int) -> None:
    os.write(1, json.dumps(said).encode() + b"\n")


def tell_ended() -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            say(ended=ended[0], code=os.waitstatus_to_exitcode(ended[1]))


def serve(modules: list[str]) -> None:
    for name in modules:
        importlib.import_module(name)
    threads = {(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()}
    assert threads <= HARMLESS | {Path("/proc/self/comm").read_text().strip()}, f"a fork would lose {threads}"
    bell, rung = os.pipe()
    os.set_blocking(rung, False)
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(rung)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting = b""
    while True:
        ready, _, _ = select.select([0, bell], [], [])
        if bell in ready:
            os.read(bell, 4096)
        tell_ended()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            waiting += read
            *lines, waiting = waiting.split(b"\n")
            for line in lines:
                say(born=bear(json.loads(line)))


if __name__ == "__main__":
    serve(sys.argv[1:])
