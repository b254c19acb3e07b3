"""The whole application over a real database, its cast with tokens, and one of each thing at two clients."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import psycopg
from fastapi import FastAPI
from tests.people import BRANDT, MARLOW, People, Person, _add

from belvedere.accounts.permissions import Permission
from belvedere.accounts.tokens import generate_token, secret_hash
from belvedere.core.runtime import Runtime
from belvedere.sources.service import ingest_file
from belvedere.watchtower.contracts import Condition, NotifySchedule, Severity
from belvedere.watchtower.drafts import RuleDraft
from belvedere.watchtower.service import create_rule

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:8420"
SIMPLE = {
    "name": "simple",
    "columns": {"external_id": "id", "name": "name", "status": "status"},
    "metrics": {"open_rate": {"path": "open_rate", "unit": "percent"}},
}
ANONYMOUS = "anonymous"


@dataclass
class Clock:
    """Moves on a second with each look, so that no budget of requests runs dry in a test."""

    at: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class House:
    app: FastAPI
    runtime: Runtime
    admin: psycopg.Connection
    people: People
    tokens: dict[str, str] = field(default_factory=dict)

    def caller(self, name: str, **options: Any) -> httpx.AsyncClient:
        """A program that calls as somebody of the cast, or as nobody."""
        headers = {} if name == ANONYMOUS else {"Authorization": f"Bearer {self.tokens[name]}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.7", 5000))
        return httpx.AsyncClient(
            transport=transport,
            base_url=ADDRESS,
            headers={**headers, **options.pop("headers", {})},
            **options,
        )

    def one(self, query: str, *values: Any) -> Any:
        row = self.admin.execute(query, values).fetchone()
        return None if row is None else row[0]

    async def read(self, client: int, *rows: dict[str, Any], endpoint: str = "campaigns") -> None:
        self.runtime.clock.at += timedelta(minutes=10)
        await ingest_file(
            self.runtime,
            client_id=client,
            provider="shop",
            endpoint=endpoint,
            data=orjson.dumps(list(rows)),
            mapping=SIMPLE,
            actor="tests",
            file_name="rows.json",
        )

    async def rule(self, client: int, name: str) -> None:
        draft = RuleDraft(
            name=name,
            field_name="open_rate",
            condition=Condition.LESS_THAN,
            threshold_value="15",
            client_id=client,
            severity=Severity.CRITICAL,
            notify_discord=True,
            notify_schedule=NotifySchedule.DAILY,
        )
        async with self.runtime.db.write(self.people.olga.scope) as session:
            await create_rule(session, draft, actor="olga", now=self.runtime.clock(), force=True)


def give_token(admin: psycopg.Connection, person: Person, client_id: int | None = None) -> str:
    """A live token of a person with every scope: what it may do is the person's role alone."""
    token = generate_token()
    admin.execute(
        "INSERT INTO core.api_tokens (id, user_id, client_id, name, prefix, token_hash, scopes, expires_at)"
        " VALUES (%s, %s, %s, 'probe', %s, %s, %s, %s)",
        [
            uuid4(),
            person.id,
            client_id,
            token[:10],
            secret_hash(token),
            list(Permission),
            NOON + timedelta(days=3650),
        ],
    )
    return token


def add_tokens(admin: psycopg.Connection, people: People) -> dict[str, str]:
    """Everybody's token; staff below owner and admin work on client 1."""
    staff = {}
    for role in ("analyst", "operator", "viewer"):
        staff[role] = _add(admin, f"{role}@agency.example", role, staff=True, client=BRANDT)
    dora = _add(admin, "dora@marlow.example", "analyst", client=MARLOW)
    everybody = {"owner": people.olga, **staff, "client 1": people.alice, "client 2": dora}
    tokens = {name: give_token(admin, person) for name, person in everybody.items()}
    return {**tokens, "owner at 2": give_token(admin, people.olga, MARLOW)}


async def fill(house: House) -> None:
    """Readings, rules, alerts, messages and everything people set up, at client 1 and client 2."""
    for client, mark in ((BRANDT, "brandt"), (MARLOW, "marlow")):
        house.admin.execute("UPDATE core.clients SET discord_channel_id = '118' WHERE id = %s", [client])
        await house.read(client, {"id": f"{mark}-a1", "name": f"{mark} preview", "open_rate": "31"})
        await house.rule(client, f"{mark} low open rate")
        await house.read(
            client, {"id": f"{mark}-a1", "name": f"{mark} preview", "open_rate": "11"}, {"name": "No id"}
        )
        await set_up(house, client, mark)
        house.admin.execute(
            "INSERT INTO watch.digests (id, client_id, schedule, channel, destination, zone, boundary_at, window_start,"
            " state, new_count, body) VALUES (%s, %s, 'daily', 'discord_bot', '118', 'UTC', %s, %s, 'sent', 1, %s)",
            [uuid4(), client, NOON, NOON - timedelta(days=1), '{"title": "Daily digest: 1 new"}'],
        )


async def set_up(house: House, client: int, mark: str) -> None:
    async with house.caller("owner") as owner:
        source_id = house.one("SELECT id FROM watch.api_sources WHERE provider = 'shop'")
        account = await created(
            owner,
            f"/sources/{source_id}/accounts",
            {"client_id": client, "account_key": f"{mark}-shop", "settings": {"mapping": SIMPLE}},
        )
        await created(owner, "/webhook-endpoints", {"account_id": account["id"], "name": f"{mark} push"})
        secret = {"provider": "omnisend", "name": f"{mark} key", "secret": {"api_key": f"{mark}-key"}}
        await created(owner, f"/clients/{client}/credentials", secret)
        channel = {
            "kind": "email",
            "name": f"{mark} mail",
            "client_id": client,
            "address": f"{mark}@example.com",
        }
        await created(owner, "/channels", channel)


async def created(caller: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ids_of(house: House, client: int) -> dict[str, str]:
    """The id of one of each thing of a client, by the name of the path's parameter."""
    queries = {
        "alert_id": "SELECT id FROM watch.watchtower_alerts WHERE client_id = %s",
        "rule_id": "SELECT id FROM watch.watchtower_rules WHERE client_id = %s",
        "snapshot_id": "SELECT id FROM watch.api_snapshots WHERE client_id = %s ORDER BY created_at DESC",
        "record_id": "SELECT id FROM watch.api_records WHERE client_id = %s ORDER BY created_at DESC",
        "account_id": "SELECT id FROM watch.source_accounts WHERE client_id = %s AND account_key LIKE '%%-shop'",
        "endpoint_id": "SELECT id FROM watch.webhook_endpoints WHERE client_id = %s",
        "delivery_id": "SELECT id FROM core.deliveries WHERE client_id = %s AND subject_type = 'alert'",
        "digest_id": "SELECT id FROM watch.digests WHERE client_id = %s",
        "silence_id": "INSERT INTO watch.silences (client_id, starts_at, ends_at) VALUES (%s, now(), now() + interval"
        " '1 day') RETURNING id",
        "channel_id": "SELECT id FROM core.channels WHERE client_id = %s AND kind = 'email'",
        "credential_id": "SELECT id FROM core.creds_meta WHERE client_id = %s AND provider = 'omnisend'",
        "user_id": "SELECT user_id FROM core.user_clients WHERE client_id = %s",
        "token_id": "SELECT t.id FROM core.api_tokens t JOIN core.user_clients c USING (user_id)"
        " JOIN core.users u ON u.id = c.user_id WHERE c.client_id = %s AND NOT u.is_staff",
    }
    found = {name: house.one(query, client) for name, query in queries.items()}
    assert all(found.values()), found
    source = house.one("SELECT id FROM watch.api_sources WHERE provider = 'shop'")
    return {name: str(value) for name, value in found.items()} | {
        "client_id": str(client),
        "source_id": str(source),
        "origin": "watch",
    }
