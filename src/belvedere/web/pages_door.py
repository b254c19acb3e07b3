"""Signing in and out, the first owner, and the password asked again before sensitive acts."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts import service
from belvedere.accounts.contracts import Login, Principal, Refusal, Role
from belvedere.accounts.cookies import cookie_name, cookie_options
from belvedere.accounts.door import (
    Access,
    Visit,
    WriteAccess,
    WriteVisit,
    public_reading,
    public_writing,
    reading,
    writing,
)
from belvedere.accounts.routing import door_router
from belvedere.core.context import Scope
from belvedere.core.database import enter
from belvedere.core.schema import AGENCY
from belvedere.core.text import format_age
from belvedere.web.answers import came_from, own_path, see
from belvedere.web.forms import Errors, Fields, Posted, attempt, require, zone_choices
from belvedere.web.view import door_page, shared

router = door_router()

Looks = Annotated[Visit, Depends(public_reading(), scope="function")]
Enters = Annotated[WriteVisit, Depends(public_writing(), scope="function")]
Sees = Annotated[Access, Depends(reading("me.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("me.write"), scope="function")]


@router.get("/login")
async def show_login(visit: Looks, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    if await service.is_first_run(visit.session):
        return see(visit.request, "/setup")
    return _login_page(visit, {"email": "", "next": own_path(next)})


@router.post("/login")
async def log_in(fields: Posted, visit: Enters) -> Response:
    settings = visit.runtime.settings
    form = {"email": fields.text("email"), "next": own_path(fields.text("next"))}
    errors: Errors = {}
    require(form["email"], errors, "email", "Enter your e-mail address.")
    require(fields.raw("password"), errors, "password", "Enter your password.")
    if errors:
        return _login_page(visit, form, errors=errors, status=422)
    found = await service.log_in(
        visit.session,
        email=form["email"],
        password=fields.raw("password"),
        address=visit.address,
        user_agent=visit.request.headers.get("user-agent", ""),
        now=visit.now,
        settings=settings,
        previous_cookie=visit.request.cookies.get(cookie_name(settings)),
    )
    if isinstance(found, Refusal):
        answer = _login_page(visit, form, problem=said(found), status=429 if found.retry_after else 422)
        if found.retry_after:
            answer.headers["Retry-After"] = str(int(found.retry_after) + 1)
        return answer
    return _welcome(visit, found, form["next"])


@router.post("/logout")
async def log_out(access: Acts) -> Response:
    await service.log_out(access.session, access.principal, access.now)
    answer = see(access.request, "/login")
    options = cookie_options(access.runtime.settings)
    answer.delete_cookie(options["key"], path="/", secure=options["secure"], httponly=True, samesite="lax")
    return answer


@router.get("/setup")
async def show_setup(visit: Looks) -> Response:
    if not await service.is_first_run(visit.session):
        return see(visit.request, "/login")
    return _setup_page(visit, {"agency": "", "name": "", "email": "", "timezone": "UTC"}, {})


@router.post("/setup")
async def create_owner(fields: Posted, visit: Enters) -> Response:
    if not await service.is_first_run(visit.session):
        return see(visit.request, "/login", "This installation has its owner already.")
    form = {name: fields.text(name) for name in ("agency", "name", "email", "timezone")}
    errors: Errors = {}
    require(form["agency"], errors, "agency", "Say what the agency is called.")
    require(form["name"], errors, "name", "Enter your name.")
    require(form["email"], errors, "email", "Enter your e-mail address.")
    require(fields.raw("password"), errors, "password", "Choose a password.")
    if not errors:
        login, errors = await attempt(visit.session, lambda: _first_owner(visit, form, fields))
        if login is not None:
            return _welcome(visit, login, "/", f"Welcome, {form['name']}.")
    await enter(visit.session, Scope.authn())
    return _setup_page(visit, form, errors, status=422)


async def _first_owner(visit: WriteVisit, form: dict[str, str], fields: Fields) -> Login:
    session, password = visit.session, fields.raw("password")
    user_id = await service.create_first_owner(session, form["email"], password, form["name"], visit.now)
    login = await service.log_in(
        session,
        email=form["email"],
        password=password,
        address=visit.address,
        user_agent=visit.request.headers.get("user-agent", ""),
        now=visit.now,
        settings=visit.runtime.settings,
    )
    if not isinstance(login, Login):
        raise TypeError("the new owner's own password was refused")
    email = form["email"]
    # From here on the transaction is the owner's own: the agency's name is theirs to give.
    await enter(session, Scope.person(user_id, actor=email))
    owner = Principal(user_id, email, form["name"], Role.OWNER, is_staff=True)
    await service.change_client(session, AGENCY, {"name": form["agency"]}, email, visit.now)
    await service.change_oneself(session, owner, {"timezone": form["timezone"] or "UTC"}, visit.now)
    return login


@router.get("/step-up")
async def show_step_up(access: Sees, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return _step_up_page(access, own_path(next), {})


@router.post("/step-up")
async def step_up(fields: Posted, access: Acts) -> Response:
    refusal = await service.step_up(access.session, access.principal, fields.raw("password"), access.now)
    path = own_path(fields.text("next"))
    if refusal is None:
        return see(access.request, path)
    status = 429 if refusal.retry_after else 422
    return _step_up_page(access, path, {"password": said(refusal)}, status=status)


@router.post("/settings/theme")
async def turn_theme(access: Sees) -> Response:
    """Turn between light and dark without the module; the choice lives in a cookie of this browser."""
    theme = "light" if shared(access.request)["theme"] == "dark" else "dark"
    answer = see(access.request, came_from(access.request))
    keep_theme(answer, theme)
    return answer


def keep_theme(answer: Response, theme: str) -> None:
    answer.set_cookie("belvedere_theme", theme, max_age=31536000, path="/", samesite="lax")


def said(refusal: Refusal) -> str:
    """A refused password in words, with the wait."""
    if not refusal.retry_after:
        return refusal.reason
    wait = format_age(timedelta(seconds=max(60.0, refusal.retry_after)))
    return f"Too many wrong passwords. Try again in {wait}."


def _welcome(visit: Visit, login: Login, path: str, words: str = "") -> Response:
    answer = see(visit.request, path, words)
    answer.set_cookie(value=login.cookie, **cookie_options(visit.runtime.settings))
    return answer


def _login_page(
    visit: Visit,
    form: dict[str, str],
    *,
    errors: Errors | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    context = {"form": form, "errors": errors or {}, "problem": problem}
    return door_page(visit, "login.html", context, status=status)


def _setup_page(visit: Visit, form: dict[str, str], errors: Errors, status: int = 200) -> Response:
    context = {"form": form, "errors": errors, "timezones": zone_choices()}
    return door_page(visit, "first_run.html", context, status=status)


def _step_up_page(access: Access, path: str, errors: Errors, status: int = 200) -> Response:
    act = "see and change credentials" if "credential" in path else "go on"
    if "token" in path:
        act = "see and make API tokens"
    if "people" in path:
        act = "set somebody's password"
    return door_page(
        access, "step_up.html", {"form": {"next": path}, "errors": errors, "act": act}, status=status
    )
