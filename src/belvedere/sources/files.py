"""A file, read and stored in this process: what `belvedere ingest` does."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from belvedere.core.context import Scope
from belvedere.core.errors import BelvedereError
from belvedere.core.faults import faultpoint
from belvedere.core.runtime import Runtime
from belvedere.sources.collect import record_failure, store_in
from belvedere.sources.contracts import Completeness, IngestResult, SnapshotType, StoredSnapshot
from belvedere.sources.documents import DocumentFormat, guess_format
from belvedere.sources.errors import LeaseLost
from belvedere.sources.fetch import FetchState, kept_lease, map_file
from belvedere.sources.ingest import Reading
from belvedere.sources.intake import refuse_future
from belvedere.sources.listeners import tell_listeners
from belvedere.sources.map_rows import MappedFrames
from belvedere.sources.mapping import RecordMapping, parse_mapping
from belvedere.sources.plan import find_mapping
from belvedere.sources.registry import create_source, find_source
from belvedere.sources.repository import points_elsewhere
from belvedere.sources.snapshot_rows import Claim, claim_snapshot, create_snapshot, lease_of
from belvedere.sources.stored import load_definitions

Step = Literal["read", "stored"]
FileProgress = Callable[[Step, int], None]
"""Told the step and how many rows of it are done; storing counts records and metrics."""


def read_mapping(mapping: str | Mapping[str, Any]) -> RecordMapping:
    """A mapping by its shipped name, by the path of a YAML file, or given whole."""
    if isinstance(mapping, str) and mapping.endswith((".yaml", ".yml")) and Path(mapping).is_file():
        return parse_mapping(Path(mapping).read_text("utf-8"), default_name=Path(mapping).stem)
    return find_mapping(mapping)


async def ingest_file(
    runtime: Runtime,
    *,
    client_id: int,
    provider: str,
    endpoint: str,
    data: bytes | Path,
    mapping: str | Mapping[str, Any],
    actor: str,
    file_name: str | None = None,
    form: DocumentFormat | None = None,
    data_as_of: datetime | None = None,
    completeness: Completeness = Completeness.FULL,
    progress: FileProgress | None = None,
) -> IngestResult:
    """Read a file into a reading of its own and tell the listeners; the source is made when it is new.

    Raises Invalid, NotFound or ReadingFailed; a reading that failed is kept as a failed snapshot.
    """
    refuse_future(data_as_of, runtime.clock())
    name = file_name or (data.name if isinstance(data, Path) else "")
    content = await asyncio.to_thread(data.read_bytes) if isinstance(data, Path) else data
    chosen = read_mapping(mapping)
    claim = await _open(runtime, client_id, provider, endpoint, actor, data_as_of, completeness)
    try:
        stored, mapped = await _store(
            runtime, claim, provider, content, form or guess_format(name, content), chosen, actor, progress
        )
    except LeaseLost:
        raise
    except BelvedereError as error:
        await record_failure(runtime, claim, error, (), actor)
        raise
    faultpoint("snapshot.stored")
    await tell_listeners(runtime, stored)
    return await _result(runtime, stored, mapped)


async def _result(runtime: Runtime, stored: StoredSnapshot, mapped: MappedFrames) -> IngestResult:
    return IngestResult(
        stored.snapshot_id,
        stored.frames.records.height,
        stored.frames.metrics.height,
        len(mapped.rejects),
        await _is_unchanged(runtime, stored),
        stored.completeness,
        mapped.rounded,
    )


async def _open(
    runtime: Runtime,
    client_id: int,
    provider: str,
    endpoint: str,
    actor: str,
    data_as_of: datetime | None,
    completeness: Completeness,
) -> Claim:
    now = runtime.clock()
    async with runtime.db.write(Scope.service(actor)) as session:
        source_id = await find_source(session, provider, endpoint)
        if source_id is None:
            title = f"{provider} {endpoint}".replace("_", " ").title()
            source_id = await create_source(
                session, {"provider": provider, "endpoint": endpoint, "display_name": title[:100]}, now
            )
    async with runtime.db.write(Scope.client(client_id, actor)) as session:
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
        claim = await claim_snapshot(session, client_id, snapshot_id, now, lease=lease_of(runtime.settings))
    if claim is None:
        raise LeaseLost("Another worker has taken this reading over.")
    return claim


async def _store(
    runtime: Runtime,
    claim: Claim,
    provider: str,
    content: bytes,
    form: DocumentFormat,
    mapping: RecordMapping,
    actor: str,
    progress: FileProgress | None,
) -> tuple[StoredSnapshot, MappedFrames]:
    async with runtime.db.read(Scope.client(claim.client_id, actor)) as session:
        definitions = await load_definitions(session, provider)
    now = runtime.clock()
    on_read = (lambda rows: progress("read", rows)) if progress else None
    on_stored = (lambda rows: progress("stored", rows)) if progress else None
    async with kept_lease(runtime, claim, FetchState()):
        mapped = await asyncio.to_thread(map_file, content, form, mapping, definitions, now, on_read)
    faultpoint("snapshot.fetched")
    reading = Reading(mapped, claim.data_as_of or now, claim.completeness)
    async with runtime.db.write(Scope.client(claim.client_id, actor)) as session:
        stored = await store_in(session, claim, reading, runtime.clock(), actor=actor, progress=on_stored)
    return stored, mapped


async def _is_unchanged(runtime: Runtime, stored: StoredSnapshot) -> bool:
    async with runtime.db.read(Scope.client(stored.client_id)) as session:
        return await points_elsewhere(session, stored.client_id, stored.snapshot_id)
