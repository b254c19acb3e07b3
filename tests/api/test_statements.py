"""A list runs the same few statements whether it shows three rows or sixty."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from tests.api.house import ids_of
from tests.people import BRANDT

MOST = 4
"""Statements of a list itself, beside those that find out who asks (`GET /me` runs them too)."""
LISTS = {
    "records": "/api/v1/records?snapshot_id={snapshot_id}",
    "snapshots": "/api/v1/snapshots",
    "alerts": "/api/v1/alerts",
    "inbox": "/api/v1/inbox",
    "rules": "/api/v1/rules",
    "deliveries": "/api/v1/deliveries",
    "digests": "/api/v1/digests",
    "evaluations": "/api/v1/rules/{rule_id}/evaluations",
    "rejects": "/api/v1/rejects",
    "clients": "/api/v1/clients",
    "users": "/api/v1/users",
    "sources": "/api/v1/sources",
    "accounts": "/api/v1/source-accounts",
    "endpoints": "/api/v1/webhook-endpoints",
    "channels": "/api/v1/channels",
    "credentials": "/api/v1/credentials",
    "tokens": "/api/v1/tokens",
    "jobs": "/api/v1/jobs",
    "audit": "/api/v1/audit",
    "logs": "/api/v1/logs",
}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every statement of every engine while the block runs."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def statements_of(caller, path: str) -> tuple[list[str], int]:
    with counted() as seen:
        answer = await caller.get(path)
    assert answer.status_code == 200, answer.text
    return seen, len(orjson.loads(answer.content).get("data", []))


async def grow(house, owner) -> None:
    """Many more of everything, for client 1."""
    for number in range(8):
        await house.read(
            BRANDT,
            *({"id": f"more-{number}-{row}", "name": f"More {row}", "open_rate": "9"} for row in range(12)),
            {"name": "No id"},
        )
        body = {
            "name": f"Rule {number}",
            "field_name": "open_rate",
            "condition": "less_than",
            "threshold_value": "5",
        }
        assert (await owner.post("/api/v1/rules", json={**body, "client_id": BRANDT})).status_code == 201
        assert (await owner.post("/api/v1/clients", json={"name": f"Client {number}"})).status_code == 201
        source = {"provider": "shop", "endpoint": f"list_{number}", "display_name": "More"}
        made = (await owner.post("/api/v1/sources", json=source)).json()
        account = {"client_id": BRANDT, "account_key": f"key {number}"}
        assert (await owner.post(f"/api/v1/sources/{made['id']}/accounts", json=account)).status_code == 201
        person = {"email": f"p{number}@agency.example", "display_name": "P", "is_staff": True}
        assert (await owner.post("/api/v1/users", json=person)).status_code == 201
        channel = {"kind": "email", "name": f"mail {number}", "address": "c@example.com"}
        assert (await owner.post("/api/v1/channels", json=channel)).status_code == 201


@pytest.fixture
async def few_and_many(filled):
    """For each list the statements and rows before and after the house grew."""
    async with filled.caller("owner") as owner:
        await owner.get("/api/v1/me")  # connections are open and the token is marked as used
        plain, _ = await statements_of(owner, "/api/v1/me")
        found = {}
        for name, path in LISTS.items():
            found[name] = [await statements_of(owner, path.format(**ids_of(filled, BRANDT)))]
        await grow(filled, owner)
        await owner.get("/api/v1/me")
        for name, path in LISTS.items():
            found[name].append(await statements_of(owner, path.format(**ids_of(filled, BRANDT))))
    return len(plain), found


async def test_lists_run_a_fixed_number_of_statements(few_and_many):
    door, found = few_and_many
    grown = 0
    for name, ((few, few_rows), (many, many_rows)) in found.items():
        assert abs(len(many) - len(few)) <= 1, (name, few_rows, many_rows, many)
        assert len(many) - door <= MOST, (name, many)
        grown += many_rows > few_rows
    assert grown >= 9
