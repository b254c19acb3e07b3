"""People: who may sign in, with which role, at which clients."""

import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from belvedere.accounts import service
from belvedere.accounts.contracts import Membership, Person, PersonDraft, Role
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.permissions import GOVERNORS
from belvedere.accounts.routing import door_router
from belvedere.web.answers import see
from belvedere.web.forms import (
    Errors,
    Fields,
    Posted,
    attempt,
    choice_filter,
    empty_filtered,
    pager,
    text_filter,
)
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("users.read"), scope="function")]
Sees = Annotated[Access, Depends(reading("users.write"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("users.write"), scope="function")]
Short = Annotated[str, Query(max_length=200)]

MOST_PEOPLE = 2000
FIRST_PASSWORD_BYTES = 15


@router.get("/settings/people")
async def list_people(access: Reads, q: Short = "", role: Short = "") -> Response:
    view = await look(access)
    words = q.strip().lower()
    people = await service.list_people(access.session, limit=MOST_PEOPLE)
    rows = [
        _row(view, person)
        for person in people
        if words in f"{person.display_name} {person.email}".lower() and role in ("", person.role.value)
    ]
    roles = [(item.value, item.value) for item in Role]
    return view.page(
        "people.html",
        {
            "filters": [text_filter(q, "Find by name or e-mail"), choice_filter("role", "Role", roles, role)],
            "page": pager(len(rows), None, None),
            "rows": rows,
            "empty": None if rows else empty_filtered("Nobody matches"),
        },
    )


@router.get("/settings/people/invite")
async def invite(access: Sees) -> Response:
    access.require_step_up()
    view = await look(access)
    form = {
        "name": "",
        "email": "",
        "role": "operator",
        "is_staff": True,
        "client_ids": [],
        "is_active": True,
    }
    return _page(view, None, form, {})


@router.post("/settings/people")
async def create_person(posted: Posted, access: Writes) -> Response:
    """A new person with a first password of our making, shown in this answer and nowhere else."""
    access.require_step_up()
    view = await look(access)
    form = _typed(posted)
    password = secrets.token_urlsafe(FIRST_PASSWORD_BYTES)
    role = _role(form)

    async def save() -> Person:
        draft = PersonDraft(
            email=form["email"],
            display_name=form["name"],
            role=role,
            is_staff=form["is_staff"],
            password=password,
            timezone=access.principal.timezone,
            memberships=tuple(Membership(client_id, role) for client_id in _memberships(form)),
        )
        return await service.create_person(access.session, access.principal, draft, access.now)

    person, errors = await attempt(access.session, save)
    if person is None:
        return _page(view, None, form, errors)
    access.answer_holds_secret()
    return _page(view, person, form, {}, secret=password)


@router.get("/settings/people/{user_id}")
async def show_person(user_id: UUID, access: Sees) -> Response:
    view = await look(access)
    person = await service.get_person(access.session, user_id)
    return _page(view, person, _stored(person), {})


@router.post("/settings/people/{user_id}")
async def change_person(user_id: UUID, posted: Posted, access: Writes) -> Response:
    view = await look(access)
    person = await service.get_person(access.session, user_id)
    form = _typed(posted)
    _, errors = await attempt(access.session, lambda: _save(access, person, form))
    if errors:
        return _page(view, person, form, errors)
    return see(access.request, "/settings/people", f"{form['name']} saved")


@router.post("/settings/people/{user_id}/password")
async def new_password(user_id: UUID, access: Writes) -> Response:
    """A new first password; every session of that person ends."""
    access.require_step_up()
    view = await look(access)
    person = await service.get_person(access.session, user_id)
    password = secrets.token_urlsafe(FIRST_PASSWORD_BYTES)
    await service.set_person_password(access.session, access.principal, user_id, password, access.now)
    access.answer_holds_secret()
    return _page(view, person, _stored(person), {}, secret=password)


async def _save(access: WriteAccess, person: Person, form: dict[str, Any]) -> None:
    role = _role(form)
    wanted = {
        "display_name": form["name"],
        "email": form["email"],
        "role": role,
        "is_staff": form["is_staff"],
        "is_active": form["is_active"],
    }
    changes = {name: value for name, value in wanted.items() if value != getattr(person, name)}
    if changes:
        await service.change_person(access.session, access.principal, person.id, changes, access.now)
    chosen = set(_memberships(form))
    for member in person.memberships:
        if member.client_id not in chosen:
            await service.remove_membership(
                access.session, access.principal, person.id, member.client_id, access.now
            )
    known = {member.client_id for member in person.memberships}
    for client_id in sorted(chosen):
        # A membership may hold a role of its own; it stays unless the role itself was changed here.
        if client_id not in known or role is not person.role:
            await service.set_membership(
                access.session, access.principal, person.id, client_id, role, access.now
            )


def _memberships(form: dict[str, Any]) -> list[int]:
    """Owners and admins of the agency reach every client by themselves."""
    return [] if form["is_staff"] and _role(form) in GOVERNORS else list(form["client_ids"])


def _role(form: dict[str, Any]) -> Role:
    return Role(form["role"]) if form["role"] in set(Role) else Role.VIEWER


def _typed(posted: Fields) -> dict[str, Any]:
    return {
        "name": posted.text("name"),
        "email": posted.text("email"),
        "role": posted.text("role"),
        "is_staff": posted.ticked("is_staff"),
        "client_ids": [
            int(word)
            for word in posted.all("client_ids")
            if word.isascii() and word.isdigit() and len(word) < 10
        ],
        "is_active": posted.ticked("is_active"),
    }


def _stored(person: Person) -> dict[str, Any]:
    return {
        "name": person.display_name,
        "email": person.email,
        "role": person.role.value,
        "is_staff": person.is_staff,
        "client_ids": [member.client_id for member in person.memberships],
        "is_active": person.is_active,
    }


def _row(view: View, person: Person) -> dict[str, Any]:
    names = [view.name_of(member.client_id) for member in person.memberships]
    every = person.is_staff and person.role in GOVERNORS
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    active = "active" if person.last_login_at else "invited"
    return {
        "id": person.id,
        "name": person.display_name,
        "email": person.email,
        "role": person.role.value,
        "is_staff": person.is_staff,
        "state": active if person.is_active else "off",
        "clients": "Every client" if every else (shown or "No client yet"),
        "last_login_at": person.last_login_at,
    }


def _page(
    view: View, person: Person | None, form: dict[str, Any], errors: Errors, *, secret: str | None = None
) -> Response:
    context = {
        "person": {"id": person.id, "name": person.display_name, "email": person.email} if person else None,
        "form": form,
        "errors": errors,
        "clients": [{"id": client.id, "name": client.name} for client in view.clients],
        "invitation": secret,
    }
    path = f"/settings/people/{person.id}" if person else "/settings/people/invite"
    return view.page("person_form.html", context, status=422 if errors else 200, path=path)
