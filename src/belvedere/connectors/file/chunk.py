"""What a reader hands on, and the checks that hold for a row of every format. No input or output."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from belvedere.connectors.contracts import RowProblem

PAYLOAD_LIMIT = 4096
"""Characters of a bad row that are kept with its problem."""


@dataclass(slots=True)
class FileChunk:
    """Rows with their numbers in the file, and the rows that could not be read.

    CSV rows come as a frame of texts (`frame`), an empty cell as null; JSON rows as objects (`rows`), which
    keep null and absent apart. `row_numbers[i]` is the line (CSV, NDJSON) or element (JSON) of row i.
    """

    row_numbers: list[int] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    frame: pl.DataFrame | None = None
    problems: list[RowProblem] = field(default_factory=list)

    def as_rows(self) -> list[dict[str, Any]]:
        """The rows as objects, whatever the format."""
        return self.frame.to_dicts() if self.frame is not None else self.rows

    def __len__(self) -> int:
        return len(self.row_numbers)


def excerpt(payload: str | bytes) -> str:
    """The start of a bad row as text that a database can keep."""
    text = payload[: PAYLOAD_LIMIT * 4].decode("utf-8", "replace") if isinstance(payload, bytes) else payload
    return text[:PAYLOAD_LIMIT].replace("\x00", "\u2400")


def too_long(number: int, limit: int, payload: str | bytes) -> RowProblem:
    return RowProblem(
        number,
        "row_too_long",
        None,
        f"Row {number} is longer than {limit:,} bytes. Shorten it, or raise “Largest row”.",
        excerpt(payload),
    )


def field_problem(number: int, row: dict[str, Any], limit: int, payload: str | bytes) -> RowProblem | None:
    """The first field of a row that cannot be stored, or None."""
    for path, text in _texts(row):
        if "\x00" in text or "\x00" in path:
            return RowProblem(
                number,
                "nul_byte",
                path.replace("\x00", "\u2400"),
                f"Row {number}: the field {excerpt(path)} holds a NUL character; take it out.",
                excerpt(payload),
            )
        if not (_is_text(text) and _is_text(path)):
            return RowProblem(
                number,
                "wrong_text",
                path.encode("utf-8", "replace").decode(),
                f"Row {number}: a field holds half a character (a lone surrogate); write it whole.",
                excerpt(payload),
            )
        # A character has at most four bytes: the exact count is only needed near the limit.
        if len(text) * 4 > limit and (size := len(text.encode("utf-8", "surrogatepass"))) > limit:
            return RowProblem(
                number,
                "field_too_long",
                path,
                f"Row {number}: the field {excerpt(path)} has {size:,} bytes; at most {limit:,} are taken. "
                "Shorten it, or raise “Largest field”.",
                excerpt(payload),
            )
    return None


def _is_text(text: str) -> bool:
    """Whether the text can be written as UTF-8; JSON can name halves of characters that cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    stack: list[tuple[str, Any]] = [(path, value)]
    while stack:
        where, current = stack.pop()
        if isinstance(current, str):
            yield where, current
        elif isinstance(current, dict):
            yield from ((where, str(key)) for key in current)
            stack.extend((f"{where}.{key}" if where else str(key), inner) for key, inner in current.items())
        elif isinstance(current, list):
            stack.extend((where, inner) for inner in current)


def in_chunks(
    items: Iterable[tuple[int, dict[str, Any]] | RowProblem], chunk_rows: int
) -> Iterator[FileChunk]:
    """Numbered rows and problems, in order, as chunks of at most `chunk_rows` rows."""
    chunk = FileChunk()
    for item in items:
        if isinstance(item, RowProblem):
            chunk.problems.append(item)
        else:
            chunk.row_numbers.append(item[0])
            chunk.rows.append(item[1])
        if len(chunk.row_numbers) >= chunk_rows or len(chunk.problems) >= chunk_rows:
            yield chunk
            chunk = FileChunk()
    if chunk.row_numbers or chunk.problems:
        yield chunk
