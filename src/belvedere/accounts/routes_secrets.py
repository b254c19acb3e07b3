"""The accounts API: tokens, sessions and credentials. Nothing here gives a stored secret back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response
from pydantic import SecretStr

from belvedere.accounts import service
from belvedere.accounts.contracts import TokenDraft
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.accounts.schemas import (
    CredentialCreate,
    CredentialRead,
    CredentialReplace,
    Page,
    PageMeta,
    SessionRead,
    TokenCreate,
    TokenCreated,
    TokenRead,
)

router = door_router(tags=["accounts"])

ClientId = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("/tokens")
async def list_tokens(
    access: Annotated[Access, Depends(reading("tokens.read"), scope="function")],
) -> Page[TokenRead]:
    """One's own tokens."""
    rows = await service.list_tokens(access.session, access.principal.user_id)
    return Page(data=[TokenRead.model_validate(row) for row in rows], meta=_meta(access))


@router.post("/tokens", status_code=201)
async def create_token(
    body: TokenCreate,
    response: Response,
    access: Annotated[WriteAccess, Depends(writing("tokens.write"), scope="function")],
) -> TokenCreated:
    """Make a token of one's own; its text is in this answer and nowhere else."""
    access.require_step_up()
    access.answer_holds_secret()
    draft = TokenDraft(
        name=body.name,
        scopes=frozenset(scope.value for scope in body.scopes),
        client_id=body.client_id,
        expires_at=access.now + timedelta(days=body.expires_in_days),
    )
    made = await service.create_token(access.session, access.principal, draft, access.now)
    response.headers["Location"] = f"{access.request.url.path}/{made.info.id}"
    response.headers["Cache-Control"] = "no-store"
    return TokenCreated(**TokenRead.model_validate(made.info).model_dump(), token=made.token)


@router.delete("/tokens/{token_id}", status_code=204)
async def revoke_token(
    token_id: UUID, access: Annotated[WriteAccess, Depends(writing("tokens.write"), scope="function")]
) -> None:
    """End a token at once."""
    await service.revoke_token(access.session, access.principal, token_id, access.now)


@router.get("/sessions")
async def list_sessions(
    access: Annotated[Access, Depends(reading("me.read"), scope="function")],
) -> Page[SessionRead]:
    """One's own live logins, the latest used first."""
    rows = await service.list_sessions(access.session, access.principal.user_id, access.now)
    current = access.principal.session_id
    data = [
        SessionRead.model_validate(row).model_copy(update={"is_current": row.id == current}) for row in rows
    ]
    return Page(data=data, meta=_meta(access))


@router.delete("/sessions/{session_id}", status_code=204)
async def revoke_session(
    session_id: UUID, access: Annotated[WriteAccess, Depends(writing("me.write"), scope="function")]
) -> None:
    """End one of one's own logins."""
    await service.revoke_session(access.session, access.principal, session_id, access.now)


@router.get("/credentials")
async def list_credentials(
    access: Annotated[Access, Depends(reading("credentials.read"), scope="function")],
    client_id: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> Page[CredentialRead]:
    """What is stored for which client and provider; never a secret."""
    if client_id is not None:
        access.require(client_id)
    rows = await service.list_credentials(access.session)
    data = [
        CredentialRead.model_validate(row)
        for row in rows
        if client_id in (None, row.client_id) and access.may("credentials.read", row.client_id)
    ]
    return Page(data=data, meta=_meta(access))


@router.post("/clients/{client_id}/credentials", status_code=201)
async def create_credential(
    client_id: ClientId,
    body: CredentialCreate,
    access: Annotated[WriteAccess, Depends(writing("credentials.write"), scope="function")],
) -> CredentialRead:
    """Seal and store a secret; nothing gives it back, a worker of the client opens it."""
    access.require(client_id)
    access.require_step_up()
    await service.get_client(access.session, client_id)
    credential_id = await service.store_credential(
        access.session,
        client_id,
        body.provider,
        body.name,
        _opened(body.secret),
        access.actor,
        access.now,
        expires_at=body.expires_at,
    )
    return await _read(access, client_id, credential_id)


@router.put("/clients/{client_id}/credentials/{credential_id}")
async def replace_credential(
    client_id: ClientId,
    credential_id: UUID,
    body: CredentialReplace,
    access: Annotated[WriteAccess, Depends(writing("credentials.write"), scope="function")],
) -> CredentialRead:
    """Put another secret in the place of the stored one."""
    access.require(client_id)
    access.require_step_up()
    known = await service.get_credential(access.session, client_id, credential_id)
    await service.store_credential(
        access.session,
        client_id,
        known.provider,
        known.name,
        _opened(body.secret),
        access.actor,
        access.now,
        credential_id=credential_id,
        expires_at=body.expires_at,
    )
    return await _read(access, client_id, credential_id)


@router.delete("/clients/{client_id}/credentials/{credential_id}", status_code=204)
async def delete_credential(
    client_id: ClientId,
    credential_id: UUID,
    access: Annotated[WriteAccess, Depends(writing("credentials.write"), scope="function")],
) -> None:
    """Forget a secret for good."""
    access.require(client_id)
    access.require_step_up()
    await service.delete_credential(access.session, client_id, credential_id)


async def _read(access: Access, client_id: int, credential_id: UUID) -> CredentialRead:
    info = await service.get_credential(access.session, client_id, credential_id)
    return CredentialRead.model_validate(info)


def _opened(secret: Mapping[str, SecretStr]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in secret.items()}


def _meta(access: Access) -> PageMeta:
    return PageMeta(generated_at=access.now)
