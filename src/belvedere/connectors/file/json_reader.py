"""JSON documents, element by element: the list may be larger than the memory."""

import json
import re
from collections.abc import Generator, Iterator
from typing import Any, BinaryIO, NoReturn

from belvedere.connectors.contracts import RowProblem
from belvedere.connectors.file.chunk import FileChunk, excerpt, field_problem, in_chunks
from belvedere.connectors.file.lines import BOM, utf8_stream
from belvedere.connectors.file.settings import FileSettings

_BLOCK = 1 << 18
_SPACE = " \t\r\n"


class WrongJsonError(ValueError):
    """The document breaks off or is no JSON at a place from which nothing after it can be found."""


def _no_constant(name: str) -> NoReturn:
    raise WrongJsonError(f"{name} is not a JSON value")


_DOUBTFUL = re.compile(r"\\u(0000|[dD][89a-fA-F])")
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def read_json(stream: BinaryIO, settings: FileSettings) -> Iterator[FileChunk]:
    """Rows of a list, or of the list at `records_path`, in chunks.

    Where the document is broken, what stands before stays and the last problem says `ends_reading`.
    """
    return in_chunks(_items(stream, settings), settings.chunk_rows)


def _items(stream: BinaryIO, settings: FileSettings) -> Iterator[tuple[int, dict[str, Any]] | RowProblem]:
    cursor = _Cursor(utf8_stream(stream, settings.encoding), settings.max_row_bytes)
    paths = [tuple(path.split(".")) for path in settings.records_path]
    number = 0
    try:
        for value, text in _elements(cursor, paths):
            number += 1
            if not isinstance(value, dict):
                detail = f"Element {number} is not an object with fields."
                yield RowProblem(number, "not_an_object", None, detail, excerpt(text))
            else:
                # No field is longer than its row; NULs and halves of characters are written as escapes.
                doubtful = len(text) * 4 > settings.max_field_bytes or _DOUBTFUL.search(text)
                problem = field_problem(number, value, settings.max_field_bytes, text) if doubtful else None
                yield problem or (number, value)
    except (ValueError, RecursionError) as error:
        where = f"after element {number}" if number else "at its start"
        detail = f"The file is not valid JSON {where}: {error}. Nothing after it was read."
        yield RowProblem(number + 1, "wrong_json", None, detail, excerpt(cursor.rest()), ends_reading=True)


class _Cursor:
    """A place in a text that is read block by block."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._pending = b""
        self._text = ""
        self._at = 0
        self._first = True
        self._ended = False

    def peek(self) -> str:
        """The next character that is not space, or '' at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        found = self.peek()
        if found != expected:
            what = f"“{found}” stands" if found else "the file ends"
            raise WrongJsonError(f"{what} where “{expected}” is wanted")
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """The next value and its text."""
        if not self.peek():
            raise WrongJsonError("the file ends where a value is wanted")
        size = _BLOCK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except WrongJsonError:
                raise
            except json.JSONDecodeError as error:
                if not self._grow(size):
                    raise WrongJsonError(f"{error.msg} near “{self.rest()[:40]}”") from None
            else:
                # A number at the very end of what was read may go on in the next block.
                if end < len(self._text) or not self._grow(size):
                    text = self._text[self._at : end]
                    self._at = end
                    return value, text
            size *= 2

    def rest(self) -> str:
        return self._text[self._at : self._at + 4096]

    def _grow(self, size: int) -> bool:
        if len(self._text) - self._at > self._limit:
            raise WrongJsonError(f"a value is longer than {self._limit:,} bytes, or is not closed")
        grown = False
        target = len(self._text) - self._at + size
        while len(self._text) - self._at < target and self._more():
            grown = True
        return grown

    def _more(self) -> bool:
        if self._ended:
            return False
        block = self._stream.read(_BLOCK)
        if self._first:
            block, self._first = block.removeprefix(BOM), False
        self._ended = not block
        raw = self._pending + block
        try:
            text = raw.decode("utf-8")
            self._pending = b""
        except UnicodeDecodeError as error:
            if self._ended or error.reason != "unexpected end of data":
                raise WrongJsonError("the text is not in the declared encoding") from None
            text, self._pending = raw[: error.start].decode("utf-8"), raw[error.start :]
        self._text = self._text[self._at :] + text
        self._at = 0
        return bool(text) or not self._ended


def _elements(cursor: _Cursor, paths: list[tuple[str, ...]]) -> Iterator[tuple[Any, str]]:
    first = cursor.peek()
    if first == "[" and not paths:
        yield from _list(cursor)
    elif first == "{" and paths:
        if not (yield from _object(cursor, paths)):
            wanted = " or ".join(".".join(path) for path in paths)
            raise WrongJsonError(f"there is no list at {wanted}")
    elif first == "{":
        # A single object without a path is a file of one record.
        yield cursor.value()
    elif first == "[":
        # A list was given though a path is set: the list itself is what is wanted.
        yield from _list(cursor)
    else:
        raise WrongJsonError("a list or an object is wanted")
    if cursor.peek():
        raise WrongJsonError(f"“{cursor.rest()[:40]}” stands after the end")


def _list(cursor: _Cursor) -> Iterator[tuple[Any, str]]:
    cursor.take("[")
    if cursor.peek() == "]":
        cursor.take("]")
        return
    while True:
        yield cursor.value()
        if cursor.peek() == "]":
            cursor.take("]")
            return
        cursor.take(",")


def _object(cursor: _Cursor, paths: list[tuple[str, ...]]) -> Generator[tuple[Any, str], None, bool]:
    """Walk into the object where a path leads; returns whether a list was found."""
    cursor.take("{")
    found = False
    while cursor.peek() != "}":
        key, _ = cursor.value()
        if not isinstance(key, str):
            raise WrongJsonError("a field name is wanted")
        cursor.take(":")
        inner = [path[1:] for path in paths if path[0] == key and len(path) > 1]
        if not found and (key,) in paths and cursor.peek() == "[":
            yield from _list(cursor)
            found = True
        elif not found and inner and cursor.peek() == "{":
            found = yield from _object(cursor, inner)
        else:
            cursor.value()
        if cursor.peek() == ",":
            cursor.take(",")
            if cursor.peek() == "}":
                raise WrongJsonError("a field name is wanted after the comma")
        elif cursor.peek() != "}":
            raise WrongJsonError("a comma is wanted between fields")
    cursor.take("}")
    return found
