"""The program: hands the web application and the sandbox to the command line, which must not know them."""

from collections.abc import Awaitable
from typing import Any

from belvedere.cli.parts import Parts


def make_app(runtime: Any) -> Any:
    """The web application; imported late, so that `belvedere --help` is quick."""
    from belvedere.asgi import create_app

    return create_app(runtime)


def start_sandbox(**options: Any) -> Awaitable[Any]:
    """The fake platforms, for `belvedere sandbox` and the demo."""
    from belvedere.sandbox.service import SandboxOptions, run_sandbox

    return run_sandbox(SandboxOptions(**options))


def main() -> None:
    """Entry point of the command `belvedere`."""
    from belvedere.cli.main import run

    run(Parts(make_app=make_app, start_sandbox=start_sandbox))
