"""News for open pages: which lists changed, and the figures beside the areas."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request
from sqlalchemy import text
from starlette.responses import StreamingResponse

from belvedere.accounts.door import Access, reading
from belvedere.accounts.routing import door_router
from belvedere.ads import service as ads
from belvedere.ads.contracts import InboxState
from belvedere.core.live import LiveFeed, News
from belvedere.watchtower.contracts import Severity
from belvedere.web.view import short_counts

router = door_router()

LOOK_AGAIN_SECONDS = 15.0
GATHER_SECONDS = 0.25
ALERTS = ("alert.", "ads_alert.")
TOPICS = {
    "alert": "alerts",
    "ads_alert": "alerts",
    "delivery": "deliveries",
    "channel": "deliveries",
    "snapshot": "snapshots",
}


@router.get("/live")
async def live(
    request: Request,
    access: Annotated[Access, Depends(reading("alerts.read"), scope="function")],
    client: int | None = None,
) -> StreamingResponse:
    feed: LiveFeed = request.app.state.live
    return StreamingResponse(
        lines(feed, access, client), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def lines(feed: LiveFeed, access: Access, client: int | None) -> AsyncIterator[bytes]:
    """Topics that changed at the person's own clients; a burst of news becomes one line for each topic."""
    mine = await _my_clients(access)
    known = await _counts(access, client)
    async with feed.stream() as queue:
        yield b"retry: 2000\n\n"
        while True:
            try:
                news = [await asyncio.wait_for(queue.get(), LOOK_AGAIN_SECONDS)]
            except TimeoutError:
                mine = await _my_clients(access)
                if not mine:
                    return
                yield b": still here\n\n"
                continue
            await asyncio.sleep(GATHER_SECONDS)
            while not queue.empty():
                news.append(queue.get_nowait())
            news = [item for item in news if item.client_id in mine]
            if any(item.type.startswith(ALERTS) for item in news):
                counts = await _counts(access, client)
                yield _event("counts", counts)
                if counts["critical"] > known["critical"]:
                    yield _event("critical", {"title": await _newest_critical(access, client)})
                known = counts
            for topic in topics_of(news):
                yield _event("changed", {"topic": topic})


def topics_of(news: list[News]) -> list[str]:
    """The lists that the news is about, each once; one alert's own page is a topic too."""
    found = [TOPICS[item.type.split(".")[0]] for item in news if item.type.split(".")[0] in TOPICS]
    found += [f"alert-{item.subject}" for item in news if item.type.startswith(ALERTS)]
    return list(dict.fromkeys(found))


def _event(name: str, data: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


async def _my_clients(access: Access) -> frozenset[int]:
    async with access.runtime.db.read(access.scope) as session:
        return frozenset((await session.execute(text("SELECT app.my_clients()"))).scalar_one())


async def _counts(access: Access, client: int | None) -> dict[str, int]:
    async with access.runtime.db.read(access.scope) as session:
        return short_counts(await ads.count_inbox(session, client))


async def _newest_critical(access: Access, client: int | None) -> str:
    wanted = ads.InboxFilter(state=InboxState.OPEN, severity=(Severity.CRITICAL,), client_id=client)
    async with access.runtime.db.read(access.scope) as session:
        rows = (await ads.list_inbox(session, wanted, limit=1)).rows()
    return str(rows[0]["title"]) if rows else ""
