"""Addresses that take signed pushes: made with a secret that is shown once, checked over the bytes as they came."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from belvedere.accounts.service import delete_credential, open_credential, store_credential
from belvedere.connectors.webhook.signature import VerifiedPush, make_secret, verify
from belvedere.core.context import Scope
from belvedere.core.database import ReadSession, WriteSession
from belvedere.core.errors import FieldProblem, Invalid, NotFound
from belvedere.core.ids import new_id
from belvedere.core.runtime import Runtime
from belvedere.sources.documents import DocumentFormat, push_format
from belvedere.sources.intake import add_intake, mapping_document
from belvedere.sources.plan import default_mapping
from belvedere.sources.runs import enqueue_intake

PROVIDER = "webhook"
SECRET_SIZE = 32
ENDPOINT = (
    "SELECT e.id, nullif(e.client_id, 0) AS client_id, e.account_id, e.name, e.is_active, e.created_at, a.source_id,"
    " a.settings -> 'mapping' AS mapping FROM watch.webhook_endpoints e"
    " JOIN watch.source_accounts a ON a.client_id = e.client_id AND a.id = e.account_id"
)
_ADD = text(
    "INSERT INTO watch.webhook_endpoints (id, client_id, account_id, name, credential_id)"
    " VALUES (:id, :client_id, :account_id, :name, :credential_id)"
)
_LIST = text(
    f"{ENDPOINT} WHERE (CAST(:account_id AS uuid) IS NULL OR e.account_id = :account_id)"
    " AND (CAST(:after AS uuid) IS NULL OR e.id > :after) ORDER BY e.id LIMIT :limit"
)
_GET = text(f"{ENDPOINT} WHERE e.id = :id")
_CHANGE = text(
    "UPDATE watch.webhook_endpoints SET name = coalesce(:name, name), is_active = coalesce(:is_active, is_active)"
    " WHERE id = :id RETURNING id"
)
_DELETE = text("DELETE FROM watch.webhook_endpoints WHERE id = :id RETURNING credential_id, client_id")
_FIND = text(
    "SELECT e.id, e.client_id, e.account_id, e.credential_id, a.source_id, a.settings, src.provider, src.endpoint"
    " FROM watch.webhook_endpoints e"
    " JOIN watch.source_accounts a ON a.client_id = e.client_id AND a.id = e.account_id"
    " JOIN watch.api_sources src ON src.id = a.source_id WHERE e.id = :id AND e.is_active AND a.is_active"
)
_RECEIPT = text(
    "INSERT INTO watch.webhook_receipts (client_id, endpoint_id, webhook_id, received_at)"
    " VALUES (:client_id, :endpoint_id, :webhook_id, :now) ON CONFLICT DO NOTHING RETURNING 1"
)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """A new address and its secret, which is shown this once."""

    id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class TakenPush:
    """A push that holds; `is_new` is False when the same one was taken before."""

    webhook_id: str
    is_new: bool


async def create_endpoint(
    session: WriteSession, *, account: Mapping[str, Any], client_id: int, name: str, actor: str, now: datetime
) -> NewEndpoint:
    """Make an address for an account; raises Invalid when nothing says how its rows are mapped."""
    account_id: UUID = account["id"]
    check_mapping(account)
    endpoint_id = new_id(now)
    secret = make_secret(os.urandom(SECRET_SIZE))
    credential_id = await store_credential(
        session, client_id, PROVIDER, f"push {endpoint_id}", {"secret": secret}, actor, now
    )
    values = {"id": endpoint_id, "client_id": client_id, "account_id": account_id, "name": name}
    await session.execute(_ADD, {**values, "credential_id": credential_id})
    return NewEndpoint(endpoint_id, secret)


def check_mapping(account: Mapping[str, Any]) -> None:
    """A push needs a mapping: the account's own in its settings, or the one that goes with its source."""
    given = account["settings"].get("mapping")
    if given is not None:
        mapping_document(given)
        return
    try:
        default_mapping(account["provider"], account["endpoint"])
    except NotFound as error:
        detail = "Nothing says how pushed rows are mapped. Put `mapping` (a shipped name, or a whole mapping) there."
        raise Invalid(detail, errors=[FieldProblem("/settings/mapping", "missing", detail)]) from error


async def list_endpoints(
    session: ReadSession, *, limit: int, after: UUID | None = None, account_id: UUID | None = None
) -> list[dict[str, Any]]:
    rows = await session.execute(_LIST, {"account_id": account_id, "after": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def get_endpoint(session: ReadSession, endpoint_id: UUID) -> dict[str, Any]:
    row = (await session.execute(_GET, {"id": endpoint_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such push address.")
    return dict(row)


async def change_endpoint(
    session: WriteSession, endpoint_id: UUID, *, name: str | None, is_active: bool | None
) -> None:
    values = {"id": endpoint_id, "name": name, "is_active": is_active}
    if (await session.execute(_CHANGE, values)).scalar_one_or_none() is None:
        raise NotFound("There is no such push address.")


async def delete_endpoint(session: WriteSession, endpoint_id: UUID) -> None:
    """Forget the address and its secret."""
    row = (await session.execute(_DELETE, {"id": endpoint_id})).one_or_none()
    if row is None:
        raise NotFound("There is no such push address.")
    await delete_credential(session, row.client_id, row.credential_id)


async def receive_push(
    runtime: Runtime, endpoint_id: UUID, headers: Mapping[str, str], body: bytes, now: datetime
) -> TakenPush:
    """Check a push and keep its body for a worker; raises NotFound, WebhookRefused or Invalid.

    A push that was taken before is answered the same and adds nothing.
    """
    async with runtime.db.read(Scope.service("webhook")) as session:
        endpoint = (await session.execute(_FIND, {"id": endpoint_id})).one_or_none()
    if endpoint is None:
        raise NotFound("There is no such push address.")
    actor = f"webhook:{endpoint_id}"
    async with runtime.db.write(Scope.client(endpoint.client_id, actor)) as session:
        opened = await open_credential(
            session, endpoint.client_id, endpoint.credential_id, "check a push", actor, now
        )
        push = verify([opened["secret"]], headers, body, now)
        form = push_format(body)
        return TakenPush(push.message_id, await _keep(session, endpoint, push, body, form, actor, now))


async def _keep(
    session: WriteSession,
    endpoint: Any,
    push: VerifiedPush,
    body: bytes,
    form: DocumentFormat,
    actor: str,
    now: datetime,
) -> bool:
    receipt = {
        "client_id": endpoint.client_id,
        "endpoint_id": endpoint.id,
        "webhook_id": push.message_id,
        "now": now,
    }
    if (await session.execute(_RECEIPT, receipt)).scalar_one_or_none() is None:
        return False
    mapping = (endpoint.settings or {}).get("mapping")
    intake_id = await add_intake(
        session,
        now,
        client_id=endpoint.client_id,
        account_id=endpoint.account_id,
        source_id=endpoint.source_id,
        kind="webhook",
        format=form,
        mapping=None if mapping is None else mapping_document(mapping),
        content=body,
        data_as_of=push.sent_at,
        received_by=actor,
    )
    await enqueue_intake(session, endpoint.client_id, intake_id, endpoint.account_id, actor)
    return True
