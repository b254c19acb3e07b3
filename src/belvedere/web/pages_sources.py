"""Sources: the list, one with its accounts and readings, its settings, and reading now."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.service import list_credentials
from belvedere.core.errors import Forbidden, NotFound
from belvedere.sources import service
from belvedere.sources.contracts import Freshness
from belvedere.web import figures
from belvedere.web.answers import see, with_query
from belvedere.web.forms import (
    Errors,
    Posted,
    choice_filter,
    empty_filtered,
    empty_first,
    pager,
    text_filter,
)
from belvedere.web.source_views import account_row, snapshot_row
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("sources.read"), scope="function")]
Runs = Annotated[WriteAccess, Depends(writing("sources.run"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("sources.write"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

MOST_SOURCES = 500
MOST_ACCOUNTS = 500
PAGE = 25
SORTS = ("name", "at", "interval", "accounts", "records")
STATUSES = [
    ("completed", "completed"),
    ("failed", "failed"),
    ("processing", "processing"),
    ("pending", "pending"),
]


@router.get("/sources")
async def list_sources(access: Reads, q: Short = "", state: Short = "", sort: Short = "name") -> Response:
    view = await look(access)
    rows = await _source_rows(view)
    summary = {name: sum(row["state"] == name for row in rows) for name in ("fresh", "late", "failed", "off")}
    total = len(rows)
    rows = [row for row in rows if _fits(row, q.strip().lower(), state)]
    bare = sort.removeprefix("-")
    if bare in SORTS:
        rows = _sorted(rows, bare, descending=sort.startswith("-"))
    states = [(state.value, state.value) for state in Freshness]
    empty = empty_filtered("No source matches") if total else empty_first(
        "No sources yet", "A source is one endpoint of a platform, read for each client on its own clock.")  # fmt: skip
    return view.page(
        "sources.html",
        {
            "tabs": await source_tabs(view, "sources"),
            "filters": [text_filter(q, "Find by name"), choice_filter("state", "State", states, state)],
            "sort": sort,
            "page": pager(len(rows), None, None, str(total)),
            "rows": rows,
            "summary": summary,
            "empty": None if rows else empty,
        },
    )


@router.get("/sources/{source_id}")
async def show_source(
    source_id: UUID, access: Reads, status: Short = "", cursor: Annotated[str, Query(max_length=1000)] = ""
) -> Response:
    view = await look(access)
    return await _source_page(view, source_id, {}, None, status=status, cursor=cursor)


@router.post("/sources/{source_id}")
async def change_source(source_id: UUID, fields: Posted, access: Writes) -> Response:
    view = await look(access)
    _staff(access)
    minutes = fields.number("interval_minutes")
    form = {"interval_minutes": fields.text("interval_minutes"), "is_active": fields.ticked("is_active")}
    if minutes is None or not 1 <= minutes <= 525_600:
        errors = {"interval_minutes": "Write whole minutes from 1 to 525,600."}
        return await _source_page(view, source_id, errors, form)
    await service.get_source(access.session, source_id, access.now)
    changes = {"refresh_interval_minutes": minutes, "is_active": form["is_active"]}
    await service.change_source(access.session, source_id, changes, access.now)
    return see(access.request, with_query(f"/sources/{source_id}", client=view.client_id), "Settings saved")


@router.post("/sources/{source_id}/run")
async def run_source(source_id: UUID, fields: Posted, access: Runs) -> Response:
    """Read now: every active account of the source, or those of one client."""
    client = fields.number("client")
    await service.get_source(access.session, source_id, access.now)
    accounts = await service.list_accounts(
        access.session, access.now, limit=MOST_ACCOUNTS, source_id=source_id, client_id=client
    )
    started, waiting = 0, 0
    for account in accounts:
        if not account.row["is_active"] or not access.may("sources.run", account.row["client_id"] or 0):
            continue
        try:
            ref = await service.request_run(
                access.session, account.row["id"], actor=access.actor, now=access.now
            )
            started += 1
        except service.AlreadyRunning:
            waiting += 1
    if not started and not waiting:
        raise NotFound("No active account of this source is in reach. Add one first.")
    if started == 1 and not waiting:
        return see(access.request, f"/snapshots/{ref.snapshot_id}", "Reading started")
    words = f"{started} readings started" if started else "A reading is on its way already"
    return see(access.request, with_query(f"/sources/{source_id}", client=client), words)


async def source_tabs(view: View, current: str) -> list[dict[str, Any]]:
    waiting = await figures.rejects_waiting(view.access.session, view.client_id)
    client = view.client_id
    return [
        {"label": "Sources", "url": with_query("/sources", client=client), "current": current == "sources", "count": None},
        {"label": "Rejected rows", "url": with_query("/rejects", client=client), "current": current == "rejects",
         "count": waiting or None},
    ]  # fmt: skip


async def credential_names(view: View) -> dict[str, str]:
    if not view.access.may("credentials.read"):
        return {}
    return {str(info.id): info.name for info in await list_credentials(view.access.session)}


async def _source_rows(view: View) -> list[dict[str, Any]]:
    access = view.access
    grace = access.runtime.settings.snapshot_grace_percent
    accounts = await service.list_accounts(
        access.session, access.now, limit=2000, client_id=view.client_id, grace_percent=grace
    )
    records: dict[UUID, int] = {}
    newest: dict[UUID, datetime] = {}
    for source_id, client_id, count, at in await figures.newest_records(access.session):
        if view.client_id in (None, client_id):
            records[source_id] = records.get(source_id, 0) + count
            newest[source_id] = max(at, newest.get(source_id, at))
    views = await service.list_sources(access.session, access.now, limit=MOST_SOURCES, grace_percent=grace)
    return [
        _source_row(
            item,
            [a for a in accounts if a.row["source_id"] == item.row["id"]],
            records.get(item.row["id"]),
            newest.get(item.row["id"]),
        )
        for item in views
        if view.client_id is None
        or any(a.row["source_id"] == item.row["id"] for a in accounts)
        or item.row["id"] in records
    ]


def _source_row(
    item: service.SourceView, own: list[service.AccountView], records: int | None, newest: datetime | None
) -> dict[str, Any]:
    row = item.row
    failing = [account for account in own if account.row["consecutive_failures"]]
    due = [a.row["next_due_at"] for a in own if a.row["is_active"] and a.row["next_due_at"]]
    return {
        "id": row["id"],
        "name": row["display_name"],
        "provider": row["provider"],
        "endpoint": row["endpoint"],
        "state": item.freshness.state.value if own or records is None else "fresh",
        "at": max((a.row["last_good_at"] for a in own if a.row["last_good_at"]), default=newest),
        "interval_minutes": row["refresh_interval_minutes"],
        "accounts": len(own),
        "failing": len(failing),
        "records": records,
        "next_due_at": min(due, default=None) if row["is_active"] else None,
        "last_error": failing[0].row["last_error"] if failing else None,
    }


def _fits(row: dict[str, Any], words: str, state: str) -> bool:
    text = f"{row['name']} {row['provider']} {row['endpoint']}".lower()
    return words in text and state in ("", row["state"])


def _sorted(rows: list[dict[str, Any]], sort: str, *, descending: bool) -> list[dict[str, Any]]:
    key = {"interval": "interval_minutes"}.get(sort, sort)
    known = [row for row in rows if row[key] is not None]
    unknown = [row for row in rows if row[key] is None]
    return (
        sorted(known, key=lambda row: row[key].lower() if key == "name" else row[key], reverse=descending)
        + unknown
    )


def _staff(access: Access) -> None:
    if not access.principal.is_staff:
        raise Forbidden("Sources belong to every client; only agency staff may change them.")


async def _source_page(
    view: View,
    source_id: UUID,
    errors: Errors,
    form: dict[str, Any] | None,
    *,
    status: str = "",
    cursor: str = "",
) -> Response:
    access = view.access
    grace = access.runtime.settings.snapshot_grace_percent
    item = await service.get_source(access.session, source_id, access.now, grace_percent=grace)
    accounts = await service.list_accounts(
        access.session,
        access.now,
        limit=MOST_ACCOUNTS,
        source_id=source_id,
        client_id=view.client_id,
        grace_percent=grace,
    )
    page = await service.list_snapshots(
        access.session, limit=PAGE, cursor=cursor or None, source_id=source_id, client_id=view.client_id,
        status=status if status in dict(STATUSES) else None,
    )  # fmt: skip
    rows = page.rows()
    running = {row["account_id"]: row for row in rows if row["status"] in ("pending", "processing")}
    names = await credential_names(view)
    context = {
        "source": _source(item, accounts),
        "accounts": [account_row(view, a, running.get(str(a.row["id"])), names) for a in accounts],
        "snapshots": [snapshot_row(view, row) for row in rows],
        "page": pager(len(rows), page.next_cursor, cursor),
        "filters": [choice_filter("status", "Status", STATUSES, status)],
        "form": form
        or {"interval_minutes": item.row["refresh_interval_minutes"], "is_active": item.row["is_active"]},
        "errors": errors,
    }
    return view.page(
        "source.html", context, status=422 if errors else 200, operate="sources.run", configure="sources.write",
        path=f"/sources/{source_id}",
    )  # fmt: skip


def _source(item: service.SourceView, accounts: list[service.AccountView]) -> dict[str, Any]:
    row = item.row
    return {
        "id": row["id"],
        "name": row["display_name"],
        "provider": row["provider"],
        "endpoint": row["endpoint"],
        "description": row["description"],
        "interval_minutes": row["refresh_interval_minutes"],
        "is_active": row["is_active"],
        "state": item.freshness.state.value,
        "at": max((a.row["last_good_at"] for a in accounts if a.row["last_good_at"]), default=None),
        "note": None,
    }
