"""Lists over many clients hold each row in reach once, in order, whatever the ties, the filters and the page size."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import People

from belvedere.ads.inbox_lists import InboxFilter, list_inbox
from belvedere.core.context import Scope
from belvedere.core.database import Database, ReadSession
from belvedere.notify.repository import DeliveryFilter, export_deliveries, list_deliveries
from belvedere.sources.repository import list_rejects, list_snapshots
from belvedere.watchtower.contracts import AlertState
from belvedere.watchtower.lists import AlertFilter, list_alerts

SECOND = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLES = {
    "snapshots": "INSERT INTO watch.api_snapshots (id, client_id, source_id, status, created_at, error_message)"
    " SELECT %(id)s, %(client)s, s.id, CASE WHEN %(odd)s THEN 'failed' ELSE 'completed' END, %(at)s, 'It failed.'"
    " FROM watch.api_sources s WHERE s.endpoint = 'cvr'",
    "rejects": "INSERT INTO watch.record_rejects (id, client_id, snapshot_id, row_number, code, detail, payload,"
    " created_at, replayed_at) VALUES (%(id)s, %(client)s, %(id)s, 1, 'not_a_number', 'x', 'x', %(at)s,"
    " CASE WHEN NOT %(odd)s THEN %(at)s END)",
    "alerts": "INSERT INTO watch.watchtower_alerts (id, client_id, rule_id, rule_client_id, snapshot_id, external_id,"
    " fingerprint, state, resolved_at, resolved_reason, title, message, severity, created_at) VALUES (%(id)s, %(client)s,"
    " %(id)s::uuid, %(client)s, %(id)s, 'x', %(id)s::text, CASE WHEN %(odd)s THEN 'open' ELSE 'resolved' END,"
    " CASE WHEN NOT %(odd)s THEN %(at)s END, CASE WHEN NOT %(odd)s THEN 'recovered' END, 't', 'm', 'critical', %(at)s)",
    "advertising": "INSERT INTO ads.alerts (id, client_id, alert_type, message, created_at, resolved_at)"
    " VALUES (%(id)s, %(client)s, 'ROAS_DROP', 'm', %(at)s, CASE WHEN NOT %(odd)s THEN %(at)s END)",
    "deliveries": "INSERT INTO core.deliveries (id, client_id, subject_type, subject_id, kind, channel, destination,"
    " idem_key, state, sent_at, created_at) VALUES (%(id)s::uuid, %(client)s, 'alert', %(id)s::uuid, 'opened', 'email', 'a@b.example',"
    " %(id)s::text, CASE WHEN %(odd)s THEN 'dead' ELSE 'sent' END, CASE WHEN NOT %(odd)s THEN %(at)s END, %(at)s)",
}
ROW = st.fixed_dictionaries(
    {
        "number": st.integers(0, 2**32),
        "client": st.sampled_from([0, 1, 2, 3]),
        "second": st.integers(0, 3),
        "odd": st.booleans(),
    }
)
ROWS = st.lists(ROW, max_size=25, unique_by=lambda row: row["number"])


@dataclass(frozen=True)
class Wanted:
    client: int | None = None
    odd: bool = False


WANTED = st.builds(Wanted, st.sampled_from([None, 0, 1, 2]), st.booleans())


def write(admin: psycopg.Connection, name: str, rows: list[dict[str, Any]]) -> None:
    """Exactly these rows; keys run against the time here and there, so that neither alone gives the order."""
    table = TABLES[name].split(" ", 3)[2]
    admin.execute("SET session_replication_role = replica")
    admin.execute(f"DELETE FROM {table}")
    for row in rows:
        row["id"] = str(UUID(int=row["number"] * 2**64))
        row["at"] = SECOND + timedelta(seconds=row["second"])
        admin.execute(TABLES[name], row)


def reach(people: People) -> dict[str, tuple[Scope, set[int]]]:
    return {
        "staff": (people.olga.scope, {0, 1, 2, 3}),
        "staff on one client": (Scope.person(people.olga.id, 2), {2}),
        "person": (people.alice.scope, {1}),
        "job": (Scope.client(2), {2}),
        "service": (Scope.service(), {0, 1, 2, 3}),
    }


async def snapshots(session: ReadSession, wanted: Wanted, limit: int, cursor: Any) -> Any:
    status = "failed" if wanted.odd else None
    page = await list_snapshots(session, client_id=wanted.client, status=status, limit=limit, cursor=cursor)
    return page.rows(), page.next_cursor


async def rejects(session: ReadSession, wanted: Wanted, limit: int, cursor: Any) -> Any:
    page = await list_rejects(
        session, client_id=wanted.client, open_only=wanted.odd, limit=limit, cursor=cursor
    )
    return page.rows(), page.next_cursor


async def alerts(session: ReadSession, wanted: Wanted, limit: int, cursor: Any) -> Any:
    asked = AlertFilter(client_id=wanted.client, state=AlertState.OPEN if wanted.odd else None)
    page = await list_alerts(session, asked, limit=limit, cursor=cursor)
    return page.rows(), page.next_cursor


async def deliveries(session: ReadSession, wanted: Wanted, limit: int, cursor: Any) -> Any:
    asked = DeliveryFilter(client_id=wanted.client, state="dead" if wanted.odd else None)  # type: ignore[arg-type]
    page = await list_deliveries(session, asked, limit=limit, after=cursor)
    return page.dicts(), page.after


async def inbox(session: ReadSession, wanted: Wanted, limit: int, cursor: Any) -> Any:
    asked = InboxFilter(client_id=wanted.client, state="open" if wanted.odd else None)  # type: ignore[arg-type]
    page = await list_inbox(session, asked, limit=limit, cursor=cursor)
    return page.rows(), page.next_cursor


async def walk(
    listing: Callable[..., Awaitable[Any]], session: ReadSession, wanted: Wanted, limit: int
) -> list[str]:
    found: list[str] = []
    rows, cursor = await listing(session, wanted, limit, None)
    while rows:
        assert len(rows) <= limit
        found += [row["id"] for row in rows]
        rows, cursor = await listing(session, wanted, limit, cursor) if cursor else ([], None)
    return found


def expected(rows: list[dict[str, Any]], mine: set[int], wanted: Wanted) -> list[str]:
    kept = [
        row
        for row in rows
        if row["client"] in mine and wanted.client in (None, row["client"]) and (row["odd"] or not wanted.odd)
    ]
    return [row["id"] for row in sorted(kept, key=lambda row: (row["at"], row["id"]), reverse=True)]


EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CALLERS = ("staff", "staff on one client", "person", "job", "service")


@pytest.mark.parametrize("listing", [snapshots, rejects, alerts, deliveries])
@EXAMPLES
@given(
    rows=ROWS,
    caller=st.sampled_from(CALLERS),
    wanted=WANTED,
    limit=st.integers(1, 7),
)
async def test_pages_hold_each_row_in_reach_once_and_in_order(
    admin: psycopg.Connection, db: Database, people: People, listing, rows, caller, wanted, limit
) -> None:
    write(admin, listing.__name__, rows)
    scope, mine = reach(people)[caller]
    async with db.read(scope) as session:
        assert await walk(listing, session, wanted, limit) == expected(rows, mine, wanted)


@EXAMPLES
@given(
    rows=ROWS,
    caller=st.sampled_from(("staff", "staff on one client", "person")),
    wanted=WANTED,
    limit=st.integers(1, 7),
)
async def test_the_inbox_merges_both_tables_in_order(
    admin: psycopg.Connection, db: Database, people: People, rows, caller, wanted, limit
) -> None:
    write(admin, "alerts", [row for row in rows if row["number"] % 2])
    write(admin, "advertising", [row for row in rows if not row["number"] % 2])
    scope, mine = reach(people)[caller]
    async with db.read(scope) as session:
        assert await walk(inbox, session, wanted, limit) == expected(rows, mine, wanted)


@EXAMPLES
@given(rows=ROWS, caller=st.sampled_from(CALLERS), wanted=WANTED, page=st.integers(1, 7))
async def test_an_export_goes_the_other_way(
    admin: psycopg.Connection, db: Database, people: People, rows, caller, wanted, page
) -> None:
    write(admin, "deliveries", rows)
    scope, mine = reach(people)[caller]
    asked = DeliveryFilter(client_id=wanted.client, state="dead" if wanted.odd else None)  # type: ignore[arg-type]
    async with db.read(scope) as session:
        found = [orjson.loads(row)["id"] async for row in export_deliveries(session, asked, page=page)]
    assert found == expected(rows, mine, wanted)[::-1]


async def test_rows_that_come_in_between_do_not_shift_a_page(
    admin: psycopg.Connection, db: Database, people: People
) -> None:
    old = [{"number": n, "client": n % 4, "second": 1, "odd": True} for n in range(10, 18)]
    write(admin, "alerts", old)
    async with db.read(people.olga.scope) as session:
        first, cursor = await alerts(session, Wanted(), 3, None)
    newer = [{"number": n, "client": n % 4, "second": 2, "odd": True} for n in range(30, 34)]
    write(admin, "alerts", old + newer)
    async with db.read(people.olga.scope) as session:
        second, _cursor = await alerts(session, Wanted(), 20, cursor)
    assert [row["id"] for row in first + second] == expected(old, {0, 1, 2, 3}, Wanted())
