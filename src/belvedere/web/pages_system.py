"""The installation itself: the audit log and the jobs."""

from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query
from sqlalchemy import text
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_people
from belvedere.core.audit import verify
from belvedere.core.context import Scope
from belvedere.core.cursor import CURSORS
from belvedere.web.forms import choice_filter, empty_filtered, empty_first, pager, text_filter
from belvedere.web.presentation import word
from belvedere.web.view import View, look

router = door_router()

ReadsAudit = Annotated[Access, Depends(reading("audit.read"), scope="function")]
ReadsJobs = Annotated[Access, Depends(reading("jobs.read"), scope="function")]
Short = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=1000)]

PAGE = 50
MOST_PEOPLE = 2000
SHOWN_HASH = 12
STATES = ("todo", "doing", "succeeded", "failed")
HEARD = timedelta(minutes=1)

_AUDIT = text(
    "SELECT seq, client_id, at, actor, action, subject_type, subject_id, detail, encode(hash, 'hex') AS hash"
    " FROM core.audit_log WHERE seq < :before AND (CAST(:client AS integer) IS NULL OR client_id = :client)"
    " AND (CAST(:words AS text) IS NULL OR position(:words IN lower(action || ' ' || actor || ' ' || subject_id)) > 0)"
    " ORDER BY seq DESC LIMIT :limit"
)
_QUEUES = text(
    "SELECT queue_name AS queue, count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()) AS waiting,"
    " count(*) FILTER (WHERE status = 'doing') AS running, count(*) FILTER (WHERE status = 'failed') AS failed"
    " FROM jobs.procrastinate_jobs GROUP BY queue_name ORDER BY queue_name"
)
_WORKERS = text(
    "SELECT w.id, w.last_heartbeat AS at, (SELECT count(*) FROM jobs.procrastinate_jobs j WHERE j.worker_id = w.id"
    " AND j.status = 'doing') AS jobs FROM jobs.procrastinate_workers w WHERE w.last_heartbeat > :since ORDER BY w.id"
)
_JOBS = text(
    "SELECT id, task_name AS name, queue_name AS queue, status::text AS state, attempts, scheduled_at,"
    " args #>> '{call,client_id}' AS client_id,"
    " (SELECT max(at) FROM jobs.procrastinate_events e WHERE e.job_id = j.id) AS at"
    " FROM jobs.procrastinate_jobs j WHERE id < :before AND (CAST(:state AS text) IS NULL OR status::text = :state)"
    " AND (CAST(:client AS text) IS NULL OR args #>> '{call,client_id}' = :client)"
    " ORDER BY id DESC LIMIT :limit"
)


@router.get("/settings/audit")
async def show_audit(access: ReadsAudit, q: Short = "", cursor: Cursor = "") -> Response:
    return await _audit_page(await look(access), q, cursor, None)


@router.post("/settings/audit/verify")
async def verify_audit(access: ReadsAudit) -> Response:
    """Walk the whole chain, as the service role: an entry of a client out of reach is a link too."""
    view = await look(access)
    async with access.runtime.db.read(Scope.service("audit page")) as session:
        verdict = await verify(session)
    verified = {
        "ok": verdict.holds,
        "entries": verdict.rows,
        "at": access.now,
        "broken_at": verdict.first_bad,
        "head": verdict.head.hex()[:SHOWN_HASH],
        "why": f"It {verdict.reason}." if verdict.reason else None,
    }
    return await _audit_page(view, "", "", verified)


async def _audit_page(view: View, q: str, cursor: str, verified: dict[str, Any] | None) -> Response:
    before = int(CURSORS.read("audit", cursor)[0]) if cursor else 2**62
    values = {
        "before": before,
        "client": view.client_id,
        "words": q.strip().lower() or None,
        "limit": PAGE + 1,
    }
    found = [dict(row) for row in (await view.access.session.execute(_AUDIT, values)).mappings()]
    following = CURSORS.make("audit", [found[PAGE - 1]["seq"]]) if len(found) > PAGE else None
    people = {
        str(person.id): person.email for person in await list_people(view.access.session, limit=MOST_PEOPLE)
    }
    rows = [_entry(view, row, people) for row in found[:PAGE]]
    return view.page(
        "audit.html",
        {
            "filters": [text_filter(q, "Find by act, person or id")],
            "page": pager(len(rows), following, cursor),
            "rows": rows,
            "verified": verified,
            "empty": None if rows else empty_filtered("No entry matches"),
        },
        path="/settings/audit",
    )


def _entry(view: View, row: dict[str, Any], people: dict[str, str]) -> dict[str, Any]:
    detail = row["detail"] if isinstance(row["detail"], dict) else orjson.loads(row["detail"] or b"{}")
    said = ", ".join(
        f"{word(name).lower()} {_plain(value)}"
        for name, value in sorted(detail.items())
        if value not in (None, "")
    )
    return {
        "seq": row["seq"],
        "at": row["at"],
        "actor": people.get(row["actor"], row["actor"]),
        "action": row["action"],
        "subject": f"{word(row['subject_type'])} {row['subject_id'][:8]}",
        "client": view.name_of(row["client_id"]) if row["client_id"] else None,
        "detail": said or None,
        "hash": row["hash"][:SHOWN_HASH],
    }


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


@router.get("/settings/jobs")
async def show_jobs(access: ReadsJobs, state: Short = "", cursor: Cursor = "") -> Response:
    view = await look(access)
    before = int(CURSORS.read("jobs", cursor)[0]) if cursor else 2**62
    values = {"before": before, "limit": PAGE + 1, "state": state if state in STATES else None,
              "client": None if view.client_id is None else str(view.client_id)}  # fmt: skip
    # The queue has no rows of clients and no row policies; only staff come here.
    async with access.runtime.db.read(Scope.service("jobs page")) as session:
        queues = [dict(row) for row in (await session.execute(_QUEUES)).mappings()]
        workers = (await session.execute(_WORKERS, {"since": access.now - HEARD})).mappings().all()
        found = [dict(row) for row in (await session.execute(_JOBS, values)).mappings()]
    following = CURSORS.make("jobs", [found[PAGE - 1]["id"]]) if len(found) > PAGE else None
    rows = [_job(view, row) for row in found[:PAGE]]
    states = [("todo", "waiting"), ("doing", "running"), ("succeeded", "done"), ("failed", "failed")]
    first = empty_first(
        "No job has run yet", "Readings, messages and sweeps are jobs. Finished ones are kept for a day."
    )
    return view.page(
        "jobs.html",
        {
            "counts": [{**row, "oldest_seconds": None} for row in queues],
            "workers": [
                {"name": f"Worker {row['id']}", "at": row["at"], "jobs": row["jobs"], "state": "fresh"}
                for row in workers
            ],
            "filters": [choice_filter("state", "State", states, state)],
            "page": pager(len(rows), following, cursor),
            "rows": rows,
            "empty": None
            if rows
            else (empty_filtered("No job matches") if state or view.client_id else first),
        },
        operate="users.write",
    )


def _job(view: View, row: dict[str, Any]) -> dict[str, Any]:
    client = row["client_id"]
    known = int(client) if client and client.isdigit() else 0
    return {
        **row,
        "client": view.name_of(known) if known else None,
        "at": row["at"] or view.access.now,
        "error": None,
    }
