"""A running process: the runtime with its log sink, opened and closed in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from belvedere.accounts.keyring import load_keyring, use_keyring
from belvedere.core.cursor import CURSORS
from belvedere.core.egress import HttpClient
from belvedere.core.logs import LogSink
from belvedere.core.runtime import Runtime
from belvedere.wiring.installation import Installation
from belvedere.wiring.modules import connect_modules


@asynccontextmanager
async def open_runtime(installation: Installation, *, keep_logs: bool = True) -> AsyncIterator[Runtime]:
    """The runtime of one process; log lines also go to the database while it is open."""
    settings = installation.settings
    connect_modules()
    use_keyring(load_keyring(settings))
    CURSORS.use(installation.secret)
    database = installation.database()
    runtime = Runtime(settings=settings, db=database, http=HttpClient(settings, db=database))
    sink = LogSink(database) if keep_logs else None
    try:
        if sink is not None:
            await sink.start()
        yield runtime
    finally:
        if sink is not None:
            await sink.stop()
        await runtime.close()
