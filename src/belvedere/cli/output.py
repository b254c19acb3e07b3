"""How commands speak: tables and lines for people, JSON for scripts."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(orjson.dumps(value, default=str).decode() + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A plain table, or what to do when there is nothing."""
    found = [[("–" if cell is None else str(cell)) for cell in row] for row in rows]
    if not found:
        out.print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in found:
        table.add_row(*row)
    out.print(table)


def progress() -> Progress:
    """A progress bar on stderr; quiet when nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def operator() -> str:
    """Who is at the keyboard, for the audit log."""
    return f"cli:{os.environ.get('SUDO_USER') or os.environ.get('USER') or os.geteuid()}"
