"""The command line as a person meets it: real processes, with their exit codes and both streams.

Most commands run in processes forked from one that has the program imported already; that alone makes them quick.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "belvedere.main",
        "belvedere.cli.main",
        "belvedere.wiring.runtime",
        "belvedere.asgi",
        "belvedere.sandbox.service",
    ]
)
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "USER")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer of --json, which must be one line."""
        assert self.code == 0, self.err
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> str:
        """The one clear line of a refusal; it names every one of `words`."""
        assert self.code == code, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        assert self.err.startswith("belvedere: ")
        for word in words:
            assert word in self.err, self.err
        return self.err


def _run_here(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    for number, name, mode in ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY), (2, "err", os.O_WRONLY)):
        os.dup2(os.open(f"{folder}/{name}", mode), number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["belvedere", *arguments]
    from belvedere.main import main

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


@dataclass
class Terminal:
    """A person's shell with its own environment."""

    environment: dict[str, str] = field(default_factory=dict)

    def with_(self, **changes: str) -> "Terminal":
        return Terminal({**self.environment, **changes})

    def full(self) -> dict[str, str]:
        return {**{name: os.environ[name] for name in KEPT if name in os.environ}, **self.environment}

    def run(self, *arguments: str, stdin: str = "", seconds: float = 60.0) -> Done:
        with TemporaryDirectory() as folder:
            for name, text in (("in", stdin), ("out", ""), ("err", "")):
                Path(folder, name).write_text(text)
            process = _FORKS.Process(target=_run_here, args=(list(arguments), self.full(), folder))
            process.start()
            process.join(seconds)
            if process.exitcode is None:
                process.kill()
                process.join()
                raise AssertionError(f"{arguments} did not end: {Path(folder, 'err').read_text()}")
            code = process.exitcode
            process.close()
            return Done(code, Path(folder, "out").read_text(), Path(folder, "err").read_text())

    def run_alone(self, *arguments: str, seconds: float = 60.0) -> Done:
        """A process of its own from the very start: what is read at import is read anew."""
        done = subprocess.run(
            [sys.executable, "-m", "belvedere", *arguments],
            env=self.full(), capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A command that stays; ended with the block."""
        process = subprocess.Popen(
            [sys.executable, "-m", "belvedere", *arguments],
            env=self.full(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


def until(look: Any, what: str, seconds: float = 30.0) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {seconds:.0f} s")


def healthy(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/health", timeout=5)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.json()["status"] == "ok"


def children_of(pid: int) -> set[int]:
    """Every process below `pid`."""
    found: set[int] = set()
    wave = {pid}
    while wave:
        wave = {
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and int(entry.name) not in found and parent_of(entry) in wave
        }
        found |= wave
    return found


def parent_of(entry: Path) -> int:
    try:
        return int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
