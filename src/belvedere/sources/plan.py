"""Everything one reading needs, gathered in one transaction before the first request goes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from belvedere.accounts.service import open_credential
from belvedere.connectors.contracts import Connector
from belvedere.connectors.service import CONNECTORS, get_connector, mapping_text
from belvedere.core.database import WriteSession
from belvedere.core.errors import NotFound
from belvedere.sources.contracts import MetricDefinition
from belvedere.sources.documents import DocumentFormat
from belvedere.sources.errors import ReadingFailed
from belvedere.sources.mapping import RecordMapping, parse_mapping
from belvedere.sources.snapshot_rows import Claim
from belvedere.sources.stored import load_definitions
from belvedere.sources.targets import INTERNAL, Target, find_target

INTERRUPTED = "The program that read this file stopped half-way. Nothing was stored; read the file again."
_PLACE = text(
    "SELECT src.provider, src.endpoint, src.refresh_interval_minutes, a.settings, a.credential_id,"
    " coalesce(a.consecutive_failures, 0) AS failures"
    " FROM watch.api_sources src"
    " LEFT JOIN watch.source_accounts a ON a.client_id = :client_id AND a.id = :account_id"
    " WHERE src.id = :source_id"
)
_INTAKE = text(
    "SELECT id, kind, format, file_name, mapping, content, data_as_of, received_by FROM watch.intakes"
    " WHERE client_id = :client_id AND snapshot_id = :snapshot_id AND content IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Intake:
    """A body that was handed to us and waits for its rows to be stored."""

    id: UUID
    kind: str
    form: DocumentFormat
    content: bytes
    data_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """How one reading is done. Exactly one of connector, intake and an internal source gives its rows."""

    claim: Claim
    provider: str
    endpoint: str
    interval: timedelta
    failures: int
    mapping: RecordMapping
    definitions: Mapping[str, MetricDefinition]
    connector: Connector[Any] | None = None
    target: Target | None = None
    intake: Intake | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    credential: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=64)
def shipped_mapping(name: str) -> RecordMapping:
    """A mapping that comes with the program; raises NotFound."""
    return parse_mapping(mapping_text(name), default_name=name)


def is_mapping_name(text: str) -> bool:
    """Whether a text names a shipped mapping; anything else is one written out."""
    return text.replace("_", "").replace("-", "").isalnum()


def find_mapping(wanted: Mapping[str, Any] | str) -> RecordMapping:
    """A mapping by its shipped name, or given whole as a dict or YAML text."""
    if isinstance(wanted, str):
        return shipped_mapping(wanted) if is_mapping_name(wanted) else parse_mapping(wanted)
    if set(wanted) == {"shipped"}:
        return shipped_mapping(str(wanted["shipped"]))
    return parse_mapping(wanted["yaml"] if set(wanted) == {"yaml"} else wanted)


def can_collect(provider: str, endpoint: str) -> bool:
    """Whether the program can fetch this source by itself."""
    return provider == INTERNAL or (provider, endpoint) in CONNECTORS


def default_mapping(provider: str, endpoint: str) -> RecordMapping:
    """The mapping that goes with a source; raises NotFound when the program has none for it."""
    if provider == INTERNAL:
        target = find_target(endpoint)
        return parse_mapping(target.mapping() if target else {"columns": {"external_id": "id"}})
    return shipped_mapping(get_connector(provider, endpoint).mapping_name)


async def make_plan(session: WriteSession, claim: Claim, actor: str, now: datetime) -> Plan:
    """Gather what the reading needs; the credential is opened here, with its audit row."""
    values = {"client_id": claim.client_id, "account_id": claim.account_id, "source_id": claim.source_id}
    row = (await session.execute(_PLACE, values)).one()
    intake, given_mapping = await _find_intake(session, claim)
    if intake is None and claim.account_id is None:
        raise ReadingFailed(INTERRUPTED, code="interrupted", permanent=True)
    connector = None
    if intake is None and row.provider != INTERNAL:
        try:
            connector = get_connector(row.provider, row.endpoint)
        except NotFound as error:
            raise ReadingFailed(error.detail, code="no_connector", permanent=True) from error
    target = find_target(row.endpoint) if row.provider == INTERNAL else None
    secret: Mapping[str, str] = {}
    if (connector is not None or target is not None) and row.credential_id is not None:
        purpose = f"read {row.provider}/{row.endpoint}"
        secret = await open_credential(session, claim.client_id, row.credential_id, purpose, actor, now)
    return Plan(
        claim=claim,
        provider=row.provider,
        endpoint=row.endpoint,
        interval=timedelta(minutes=row.refresh_interval_minutes),
        failures=row.failures,
        mapping=given_mapping or default_mapping(row.provider, row.endpoint),
        definitions=await load_definitions(session, row.provider),
        connector=connector,
        target=target,
        intake=intake,
        settings=dict(row.settings or {}),
        credential=secret,
    )


async def _find_intake(session: WriteSession, claim: Claim) -> tuple[Intake | None, RecordMapping | None]:
    values = {"client_id": claim.client_id, "snapshot_id": claim.snapshot_id}
    row = (await session.execute(_INTAKE, values)).one_or_none()
    if row is None:
        return None, None
    mapping = row.mapping if isinstance(row.mapping, dict) else orjson.loads(row.mapping or b"{}")
    intake = Intake(row.id, row.kind, row.format, bytes(row.content), row.data_as_of)
    return intake, find_mapping(mapping) if mapping else None
