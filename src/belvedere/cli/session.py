"""Open what a command needs: the installation, migrated, with its runtime."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings, load_settings
from belvedere.wiring.installation import open_installation

T = TypeVar("T")


def with_runtime(act: Callable[[Runtime], Awaitable[T]], *, settings: Settings | None = None) -> T:
    """Run `act` with the runtime of this installation; the database is started and migrated if need be."""
    import asyncio

    from belvedere.core.logs import configure_logs
    from belvedere.wiring.runtime import open_runtime

    chosen = settings or load_settings()
    # A command prints its own words; log lines below a warning would only get between them.
    configure_logs(chosen.model_copy(update={"log_level": "WARN"}))

    async def run() -> T:
        async with open_runtime(installation, keep_logs=False) as runtime:
            return await act(runtime)

    with open_installation(chosen) as installation:
        installation.migrate()
        return asyncio.run(run())
