"""Each list of the API finds its rows by an index, for staff, for a person of one client, and for one with few old rows."""

from collections.abc import Callable

import httpx
import pytest
from tests.plans.conftest import Millions
from tests.plans.lists import LISTS, READS_MUCH, STAFF_ALONE
from tests.plans.plans import Plan, explained

CALLERS = ("staff", "person", "small")


async def plans_of(caller: httpx.AsyncClient, path: str) -> list[Plan]:
    with explained() as plans:
        answer = await caller.get(f"/api/v1{path}")
    assert answer.status_code in (200, 404), answer.text
    assert plans
    return plans


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", LISTS)
async def test_a_list_reads_what_it_shows(
    millions: Millions, door: Callable[[str], httpx.AsyncClient], name: str, caller: str
) -> None:
    if caller != "staff" and name in STAFF_ALONE:
        return
    async with door(caller) as client:
        plans = await plans_of(client, LISTS[name].format(**millions.ids))
    known = set(READS_MUCH.get((name, caller), {}))
    for plan in plans:
        assert plan.scanned(millions.rows) - known == set(), f"{plan.statement}\n{plan.outline()}"


PAGED = (
    "snapshots", "records of a snapshot", "rejects", "alerts", "inbox", "deliveries", "logs", "audit", "rules",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGED)
async def test_the_next_page_goes_on_by_the_index(
    millions: Millions, door: Callable[[str], httpx.AsyncClient], name: str
) -> None:
    path = LISTS[name].format(**millions.ids)
    path += ("&" if "?" in path else "?") + "limit=10"
    async with door("staff") as client:
        answer = await client.get(f"/api/v1{path}")
        plans = await plans_of(client, f"{path}&cursor={answer.json()['meta']['next_cursor']}")
    for plan in plans:
        assert plan.scanned(millions.rows) == set(), f"{plan.statement}\n{plan.outline()}"
