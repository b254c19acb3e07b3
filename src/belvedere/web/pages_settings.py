"""One's own account: name, zone, theme, password, and where one is signed in. Short addresses of the settings pages."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import RedirectResponse, Response

from belvedere.accounts import service
from belvedere.accounts.contracts import Refusal
from belvedere.accounts.cookies import is_secure
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.routing import door_router
from belvedere.web.answers import asked_path, see
from belvedere.web.forms import LOCALES, Errors, Posted, attempt, zone_choices
from belvedere.web.pages_door import keep_theme, said
from belvedere.web.view import THEMES, View, look, shared

router = door_router()

Sees = Annotated[Access, Depends(reading("me.read"), scope="function")]
Acts = Annotated[WriteAccess, Depends(writing("me.write"), scope="function")]

SHORT = {"clients": "clients", "users": "people", "people": "people", "credentials": "credentials", "tokens": "tokens",
         "channels": "channels", "audit": "audit", "jobs": "jobs"}  # fmt: skip
AGENTS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "Mac"), ("Windows", "Windows"),
           ("Linux", "Linux"))  # fmt: skip


@router.get("/settings")
async def show_settings(access: Sees) -> Response:
    view = await look(access)
    return await _page(view, None, {})


@router.post("/settings")
async def change_settings(posted: Posted, access: Acts) -> Response:
    view = await look(access)
    theme = posted.text("theme", "auto")
    form = {
        "name": posted.text("name"),
        "timezone": posted.text("timezone"),
        "locale": posted.text("locale", "en"),
        "theme": theme,
        "keys": posted.ticked("keys"),
    }
    changes = {"display_name": form["name"], "timezone": form["timezone"], "locale": form["locale"]}
    if form["locale"] not in dict(LOCALES):
        return await _page(view, form, {"locale": "Choose one of the list."})
    _, errors = await attempt(
        access.session, lambda: service.change_oneself(access.session, access.principal, changes, access.now)
    )
    if errors:
        return await _page(view, form, errors)
    answer = see(access.request, "/settings", "Settings saved")
    keep_theme(answer, theme if theme in THEMES else "auto")
    secure = is_secure(access.runtime.settings)
    keys = "on" if form["keys"] else "off"
    answer.set_cookie("belvedere_keys", keys, max_age=31536000, path="/", samesite="lax", secure=secure)
    return answer


@router.post("/settings/password")
async def change_password(posted: Posted, access: Acts) -> Response:
    view = await look(access)
    current, new = posted.raw("old_password"), posted.raw("new_password")

    async def change() -> Refusal | None:
        return await service.change_password(
            access.session, access.principal, current=current, new=new, now=access.now
        )

    refusal, errors = await attempt(access.session, change, {"new": "new_password"})
    if refusal is not None:
        errors = {"old_password": said(refusal)}
    if errors:
        return await _page(view, None, errors)
    return see(access.request, "/settings", "Password changed. Every other browser is signed out.")


@router.post("/settings/sessions/{session_id}/end")
async def end_session(session_id: UUID, access: Acts) -> Response:
    await service.revoke_session(access.session, access.principal, session_id, access.now)
    return see(access.request, "/settings", "Signed out there")


async def _page(view: View, form: dict[str, Any] | None, errors: Errors) -> Response:
    access, who = view.access, view.access.principal
    cookies = shared(access.request)
    sessions = await service.list_sessions(access.session, who.user_id, access.now)
    context = {
        "form": form
        or {
            "name": who.display_name,
            "timezone": who.timezone,
            "locale": who.locale,
            "theme": cookies["theme"],
            "keys": cookies["keys"],
        },
        "errors": errors,
        "timezones": zone_choices(),
        "locales": LOCALES,
        "sessions": [
            {
                "id": row.id,
                "agent": agent_words(row.user_agent),
                "ip": row.ip or "unknown address",
                "at": row.last_seen_at,
                "current": row.id == who.session_id,
            }
            for row in sessions
        ],
    }
    return view.page("settings.html", context, status=422 if errors else 200, path="/settings")


def agent_words(agent: str | None) -> str:
    """A browser as people call it: "Firefox on Linux"."""
    text = agent or ""
    browser = next((name for mark, name in AGENTS if mark in text), None)
    system = next((name for mark, name in SYSTEMS if mark in text), None)
    if browser is None:
        return text[:40] or "Unknown program"
    return f"{browser} on {system}" if system else browser


def _short(name: str, target: str) -> None:
    @router.get(f"/{name}")
    async def go(access: Sees) -> Response:
        path = asked_path(access.request).replace(f"/{name}", f"/settings/{target}", 1)
        return RedirectResponse(path, 303)


for _name, _target in SHORT.items():
    _short(_name, _target)
