"""API tokens of one's own: made once, shown once."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from belvedere.accounts import service
from belvedere.accounts.api_tokens import NEVER_IN_A_TOKEN
from belvedere.accounts.contracts import NewToken, TokenDraft, TokenInfo
from belvedere.accounts.door import Access, WriteAccess, reading, writing
from belvedere.accounts.permissions import OF_ONESELF, permissions_of
from belvedere.accounts.routing import door_router
from belvedere.web.answers import see
from belvedere.web.forms import Errors, Posted, attempt, empty_first
from belvedere.web.view import View, look

router = door_router()

Reads = Annotated[Access, Depends(reading("tokens.read"), scope="function")]
Writes = Annotated[WriteAccess, Depends(writing("tokens.write"), scope="function")]

LIVES = {"30", "90", "365"}
VERBS = {"read": "Read", "write": "Change", "run": "Run"}


@router.get("/settings/tokens")
async def list_tokens(access: Reads) -> Response:
    access.require_step_up()
    view = await look(access)
    return await _page(view, {"name": "", "client_id": view.client_id or "", "scopes": [], "days": "90"}, {})


@router.post("/settings/tokens")
async def create_token(posted: Posted, access: Writes) -> Response:
    access.require_step_up()
    view = await look(access)
    days = posted.text("days", "90")
    form: dict[str, Any] = {"name": posted.text("name"), "client_id": posted.text("client_id"), "scopes": posted.all("scopes"),
            "days": days if days in LIVES else "90"}  # fmt: skip

    async def make() -> NewToken:
        draft = TokenDraft(
            name=form["name"],
            scopes=frozenset(form["scopes"]),
            client_id=posted.number("client_id"),
            expires_at=access.now + timedelta(days=int(form["days"])),
        )
        return await service.create_token(access.session, access.principal, draft, access.now)

    made, errors = await attempt(access.session, make)
    if made is None:
        return await _page(view, form, errors)
    access.answer_holds_secret()
    return await _page(view, {"name": "", "client_id": "", "scopes": [], "days": "90"}, {}, secret=made.token)


@router.post("/settings/tokens/{token_id}/revoke")
async def revoke_token(token_id: UUID, access: Writes) -> Response:
    await service.revoke_token(access.session, access.principal, token_id, access.now)
    return see(access.request, "/settings/tokens", "Token revoked; programs that use it are refused now")


async def _page(view: View, form: dict[str, Any], errors: Errors, *, secret: str | None = None) -> Response:
    access = view.access
    tokens = await service.list_tokens(access.session, access.principal.user_id)
    rows = [_row(view, token) for token in tokens]
    words = sorted(permissions_of(access.principal) - NEVER_IN_A_TOKEN - OF_ONESELF)
    context = {
        "rows": rows,
        "empty": None
        if rows
        else empty_first("No tokens yet", "A token lets a program use the API as you, within what it names."),
        "secret": secret,
        "form": form,
        "errors": errors,
        "scopes": [(scope.value, scope_words(scope.value)) for scope in words],
        "clients": [("", "Every client in your reach"), *[(str(c.id), c.name) for c in view.clients]],
        "may_make": access.may("tokens.write"),
    }
    return view.page("tokens.html", context, status=422 if errors else 200, path="/settings/tokens")


def scope_words(scope: str) -> str:
    """`alerts.write` as people say it: "Change alerts"."""
    what, _, verb = scope.partition(".")
    return f"{VERBS.get(verb, verb)} {what}"


def _row(view: View, token: TokenInfo) -> dict[str, Any]:
    state = "active"
    if token.revoked_at is not None:
        state = "revoked"
    elif token.expires_at is not None and token.expires_at <= view.access.now:
        state = "expired"
    kept = ("id", "name", "prefix", "scopes", "expires_at", "last_used_at")
    return {
        **{name: getattr(token, name) for name in kept},
        "owner": view.access.principal.display_name,
        "client": None if token.client_id is None else view.name_of(token.client_id),
        "state": state,
    }
