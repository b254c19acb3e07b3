"""Making the digests that are due: each in a transaction of its own, once, whoever else is at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from belvedere.core.context import Scope
from belvedere.core.database import WriteSession
from belvedere.core.errors import BelvedereError
from belvedere.core.faults import faultpoint
from belvedere.core.ids import new_id
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.notify.contracts import DeliveryRequest, MessageKind
from belvedere.notify.service import request_deliveries
from belvedere.watchtower.charting import with_charts
from belvedere.watchtower.digests_compose import Digest, compose
from belvedere.watchtower.digests_decide import DigestKey, Due, Place, decide, find_due
from belvedere.watchtower.digests_gather import (
    Facts,
    Silence,
    gather,
    key_columns,
    load_last,
    load_plans,
    load_silence,
)
from belvedere.watchtower.statements import statement

ACTOR = "digests"
DIGEST = "digest"
NOT_SILENT = Silence(0, None, told=False)

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 884207))")
log = get_logger("watchtower.digests")


@dataclass(frozen=True, slots=True)
class Made:
    """One digest that was made now."""

    id: UUID
    client_id: int
    state: str
    title: str
    channel: str
    destination: str


async def send_due(runtime: Runtime, now: datetime, *, actor: str = ACTOR) -> list[Made]:
    """Make every digest that is due at `now`, each in its own transaction. Two of these at once make each once."""
    scope = Scope.service(actor)
    async with runtime.db.read(scope) as session:
        plans, places = await load_plans(session)
        last = await load_last(session, [plan.key for plan in plans if plan.streams], now)
    made = []
    failed: BaseException | None = None
    for due in find_due(plans, last, now):
        try:
            async with runtime.db.write(scope) as session:
                one = await make_digest(
                    session, due, places, now, grace_percent=runtime.settings.snapshot_grace_percent
                )
        except (BelvedereError, DBAPIError, OSError, ValueError) as error:
            # The digests of others go out all the same; this one is tried again in a minute.
            log.warning("digest.failed", client_id=due.plan.key.client_id, reason=str(error))
            failed = error
            continue
        if one is not None:
            faultpoint("digest.committed")
            made.append(one)
    if failed is not None:
        raise failed
    return made


def alerts_said(body: Mapping[str, Any]) -> list[UUID]:
    """The alerts that a digest lists as new or open, in its order: the worst first."""
    return [
        UUID(str(line["alert_id"]))
        for group in body["groups"]
        for part in group["lists"]
        if part["list"] != "resolved"
        for line in part["lines"]
    ]


async def make_digest(
    session: WriteSession, due: Due, places: Mapping[int, Place], now: datetime, *, grace_percent: int
) -> Made | None:
    """Write one digest and ask for its message; None when somebody else made it or is at it."""
    key = due.plan.key
    if not await _take(session, key):
        return None
    last = (await load_last(session, [key], now)).get(key)
    current = decide(due.plan, last, now)
    if current is None:
        return None
    facts = await gather(session, current, grace_percent=grace_percent)
    silence = await load_silence(session, current) if facts.is_empty else NOT_SILENT
    digest_id = new_id(now)
    digest = compose(current, facts, places, now, silence, f"/digests/{digest_id}")
    if not await _insert(session, digest_id, current, facts, digest, now):
        return None
    if digest.message is not None:
        request = DeliveryRequest(
            key.client_id, DIGEST, digest_id, MessageKind.DIGEST, key.destination, digest.message
        )
        requests = await with_charts(session, [request], {digest_id: alerts_said(digest.body)})
        await request_deliveries(session, requests, now)
    faultpoint("digest.written")
    return Made(
        digest_id, key.client_id, digest.state.value, digest.body["title"],
        key.destination.channel.value, key.destination.address,
    )  # fmt: skip


async def _take(session: WriteSession, key: DigestKey) -> bool:
    """Hold this digest until the transaction ends; False when another scheduler is at it."""
    word = orjson.dumps(key_columns(key)).decode()
    return bool((await session.execute(_LOCK, {"key": word})).scalar_one())


async def _insert(
    session: WriteSession, digest_id: UUID, due: Due, facts: Facts, digest: Digest, now: datetime
) -> bool:
    values = {
        **key_columns(due.plan.key),
        "id": digest_id,
        "zone": due.zone,
        "boundary": due.boundary,
        "start": due.start,
        "state": digest.state.value,
        "new": facts.total("new"),
        "open": facts.total("open"),
        "resolved": facts.total("resolved"),
        "stale": len(facts.stale),
        "body": orjson.dumps(digest.body).decode(),
        "now": now,
    }
    return (await session.execute(statement("digest_insert"), values)).scalar_one_or_none() is not None
