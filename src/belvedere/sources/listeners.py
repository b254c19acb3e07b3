"""Who wants to know of a stored reading. Filled by wiring."""

from collections.abc import Awaitable, Callable

from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.sources.contracts import StoredSnapshot

log = get_logger("sources.listeners")

SnapshotListener = Callable[[Runtime, StoredSnapshot], Awaitable[None]]

_listeners: list[SnapshotListener] = []


def register_snapshot_listener(listener: SnapshotListener) -> None:
    """Call `listener` after each commit of a completed reading. It may be called twice for one reading."""
    if listener not in _listeners:
        _listeners.append(listener)


def forget_snapshot_listener(listener: SnapshotListener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


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
