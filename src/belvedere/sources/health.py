"""How well a client's sources are read, as a target the rules watch: one record for each source account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from belvedere.accounts.service import list_credentials
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.settings import load_settings
from belvedere.sources.contracts import Freshness, Unit
from belvedere.sources.freshness import FAILURES_THAT_COUNT, judge_row
from belvedere.sources.scales import SUSPICIOUS_SCALE
from belvedere.sources.targets import FieldKind, Target, TargetField, number_fields, text_fields

SOURCE_HEALTH = "source_health"
SUSPICIOUS_EMPTY = "suspicious_empty"
SET_ASIDE = (SUSPICIOUS_EMPTY, SUSPICIOUS_SCALE)
"""What a reading that waits for a person's word is marked with."""
HEALTH_MINUTES = 5
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_ACCOUNTS = text(
    "SELECT a.id, a.source_id, a.account_key, coalesce(a.display_name, src.display_name) AS name, src.provider, src.endpoint,"
    " a.is_active AND src.is_active AS is_active, a.last_good_at, a.last_error, a.consecutive_failures, a.credential_id,"
    " src.refresh_interval_minutes, failed.error_code"
    " FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id"
    " LEFT JOIN LATERAL (SELECT s.error_code FROM watch.api_snapshots s WHERE s.client_id = a.client_id"
    "   AND s.account_id = a.id AND s.status = 'failed' AND a.consecutive_failures > 0"
    "   ORDER BY s.created_at DESC, s.id DESC LIMIT 1) failed ON true"
    " WHERE a.client_id = :client_id AND (src.provider, src.endpoint) <> ('internal', 'source_health') ORDER BY a.id"
)
_OWN = text(
    "SELECT a.id, a.source_id FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id"
    " WHERE a.client_id = :client_id AND src.provider = 'internal' AND src.endpoint = 'source_health'"
    " AND a.is_active AND src.is_active"
)
_SOON = text(
    "UPDATE watch.source_accounts SET next_due_at = :now WHERE client_id = :client_id AND id = :account_id"
)
_ENSURE = text(
    "INSERT INTO watch.source_accounts (client_id, source_id)"
    " SELECT DISTINCT a.client_id, h.id FROM watch.source_accounts a JOIN watch.api_sources h"
    "   ON h.provider = 'internal' AND h.endpoint = 'source_health'"
    " WHERE a.source_id <> h.id AND NOT EXISTS"
    "   (SELECT 1 FROM watch.source_accounts o WHERE o.client_id = a.client_id AND o.source_id = h.id)"
    " ON CONFLICT DO NOTHING RETURNING client_id"
)
_BY_HAND = text(
    "SELECT src.id, src.display_name AS name, src.provider, src.endpoint, newest.error_code FROM ("
    "   SELECT DISTINCT ON (source_id) source_id, status, error_code FROM watch.api_snapshots"
    "   WHERE client_id = :client_id AND account_id IS NULL ORDER BY source_id, created_at DESC, id DESC) newest"
    " JOIN watch.api_sources src ON src.id = newest.source_id"
    " WHERE newest.status = 'failed' AND newest.error_code = ANY (:codes) ORDER BY src.id"
)
_ENSURE_ONE = text(
    "INSERT INTO watch.source_accounts (client_id, source_id) SELECT :client_id, h.id FROM watch.api_sources h"
    " WHERE h.provider = 'internal' AND h.endpoint = 'source_health' ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class StalePlace:
    """A source of one client whose newest data is too old, or that was never read well, to be judged by."""

    client_id: int
    source_id: UUID
    account_id: UUID
    provider: str
    endpoint: str
    state: Freshness
    reason: str
    late_since: datetime | None


async def read_source_health(session: ReadSession, client_id: int, now: datetime) -> list[dict[str, Any]]:
    """A row for each source account of the client. Equal while nothing changes, so that most readings are pointers."""
    grace = load_settings().snapshot_grace_percent
    expiries = {
        info.id: info.expires_at for info in await list_credentials(session) if info.client_id == client_id
    }
    rows = (await session.execute(_ACCOUNTS, {"client_id": client_id})).mappings()
    by_hand = await session.execute(_BY_HAND, {"client_id": client_id, "codes": list(SET_ASIDE)})
    return [
        *(health_row(row, expiries, now, grace) for row in rows),
        *(by_hand_row(row) for row in by_hand.mappings()),
    ]


def health_row(
    row: Mapping[str, Any] | RowMapping,
    expiries: Mapping[UUID, datetime | None],
    now: datetime,
    grace_percent: int,
) -> dict[str, Any]:
    """One account in words and whole numbers. Pure."""
    state = judge_row(row, now, grace_percent).state
    expires_at = expiries.get(row["credential_id"])
    days = None if expires_at is None else (expires_at - now) // timedelta(days=1)
    failing = row["error_code"] if row["consecutive_failures"] else None
    key = "" if row["account_key"] == "default" else f" ({row['account_key']})"
    return {
        "id": str(row["id"]),
        "name": f"{row['name']}{key}",
        "state": state.value,
        "consecutive_failures": row["consecutive_failures"],
        "last_error_code": failing,
        "suspiciously_empty": failing == SUSPICIOUS_EMPTY and row["is_active"],
        "suspicious_scale": failing == SUSPICIOUS_SCALE and row["is_active"],
        "credential_expires_in_days": days if row["is_active"] else None,
        "provider": row["provider"],
        "endpoint": row["endpoint"],
        "account": row["account_key"],
    }


def by_hand_row(row: Mapping[str, Any] | RowMapping) -> dict[str, Any]:
    """A source that files are handed in for and whose newest one was set aside: it has no account and no times. Pure."""
    account = {"is_active": True, "account_key": "by hand", "last_good_at": None, "consecutive_failures": 1}
    about = {**row, **account, "last_error": None, "credential_id": None, "refresh_interval_minutes": 0}
    return {**health_row(about, {}, _NEVER, 0), "state": Freshness.OFF.value}


HEALTH_TARGET = Target(
    name=SOURCE_HEALTH,
    display_name="Source Health",
    description="How well each source is read",
    refresh_interval_minutes=HEALTH_MINUTES,
    read_rows=read_source_health,
    fields=(
        TargetField("state", "Reading"),
        *number_fields(Unit.COUNT, [("consecutive_failures", "Failures in a row")]),
        TargetField("last_error_code", "Last error"),
        TargetField("suspiciously_empty", "Empty where data was", FieldKind.BOOLEAN),
        TargetField("suspicious_scale", "Percents turned to fractions", FieldKind.BOOLEAN),
        *number_fields(Unit.DAYS, [("credential_expires_in_days", "Days until the credential ends")]),
        *text_fields([("provider", "Platform"), ("endpoint", "Endpoint"), ("account", "Account")]),
    ),
)


async def stale_places(session: ReadSession, client_id: int, now: datetime) -> list[StalePlace]:
    """The sources of a client that nothing may be concluded from now: what depends on them is unknown."""
    grace = load_settings().snapshot_grace_percent
    found = []
    for row in (await session.execute(_ACCOUNTS, {"client_id": client_id})).mappings():
        view = judge_row(row, now, grace)
        if view.state in (Freshness.FRESH, Freshness.OFF):
            continue
        if view.late_at is not None and now < view.late_at:
            continue  # it fails, but what was read last still stands
        place = (row["source_id"], row["id"], row["provider"], row["endpoint"])
        found.append(StalePlace(client_id, *place, view.state, view.reason, view.late_at))
    return found


def changes_health(failures: int, code: str | None, *, has_good: bool) -> bool:
    """Whether a failure moves the account to another state, so that health is read at once and not with the next tick."""
    return failures == FAILURES_THAT_COUNT or code in SET_ASIDE or (failures == 1 and not has_good)


def ends_trouble(failures: int, code: str | None, *, has_good: bool) -> bool:
    """Whether a good reading brings the account back from a state that a rule may have told of."""
    return failures >= FAILURES_THAT_COUNT or (failures > 0 and (code in SET_ASIDE or not has_good))


async def find_health_account(session: ReadSession, client_id: int) -> tuple[UUID, UUID] | None:
    """Account and source that the client's health is read by; None before the first tick or when switched off."""
    row = (await session.execute(_OWN, {"client_id": client_id})).one_or_none()
    return None if row is None else (row.id, row.source_id)


async def mark_due(session: WriteSession, client_id: int, account_id: UUID, now: datetime) -> None:
    """Have an account read with the next tick."""
    await session.execute(_SOON, {"client_id": client_id, "account_id": account_id, "now": now})


async def ensure_health_account(session: WriteSession, client_id: int) -> None:
    """Have this client's health read, whatever else it reads."""
    await session.execute(_ENSURE_ONE, {"client_id": client_id})


async def ensure_health_accounts(session: WriteSession) -> int:
    """Every client that reads anything has its health read too; returns how many were added."""
    return len((await session.execute(_ENSURE)).all())
