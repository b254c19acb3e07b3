"""How commands speak: tables and lines for people, JSON for scripts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


class Voice:
    """One of the two streams; its console is made with the first word, so that `--help` need not wait for it."""

    def __init__(self, *, stderr: bool = False) -> None:
        self._stderr = stderr

    @cached_property
    def console(self) -> Console:
        from rich.console import Console

        # Lines are never folded where nobody watches: ids must stay whole for a script.
        stream = sys.stderr if self._stderr else sys.stdout
        return Console(stderr=self._stderr, highlight=False, soft_wrap=not stream.isatty())

    def print(self, *words: Any, style: str | None = None) -> None:
        """Text of people and platforms may hold brackets, so nothing is read as markup."""
        self.console.print(*words, style=style, markup=False)


out = Voice()
err = Voice(stderr=True)


def print_json(value: Any) -> None:
    """One line of JSON on stdout."""
    import orjson

    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A plain table, or what to do when there is nothing."""
    from belvedere.cli.layout import lay_out

    found = [[("–" if cell is None else str(cell)) for cell in row] for row in rows]
    if not found:
        out.print(empty)
        return
    for line in lay_out(columns, found, line_width()):
        out.console.print(line, soft_wrap=True)


def line_width() -> int | None:
    """The width of the terminal, or what COLUMNS says; where nobody watches, lines are as long as they are."""
    return out.console.width if sys.stdout.isatty() or os.environ.get("COLUMNS") else None


def progress() -> Progress:
    """A progress bar on stderr; quiet when nobody watches."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err.console,
        transient=True,
        disable=not err.console.is_terminal,
    )


def operator() -> str:
    """Who is at the keyboard, for the audit log."""
    return f"cli:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.geteuid()}"
