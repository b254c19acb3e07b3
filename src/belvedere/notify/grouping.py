"""A message for several things: its number, its list, and what became of some of them meanwhile. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from belvedere.notify.contracts import MessageKind

COUNT = "{count}"
MOST_LINES = 50
ENDED_NOTE = "resolved meanwhile"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of a message for several. `began` and `ended` say which of its messages this one carries."""

    subject_type: str
    subject_id: str
    text: str
    began: bool
    ended: bool


def lines_of(members: Iterable[Mapping[str, Any]] | None) -> tuple[Line, ...]:
    """The things of a message, each once, in the order given."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for member in members or ():
        found.setdefault((str(member["subject_type"]), str(member["subject_id"])), []).append(member)
    return tuple(_line(key, rows) for key, rows in found.items())


def _line(key: tuple[str, str], rows: list[Mapping[str, Any]]) -> Line:
    kinds = {str(row["kind"]) for row in rows}
    told = next((row for row in rows if row["kind"] != MessageKind.RESOLVED), rows[0])
    return Line(*key, str(told["line"]), kinds != {MessageKind.RESOLVED}, MessageKind.RESOLVED in kinds)


def counted(text: str, lines: tuple[Line, ...]) -> str:
    """`{count}` as the number of things that the message tells of."""
    return text.replace(COUNT, str(len(lines))) if lines else text


def listing(lines: tuple[Line, ...]) -> str:
    """The things, one a line; a single one stands in the title already."""
    if len(lines) < 2:
        return ""
    both = [line.began and line.ended for line in lines]
    shown = [
        f"• {' '.join(line.text.split())}{f' ({ENDED_NOTE})' if is_both else ''}"
        for line, is_both in zip(lines[:MOST_LINES], both, strict=False)
    ]
    if len(lines) > MOST_LINES:
        shown.append(f"… and {len(lines) - MOST_LINES} more")
    return "\n".join(shown)


def meanwhile(lines: tuple[Line, ...]) -> str:
    """What ended before its beginning could be told; empty when nothing did."""
    count = sum(line.began and line.ended for line in lines)
    if count == 0:
        return ""
    if count == len(lines):
        return "It was resolved meanwhile." if count == 1 else "All of these were resolved meanwhile."
    return f"{count} of these {'was' if count == 1 else 'were'} resolved meanwhile."
