"""Bodies of outside answers: read to the end, decompressed within a size cap, parsed."""

import json
import zlib
from collections.abc import AsyncIterable
from decimal import Decimal
from typing import Any, NoReturn

import httpx
import orjson

from belvedere.core.errors import ExternalError

_GZIP_WINDOW = zlib.MAX_WBITS | 16
_NAMES = {"": None, "identity": None, "gzip": _GZIP_WINDOW, "x-gzip": _GZIP_WINDOW, "deflate": zlib.MAX_WBITS}


class BodyReader:
    """Reads one body. The cap counts decompressed bytes while they come, so a bomb never grows in memory."""

    def __init__(self, headers: httpx.Headers, max_bytes: int, provider: str, url: str) -> None:
        self._max_bytes = max_bytes
        self._provider = provider
        self._url = url
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in _NAMES:
            self._fail(
                f"sent an encoding that was not asked for ({encoding[:40]})",
                "unknown_encoding",
                permanent=True,
            )
        self._window = _NAMES[encoding]
        if self._window is None and int(_digits(headers.get("content-length"))) > max_bytes:
            self._too_large()

    async def read(self, stream: AsyncIterable[bytes]) -> bytes:
        """All of the body. Raises ExternalError when it is too large or ends too early."""
        content = bytearray()
        inflater = None if self._window is None else _Inflater(self._window)
        async for chunk in stream:
            if inflater is None:
                content += chunk
            else:
                try:
                    inflater.feed(chunk, content, self._max_bytes + 1)
                except zlib.error as error:
                    raise self._error("sent a body that does not decompress", "truncated") from error
            if len(content) > self._max_bytes:
                self._too_large()
        if inflater is not None and not inflater.complete:
            self._fail("broke off its answer", "truncated")
        return bytes(content)

    def _too_large(self) -> NoReturn:
        self._fail(f"sent more than {self._max_bytes:,} bytes", "too_large", permanent=True)

    def _fail(self, what: str, code: str, *, permanent: bool = False) -> NoReturn:
        raise self._error(what, code, permanent=permanent)

    def _error(self, what: str, code: str, *, permanent: bool = False) -> ExternalError:
        return ExternalError(
            f"{self._provider} {what} ({self._url})", provider=self._provider, permanent=permanent, code=code
        )


class _Inflater:
    """gzip (with several members) or deflate (with or without its wrapping), never more than asked for."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._stream = zlib.decompressobj(window)
        self._started = False

    @property
    def complete(self) -> bool:
        return self._stream.eof or not self._started

    def feed(self, data: bytes, into: bytearray, limit: int) -> None:
        while data and len(into) < limit:
            if self._stream.eof:
                if self._window != _GZIP_WINDOW:
                    return
                self._stream = zlib.decompressobj(self._window)
            into += self._inflate(data, limit - len(into))
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _inflate(self, data: bytes, room: int) -> bytes:
        first, self._started = not self._started, True
        try:
            return self._stream.decompress(data, room)
        except zlib.error:
            if not first or self._window != zlib.MAX_WBITS:
                raise
            # Some servers send deflate without the zlib wrapping that the standard asks for.
            self._window = -zlib.MAX_WBITS
            self._stream = zlib.decompressobj(self._window)
            return self._stream.decompress(data, room)


def parse_json(content: bytes, *, provider: str, url: str, exact: bool = False) -> Any:
    """The JSON of an answer; temporary ExternalError when it is none, as error pages and cut answers pass."""
    try:
        if exact:
            return json.loads(content, parse_float=Decimal, parse_constant=_no_constant)
        return orjson.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExternalError(
            f"{provider} sent an answer that is not JSON ({url})",
            provider=provider,
            permanent=False,
            code="wrong_json",
        ) from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _digits(value: str | None) -> str:
    return value if value is not None and value.isascii() and value.isdigit() and len(value) < 20 else "0"
