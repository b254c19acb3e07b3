"""Newest good readings of a client's other sources, for groups whose rows stand on several."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from belvedere.core.database import ReadSession
from belvedere.sources.contracts import StoredSnapshot
from belvedere.sources.service import load_stored_snapshot, stale_places
from belvedere.watchtower.contracts import OtherReading, Place, Rule
from belvedere.watchtower.groups import form_groups
from belvedere.watchtower.statements import statement


async def load_other_readings(
    session: ReadSession,
    stored: StoredSnapshot,
    rules: Iterable[Rule],
    now: datetime,
    *,
    then: datetime | None = None,
) -> list[OtherReading]:
    """What groups with a row on this source and others elsewhere need; nothing where there is no such group. `then`
    asks for what was known at a moment in the past.
    """
    wanted: set[UUID] = set()
    targets: set[str] = set()
    for unit in form_groups(rules):
        if unit.is_running:
            wanted |= unit.sources
            targets |= {row.target_table for row in unit.rows if row.target_table}
    wanted.discard(stored.source_id)
    if not wanted and len(targets) < 2:
        return []
    values = {
        "client_id": stored.client_id,
        "source_id": stored.source_id,
        "source_ids": list(wanted),
        "targets": sorted(targets),
        "then": then,
    }
    places = [] if then else await stale_places(session, stored.client_id, now)
    stale = {(place.source_id, place.account_id) for place in places}
    found = []
    for row in (await session.execute(statement("other_readings"), values)).all():
        other = await load_stored_snapshot(session, stored.client_id, row.id)
        if other is not None:
            is_stale = row.is_stale or (other.source_id, other.account_id) in stale
            place = Place(stored.client_id, other.source_id, other.provider, other.endpoint)
            found.append(OtherReading(place, other.frames, other.previous, is_stale=is_stale))
    return found
