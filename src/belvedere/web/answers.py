"""Answers of pages: HTML, a redirect after a form, and the one sentence that follows it."""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from starlette.responses import Response

from belvedere.accounts.cookies import is_secure
from belvedere.accounts.door import runtime_of
from belvedere.web.assets import make_templates

FLASH_COOKIE = "belvedere_flash"
FLASH_SECONDS = 60
LONGEST_FLASH = 2000
_UNDO = re.compile(r"/[a-z0-9/-]{1,200}", re.ASCII)


@cache
def templates() -> Environment:
    return make_templates()


def html(template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    return HTMLResponse(templates().get_template(template).render(context), status)


def see(
    request: Request, path: str, said: str = "", *, undo: str = "", fields: Mapping[str, str] | None = None
) -> Response:
    """Go on to another page after a form; `said` stands there as a toast, with a button that posts to `undo`."""
    answer = RedirectResponse(path, 303)
    if said:
        note = {"text": said, "undo": {"action": undo, "fields": dict(fields or {})} if undo else None}
        answer.set_cookie(
            FLASH_COOKIE,
            base64.urlsafe_b64encode(orjson.dumps(note)).decode(),
            max_age=FLASH_SECONDS,
            path="/",
            secure=is_secure(runtime_of(request).settings),
            httponly=True,
            samesite="lax",
        )
    return answer


def read_flash(request: Request) -> dict[str, Any] | None:
    """What the page before left to say; a cookie that was not written by us is passed over."""
    raw = request.cookies.get(FLASH_COOKIE)
    if not raw or len(raw) > LONGEST_FLASH:
        return None
    try:
        note = orjson.loads(base64.urlsafe_b64decode(raw))
        said, undo = str(note["text"])[:300], note["undo"]
        if undo is not None and not _UNDO.fullmatch(undo["action"]):
            undo = None
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    return {"text": said, "undo": undo}


def forget_flash(answer: Response, request: Request) -> Response:
    if FLASH_COOKIE in request.cookies:
        answer.delete_cookie(FLASH_COOKIE, path="/")
    return answer


def own_path(wanted: str | None, default: str = "/") -> str:
    """An address of this program to go to next; anything that could lead elsewhere is replaced."""
    wanted = (wanted or "").strip()
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours and len(wanted) <= 2000 else default


def came_from(request: Request, default: str = "/") -> str:
    """The page that a form stood on, where the browser says so."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host", ""):
        return default
    return own_path(parts.path + (f"?{parts.query}" if parts.query else ""), default)


def with_query(path: str, **fields: Any) -> str:
    kept = {name: value for name, value in fields.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path


def asked_path(request: Request) -> str:
    """The address of a request as a `next=` of the sign-in page."""
    query = request.url.query
    return quote(request.url.path, safe="/-_.~") + (f"?{query}" if query else "")
