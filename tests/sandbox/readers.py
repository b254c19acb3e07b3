"""Small well-behaved clients: each reads all campaigns of one brand page by page and returns their ids."""

import httpx


async def read_v3(web: httpx.AsyncClient, key: str, limit: int) -> list[str]:
    ids: list[str] = []
    url: str | None = f"/omnisend/v3/campaigns?limit={limit}"
    while url:
        answer = (await web.get(url, headers={"X-API-KEY": key})).json()
        ids += [row["campaignID"] for row in answer["campaign"]]
        url = answer["paging"]["next"]
    return ids


async def read_v5(web: httpx.AsyncClient, key: str, limit: int) -> list[str]:
    ids: list[str] = []
    query: dict[str, str | int] = {"limit": limit}
    while True:
        answer = (await web.get("/omnisend/v5/campaigns", params=query, headers={"X-API-KEY": key})).json()
        ids += [row["id"] for row in answer["campaigns"]]
        after = answer["paging"]["cursors"]["after"]
        if after is None:
            return ids
        query["after"] = after


async def read_2026(web: httpx.AsyncClient, key: str, limit: int) -> list[str]:
    ids: list[str] = []
    query: dict[str, str | int] = {"limit": limit}
    headers = {"Omnisend-Version": "2026-03-15", "Authorization": f"Omnisend-API-Key {key}"}
    while True:
        answer = (await web.get("/omnisend/api/campaigns", params=query, headers=headers)).json()
        ids += [row["id"] for row in answer["campaigns"]]
        if not answer["paging"]["hasMore"]:
            return ids
        query["after"] = answer["paging"]["cursors"]["after"]
