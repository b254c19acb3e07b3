"""Clients at which a rule of their own stands in for one of every client: there, the one for all is not asked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.core.database import ReadSession
from belvedere.core.schema import AGENCY
from belvedere.watchtower.contracts import Rule

_STAND_INS = text(
    "SELECT DISTINCT ON (client_id) client_id, id, name FROM watch.watchtower_rules"
    " WHERE overrides_rule_id = :rule_id AND is_active ORDER BY client_id, created_at, id"
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A client and its own rule."""

    client_id: int
    rule_id: UUID
    name: str

    def document(self) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "rule_id": str(self.rule_id),
            "name": self.name,
            "says": f"Client {self.client_id} has its own: “{self.name}”.",
        }


async def find_stand_ins(
    session: ReadSession, head: Rule, client_ids: Collection[int] | None
) -> tuple[StandIn, ...]:
    """Of these clients, or of all in view, those whose own rule replaces this one today."""
    if head.client_id != AGENCY:
        return ()
    found = await session.execute(_STAND_INS, {"rule_id": head.id})
    return tuple(
        StandIn(row.client_id, row.id, row.name)
        for row in found
        if client_ids is None or row.client_id in client_ids
    )
