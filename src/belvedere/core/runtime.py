"""What a running process holds: settings, the database, the outbound client and a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from belvedere.core.database import Database
from belvedere.core.egress import HttpClient
from belvedere.core.settings import Settings


def utc_now() -> datetime:
    """The wall clock, read only at the edges."""
    return datetime.now(UTC)


@dataclass
class Runtime:
    """Handed to requests and jobs; tests give their own clock and client."""

    settings: Settings
    db: Database
    http: HttpClient
    clock: Callable[[], datetime] = field(default=utc_now)

    async def close(self) -> None:
        await self.http.aclose()
        await self.db.close()
