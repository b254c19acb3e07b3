"""What the command line is given from above, because the doors do not know each other."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Parts:
    """`make_app(runtime)` builds the web application; `start_sandbox(host=, http_port=, smtp_port=, …)` starts the fake
    platforms and returns the running sandbox; `announce_sandbox(running)` says in lines what to open and what to set; `describe_sandbox()`
    names its shops and keys.
    """

    make_app: Callable[[Any], Any]
    start_sandbox: Callable[..., Awaitable[Any]]
    announce_sandbox: Callable[[Any], list[str]]
    describe_sandbox: Callable[[], dict[str, Any]]


_parts: list[Parts] = []
_started = time.monotonic()


def started_at() -> float:
    """When this command began, on the monotonic clock."""
    return _started


def give(parts: Parts) -> None:
    _parts[:] = [parts]


def parts() -> Parts:
    if not _parts:
        raise RuntimeError("the command line was started without its parts; start it through belvedere.main")
    return _parts[0]
