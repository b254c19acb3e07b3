"""Search over clients, rules, sources, records and alerts by number."""

from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.sources import service as sources
from belvedere.watchtower import service as watchtower
from belvedere.web import figures
from belvedere.web.answers import with_query
from belvedere.web.presentation import word
from belvedere.web.view import View, look

router = door_router()

EACH = 6
SOURCES_SEARCHED = 12
LARGEST_NUMBER = 2**62


@router.get("/search")
async def search(
    access: Annotated[Access, Depends(reading("me.read"), scope="function")],
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    view = await look(access)
    words = q.replace("\x00", "").strip()
    results = await _find(view, words) if words else []
    return view.page("search.html", {"q": words, "asked": bool(words), "results": results})


async def _find(view: View, words: str) -> list[dict[str, Any]]:
    access = view.access
    found = await _alerts(view, words) if access.may("alerts.read") else []
    found += [
        _hit("Client", "users", client.name, client.slug, with_query("/", client=client.id))
        for client in view.clients
        if words.lower() in client.name.lower() or words.lower() in client.slug
    ][:EACH]
    if access.may("rules.read"):
        wanted = watchtower.RuleFilter(search=words, client_id=view.client_id)
        rows = (await watchtower.list_rules(access.session, wanted, limit=EACH)).rows()
        found += [_hit("Rule", "rule", row["name"], row["field_name"], f"/rules/{row['id']}") for row in rows]
    if access.may("sources.read"):
        found += await _sources(view, words)
    return found


async def _alerts(view: View, words: str) -> list[dict[str, Any]]:
    session = view.access.session
    bare = words.removeprefix("#")
    found = []
    if bare.isascii() and bare.isdigit() and int(bare) < LARGEST_NUMBER:
        row = await figures.alert_by_number(session, int(bare))
        if row is not None:
            found.append(
                _hit(
                    "Alert",
                    "bell",
                    row["title"],
                    f"Alert #{bare} · {view.name_of(row['client_id'])}",
                    f"/alerts/{row['id']}",
                )
            )
    wanted = watchtower.AlertFilter(search=words, client_id=view.client_id)
    rows = (await watchtower.list_alerts(session, wanted, limit=EACH)).rows()
    return found + [
        _hit(
            "Alert",
            "bell",
            row["title"],
            f"Alert #{row['number']} · {view.name_of(row['client_id'])}",
            f"/alerts/{row['id']}",
        )
        for row in rows
    ]


async def _sources(view: View, words: str) -> list[dict[str, Any]]:
    session, now = view.access.session, view.access.now
    views = await sources.list_sources(session, now, limit=100)
    lower = words.lower()
    found = [
        _hit("Source", "source", item.row["display_name"], f"{word(item.row['provider'])} · {item.row['endpoint']}",
             f"/sources/{item.row['id']}")
        for item in views
        if lower in item.row["display_name"].lower() or lower in item.row["provider"]
    ][:EACH]  # fmt: skip
    if not view.access.may("records.read"):
        return found
    for item in views[:SOURCES_SEARCHED]:
        query = sources.RecordQuery(source_id=item.row["id"], client_id=view.client_id, contains=words)
        rows = (await sources.list_records(session, query, limit=EACH, cursor=None)).rows()
        found += [
            _hit("Record", "note", row["name"] or row["external_id"],
                 f"{item.row['display_name']} · {view.name_of(row['client_id'])}", f"/records/{row['id']}")
            for row in rows
        ]  # fmt: skip
    return found


def _hit(kind: str, shape: str, name: str, sub: str, url: str) -> dict[str, Any]:
    return {"kind": kind, "shape": shape, "name": name, "sub": sub, "url": url}
