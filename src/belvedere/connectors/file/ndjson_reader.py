"""NDJSON: one object a line."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from belvedere.connectors.contracts import RowProblem
from belvedere.connectors.file.chunk import FileChunk, excerpt, field_problem, in_chunks, too_long
from belvedere.connectors.file.lines import byte_lines, utf8_stream
from belvedere.connectors.file.settings import FileSettings


def read_ndjson(stream: BinaryIO, settings: FileSettings) -> Iterator[FileChunk]:
    """Rows in chunks; an empty line is no row, a line that is no object is one problem."""
    return in_chunks(_items(stream, settings), settings.chunk_rows)


def _items(stream: BinaryIO, settings: FileSettings) -> Iterator[tuple[int, dict[str, Any]] | RowProblem]:
    lines = byte_lines(utf8_stream(stream, settings.encoding), settings.max_row_bytes)
    for number, line, whole in lines:
        if not whole:
            yield too_long(number, settings.max_row_bytes, line)
        elif line.strip():
            yield parse_line(number, line, settings.max_field_bytes)


def parse_line(number: int, line: bytes, max_field_bytes: int) -> tuple[int, dict[str, Any]] | RowProblem:
    """One line as a row, or what is wrong with it."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        reason = f"{error.msg} at character {error.colno}"
        return RowProblem(
            number, "wrong_json", None, f"Line {number} is not valid JSON: {reason}.", excerpt(line)
        )
    if not isinstance(row, dict):
        detail = f"Line {number} is JSON, but not an object with fields."
        return RowProblem(number, "not_an_object", None, detail, excerpt(line))
    if len(line) > max_field_bytes or b"\\u0000" in line:
        return field_problem(number, row, max_field_bytes, line) or (number, row)
    return number, row
