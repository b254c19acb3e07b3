"""The audit log: append-only, each row chained to the one before by its hash.

The chain is made inside the database (`core.append_audit`); this module writes rows and, independently of the
database's own functions, verifies them.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import text

from belvedere.core.database import ReadSession, WriteSession

GENESIS = bytes(32)

_APPEND = text(
    "SELECT core.append_audit(:client_id, :actor, :action, :subject_type, :subject_id,"
    " CAST(:detail AS jsonb), :now)"
)
_APPEND_MANY = text(
    "SELECT count(core.append_audit(r.client_id, :actor, :action, :subject_type, r.subject_id, CAST(:detail AS jsonb), :now))"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(client_id integer, subject_id text)"
)
_PAGE = text(
    "SELECT seq, client_id, at, actor, action, subject_type, subject_id, detail::text AS detail, prev_hash, hash"
    " FROM core.audit_log WHERE seq > :after ORDER BY seq LIMIT :page"
)


async def record(
    session: WriteSession,
    *,
    action: str,
    actor: str,
    subject_type: str,
    subject_id: str,
    now: datetime,
    client_id: int = 0,
    detail: dict[str, Any] | None = None,
) -> int:
    """Append one row in the caller's transaction and return its number; what cannot be audited does not happen."""
    result = await session.execute(
        _APPEND,
        {
            "client_id": client_id,
            "actor": actor,
            "action": action,
            "subject_type": subject_type,
            "subject_id": subject_id,
            "detail": orjson.dumps(detail or {}).decode(),
            "now": now,
        },
    )
    return int(result.scalar_one())


async def record_many(
    session: WriteSession,
    *,
    action: str,
    actor: str,
    subject_type: str,
    subjects: Sequence[tuple[int, str]],
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one row for each (client, subject) of one act, in one statement."""
    rows = [{"client_id": client_id, "subject_id": subject} for client_id, subject in subjects]
    if rows:
        values = {"action": action, "actor": actor, "subject_type": subject_type, "now": now}
        texts = {"detail": orjson.dumps(detail or {}).decode(), "rows": orjson.dumps(rows).decode()}
        await session.execute(_APPEND_MANY, {**values, **texts})


@dataclass(frozen=True, slots=True)
class AuditRow:
    seq: int
    client_id: int
    at: datetime
    actor: str
    action: str
    subject_type: str
    subject_id: str
    detail: str
    prev_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain holds; `first_bad` is the first row that does not, with the reason."""

    rows: int
    head: bytes
    first_bad: int | None = None
    reason: str = ""

    @property
    def holds(self) -> bool:
        return self.first_bad is None


def row_hash(row: AuditRow) -> bytes:
    """The same bytes that `core.audit_hash` takes, computed without it."""
    at = row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    parts = (
        str(row.seq), row.prev_hash.hex(), str(row.client_id), at,
        row.actor, row.action, row.subject_type, row.subject_id, row.detail,
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def check_link(row: AuditRow, seq: int, prev_hash: bytes) -> str:
    """Why `row` does not follow (seq, prev_hash); the empty text when it does."""
    if row.seq != seq + 1:
        return f"row {seq + 1} is missing"
    if row.prev_hash != prev_hash:
        return "does not name the hash of the row before it"
    if row_hash(row) != row.hash:
        return "was changed after it was written"
    return ""


async def verify(
    session: ReadSession, *, expected_rows: int = 0, expected_head: bytes | None = None
) -> Verdict:
    """Walk the whole chain. `expected_*` come from a head that was kept outside the database: they prove that the tail
    was not cut off.
    """
    seq, prev_hash = 0, GENESIS
    head_seen = expected_head is None
    async for row in walk(session):
        reason = check_link(row, seq, prev_hash)
        if reason:
            return Verdict(seq, prev_hash, seq + 1 if row.seq != seq + 1 else row.seq, reason)
        seq, prev_hash = row.seq, row.hash
        head_seen = head_seen or row.hash == expected_head
    if seq < expected_rows or not head_seen:
        return Verdict(
            seq, prev_hash, seq + 1, "rows at the end are missing or were replaced since the head was kept"
        )
    return Verdict(seq, prev_hash)


async def walk(session: ReadSession, page: int = 2000) -> AsyncIterator[AuditRow]:
    """Every row in order."""
    after = 0
    while True:
        rows = (await session.execute(_PAGE, {"after": after, "page": page})).all()
        for row in rows:
            values = row._asdict()
            values["prev_hash"], values["hash"] = bytes(row.prev_hash), bytes(row.hash)
            yield AuditRow(**values)
        if len(rows) < page:
            return
        after = rows[-1].seq
