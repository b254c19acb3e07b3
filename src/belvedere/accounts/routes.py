"""The accounts API: oneself, clients, people."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Response

from belvedere.accounts import service
from belvedere.accounts.contracts import Client, ClientDraft, Membership, Person, PersonDraft, Refusal
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.permissions import permissions_of
from belvedere.accounts.routes_secrets import router as secrets_router
from belvedere.accounts.routing import door_router
from belvedere.accounts.schemas import (
    Body,
    ClientCreate,
    ClientRead,
    ClientUpdate,
    MembershipRead,
    MembershipRole,
    MeRead,
    MeUpdate,
    Page,
    PageMeta,
    PasswordChange,
    PasswordSet,
    StepUp,
    UserCreate,
    UserRead,
    UserUpdate,
)
from belvedere.accounts.verdicts import refusal_answer
from belvedere.core.cursor import CURSORS

router = door_router(tags=["accounts"])

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=1000)]
ClientId = Annotated[int, Path(ge=0, le=2**31 - 1)]


@router.get("/me")
async def read_me(access: Access = Depends(reading("me.read"), scope="function")) -> MeRead:
    """Who is asking, and what they may do."""
    who = access.principal
    return MeRead(
        id=who.user_id,
        email=who.email,
        display_name=who.display_name,
        role=who.role,
        is_staff=who.is_staff,
        timezone=who.timezone,
        locale=who.locale,
        memberships=[MembershipRead.model_validate(membership) for membership in who.memberships],
        permissions=sorted(permissions_of(who)),
    )


@router.patch("/me")
async def update_me(
    body: MeUpdate, access: WriteAccess = Depends(writing("me.write"), scope="function")
) -> UserRead:
    """Change one's own name, time zone or language."""
    person = await service.change_oneself(access.session, access.principal, given(body), access.now)
    return UserRead.model_validate(person)


@router.put("/me/password", status_code=204, response_model=None)
async def update_my_password(
    body: PasswordChange, access: WriteAccess = Depends(writing("me.write"), scope="function")
) -> Response | None:
    """Change one's own password; every other session ends."""
    current, new = body.current.get_secret_value(), body.new.get_secret_value()
    refusal = await service.change_password(
        access.session, access.principal, current=current, new=new, now=access.now
    )
    return _answer(refusal, access)


@router.post("/me/step-up", status_code=204, response_model=None)
async def confirm_my_password(
    body: StepUp, access: WriteAccess = Depends(writing("me.write"), scope="function")
) -> Response | None:
    """Confirm the password, which opens credentials and tokens for a quarter of an hour."""
    password = body.password.get_secret_value()
    return _answer(await service.step_up(access.session, access.principal, password, access.now), access)


@router.get("/clients")
async def list_clients(
    limit: Limit = 50,
    cursor: Cursor = None,
    include_archived: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    access: Access = Depends(reading("clients.read"), scope="function"),
) -> Page[ClientRead]:
    """The clients of the person, by name."""
    after = _position("clients", cursor)
    rows = await service.list_clients(
        access.session,
        include_archived=include_archived,
        after=(str(after[0]), int(after[1])) if after else None,
        limit=limit + 1,
    )
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = CURSORS.make("clients", [last.name.lower(), last.id]) if last else None
    return Page(data=[_client(row) for row in rows[:limit]], meta=_meta(access, next_cursor))


@router.post("/clients", status_code=201)
async def create_client(
    body: ClientCreate,
    response: Response,
    access: WriteAccess = Depends(writing("clients.write"), scope="function"),
) -> ClientRead:
    client = await service.create_client(
        access.session, ClientDraft(**body.model_dump()), access.actor, access.now
    )
    response.headers["Location"] = f"{access.request.url.path}/{client.id}"
    return _client(client)


@router.get("/clients/{client_id}")
async def read_client(
    client_id: ClientId, access: Access = Depends(reading("clients.read"), scope="function")
) -> ClientRead:
    return _client(await service.get_client(access.session, client_id))


@router.patch("/clients/{client_id}")
async def update_client(
    client_id: ClientId,
    body: ClientUpdate,
    access: WriteAccess = Depends(writing("clients.write"), scope="function"),
) -> ClientRead:
    client = await service.change_client(access.session, client_id, given(body), access.actor, access.now)
    return _client(client)


@router.post("/clients/{client_id}/archive")
async def archive_client(
    client_id: ClientId, access: WriteAccess = Depends(writing("clients.write"), scope="function")
) -> ClientRead:
    """Stop everything for a client and keep its history."""
    return _client(await service.archive_client(access.session, client_id, access.actor, access.now))


@router.get("/users")
async def list_users(
    limit: Limit = 50,
    cursor: Cursor = None,
    access: Access = Depends(reading("users.read"), scope="function"),
) -> Page[UserRead]:
    """Everybody, by e-mail address."""
    after = _position("users", cursor)
    position = (str(after[0]), UUID(str(after[1]))) if after else None
    rows = await service.list_people(access.session, after=position, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    next_cursor = CURSORS.make("users", [last.email.lower(), str(last.id)]) if last else None
    return Page(data=[_user(row) for row in rows[:limit]], meta=_meta(access, next_cursor))


@router.post("/users", status_code=201)
async def create_user(
    body: UserCreate,
    response: Response,
    access: WriteAccess = Depends(writing("users.write"), scope="function"),
) -> UserRead:
    values = body.model_dump(exclude={"password", "memberships"})
    draft = PersonDraft(
        **values,
        password=body.password.get_secret_value() if body.password else None,
        memberships=tuple(Membership(item.client_id, item.role) for item in body.memberships),
    )
    person = await service.create_person(access.session, access.principal, draft, access.now)
    response.headers["Location"] = f"{access.request.url.path}/{person.id}"
    return _user(person)


@router.get("/users/{user_id}")
async def read_user(
    user_id: UUID, access: Access = Depends(reading("users.read"), scope="function")
) -> UserRead:
    return _user(await service.get_person(access.session, user_id))


@router.patch("/users/{user_id}")
async def update_user(
    user_id: UUID,
    body: UserUpdate,
    access: WriteAccess = Depends(writing("users.write"), scope="function"),
) -> UserRead:
    return _user(
        await service.change_person(access.session, access.principal, user_id, given(body), access.now)
    )


@router.post("/users/{user_id}/deactivate")
async def deactivate_user(
    user_id: UUID, access: WriteAccess = Depends(writing("users.write"), scope="function")
) -> UserRead:
    """Shut somebody out at once: sessions and tokens end."""
    return _user(await service.deactivate_person(access.session, access.principal, user_id, access.now))


@router.put("/users/{user_id}/password", status_code=204)
async def set_user_password(
    user_id: UUID,
    body: PasswordSet,
    access: WriteAccess = Depends(writing("users.write"), scope="function"),
) -> None:
    """Give somebody a new password; their sessions end."""
    access.require_step_up()
    password = body.password.get_secret_value()
    await service.set_person_password(access.session, access.principal, user_id, password, access.now)


@router.put("/users/{user_id}/memberships/{client_id}")
async def set_membership(
    user_id: UUID,
    client_id: ClientId,
    body: MembershipRole,
    access: WriteAccess = Depends(writing("users.write"), scope="function"),
) -> UserRead:
    person = await service.set_membership(
        access.session, access.principal, user_id, client_id, body.role, access.now
    )
    return _user(person)


@router.delete("/users/{user_id}/memberships/{client_id}", status_code=204)
async def remove_membership(
    user_id: UUID,
    client_id: ClientId,
    access: WriteAccess = Depends(writing("users.write"), scope="function"),
) -> None:
    await service.remove_membership(access.session, access.principal, user_id, client_id, access.now)


def given(body: Body) -> dict[str, Any]:
    """The fields that the request named; a default stands for "not named" and is never written."""
    return body.model_dump(exclude_unset=True)


def _answer(refusal: Refusal | None, access: Access) -> Response | None:
    return None if refusal is None else refusal_answer(refusal, access.request.url.path)


def _position(kind: str, cursor: str | None) -> list[Any] | None:
    return CURSORS.read(kind, cursor) if cursor else None


def _meta(access: Access, next_cursor: str | None = None) -> PageMeta:
    return PageMeta(next_cursor=next_cursor, has_more=next_cursor is not None, generated_at=access.now)


def _client(client: Client) -> ClientRead:
    return ClientRead.model_validate(client)


def _user(person: Person) -> UserRead:
    return UserRead.model_validate(person)


router.include_router(secrets_router)
