"""Statements on the row of a reading: asked for, claimed, renewed, completed, failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.ids import new_id
from belvedere.core.settings import Settings
from belvedere.sources.contracts import Completeness, Reject, SnapshotType
from belvedere.sources.errors import AlreadyRunning, LeaseLost

LEASE = timedelta(seconds=60)


def lease_of(settings: Settings) -> timedelta:
    """How long a reading belongs to the worker that last said it lives."""
    return timedelta(seconds=settings.snapshot_lease_seconds)


MAX_ATTEMPTS = 3

_CREATE = text(
    "INSERT INTO watch.api_snapshots (id, source_id, client_id, account_id, snapshot_type, status, requested_by,"
    " completeness, data_as_of, started_at, created_at)"
    " VALUES (:id, :source_id, :client_id, :account_id, :snapshot_type, 'pending', :requested_by,"
    " :completeness, :data_as_of, :now, :now)"
)
_CLAIM = text(
    "UPDATE watch.api_snapshots SET status = 'processing', lease_token = :token, lease_until = :until,"
    " attempt = attempt + 1, started_at = :now, pages_done = 0"
    " WHERE id = :id AND client_id = :client_id"
    " AND (status = 'pending' OR (status = 'processing' AND (lease_until IS NULL OR lease_until < :now)))"
    " RETURNING source_id, account_id, attempt, snapshot_type, requested_by, completeness, data_as_of"
)
_RENEW = text(
    "UPDATE watch.api_snapshots SET lease_until = :until, pages_done = coalesce(:pages, pages_done)"
    " WHERE id = :id AND client_id = :client_id AND lease_token = :token AND status = 'processing' RETURNING 1"
)
_HOLD = text(
    "SELECT 1 FROM watch.api_snapshots WHERE id = :id AND client_id = :client_id AND lease_token = :token"
    " AND status = 'processing' FOR UPDATE"
)
_COMPLETE = text(
    "UPDATE watch.api_snapshots SET status = 'completed', total_records = :records, total_metrics = :metrics,"
    " rejected_records = :rejected, received_records = :received, expected_records = :expected, checksum = :checksum,"
    " same_as_snapshot_id = :same_as, completeness = :completeness, data_as_of = :data_as_of, completed_at = :now,"
    " error_message = :note, error_code = :note_code, lease_until = NULL, lease_token = NULL"
    " WHERE id = :id AND client_id = :client_id AND lease_token = :token AND status = 'processing' RETURNING 1"
)
_FAIL = text(
    "UPDATE watch.api_snapshots SET status = 'failed', error_message = :message, error_code = :code,"
    " rejected_records = :rejected, completed_at = :now, lease_until = NULL, lease_token = NULL"
    " WHERE id = :id AND client_id = :client_id AND status IN ('pending', 'processing')"
    " AND lease_token IS NOT DISTINCT FROM :token RETURNING source_id, account_id"
)
_PREVIOUS = text(
    "SELECT id, coalesce(same_as_snapshot_id, id) AS frames_id, checksum, total_records, total_metrics, data_as_of"
    " FROM watch.api_snapshots"
    " WHERE source_id = :source_id AND client_id = :client_id AND account_id IS NOT DISTINCT FROM :account_id"
    " AND status = 'completed' AND completeness = 'full' AND data_as_of < :data_as_of AND id <> :id"
    " ORDER BY data_as_of DESC LIMIT :limit"
)
_NEWER = text(
    "SELECT EXISTS (SELECT 1 FROM watch.api_snapshots WHERE source_id = :source_id AND client_id = :client_id"
    " AND account_id IS NOT DISTINCT FROM :account_id AND status = 'completed' AND data_as_of > :data_as_of"
    " AND id <> :id)"
)
_REJECT = text(
    "INSERT INTO watch.record_rejects (id, client_id, snapshot_id, row_number, code, field, detail, payload, created_at)"
    " VALUES (:id, :client_id, :snapshot_id, :row_number, :code, :field, :detail, :payload, :now)"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one reading until the lease runs out."""

    client_id: int
    snapshot_id: UUID
    token: UUID
    source_id: UUID
    account_id: UUID | None
    attempt: int
    snapshot_type: str
    requested_by: str | None
    completeness: Completeness
    data_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A good full reading before this one; its frames stand under `frames_id`."""

    id: UUID
    frames_id: UUID
    checksum: bytes | None
    records: int
    metrics: int
    data_as_of: datetime


async def create_snapshot(
    session: WriteSession,
    *,
    client_id: int,
    source_id: UUID,
    account_id: UUID | None,
    snapshot_type: SnapshotType,
    requested_by: str,
    now: datetime,
    completeness: Completeness = Completeness.FULL,
    data_as_of: datetime | None = None,
) -> UUID:
    """A pending reading; raises AlreadyRunning when one of this account is on its way."""
    snapshot_id = new_id(now)
    values = {
        "id": snapshot_id,
        "source_id": source_id,
        "client_id": client_id,
        "account_id": account_id,
        "snapshot_type": snapshot_type.value,
        "requested_by": requested_by,
        "completeness": completeness.value,
        "data_as_of": data_as_of,
        "now": now,
    }
    try:
        async with session.begin_nested():
            await session.execute(_CREATE, values)
    except IntegrityError as error:
        if "uq_api_snapshots_one_running" not in str(error):
            raise
        raise AlreadyRunning(
            "A reading of this account is on its way. Wait for it, or look at its progress."
        ) from error
    return snapshot_id


async def claim_snapshot(
    session: WriteSession, client_id: int, snapshot_id: UUID, now: datetime, *, lease: timedelta = LEASE
) -> Claim | None:
    """Take the reading; None when it is finished or another worker holds it."""
    token = new_id(now)
    values = {"id": snapshot_id, "client_id": client_id, "token": token, "until": now + lease, "now": now}
    row = (await session.execute(_CLAIM, values)).mappings().one_or_none()
    if row is None:
        return None
    found = {**row, "completeness": Completeness(row["completeness"])}
    return Claim(client_id=client_id, snapshot_id=snapshot_id, token=token, **found)


async def renew_lease(
    session: WriteSession, claim: Claim, now: datetime, *, pages: int | None = None, lease: timedelta = LEASE
) -> None:
    """Keep the reading, and say how many pages are done; raises LeaseLost."""
    values = {**_who(claim), "until": now + lease, "pages": pages}
    if (await session.execute(_RENEW, values)).scalar_one_or_none() is None:
        raise LeaseLost("Another worker has taken this reading over.")


async def hold_snapshot(session: WriteSession, claim: Claim) -> None:
    """Lock the reading's row until the transaction ends; raises LeaseLost.

    While rows are stored the lock stands for the lease: sweeps pass over it, and it dies with its worker.
    """
    if (await session.execute(_HOLD, _who(claim))).scalar_one_or_none() is None:
        raise LeaseLost("Another worker has taken this reading over.")


async def complete_snapshot(
    session: WriteSession, claim: Claim, values: dict[str, Any], now: datetime
) -> None:
    """Close the reading with its counts; raises LeaseLost, and then nothing of it may be kept."""
    if (await session.execute(_COMPLETE, {**_who(claim), **values, "now": now})).scalar_one_or_none() is None:
        raise LeaseLost("Another worker has taken this reading over.")


async def fail_snapshot(
    session: WriteSession,
    client_id: int,
    snapshot_id: UUID,
    token: UUID | None,
    *,
    message: str,
    code: str,
    now: datetime,
    rejected: int = 0,
) -> tuple[UUID, UUID | None] | None:
    """Close the reading as failed; returns its source and account, or None when it is no longer ours."""
    values = {"id": snapshot_id, "client_id": client_id, "token": token, "message": message, "code": code}
    row = (await session.execute(_FAIL, {**values, "rejected": rejected, "now": now})).one_or_none()
    return None if row is None else (row.source_id, row.account_id)


async def earlier_snapshots(
    session: ReadSession, claim: Claim, data_as_of: datetime, *, limit: int = 1
) -> list[Earlier]:
    """Good full readings of the same source, client and account with older data, newest first."""
    rows = await session.execute(_PREVIOUS, {**place_of(claim), "data_as_of": data_as_of, "limit": limit})
    return [
        Earlier(row.id, row.frames_id, None if row.checksum is None else bytes(row.checksum), row.total_records,
                row.total_metrics, row.data_as_of)
        for row in rows
    ]  # fmt: skip


async def has_newer(session: ReadSession, claim: Claim, data_as_of: datetime) -> bool:
    return bool((await session.execute(_NEWER, {**place_of(claim), "data_as_of": data_as_of})).scalar_one())


async def add_rejects(
    session: WriteSession, client_id: int, snapshot_id: UUID, rejects: Sequence[Reject], now: datetime
) -> None:
    rows = [
        {
            "id": new_id(now),
            "client_id": client_id,
            "snapshot_id": snapshot_id,
            "row_number": reject.row_number,
            "code": reject.code,
            "field": reject.field,
            "detail": reject.detail.replace("\x00", "␀").encode("utf-8", "replace").decode(),
            "payload": reject.payload,
            "now": now,
        }
        for reject in rejects
    ]
    if rows:
        await session.execute(_REJECT, rows)


def _who(claim: Claim) -> dict[str, Any]:
    return {"id": claim.snapshot_id, "client_id": claim.client_id, "token": claim.token}


def place_of(claim: Claim) -> dict[str, Any]:
    """The reading and where it belongs, as values of a statement."""
    return {
        "id": claim.snapshot_id,
        "source_id": claim.source_id,
        "client_id": claim.client_id,
        "account_id": claim.account_id,
    }
