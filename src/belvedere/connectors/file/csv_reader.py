"""CSV: whole blocks by Polars where that is provably the same, line by line where it is not.

A block without quotes, NULs and blank lines whose delimiters add up is a plain grid, which Polars reads many
times faster. Everything else goes through the csv module, strictly, so that one bad line is one problem.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import polars as pl

from belvedere.connectors.contracts import RowProblem
from belvedere.connectors.file.chunk import FileChunk, excerpt, field_problem, too_long
from belvedere.connectors.file.lines import byte_lines, utf8_stream
from belvedere.connectors.file.settings import FileSettings

BLOCK_BYTES = 4 << 20
MAX_LINES_OF_A_ROW = 1000
"""A quoted cell may hold line breaks; without an end to that, one lost quote would swallow the file."""

NumberedLine = tuple[int, bytes, bool]


class _UnreadableRowError(ValueError):
    """A row that cannot be taken, in words for a person."""


@dataclass(frozen=True, slots=True)
class _Grid:
    names: tuple[str, ...]
    settings: FileSettings

    def frame(self, rows: Sequence[Sequence[str]]) -> pl.DataFrame:
        # A column at a time: Polars takes a list of texts far faster than rows.
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.names)
        cells = [pl.Series(name, cells, pl.String) for name, cells in zip(self.names, columns, strict=True)]
        return pl.DataFrame(cells).with_columns(pl.all().replace("", None)) if rows else pl.DataFrame(cells)


def read_csv(stream: BinaryIO, settings: FileSettings) -> Iterator[FileChunk]:
    """Rows under the names of the first line, in chunks; `row_numbers` are line numbers of the file."""
    source: BinaryIO = io.BufferedReader(_raw(utf8_stream(stream, settings.encoding)), BLOCK_BYTES)
    csv.field_size_limit(max(csv.field_size_limit(), settings.max_row_bytes * 2))
    heading = _RowReader(byte_lines(source, settings.max_row_bytes), settings)
    first = next(iter(heading), None)
    if first is None:
        return
    names = first if isinstance(first, RowProblem) else _names(first[1])
    if isinstance(names, RowProblem):
        yield FileChunk(problems=[names])
        return
    yield from _body(source, _Grid(names, settings), heading.last_line)


def _raw(stream: BinaryIO) -> io.RawIOBase:
    return stream if isinstance(stream, io.RawIOBase) else _Unbuffered(stream)


class _Unbuffered(io.RawIOBase):
    """Any binary stream as a raw one, so that one buffer serves both lines and blocks."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _names(cells: Sequence[str]) -> tuple[str, ...] | RowProblem:
    names = [cell.strip() or f"column_{at}" for at, cell in enumerate(cells, start=1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        detail = f"The heading “{twice[:80]}” stands twice in line 1. Every column needs its own name."
        return RowProblem(
            1, "duplicate_heading", twice[:80], detail, excerpt(",".join(cells)), ends_reading=True
        )
    return tuple(names)


def _body(source: BinaryIO, grid: _Grid, last_line: int) -> Iterator[FileChunk]:
    """Block after block; from the first quote on line by line, for a quoted cell may cross any border."""
    limit = grid.settings.max_row_bytes
    while block := source.read(BLOCK_BYTES):
        tail = b"" if block.endswith(b"\n") else source.readline(limit + 2)
        cut = bool(tail) and not tail.endswith(b"\n") and len(tail) >= limit
        block += tail
        if b'"' in block or cut:
            yield from _slowly(_numbered_on(block, source, last_line, limit), grid)
            return
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        frame = _plain_frame(block, lines, grid)
        if frame is None:
            yield from _slowly(_numbered_on(block, None, last_line, limit), grid)
        else:
            size = grid.settings.chunk_rows
            for start in range(0, lines, size):
                part = frame.slice(start, size)
                first = last_line + 1 + start
                yield FileChunk(row_numbers=list(range(first, first + part.height)), frame=part)
        last_line += lines


def _numbered_on(block: bytes, source: BinaryIO | None, last_line: int, limit: int) -> Iterator[NumberedLine]:
    """The lines of a block and of what follows it, numbered on from `last_line`."""
    stream: BinaryIO = io.BytesIO(block)
    if source is not None:
        stream = io.BufferedReader(_Joined(block, source))
    return ((last_line + number, line, whole) for number, line, whole in byte_lines(stream, limit))


class _Joined(io.RawIOBase):
    """A block, then the rest of its stream."""

    def __init__(self, block: bytes, source: BinaryIO) -> None:
        self._block = memoryview(block)
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        data: bytes | memoryview = self._block[: len(buffer)]
        if data:
            self._block = self._block[len(data) :]
        else:
            data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _plain_frame(block: bytes, lines: int, grid: _Grid) -> pl.DataFrame | None:
    """The block as a frame, or None when it is not certain that every line has one cell for each name.

    No line may be longer (Polars raises), and all lines together have as many delimiters as they must:
    so no line is shorter either.
    """
    delimiter = grid.settings.delimiter.encode()
    unusual = b"\x00" in block or block.startswith((b"\n", b"\r")) or b"\n\n" in block or b"\n\r" in block
    if unusual or len(delimiter) != 1 or block.count(b"\r") != block.count(b"\r\n"):
        return None
    if block.count(delimiter) != lines * (len(grid.names) - 1):
        return None
    try:
        frame = pl.read_csv(
            block,
            has_header=False,
            separator=grid.settings.delimiter,
            quote_char=None,
            schema=dict.fromkeys(grid.names, pl.String),
            truncate_ragged_lines=False,
            encoding="utf8",
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.height != lines:
        return None
    sizes = frame.select(pl.all().str.len_bytes().max().fill_null(0)).row(0)
    too_big = (
        max(sizes, default=0) > grid.settings.max_field_bytes or sum(sizes) > grid.settings.max_row_bytes
    )
    return None if too_big else frame


def _slowly(lines: Iterator[NumberedLine], grid: _Grid) -> Iterator[FileChunk]:
    numbers: list[int] = []
    rows: list[list[str]] = []
    problems: list[RowProblem] = []
    for item in _RowReader(lines, grid.settings, grid.names):
        if isinstance(item, RowProblem):
            problems.append(item)
        else:
            numbers.append(item[0])
            rows.append(item[1])
        if max(len(rows), len(problems)) >= grid.settings.chunk_rows:
            yield FileChunk(row_numbers=numbers, frame=grid.frame(rows), problems=problems)
            numbers, rows, problems = [], [], []
    if rows or problems:
        yield FileChunk(row_numbers=numbers, frame=grid.frame(rows), problems=problems)


class _RowReader:
    """Rows of cells, each with its first line's number, or the problem of a line.

    After a problem reading goes on with the line after the one where the bad row began.
    """

    def __init__(
        self, lines: Iterator[NumberedLine], settings: FileSettings, names: tuple[str, ...] = ()
    ) -> None:
        self._lines = lines
        self._settings = settings
        self._names = names
        self._pushed: deque[NumberedLine] = deque()
        self._taken: list[NumberedLine] = []
        self._bytes = 0
        self.last_line = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]] | RowProblem]:
        reader = self._reader()
        while True:
            self._taken, self._bytes = [], 0
            try:
                cells = next(reader)
                problem = self._judge(cells) if cells else None
            except StopIteration:
                return
            except (csv.Error, _UnreadableRowError, UnicodeDecodeError) as error:
                cells, problem = [], self._explain(error)
                self._pushed.extendleft(reversed(self._taken[1:]))
                reader = self._reader()
            self.last_line = self._taken[-1][0]
            if problem is not None:
                yield problem
            elif cells:
                yield self._taken[0][0], cells

    def _reader(self) -> "Iterator[list[str]]":
        return csv.reader(self._texts(), delimiter=self._settings.delimiter, strict=True)

    def _texts(self) -> Iterator[str]:
        while (line := self._pushed.popleft() if self._pushed else next(self._lines, None)) is not None:
            self._taken.append(line)
            self._bytes += len(line[1])
            too_big = not line[2] or self._bytes > self._settings.max_row_bytes
            if too_big or len(self._taken) > MAX_LINES_OF_A_ROW:
                raise _UnreadableRowError
            yield line[1].decode("utf-8") + "\n"

    def _judge(self, cells: list[str]) -> RowProblem | None:
        number, line, _ = self._taken[0]
        if self._names and len(cells) != len(self._names):
            detail = f"Line {number} has {len(cells)} cells; the heading names {len(self._names)}."
            return RowProblem(number, "wrong_cell_count", None, detail, excerpt(line))
        # No cell is longer than its row.
        if self._bytes > self._settings.max_field_bytes or any(b"\x00" in text for _, text, _ in self._taken):
            names = self._names or tuple(f"column_{at}" for at in range(1, len(cells) + 1))
            row = dict(zip(names, cells, strict=True))
            return field_problem(number, row, self._settings.max_field_bytes, line)
        return None

    def _explain(self, error: Exception) -> RowProblem:
        number, line, whole = self._taken[0]
        if isinstance(error, UnicodeDecodeError):
            detail = f"Line {number} is not text in the declared encoding."
            return RowProblem(number, "wrong_encoding", None, detail, excerpt(line))
        if not whole or len(line) > self._settings.max_row_bytes:
            return too_long(number, self._settings.max_row_bytes, line)
        if isinstance(error, csv.Error) and len(self._taken) == 1 and "end of data" not in str(error):
            detail = f"Line {number} is not valid CSV: {error}."
        else:
            detail = (
                f"Line {number} opens a quote that is not closed. Close it, or double a quote inside a cell."
            )
        return RowProblem(number, "wrong_csv", None, detail, excerpt(line))
