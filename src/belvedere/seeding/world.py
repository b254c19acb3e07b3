"""What is to be made: clients, days and the seed; keys and chance are functions of them."""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """A client to fill; `id` is its number in core.clients (0 for the agency itself)."""

    id: int
    name: str
    slug: str
    currency: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one table, parents before children. `table` is `schema.table`; generated columns are left out."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class World:
    """Everything a filler may know. `now` is the end of the last day filled (UTC)."""

    seed: int
    days: int
    now: datetime
    clients: tuple[ClientPlan, ...]
    people: tuple[UUID, ...] = ()
    """Ids of people in core.users that rows may name as owners and authors; never empty while filling."""
    sources: Mapping[str, UUID] = field(default_factory=dict)
    """Keys of watch.api_sources by "provider/endpoint"."""
    talks: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Id and name of a client's channel that is really read: the weeks before are told of it, not of a made-up one."""

    def random(self, *parts: object) -> random.Random:
        """A source of chance of its own for these parts: adding rows to one table never changes another's."""
        return random.Random(_digest(self.seed, *parts))  # noqa: S311 - made-up data, no secret

    def key(self, table: str, *parts: object) -> UUID:
        """The key of a row, always the same for the same parts: `world.key("ads.campaigns", client.id, 3)`."""
        return UUID(int=_digest(self.seed, table, *parts) & _FREE | _VERSION_4)

    def key_at(self, at: datetime, table: str, *parts: object) -> UUID:
        """A UUIDv7 key that carries the time `at`, for tables parted by it."""
        milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
        return UUID(int=(milliseconds << 80) | (_digest(self.seed, table, *parts) & _LOW_80 | _VERSION_7))

    def dates(self) -> Iterator[date]:
        """Every day that is filled, oldest first; the last is today and still running."""
        today = self.now.date()
        for back in range(self.days - 1, -1, -1):
            yield today - timedelta(days=back)

    def instant(self, day: date, clock: time, client: ClientPlan) -> datetime:
        """A local time of a client's day as UTC."""
        return datetime.combine(day, clock, ZoneInfo(client.timezone)).astimezone(UTC)


Filler = Callable[[World, ClientPlan], Iterator[Batch]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_4 = 0x00000000_0000_4000_8000_000000000000
_FREE = ~0x00000000_0000_F000_C000_000000000000 & (1 << 128) - 1
_VERSION_7 = 0x7000_8000_0000_0000_0000
_LOW_80 = 0x0FFF_3FFF_FFFF_FFFF_FFFF


def _digest(*parts: object) -> int:
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
