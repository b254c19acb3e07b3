"""Health, figures, jobs, audit, logs, exports, cursors, repeated requests and live news, over the whole application."""

import asyncio
import contextlib
import socket
from datetime import UTC, datetime

import orjson
import psycopg
import pytest
from tests.api.house import House, ids_of
from tests.people import BRANDT, MARLOW

from belvedere.core.context import Scope
from belvedere.core.database import Database
from belvedere.core.events import emit
from belvedere.core.jobs import enqueue


async def test_health_tells_each_part_and_what_waits(house, anybody):
    answer = await anybody.get("/health")
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "degraded")
    assert not body["checks"]["workers"]["ok"]
    assert body["checks"]["database"]["ok"]
    assert body["checks"]["schema"]["ok"]
    house.admin.execute("INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now())")
    assert (await anybody.get("/health")).json()["status"] == "ok"
    house.admin.execute("UPDATE core.installation SET outbound_held = 1")
    assert (await anybody.get("/health")).json()["status"] == "degraded"


async def test_without_a_database_health_says_so_and_nothing_else_breaks(house, anybody):
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    house.runtime.db = Database(nowhere, nowhere)
    answer = await anybody.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert (await anybody.get("/metrics")).status_code == 200
    broken = await anybody.get("/api/v1/me")
    assert broken.headers["content-type"] == "application/problem+json"
    assert broken.status_code >= 500
    assert "127.0.0.1" not in broken.text


async def test_a_database_that_answers_nothing_is_named_at_once(house, anybody, database_url):
    """Frozen in a statement, and frozen before it takes a connection."""
    await anybody.get("/health")
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE core.installation IN ACCESS EXCLUSIVE MODE")
        stuck = await asyncio.wait_for(anybody.get("/health"), 8)
    assert (stuck.status_code, stuck.json()["status"]) == (503, "down")
    assert "no answer within 2 seconds" in stuck.json()["checks"]["database"]["detail"]
    assert "workers" not in stuck.json()["checks"], "nobody knows"
    assert (await anybody.get("/health")).status_code == 200, "and it comes back with the database"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        house.runtime.db = Database(nowhere, nowhere)
        answer = await asyncio.wait_for(anybody.get("/health"), 8)
    assert (answer.status_code, answer.json()["checks"]["database"]["ok"]) == (503, False)


async def test_figures_count_requests_by_route_and_never_by_id(owner):
    for number in range(3):
        await owner.get(f"/api/v1/rules/00000000-0000-4000-8000-00000000000{number}")
    answer = await owner.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = [line for line in answer.text.splitlines() if "/api/v1/rules/" in line]
    assert any('route="/api/v1/rules/{rule_id}"' in line for line in lines)
    assert not any("00000000-0000" in line for line in lines)


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/logs", "/api/v1/audit"])
async def test_the_house_itself_is_shown_to_staff_in_pages(house, path):
    async with house.runtime.db.write(Scope.service("tests")) as session:
        for number in range(5):
            await enqueue(session, "core.clean_up", {}, client_id=0, actor=f"tests {number}")
    house.admin.execute(
        "INSERT INTO core.observability_logs (client_id, created_at, level, logger, message)"
        " SELECT 0, now() - n * interval '1 minute', 'INFO', 'tests', 'line ' || n FROM generate_series(1, 5) n"
    )
    async with house.caller("owner") as owner:
        for number in range(5):
            await owner.post("/api/v1/clients", json={"name": f"Client {number}"})
        seen, cursor = [], None
        while True:
            answer = await owner.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            assert answer.status_code == 200, answer.text
            body = answer.json()
            seen += [orjson.dumps(row) for row in body["data"]]
            cursor = body["meta"]["next_cursor"]
            assert body["meta"]["has_more"] == (cursor is not None)
            if cursor is None:
                break
    assert len(seen) >= 5
    assert len(set(seen)) == len(seen)


async def test_a_job_can_be_polled(house, owner):
    async with house.runtime.db.write(Scope.service("tests")) as session:
        await enqueue(session, "core.clean_up", {}, client_id=0, actor="tests")
    job = (await owner.get("/api/v1/jobs?name=core.clean_up")).json()["data"][0]
    assert (await owner.get(f"/api/v1/jobs/{job['id']}")).json()["name"] == "core.clean_up"
    assert (await owner.get("/api/v1/jobs/999999")).status_code == 404


async def test_the_audit_chain_holds_and_says_where_it_does_not(house, owner):
    for number in range(3):
        await owner.post("/api/v1/clients", json={"name": f"Client {number}"})
    sound = (await owner.get("/api/v1/audit/verification")).json()
    assert sound["holds"]
    assert sound["rows"] >= 3
    house.admin.execute("ALTER TABLE core.audit_log DISABLE TRIGGER USER")
    house.admin.execute(
        "UPDATE core.audit_log SET actor = 'nobody' WHERE seq = (SELECT min(seq) + 1 FROM core.audit_log)"
    )
    broken = (await owner.get("/api/v1/audit/verification")).json()
    assert not broken["holds"]
    assert broken["first_bad"] is not None


LISTS = (
    "jobs",
    "audit",
    "logs",
    "rules",
    "alerts",
    "inbox",
    "snapshots",
    "clients",
    "users",
    "sources",
    "deliveries",
)


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_made_by_hand_or_for_another_list_is_refused(house, owner, name):
    for number in range(3):
        await owner.post("/api/v1/clients", json={"name": f"Client {number}"})
    other = "users" if name == "clients" else "clients"
    good = (await owner.get(f"/api/v1/{other}?limit=1")).json()["meta"]["next_cursor"]
    bent = good[:-2] + ("AA" if not good.endswith("AA") else "BB")
    for cursor in (good, bent, "x", "%00", "ä", good * 2, "A" * 500, " "):
        answer = await owner.get(f"/api/v1/{name}", params={"cursor": cursor})
        assert answer.status_code == 422, (cursor, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["jobs", "audit", "logs", "rules", "alerts", "inbox", "export/alerts"])
@pytest.mark.parametrize(
    "value", ["\0", "\ud800".encode("utf-8", "surrogatepass"), "9" * 40, "'; DROP TABLE x"], ids=range(4)
)
async def test_strange_words_in_filters_are_answered(owner, path, value):
    for name in ("status", "name", "action", "actor", "level", "logger", "search", "client_id", "since"):
        answer = await owner.get(f"/api/v1/{path}", params={name: value})
        assert answer.status_code in (200, 404, 422), (name, answer.status_code, answer.text)


async def test_the_same_request_with_one_key_happens_once(house, owner):
    body = {
        "name": "Once",
        "field_name": "open_rate",
        "condition": "less_than",
        "threshold_value": "5",
        "force": True,
    }
    key = {"Idempotency-Key": "rule-once"}
    first = await owner.post("/api/v1/rules", json=body, headers=key)
    second = await owner.post("/api/v1/rules", json=body, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert house.one("SELECT count(*) FROM watch.watchtower_rules WHERE name = 'Once'") == 1
    reused = await owner.post("/api/v1/rules", json={**body, "name": "Twice"}, headers=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_reused")
    async with house.caller("analyst") as analyst:
        own = await analyst.post("/api/v1/rules", json={**body, "client_id": BRANDT}, headers=key)
    assert own.status_code == 201, "a key is its caller's own"


async def test_a_refused_request_may_be_sent_again_with_its_key(owner):
    key = {"Idempotency-Key": "second-try"}
    assert (await owner.post("/api/v1/clients", json={"name": ""}, headers=key)).status_code == 422
    assert (await owner.post("/api/v1/clients", json={"name": "Now"}, headers=key)).status_code == 201


@pytest.mark.parametrize("kind", ["alerts", "deliveries", "actions"])
async def test_an_export_is_lines_of_json_of_own_clients(filled, kind):
    ids = ids_of(filled, BRANDT)
    for name, sees in (("owner", True), ("client 1", True), ("client 2", False)):
        async with filled.caller(name) as caller:
            answer = await caller.get(f"/api/v1/export/{kind}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        rows = [orjson.loads(line) for line in answer.content.splitlines()]
        assert all(isinstance(row, dict) for row in rows)
        if kind != "actions":
            assert (
                ids[f"{kind.removesuffix('s').replace('deliverie', 'delivery')}_id"] in answer.text
            ) is sees
            assert rows
    async with filled.caller("owner") as owner:
        assert (await owner.get("/api/v1/export/secrets")).status_code == 404


async def open_stream(house: House, name: str, lines: asyncio.Queue[bytes]) -> None:
    """Read the live news of one person as the server would send them."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/api/v1/events/stream", "raw_path": b"/api/v1/events/stream", "query_string": b"", "root_path": "",
        "headers": [(b"authorization", f"Bearer {house.tokens[name]}".encode())],
        "client": ("192.0.2.7", 5000), "server": ("127.0.0.1", 8420),
    }  # fmt: skip
    asked = False

    async def receive():
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            await lines.put(str(message["status"]).encode())
        elif message.get("body"):
            await lines.put(message["body"])

    await house.app(scope, receive, send)


async def test_live_news_are_of_own_clients_alone(house):
    await house.app.state.live.start()
    heard = {name: asyncio.Queue() for name in ("owner", "client 1", "client 2")}
    streams = [asyncio.create_task(open_stream(house, name, lines)) for name, lines in heard.items()]
    try:
        for lines in heard.values():
            assert await asyncio.wait_for(lines.get(), 10) == b"200"
            assert (await asyncio.wait_for(lines.get(), 10)).startswith(b"retry:")
        first = {name: await tell_until_heard(house, lines, name) for name, lines in heard.items()}
        assert all(b"snapshot.completed" in line for line in first.values())
        told = {name: {line, *drained(heard[name])} for name, line in first.items()}
    finally:
        for stream in streams:
            stream.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await stream
        await house.app.state.live.stop()
    assert clients_in(told["client 1"]) == {BRANDT}
    assert clients_in(told["client 2"]) == {MARLOW}


async def tell_until_heard(house, lines, name) -> bytes:
    """The listening connection of the process opens beside the stream; news before that are nobody's."""
    for _ in range(40):
        for client in (BRANDT, MARLOW):
            await tell(house, client)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(lines.get(), 0.25)
    raise AssertionError(f"{name} heard nothing")


async def tell(house, client: int) -> None:
    snapshot = "00000000-0000-7000-8000-000000000000"
    data = {
        "snapshot_id": snapshot, "source_id": snapshot, "records": 1, "metrics": 0, "rejected": 0, "completeness": "full",
    }  # fmt: skip
    async with house.runtime.db.write(Scope.client(client, actor="tests")) as session:
        await emit(
            session, "snapshot.completed", subject=snapshot, client_id=client, data=data, actor="tests",
            now=datetime(2026, 11, 20, 12, tzinfo=UTC),
        )  # fmt: skip


def drained(lines: asyncio.Queue[bytes]) -> list[bytes]:
    return [lines.get_nowait() for _ in range(lines.qsize())]


def clients_in(lines: set[bytes]) -> set[int]:
    return {orjson.loads(line.split(b"data: ", 1)[1])["client_id"] for line in lines if b"data: " in line}
