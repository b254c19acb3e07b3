"""CSV that is safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How text begins that a spreadsheet would run as a formula."""


def csv_line(values: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerow(values)
    return stream.getvalue()


def csv_cell(value: Any, *, exact: bool = False) -> str:
    """A value as a cell. Text that begins like a formula gets an apostrophe before it; `exact` marks our own numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    words = value if isinstance(value, str) else orjson.dumps(value).decode()
    if exact or isinstance(value, int | float):
        return words
    return f"'{words}" if words.startswith(FORMULAS) else words
