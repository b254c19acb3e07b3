"""Who wants to know of a stored reading, and who answers for sources inside the house. Filled by wiring."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from belvedere.core.database import ReadSession
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import StoredSnapshot

log = get_logger("sources.listeners")

SnapshotListener = Callable[[Runtime, StoredSnapshot], Awaitable[None]]
InternalReader = Callable[[ReadSession, int, datetime], Awaitable[list[dict[str, Any]]]]
"""Rows of one client as they are at an instant; the session is that client's."""

_listeners: list[SnapshotListener] = []
_internal: dict[str, InternalReader] = {}


def register_snapshot_listener(listener: SnapshotListener) -> None:
    """Call `listener` after each commit of a completed reading. It may be called twice for one reading."""
    if listener not in _listeners:
        _listeners.append(listener)


def forget_snapshot_listener(listener: SnapshotListener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


def register_internal_source(endpoint: str, reader: InternalReader) -> None:
    """Let `reader` answer for the source internal/<endpoint>."""
    _internal[endpoint] = reader


def internal_reader(endpoint: str) -> InternalReader | None:
    return _internal.get(endpoint)


async def tell_listeners(runtime: Runtime, stored: StoredSnapshot) -> None:
    """Call every listener; the first failure is raised after all had their turn."""
    failure: Exception | None = None
    for listener in _listeners:
        try:
            await listener(runtime, stored)
        except Exception as error:  # noqa: BLE001 - one listener must not keep the others from the news
            log.warning("a listener failed", snapshot_id=str(stored.snapshot_id), error=str(error))
            failure = failure or error
    if failure is not None:
        raise failure
