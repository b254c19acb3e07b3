"""Bodies handed to us: uploads, signed pushes, refused rows that are tried again, and files read by the command line."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.accounts.service import get_client
from belvedere.core.database import WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.sources.contracts import Completeness, SnapshotRef, SnapshotType
from belvedere.sources.documents import DocumentFormat
from belvedere.sources.mapping import parse_mapping
from belvedere.sources.plan import find_mapping, is_mapping_name
from belvedere.sources.runs import enqueue_collect
from belvedere.sources.snapshot_rows import create_snapshot

REPLAY_AT_ONCE = 5000
CLOCKS_DIFFER = timedelta(minutes=5)
"""A clock elsewhere may run ahead by so much."""

_ADD = text(
    "INSERT INTO watch.intakes (id, client_id, account_id, source_id, snapshot_id, kind, file_name, format, mapping,"
    " content, data_as_of, received_by, created_at)"
    " VALUES (:id, :client_id, :account_id, :source_id, :snapshot_id, :kind, :file_name, :format,"
    " CAST(:mapping AS jsonb), :content, :data_as_of, :received_by, :now)"
)
_OPEN = text(
    "SELECT id, source_id, account_id, snapshot_id, received_by, data_as_of FROM watch.intakes"
    " WHERE client_id = :client_id AND id = :id FOR UPDATE"
)
_LINK = text("UPDATE watch.intakes SET snapshot_id = :snapshot_id WHERE client_id = :client_id AND id = :id")
_REJECTS = text(
    "SELECT r.id, r.payload FROM watch.record_rejects r WHERE r.client_id = :client_id"
    " AND r.snapshot_id = :snapshot_id AND r.replayed_at IS NULL"
    " AND (CAST(:ids AS uuid[]) IS NULL OR r.id = ANY (CAST(:ids AS uuid[]))) ORDER BY r.row_number LIMIT :limit"
)
_ORIGIN = text(
    "SELECT s.source_id, s.account_id, i.mapping FROM watch.api_snapshots s"
    " LEFT JOIN watch.intakes i ON i.client_id = s.client_id AND i.snapshot_id = s.id"
    " WHERE s.client_id = :client_id AND s.id = :snapshot_id"
)
_REPLAYED = text(
    "UPDATE watch.record_rejects SET replayed_at = :now, replay_snapshot_id = :snapshot_id"
    " WHERE client_id = :client_id AND id = ANY (CAST(:ids AS uuid[]))"
)


def mapping_document(mapping: str | Mapping[str, Any]) -> dict[str, Any]:
    """How a mapping is kept beside a body: by its shipped name, or whole. Raises Invalid or NotFound."""
    if isinstance(mapping, str) and is_mapping_name(mapping):
        find_mapping(mapping)
        return {"shipped": mapping}
    parse_mapping(mapping)
    return dict(mapping) if isinstance(mapping, Mapping) else {"yaml": mapping}


def refuse_future(data_as_of: datetime | None, now: datetime) -> None:
    """Data of a moment to come would make all that follows look old; raises Invalid."""
    if data_as_of is None or data_as_of <= now + CLOCKS_DIFFER:
        return
    detail = f"data_as_of {data_as_of.isoformat()} lies in the future. Give the moment the data is of, or leave it out for now."
    raise Invalid(detail, errors=[FieldProblem("/data_as_of", "in_the_future", detail)])


async def add_intake(session: WriteSession, now: datetime, **values: Any) -> UUID:
    """Keep a body until its rows are stored."""
    intake_id = new_id(now)
    defaults = {"account_id": None, "snapshot_id": None, "file_name": None, "data_as_of": None}
    mapping = orjson.dumps(values.pop("mapping", None) or {}).decode()
    await session.execute(_ADD, {**defaults, **values, "mapping": mapping, "id": intake_id, "now": now})
    return intake_id


async def accept_upload(
    session: WriteSession,
    *,
    client_id: int,
    source_id: UUID,
    content: bytes,
    form: DocumentFormat,
    mapping: str | Mapping[str, Any],
    file_name: str | None,
    actor: str,
    now: datetime,
    data_as_of: datetime | None = None,
    completeness: Completeness = Completeness.FULL,
) -> SnapshotRef:
    """Take a file; a worker stores its rows. Raises Invalid for a mapping that does not hold, or data of the future."""
    refuse_future(data_as_of, now)
    await _must_know(session, client_id)
    document = mapping_document(mapping)
    snapshot_id = await create_snapshot(
        session,
        client_id=client_id,
        source_id=source_id,
        account_id=None,
        snapshot_type=SnapshotType.MANUAL,
        requested_by=actor,
        now=now,
        completeness=completeness,
        data_as_of=data_as_of,
    )
    await add_intake(
        session,
        now,
        client_id=client_id,
        source_id=source_id,
        snapshot_id=snapshot_id,
        kind="file",
        file_name=file_name,
        format=form,
        mapping=document,
        content=content,
        data_as_of=data_as_of,
        received_by=actor,
    )
    await enqueue_collect(session, client_id, snapshot_id, actor)
    return SnapshotRef(client_id, snapshot_id, source_id)


async def _must_know(session: WriteSession, client_id: int) -> None:
    try:
        await get_client(session, client_id)
    except NotFound as error:
        detail = f"There is no client {client_id}. Give the client_id of one that is there, or leave it out for the agency."
        raise NotFound(detail, errors=[FieldProblem("/client_id", "unknown", detail)]) from error


async def open_push(session: WriteSession, client_id: int, intake_id: UUID, now: datetime) -> UUID:
    """The reading of a pushed body, made when its turn comes; raises AlreadyRunning while another one runs."""
    row = (await session.execute(_OPEN, {"client_id": client_id, "id": intake_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such body.")
    if row.snapshot_id is not None:
        return UUID(str(row.snapshot_id))
    snapshot_id = await create_snapshot(
        session,
        client_id=client_id,
        source_id=row.source_id,
        account_id=row.account_id,
        snapshot_type=SnapshotType.TRIGGERED,
        requested_by=row.received_by or "webhook",
        now=now,
        completeness=Completeness.INCREMENTAL,
        data_as_of=row.data_as_of,
    )
    await session.execute(_LINK, {"client_id": client_id, "id": intake_id, "snapshot_id": snapshot_id})
    return snapshot_id


async def replay_rejects(
    session: WriteSession,
    client_id: int,
    snapshot_id: UUID,
    *,
    actor: str,
    now: datetime,
    reject_ids: list[UUID] | None = None,
) -> SnapshotRef:
    """Try refused rows of one reading again with the mapping as it is today, as a reading of their own."""
    place = {"client_id": client_id, "snapshot_id": snapshot_id}
    origin = (await session.execute(_ORIGIN, place)).one_or_none()
    if origin is None:
        raise NotFound("There is no such snapshot.")
    ids = None if reject_ids is None else [str(item) for item in reject_ids]
    rows = (await session.execute(_REJECTS, {**place, "ids": ids, "limit": REPLAY_AT_ONCE})).all()
    if not rows:
        raise Conflict(
            "There are no refused rows here that were not tried again yet.", code="nothing_to_replay"
        )
    payloads = [row.payload for row in rows]
    replay_id = await _open_replay(session, client_id, origin, payloads, actor, now)
    values = {"now": now, "snapshot_id": replay_id, "client_id": client_id}
    await session.execute(_REPLAYED, {**values, "ids": [str(row.id) for row in rows]})
    await enqueue_collect(session, client_id, replay_id, actor)
    return SnapshotRef(client_id, replay_id, origin.source_id)


async def _open_replay(
    session: WriteSession, client_id: int, origin: Any, payloads: list[str], actor: str, now: datetime
) -> UUID:
    place = {"client_id": client_id, "source_id": origin.source_id, "account_id": origin.account_id}
    replay_id = await create_snapshot(
        session,
        **place,
        snapshot_type=SnapshotType.TRIGGERED,
        requested_by=actor,
        now=now,
        completeness=Completeness.INCREMENTAL,
    )
    await add_intake(
        session,
        now,
        **place,
        snapshot_id=replay_id,
        kind="replay",
        format="ndjson",
        mapping=origin.mapping,
        content="\n".join(" ".join(payload.splitlines()) for payload in payloads).encode(),
        received_by=actor,
    )
    return replay_id
