"""Lines of bytes with a limit on their length, so that one endless line cannot fill the memory."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from belvedere.connectors.file.settings import Encoding

BOM = b"\xef\xbb\xbf"
_SKIP = 1 << 20


def utf8_stream(stream: BinaryIO, encoding: Encoding) -> BinaryIO:
    """The same text as UTF-8 bytes; reading raises UnicodeError when the declared encoding is wrong."""
    if encoding is Encoding.UTF_8:
        return stream
    return io.BufferedReader(_Recoded(stream, encoding.value))


class _Recoded(io.RawIOBase):
    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = self._text.read(1 << 16).encode("utf-8", "surrogatepass")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def byte_lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes, bool]]:
    """Each line as (number, bytes without line end, whole); one over `limit` bytes comes cut, not whole."""
    number = 0
    while line := stream.readline(limit + 2):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM)
        whole = line.endswith(b"\n") or len(line) < limit + 2
        if not whole:
            while (rest := stream.readline(_SKIP)) and not rest.endswith(b"\n"):
                pass
        yield number, line.rstrip(b"\r\n"), whole and len(line) <= limit + 2
