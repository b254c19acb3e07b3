"""Sources, accounts at them, and metric definitions: what is read, for whom, how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from belvedere.connectors.service import CONNECTORS
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import Conflict, FieldProblem, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.sources.contracts import Freshness
from belvedere.sources.freshness import FreshnessView, judge_row
from belvedere.sources.targets import INTERNAL, find_target

_WORST = (Freshness.FAILED, Freshness.LATE, Freshness.NEVER, Freshness.FRESH, Freshness.OFF)
SOURCE = (
    "SELECT id, provider, endpoint, display_name, description, refresh_interval_minutes, is_active, created_at,"
    " updated_at FROM watch.api_sources"
)
ACCOUNT = (
    "SELECT a.id, nullif(a.client_id, 0) AS client_id, a.source_id, a.account_key, a.display_name, a.settings,"
    " a.credential_id, a.is_active, a.next_due_at, a.last_started_at, a.last_good_at, a.last_failed_at, a.last_error,"
    " a.consecutive_failures, a.created_at, a.updated_at, src.provider, src.endpoint,"
    " src.display_name AS source_name, src.refresh_interval_minutes, src.is_active AS source_active"
    " FROM watch.source_accounts a JOIN watch.api_sources src ON src.id = a.source_id"
)
_HEALTH = text(
    "SELECT a.id, a.source_id, a.is_active AND src.is_active AS is_active, a.last_good_at, a.consecutive_failures,"
    " a.last_error, src.refresh_interval_minutes FROM watch.source_accounts a"
    " JOIN watch.api_sources src ON src.id = a.source_id WHERE a.source_id = ANY (CAST(:sources AS uuid[]))"
)
_LIST_SOURCES = text(
    f"{SOURCE} WHERE (CAST(:after_provider AS text) IS NULL OR (provider, endpoint) > (:after_provider, :after_endpoint))"
    " ORDER BY provider, endpoint LIMIT :limit"
)
_GET_SOURCE = text(f"{SOURCE} WHERE id = :id")
_FIND_SOURCE = text(f"{SOURCE} WHERE provider = :provider AND endpoint = :endpoint")
_ADD_SOURCE = text(
    "INSERT INTO watch.api_sources (id, provider, endpoint, display_name, description, refresh_interval_minutes,"
    " is_active) VALUES (:id, :provider, :endpoint, :display_name, :description, :refresh_interval_minutes, :is_active)"
)
_ADD_ACCOUNT = text(
    "INSERT INTO watch.source_accounts (id, client_id, source_id, account_key, display_name, settings, credential_id,"
    " is_active) VALUES (:id, :client_id, :source_id, :account_key, :display_name, CAST(:settings AS jsonb),"
    " :credential_id, :is_active)"
)
_LIST_ACCOUNTS = text(
    f"{ACCOUNT} WHERE (CAST(:source_id AS uuid) IS NULL OR a.source_id = :source_id)"
    " AND (CAST(:client_id AS integer) IS NULL OR a.client_id = :client_id)"
    " AND (CAST(:after AS uuid) IS NULL OR a.id > :after) ORDER BY a.id LIMIT :limit"
)
_GET_ACCOUNT = text(f"{ACCOUNT} WHERE a.id = :id")
_DELETE_ACCOUNT = text("DELETE FROM watch.source_accounts WHERE id = :id RETURNING id")
_SOONER = text(
    "UPDATE watch.source_accounts SET next_due_at = least(next_due_at, :latest) WHERE source_id = :id"
)
_ADD_DEFINITION = text(
    "INSERT INTO watch.metric_definitions (metric_name, display_name, description, metric_unit, min_value, max_value,"
    " provider) VALUES (:metric_name, :display_name, :description, :metric_unit, :min_value, :max_value, :provider)"
    " RETURNING metric_name, display_name, description, metric_unit, min_value, max_value, provider, created_at"
)
SOURCE_COLUMNS = frozenset({"display_name", "description", "refresh_interval_minutes", "is_active"})
ACCOUNT_COLUMNS = frozenset({"display_name", "settings", "credential_id", "is_active", "next_due_at"})


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source and how fresh its accounts are; `freshness` is that of the worst account in view."""

    row: dict[str, Any]
    freshness: FreshnessView
    accounts: int
    by_state: dict[str, int]


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account and how fresh it is."""

    row: dict[str, Any]
    freshness: FreshnessView


async def list_sources(
    session: ReadSession,
    now: datetime,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
    grace_percent: int = 50,
) -> list[SourceView]:
    """Sources by provider and endpoint, with the freshness of the accounts in view."""
    provider, endpoint = after or (None, None)
    values = {"after_provider": provider, "after_endpoint": endpoint, "limit": limit}
    rows = [dict(row) for row in (await session.execute(_LIST_SOURCES, values)).mappings()]
    return await _with_freshness(session, rows, now, grace_percent)


async def get_source(
    session: ReadSession, source_id: UUID, now: datetime, *, grace_percent: int = 50
) -> SourceView:
    row = (await session.execute(_GET_SOURCE, {"id": source_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such source.")
    return (await _with_freshness(session, [dict(row)], now, grace_percent))[0]


async def find_source(session: ReadSession, provider: str, endpoint: str) -> UUID | None:
    row = (await session.execute(_FIND_SOURCE, {"provider": provider, "endpoint": endpoint})).one_or_none()
    return None if row is None else row.id


async def _with_freshness(
    session: ReadSession, rows: list[dict[str, Any]], now: datetime, grace_percent: int
) -> list[SourceView]:
    found: dict[UUID, list[FreshnessView]] = {row["id"]: [] for row in rows}
    for health in (await session.execute(_HEALTH, {"sources": [str(item) for item in found]})).mappings():
        found[health["source_id"]].append(judge_row(health, now, grace_percent))
    return [_source_view(row, found[row["id"]]) for row in rows]


def _source_view(row: dict[str, Any], views: Sequence[FreshnessView]) -> SourceView:
    by_state = {state.value: sum(view.state is state for view in views) for state in Freshness}
    if not row["is_active"]:
        return SourceView(
            row, FreshnessView(Freshness.OFF, "This source is switched off."), len(views), by_state
        )
    if not views:
        never = FreshnessView(Freshness.NEVER, "No account reads this source yet.")
        return SourceView(row, never, 0, by_state)
    worst = min(views, key=lambda view: _WORST.index(view.state))
    return SourceView(row, worst, len(views), by_state)


async def create_source(session: WriteSession, values: dict[str, Any], now: datetime) -> UUID:
    """Add a source; raises Conflict when provider and endpoint are known already."""
    source_id = new_id(now)
    defaults = {"description": None, "refresh_interval_minutes": 60, "is_active": True}
    try:
        async with session.begin_nested():
            await session.execute(_ADD_SOURCE, {**defaults, **values, "id": source_id})
    except IntegrityError as error:
        name = f"{values['provider']}/{values['endpoint']}"
        raise Conflict(f"There is a source {name} already.", code="source_exists") from error
    return source_id


async def change_source(
    session: WriteSession, source_id: UUID, changes: dict[str, Any], now: datetime
) -> None:
    """Change a source; a shorter interval counts at once."""
    await _change(session, "watch.api_sources", source_id, changes, SOURCE_COLUMNS, "source")
    minutes = changes.get("refresh_interval_minutes")
    if minutes is not None:
        await session.execute(_SOONER, {"id": source_id, "latest": now + timedelta(minutes=minutes)})


async def _change(
    session: WriteSession,
    table: str,
    row_id: UUID,
    changes: dict[str, Any],
    allowed: frozenset[str],
    what: str,
) -> None:
    wanted = {name: value for name, value in changes.items() if name in allowed}
    if not wanted:
        return
    if "settings" in wanted:
        wanted["settings"] = orjson.dumps(wanted["settings"]).decode()
    parts = ", ".join(
        f"{name} = {'CAST(:settings AS jsonb)' if name == 'settings' else ':' + name}" for name in wanted
    )
    found = await session.execute(
        text(f"UPDATE {table} SET {parts} WHERE id = :id RETURNING id"), {**wanted, "id": row_id}
    )
    if found.scalar_one_or_none() is None:
        raise NotFound(f"There is no such {what}.")


async def list_accounts(
    session: ReadSession,
    now: datetime,
    *,
    limit: int,
    after: UUID | None = None,
    source_id: UUID | None = None,
    client_id: int | None = None,
    grace_percent: int = 50,
) -> list[AccountView]:
    values = {"source_id": source_id, "client_id": client_id, "after": after, "limit": limit}
    rows = (await session.execute(_LIST_ACCOUNTS, values)).mappings()
    return [_account_view(dict(row), now, grace_percent) for row in rows]


async def get_account(
    session: ReadSession, account_id: UUID, now: datetime, *, grace_percent: int = 50
) -> AccountView:
    row = (await session.execute(_GET_ACCOUNT, {"id": account_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such source account.")
    return _account_view(dict(row), now, grace_percent)


def _account_view(row: dict[str, Any], now: datetime, grace_percent: int) -> AccountView:
    health = {**row, "is_active": row["is_active"] and row["source_active"]}
    return AccountView(row, judge_row(health, now, grace_percent))


async def create_account(session: WriteSession, values: dict[str, Any], now: datetime) -> UUID:
    """Let a client read a source; its first reading starts with the scheduler's next tick."""
    source = await get_source(session, values["source_id"], now)
    check_settings(source.row["provider"], source.row["endpoint"], values.get("settings") or {})
    account_id = new_id(now)
    defaults = {"account_key": "default", "display_name": None, "credential_id": None, "is_active": True}
    given = {name: value for name, value in values.items() if value is not None}
    settings = orjson.dumps(values.get("settings") or {}).decode()
    try:
        async with session.begin_nested():
            await session.execute(_ADD_ACCOUNT, {**defaults, **given, "settings": settings, "id": account_id})
    except IntegrityError as error:
        raise _account_conflict(error) from error
    return account_id


def _account_conflict(error: IntegrityError) -> Conflict | Invalid:
    if "credential" in str(error.orig):
        detail = "There is no such credential of this client."
        return Invalid(detail, errors=[FieldProblem("/credential_id", "unknown", detail)])
    return Conflict("This client has an account of that key at this source already.", code="account_exists")


async def change_account(
    session: WriteSession, account_id: UUID, changes: dict[str, Any], now: datetime
) -> None:
    """Change an account; new settings or a new credential are tried at once."""
    account = (await get_account(session, account_id, now)).row
    if "settings" in changes:
        check_settings(account["provider"], account["endpoint"], changes["settings"] or {})
    if {"settings", "credential_id"} & set(changes) or changes.get("is_active"):
        changes = {**changes, "next_due_at": now}
    try:
        async with session.begin_nested():
            await _change(
                session, "watch.source_accounts", account_id, changes, ACCOUNT_COLUMNS, "source account"
            )
    except IntegrityError as error:
        raise _account_conflict(error) from error


async def delete_account(session: WriteSession, account_id: UUID) -> None:
    """Forget an account that has read nothing yet; one with history is switched off instead."""
    try:
        async with session.begin_nested():
            found = (await session.execute(_DELETE_ACCOUNT, {"id": account_id})).scalar_one_or_none()
    except IntegrityError as error:
        raise Conflict(
            "This account has readings. Switch it off instead; its history stays.", code="has_history"
        ) from error
    if found is None:
        raise NotFound("There is no such source account.")


def check_settings(provider: str, endpoint: str, settings: Mapping[str, Any]) -> None:
    """Refuse settings that the connector does not understand; names each wrong field."""
    reader = find_target(endpoint) if provider == INTERNAL else CONNECTORS.get((provider, endpoint))
    if reader is None or reader.settings_model is None:
        return
    try:
        reader.settings_model(**settings)
    except ValidationError as error:
        problems = [
            FieldProblem("/settings/" + "/".join(map(str, item["loc"])), item["type"], item["msg"])
            for item in error.errors()
        ]
        raise Invalid(
            f"The settings of {provider}/{endpoint} do not hold: {problems[0].detail}", errors=problems
        ) from error


async def create_definition(session: WriteSession, values: dict[str, Any]) -> dict[str, Any]:
    """Describe a metric; raises Conflict when it is described already."""
    try:
        async with session.begin_nested():
            return dict((await session.execute(_ADD_DEFINITION, values)).mappings().one())
    except IntegrityError as error:
        if "range_not_empty" in str(error.orig):
            detail = "The least value must not be above the greatest."
            raise Invalid(detail, errors=[FieldProblem("/min_value", "range", detail)]) from error
        raise Conflict(
            f"The metric {values['metric_name']} is described already.", code="metric_exists"
        ) from error
