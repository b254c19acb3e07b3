"""Routes about the installation itself: health, metrics, jobs, audit, logs, live events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import text
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from belvedere.accounts.door import Access, reading, runtime_of
from belvedere.accounts.routing import door_router
from belvedere.core import metrics
from belvedere.core.audit import verify
from belvedere.core.context import Scope
from belvedere.core.cursor import CURSORS
from belvedere.core.errors import NotFound
from belvedere.core.health import check_health
from belvedere.core.live import LiveFeed
from belvedere.migrations.runner import head

router = door_router()
open_router = APIRouter()

LOOK_AGAIN_SECONDS = 15.0

_JOBS = text(
    "SELECT id, task_name AS name, queue_name AS queue, status::text AS status, attempts, scheduled_at,"
    " args #>> '{call,client_id}' AS client_id, args #>> '{call,actor}' AS actor,"
    " (SELECT min(at) FROM jobs.procrastinate_events e WHERE e.job_id = j.id) AS created_at,"
    " (SELECT max(at) FROM jobs.procrastinate_events e WHERE e.job_id = j.id) AS changed_at"
    " FROM jobs.procrastinate_jobs j"
    " WHERE (CAST(:status AS text) IS NULL OR status::text = :status) AND (CAST(:name AS text) IS NULL OR task_name = :name)"
    " AND id < :before ORDER BY id DESC LIMIT :limit"
)
_AUDIT = text(
    "SELECT seq, client_id, at, actor, action, subject_type, subject_id, detail, encode(hash, 'hex') AS hash"
    " FROM core.audit_log WHERE seq < :before AND (CAST(:action AS text) IS NULL OR action = :action)"
    " AND (CAST(:actor AS text) IS NULL OR actor = :actor) ORDER BY seq DESC LIMIT :limit"
)
_LOGS = text(
    "SELECT id, client_id, created_at, level, logger, message, context, correlation_id"
    " FROM core.observability_logs WHERE (CAST(:level AS text) IS NULL OR level = :level)"
    " AND (CAST(:logger AS text) IS NULL OR logger = :logger) AND (created_at, id) <"
    " (CAST(:at AS timestamptz), CAST(:before AS uuid)) ORDER BY created_at DESC, id DESC LIMIT :limit"
)
LAST = "9999-01-01T00:00:00+00:00"
LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def answer(rows: list[dict[str, Any]], limit: int, now: Any, cursor: str | None) -> Response:
    body = {
        "data": rows[:limit],
        "meta": {"next_cursor": cursor, "has_more": cursor is not None, "generated_at": now},
    }
    return Response(orjson.dumps(body, default=str), media_type="application/json")


@open_router.get(
    "/health",
    tags=["system"],
    summary="Whether the installation can do its work",
    responses={503: {"content": {"application/json": {}}, "description": "The database is away."}},
)
async def health(request: Request) -> Response:
    runtime = runtime_of(request)
    found = await check_health(
        runtime.db, revision=head(), silence=runtime.settings.job_stalled_seconds, now=runtime.clock()
    )
    body = {"status": found.status, "checks": found.checks, "at": found.at}
    return Response(orjson.dumps(body), status_code=found.http_status, media_type="application/json")


@open_router.get(
    "/metrics",
    tags=["system"],
    summary="Figures of this process for Prometheus",
    response_class=PlainTextResponse,
)
async def prometheus() -> Response:
    return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/jobs", tags=["system"], summary="Jobs, newest first")
async def list_jobs(
    access: Annotated[Access, Depends(reading("jobs.read"), scope="function")],
    status: str | None = None,
    name: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Response:
    before = int(CURSORS.read("jobs", cursor)[0]) if cursor else 2**62
    rows = await read_jobs(access, {"status": status, "name": name, "before": before, "limit": limit + 1})
    more = CURSORS.make("jobs", [rows[limit - 1]["id"]]) if len(rows) > limit else None
    return answer(rows, limit, access.now, more)


@router.get("/jobs/{job_id}", tags=["system"], summary="One job, to poll after a 202")
async def get_job(
    job_id: int, access: Annotated[Access, Depends(reading("jobs.read"), scope="function")]
) -> Response:
    rows = await read_jobs(access, {"status": None, "name": None, "before": job_id + 1, "limit": 1})
    if not rows or rows[0]["id"] != job_id:
        raise NotFound(f"There is no job {job_id}; finished jobs are kept for a day.")
    return Response(orjson.dumps(rows[0]), media_type="application/json")


async def read_jobs(access: Access, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Jobs as the service role sees them: the queue has no rows of clients, only staff come here."""
    async with access.runtime.db.read(Scope.service("api")) as session:
        found = await session.execute(_JOBS, parameters)
        return [dict(row) for row in found.mappings()]


@router.get("/audit", tags=["system"], summary="The audit log, newest first")
async def list_audit(
    access: Annotated[Access, Depends(reading("audit.read"), scope="function")],
    action: str | None = None,
    actor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Response:
    before = int(CURSORS.read("audit", cursor)[0]) if cursor else 2**62
    found = await access.session.execute(
        _AUDIT, {"action": action, "actor": actor, "before": before, "limit": limit + 1}
    )
    rows = [dict(row) for row in found.mappings()]
    more = CURSORS.make("audit", [rows[limit - 1]["seq"]]) if len(rows) > limit else None
    return answer(rows, limit, access.now, more)


@router.get("/audit/verification", tags=["system"], summary="Walk the chain of the audit log")
async def verify_audit(
    access: Annotated[Access, Depends(reading("audit.read"), scope="function")],
) -> dict[str, Any]:
    async with access.runtime.db.read(Scope.service("api")) as session:
        verdict = await verify(session)
    return {
        "holds": verdict.holds,
        "rows": verdict.rows,
        "head": verdict.head.hex(),
        "first_bad": verdict.first_bad,
        "reason": verdict.reason or None,
    }


@router.get("/logs", tags=["system"], summary="System logs: INFO and WARN for staff")
async def list_logs(
    access: Annotated[Access, Depends(reading("logs.read"), scope="function")],
    level: str | None = None,
    logger: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Response:
    at, before = CURSORS.read("logs", cursor) if cursor else (LAST, LAST_ID)
    found = await access.session.execute(
        _LOGS, {"level": level, "logger": logger, "at": at, "before": before, "limit": limit + 1}
    )
    rows = [dict(row) for row in found.mappings()]
    more = (
        CURSORS.make("logs", [rows[limit - 1]["created_at"], rows[limit - 1]["id"]])
        if len(rows) > limit
        else None
    )
    return answer(rows, limit, access.now, more)


@router.get(
    "/events/stream",
    tags=["system"],
    summary="Live news as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events without end."}},
)
async def stream_events(
    request: Request, access: Annotated[Access, Depends(reading("alerts.read"), scope="function")]
) -> StreamingResponse:
    feed: LiveFeed = request.app.state.live
    return StreamingResponse(
        news_lines(feed, access), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def news_lines(feed: LiveFeed, access: Access) -> AsyncIterator[bytes]:
    """Only news of the person's own clients; what that is, is asked again on every quiet spell."""
    clients = await my_clients(access)
    async with feed.stream() as queue:
        yield b"retry: 2000\n\n"
        while True:
            try:
                news = await asyncio.wait_for(queue.get(), LOOK_AGAIN_SECONDS)
            except TimeoutError:
                clients = await my_clients(access)
                if not clients:
                    return
                yield b": still here\n\n"
                continue
            if news.client_id in clients:
                body = orjson.dumps({"type": news.type, "client_id": news.client_id or None, "count": news.count,
                                     "subject": news.subject})  # fmt: skip
                yield b"event: " + news.type.encode() + b"\ndata: " + body + b"\n\n"


async def my_clients(access: Access) -> frozenset[int]:
    async with access.runtime.db.read(access.scope) as session:
        return frozenset((await session.execute(text("SELECT app.my_clients()"))).scalar_one())
