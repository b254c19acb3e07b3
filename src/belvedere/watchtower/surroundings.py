"""What messages hang on beside rules and readings: silences, storms, how many clients there are, channels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.watchtower.statements import statement

_AGENCY_MAILS = text("SELECT watch.agency_mails()")
_COUNT_CLIENTS = text("SELECT watch.count_active_clients()")
_STORMING = text(
    "SELECT rule_id FROM watch.storms WHERE client_id = 0 AND ended_at IS NULL"
    " AND rule_id = ANY (CAST(:ids AS uuid[]))"
)
_PARENTS = text(
    "SELECT DISTINCT parent_rule_id FROM watch.watchtower_rules"
    " WHERE client_id IN (0, :client_id) AND parent_rule_id IS NOT NULL"
)
_WEBHOOK = text(
    "SELECT id FROM core.channels WHERE client_id = :client_id AND kind = 'webhook' AND is_active"
    " ORDER BY created_at, id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Silence:
    """What a running silence covers; None covers everything."""

    rule_id: UUID | None
    source_id: UUID | None
    severity: str | None
    external_id: str | None

    def covers(self, rule_id: UUID, source_id: UUID | None, severity: str, external_id: str | None) -> bool:
        pairs = (
            (self.rule_id, rule_id),
            (self.source_id, source_id),
            (self.severity, severity),
            (self.external_id, external_id or None),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


async def load_silences(session: ReadSession, client_id: int, now: datetime) -> list[Silence]:
    found = await session.execute(statement("running_silences"), {"client_id": client_id, "now": now})
    return [Silence(row.rule_id, row.source_id, row.severity, row.external_id) for row in found]


async def find_parents(session: ReadSession, client_id: int) -> set[UUID]:
    """Rules that others wait for, at this client."""
    return set((await session.execute(_PARENTS, {"client_id": client_id})).scalars())


async def count_clients(session: ReadSession) -> int:
    """Active clients of the installation, however many this transaction may see."""
    return int((await session.execute(_COUNT_CLIENTS)).scalar_one())


async def find_agency_mails(session: ReadSession) -> tuple[str, ...]:
    """Where the agency reads mail; only jobs may ask."""
    return tuple((await session.execute(_AGENCY_MAILS)).scalars())


async def find_storming(session: ReadSession, rule_ids: Iterable[UUID]) -> list[UUID]:
    """Which of these rules for every client fire everywhere right now."""
    return list((await session.execute(_STORMING, {"ids": list(rule_ids)})).scalars())


async def find_webhook_channel(session: ReadSession, client_id: int) -> UUID | None:
    """The first active webhook channel of a client."""
    found: UUID | None = (await session.execute(_WEBHOOK, {"client_id": client_id})).scalar_one_or_none()
    return found
