"""Rows that could not be taken, over all sources, and trying them again."""

import contextlib
from collections import defaultdict
from typing import Annotated, Any
from urllib.parse import parse_qs
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.core.errors import NotFound
from belvedere.core.schema import AGENCY
from belvedere.sources import service
from belvedere.web import figures
from belvedere.web.alert_views import instant
from belvedere.web.answers import see, with_query
from belvedere.web.forms import Fields, Posted, as_uuid, choice_filter, empty_done, pager
from belvedere.web.pages_sources import source_tabs
from belvedere.web.view import look

router = door_router()

Reads = Annotated[Access, Depends(reading("records.read"), scope="function")]
Runs = Annotated[WriteAccess, Depends(writing("sources.run"), scope="function")]

PAGE = 50
AT_ONCE = 1000


@router.get("/rejects")
async def list_rejects(
    access: Reads,
    show: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    view = await look(access)
    page = await service.list_rejects(
        access.session, limit=PAGE, cursor=cursor or None, client_id=view.client_id, open_only=show != "all"
    )
    found = page.rows()
    places = await figures.sources_of(access.session, list({row["snapshot_id"] for row in found}))
    rows = [
        {
            **row,
            "source": places[row["snapshot_id"]]["display_name"],
            "client": view.name_of(row["client_id"]),
            "at": instant(row["created_at"]),
            "replayed_at": instant(row["replayed_at"]),
        }
        for row in found
    ]
    waiting = await figures.rejects_waiting(access.session, view.client_id)
    empty = empty_done("No rejected rows", "Every row of every reading was taken, or was tried again.")
    return view.page(
        "rejects.html",
        {
            "tabs": await source_tabs(view, "rejects"),
            "filters": [choice_filter("show", "Show", [("all", "replayed ones too")], show)],
            "page": pager(len(rows), page.next_cursor, cursor),
            "rows": rows,
            "total": waiting,
            "empty": None if rows else empty,
        },
        operate="sources.run",
    )


@router.post("/rejects/replay")
async def replay_some(fields: Posted, access: Runs) -> Response:
    """Replay the chosen rows, or with `query` all that match the filter of the page."""
    ids = {found for found in map(as_uuid, fields.all("id")) if found is not None}
    client = _client_of(fields)
    rows = await _waiting(access, client, None if "query" in fields.values else ids)
    count = await _replay(access, rows)
    words = "No row was chosen that waits." if not rows else f"{count} of {len(rows)} rows are tried again"
    return see(access.request, with_query("/rejects", client=client), words)


@router.post("/rejects/{reject_id}/replay")
async def replay_one(reject_id: UUID, access: Runs) -> Response:
    rows = await _waiting(access, None, {reject_id})
    if not rows:
        raise NotFound("This row does not exist, not for you, or was tried again already.")
    count = await _replay(access, rows)
    words = (
        "The row is tried again" if count else "A reading of this account is on its way. Try again after it."
    )
    return see(access.request, f"/snapshots/{rows[0]['snapshot_id']}?tab=rejects", words)


def _client_of(fields: Fields) -> int | None:
    asked = parse_qs(fields.text("query")).get("client", [""])[0]
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None


async def _waiting(access: WriteAccess, client: int | None, ids: set[UUID] | None) -> list[dict[str, Any]]:
    """Rows that wait and are in reach; the newest thousand are looked through."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < AT_ONCE:
        page = await service.list_rejects(
            access.session, limit=200, cursor=cursor, client_id=client, open_only=True
        )
        found += [row for row in page.rows() if ids is None or UUID(row["id"]) in ids]
        cursor = page.next_cursor
        if cursor is None or (ids is not None and len(found) == len(ids)):
            break
    return found


async def _replay(access: WriteAccess, rows: list[dict[str, Any]]) -> int:
    by_snapshot: dict[tuple[int, UUID], list[UUID]] = defaultdict(list)
    for row in rows:
        by_snapshot[row["client_id"] or AGENCY, UUID(row["snapshot_id"])].append(UUID(row["id"]))
    for client_id, _ in by_snapshot:
        access.require(client_id)
    count = 0
    for (client_id, snapshot_id), reject_ids in by_snapshot.items():
        # An account runs one reading at a time; its other rows wait for the next press of the button.
        with contextlib.suppress(service.AlreadyRunning):
            await service.replay_rejects(
                access.session,
                client_id,
                snapshot_id,
                actor=access.actor,
                now=access.now,
                reject_ids=reject_ids,
            )
            count += len(reject_ids)
    return count
