"""A process that migrates, and may kill itself at a chosen statement: `migrator.py ADDRESS [STATEMENT]`."""

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from belvedere.core.errors import BelvedereError
from belvedere.migrations.runner import migrate

SECRET = b"belvedere-tests-only-secret-32-b"


def main(address: str, fatal: int = 0) -> int:
    """Prints how many statements it ran, so that a second one knows where to die."""
    count = 0

    @event.listens_for(Engine, "before_cursor_execute")
    def step(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        before, after = migrate(address, SECRET)
    except BelvedereError as error:
        print(error.detail)  # noqa: T201 - read by the test
        return 3
    print(count, before, after)  # noqa: T201 - read by the test
    return 0


sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
