"""Rows of one reading, page by page, mapped as they come; no transaction is open while the platform answers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from belvedere.connectors.contracts import Page, RowProblem
from belvedere.core.context import Scope
from belvedere.core.logs import get_logger
from belvedere.core.runtime import Runtime
from belvedere.core.settings import Settings
from belvedere.sources.contracts import Completeness, MetricDefinition, Reject
from belvedere.sources.documents import DocumentFormat, read_document
from belvedere.sources.errors import LeaseLost, ReadingFailed
from belvedere.sources.file_checks import refuse_misfit
from belvedere.sources.ingest import Reading
from belvedere.sources.map_rows import MappedFrames, ReadingMapper
from belvedere.sources.mapping import RecordMapping
from belvedere.sources.pause import paused_collector
from belvedere.sources.plan import Plan
from belvedere.sources.snapshot_rows import Claim, lease_of, renew_lease
from belvedere.sources.targets import Asked, Refreshed

log = get_logger("sources.fetch")

KEEP_SECONDS = 2.0
NOTHING_YET = "Nobody gives rows for internal/{endpoint} yet, so this reading is empty."
RowCount = Callable[[int], None]
"""Told how many rows have been read so far."""


@dataclass
class FetchState:
    """How far a reading is; shared between the one who reads and the one who keeps the lease."""

    pages: int = 0
    lost: bool = False
    expected: int | None = None
    ended_early: bool = False


@asynccontextmanager
async def kept_lease(runtime: Runtime, claim: Claim, state: FetchState) -> AsyncIterator[None]:
    """Renew the lease in the background, with the number of pages done, while the block runs."""
    task = asyncio.create_task(_keep(runtime, claim, state))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(runtime: Runtime, claim: Claim, state: FetchState) -> None:
    told, waited = 0, 0.0
    while True:
        await asyncio.sleep(KEEP_SECONDS)
        waited += KEEP_SECONDS
        if state.pages == told and waited < lease_of(runtime.settings).total_seconds() / 3:
            continue
        told, waited = state.pages, 0.0
        try:
            async with runtime.db.write(Scope.client(claim.client_id, "worker")) as session:
                await renew_lease(
                    session, claim, runtime.clock(), pages=told, lease=lease_of(runtime.settings)
                )
        except LeaseLost:
            state.lost = True
            return


async def fetch_reading(runtime: Runtime, plan: Plan, state: FetchState, now: datetime) -> Reading:
    """Read everything the plan asks for; raises ExternalError, ReadingFailed, Invalid or LeaseLost."""
    if plan.intake is not None:
        # A push or a replay may hold rows of other kinds; only a file is chosen by a person for its mapping.
        read = map_file if plan.intake.kind == "file" else map_document
        mapped = await asyncio.to_thread(
            read, plan.intake.content, plan.intake.form, plan.mapping, plan.definitions, now
        )
        return Reading(mapped, plan.intake.data_as_of or now, plan.claim.completeness)
    if plan.connector is None:
        return await _read_internal(runtime, plan, now)
    mapper = ReadingMapper(plan.mapping, plan.definitions)
    async for page in plan.connector.pages(
        runtime.http, _settings(plan, runtime.settings), plan.credential, None
    ):
        await asyncio.to_thread(_take_page, mapper, page, plan.mapping, state)
        state.pages += 1
        if state.lost:
            raise LeaseLost("Another worker has taken this reading over.")
    mapped = await asyncio.to_thread(mapper.finish, now)
    return Reading(
        mapped, plan.claim.data_as_of or now, _completeness(mapped, state), expected=state.expected
    )


BASE_URLS = {"omnisend": "omnisend_base_url", "shopify_themes": "shopify_base_url"}
"""Settings of the installation that say where a platform is, for accounts that do not."""


def _settings(plan: Plan, installed: Settings) -> Any:
    if plan.connector is None:
        raise ReadingFailed("This source has no connector.", code="no_connector", permanent=True)
    try:
        known = BASE_URLS.get(plan.provider) or BASE_URLS.get(plan.endpoint)
        base = {} if known is None else {"base_url": getattr(installed, known)}
        given = {name: value for name, value in plan.settings.items() if value is not None}
        return plan.connector.settings_model(**{**base, **given})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ReadingFailed(
            f"The account's settings do not fit: {wrong}", code="settings", permanent=True
        ) from error


def _take_page(mapper: ReadingMapper, page: Page, mapping: RecordMapping, state: FetchState) -> None:
    before = mapper.next_row - 1
    if page.rows is not None:
        with paused_collector():
            mapper.add(page.rows)
    if page.raw is not None:
        for batch in read_document(page.raw, "json", mapping):
            mapper.add(batch.rows)
    for problem in page.problems:
        mapper.refuse(as_reject(problem, before))
        state.ended_early = state.ended_early or problem.ends_reading
    if page.expected_total is not None:
        state.expected = page.expected_total


def as_reject(problem: RowProblem, before: int = 0) -> Reject:
    return Reject(before + problem.row_number, problem.code, problem.field, problem.detail, problem.payload)


def _completeness(mapped: MappedFrames, state: FetchState) -> Completeness:
    """A reading that saw less than the platform says there is says nothing about what it did not see."""
    short = state.expected is not None and mapped.received < state.expected
    return Completeness.PARTIAL if state.ended_early or short else Completeness.FULL


async def _read_internal(runtime: Runtime, plan: Plan, now: datetime) -> Reading:
    """Rows of a table of the house, brought up to date first where that needs the world outside."""
    target, mapper = plan.target, ReadingMapper(plan.mapping, plan.definitions)
    if target is None:
        note = NOTHING_YET.format(endpoint=plan.endpoint)
        return Reading(mapper.finish(now), now, note=note, is_own=True)
    client_id, done = plan.claim.client_id, Refreshed()
    if target.refresh is not None and plan.claim.account_id is not None:
        asked = Asked(client_id, plan.claim.account_id, plan.settings, plan.credential, now)
        done = await target.refresh(runtime, asked)
    async with runtime.db.read(Scope.client(client_id, "worker")) as session:
        mapper.add(await target.read_rows(session, client_id, now))
    # What is not in the house's own tables is not there; nothing can be missing by accident.
    return Reading(mapper.finish(now), now, done.completeness, note=done.note, is_own=True)


def map_document(
    data: bytes,
    form: DocumentFormat,
    mapping: RecordMapping,
    definitions: Mapping[str, MetricDefinition],
    now: datetime,
    progress: RowCount | None = None,
) -> MappedFrames:
    """Map a whole document; raises Invalid when it cannot be read at all."""
    mapper = ReadingMapper(mapping, definitions)
    with paused_collector():
        for batch in read_document(data, form, mapping):
            for problem in batch.problems:
                mapper.refuse(problem)
            mapper.add(batch.rows, first_row=batch.first_row)
            if progress:
                progress(mapper.received)
        return mapper.finish(now)


def map_file(
    data: bytes,
    form: DocumentFormat,
    mapping: RecordMapping,
    definitions: Mapping[str, MetricDefinition],
    now: datetime,
    progress: RowCount | None = None,
) -> MappedFrames:
    """Map a whole file; raises Invalid when it cannot be read, or when none of it is what the mapping asks for."""
    mapped = map_document(data, form, mapping, definitions, now, progress)
    if not mapped.frames.records.height:
        refuse_misfit(data, form, mapping)
    return mapped
