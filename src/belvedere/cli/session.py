"""Open what a command needs: the installation, migrated, with its runtime."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from belvedere.core.errors import SetupError

if TYPE_CHECKING:
    from belvedere.core.runtime import Runtime
    from belvedere.core.settings import Settings
    from belvedere.wiring.installation import Installation

T = TypeVar("T")


def read_settings() -> Settings:
    """The settings of this process; SetupError names the variable that does not hold."""
    from pydantic import ValidationError

    from belvedere.core.settings import load_settings

    try:
        return load_settings()
    except ValidationError as error:
        words = "; ".join(f"{variable_of(item['loc'])}: {item['msg']}" for item in error.errors())
        raise SetupError(
            f"{words}. Correct the environment variable, or unset it to take the default.",
            code="settings_wrong",
        ) from error


def variable_of(place: tuple[Any, ...]) -> str:
    """The environment variable behind a field, which pydantic names by the field or by its first alias."""
    name = str(place[0]) if place else "?"
    return name if name.isupper() else f"BELVEDERE_{name.upper()}"


def with_runtime(act: Callable[[Runtime], Awaitable[T]], *, settings: Settings | None = None) -> T:
    """Run `act` with the runtime of this installation; the database is started, and made if it is empty."""
    import asyncio

    from belvedere.core.logs import configure_logs
    from belvedere.wiring.installation import open_installation
    from belvedere.wiring.runtime import open_runtime

    chosen = settings or read_settings()
    # A command prints its own words; log lines below a warning would only get between them.
    configure_logs(chosen.model_copy(update={"log_level": "WARN"}))

    async def run() -> T:
        async with open_runtime(installation, keep_logs=False) as runtime:
            return await act(runtime)

    with open_installation(chosen) as installation:
        installation.prepare()
        return asyncio.run(run())


def open_here(settings: Settings | None = None) -> AbstractContextManager[Installation]:
    """The installation of these settings; of the environment if left out."""
    from belvedere.wiring.installation import open_installation

    return open_installation(settings or read_settings())
