"""What only its own role may write: people and memberships, sealed credentials, logins, tokens, log lines."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.service import list_credentials, store_credential
from belvedere.core.context import DbRole, Scope
from belvedere.core.runtime import Runtime
from belvedere.seeding.names import name_person
from belvedere.seeding.world import ClientPlan, World

OWNER_EMAIL = "owner@demo.example"
OWNER_PASSWORD = "belvedere-demo-2026"  # noqa: S105 - printed for the reader; a real installation makes its own
OWNER_NAME = "Ines Halvorsen"

STAFF_ROLES = ("analyst", "operator", "viewer")
CLIENT_ROLES = ("operator", "viewer")
PROVIDERS = ("shopify", "meta", "google", "omnisend")

_ADD_PERSON = text(
    "INSERT INTO core.users (id, email, display_name, role, is_staff, timezone, created_at)"
    " VALUES (:id, :email, :name, :role, :staff, :zone, :at) ON CONFLICT DO NOTHING"
)
_JOIN = text(
    "INSERT INTO core.user_clients (user_id, client_id, role, created_at) VALUES (:user, :client, :role, :at)"
    " ON CONFLICT DO NOTHING"
)
_ADD_SESSION = text(
    "INSERT INTO core.user_sessions (id, user_id, token_hash, user_agent, created_at, last_seen_at, expires_at, revoked_at)"
    " VALUES (:id, :user, :hash, 'Firefox', :at, :at, :until, :at) ON CONFLICT DO NOTHING"
)
_ADD_TOKEN = text(
    "INSERT INTO core.api_tokens (id, user_id, client_id, name, prefix, token_hash, scopes, created_at, expires_at, revoked_at)"
    " VALUES (:id, :user, :client, :name, 'bvd_made', :hash, ARRAY['records.read', 'alerts.read'], :at, :until, :at)"
    " ON CONFLICT DO NOTHING"
)
_ADD_THROTTLE = text(
    "INSERT INTO core.login_throttle (bucket, failures, window_started_at) VALUES (:bucket, 1, :at) ON CONFLICT DO NOTHING"
)
_ADD_LOG = text(
    "INSERT INTO core.observability_logs (id, client_id, created_at, level, logger, message, context)"
    " VALUES (:id, :client, :at, :level, :logger, :message, CAST(:context AS jsonb)) ON CONFLICT DO NOTHING"
)
LOG_LINES = (
    ("INFO", "sources.collect", "snapshot stored"), ("INFO", "watchtower.judge", "rules evaluated"),
    ("INFO", "notify.sender", "delivery accepted"), ("WARN", "connectors.omnisend", "asked to wait by the platform"),
    ("DEBUG", "core.egress", "connection reused"), ("ERROR", "connectors.scraper", "the shop did not answer in time"),
)  # fmt: skip


def people_of(world: World) -> Iterator[dict[str, Any]]:
    """Three of the agency, two of each client; nobody has a password, so nobody can sign in as them."""
    at = datetime.combine(next(iter(world.dates())), time(8), UTC)
    for number, role in enumerate(STAFF_ROLES):
        name = name_person(number)
        yield {"id": world.key("core.users", "staff", number), "name": name, "role": role, "staff": True,
               "email": address(name, "agency"), "zone": "Europe/Vienna", "at": at, "client": None}  # fmt: skip
    for place, client in enumerate(world.clients):
        for number, role in enumerate(CLIENT_ROLES):
            name = name_person(len(STAFF_ROLES) + place * len(CLIENT_ROLES) + number)
            yield {"id": world.key("core.users", client.id, number), "name": name, "role": role, "staff": False,
                   "email": address(name, client.slug), "zone": client.timezone, "at": at, "client": client.id}  # fmt: skip


def address(name: str, place: str) -> str:
    return f"{name.lower().replace(' ', '.')}@{place}.example"


async def add_people(runtime: Runtime, owner: Scope, world: World) -> tuple[UUID, ...]:
    """People and what they may see, in the owner's name; returns the owner and the staff."""
    made = list(people_of(world))
    async with runtime.db.write(owner) as session:
        for person in made:
            await session.execute(_ADD_PERSON, person)
            joined = [person["client"]] if person["client"] is not None else [c.id for c in world.clients]
            for client in joined:
                values = {"user": person["id"], "client": client, "role": person["role"], "at": person["at"]}
                await session.execute(_JOIN, values)
    staff = tuple(person["id"] for person in made if person["staff"])
    return (*([owner.user_id] if owner.user_id else []), *staff)


async def add_credentials(runtime: Runtime, world: World, client: ClientPlan, now: datetime) -> None:
    """Sealed credentials that open nothing, under the keys that other rows name."""
    async with runtime.db.write(Scope.service("seed")) as session:
        known = {info.id for info in await list_credentials(session)}
        for number, provider in enumerate(PROVIDERS):
            key = world.key("core.creds_meta", client.id, number)
            if key not in known:
                secret = {"access_token": digest(world.seed, client.id, provider).hex()}
                await store_credential(
                    session,
                    client.id,
                    provider,
                    f"{client.name} (made up)",
                    secret,
                    "seed",
                    now,
                    credential_id=key,
                )


async def add_traces(runtime: Runtime, world: World, clients: Iterable[ClientPlan]) -> dict[str, int]:
    """Past logins and tokens, which are revoked, and log lines."""
    plans = tuple(clients)
    start = world.now - timedelta(days=world.days)
    async with runtime.db.write(Scope.authn()) as session:
        for number, person in enumerate(people_of(world)):
            at = start + timedelta(hours=number % 24)
            values = {"user": person["id"], "at": at, "until": at + timedelta(days=14), "client": person["client"],
                      "id": world.key("core.user_sessions", person["id"]), "name": "Spreadsheet",
                      "hash": digest(world.seed, "session", person["id"])}  # fmt: skip
            await session.execute(_ADD_SESSION, values)
            values |= {
                "id": world.key("core.api_tokens", person["id"]),
                "hash": digest(world.seed, "token", person["id"]),
            }
            await session.execute(_ADD_TOKEN, values)
        await session.execute(_ADD_THROTTLE, {"bucket": f"made-up:{world.seed}", "at": start})
    lines = [line for client in plans for line in log_lines(world, client)]
    async with runtime.db.write(Scope(DbRole.LOG_WRITER)) as session:
        written = await session.execute(_ADD_LOG, lines)
    return {"core.observability_logs": rows_of(written)}


def rows_of(result: Any) -> int:
    """Rows that a statement wrote; a repeated run writes none."""
    return int(max(result.rowcount, 0))


def log_lines(world: World, client: ClientPlan) -> Iterator[dict[str, Any]]:
    """A few lines of each of the last days; older ones would be cleaned up at once."""
    for back in range(min(world.days, 14)):
        for number, (level, logger, message) in enumerate(LOG_LINES):
            at = world.now - timedelta(days=back, minutes=7 * number + client.id % 7)
            key = world.key("core.observability_logs", client.id, back, number)
            yield {"id": key, "client": client.id, "at": at, "level": level, "logger": logger, "message": message,
                   "context": "{}"}  # fmt: skip


def digest(*parts: object) -> bytes:
    """32 bytes that stand where a hash of a secret stands; no known secret has this hash."""
    return hashlib.sha256("/".join(map(str, ("made up", *parts))).encode()).digest()
