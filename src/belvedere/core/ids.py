"""UUIDv7 keys: time-ordered, so that bulk rows land side by side in an index.

Layout (RFC 9562): 48 bits of milliseconds, version, 26 bits of counter, variant, 48 random bits. The counter
starts at a random place of its lower half each millisecond and then counts, so ids of one process only grow.
"""

import os
import secrets
import sys
import threading
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import polars as pl

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNTER_BITS = 26
_COUNTER_LIMIT = 1 << _COUNTER_BITS
_LOW_BITS = 14
_LOW_LIMIT = 1 << _LOW_BITS
_MARKS = 0x7000_8000
_CLOCK_STEP_MS = 60_000
_MAX_MS = (1 << 48) - 1
_HYPHENS = (8, 13, 18, 23)
_TEXT_WIDTH = 37  # 36 characters and the line end that parts them
_TEXT_PLACES = tuple(place for place in range(36) if place not in _HYPHENS)


class _Sequence:
    """Hands out (millisecond, counter) ranges that never overlap inside a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millisecond = -1
        self._next = 0

    def reserve(self, count: int, millisecond: int) -> list[tuple[int, int, int]]:
        """Ranges (millisecond, first counter, length) that add up to `count`, in rising order.

        A clock that stepped back a little must not bring ids back with it; an instant further back is another
        time on purpose (a backfill) and gets ids of its own time.
        """
        ranges: list[tuple[int, int, int]] = []
        with self._lock:
            behind = self._millisecond - millisecond
            if behind < 0 or behind > _CLOCK_STEP_MS:
                self._millisecond, self._next = millisecond, _random_start()
            while count > 0:
                if self._next == _COUNTER_LIMIT:
                    self._millisecond, self._next = self._millisecond + 1, _random_start()
                length = min(count, _COUNTER_LIMIT - self._next)
                ranges.append((self._millisecond, self._next, length))
                self._next += length
                count -= length
        return ranges


def _random_start() -> int:
    return secrets.randbits(_COUNTER_BITS - 1)


_sequence = _Sequence()


def new_id(now: datetime) -> UUID:
    """One UUIDv7 for the instant `now`, greater than every id made before it in this process."""
    ((millisecond, counter, _),) = _sequence.reserve(1, _milliseconds(now))
    return UUID(int=(millisecond << 80) | (_marked(counter) << 48) | secrets.randbits(48))


def uuid7_batch(count: int, now: datetime) -> list[UUID]:
    """`count` strictly increasing ids."""
    raw = uuid7_bytes(count, now)
    return [UUID(bytes=raw[start : start + 16]) for start in range(0, len(raw), 16)]


def uuid7_texts(count: int, now: datetime) -> list[str]:
    """`count` strictly increasing ids in their written form."""
    if count == 0:
        return []
    digits = uuid7_bytes(count, now).hex().encode()
    written = bytearray(b"-" * (_TEXT_WIDTH * count))
    written[_TEXT_WIDTH - 1 :: _TEXT_WIDTH] = b"\n" * count
    for source, place in enumerate(_TEXT_PLACES):
        written[place::_TEXT_WIDTH] = digits[source::32]
    return written[:-1].decode().split("\n")


def uuid7_strings(count: int, now: datetime) -> pl.Series:
    """The same as a String series named `id`."""
    return pl.Series("id", uuid7_texts(count, now), dtype=pl.String)


def uuid7_bytes(count: int, now: datetime) -> bytes:
    """`count` strictly increasing ids, 16 bytes each, one after the other: what binary COPY wants.

    Whole columns of bytes are laid down at once with strided slices; a loop over ids costs ten times as much.
    """
    if count < 0:
        raise ValueError("the count of ids cannot be negative")
    return b"".join(_block(*part) for part in _sequence.reserve(count, _milliseconds(now)))


def uuid7_floor(instant: datetime) -> UUID:
    """The least UUIDv7 of the instant's millisecond, for partition bounds and time filters."""
    return UUID(int=(_milliseconds(instant) << 80) | (_MARKS << 48))


def uuid7_time(identifier: UUID) -> datetime:
    """The instant inside a UUIDv7, to the millisecond. Raises ValueError for another kind of UUID."""
    if identifier.version != 7:
        raise ValueError(f"{identifier} is not a UUIDv7")
    return _EPOCH + (identifier.int >> 80) * _MILLISECOND


def _block(millisecond: int, first: int, count: int) -> bytes:
    raw = bytearray(16 * count)
    for place, value in enumerate(millisecond.to_bytes(6, "big")):
        raw[place::16] = bytes([value]) * count
    counters = array("I")
    for marked in _marked_runs(first, count):
        counters.extend(marked)
    if sys.byteorder == "little":
        counters.byteswap()
    middle, tail = counters.tobytes(), os.urandom(6 * count)
    for place in range(4):
        raw[6 + place :: 16] = middle[place::4]
    for place in range(6):
        raw[10 + place :: 16] = tail[place::6]
    return bytes(raw)


def _marked_runs(first: int, count: int) -> Iterator[range]:
    """The marked counters first … first + count - 1; consecutive as long as the lower bits do not carry."""
    end = first + count
    while first < end:
        length = min(end - first, _LOW_LIMIT - first % _LOW_LIMIT)
        start = _marked(first)
        yield range(start, start + length)
        first += length


def _marked(counter: int) -> int:
    """Bytes 6 to 9: version, upper 12 bits of the counter, variant, lower 14 bits."""
    return _MARKS | (counter >> _LOW_BITS) << 16 | (counter & (_LOW_LIMIT - 1))


def _milliseconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    value = (instant - _EPOCH) // _MILLISECOND
    if not 0 <= value <= _MAX_MS:
        raise ValueError("UUIDv7 begins at 1970")
    return value
